"""A run of a streak, and the windows that are not sealed yet (RULES 5)."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.definitions import Given, Rules
from domain.engagement import RunStarted
from domain.streak_events import RunRecounted
from domain.tally import EMPTY, Tally
from domain.vocabulary import ProgressStatus
from domain.windows import Window


class OpenWindow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A window that entries were counted in and that is not sealed. `met_at`: the entry that reached the target."""

    window: Window
    started_at: datetime
    last_at: datetime
    tally: Tally = EMPTY
    met_at: datetime | None = None


class StreakRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try: its record of progress.

    `window` is its first, `next` the first that is not sealed, `due` the first that is neither met nor passed over.
    `sealed_value` counts the met windows before `next`. A run that is `kept` stays completed whatever is voided.
    """

    id: UUID
    number: int
    rules: Rules
    window: Window
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    next: Window | None
    due: Window | None
    value: int = 0
    sealed_value: int = 0
    sealed_completed_at: datetime | None = None
    sealed_contribution_at: datetime | None = None
    completed_at: datetime | None = None
    completed_in: Window | None = None
    kept: bool = False
    last_contribution_at: datetime | None = None
    last_completed_at: datetime | None = None
    milestones: tuple[Given, ...] = ()

    @property
    def status(self) -> ProgressStatus:
        """What has been written of this run; a boundary may have passed since."""
        return ProgressStatus.IN_PROGRESS if self.completed_at is None else ProgressStatus.COMPLETED

    @property
    def carried(self) -> bool:
        """Whether it has windows that are sealed: then nothing can come before them."""
        return self.next is None or self.next.start != self.window.start

    def above(self, value: int) -> tuple[Given, ...]:
        """What the run was given and does not reach with this value."""
        reached = {one.id for one in self.rules.milestones if one.target_value <= value}
        return tuple([one for one in self.milestones if one.milestone_id not in reached])

    def seal_of(self, window: Window) -> datetime:
        """When the outcome of one of its windows becomes final."""
        return window.end + timedelta(seconds=self.rules.late_grace_seconds)


def started(event: RunStarted, recorded_at: datetime) -> StreakRun:
    """A run as it begins."""
    return StreakRun(
        id=event.run_id,
        number=event.number,
        rules=event.rules,
        window=event.window,
        started_at=event.started_at,
        created_at=event.created_at or recorded_at,
        updated_at=recorded_at,
        next=event.window,
        due=event.window,
        last_contribution_at=event.started_at,
        milestones=event.given,
    )


def recounted(run: StreakRun, event: RunRecounted, recorded_at: datetime) -> StreakRun:
    """A run of which other windows were found to be its own."""
    return replace(
        run,
        window=event.window,
        completed_in=event.completed_in or run.completed_in,
        next=run.next if run.carried else event.window,
        started_at=event.started_at,
        value=event.value,
        due=event.due,
        last_contribution_at=event.last_contribution_at,
        last_completed_at=event.last_completed_at,
        updated_at=recorded_at,
    )
