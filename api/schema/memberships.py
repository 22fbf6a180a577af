"""Memberships: who belongs to a team as it was sent, and what has to be done for it to be so."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from api.fields import CANONICAL
from api.schema.bodies import WORDS, described
from domain.application import Position, ProgressLog
from domain.assignments import keep_members
from domain.commands import KeepUser
from domain.errors import Erased
from projections import records
from projections.database import Reader
from projections.records import TEAM

MAX_MEMBERS = 10_000
LONGEST = 256
BY_EXTERNAL_ID = {
    "type": "object",
    "required": ["externalId"],
    "properties": {"externalId": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"^[^\u0000]*$"}},
    "additionalProperties": False,
}


class Member(NamedTuple):
    """An end user: by id, or by the tenant's own id."""

    id: str | None = None
    external_id: str | None = None


class MemberField(fields.Field):
    """An end user's id, or `{"externalId": …}`."""

    default_error_messages = {**WORDS, "invalid": 'must be the id of an end user (a UUID), or {{"externalId": …}}'}

    def __init__(self, **options: Any) -> None:
        described(options, anyOf=[{"type": "string", "format": "uuid"}, BY_EXTERNAL_ID])
        super().__init__(**options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Member:
        if isinstance(value, str) and CANONICAL.fullmatch(value):
            return Member(id=value.lower())
        if not isinstance(value, Mapping) or value.keys() != {"externalId"}:
            raise self.make_error("invalid")
        external_id = value["externalId"]
        if not isinstance(external_id, str) or not 1 <= len(external_id) <= LONGEST or "\x00" in external_id:
            raise ValidationError(f"externalId must be a text of 1 to {LONGEST} characters without U+0000")
        return Member(external_id=external_id)


class Members(fields.List):
    """Who belongs to a team."""

    default_error_messages = {**WORDS, "invalid": "must be a list of end users"}

    def __init__(self, **options: Any) -> None:
        described(options)
        most = validate.Length(max=MAX_MEMBERS, error=f"must be at most {MAX_MEMBERS}")
        super().__init__(MemberField(), validate=most, **options)


class Membership(NamedTuple):
    """Who belonged to a team, who is to belong to it, and who of them is nobody's user yet, by the tenant's own id.

    `made_at` is when the team was made, if it is there already.
    """

    before: list[str]
    after: list[str]
    new: list[str]
    made_at: datetime | None = None

    def changes(self, now: datetime) -> bool:
        """Whether anybody joins or leaves a team that was there before: its first members come with a new one."""
        return self.made_at not in (None, now) and self.before != self.after

    def keep(self, log: ProgressLog, tenant: str, team_id: UUID, now: datetime) -> list[Position]:
        """Let everybody join and leave who has to. Answers where that was written."""
        kept = [registered(log, tenant, one, now) for one in self.new]
        joining = [one for one in self.after if one not in self.before]
        leaving = [one for one in self.before if one not in self.after]
        joined = keep_members(log, tenant, team_id, joining=joining, leaving=leaving, noted=self.changes(now), now=now)
        return [*filter(None, kept), *joined]


def turn(reader: Reader, tenant: str, teams: Iterable[UUID]) -> AbstractContextManager[None]:
    """Let one at a time say who belongs to these teams. Raises Busy when the others take too long.

    Who comes second finds whom the first one let join, and names who leaves of them.
    """
    return reader.turn("team", [f"{tenant}:{one}" for one in teams])


def registered(log: ProgressLog, tenant: str, external_id: str, now: datetime) -> Position | None:
    """Register whoever the tenant knows by this id. One who was erased stays so, and is a member by their id."""
    try:
        return log.keep_user(tenant, KeepUser(external_id=external_id), now=now)[1]
    except Erased:
        return None


def planned(
    log: ProgressLog,
    reader: Reader,
    tenant: str,
    team_id: UUID,
    members: Sequence[Member],
    coming: Mapping[str, str] | None = None,
) -> Membership:
    """What becomes of a team. The read tables must be level; `coming` are users about to be registered, by name."""
    names = {one.external_id for one in members if one.external_id is not None}
    ids = {name: row["id"] for name, row in records.users_named(reader, tenant, names).items()} | dict(coming or {})
    new = [name for name in sorted(names) if name not in ids]
    ids |= {name: log.user_id(tenant, name) for name in new}
    after = {one.id or ids[one.external_id or ""] for one in members}
    row = records.one(reader, TEAM, tenant, team_id)
    before, made_at = (row["members"], row["created_at"]) if row else ([], None)
    return Membership(before=before, after=sorted(after), new=new, made_at=made_at)
