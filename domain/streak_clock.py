"""The passing of time for streak progress: windows seal, streaks break, owners are warned (RULES 6)."""

from datetime import datetime
from typing import NamedTuple

from domain.decision import Decision
from domain.definitions import Pause, touched
from domain.streak_events import PeriodSealed, StreakAtRisk, StreakBroken, StreakSpared
from domain.streak_foresight import contributed_until
from domain.streak_progress import StreakProgress
from domain.streak_run import StreakRun
from domain.streak_settling import settle
from domain.vocabulary import Outcome
from domain.windows import Window, window_after

Decided = Decision[StreakProgress]


class Front(NamedTuple):
    """The first window that is not sealed and is somebody's concern; when it seals, and whether it is met."""

    window: Window
    run: StreakRun
    seals_at: datetime
    met: bool


def advance(decision: Decided, pauses: tuple[Pause, ...], clock: datetime) -> None:
    """Do everything that is due at `clock`, in the order in which it came due. Late or run twice: the same events."""
    while True:
        front, warns_at = _front(decision.state), decision.state.warns_at
        if warns_at is not None and warns_at <= clock and (front is None or warns_at <= front.seals_at):
            _warn(decision, pauses, warns_at)
        elif front is not None and front.seals_at <= clock:
            _seal(decision, pauses, front)
        else:
            return


def _front(progress: StreakProgress) -> Front | None:
    first, run = progress.windows[0] if progress.windows else None, progress.in_progress
    due = run.due if run else None
    if run and due and (first is None or due.start <= first.window.start):
        return Front(due, run, run.seal_of(due), met=False)
    owner = progress.run_at(first.window.start) if first else None
    if first is None or owner is None:
        return None
    return Front(first.window, owner, owner.seal_of(first.window), met=first.met_at is not None)


def _warn(decision: Decided, pauses: tuple[Pause, ...], at: datetime) -> None:
    run = decision.state.in_progress
    if run is None or run.due is None:
        return
    if touched(pauses, run.due):
        decision.record(StreakSpared(run_id=run.id, window=run.due))
    else:
        decision.record(StreakAtRisk(run_id=run.id, window=run.due, at_risk_at=at, value=run.value))


def _seal(decision: Decided, pauses: tuple[Pause, ...], front: Front) -> None:
    window, run = front.window, front.run
    if not front.met and run.completed_in is None and not touched(pauses, window):
        _break(decision, run, window)
    else:
        missed = Outcome.EXCUSED if touched(pauses, window) else Outcome.MISSED
        outcome = Outcome.MET if front.met else missed
        following = window_after(run.rules.schedule, window)
        decision.record(PeriodSealed(run_id=run.id, window=window, outcome=outcome, next=following))
    if decision.state.windows or decision.state.in_progress:
        settle(decision, pauses, run.rules)


def _break(decision: Decided, run: StreakRun, window: Window) -> None:
    """The record keeps its value; what was logged in later windows is not its own."""
    latest = contributed_until(decision.state.windows, window, run.sealed_contribution_at)
    decision.record(
        StreakBroken(
            run_id=run.id,
            window=window,
            broken_at=window.end,
            value=run.value,
            last_contribution_at=latest or run.started_at,
        )
    )
