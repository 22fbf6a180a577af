"""Membership: which teams an owner belongs to, and since when. It is kept in the owner's slice (RULES 8)."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.events import Event


class TeamJoined(Event, frozen=True, kw_only=True):
    """An owner joined a team."""

    TOPIC = "TeamJoined"
    owner_id: str
    team_id: UUID
    joined_at: datetime


class TeamLeft(Event, frozen=True, kw_only=True):
    """An owner left a team."""

    TOPIC = "TeamLeft"
    owner_id: str
    team_id: UUID
    left_at: datetime


class Membership(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The teams of one owner."""

    id: UUID
    owner_id: str
    teams: tuple[UUID, ...] = ()


def decide(membership: Membership, team_id: UUID, now: datetime, *, member: bool) -> Event | None:
    """What follows when the owner is, or is not, to be a member; None when it is so already."""
    if member is (team_id in membership.teams):
        return None
    if member:
        return TeamJoined(owner_id=membership.owner_id, team_id=team_id, joined_at=now)
    return TeamLeft(owner_id=membership.owner_id, team_id=team_id, left_at=now)


def evolve(membership: Membership, event: Event, recorded_at: datetime) -> Membership:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case TeamJoined():
            return replace(membership, teams=(*membership.teams, event.team_id))
        case TeamLeft():
            return replace(membership, teams=tuple(one for one in membership.teams if one != event.team_id))
    return membership
