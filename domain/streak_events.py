"""What happens in an engagement with a streak, beside what challenges have too (RULES 5 and 6)."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.definitions import Rules
from domain.events import Event
from domain.vocabulary import Outcome
from domain.windows import Window


class PeriodMet(Event, frozen=True, kw_only=True):
    """The window's tally reached the target. `value` and `due` are those of its run after that."""

    TOPIC = "PeriodMet"
    run_id: UUID
    window: Window
    met_at: datetime
    value: int
    due: Window | None
    last_completed_at: datetime


class PeriodUnmet(Event, frozen=True, kw_only=True):
    """A void took the window's tally below the target."""

    TOPIC = "PeriodUnmet"
    run_id: UUID
    window: Window


class RunRecounted(Event, frozen=True, kw_only=True):
    """What a run is made of changed: its first window, its value, the window that it waits for (`due`).

    `completed_in` is given when a completed run is complete with another window now.
    """

    TOPIC = "RunRecounted"
    run_id: UUID
    window: Window
    started_at: datetime
    value: int
    due: Window | None
    last_contribution_at: datetime
    last_completed_at: datetime | None = None
    completed_in: Window | None = None


class RunWithdrawn(Event, frozen=True, kw_only=True):
    """Late entries showed that this run has not begun: its windows belong to the one before, or wait for its break."""

    TOPIC = "RunWithdrawn"
    run_id: UUID


class Foreseen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run that is there once every window of `missed` has ended unmet: its record.

    `kept_contribution_at` is its latest activity should the window `due` be missed, too.
    """

    id: UUID
    number: int
    rules: Rules
    missed: tuple[Window, ...]
    window: Window
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    value: int
    due: Window | None
    completed_in: Window | None
    last_contribution_at: datetime
    kept_contribution_at: datetime
    last_completed_at: datetime | None


class BreakForeseen(Event, frozen=True, kw_only=True):
    """Entries wait behind the window that a run waits for: what they make, should that window end unmet.

    Then the run's latest activity is `kept_contribution_at`, and `next` are the runs after it; until the break is
    written they are what is read. `withdrawn` are runs that were foreseen before and are not any more. Without `next`
    nothing waits any longer.
    """

    TOPIC = "BreakForeseen"
    run_id: UUID
    definition_id: UUID
    owner_id: str
    kept_contribution_at: datetime | None = None
    next: tuple[Foreseen, ...] = ()
    withdrawn: tuple[UUID, ...] = ()


class PeriodSealed(Event, frozen=True, kw_only=True):
    """The outcome of a window is final: met or excused. `next` is the first window of the run that is not sealed.

    It is `missed` only in a run that stays completed although one of its entries was taken back.
    """

    TOPIC = "PeriodSealed"
    run_id: UUID
    window: Window
    outcome: Outcome
    next: Window | None


class StreakBroken(Event, frozen=True, kw_only=True):
    """A window was sealed unmet: broken at the window's end."""

    TOPIC = "StreakBroken"
    run_id: UUID
    window: Window
    broken_at: datetime
    value: int
    last_contribution_at: datetime


class StreakAtRisk(Event, frozen=True, kw_only=True):
    """The window is about to end unmet."""

    TOPIC = "StreakAtRisk"
    run_id: UUID
    window: Window
    at_risk_at: datetime
    value: int


class StreakSpared(Event, frozen=True, kw_only=True):
    """The window is about to end unmet, and a pause excuses it: nobody is warned."""

    TOPIC = "StreakSpared"
    run_id: UUID
    window: Window
