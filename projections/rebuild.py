"""Rebuild a read table from the log: a shadow table is filled, then it takes the table's name."""

from collections.abc import Callable, Mapping
from typing import Any

from psycopg import Connection, sql

from projections import PROJECTIONS
from projections.change import Projection
from projections.database import connect
from projections.projector import decoder, read_slice
from projections.tables import create, describe, merge, write

BATCH = 5_000

CHECKPOINTS = """
    SELECT slice, head
    FROM checkpoints
    JOIN slices USING (slice)
    WHERE projection = %s
      AND version = %s
    ORDER BY slice
    FOR UPDATE OF checkpoints
"""

MOVE = """
    UPDATE checkpoints
    SET position = %(position)s,
        through = (SELECT recorded_at FROM events WHERE slice = %(slice)s AND position = %(position)s)
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND slice = %(slice)s
"""


class UnknownProjection(Exception):
    """There is no projection with this name."""


def projection_named(name: str) -> Projection:
    """The projection with this name. Raises UnknownProjection that lists the names there are."""
    known: Mapping[str, Projection] = {projection.name: projection for projection in PROJECTIONS}
    if name not in known:
        raise UnknownProjection(f"{name}: is not a projection; there are {', '.join(known)}")
    return known[name]


def rebuild(database_url: str, name: str, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Fill a projection anew from the first event on; how many events were read.

    One transaction: readers see the old rows until the new ones are complete, and a rebuild that is cut off changes
    nothing. The projector leaves this projection alone meanwhile and follows from where the rebuild ended.
    `progress` is told how many events are done, and of how many.
    """
    projection = projection_named(name)
    decode = decoder(database_url)
    with connect(database_url, "milepost rebuild") as connection, connection.transaction():
        heads: dict[int, int] = dict(connection.execute(CHECKPOINTS, (projection.name, projection.version)).fetchall())
        shadow = f"{projection.name}_rebuild"
        create(connection, projection, shadow)
        done = _fill(connection, projection, shadow, decode, heads, progress)
        connection.execute(
            sql.SQL("DROP TABLE {}; ALTER TABLE {} RENAME TO {}").format(
                sql.Identifier(projection.schema, projection.name),
                sql.Identifier(projection.schema, shadow),
                sql.Identifier(projection.name),
            )
        )
    return done


def _fill(
    connection: Connection,
    projection: Projection,
    shadow: str,
    decode: Callable[[str, str], Any],
    heads: Mapping[int, int],
    progress: Callable[[int, int], None],
) -> int:
    table, total, done = describe(connection, projection, shadow), sum(heads.values()), 0
    for slice_number in heads:
        position = 0
        while events := read_slice(connection, decode, slice_number, position, BATCH):
            changes = merge(change for one in events for change in projection.rows(one))
            if changes:
                write(connection, table, slice_number, changes)
            position = events[-1].position
            done += len(events)
            progress(done, max(total, done))
        connection.execute(
            MOVE,
            {
                "projection": projection.name,
                "version": projection.version,
                "slice": slice_number,
                "position": position,
            },
        )
    return done
