"""Which windows make up which run: worked out from what is not sealed, whatever order it came in (RULES 4 and 5)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from domain.definitions import Pause, Rules, touched
from domain.engagement import later
from domain.streak_progress import StreakProgress
from domain.streak_run import OpenWindow, StreakRun
from domain.windows import Window, window_after

Walked = tuple[list[OpenWindow], Window | None, Window | None]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A run as its windows make it.

    `met` are those that count towards `value` and are not sealed. `completed_in` is the window that reached the run's
    target; while there is none, the run waits for `due`.
    """

    number: int
    rules: Rules
    window: Window
    started_at: datetime
    value: int
    met: tuple[OpenWindow, ...]
    due: Window | None
    completed_in: Window | None
    last_contribution_at: datetime
    last_completed_at: datetime | None


def spans(progress: StreakProgress, pauses: tuple[Pause, ...], rules: Rules) -> Iterator[Span]:
    """The runs that are not over, in order. `rules` are those of a run that starts now.

    A run takes one window after the other while they are met; it ends with the one that completes it, and the next
    run begins with the next entry. What comes after a window that is not met waits for that window's seal.
    """
    waiting, index = progress.windows, 0
    while waiting or index < len(progress.runs):
        run = progress.runs[index] if index < len(progress.runs) else None
        if not waiting and (run is None or not run.carried):
            return
        span = _span(progress.over + index + 1, run, run.rules if run else rules, waiting, pauses)
        yield span
        if span.completed_in is None:
            return
        end = span.completed_in.end
        waiting = tuple(one for one in waiting if one.window.start >= end)
        index += 1


def _span(
    number: int, run: StreakRun | None, rules: Rules, waiting: Sequence[OpenWindow], pauses: tuple[Pause, ...]
) -> Span:
    carried = run if run is not None and run.carried else None
    value = carried.sealed_value if carried else 0
    first = carried.next if carried else waiting[0].window
    met, due, completed_in = _walk(first, rules, value, waiting, pauses)
    if completed_in is None and run is not None and run.kept and run.completed_in is not None:
        met, due, completed_in = _walk_until(run.completed_in, waiting)
    own = waiting if completed_in is None else [one for one in waiting if one.window.start < completed_in.end]
    contributed = carried.sealed_contribution_at if carried else None
    for one in own:
        contributed = later(contributed, one.last_at)
    before = carried.sealed_completed_at if carried else None
    completed = max((one.met_at for one in met if one.met_at), default=before)
    started_at = carried.started_at if carried else min(one.started_at for one in own)
    return Span(
        number=number,
        rules=rules,
        window=carried.window if carried else waiting[0].window,
        started_at=started_at,
        value=value + len(met),
        met=tuple(met),
        due=due,
        completed_in=completed_in,
        last_contribution_at=contributed or started_at,
        last_completed_at=completed,
    )


def _walk_until(last: Window, waiting: Sequence[OpenWindow]) -> Walked:
    return [one for one in waiting if one.met_at and one.window.start < last.end], None, last


def _walk(
    window: Window | None, rules: Rules, value: int, waiting: Sequence[OpenWindow], pauses: tuple[Pause, ...]
) -> Walked:
    """From a window on: those that are met without a gap, the one that the run waits for, the one that completes it."""
    known = {one.window.start: one for one in waiting}
    met: list[OpenWindow] = []
    while window is not None:
        one = known.get(window.start)
        if one is not None and one.met_at is not None:
            met.append(one)
            if rules.completion is not None and value + len(met) >= rules.completion:
                return met, None, window
        elif not (waiting and window.start < waiting[-1].window.start and touched(pauses, window)):
            # A pause excuses it for good only when it is sealed; the run waits for it until something came later.
            return met, window, None
        window = window_after(rules.schedule, window)
    return met, None, None
