"""Milestones: one row a reward checkpoint of a definition."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from domain.challenge import ChallengeMilestoneAdded, ChallengeMilestoneChanged
from domain.definitions import Milestone
from domain.events import Recorded
from domain.streak import StreakMilestoneAdded, StreakMilestoneChanged
from domain.vocabulary import Slug
from projections.change import Change, Projection
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice          smallint    NOT NULL,
        id             uuid        NOT NULL,
        tenant         text        NOT NULL,
        slug           text        NOT NULL,
        definition_id  uuid        NOT NULL,
        name           text        NOT NULL,
        description    text        NOT NULL,
        target_value   numeric     NOT NULL,
        reward_item_id text,
        repeatable     boolean     NOT NULL,
        status         text        NOT NULL,
        created_at     timestamptz NOT NULL,
        updated_at     timestamptz NOT NULL,
        PRIMARY KEY (slice, tenant, id)
    );

    CREATE INDEX ON {table} (tenant, created_at, id);
    CREATE INDEX ON {table} (tenant, definition_id, target_value);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case ChallengeMilestoneAdded():
            yield _row(recorded, Slug.CHALLENGE, event.challenge_id, event.milestone, created_at=recorded.recorded_at)
        case ChallengeMilestoneChanged():
            yield _row(recorded, Slug.CHALLENGE, event.challenge_id, event.milestone)
        case StreakMilestoneAdded():
            yield _row(recorded, Slug.STREAK, event.streak_id, event.milestone, created_at=recorded.recorded_at)
        case StreakMilestoneChanged():
            yield _row(recorded, Slug.STREAK, event.streak_id, event.milestone)


def _row(recorded: Recorded, slug: Slug, definition: UUID, milestone: Milestone, **more: Any) -> Change:
    return Change(
        recorded.tenant,
        milestone.id,
        slug=slug.value,
        definition_id=definition,
        name=milestone.name,
        description=milestone.description,
        target_value=milestone.target_value,
        reward_item_id=milestone.reward_item_id,
        repeatable=milestone.repeatable,
        status=milestone.status.value,
        updated_at=recorded.recorded_at,
        **more,
    )


PROJECTION = Projection(
    name="milestone",
    version=VERSIONS["milestone"],
    key=("tenant", "id"),
    table=TABLE,
    rows=rows,
    events=(ChallengeMilestoneAdded, ChallengeMilestoneChanged, StreakMilestoneAdded, StreakMilestoneChanged),
)
