"""A streak: a target in every window, so many windows in a row. The definition is an aggregate."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain import definition
from domain.definition import DefinitionCommand, DefinitionKind
from domain.definitions import DefinitionFields, Milestone, Pause, Rules, definition_complaints, target_complaints
from domain.events import Event
from domain.vocabulary import Period
from domain.windows import Schedule, Window, window_after, window_at

MAX_WINDOWS = 1_000_000
MAX_AT_RISK_SECONDS = 366 * 86_400
INSTANT = timedelta(microseconds=1)


class StreakFields(DefinitionFields, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a tenant says about a streak. Without `completion_target_value` it never completes."""

    aggregation_target_value: Decimal
    completion_target_value: int | None = None
    at_risk_seconds: int = 14_400


class Resumption(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first window after a pause, in the windows that the streak had when the pause ended.

    A run that waits for a window which the pause touched has to meet this one next, unless another pause touches it.
    """

    schedule: Schedule
    window: Window


class StreakDefined(Event, frozen=True, kw_only=True):
    """A streak was made."""

    TOPIC = "StreakDefined"
    streak_id: UUID
    fields: StreakFields


class StreakChanged(Event, frozen=True, kw_only=True):
    """Some fields of a streak changed; `fields` is the result, `pauses` what is excused by now.

    `resumptions` say where the windows go on that count.
    """

    TOPIC = "StreakChanged"
    streak_id: UUID
    changed: tuple[str, ...]
    fields: StreakFields
    pauses: tuple[Pause, ...] = ()
    resumptions: tuple[Resumption, ...] = ()


class StreakMilestoneAdded(Event, frozen=True, kw_only=True):
    """A milestone was added to a streak."""

    TOPIC = "StreakMilestoneAdded"
    streak_id: UUID
    milestone: Milestone


class StreakMilestoneChanged(Event, frozen=True, kw_only=True):
    """Some fields of a milestone changed; `milestone` is the result."""

    TOPIC = "StreakMilestoneChanged"
    streak_id: UUID
    milestone: Milestone


class Streak(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A streak as its events tell it. `version` counts its changes."""

    id: UUID
    version: int
    fields: StreakFields
    milestones: tuple[Milestone, ...] = ()
    pauses: tuple[Pause, ...] = ()
    resumptions: tuple[Resumption, ...] = ()

    @property
    def rules(self) -> Rules:
        """What a run that starts now is judged by (RULES 3)."""
        return definition.rules_of(
            self.version,
            self.fields,
            self.milestones,
            target=self.fields.aggregation_target_value,
            completion=self.fields.completion_target_value,
            at_risk_seconds=self.fields.at_risk_seconds,
        )


def streak_complaints(fields: StreakFields) -> Iterator[tuple[str, str]]:
    """What is wrong with a streak, as (field, message)."""
    yield from definition_complaints(fields)
    yield from target_complaints("aggregation_target_value", fields.aggregation_target_value)
    completion = fields.completion_target_value
    if completion is not None and not 1 <= completion <= MAX_WINDOWS:
        yield "completion_target_value", f"must be from 1 to {MAX_WINDOWS}, or null"
    if fields.aggregation_period is Period.ONCE and completion not in (None, 1):
        yield "completion_target_value", "must be 1 or null for the period 'once', which is a single window"
    if not 0 <= fields.at_risk_seconds <= MAX_AT_RISK_SECONDS:
        yield "at_risk_seconds", f"must be from 0 to {MAX_AT_RISK_SECONDS}"


# What a streak gives it gives once: a milestone repeats only if it says so (RULES 5).
KIND = DefinitionKind(
    noun="streak",
    identified="streak_id",
    state=Streak,
    fields=StreakFields,
    complaints=streak_complaints,
    defined=StreakDefined,
    changed=StreakChanged,
    milestone_added=StreakMilestoneAdded,
    milestone_changed=StreakMilestoneChanged,
    repeatable=False,
)


def decide(streak: Streak | None, command: DefinitionCommand, now: datetime) -> Iterator[Event]:
    """Yield what follows from a command on a streak. Raises InvalidInput by field, AlreadyExists, NotFound."""
    for event in definition.decide(KIND, streak, command, now):
        yield _resumed(streak, event) if streak and isinstance(event, StreakChanged) else event


def evolve(streak: Streak | None, event: Event, recorded_at: datetime) -> Streak | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    evolved: Streak | None = definition.evolve(KIND, streak, event)
    if evolved is not None and isinstance(event, StreakChanged):
        return replace(evolved, resumptions=event.resumptions)
    return evolved


def _resumed(streak: Streak, event: StreakChanged) -> StreakChanged:
    known, last = streak.resumptions, event.pauses[-1] if event.pauses else None
    if last is None or last.end is None or last in streak.pauses:
        return replace(event, resumptions=known)
    schedule = event.fields.schedule
    following = _window_behind(schedule, last.end)
    return replace(event, resumptions=(*known, Resumption(schedule, following)) if following else known)


def _window_behind(schedule: Schedule, ended_at: datetime) -> Window | None:
    """The first window of the calendar that a pause with this end does not touch. Rolling ones are a run's own."""
    if schedule.period is Period.ROLLING:
        return None
    touched = window_at(schedule, ended_at - INSTANT)
    return window_after(schedule, touched) if touched else None
