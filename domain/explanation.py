"""An explanation: what a history means, window by window and entry by entry, in values and in words."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.definitions import Pause
from domain.vocabulary import Outcome, Reason, Slug
from domain.windows import Window


class ExplainedVoid(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """That an entry was taken back, and what that did. `rewards` stay given; they are named to be clawed back."""

    voided_at: datetime
    reason: str
    actor: str
    effective: bool
    effect: str
    rewards: tuple[UUID, ...] = ()


class ExplainedEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry as it was judged when it came. `version` and `position` are those of the event that recorded it."""

    id: UUID
    version: int
    position: int
    unique_identifier: str
    activity_at: datetime
    recorded_at: datetime
    counted: bool
    why: str
    reason: Reason | None = None
    activity_id: str | None = None
    activity_value: Decimal | None = None
    void: ExplainedVoid | None = None


class ExplainedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window, what it gathered, and what became of it. `run_id` is None when no run was waiting for it.

    `sealed`: its outcome is written; before that it is what the events say by now. `pauses` touch it.
    """

    window: Window
    timezone: str
    seals_at: datetime
    sealed: bool
    count: int
    total: Decimal
    target: Decimal
    outcome: Outcome
    why: str
    entries: tuple[ExplainedEntry, ...] = ()
    run_id: UUID | None = None
    pauses: tuple[Pause, ...] = ()


class ExplainedMilestone(msgspec.Struct, frozen=True, kw_only=True):
    """A milestone that a run reached. `listed`: a void named its reward, because it is not reached any more."""

    milestone_id: UUID
    reward_id: UUID
    name: str
    target_value: Decimal
    reached_at: datetime
    period_key: str
    listed: bool


class ExplainedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One try, and what became of it. `status` is that of its record, or `withdrawn` or `excused`: then it has none.

    A challenge's `target` is that of its window, a streak's how many windows in a row (None: open-ended).
    `last_contribution_at` is a streak's: the latest activity that counted in it.
    """

    id: UUID
    number: int
    status: str
    summary: str
    started_at: datetime
    ended_at: datetime | None
    last_contribution_at: datetime | None
    value: Decimal
    target: Decimal | None
    definition_version: int
    timezone: str
    milestones: tuple[ExplainedMilestone, ...] = ()


class Stretch(msgspec.Struct, frozen=True):
    """Windows in which nothing was logged, too many to list: all from `start` up to `end`."""

    start: datetime
    end: datetime


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one engagement, and why. `entries` are those that are in no window."""

    slug: Slug
    summary: str
    runs: tuple[ExplainedRun, ...] = ()
    windows: tuple[ExplainedWindow, ...] = ()
    entries: tuple[ExplainedEntry, ...] = ()
    left_out: tuple[Stretch, ...] = ()
