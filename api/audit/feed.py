"""The feed: every event of the tenant in the order of the log, from a cursor on, for whoever follows it."""

from collections.abc import Iterator
from typing import Any

from flask import Response, request
from flask.views import MethodView
from marshmallow import ValidationError, fields, validate

from api import state
from api.access.callers import requires
from api.audit.event_record import FeedLineSchema, FeedSchema, paging, written
from api.audit.examples import example
from api.audit.reading import audited
from api.blueprints import Blueprint
from api.cursors import link
from api.fields import CANONICAL, Moment, Query, WholeNumber, Word
from api.headers import conditional, consistent_through
from api.wire import encode
from projections.database import Reader
from projections.feed import cursor, event_feed
from projections.feed.event_filters import Filters
from projections.feed.event_types import EVENT_TYPES

LINES = "application/x-ndjson"
MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
BATCH = 500
# How many positions of the log lines go over at most; then the reader goes on with the last cursor.
MAX_SCANNED = 1_000_000

BLUEPRINT = audited(Blueprint("feed", __name__, url_prefix="/audit", description="The log, event by event."))


class Cursor(fields.String):
    """How far each slice of the log was read."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> dict[int, int]:
        try:
            return cursor.decode(super()._deserialize(value, *args, **kwargs))
        except ValueError:
            raise ValidationError("is not a cursor of this feed") from None


class Types(Word):
    """A comma list of types of events."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        wanted = str(super()._deserialize(value, *args, **kwargs)).split(",")
        if unknown := [one for one in wanted if one not in EVENT_TYPES]:
            raise ValidationError(f"{', '.join(map(repr, unknown))}: there is no such type of event")
        return wanted


class FeedQuery(Query):
    """Which events, from where on."""

    after = Cursor(
        metadata={
            "description": "`paging.nextCursor` of the page before, or the `cursor` of any event: what comes after it. "
            "Without it, the feed begins with the log. A cursor holds for ever, whatever the filters.",
            "format": "cursor",
        },
    )
    definition_id = Word(
        "Events about this definition: its own, and those of all engagements with it. An item of the catalogue is "
        "named by its id, too.",
        data_key="definitionId",
        validate=validate.Length(1, 200, error="must have {min} to {max} characters"),
    )
    owner_id = Word(
        "Events of this end user. They are in one slice, and are found without reading the others.",
        data_key="ownedById",
        validate=validate.Length(1, 200, error="must have {min} to {max} characters"),
    )
    types = Types(
        "Events of this type, or of several with commas between: `EntryCounted,EntryVoided`.", data_key="type"
    )
    since = Moment(data_key="from", metadata={"description": "Events that were recorded then or later."})
    until = Moment(data_key="to", metadata={"description": "Events that were recorded before then."})
    limit = WholeNumber(
        validate=validate.Range(1, MAX_LIMIT, error="must be {min} to {max}"),
        metadata={
            "description": f"How many events at most: {DEFAULT_LIMIT} in JSON; in lines all there are, unless this is "
            "given."
        },
    )


@BLUEPRINT.route("/events")
class Events(MethodView):
    """The events of the tenant."""

    @requires("audit:read")
    @BLUEPRINT.arguments(FeedQuery, location="query")
    @BLUEPRINT.response(200, FeedSchema, examples=example("events"))
    @BLUEPRINT.alt_response(
        200, schema=FeedLineSchema, content_type=LINES, examples=example("event_line", "event_line_last"), success=True
    )
    @BLUEPRINT.doc(operationId="listEvents")
    def get(self, query: dict[str, Any]) -> Response:
        """Follow the log.

        Each event once; those of a stream in order; nothing ever appears behind a cursor. To follow, ask again with
        `after` = `paging.nextCursor`. One question looks at a bounded part of the log, so with filters a page may be
        empty and there is more all the same: go on until `paging.level` is true, then ask again after a while.

        With `Accept: application/x-ndjson` the answer is one event a line, sent while the log is read, up to its end or
        for a million positions; the last line has `paging` alone. If that is missing, the answer was cut off: go on
        behind the `cursor` of the last event.
        """
        filters = _filters(query)
        reader, tenant, after = state.reader(), state.caller().tenant, query.get("after", {})
        best = request.accept_mimetypes.best_match(["application/json", LINES])
        if best == LINES:
            return _lines(reader, tenant, filters, after, query.get("limit"))
        limit = query.get("limit", DEFAULT_LIMIT)
        part = event_feed.read(reader, tenant, filters, after, limit)
        body = {"data": list(written(part.events, after)), "paging": {"limit": limit, **paging(part)}}
        onward = link(cursor.encode(part.cursor), "after")
        return conditional(body, through=part.through, headers={**onward, "Vary": "Accept"})


def _filters(query: dict[str, Any]) -> Filters:
    asked = {name: query[name] for name in Filters._fields if name in query}
    if CANONICAL.fullmatch(asked.get("definition_id", "")):
        asked["definition_id"] = asked["definition_id"].lower()
    return Filters(**asked)


def _lines(reader: Reader, tenant: str, filters: Filters, after: dict[int, int], limit: int | None) -> Response:
    """Events as they are read, a batch at a time. The header can only say what the first batch holds."""
    first = event_feed.read(reader, tenant, filters, after, min(limit or BATCH, BATCH))

    def lines() -> Iterator[bytes]:
        part, left, scanned, before = first, limit, 0, after
        while True:
            yield b"".join(encode(one) + b"\n" for one in written(part.events, before))
            scanned += part.scanned
            left = None if left is None else left - len(part.events)
            if part.level or left == 0 or scanned >= MAX_SCANNED:
                break
            before = part.cursor
            part = event_feed.read(reader, tenant, filters, before, min(left or BATCH, BATCH))
        yield encode({"paging": {**paging(part), "consistentThrough": consistent_through(part.through)}}) + b"\n"

    headers = {
        "Consistent-Through": consistent_through(first.through),
        "Cache-Control": "private, no-store",
        "Vary": "Accept",
    }
    return Response(lines(), 200, headers, mimetype=LINES)
