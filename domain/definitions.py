"""What challenges and streaks share: rules, milestones, pauses, and the checks on their fields (RULES 3)."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from domain import texts
from domain.errors import InvalidInput
from domain.numbers import complaint, exact
from domain.vocabulary import DefinitionStatus, Method, Period, WeekDay
from domain.windows import Schedule, Window, as_utc

RESET_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
MAX_GRACE_SECONDS = 30 * 86_400
MIN_ROLLING_SECONDS, MAX_ROLLING_SECONDS = 60, 366 * 86_400
# "localtime" and "Factory" are files of a machine, not zones.
ZONES = frozenset(available_timezones()) - {"localtime", "Factory"}
Fields = TypeVar("Fields", bound=msgspec.Struct)


class Milestone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reward checkpoint. `repeatable`: once per run; otherwise once per engagement, for ever."""

    id: UUID
    target_value: Decimal
    repeatable: bool
    name: str = ""
    description: str = ""
    reward_item_id: str | None = None
    status: DefinitionStatus = DefinitionStatus.LIVE


class Given(msgspec.Struct, frozen=True, omit_defaults=True):
    """A milestone that a run of a streak has, and the reward that was issued for it to the run of this number.

    A reward that is `listed` was named by a void, and may be clawed back: it does for no other run.
    """

    milestone_id: UUID
    reward_id: UUID
    number: int
    listed: bool = False


class Pause(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of time in which nothing was processed; `end` is open while it lasts."""

    start: datetime
    end: datetime | None = None

    def touches(self, window: Window) -> bool:
        """Whether the window shares a moment with the pause: then it is excused."""
        return self.start < window.end and (self.end is None or window.start < self.end)


class Rules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run is judged by. The first event of a run carries them; later edits do not reach it.

    `target` is that of one window. A streak's run completes after `completion` windows (None: never).
    """

    definition_version: int
    method: Method
    target: Decimal
    schedule: Schedule
    late_grace_seconds: int = 300
    distinct_by: str | None = None
    rollback_after_completion: bool = False
    milestones: tuple[Milestone, ...] = ()
    completion: int | None = None
    at_risk_seconds: int = 0


class DefinitionFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields that challenges and streaks have in common."""

    name: str
    aggregation_method: Method
    aggregation_period: Period
    description: str = ""
    status: DefinitionStatus = DefinitionStatus.DRAFT
    timezone: str = "UTC"
    reset_time: str = "00:00"
    week_start: WeekDay = WeekDay.MONDAY
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    rolling_seconds: int | None = None
    late_grace_seconds: int = 300
    event_types: tuple[str, ...] = ()
    distinct_by: str | None = None
    rollback_after_completion: bool = False

    @property
    def schedule(self) -> Schedule:
        """The windows of this definition."""
        return Schedule(
            period=self.aggregation_period,
            timezone=self.timezone,
            reset_time=self.reset_time,
            week_start=self.week_start,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            rolling_seconds=self.rolling_seconds or 86_400,
        )


def touched(pauses: tuple[Pause, ...], window: Window) -> bool:
    """Whether any pause excuses this window."""
    return any(pause.touches(window) for pause in pauses)


def pauses_after(
    pauses: tuple[Pause, ...], before: DefinitionStatus, after: DefinitionStatus, now: datetime
) -> tuple[Pause, ...]:
    """The pauses once the status has changed: one begins, one ends, or neither."""
    if after is DefinitionStatus.PAUSED and before is not DefinitionStatus.PAUSED:
        return (*pauses, Pause(start=now))
    if before is DefinitionStatus.PAUSED and after is not DefinitionStatus.PAUSED and pauses:
        start = pauses[-1].start
        # Two processes' clocks may differ: a pause that ends before it began has excused nothing.
        return (*pauses[:-1], Pause(start=start, end=now)) if start < now else pauses[:-1]
    return pauses


def typed(kind: type[Fields], given: Mapping[str, Any]) -> Fields:
    """The given fields as their types say, times in UTC. Raises InvalidInput with every complaint, by field."""
    values: dict[str, Any] = {}
    refuse(_read(kind, given, values))
    return kind(**values)


def _read(kind: type[Fields], given: Mapping[str, Any], values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    yield from ((name, "is not a field") for name in given if name not in known)
    for name, field in known.items():
        if name in given:
            try:
                values[name] = _plain(msgspec.convert(given[name], field.type))
            except ValueError as error:
                yield name, str(error)
        elif field.required:
            yield name, "is needed"


def _plain(value: Any) -> Any:
    """A moment in UTC, a number in its shortest form, anything else as it is. ValueError for a naive moment."""
    if isinstance(value, datetime):
        return as_utc(value)
    return exact(value) if isinstance(value, Decimal) and complaint(value) is None else value


def refuse(complaints: Iterator[tuple[str, str]]) -> None:
    """Raise InvalidInput with every complaint, by field; return when there is none."""
    errors: dict[str, list[str]] = {}
    for field, message in complaints:
        errors.setdefault(field, []).append(message)
    if errors:
        text = "; ".join(f"{field}: {', '.join(messages)}" for field, messages in errors.items())
        raise InvalidInput(text, errors)


def definition_complaints(fields: DefinitionFields) -> Iterator[tuple[str, str]]:
    """What is wrong with the common fields, as (field, message)."""
    yield from text_complaints("name", fields.name, texts.MAX_NAME_LENGTH, 1)
    yield from text_complaints("description", fields.description, texts.MAX_DESCRIPTION_LENGTH)
    for event_type in fields.event_types:
        yield from text_complaints("event_types", event_type, texts.MAX_NAME_LENGTH, 1)
    yield from text_complaints("distinct_by", fields.distinct_by or "", texts.MAX_NAME_LENGTH)
    if fields.timezone not in ZONES:
        yield "timezone", f"{fields.timezone!r} is not an IANA time zone"
    if not RESET_TIME.match(fields.reset_time):
        yield "reset_time", f"{fields.reset_time!r} is not a time from 00:00 to 23:59"
    if not 0 <= fields.late_grace_seconds <= MAX_GRACE_SECONDS:
        yield "late_grace_seconds", f"must be from 0 to {MAX_GRACE_SECONDS}"
    if fields.aggregation_method is Method.DISTINCT and not fields.distinct_by:
        yield "distinct_by", "is needed to count distinct values"
    yield from _period_complaints(fields)


def _period_complaints(fields: DefinitionFields) -> Iterator[tuple[str, str]]:
    if fields.starts_at and fields.ends_at and fields.starts_at >= fields.ends_at:
        yield "ends_at", "must be after startsAt"
    if fields.aggregation_period is Period.ONCE:
        for name in ("starts_at", "ends_at"):
            if getattr(fields, name) is None:
                yield name, "is needed for the period 'once'"
    if fields.aggregation_period is Period.ROLLING and fields.reset_time != "00:00":
        yield "reset_time", "a rolling window has no reset time"
    if fields.rolling_seconds is not None:
        if fields.aggregation_period is not Period.ROLLING:
            yield "rolling_seconds", "belongs to the period 'rolling' only"
        elif not MIN_ROLLING_SECONDS <= fields.rolling_seconds <= MAX_ROLLING_SECONDS:
            yield "rolling_seconds", f"must be from {MIN_ROLLING_SECONDS} to {MAX_ROLLING_SECONDS}"


def text_complaints(field: str, text: str, longest: int, shortest: int = 0) -> Iterator[tuple[str, str]]:
    """What is wrong with a text, as (field, message)."""
    message = texts.complaint(text, longest, shortest)
    if message:
        yield field, message


def target_complaints(field: str, value: Decimal) -> Iterator[tuple[str, str]]:
    """What is wrong with a target, as (field, message)."""
    message = complaint(value)
    if message:
        yield field, message
    elif value <= 0:
        yield field, "must be greater than 0"


def milestone_complaints(milestone: Milestone, others: tuple[Milestone, ...]) -> Iterator[tuple[str, str]]:
    """What is wrong with a milestone beside the others of its definition."""
    yield from target_complaints("target_value", milestone.target_value)
    if any(other.target_value == milestone.target_value for other in others if other.id != milestone.id):
        yield "target_value", f"another milestone has {milestone.target_value} already"
    yield from text_complaints("name", milestone.name, texts.MAX_NAME_LENGTH)
    yield from text_complaints("description", milestone.description, texts.MAX_DESCRIPTION_LENGTH)
    yield from text_complaints("reward_item_id", milestone.reward_item_id or "", texts.MAX_NAME_LENGTH)
