"""Streaks: one row a definition, with the stretches in which it was paused."""

from collections.abc import Iterator
from typing import Any

import msgspec

from domain.events import Recorded
from domain.streak import StreakChanged, StreakDefined, StreakMilestoneAdded, StreakMilestoneChanged
from projections import definition
from projections.change import Change, Projection, another_version
from projections.versions import VERSIONS

TABLE = definition.table("""
        aggregation_target_value  numeric        NOT NULL,
        completion_target_value   integer,
        at_risk_seconds           integer        NOT NULL,
        resumptions               jsonb          NOT NULL,
""")


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case StreakDefined():
            more: dict[str, Any] = {"created_at": recorded.recorded_at, "resumptions": "[]"}
            yield definition.row(recorded, event.streak_id, event.fields, **more)
        case StreakChanged():
            resumptions = msgspec.json.encode(event.resumptions).decode()
            yield definition.row(recorded, event.streak_id, event.fields, event.pauses, resumptions=resumptions)
        case StreakMilestoneAdded() | StreakMilestoneChanged():
            yield another_version(recorded, event.streak_id)


PROJECTION = Projection(
    name="streak",
    version=VERSIONS["streak"],
    key=("tenant", "id"),
    table=TABLE,
    rows=rows,
    events=(StreakDefined, StreakChanged, StreakMilestoneAdded, StreakMilestoneChanged),
)
