"""Events: what users did. One event feeds every live challenge and streak that names its type."""

from typing import Any

from flask import Response
from flask.views import MethodView

from api import state
from api.access.callers import requires
from api.blueprints import json_body
from api.errors import problem_of
from api.headers import position_header
from api.schema.entry_documents import takes
from api.schema.resources import resource
from api.streaks.errors import envelope
from api.streaks.event import Happened, parse
from api.streaks.event_documents import (
    MANY,
    MAX_EVENTS,
    ONE,
    EventAnswerSchema,
    EventBlueprint,
    EventOutcomesSchema,
)
from api.streaks.examples import example
from api.streaks.feeding import Fed, feed
from api.wire import json_response
from domain.errors import InvalidInput, invalid

BLUEPRINT = EventBlueprint(
    "events",
    __name__,
    url_prefix="/v1/events",
    description="What users did. One event feeds every live challenge and streak that names its type.",
)


@requires("logs:write")
@takes(ONE, example("event"))
@BLUEPRINT.response(202, EventAnswerSchema, examples=example("event_answered"))
@BLUEPRINT.alt_response(409, "CONFLICT")
@BLUEPRINT.doc(operationId="createEvent", summary="Tell of an event.")
def one(view: MethodView) -> Response:
    """Tell of an event.

    It is recorded for every live definition of the tenant that names its type, and answered with what it came to
    there. Sent again it is answered again, and counts once; with other content it is refused. A definition that lacks
    something in it (`incomplete`) records nothing and does not stop the others.
    """
    event = parse(json_body(), state.now())
    found = feed([event], state.now())[0]
    if found.refusal is not None:
        raise found.refusal
    return json_response({"event_id": event.event.event_id, "fed": found.fed}, 202, position_header(found.positions))


@requires("logs:write")
@takes(MANY, example("events"))
@BLUEPRINT.response(202, EventOutcomesSchema, examples=example("events_answered"))
@BLUEPRINT.doc(operationId="createEvents", summary="Tell of many events.")
def many(view: MethodView) -> Response:
    """Tell of many events.

    At most 1000, recorded in order and answered one by one: a refused event does not stop the others.
    """
    sent, now = _sent(), state.now()
    found = feed([_read(plain, now) for plain in sent], now)
    events = [_outcome(plain, fed) for plain, fed in zip(sent, found, strict=True)]
    return json_response(
        {"events": events}, 202, position_header(position for fed in found for position in fed.positions)
    )


def _sent() -> list[Any]:
    """The events of the body, unread. Raises InvalidInput."""
    body = json_body()
    if not isinstance(body, dict) or "events" not in body:
        raise invalid("events", 'is needed: the body must be {"events": [...]}')
    if unknown := [name[:80] for name in body if name != "events"]:
        raise InvalidInput("there are fields that are not known", {name: ["is not a field"] for name in unknown})
    events = body["events"]
    if not isinstance(events, list) or len(events) > MAX_EVENTS:
        raise invalid("events", f"must be an array of at most {MAX_EVENTS} events")
    return events


def _read(plain: Any, now: Any) -> Happened | InvalidInput:
    try:
        return parse(plain, now)
    except InvalidInput as refusal:
        return refusal


def _outcome(plain: Any, found: Fed) -> dict[str, Any]:
    """The answer to one of many. An id that is no text is not repeated."""
    event_id = plain.get("event_id") if isinstance(plain, dict) else None
    named = {"event_id": event_id if isinstance(event_id, str) else None}
    if found.refusal is not None:
        return {**named, **envelope(problem_of(found.refusal))}
    return {**named, "fed": found.fed}


resource(BLUEPRINT, "/bulk", post=many)
BLUEPRINT.route("")(type("One", (MethodView,), {"post": one}))
