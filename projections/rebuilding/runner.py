"""Who works on the tables beside the live ones: one runner a projection, known to the database."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg import Connection

from projections.change import Projection
from projections.database import connect
from projections.following.heartbeat import process_id
from projections.rebuilding.builds import LOCK_CLASS, lock_key
from projections.rebuilding.giving_way import server_gives_way
from projections.rebuilding.shadow import Shadow
from projections.refusals import AlreadyRunning

NOTE = """
    UPDATE builds
    SET runner = %(runner)s,
        workers = %(workers)s,
        resumed_at = clock_timestamp(),
        resumed_from = (
            SELECT coalesce(sum(position), 0)
            FROM build_slices
            WHERE build_slices.projection = builds.projection
              AND build_slices.version = builds.version
              AND build_slices.role = builds.role
        )
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
"""

RUNNER = """
    SELECT application_name, backend_start
    FROM pg_locks
    JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = %s
      AND objid = %s
      AND granted
"""

NAME = "milepost rebuild by "


@contextmanager
def alone(database_url: str, projections: Sequence[Projection]) -> Iterator[Connection]:
    """A connection, as the only one who works on these projections' tables, until the end or until it breaks.

    Raises AlreadyRunning at once, saying who does and since when.
    """
    known = {projection.name: projection.version for projection in projections}
    with connect(database_url, NAME + process_id(), known) as connection:
        notice_the_end(connection)
        for projection in projections:
            if connection.execute("SELECT pg_try_advisory_lock(%s, %s)", _key(projection)).fetchone() != (True,):
                raise AlreadyRunning(f"{projection.name}: {_who(connection, projection)}")
        yield connection


def leave(connection: Connection, projection: Projection) -> None:
    """Let others work on its tables from now on."""
    connection.execute("SELECT pg_advisory_unlock(%s, %s)", _key(projection))


@contextmanager
def giving_way(database_url: str, projection: Projection, helpers: int) -> Iterator[Connection]:
    """A connection for what takes the server long and nobody waits for. An index is made with so many `helpers`.

    What the runner locks while others wait for it, it locks with its own, which is as quick as theirs.
    """
    with connect(database_url, "milepost rebuild index", {projection.name: projection.version}) as connection:
        notice_the_end(connection)
        server_gives_way(connection)
        connection.execute("SELECT set_config('max_parallel_maintenance_workers', %s, false)", (str(helpers),))
        yield connection


def notice_the_end(connection: Connection) -> None:
    """Let the server's process let go of its locks within a second when this one is killed, whatever it is at."""
    if sys.platform == "linux":
        connection.execute("SET client_connection_check_interval = '1s'")


def sign(connection: Connection, shadow: Shadow, workers: int) -> None:
    """Note who builds it from now on, and from where."""
    connection.execute(NOTE, {**shadow.key, "runner": process_id(), "workers": workers})


def _key(projection: Projection) -> tuple[int, int]:
    return LOCK_CLASS, lock_key(projection.name)


def _who(connection: Connection, projection: Projection) -> str:
    row = connection.execute(RUNNER, _key(projection)).fetchone()
    if row is None:
        return "somebody else was working on its tables until now: try again"
    who, since = str(row[0]).removeprefix(NAME), row[1]
    return f"is being rebuilt by {who} since {since:%Y-%m-%d %H:%M:%S} UTC"
