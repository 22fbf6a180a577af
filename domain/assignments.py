"""What is done about assignments beside logging entries: teams gather members, and assignments are completed."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from uuid import UUID

from domain import assignment_progress, membership
from domain.application import ProgressLog
from domain.assignment_progress import AssignmentProgress
from domain.ids import assignment_progress_id, membership_id
from domain.membership import Membership
from domain.outcomes import Position
from domain.retrying import retried
from domain.streams import stream_of
from domain.team import members_changed
from domain.vocabulary import Slug

TOGETHER = 500


def keep_members(
    log: ProgressLog,
    tenant: str,
    team_id: UUID,
    *,
    joining: Collection[str] = (),
    leaving: Collection[str] = (),
    noted: bool = False,
    now: datetime,
) -> list[Position]:
    """Make owners members of a team, or no members any more; if it is to be noted, that changes the team, too.

    Answers where each change was written.
    """
    wanted = [*dict.fromkeys(leaving, False).items(), *dict.fromkeys(joining, True).items()]
    positions: list[Position] = []
    for first in range(0, len(wanted), TOGETHER):
        some = dict(wanted[first : first + TOGETHER])
        positions += retried(partial(_keep_members, log, tenant, team_id, some, now))
    if positions and noted:
        positions += retried(partial(_note_members, log, tenant, team_id, now))
    return positions


def complete_assignment(
    log: ProgressLog,
    tenant: str,
    assignment_id: UUID,
    owner_id: str,
    completed_at: datetime,
    total: int,
    *,
    now: datetime,
) -> Position | None:
    """Record that an owner has done all `total` items of an assignment. None when that was recorded before."""
    stream = assignment_progress_id(tenant, owner_id, assignment_id)

    def attempt() -> Position | None:
        streams = log.streams(tenant, [stream], now)
        decision = streams.kept(AssignmentProgress, stream, assignment_id=assignment_id, owner_id=owner_id)
        event = assignment_progress.decide(decision.state, completed_at, total)
        if event is None:
            return None
        decision.record(event)
        return log.append(streams)

    return retried(attempt)


def _keep_members(
    log: ProgressLog, tenant: str, team_id: UUID, wanted: dict[str, bool], now: datetime
) -> list[Position]:
    ids = {owner_id: membership_id(tenant, owner_id) for owner_id in wanted}
    streams = log.streams(tenant, list(ids.values()), now)
    for owner_id, member in wanted.items():
        decision = streams.kept(Membership, ids[owner_id], owner_id=owner_id)
        event = membership.decide(decision.state, team_id, now, member=member)
        if event is not None:
            decision.record(event)
    return log.append_all(streams)


def _note_members(log: ProgressLog, tenant: str, team_id: UUID, now: datetime) -> list[Position]:
    streams = log.streams(tenant, [stream_of(tenant, Slug.TEAM, team_id)], now)
    decision = streams.definition(Slug.TEAM, team_id)
    if decision.state is not None:
        decision.record(members_changed(decision.state))
    return log.append_all(streams)
