"""Streaks: one row a definition, with the stretches in which it was paused."""

from collections.abc import Iterator

from domain.events import Recorded
from domain.streak import StreakChanged, StreakDefined, StreakMilestoneAdded, StreakMilestoneChanged
from projections import definition
from projections.change import Change, Projection, another_version
from projections.versions import VERSIONS

TABLE = definition.table("""
        aggregation_target_value  numeric        NOT NULL,
        completion_target_value   integer,
        at_risk_seconds           integer        NOT NULL,
""")


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case StreakDefined():
            yield definition.row(recorded, event.streak_id, event.fields, created_at=recorded.recorded_at)
        case StreakChanged():
            yield definition.row(recorded, event.streak_id, event.fields, event.pauses)
        case StreakMilestoneAdded() | StreakMilestoneChanged():
            yield another_version(recorded, event.streak_id)


PROJECTION = Projection(name="streak", version=VERSIONS["streak"], key=("tenant", "id"), table=TABLE, rows=rows)
