"""A team: owners that assignments are made for together. Who belongs to it, its members' own streams say."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from domain import definition, texts
from domain.definition import DefinitionCommand, DefinitionKind
from domain.definitions import text_complaints
from domain.events import Event


class TeamFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of a team."""

    name: str


class TeamDefined(Event, frozen=True, kw_only=True):
    """A team was made."""

    TOPIC = "TeamDefined"
    team_id: UUID
    fields: TeamFields


class TeamChanged(Event, frozen=True, kw_only=True):
    """Some fields of a team changed; `fields` is the result."""

    TOPIC = "TeamChanged"
    team_id: UUID
    changed: tuple[str, ...]
    fields: TeamFields


class Team(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A team as its events tell it. `version` counts its changes."""

    id: UUID
    version: int
    fields: TeamFields


def team_complaints(fields: TeamFields) -> Iterator[tuple[str, str]]:
    """What is wrong with a team, as (field, message)."""
    yield from text_complaints("name", fields.name, texts.MAX_NAME_LENGTH, 1)


KIND = DefinitionKind(
    noun="team",
    identified="team_id",
    state=Team,
    fields=TeamFields,
    complaints=team_complaints,
    defined=TeamDefined,
    changed=TeamChanged,
)


def decide(team: Team | None, command: DefinitionCommand, now: datetime) -> Iterator[Event]:
    """Yield what follows from a command on a team. Raises InvalidInput by field, AlreadyExists, NotFound."""
    return definition.decide(KIND, team, command, now)


def evolve(team: Team | None, event: Event, recorded_at: datetime) -> Team | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    return definition.evolve(KIND, team, event)


def members_changed(team: Team) -> TeamChanged:
    """What is noted on a team when somebody joined or left. Who that was, their own streams say."""
    return TeamChanged(team_id=team.id, changed=("members",), fields=team.fields)
