"""Where a user stands in a streak: how it is written, and how that is documented."""

from datetime import datetime
from typing import Any

from marshmallow import fields

from api.fields import shown
from api.streaks.fields import Written
from api.streaks.standing import Reading, read
from api.streaks.terms import ConditionSchema, MilestoneSchema, WindowSchema, milestones_json
from api.wire import moment
from domain.ids import engagement_id
from domain.vocabulary import Slug
from projections.streak_standing import Standing


class WindowProgressSchema(Written):
    """What the current window has gathered."""

    count = shown(fields.Integer, "How many events were counted.")
    distinct = shown(
        fields.List,
        "The different values so far, for the condition `distinct`; else empty.",
        cls_or_instance=fields.String,
    )
    sum = shown(fields.Decimal, "What they add up to, for the condition `sum`; else 0.")


class StreakSchema(Written):
    """Where a user stands in a streak."""

    id = shown(fields.UUID, "Names the user's record of this streak, for ever.")
    definition_id = shown(fields.UUID, "The streak's definition.")
    definition_name = shown(fields.String, "What the streak is called.")
    tenant_id = shown(fields.String, "Whose streak it is.")
    user_id = shown(fields.String, "The user.")
    current_count = shown(
        fields.Integer,
        "How many windows in a row met the condition, in the run in progress; 0 once it is broken. A completed run "
        "is shown until its last window is over.",
    )
    current_window_key = shown(
        fields.String,
        "Names the current window: 2025-12-23, 2025-W52, 2025-12. When there is none, because the streak is over or "
        "a rolling one has not begun anew, the last window.",
    )
    current_window_progress = shown(fields.Nested, "What the current window has gathered.", nested=WindowProgressSchema)
    current_window_satisfied = shown(fields.Boolean, "Whether that meets the condition.")
    last_activity_at = shown(fields.DateTime, "When the latest event was that counted.")
    seconds_until_window_close = shown(
        fields.Integer, "Whole seconds until the current window ends, rounded down; 0 when there is none."
    )
    next_milestone = shown(
        fields.Decimal, "The nearest threshold that can still be earned; null when none is left.", allow_none=True
    )
    earned_milestones = shown(
        fields.List, "Every threshold that was ever earned, the lowest first.", cls_or_instance=fields.Decimal
    )
    window = shown(fields.Nested, "How time is cut into windows. A run keeps what it began with.", nested=WindowSchema)
    condition = shown(
        fields.Nested, "What a window has to gather. A run keeps what it began with.", nested=ConditionSchema
    )
    milestones = shown(
        fields.List, "What can be earned, the nearest first.", cls_or_instance=fields.Nested(MilestoneSchema)
    )


class StreaksSchema(Written):
    """Where a user stands in every streak that they have a record of."""

    streaks = shown(fields.List, "By the name of the streak.", cls_or_instance=fields.Nested(StreakSchema))


def streak_json(standing: Standing, tenant: str, now: datetime) -> tuple[dict[str, Any], Any]:
    """The record as it is written at this moment, and the same less what ticks with every second."""
    reading = read(standing, now)
    written = _written(standing, reading, tenant)
    return written, [{**written, "seconds_until_window_close": None}, reading.ends_at]


def _written(standing: Standing, reading: Reading, tenant: str) -> dict[str, Any]:
    return {
        "id": engagement_id(tenant, standing.definition_id, standing.owner_id, Slug.STREAK),
        "definition_id": standing.definition_id,
        "definition_name": standing.definition_name,
        "tenant_id": tenant,
        "user_id": standing.owner_id,
        "current_count": reading.count,
        "current_window_key": reading.key,
        "current_window_progress": reading.progress,
        "current_window_satisfied": reading.satisfied,
        "last_activity_at": moment(standing.last_contribution_at),
        "seconds_until_window_close": reading.seconds_left,
        "next_milestone": reading.next_milestone,
        "earned_milestones": standing.earned,
        "window": reading.window,
        "condition": reading.condition,
        "milestones": milestones_json(standing.milestones),
    }
