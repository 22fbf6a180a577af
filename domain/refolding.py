"""A stream folded from nothing but its events: what the snapshot beside it would be."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.assignment import Assignment, AssignmentDefined
from domain.assignment_progress import AssignmentCompleted, AssignmentProgress
from domain.catalogue import CatalogueItem, CatalogueItemDefined
from domain.challenge import Challenge, ChallengeDefined
from domain.decision import Decision
from domain.engagement import first_entry
from domain.events import Recorded
from domain.kinds import GAMES, KINDS
from domain.membership import Membership, TeamJoined, TeamLeft
from domain.streak import Streak, StreakDefined
from domain.streams import Snapshot, fold, snapshot
from domain.team import Team, TeamDefined
from domain.user import User, UserChanged, UserErased, UserRegistered

# Streams that begin with one of these events are folded from nothing.
BEGINNINGS: dict[type[Any], type[Any]] = {
    ChallengeDefined: Challenge,
    StreakDefined: Streak,
    CatalogueItemDefined: CatalogueItem,
    TeamDefined: Team,
    AssignmentDefined: Assignment,
    UserRegistered: User,
    UserChanged: User,
    UserErased: User,
}


class Unfoldable(ValueError):
    """A stream does not begin as any kind of stream does."""


def refolded(history: Sequence[Recorded]) -> Snapshot:
    """The snapshot after the events of one stream, all of them and in order. Raises Unfoldable."""
    first, last = history[0], history[-1]
    kind, empty = _beginning(history)
    state = fold(KINDS[kind], empty, history)
    decision = Decision(
        originator_id=first.originator_id,
        tenant=first.tenant,
        version=last.originator_version,
        state=state,
        evolve=KINDS[kind].evolve,
        now=datetime.min,  # noqa: DTZ901 - nothing is decided
    )
    return snapshot(decision)


def _beginning(history: Sequence[Recorded]) -> tuple[type[Any], Any]:
    """The kind of a stream, and its state before the first event."""
    stream, tenant, first = history[0].originator_id, history[0].tenant, history[0].event
    if type(first) in BEGINNINGS:
        return BEGINNINGS[type(first)], None
    match first:
        case TeamJoined() | TeamLeft():
            return Membership, Membership(id=stream, owner_id=first.owner_id)
        case AssignmentCompleted():
            return AssignmentProgress, AssignmentProgress(
                id=stream, assignment_id=first.assignment_id, owner_id=first.owner_id
            )
    return _engagement(stream, tenant, history)


def _engagement(stream: UUID, tenant: str, history: Sequence[Recorded]) -> tuple[type[Any], Any]:
    entry = first_entry(history)
    if entry is None:
        raise Unfoldable(f"stream {stream} begins with {type(history[0].event).__name__}, as no kind of stream does")
    game = GAMES[entry.slug]
    return game.state, game.state(id=stream, tenant=tenant, **entry.engaged())
