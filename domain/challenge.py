"""A challenge: one target over one window. The definition, with its milestones and pauses, is an aggregate."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain import definition
from domain.definition import DefinitionCommand, DefinitionKind
from domain.definitions import DefinitionFields, Milestone, Pause, Rules, definition_complaints, target_complaints
from domain.events import Event


class ChallengeFields(DefinitionFields, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a tenant says about a challenge."""

    completion_target_value: Decimal


class ChallengeDefined(Event, frozen=True, kw_only=True):
    """A challenge was made."""

    TOPIC = "ChallengeDefined"
    challenge_id: UUID
    fields: ChallengeFields


class ChallengeChanged(Event, frozen=True, kw_only=True):
    """Some fields of a challenge changed; `fields` is the result, `pauses` what is excused by now."""

    TOPIC = "ChallengeChanged"
    challenge_id: UUID
    changed: tuple[str, ...]
    fields: ChallengeFields
    pauses: tuple[Pause, ...] = ()


class ChallengeMilestoneAdded(Event, frozen=True, kw_only=True):
    """A milestone was added to a challenge."""

    TOPIC = "ChallengeMilestoneAdded"
    challenge_id: UUID
    milestone: Milestone


class ChallengeMilestoneChanged(Event, frozen=True, kw_only=True):
    """Some fields of a milestone changed; `milestone` is the result."""

    TOPIC = "ChallengeMilestoneChanged"
    challenge_id: UUID
    milestone: Milestone


class Challenge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A challenge as its events tell it. `version` counts its changes."""

    id: UUID
    version: int
    fields: ChallengeFields
    milestones: tuple[Milestone, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def rules(self) -> Rules:
        """What a run that starts now is judged by (RULES 3)."""
        return definition.rules_of(
            self.version, self.fields, self.milestones, target=self.fields.completion_target_value
        )


def challenge_complaints(fields: ChallengeFields) -> Iterator[tuple[str, str]]:
    """What is wrong with a challenge, as (field, message)."""
    yield from definition_complaints(fields)
    yield from target_complaints("completion_target_value", fields.completion_target_value)


# Every window of a challenge is a new try, so its milestones repeat (RULES 5).
KIND = DefinitionKind(
    noun="challenge",
    identified="challenge_id",
    state=Challenge,
    fields=ChallengeFields,
    complaints=challenge_complaints,
    defined=ChallengeDefined,
    changed=ChallengeChanged,
    milestone_added=ChallengeMilestoneAdded,
    milestone_changed=ChallengeMilestoneChanged,
    repeatable=True,
)


def decide(challenge: Challenge | None, command: DefinitionCommand, now: datetime) -> Iterator[Event]:
    """Yield what follows from a command on a challenge. Raises InvalidInput by field, AlreadyExists, NotFound."""
    return definition.decide(KIND, challenge, command, now)


def evolve(challenge: Challenge | None, event: Event, recorded_at: datetime) -> Challenge | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    return definition.evolve(KIND, challenge, event)
