"""Streak progress: one owner's engagement with one streak. A run is a row of windows (RULES 5)."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.definitions import Given
from domain.engagement import (
    CompletionRolledBack,
    EntryCounted,
    EntryNotCounted,
    EntryVoided,
    MilestoneReached,
    RunCompleted,
    RunStarted,
    later,
)
from domain.events import Event
from domain.streak_events import (
    BreakForeseen,
    Foreseen,
    PeriodMet,
    PeriodSealed,
    PeriodUnmet,
    RunRecounted,
    RunWithdrawn,
    StreakAtRisk,
    StreakBroken,
    StreakSpared,
)
from domain.streak_run import OpenWindow, StreakRun, recounted, started
from domain.tally import EMPTY, counted
from domain.vocabulary import Outcome
from domain.windows import Window


class StreakProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One owner's engagement with one streak.

    `windows` are those that are not sealed, in order; `runs` those that are not over, in order, of which only the last
    can be in progress; `over` is how many runs came before them. `quiet_until` is when a backfill last added to it,
    `warned_until` the end of the last window that was warned of. `left_over` is what was given to runs that turned out
    not to have reached it, or not to have begun. `foreseen` are the runs that follow should the run in progress miss
    the window that it waits for, and `kept_contribution_at` is the latest activity of that run then.
    """

    id: UUID
    tenant: str
    definition_id: UUID
    owner_id: str
    runs: tuple[StreakRun, ...] = ()
    windows: tuple[OpenWindow, ...] = ()
    over: int = 0
    sealed_until: datetime | None = None
    seen_until: datetime | None = None
    quiet_until: datetime | None = None
    warned_until: datetime | None = None
    milestones: tuple[UUID, ...] = ()
    left_over: tuple[Given, ...] = ()
    foreseen: tuple[Foreseen, ...] = ()
    kept_contribution_at: datetime | None = None

    @property
    def in_progress(self) -> StreakRun | None:
        """The run that is not completed."""
        return self.runs[-1] if self.runs and self.runs[-1].completed_at is None else None

    @property
    def due_at(self) -> datetime | None:
        """The next deadline (RULES 6). A met window has none of its own, unless it completed its run."""
        moments = [run.seal_of(run.completed_in) for run in self.runs if run.completed_in is not None]
        run = self.in_progress
        if run is not None and run.due is not None:
            moments.append(self.warns_at or run.seal_of(run.due))
        return min(moments, default=None)

    @property
    def warns_at(self) -> datetime | None:
        """When the window that the run waits for is at risk; None when that was said, or is nobody's concern."""
        run = self.in_progress
        if run is None or run.due is None or not run.rules.at_risk_seconds:
            return None
        # A late entry can turn a run back to a window before the one that was warned of: that has ended by then.
        if self.warned_until is not None and run.due.end <= self.warned_until:
            return None
        at = max(run.due.start, run.due.end - timedelta(seconds=run.rules.at_risk_seconds))
        return None if self.quiet_until is not None and at < self.quiet_until else at

    def run(self, identifier: UUID | None) -> StreakRun | None:
        """The run with this id, if it is not over."""
        return next((run for run in self.runs if run.id == identifier), None)

    def run_at(self, moment: datetime) -> StreakRun | None:
        """The run that an entry of this moment belongs to: a completed one until its last window ends."""
        for run in self.runs:
            if run.completed_in is None or moment < run.completed_in.end:
                return run
        return None

    def held(self, window: Window) -> StreakRun:
        """The run that has this window. Raises LookupError when there is none."""
        run = self.run_at(window.start)
        if run is None:
            raise LookupError(f"no run has the window {window.key}")
        return run

    def window_at(self, moment: datetime) -> OpenWindow | None:
        """The window that holds this moment, if entries were counted in it and it is not sealed."""
        return next((one for one in self.windows if one.window.start <= moment < one.window.end), None)


def evolve(progress: StreakProgress, event: Event, recorded_at: datetime) -> StreakProgress:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case EntryCounted():
            return _count(progress, event, recorded_at)
        case EntryNotCounted():
            return replace(progress, seen_until=later(progress.seen_until, event.entry.activity_at))
        case RunStarted():
            left_over = tuple(one for one in progress.left_over if one not in event.given)
            foreseen = tuple(one for one in progress.foreseen if one.id != event.run_id)
            runs = (*progress.runs, started(event, recorded_at))
            return replace(progress, runs=runs, left_over=left_over, foreseen=foreseen)
        case EntryVoided() if event.effective:
            return _void(progress, event, recorded_at)
        case PeriodUnmet():
            return _unmet(progress, event)
        case PeriodSealed() | StreakBroken():
            return _seal(progress, event)
        case RunWithdrawn():
            return _withdraw(progress, event)
        case BreakForeseen():
            return replace(progress, foreseen=event.next, kept_contribution_at=event.kept_contribution_at)
        case _:
            return _evolve_run(progress, event, recorded_at)


def _count(progress: StreakProgress, event: EntryCounted, recorded_at: datetime) -> StreakProgress:
    at, run = event.entry.activity_at, progress.run(event.run_id)
    known = next((one for one in progress.windows if one.window.start == event.window.start), None)
    if run is None:
        return progress
    tally = counted(known.tally if known else EMPTY, run.rules.method, event.count, event.total, event.new_value)
    if known is None or not known.tally.count:
        changed = OpenWindow(window=event.window, started_at=at, last_at=at, tally=tally)
    else:
        started_at, last_at = min(known.started_at, at), max(known.last_at, at)
        changed = replace(known, started_at=started_at, last_at=last_at, tally=tally)
    others = (one for one in progress.windows if one is not known)
    contributed = event.last_contribution_at
    run = replace(run, started_at=event.started_at, last_contribution_at=contributed, updated_at=recorded_at)
    return replace(
        progress,
        runs=_replaced(progress.runs, run),
        windows=tuple(sorted((*others, changed), key=lambda one: one.window.start)),
        seen_until=later(progress.seen_until, at),
        quiet_until=recorded_at if event.backfill else progress.quiet_until,
    )


def _void(progress: StreakProgress, event: EntryVoided, recorded_at: datetime) -> StreakProgress:
    windows = [_without(one, event) if one.window == event.window else one for one in progress.windows]
    runs = [replace(run, milestones=_listed(run.milestones, event.rewards)) for run in progress.runs]
    left_over = _listed(progress.left_over, event.rewards)
    progress = replace(progress, windows=tuple(windows), runs=tuple(runs), left_over=left_over)
    run = progress.run(event.run_id)
    if run is None:
        return progress
    return replace(progress, runs=_replaced(progress.runs, replace(run, updated_at=recorded_at)))


def _unmet(progress: StreakProgress, event: PeriodUnmet) -> StreakProgress:
    """A run that is completed by then stays so, unless its rules say otherwise (RULES 7)."""
    progress, run = replace(progress, windows=_met(progress.windows, event.window, None)), progress.run(event.run_id)
    if run is None or run.completed_in is None or run.rules.rollback_after_completion:
        return progress
    return replace(progress, runs=_replaced(progress.runs, replace(run, kept=True)))


def _listed(given: tuple[Given, ...], rewards: tuple[UUID, ...]) -> tuple[Given, ...]:
    return tuple([replace(one, listed=one.listed or one.reward_id in rewards) for one in given])


def _without(one: OpenWindow, event: EntryVoided) -> OpenWindow:
    started_at, last_at = event.started_at or one.started_at, event.last_at or one.last_at
    return replace(one, tally=event.tally, started_at=started_at, last_at=last_at)


def _seal(progress: StreakProgress, event: PeriodSealed | StreakBroken) -> StreakProgress:
    """Nothing happens any more in a sealed window, nor in the windows before it."""
    end, run = event.window.end, progress.run(event.run_id)
    sealed = next((one for one in progress.windows if one.window == event.window), None)
    windows = tuple(one for one in progress.windows if one.window.start >= end)
    progress = replace(progress, windows=windows, sealed_until=later(progress.sealed_until, end))
    if run is None:
        return progress
    if isinstance(event, StreakBroken) or event.window == run.completed_in:
        others = tuple(one for one in progress.runs if one.id != run.id)
        unreached = run.above(event.value) if isinstance(event, StreakBroken) else ()
        left_over = (*progress.left_over, *[one for one in unreached if not one.listed])
        kept = None if isinstance(event, StreakBroken) else progress.kept_contribution_at
        return replace(progress, runs=others, over=run.number, left_over=left_over, kept_contribution_at=kept)
    run = replace(run, next=event.next)
    if sealed is not None:
        run = replace(run, sealed_contribution_at=later(run.sealed_contribution_at, sealed.last_at))
    if event.outcome is Outcome.MET and sealed is not None:
        met_at = sealed.met_at or run.sealed_completed_at
        run = replace(run, sealed_value=run.sealed_value + 1, sealed_completed_at=met_at)
    return replace(progress, runs=_replaced(progress.runs, run))


def _withdraw(progress: StreakProgress, event: RunWithdrawn) -> StreakProgress:
    given = tuple(one for run in progress.runs if run.id == event.run_id for one in run.milestones)
    runs = tuple(run for run in progress.runs if run.id != event.run_id)
    return replace(progress, runs=runs, left_over=(*progress.left_over, *given))


def _evolve_run(progress: StreakProgress, event: Event, recorded_at: datetime) -> StreakProgress:
    run = progress.run(getattr(event, "run_id", None))
    if isinstance(event, MilestoneReached) and event.milestone.id not in progress.milestones:
        progress = replace(progress, milestones=(*progress.milestones, event.milestone.id))
    match event:
        case _ if run is None:
            return progress
        case PeriodMet():
            progress = replace(progress, windows=_met(progress.windows, event.window, event.met_at))
            run = replace(run, value=event.value, due=event.due, last_completed_at=event.last_completed_at)
        case RunRecounted():
            run = recounted(run, event, recorded_at)
        case RunCompleted():
            run = replace(run, completed_at=event.completed_at, completed_in=event.window)
        case CompletionRolledBack():
            run = replace(run, completed_at=None, completed_in=None)
        case MilestoneReached():
            given = Given(event.milestone.id, event.reward_id, run.number)
            run = replace(run, milestones=(*run.milestones, given))
        case StreakAtRisk() | StreakSpared():
            progress = replace(progress, warned_until=later(progress.warned_until, event.window.end))
    return replace(progress, runs=_replaced(progress.runs, run))


def _met(windows: tuple[OpenWindow, ...], window: Window, met_at: datetime | None) -> tuple[OpenWindow, ...]:
    return tuple([replace(one, met_at=met_at) if one.window == window else one for one in windows])


def _replaced(runs: tuple[StreakRun, ...], changed: StreakRun) -> tuple[StreakRun, ...]:
    return tuple([changed if run.id == changed.id else run for run in runs])
