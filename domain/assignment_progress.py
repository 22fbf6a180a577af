"""Assignment progress: one owner on one assignment. Only that it was completed is kept (RULES 8)."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.events import Event


class AssignmentCompleted(Event, frozen=True, kw_only=True):
    """An owner has done all that the assignment asked for. It stays so, even if the catalogue grows."""

    TOPIC = "AssignmentCompleted"
    assignment_id: UUID
    owner_id: str
    completed_at: datetime
    total_items: int


class AssignmentProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One owner on one assignment."""

    id: UUID
    assignment_id: UUID
    owner_id: str
    completed_at: datetime | None = None


def decide(progress: AssignmentProgress, completed_at: datetime, total_items: int) -> Event | None:
    """What follows when everything is done; None when it was before: an assignment is completed once."""
    if progress.completed_at is not None:
        return None
    return AssignmentCompleted(
        assignment_id=progress.assignment_id,
        owner_id=progress.owner_id,
        completed_at=completed_at,
        total_items=total_items,
    )


def evolve(progress: AssignmentProgress, event: Event, recorded_at: datetime) -> AssignmentProgress:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case AssignmentCompleted():
            return replace(progress, completed_at=event.completed_at)
    return progress
