"""The feed: a tenant's events in the order of the log, a bounded stretch of every slice at a time, from a cursor on."""

from collections.abc import Mapping
from datetime import datetime
from heapq import merge
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.errors import invalid
from domain.ids import owner_slice
from projections.database import Reader
from projections.feed.event_filters import Filters, conditions, streams_of_owner
from projections.feed.event_stretches import CLOCKS_DIFFER, SCAN, Stretch, last_before, stretches

Positions = Mapping[int, int]


class FeedEvent(msgspec.Struct, frozen=True, gc=False):
    """A row of the log. `state` is the event as JSON, as it was written."""

    slice: int
    position: int
    stream_id: UUID
    version: int
    topic: str
    state: str
    entry_id: UUID | None
    recorded_at: datetime


class Part(NamedTuple):
    """A part of the feed, and where it ends.

    `cursor` is past everything that was looked at, whether it matched or not, and `scanned` how much that was; it is
    `level` when nothing is left to look at. Everything recorded before `through` was looked at, here or before the
    cursor that was given.
    """

    events: list[FeedEvent]
    cursor: dict[int, int]
    level: bool
    scanned: int
    through: datetime


def read(reader: Reader, tenant: str, filters: Filters, after: Positions, limit: int) -> Part:
    """At most `limit` events behind a cursor. Raises InvalidInput for a cursor of another log.

    Inside a slice they are in the order of their positions, which is the order of commits; slices are merged by
    `recorded_at`. An append keeps its slice's row until it commits, so nothing ever appears behind a cursor. With an
    owner one slice is read; without, of each slice a share of what a question may look at.
    """
    of_owner = None if filters.owner_id is None else owner_slice(tenant, filters.owner_id, reader.slices)
    heads, asked_at = _heads(reader, of_owner)
    _refuse_foreign(after, heads, reader.slices)
    reached, ends = _from_to(reader, filters, after, heads)
    events: list[FeedEvent] = []
    scanned = 0
    # What slices with little to find leave of the limit, others fill.
    while len(events) < limit and scanned < SCAN and not _level(reached, ends):
        found = stretches(reached, ends, limit - len(events), None if of_owner is not None else SCAN - scanned)
        matching = (_of_tenant if of_owner is None else _of_owner)(reader, tenant, filters, found)
        for one in found:
            reached[one.slice] = one.reached([event.position for event in matching[one.slice]])
            scanned += reached[one.slice] - one.after
        events += merge(*matching.values(), key=attrgetter("recorded_at"))
    level = _level(reached, ends)
    cursor = {**after, **{one: position for one, position in reached.items() if position}}
    through = asked_at if level else _next_recorded_at(reader, reached) or asked_at
    return Part(events, cursor, level, scanned, through)


HEADS = """
    SELECT slice, head, statement_timestamp() AS asked_at
    FROM slices
    WHERE slice = coalesce(%(slice)s::smallint, slice)
"""

COLUMNS = """
    event.slice, event.position, event.originator_id, event.originator_version, event.topic, event.state,
    event.entry_id, event.recorded_at
"""

# A stretch is read in order, and no further than its quota asks for.
OF_TENANT = """
    SELECT found.*
    FROM unnest(%(slices)s::smallint[], %(after)s::bigint[], %(until)s::bigint[], %(quotas)s::integer[])
        AS stretch (slice, after, until, quota)
    CROSS JOIN LATERAL (
        SELECT {columns}
        FROM events AS event
        WHERE event.slice = stretch.slice
          AND event.position > stretch.after
          AND event.position <= stretch.until
          AND {conditions}
        ORDER BY event.position
        LIMIT stretch.quota
    ) AS found
    ORDER BY found.slice, found.position
"""

# The streams are few and the slice may be long: if it were not MATERIALIZED, the server might walk all along it.
OF_OWNER = """
    WITH own AS MATERIALIZED (
        SELECT event.position
        FROM events AS event
        WHERE event.slice = %(slice)s
          AND event.originator_id = ANY(%(streams)s)
          AND event.position > %(after)s
          AND event.position <= %(until)s
          AND {conditions}
    )
    SELECT {columns}
    FROM (SELECT position FROM own ORDER BY position LIMIT %(quota)s) AS found
    JOIN events AS event
      ON event.slice = %(slice)s
     AND event.position = found.position
    ORDER BY event.position
"""

NEXT = """
    SELECT min(event.recorded_at)
    FROM unnest(%(slices)s::smallint[], %(positions)s::bigint[]) AS next (slice, position)
    JOIN events AS event USING (slice, position)
"""


def _heads(reader: Reader, slice_number: int | None) -> tuple[dict[int, int], datetime]:
    """How long the slices are (one, if one is named), and when that was asked."""
    rows = reader.rows(dict, HEADS, {"slice": slice_number})
    return {row["slice"]: row["head"] for row in rows}, rows[0]["asked_at"]


def _level(reached: Positions, ends: Positions) -> bool:
    return all(reached[one] >= end for one, end in ends.items())


def _refuse_foreign(after: Positions, heads: Positions, slices: int) -> None:
    for slice_number, position in after.items():
        if slice_number >= slices or position > heads.get(slice_number, position):
            raise invalid("after", f"is of another log: there is no position {slice_number}:{position} here")


def _from_to(
    reader: Reader, filters: Filters, after: Positions, heads: Positions
) -> tuple[dict[int, int], dict[int, int]]:
    """Behind which position of each slice there is something to find, and up to which."""
    start, ends = {one: after.get(one, 0) for one in heads}, dict(heads)
    if filters.until is not None:
        ends = last_before(reader, heads, filters.until, CLOCKS_DIFFER)
    if filters.since is not None:
        passed = last_before(reader, heads, filters.since, -CLOCKS_DIFFER)
        start = {one: max(position, passed[one]) for one, position in start.items()}
    return start, ends


def _of_tenant(reader: Reader, tenant: str, filters: Filters, found: list[Stretch]) -> dict[int, list[FeedEvent]]:
    """What matches in each stretch, as far as its quota goes."""
    events: dict[int, list[FeedEvent]] = {one.slice: [] for one in found}
    asked, parameters = conditions(tenant, filters)
    columns = {
        "slices": [one.slice for one in found],
        "after": [one.after for one in found],
        "until": [one.until for one in found],
        "quotas": [one.quota for one in found],
    }
    for event in _rows(reader, OF_TENANT, asked, {**parameters, **columns}):
        events[event.slice].append(event)
    return events


def _of_owner(reader: Reader, tenant: str, filters: Filters, found: list[Stretch]) -> dict[int, list[FeedEvent]]:
    """What matches in the owner's slice, as far as its quota goes."""
    asked, parameters = conditions(tenant, filters)
    events: dict[int, list[FeedEvent]] = {}
    for one in found:
        streams = streams_of_owner(reader, tenant, filters, one.slice)
        events[one.slice] = _rows(reader, OF_OWNER, asked, {**parameters, **one._asdict(), "streams": streams})
    return events


def _rows(reader: Reader, query: str, asked: str, parameters: dict[str, Any]) -> list[FeedEvent]:
    return reader.rows(FeedEvent, query.format(columns=COLUMNS, conditions=asked), parameters)


def _next_recorded_at(reader: Reader, reached: Positions) -> datetime | None:
    """When the first event was recorded that was not looked at."""
    following = {"slices": list(reached), "positions": [position + 1 for position in reached.values()]}
    moment: datetime | None = reader.value(NEXT, following)
    return moment
