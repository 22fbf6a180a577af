"""A streak as it is offered: how it is written, and how that is documented."""

from typing import Any

from marshmallow import fields, validate

from api.fields import shown
from api.streaks.fields import Written
from api.streaks.terms import (
    ConditionSchema,
    MilestoneSchema,
    WindowSchema,
    condition_json,
    milestones_json,
    window_json,
)
from projections.live import LiveStreak

ACTIVE = "active"


class ConfigSchema(Written):
    """The rules of a streak."""

    event_types = shown(fields.List, "The types of the events that count.", cls_or_instance=fields.String)
    window = shown(fields.Nested, "How time is cut into windows.", nested=WindowSchema)
    condition = shown(fields.Nested, "What a window has to gather.", nested=ConditionSchema)
    milestones = shown(
        fields.List, "What can be earned, the nearest first.", cls_or_instance=fields.Nested(MilestoneSchema)
    )


class DefinitionSchema(Written):
    """A streak that counts events."""

    id = shown(fields.UUID, "The definition's id.")
    tenant_id = shown(fields.String, "Whose it is.")
    name = shown(fields.String, "What it is called.")
    description = shown(fields.String, "What it is about.")
    config = shown(fields.Nested, "Its rules.", nested=ConfigSchema)
    status = shown(fields.String, "It counts events: others are not listed.", validate=validate.OneOf([ACTIVE]))


class DefinitionsSchema(Written):
    """All streaks of a tenant that count events."""

    definitions = shown(fields.List, "By name.", cls_or_instance=fields.Nested(DefinitionSchema))


def definition_json(streak: LiveStreak, tenant: str) -> dict[str, Any]:
    """The definition as it is written."""
    return {
        "id": streak.id,
        "tenant_id": tenant,
        "name": streak.name,
        "description": streak.description,
        "config": {
            "event_types": streak.event_types,
            "window": window_json(streak, streak.aggregation_period),
            "condition": condition_json(streak.aggregation_method, streak.aggregation_target_value, streak.distinct_by),
            "milestones": milestones_json(streak.milestones),
        },
        "status": ACTIVE,
    }
