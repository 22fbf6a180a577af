"""Challenge progress: one owner's engagement with one challenge. A run is one window (RULES 5)."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.definitions import Rules
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
from domain.tally import EMPTY, Tally, counted
from domain.vocabulary import ProgressStatus
from domain.windows import Window


class RunFailed(Event, frozen=True, kw_only=True):
    """The window was sealed with the target unmet: failed at the window's end."""

    TOPIC = "ChallengeFailed"
    run_id: UUID
    window: Window
    failed_at: datetime
    value: Decimal


class RunSealed(Event, frozen=True, kw_only=True):
    """The window of a completed run was sealed: its tally is final."""

    TOPIC = "ChallengeSealed"
    run_id: UUID
    window: Window


class RunExcused(Event, frozen=True, kw_only=True):
    """A pause touched the window of an unmet run: neither met nor missed, the record is withdrawn."""

    TOPIC = "ChallengeExcused"
    run_id: UUID
    window: Window


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One window's try: its record of progress."""

    id: UUID
    window: Window
    rules: Rules
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    tally: Tally = EMPTY
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    milestones: tuple[UUID, ...] = ()

    @property
    def value(self) -> Decimal:
        """currentProgressValue."""
        return self.tally.total(self.rules.method)

    @property
    def status(self) -> ProgressStatus:
        """What has been written of this run; a boundary may have passed since."""
        if self.completed_at is not None:
            return ProgressStatus.COMPLETED
        return ProgressStatus.IN_PROGRESS if self.failed_at is None else ProgressStatus.FAILED

    @property
    def seals_at(self) -> datetime:
        """When the window's outcome becomes final."""
        return self.window.end + timedelta(seconds=self.rules.late_grace_seconds)


class ChallengeProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One owner's engagement with one challenge. Holds the runs whose windows are not sealed yet."""

    id: UUID
    tenant: str
    definition_id: UUID
    owner_id: str
    runs: tuple[Run, ...] = ()
    sealed_until: datetime | None = None
    seen_until: datetime | None = None
    milestones: tuple[UUID, ...] = ()

    @property
    def due_at(self) -> datetime | None:
        """The next deadline: the seal of the first window (RULES 6)."""
        return min([run.seals_at for run in self.runs], default=None)

    def run(self, identifier: UUID | None) -> Run | None:
        """The unsealed run with this id."""
        for run in self.runs:
            # Mostly it is the same object, and comparing two UUIDs takes longer than all the rest.
            if run.id is identifier or run.id == identifier:
                return run
        return None

    def run_at(self, moment: datetime) -> Run | None:
        """The unsealed run whose window holds this moment."""
        for run in self.runs:
            if run.window.start <= moment < run.window.end:
                return run
        return None


def evolve(progress: ChallengeProgress, event: Event, recorded_at: datetime) -> ChallengeProgress:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case EntryCounted():
            runs = _runs_counting(progress, event, recorded_at)
            return replace(progress, runs=runs, seen_until=later(progress.seen_until, event.entry.activity_at))
        case EntryNotCounted():
            return replace(progress, seen_until=later(progress.seen_until, event.entry.activity_at))
        case RunStarted():
            return replace(progress, runs=_runs_starting(progress, event, recorded_at))
        case RunFailed() | RunSealed() | RunExcused():
            kept = tuple(run for run in progress.runs if run.id != event.run_id)
            return replace(progress, runs=kept, sealed_until=later(progress.sealed_until, event.window.end))
        case RunCompleted() | CompletionRolledBack() | MilestoneReached() | EntryVoided():
            return _evolve_run(progress, event, recorded_at)
    return progress


def _runs_counting(progress: ChallengeProgress, event: EntryCounted, recorded_at: datetime) -> tuple[Run, ...]:
    run = progress.run(event.run_id)
    if run is None:
        return progress.runs
    tally = counted(run.tally, run.rules.method, event.count, event.total, event.new_value)
    return _replaced(progress.runs, replace(run, tally=tally, started_at=event.started_at, updated_at=recorded_at))


def _runs_starting(progress: ChallengeProgress, event: RunStarted, recorded_at: datetime) -> tuple[Run, ...]:
    started = Run(
        id=event.run_id,
        window=event.window,
        rules=event.rules,
        started_at=event.started_at,
        created_at=recorded_at,
        updated_at=recorded_at,
    )
    return tuple(sorted((*progress.runs, started), key=lambda run: run.window.start))


def _evolve_run(progress: ChallengeProgress, event: Event, recorded_at: datetime) -> ChallengeProgress:
    run = progress.run(getattr(event, "run_id", None))
    if isinstance(event, MilestoneReached) and event.milestone.id not in progress.milestones:
        progress = replace(progress, milestones=(*progress.milestones, event.milestone.id))
    match event:
        case _ if run is None:
            return progress
        case MilestoneReached():
            run = replace(run, milestones=(*run.milestones, event.milestone.id))
        case RunCompleted():
            run = replace(run, completed_at=event.completed_at)
        case CompletionRolledBack():
            run = replace(run, completed_at=None)
        case EntryVoided() if event.effective:
            started = event.started_at or run.started_at
            run = replace(run, tally=event.tally, started_at=started, updated_at=recorded_at)
    return replace(progress, runs=_replaced(progress.runs, run))


def _replaced(runs: tuple[Run, ...], changed: Run) -> tuple[Run, ...]:
    if len(runs) == 1:
        return (changed,)
    return tuple([changed if run.id == changed.id else run for run in runs])
