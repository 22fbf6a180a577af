"""Events in the document: bodies made from the type that reads them, and the answers."""

from typing import Any

import msgspec
from marshmallow import fields, validate

from api.blueprints import Blueprint
from api.fields import shown
from api.streaks.error_documents import ErrorSchema
from api.streaks.event import Event
from api.streaks.feeding import INCOMPLETE
from api.streaks.fields import Written
from domain.vocabulary import Reason

MAX_EVENTS = 1000
REFERENCE = "#/components/schemas/{name}"
ONE, MANY = ({"$ref": REFERENCE.format(name=name)} for name in ("Event", "Events"))


class FedSchema(Written):
    """What an event was to one definition."""

    definition_id = shown(fields.UUID, "The challenge or streak.")
    counted = shown(fields.Boolean, "Whether it was added to a tally.")
    reason = shown(
        fields.String,
        "Why it was not counted; null when it was. `incomplete`: nothing was recorded there, because the event lacks "
        "the number under `value` that a sum needs, or the attribute whose different values count. The others are "
        "recorded, and change nothing.",
        allow_none=True,
        validate=validate.OneOf([*(one.value for one in Reason), INCOMPLETE, None]),
    )
    replayed = shown(fields.Boolean, "Whether it had come before: then nothing new was recorded.")


class EventAnswerSchema(Written):
    """What an event fed."""

    event_id = shown(fields.String, "The event.")
    fed = shown(
        fields.List,
        "The live definitions that name its type; empty when none does, and then nothing was recorded.",
        cls_or_instance=fields.Nested(FedSchema),
    )


class EventOutcomeSchema(Written):
    """What became of one of many events: what it fed, or why it was refused."""

    event_id = shown(fields.String, "The event; null when it has no id that can be read.", allow_none=True)
    fed = fields.List(
        fields.Nested(FedSchema), metadata={"description": "What it fed, as for a single event; unless it was refused."}
    )
    error = fields.Nested(ErrorSchema, metadata={"description": "Why it was refused. The others went on."})


class EventOutcomesSchema(Written):
    """What became of each event, in order."""

    events = shown(fields.List, "One for each event that was sent.", cls_or_instance=fields.Nested(EventOutcomeSchema))


class EventBlueprint(Blueprint):
    """The paths of events. Their bodies are documented from the type that reads them."""

    def register_views_in_doc(self, api: Any, app: Any, spec: Any, **options: Any) -> None:
        _, found = msgspec.json.schema_components([Event], ref_template=REFERENCE)
        for name, component in {**found, "Events": _events()}.items():
            spec.components.schema(name, component)
        super().register_views_in_doc(api, app, spec, **options)


def _events() -> dict[str, Any]:
    """Many events. One bad event does not stop the others, so the array may hold anything."""
    events = {
        "type": "array",
        "description": "In the order in which they are to be recorded.",
        "maxItems": MAX_EVENTS,
        "items": {"anyOf": [ONE, {}]},
    }
    return {
        "title": "Events",
        "description": "Many events.",
        "type": "object",
        "properties": {"events": events},
        "required": ["events"],
        "additionalProperties": False,
    }
