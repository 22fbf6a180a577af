"""Poison: events that a projection could not apply. One stops its slice of its projection until it is mended or parked.

It is tried again by itself, at growing intervals. A parked event is skipped and stays listed for ever: what it would
have changed is missing from the read table until that is rebuilt by code that can apply it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import args_row

from projections.change import Projection
from projections.database import Reader

LONGEST_ERROR = 2_000

# What an attempt has found: the same event again, another one, or none.
FORGET = """
    DELETE FROM poison
    WHERE slice = %(slice)s
      AND (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
      AND parked_at IS NULL
      AND position <> %(position)s
"""

NOTE = """
    INSERT INTO poison AS known (
        projection, version, slice, position, originator_id, originator_version, topic, tenant, error, retry_at
    )
    SELECT
        %(projection)s, %(version)s, slice, position, originator_id, originator_version, topic, tenant, %(error)s,
        clock_timestamp() + interval '1 second'
    FROM events
    WHERE slice = %(slice)s
      AND position = %(position)s
    ON CONFLICT (slice, projection, version, position) DO UPDATE SET
        error = excluded.error,
        attempts = known.attempts + 1,
        retry_at = clock_timestamp() + interval '1 second' * least(2.0 ^ known.attempts, 300)
"""

COLUMNS = """
    projection, version, slice, position, topic, originator_id, originator_version, tenant, error, since, attempts,
    parked_at, parked_by, reason
"""

KNOWN = f"""
    SELECT {COLUMNS}
    FROM poison
    WHERE (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
      AND (parked_at IS NOT NULL) = %(parked)s
    ORDER BY projection, slice, position
"""

PARK = f"""
    UPDATE poison
    SET parked_at = clock_timestamp(), parked_by = %(by)s, reason = %(reason)s
    WHERE (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
      AND slice = %(slice)s
      AND parked_at IS NULL
    RETURNING {COLUMNS}
"""

RETRY = f"""
    UPDATE poison
    SET retry_at = clock_timestamp()
    WHERE (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
      AND (%(slice)s::smallint IS NULL OR slice = %(slice)s)
      AND parked_at IS NULL
    RETURNING {COLUMNS}
"""


class Poison(msgspec.Struct, frozen=True):
    """An event that could not be applied: which, why, since when, how often it was tried; who has parked it and why."""

    projection: str
    version: int
    slice: int
    position: int
    topic: str
    originator_id: UUID
    originator_version: int
    tenant: str
    error: str
    since: datetime
    attempts: int
    parked_at: datetime | None
    parked_by: str | None
    reason: str | None

    @property
    def event(self) -> str:
        """The event by its name, its place in the log and its place in its stream."""
        where = f"{self.slice}:{self.position}"
        return f"{self.topic} at {where} (version {self.originator_version} of {self.originator_id})"


def note(connection: Connection, projection: Projection, slice_number: int, position: int, error: Exception) -> None:
    """This event stops the slice. It is tried again after a second, then after ever longer, five minutes at most."""
    text = f"{type(error).__name__}: {error}".replace("\x00", "\\x00")[:LONGEST_ERROR]
    asked = {"projection": projection.name, "version": projection.version, "slice": slice_number, "error": text}
    connection.execute(NOTE, {**asked, "position": position})


def forget(connection: Connection, projections: Iterable[Projection], slice_number: int, position: int = -1) -> None:
    """What stopped the slice was applied; unless it is the event at this position."""
    connection.execute(FORGET, {**_wanted(projections), "slice": slice_number, "position": position})


def stops(connection: Connection, projections: Iterable[Projection]) -> list[Poison]:
    """The events that stop slices of these projections now, for a process with a connection of its own."""
    with connection.cursor(row_factory=args_row(Poison)) as cursor:
        return cursor.execute(KNOWN, {**_wanted(projections), "parked": False}).fetchall()


def stopped(reader: Reader, projections: Iterable[Projection]) -> list[Poison]:
    """The events that stop slices of these projections now."""
    return reader.rows(Poison, KNOWN, {**_wanted(projections), "parked": False})


def parked(reader: Reader, projections: Iterable[Projection]) -> list[Poison]:
    """The events that were ever skipped."""
    return reader.rows(Poison, KNOWN, {**_wanted(projections), "parked": True})


def parked_positions(connection: Connection, projection: Projection, slice_number: int) -> frozenset[int]:
    """Where in a slice the events are that were ever parked."""
    query = """
        SELECT position
        FROM poison
        WHERE slice = %s
          AND projection = %s
          AND version = %s
          AND parked_at IS NOT NULL
    """
    rows = connection.execute(query, (slice_number, projection.name, projection.version)).fetchall()
    return frozenset(row[0] for row in rows)


def park(
    connection: Connection, projections: Iterable[Projection], slice_number: int, by: str, reason: str
) -> list[Poison]:
    """Skip the events that stop this slice, exactly these; what was parked. The projector goes on after them."""
    return _changed(connection, PARK, {**_wanted(projections), "slice": slice_number, "by": by, "reason": reason})


def retry(connection: Connection, projections: Iterable[Projection], slice_number: int | None = None) -> list[Poison]:
    """Have the events tried again at once that stop this slice, or any; which those are."""
    return _changed(connection, RETRY, {**_wanted(projections), "slice": slice_number})


def _changed(connection: Connection, statement: str, asked: dict[str, Any]) -> list[Poison]:
    with connection.cursor(row_factory=args_row(Poison)) as cursor:
        changed = cursor.execute(statement, asked).fetchall()
    connection.execute("NOTIFY milepost")
    return changed


def _wanted(projections: Iterable[Projection]) -> dict[str, Any]:
    wanted = list(projections)
    return {"names": [one.name for one in wanted], "versions": [one.version for one in wanted]}
