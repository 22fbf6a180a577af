"""How the runs of a streak read at a moment: a boundary that has passed counts, written or not (RULES 5)."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from domain.definitions import Pause, touched
from domain.engagement import EntryCounted
from domain.streak_events import Foreseen
from domain.streak_progress import StreakProgress
from domain.streak_run import StreakRun
from domain.windows import Window, window_after


class Reading(NamedTuple):
    """A run that is not written as over, and the window that it has missed, if any: then it is broken."""

    run: StreakRun
    missed: Window | None


def outcome(
    progress: StreakProgress, event: EntryCounted, pauses: tuple[Pause, ...], now: datetime
) -> StreakRun | None:
    """The run that an entry belongs to, as it reads now."""
    for run, missed in readings(progress, pauses, now):
        last = run.completed_in or missed
        if last is None or event.window.start < last.end:
            return run
    return progress.run(event.run_id)


def readings(progress: StreakProgress, pauses: tuple[Pause, ...], now: datetime) -> Iterator[Reading]:
    """The runs that are not written as over, in order: what is written of them, and what a missed window lets be."""
    for run in progress.runs:
        yield _read(run, progress.kept_contribution_at, pauses, now)
    for one in progress.foreseen:
        if all(window.end <= now and not touched(pauses, window) for window in one.missed):
            yield _read(_run(one), one.kept_contribution_at, pauses, now)


def missed_by(run: StreakRun, pauses: tuple[Pause, ...], now: datetime) -> Window | None:
    """The window that a run in progress has missed: the first, from the one that it waits for on, that is over and that
    no pause excuses.
    """
    window = run.due if run.completed_in is None else None
    while window is not None and window.end <= now:
        if not touched(pauses, window):
            return window
        window = window_after(run.rules.schedule, window)
    return None


def _read(run: StreakRun, kept: datetime | None, pauses: tuple[Pause, ...], now: datetime) -> Reading:
    """What was logged behind the window that broke a run is not its own."""
    missed = missed_by(run, pauses, now)
    if missed is not None and kept is not None:
        run = replace(run, last_contribution_at=kept)
    return Reading(run, missed)


def _run(foreseen: Foreseen) -> StreakRun:
    return StreakRun(
        id=foreseen.id,
        number=foreseen.number,
        rules=foreseen.rules,
        window=foreseen.window,
        started_at=foreseen.started_at,
        created_at=foreseen.created_at,
        updated_at=foreseen.updated_at,
        next=foreseen.window,
        due=foreseen.due,
        value=foreseen.value,
        completed_at=foreseen.last_completed_at if foreseen.completed_in else None,
        completed_in=foreseen.completed_in,
        last_contribution_at=foreseen.last_contribution_at,
        last_completed_at=foreseen.last_completed_at,
    )
