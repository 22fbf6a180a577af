"""What is live in a tenant: the definitions that an event feeds, and the streaks that it may show."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from domain.vocabulary import Slug
from projections.database import Reader

READ_TABLES = ("streak", "milestone")


class LiveMilestone(msgspec.Struct, frozen=True, gc=False):
    """A reward checkpoint of a streak."""

    id: UUID
    name: str
    target_value: Decimal
    reward_item_id: str | None
    repeatable: bool


class LiveStreak(msgspec.Struct, frozen=True, gc=False):
    """A streak that entries count for at the moment."""

    id: UUID
    name: str
    description: str
    status: str
    event_types: list[str]
    aggregation_method: str
    aggregation_period: str
    aggregation_target_value: Decimal
    completion_target_value: int | None
    timezone: str
    reset_time: str
    week_start: str
    starts_at: datetime | None
    ends_at: datetime | None
    rolling_seconds: int | None
    distinct_by: str | None
    milestones_json: str
    created_at: datetime
    updated_at: datetime

    @property
    def milestones(self) -> list[LiveMilestone]:
        """Its live milestones, the nearest first."""
        return milestones_of(self.milestones_json)


_decode = msgspec.json.Decoder(list[LiveMilestone]).decode


def milestones_of(text: str) -> list[LiveMilestone]:
    """The milestones that MILESTONES found; numbers stay exact."""
    return [] if text == "[]" else _decode(text)


# The live milestones of `definition`, a row of streak.
MILESTONES = """
    (
        SELECT coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', milestone.id,
                    'name', milestone.name,
                    'target_value', milestone.target_value,
                    'reward_item_id', milestone.reward_item_id,
                    'repeatable', milestone.repeatable
                )
                ORDER BY milestone.target_value
            ),
            '[]'
        )::text
        FROM milestone
        WHERE milestone.tenant = definition.tenant
          AND milestone.slug = 'streak'
          AND milestone.definition_id = definition.id
          AND milestone.status = 'live'
    )
"""

LIVE_STREAKS = f"""
    SELECT
        id,
        name,
        description,
        status,
        event_types,
        aggregation_method,
        aggregation_period,
        aggregation_target_value,
        completion_target_value,
        timezone,
        reset_time,
        week_start,
        starts_at,
        ends_at,
        rolling_seconds,
        distinct_by,
        {MILESTONES} AS milestones_json,
        created_at,
        updated_at
    FROM streak AS definition
    WHERE tenant = %(tenant)s
      AND status = 'live'
    ORDER BY name, id
"""

FED = """
    SELECT 'challenge' AS slug, id, event_types
    FROM challenge
    WHERE tenant = %(tenant)s
      AND status = 'live'
      AND event_types ?| %(event_types)s::text[]
    UNION ALL
    SELECT 'streak', id, event_types
    FROM streak
    WHERE tenant = %(tenant)s
      AND status = 'live'
      AND event_types ?| %(event_types)s::text[]
    ORDER BY slug, id
"""


def live_streaks(reader: Reader, tenant: str) -> list[LiveStreak]:
    """The live streaks of a tenant, by name."""
    return reader.rows(LiveStreak, LIVE_STREAKS, {"tenant": tenant})


def live_definitions(reader: Reader, tenant: str, event_type: str) -> list[tuple[Slug, UUID]]:
    """The live challenges and streaks that an event of this type feeds."""
    return live_definitions_by_type(reader, tenant, [event_type])[event_type]


def live_definitions_by_type(
    reader: Reader, tenant: str, event_types: Iterable[str]
) -> dict[str, list[tuple[Slug, UUID]]]:
    """For each of these types the live challenges and streaks that an event of it feeds: one question for many."""
    fed: dict[str, list[tuple[Slug, UUID]]] = {name: [] for name in event_types}
    found: list[dict[str, Any]] = reader.rows(dict, FED, {"tenant": tenant, "event_types": list(fed)})
    for row in found:
        for name in set(row["event_types"]) & fed.keys():
            fed[name].append((Slug(row["slug"]), row["id"]))
    return fed
