"""What entries make that wait behind an unmet window, should it end so: the runs after the break (RULES 5)."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from domain.definitions import Pause
from domain.engagement import later
from domain.ids import run_id
from domain.streak_events import BreakForeseen, Foreseen
from domain.streak_progress import StreakProgress
from domain.streak_run import OpenWindow, StreakRun
from domain.streak_spans import Span, spans
from domain.windows import Window


def foresee(
    progress: StreakProgress, pauses: tuple[Pause, ...], now: datetime, changed: Window | None = None
) -> BreakForeseen | None:
    """What is foreseen by now; None when that is known already. `changed` is the window whose tally changed."""
    run = progress.in_progress
    if run is None or run.due is None or not _behind(progress.windows, run.due):
        return _nothing(progress)
    kept = contributed_until(progress.windows, run.due, run.sealed_contribution_at) or run.started_at
    following = tuple(_following(progress, pauses, now, changed))
    if following == progress.foreseen and kept == progress.kept_contribution_at:
        return None
    return _told(progress, run, following, kept)


def contributed_until(windows: tuple[OpenWindow, ...], last: Window, sealed: datetime | None) -> datetime | None:
    """The latest activity in a window and those before it; `sealed` is that of the windows that are sealed."""
    for one in windows:
        if one.window.start <= last.start:
            sealed = later(sealed, one.last_at)
    return sealed


def _nothing(progress: StreakProgress) -> BreakForeseen | None:
    if not progress.runs or (not progress.foreseen and progress.kept_contribution_at is None):
        return None
    return _told(progress, progress.runs[-1], (), None)


def _told(
    progress: StreakProgress, run: StreakRun, following: tuple[Foreseen, ...], kept: datetime | None
) -> BreakForeseen:
    still = {one.id for one in following} | {one.id for one in progress.runs}
    return BreakForeseen(
        run_id=run.id,
        definition_id=progress.definition_id,
        owner_id=progress.owner_id,
        kept_contribution_at=kept,
        next=following,
        withdrawn=tuple(one.id for one in progress.foreseen if one.id not in still),
    )


def _following(
    progress: StreakProgress, pauses: tuple[Pause, ...], now: datetime, changed: Window | None
) -> Iterator[Foreseen]:
    """The runs after the break, and after the breaks that those run into."""
    run, missed = progress.in_progress, tuple[Window, ...]()
    due, number = (run.due, run.number) if run else (None, 0)
    known = {one.number: one for one in progress.foreseen}
    while run is not None and due is not None and (waiting := _behind(progress.windows, due)):
        missed, due = (*missed, due), None
        for span in spans(replace(progress, runs=(), over=number, windows=waiting), pauses, run.rules):
            due, number = span.due, span.number
            yield _foreseen(run_id(progress.id, str(number)), span, missed, waiting, known.get(number), now, changed)


def _foreseen(
    identifier: UUID,
    span: Span,
    missed: tuple[Window, ...],
    waiting: tuple[OpenWindow, ...],
    known: Foreseen | None,
    now: datetime,
    changed: Window | None,
) -> Foreseen:
    last = span.due or span.completed_in
    kept = contributed_until(waiting, last, span.started_at) if last else span.last_contribution_at
    foreseen = Foreseen(
        id=identifier,
        number=span.number,
        rules=span.rules,
        missed=missed,
        window=span.window,
        started_at=span.started_at,
        created_at=known.created_at if known else now,
        updated_at=known.updated_at if known else now,
        value=span.value,
        due=span.due,
        completed_in=span.completed_in,
        last_contribution_at=span.last_contribution_at,
        kept_contribution_at=kept or span.started_at,
        last_completed_at=span.last_completed_at,
    )
    same = foreseen == known and not (changed and _holds(span, changed))
    return foreseen if same else replace(foreseen, updated_at=now)


def _holds(span: Span, window: Window) -> bool:
    return span.window.start <= window.start and (span.completed_in is None or window.start < span.completed_in.end)


def _behind(windows: tuple[OpenWindow, ...], window: Window) -> tuple[OpenWindow, ...]:
    return tuple(one for one in windows if one.window.start >= window.end)
