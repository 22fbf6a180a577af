"""What challenge and streak engagements share: their events, and where an entry is placed (RULES 4)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from domain import numbers, texts
from domain.commands import LogEntry
from domain.definitions import Given, Milestone, Rules, refuse, text_complaints
from domain.errors import invalid
from domain.events import Event, Recorded, Voided
from domain.numbers import ZERO
from domain.tally import EMPTY, Tally
from domain.vocabulary import DefinitionStatus, Method, OwnerStatus, Reason, Slug
from domain.windows import Window, as_utc

MAX_AHEAD_SECONDS = 300
E = TypeVar("E", bound=Any)


class RunStarted(Event, frozen=True, kw_only=True):
    """One try began. It keeps the rules that it started with.

    A streak's runs have numbers. `given` was given already to runs that these windows were part of then. A run that was
    foreseen to follow a break has been shown since `created_at`.
    """

    TOPIC = "RunStarted"
    run_id: UUID
    definition_id: UUID
    owner_id: str
    window: Window
    started_at: datetime
    rules: Rules
    slug: Slug = Slug.CHALLENGE
    number: int = 0
    given: tuple[Given, ...] = ()
    created_at: datetime | None = None


class EntryCounted(Event, frozen=True, kw_only=True):
    """An entry was added to the tally of its window; `count` and `total` are the tally after it.

    That of a streak says all its different values too, and the latest activity of its run.
    """

    TOPIC = "EntryCounted"
    entry: LogEntry
    run_id: UUID
    window: Window
    count: int
    total: Decimal
    started_at: datetime
    new_value: str | None = None
    backfill: bool = False
    distinct: tuple[str, ...] = ()
    last_contribution_at: datetime | None = None


class EntryNotCounted(Event, frozen=True, kw_only=True):
    """An entry was recorded and changed nothing else."""

    TOPIC = "EntryNotCounted"
    entry: LogEntry
    reason: Reason
    window: Window | None = None
    backfill: bool = False


class RunCompleted(Event, frozen=True, kw_only=True):
    """The run reached its target: the time is the activityAt of the entry that did it.

    A streak's run says in which window.
    """

    TOPIC = "RunCompleted"
    run_id: UUID
    completed_at: datetime
    value: Decimal
    slug: Slug = Slug.CHALLENGE
    window: Window | None = None


class CompletionRolledBack(Event, frozen=True, kw_only=True):
    """The run is below its target again: a void took it there, and its definition undoes completions then.

    Or, for a streak, an entry came late and showed that the row began with an earlier window, which is not met.
    """

    TOPIC = "CompletionRolledBack"
    run_id: UUID
    slug: Slug = Slug.CHALLENGE


class MilestoneReached(Event, frozen=True, kw_only=True):
    """The value reached a milestone; its one reward is issued with this event."""

    TOPIC = "MilestoneReached"
    milestone: Milestone
    reward_id: UUID
    run_id: UUID
    definition_id: UUID
    owner_id: str
    reached_at: datetime
    period_key: str
    slug: Slug = Slug.CHALLENGE
    backfill: bool = False


class RewardChanged(Event, frozen=True, kw_only=True):
    """The tenant noted a coupon code or an expiry on a reward."""

    TOPIC = "RewardChanged"
    reward_id: UUID
    changed: tuple[str, ...]
    coupon_code: str | None = None
    reward_expiry_at: datetime | None = None


class EntryVoided(Voided, frozen=True, kw_only=True):
    """An entry was taken back. `rewards` are those that it no longer supports; they stay given (RULES 7).

    `effective` is false when the window was sealed or the entry never counted: then the outcome stays. Tally, total,
    `started_at` and `last_at` are those of the window without the entry.
    """

    TOPIC = "EntryVoided"
    effective: bool
    run_id: UUID | None = None
    window: Window | None = None
    tally: Tally = EMPTY
    total: Decimal = ZERO
    started_at: datetime | None = None
    rewards: tuple[UUID, ...] = ()
    slug: Slug = Slug.CHALLENGE
    last_at: datetime | None = None


def in_utc(entry: E) -> E:
    """The entry with its activityAt in UTC (RULES 2). Raises InvalidInput when it is naive."""
    try:
        moment = as_utc(entry.activity_at)
    except ValueError as error:
        raise invalid("activity_at", str(error)) from None
    return entry if moment is entry.activity_at else replace(entry, activity_at=moment)


def refuse_ahead(activity_at: datetime, now: datetime) -> None:
    """Refuse an activityAt of more than 300 s after `now` (RULES 4)."""
    if (activity_at - now).total_seconds() > MAX_AHEAD_SECONDS:
        raise invalid("activity_at", f"is more than {MAX_AHEAD_SECONDS} s in the future")


def refuse_impossible(entry: LogEntry, now: datetime) -> None:
    """Refuse an activityAt of more than 300 s after `now`, a value that is no exact decimal ≥ 0 (RULES 4), and text
    that no table can keep.
    """
    refuse_ahead(entry.activity_at, now)
    message = numbers.complaint(entry.activity_value) if entry.activity_value is not None else None
    if message:
        raise invalid("activity_value", message)
    refuse(_text_complaints(entry))


def _text_complaints(entry: LogEntry) -> Iterator[tuple[str, str]]:
    for field, text, longest, shortest in (
        ("owner_id", entry.owner_id, texts.MAX_OWNER_LENGTH, 1),
        ("unique_identifier", entry.unique_identifier, texts.MAX_NAME_LENGTH, 1),
        ("activity_id", entry.activity_id or "", texts.MAX_NAME_LENGTH, 0),
    ):
        message = texts.complaint(text, longest, shortest)
        if message:
            yield field, message
    for name, value in entry.attributes.items():
        yield from text_complaints("attributes", name, texts.MAX_NAME_LENGTH, 1)
        if isinstance(value, str):
            yield from text_complaints("attributes", value, texts.MAX_DESCRIPTION_LENGTH)


def not_live(status: DefinitionStatus, owner: OwnerStatus) -> Reason | None:
    """Why nothing counts at the moment, whatever it is; None when it does (RULES 4)."""
    if status is not DefinitionStatus.LIVE:
        return Reason.NOT_LIVE
    return Reason.OWNER_PAUSED if owner is OwnerStatus.PAUSED else None


def refuse_incomplete(entry: LogEntry, rules: Rules) -> None:
    """Refuse an entry without the value that its rules gather (RULES 4)."""
    if rules.method is Method.SUM and entry.activity_value is None:
        raise invalid("activity_value", "is needed: this definition sums values")
    if rules.method is Method.DISTINCT and attribute_of(entry, rules) is None:
        raise invalid("attributes", f"{rules.distinct_by!r} is needed: this definition counts its different values")


def attribute_of(entry: LogEntry, rules: Rules) -> str | None:
    """The value that `distinctBy` names, as text; None when the entry has none."""
    value = entry.attributes.get(rules.distinct_by) if rules.distinct_by else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def clear_of(window: Window, at: datetime, others: Sequence[Window], sealed_until: datetime | None) -> Window:
    """What other windows, and what is sealed, leave of the window that holds a moment, under a key of its own.

    They overlap only when a definition's periods were changed between two runs: a moment counts in one window.
    """
    if not others and (sealed_until is None or sealed_until <= window.start):
        return window
    start = max([other.end for other in others if other.end <= at], default=window.start)
    if sealed_until is not None and start < sealed_until <= at:
        start = sealed_until
    end = min([other.start for other in others if other.start > at], default=window.end)
    if start <= window.start and window.end <= end:
        return window
    start, end = max(start, window.start), min(end, window.end)
    return Window(f"{window.key}@{start.replace(tzinfo=None).isoformat()}Z", start, end)


def first_entry(history: Iterable[Recorded]) -> Any:
    """The entry that an engagement begins with, in its first event or behind the run that it starts; None without."""
    told = (getattr(one.event, "entry", None) for one in history)
    return next((one for one in told if one is not None), None)


def happened_at(entry: Recorded) -> datetime:
    """When an entry happened: at its activityAt, or when it was recorded, if its activityAt is ahead of that."""
    event: Any = entry.event
    at: datetime = event.entry.activity_at
    return min(at, entry.recorded_at)


def later(known: datetime | None, moment: datetime) -> datetime:
    """The later of two moments, of which the first may not be known."""
    return moment if known is None or known < moment else known
