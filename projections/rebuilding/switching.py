"""The switch: a table beside the live one takes its name and its checkpoints, in one short transaction."""

import time
from collections.abc import Callable, Iterator

from psycopg import Connection, errors, sql

from projections.log_reading import Decode
from projections.rebuilding.filling import fill
from projections.rebuilding.shadow import BUILD, KEPT, MOVE, Shadow, described, forget
from projections.refusals import SwitchBlocked

# For so long a reader may wait behind the switch, which itself waits for readers that came before.
LOCK_TIMEOUT = "100ms"
# A projector that is in the middle of a batch is waited for: no reader waits meanwhile.
BATCH_TIMEOUT = "10s"
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, *[1.6] * 15)

HOLD = """
    SELECT slice, position
    FROM checkpoints
    WHERE projection = %(projection)s
      AND version = %(version)s
    ORDER BY slice
    FOR UPDATE
"""

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

HOLDERS = """
    SELECT DISTINCT application_name, pid, xact_start
    FROM pg_locks
    JOIN pg_stat_activity USING (pid)
    WHERE relation = %s::regclass
      AND granted
      AND pid <> pg_backend_pid()
    ORDER BY xact_start
"""


def switch(connection: Connection, decode: Decode, shadow: Shadow, catch_up: Callable[[], None] = lambda: None) -> None:
    """Make the shadow live and keep the table that was. A kept one from before is dropped to make room.

    Readers wait for at most 100 ms, then the switch gives way and tries again; `catch_up` is called before every try,
    outside its transaction. Raises SwitchBlocked that names who is in the way when no try succeeds.
    """
    for pause in (*PAUSES, None):
        catch_up()
        try:
            with connection.transaction():
                _switch(connection, decode, shadow)
        except (errors.LockNotAvailable, errors.DeadlockDetected) as error:
            if pause is None:
                raise SwitchBlocked("; ".join(_holders(connection, shadow)) or str(error)) from error
            time.sleep(pause)
        else:
            return


def _switch(connection: Connection, decode: Decode, shadow: Shadow) -> None:
    connection.execute(f"SET LOCAL lock_timeout = '{BATCH_TIMEOUT}'")
    held = connection.execute(HOLD, shadow.key).fetchall()
    table = described(connection, shadow)
    for slice_number, position, upto in connection.execute(BEHIND, shadow.key).fetchall():
        fill(connection, decode, shadow.projection, table, slice_number, position, upto)
        connection.execute(MOVE, {**shadow.key, "slice": slice_number, "position": upto})
    connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
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


def _holders(connection: Connection, shadow: Shadow) -> Iterator[str]:
    name = f'"{shadow.projection.schema}"."{shadow.projection.name}"'
    for application, pid, since in connection.execute(HOLDERS, (name,)).fetchall():
        begun = f"{since:%Y-%m-%d %H:%M:%S} UTC" if since else "an unknown time"
        yield f"{application or 'a client'} (pid {pid}) has {shadow.projection.name} in a transaction since {begun}"
