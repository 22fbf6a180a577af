"""A challenge: one target over one window. The definition, with its milestones and pauses, is an aggregate."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from msgspec.structs import asdict, replace

from domain.commands import AddMilestone, ChangeMilestone, Define, Redefine
from domain.definitions import (
    DefinitionFields,
    Milestone,
    Pause,
    Rules,
    definition_complaints,
    milestone_complaints,
    pauses_after,
    refuse,
    target_complaints,
    typed,
)
from domain.errors import AlreadyExists, NotFound
from domain.events import Event
from domain.vocabulary import DefinitionStatus


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
        live = (one for one in self.milestones if one.status is DefinitionStatus.LIVE)
        return Rules(
            definition_version=self.version,
            method=self.fields.aggregation_method,
            target=self.fields.completion_target_value,
            schedule=self.fields.schedule,
            late_grace_seconds=self.fields.late_grace_seconds,
            distinct_by=self.fields.distinct_by,
            rollback_after_completion=self.fields.rollback_after_completion,
            milestones=tuple(sorted(live, key=lambda one: one.target_value)),
        )


ChallengeCommand = Define | Redefine | AddMilestone | ChangeMilestone


def decide(challenge: Challenge | None, command: ChallengeCommand, now: datetime) -> Iterator[Event]:
    """Yield what follows from a command on a definition; nothing when nothing would change.

    Raises InvalidInput by field, AlreadyExists, NotFound.
    """
    if isinstance(command, Define):
        if challenge is not None:
            raise AlreadyExists(f"challenge {command.id} is there already")
        fields = typed(ChallengeFields, command.fields)
        refuse(challenge_complaints(fields))
        yield ChallengeDefined(challenge_id=command.id, fields=fields)
        return
    if challenge is None:
        missing = command.id if isinstance(command, Redefine) else command.definition_id
        raise NotFound(f"there is no challenge {missing}")
    match command:
        case Redefine():
            yield from _redefine(challenge, command, now)
        case AddMilestone():
            yield from _add_milestone(challenge, command)
        case ChangeMilestone():
            yield from _change_milestone(challenge, command)


def evolve(challenge: Challenge | None, event: Event, recorded_at: datetime) -> Challenge | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case ChallengeDefined():
            return Challenge(id=event.challenge_id, version=1, fields=event.fields)
        case ChallengeChanged() if challenge:
            return replace(challenge, version=challenge.version + 1, fields=event.fields, pauses=event.pauses)
        case ChallengeMilestoneAdded() | ChallengeMilestoneChanged() if challenge:
            kept = tuple(one for one in challenge.milestones if one.id != event.milestone.id)
            return replace(challenge, version=challenge.version + 1, milestones=(*kept, event.milestone))
    return challenge


def challenge_complaints(fields: ChallengeFields) -> Iterator[tuple[str, str]]:
    """What is wrong with a challenge, as (field, message)."""
    yield from definition_complaints(fields)
    yield from target_complaints("completion_target_value", fields.completion_target_value)


def _redefine(challenge: Challenge, command: Redefine, now: datetime) -> Iterator[Event]:
    fields = typed(ChallengeFields, {**asdict(challenge.fields), **command.changes})
    refuse(challenge_complaints(fields))
    changed = tuple(name for name in command.changes if getattr(fields, name) != getattr(challenge.fields, name))
    if changed:
        yield ChallengeChanged(
            challenge_id=challenge.id,
            changed=changed,
            fields=fields,
            pauses=pauses_after(challenge.pauses, challenge.fields.status, fields.status, now),
        )


def _add_milestone(challenge: Challenge, command: AddMilestone) -> Iterator[Event]:
    if any(one.id == command.id for one in challenge.milestones):
        raise AlreadyExists(f"milestone {command.id} is there already")
    # Every window of a challenge is a new try (RULES 5).
    milestone = typed(Milestone, {"repeatable": True, **command.fields, "id": command.id})
    refuse(milestone_complaints(milestone, challenge.milestones))
    yield ChallengeMilestoneAdded(challenge_id=challenge.id, milestone=milestone)


def _change_milestone(challenge: Challenge, command: ChangeMilestone) -> Iterator[Event]:
    before = next((one for one in challenge.milestones if one.id == command.id), None)
    if before is None:
        raise NotFound(f"there is no milestone {command.id}")
    milestone = typed(Milestone, {**asdict(before), **command.changes, "id": command.id})
    refuse(milestone_complaints(milestone, challenge.milestones))
    if milestone != before:
        yield ChallengeMilestoneChanged(challenge_id=challenge.id, milestone=milestone)
