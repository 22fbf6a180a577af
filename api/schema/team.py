"""Teams: end users that assignments are made for together."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from marshmallow import fields

from api import state
from api.schema.bodies import Body, Identifier, Text
from api.schema.definition import Beside, DefinitionKind, DefinitionRecord, Nothing, blueprint_of
from api.schema.memberships import Member, Members, planned, turn
from api.schema.records import Records
from domain.application import Position
from domain.errors import Busy
from domain.vocabulary import Slug
from projections.consistency import wait_until_level
from projections.database import Reader
from projections.records import TEAM


class TeamFields:
    """What a tenant says about a team."""

    name = Text(256, 1, description="What it is called.")
    members = Members(
        description="Its members: ids of end users, or `externalId`s. Whoever was a member and is not named leaves."
    )


class TeamChangeSchema(TeamFields, Body):
    """What to change of a team."""


class NewTeamSchema(TeamFields, Body):
    """A team to make."""

    NEEDED = ("name",)

    id = Identifier(description="Its id, if it has one already.")
    members = Members(description="Its members: ids of end users, or `externalId`s.", load_default=list)


class TeamSchema(TeamFields, DefinitionRecord):
    """A team."""

    members = fields.List(fields.String(), metadata={"description": "The ids of its members."})


class Named(NamedTuple):
    """The members that came with a team."""

    members: list[Member]

    def keep(self, identifier: UUID, now: datetime) -> tuple[list[Position], Mapping[str, Any]]:
        log, reader, tenant = state.progress_log(), state.reader(), state.caller().tenant
        with turn(reader, tenant, [identifier]):
            level(reader)
            membership = planned(log, reader, tenant, identifier, self.members)
            positions = membership.keep(log, tenant, identifier, now)
        columns: dict[str, Any] = {"members": membership.after}
        if membership.changes(now):
            version = log.definition(tenant, Slug.TEAM, identifier, now=now).version  # type: ignore[union-attr]
            columns |= {"version": version, "updated_at": now}
        return positions, columns


def members_of(body: dict[str, Any]) -> Beside:
    """Take the members out of a body, if it names any. Raises Busy before anything is written."""
    if "members" not in body:
        return Nothing()
    level(state.reader())
    return Named(body.pop("members"))


def level(reader: Reader) -> None:
    """Wait until the read tables hold everything: only they say who leaves. Raises Busy when they do not in time."""
    if not wait_until_level(reader, names=TEAM.projections):
        raise Busy("the read tables are behind the log, and say who leaves")


RECORDS = Records(TEAM, TeamSchema, "team")
KIND = DefinitionKind(
    slug=Slug.TEAM,
    records=RECORDS,
    new=NewTeamSchema,
    change=TeamChangeSchema,
    about="Teams: whom assignments are made for together.",
    making="An `externalId` that nobody has yet is registered.",
    changing="`members` says who belongs to it from now on: everybody else leaves.",
    readers=("definitions:read",),
    filters={},
    beside=members_of,
)
BLUEPRINT = blueprint_of(KIND)
