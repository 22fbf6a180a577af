"""Challenges: one row a definition, with the stretches in which it was paused."""

from collections.abc import Iterator

from domain.challenge import (
    ChallengeChanged,
    ChallengeDefined,
    ChallengeMilestoneAdded,
    ChallengeMilestoneChanged,
)
from domain.events import Recorded
from projections import definition
from projections.change import Change, Projection, another_version
from projections.versions import VERSIONS

TABLE = definition.table("""
        completion_target_value   numeric        NOT NULL,
""")


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case ChallengeDefined():
            yield definition.row(recorded, event.challenge_id, event.fields, created_at=recorded.recorded_at)
        case ChallengeChanged():
            yield definition.row(recorded, event.challenge_id, event.fields, event.pauses)
        case ChallengeMilestoneAdded() | ChallengeMilestoneChanged():
            yield another_version(recorded, event.challenge_id)


PROJECTION = Projection(
    name="challenge",
    version=VERSIONS["challenge"],
    key=("tenant", "id"),
    table=TABLE,
    rows=rows,
    events=(ChallengeDefined, ChallengeChanged, ChallengeMilestoneAdded, ChallengeMilestoneChanged),
)
