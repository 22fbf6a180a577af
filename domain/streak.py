"""A streak: a target in every window, so many windows in a row. The definition is an aggregate."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain import definition
from domain.definition import DefinitionCommand, DefinitionKind
from domain.definitions import DefinitionFields, Milestone, Pause, Rules, definition_complaints, target_complaints
from domain.events import Event
from domain.vocabulary import Period

MAX_WINDOWS = 1_000_000
MAX_AT_RISK_SECONDS = 366 * 86_400


class StreakFields(DefinitionFields, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a tenant says about a streak. Without `completion_target_value` it never completes."""

    aggregation_target_value: Decimal
    completion_target_value: int | None = None
    at_risk_seconds: int = 14_400


class StreakDefined(Event, frozen=True, kw_only=True):
    """A streak was made."""

    TOPIC = "StreakDefined"
    streak_id: UUID
    fields: StreakFields


class StreakChanged(Event, frozen=True, kw_only=True):
    """Some fields of a streak changed; `fields` is the result, `pauses` what is excused by now."""

    TOPIC = "StreakChanged"
    streak_id: UUID
    changed: tuple[str, ...]
    fields: StreakFields
    pauses: tuple[Pause, ...] = ()


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
    return definition.decide(KIND, streak, command, now)


def evolve(streak: Streak | None, event: Event, recorded_at: datetime) -> Streak | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    return definition.evolve(KIND, streak, event)
