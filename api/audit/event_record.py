"""Events as they are shown: where each is in the log, what it says, and the cursor behind it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import fields

from api.exact import exact_moment
from api.fields import Shown, shown
from projections.feed import cursor
from projections.feed.event_feed import FeedEvent, Part


class EventFields:
    """What is shown of an event."""

    position = fields.String(metadata={"description": "Its place in the log: `slice:number`, as in `Position`."})
    stream_id = fields.UUID(metadata={"description": "The stream that it belongs to."})
    version = fields.Integer(metadata={"description": "Its place in the stream, from 1 on, without gaps."})
    type = fields.String(metadata={"description": "What happened: EntryCounted, for example."})
    recorded_at = fields.DateTime(metadata={"description": "When it was recorded."})
    activity_at = fields.DateTime(
        allow_none=True, metadata={"description": "When its entry was done; null where there is none."}
    )
    entry_id = fields.UUID(
        allow_none=True, metadata={"description": "The log entry that it recorded, or that it took back; null if none."}
    )
    payload = fields.Dict(metadata={"description": "The event as it stands in the log, under its own names."})
    cursor = fields.String(metadata={"description": "`after` this event: what comes behind it."})


class FeedEventSchema(EventFields, Shown):
    """An event of the log."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.required = True


class FeedPagingSchema(Shown):
    """Where a part of the feed ends."""

    limit = fields.Integer(metadata={"description": "How many events a page holds at most. Not in lines."})
    next_cursor = shown(fields.String, "`after` for what comes next, also when nothing is there yet.")
    level = shown(fields.Boolean, "Whether the end of the log was reached: nothing is left to read at the moment.")
    consistent_through = fields.DateTime(
        metadata={"description": "Everything that was recorded before is in the answer. In lines only."}
    )


class FeedSchema(Shown):
    """A part of the feed."""

    data = fields.List(fields.Nested(FeedEventSchema), required=True)
    paging = fields.Nested(FeedPagingSchema, required=True)


class FeedLineSchema(EventFields, Shown):
    """A line of the feed: an event, or, on the last line, `paging` and nothing else."""

    paging = fields.Nested(FeedPagingSchema, metadata={"description": "Where the feed ends. On the last line only."})


class _Entry(msgspec.Struct, frozen=True):
    activity_at: datetime | None = None


class _Said(msgspec.Struct, frozen=True):
    """As much of an event as is read here."""

    entry: _Entry = _Entry()
    entry_id: UUID | None = None


_said = msgspec.json.Decoder(_Said).decode


def written(events: Iterable[FeedEvent], after: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    """The events as they are written, each with the cursor behind it. Payloads go out as the text that they are."""
    reached = dict(after)
    for event in events:
        reached[event.slice] = event.position
        said = _said(event.state)
        yield {
            "position": f"{event.slice}:{event.position}",
            "streamId": event.stream_id,
            "version": event.version,
            "type": event.topic,
            "recordedAt": exact_moment(event.recorded_at),
            "activityAt": exact_moment(said.entry.activity_at),
            "entryId": event.entry_id or said.entry_id,
            "payload": msgspec.Raw(event.state.encode()),
            "cursor": cursor.encode(reached),
        }


def paging(part: Part) -> dict[str, Any]:
    """Where a part of the feed ends."""
    return {"nextCursor": cursor.encode(part.cursor), "level": part.level}
