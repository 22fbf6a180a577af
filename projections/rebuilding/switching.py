"""The switch: a table beside the live one takes its name and its checkpoints, in one short transaction."""

from collections.abc import Callable

from psycopg import Connection, sql

from projections.log_reading import Decode
from projections.rebuilding.filling import fill
from projections.rebuilding.patience import do_not_keep_waiting, patiently, wait_for_batches
from projections.rebuilding.shadow import BUILD, KEPT, MOVE, Shadow, described, forget

# A slice's head is locked by appends, never waited for here: what comes after it, the projector reads.
BEHIND = """
    SELECT build_slices.slice, build_slices.position, greatest(head, checkpoints.position)
    FROM build_slices
    JOIN slices USING (slice)
    JOIN checkpoints USING (slice, projection, version)
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
      AND build_slices.position < greatest(head, checkpoints.position)
    ORDER BY slice
    FOR UPDATE OF build_slices
"""

EXCHANGE = """
    UPDATE checkpoints
    SET position = build_slices.position,
        through = (
            SELECT recorded_at
            FROM events
            WHERE events.slice = build_slices.slice
              AND events.position = build_slices.position
        ),
        moved_at = clock_timestamp()
    FROM build_slices
    WHERE checkpoints.slice = build_slices.slice
      AND checkpoints.projection = build_slices.projection
      AND checkpoints.version = build_slices.version
      AND build_slices.projection = %(projection)s
      AND build_slices.version = %(version)s
      AND build_slices.role = %(role)s
"""

# What stopped the live table is in the new one. What was parked stays listed.
UNSTOP = "DELETE FROM poison WHERE projection = %(projection)s AND version = %(version)s AND parked_at IS NULL"

KEEP = """
    WITH kept AS (
        INSERT INTO builds (projection, version, role, state)
        VALUES (%(projection)s, %(version)s, 'kept', 'kept')
    )
    INSERT INTO build_slices (projection, version, role, slice, position, target)
    SELECT %(projection)s, %(version)s, 'kept', slice, position, position
    FROM unnest(%(slices)s::smallint[], %(positions)s::bigint[]) AS held (slice, position)
"""


def switch(connection: Connection, decode: Decode, shadow: Shadow, catch_up: Callable[[], None] = lambda: None) -> None:
    """Make the shadow live and keep the table that was. A kept one from before is dropped to make room.

    Readers wait for at most 100 ms, then the switch gives way and tries again; `catch_up` is called before every try,
    outside its transaction. Raises TableBlocked that names who is in the way when no try succeeds.
    """
    names = (shadow.projection.name, shadow._replace(role=KEPT).table)
    tables = [f'"{shadow.projection.schema}"."{name}"' for name in names]
    patiently(connection, lambda: _switch(connection, decode, shadow), tables, catch_up)


def _switch(connection: Connection, decode: Decode, shadow: Shadow) -> None:
    held = wait_for_batches(connection, shadow.projection.name, shadow.projection.version)
    table = described(connection, shadow)
    for slice_number, position, upto in connection.execute(BEHIND, shadow.key).fetchall():
        fill(connection, decode, shadow.projection, table, slice_number, position, upto)
        connection.execute(MOVE, {**shadow.key, "slice": slice_number, "position": upto})
    do_not_keep_waiting(connection)
    _rename(connection, shadow)
    connection.execute(EXCHANGE, shadow.key)
    connection.execute(UNSTOP, shadow.key)
    forget(connection, shadow)
    forget(connection, shadow._replace(role=KEPT))
    slices, positions = [list(part) for part in zip(*held, strict=True)]
    connection.execute(KEEP, {**shadow.key, "slices": slices, "positions": positions})


def _rename(connection: Connection, shadow: Shadow) -> None:
    """Live to kept, shadow to live. No statement sees a mixture: each locks its tables before it looks at rows."""
    name, schema = shadow.projection.name, shadow.projection.schema
    kept = shadow._replace(role=KEPT).table
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(schema, name)))
    if shadow.role == BUILD:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(schema, kept)))
    between = f"{name}_switching"
    for old, new in ((shadow.table, between), (name, kept), (between, name)):
        statement = sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.Identifier(schema, old), sql.Identifier(new))
        connection.execute(statement)
