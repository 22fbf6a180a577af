"""What a standing comes to at a moment: the run that counts, the window that is now, what is next."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from api.streaks.terms import condition_json, window_json
from domain.vocabulary import Method, ProgressStatus
from projections.streak_standing import Standing, current_window
from projections.streak_windows import schedule_of, window_of

IN_PROGRESS, COMPLETED = ProgressStatus.IN_PROGRESS.value, ProgressStatus.COMPLETED.value
SECOND, INSTANT = timedelta(seconds=1), timedelta(microseconds=1)


class Terms(NamedTuple):
    """What the current window is judged by."""

    method: str
    target: Decimal
    window: dict[str, Any]


class Reading(NamedTuple):
    """A standing at a moment."""

    count: int
    key: str
    ends_at: datetime | None
    seconds_left: int
    progress: dict[str, Any]
    satisfied: bool
    next_milestone: Decimal | None
    window: dict[str, Any]
    condition: dict[str, Any]


def read(standing: Standing, now: datetime) -> Reading:
    """How a standing reads at this moment."""
    runs = _runs(standing, now)
    terms = _terms(standing, runs)
    count = int(standing.value) if runs else 0
    window = _window(standing, now)
    total = standing.window_value if window is not None else None
    return Reading(
        count=count,
        key=window.key if window is not None else _last_key(standing),
        ends_at=window.end if window is not None else None,
        seconds_left=(window.end - now) // SECOND if window is not None else 0,
        progress=_progress(standing, terms.method),
        satisfied=total is not None and total >= terms.target,
        next_milestone=_next_milestone(standing, count),
        window=terms.window,
        condition=condition_json(terms.method, terms.target, standing.distinct_by),
    )


def _runs(standing: Standing, now: datetime) -> bool:
    """Whether there is a run to count: one in progress, or a completed one whose last window is not over."""
    if standing.status == COMPLETED:
        return standing.period_end_at is not None and now < standing.period_end_at
    return standing.status == IN_PROGRESS


def _terms(standing: Standing, runs: bool) -> Terms:
    """A run keeps what it began with; the next one will be judged by the definition as it is."""
    if runs:
        schedule = schedule_of(standing.schedule)
        return Terms(standing.method, standing.task_target, window_json(schedule, schedule.period))
    window = window_json(standing, standing.aggregation_period)
    return Terms(standing.aggregation_method, standing.aggregation_target_value, window)


def _window(standing: Standing, now: datetime) -> Any:
    """The window that is now. An early event may have begun a run that is still to come: then its first."""
    window, first = current_window(standing, now), standing.first_period_start_at
    if window is None and standing.status == IN_PROGRESS and now < first:
        return window_of(standing.schedule, first, first)
    return window


def _last_key(standing: Standing) -> str:
    """The key of the last window that there was. A streak that ended with a met window waits for none any more."""
    if standing.period_key is not None:
        return standing.period_key
    ends_at = schedule_of(standing.schedule).ends_at
    last = ends_at and window_of(standing.schedule, standing.first_period_start_at, ends_at - INSTANT)
    return last.key if last else ""


def _progress(standing: Standing, method: str) -> dict[str, Any]:
    """What was gathered in the window that is now; the read model has nothing there when nothing was logged."""
    value = standing.window_value if standing.window_value is not None else 0
    return {
        "count": standing.window_count or 0,
        "distinct": (standing.window_distinct or []) if method == Method.DISTINCT else [],
        "sum": value if method == Method.SUM else 0,
    }


def _next_milestone(standing: Standing, count: int) -> Decimal | None:
    """The smallest threshold that is not earned yet, or that can be earned again and is ahead."""
    open_ones = (
        one.target_value
        for one in standing.milestones
        if one.target_value not in standing.earned or (one.repeatable and one.target_value > count)
    )
    return next(open_ones, None)
