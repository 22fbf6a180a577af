"""A history as it is answered: the events in log order, each with the state after it."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import fields, validate

from api.audit.asked import Asked
from api.exact import exact_moment
from api.fields import Shown, shown
from api.wire import camel, encode
from domain.past import Past
from domain.vocabulary import Slug

KINDS = [Slug.CHALLENGE.value, Slug.STREAK.value, Slug.PRACTICE.value, Slug.LEARN.value]


class EngagementSchema(Shown):
    """One owner on one definition: one stream of the log."""

    id = shown(fields.UUID, "The stream, and the aggregate that it tells of.")
    kind = shown(fields.String, "The kind of engagement.", validate=validate.OneOf(KINDS))
    definition_id = shown(fields.String, "The challenge or streak; the topic or scenario.")
    owned_by_id = shown(fields.String, "The end user.")
    challenge_index = shown(fields.Integer, "Of a topic: which challenge.", allow_none=True)
    version = shown(fields.Integer, "The version of its last event; 0 if nothing was known yet.")


class EventSchema(Shown):
    """One event of the log, and what it led to."""

    position = shown(
        fields.String,
        "Where in the log it is: `slice:number`. Null for one that the log does not have like this: without what "
        "happened after `asOf`, it came out otherwise.",
        allow_none=True,
    )
    engagement_id = shown(fields.UUID, "The stream that it is in.")
    version = shown(
        fields.Integer, "Its place in the stream, from 1 on without a gap; null as `position` is.", allow_none=True
    )
    recorded_at = shown(fields.DateTime, "When it was recorded.")
    activity_at = shown(fields.DateTime, "When its entry happened; null where there is none.", allow_none=True)
    type = shown(fields.String, "What happened.")
    entry_id = shown(fields.UUID, "The log entry that it recorded, or that it took back.", allow_none=True)
    progress_id = shown(fields.UUID, "The progress record that it is about.", allow_none=True)
    of_this_run = fields.Boolean(
        metadata={"description": "Whether it is about the progress record that was asked for. Only where one was."}
    )
    payload = shown(fields.Dict, "The event as it stands in the log: its own names, exact numbers.")
    state = shown(fields.Dict, "The state of the engagement after it, as it is folded from the events up to here.")


class HistorySchema(Shown):
    """The events of an engagement in log order."""

    progress_id = shown(fields.UUID, "The progress record that was asked for.", allow_none=True)
    as_of = shown(fields.DateTime, "The `asOf` that was asked for.", allow_none=True)
    known_at = shown(fields.DateTime, "The `knownAt` that was asked for.", allow_none=True)
    engagements = shown(
        fields.List,
        "The streams that the events are in: one, but for a topic of which several challenges were tried.",
        cls_or_instance=fields.Nested(EngagementSchema),
    )
    events = shown(
        fields.List, "The events, in the order of their positions.", cls_or_instance=fields.Nested(EventSchema)
    )


def history(asked: Asked, slice_number: int, *, after: int = 0, limit: int | None = None) -> dict[str, Any]:
    """The answer: events behind a position, at most `limit` of them. All of an owner's are in one slice.

    One that the log does not have as it is told stands with the one before it, also where `limit` cuts.
    """
    events = [one for past in asked.pasts for one in _events(past, after)]
    events.sort(key=lambda one: one[0])
    kept = events
    if limit is not None and len(events) > limit:
        kept = [one for one in events if one[0] <= events[limit - 1][0]]
    return {
        "progressId": asked.run_id,
        **moments_of(asked),
        "engagements": [engagement(past) for past in asked.pasts],
        "events": [_event(past, recorded, state, asked.run_id, slice_number) for _, past, recorded, state in kept],
    }


def moments_of(asked: Asked) -> dict[str, str | None]:
    """The moments that were asked about, as they are answered."""
    as_of, known_at = asked.when or (None, None)
    return {"asOf": exact_moment(as_of), "knownAt": exact_moment(known_at)}


def last_position(asked: Asked) -> int:
    """The highest position of what was found; 0 if nothing was known yet."""
    return max((one.position for past in asked.pasts for one in past.events), default=0)


def engagement(past: Past) -> dict[str, Any]:
    """Whose stream it is."""
    return {
        "id": past.id,
        "kind": past.slug,
        "definitionId": past.about.definition_id,
        "ownedById": past.about.owner_id,
        "challengeIndex": past.about.challenge_index,
        "version": max((one.originator_version for one in past.events), default=0),
    }


def _events(past: Past, after: int) -> Iterator[tuple[int, Past, Any, Any]]:
    place = 0
    for recorded, state in past.states():
        place = max(place, recorded.position)
        if place > after:
            yield place, past, recorded, state


def _event(past: Past, recorded: Any, state: Any, run_id: UUID | None, slice_number: int) -> dict[str, Any]:
    event = recorded.event
    about = getattr(event, "run_id", None)
    activity_at = getattr(getattr(event, "entry", None), "activity_at", None)
    return {
        "position": f"{slice_number}:{recorded.position}" if recorded.position else None,
        "engagementId": past.id,
        "version": recorded.originator_version or None,
        "recordedAt": exact_moment(recorded.recorded_at),
        "activityAt": exact_moment(activity_at),
        "type": event.TOPIC,
        "entryId": recorded.entry_id or getattr(event, "entry_id", None),
        "progressId": about,
        **({} if run_id is None else {"ofThisRun": about == run_id}),
        "payload": msgspec.Raw(encode(event)),
        "state": plain(state),
    }


def plain(value: Any) -> Any:
    """A value of the domain in plain parts: names in camelCase, times with their microseconds."""
    if isinstance(value, msgspec.Struct):
        return {wire: plain(getattr(value, name)) for name, wire in _names(type(value))}
    if isinstance(value, datetime):
        return exact_moment(value)
    return [plain(one) for one in value] if isinstance(value, tuple) else value


@cache
def _names(struct: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    return tuple((name, camel(name)) for name in struct.__struct_fields__)
