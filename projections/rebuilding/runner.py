"""Who works on the tables beside the live ones: one runner a projection, known to the database."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg import Connection

from projections.change import Projection
from projections.database import connect
from projections.following.heartbeat import process_id
from projections.rebuilding.builds import LOCK_CLASS, lock_key
from projections.rebuilding.shadow import BUILD, Shadow
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
    SELECT runner, resumed_at
    FROM builds
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
      AND runner IS NOT NULL
"""


@contextmanager
def alone(database_url: str, projections: Sequence[Projection]) -> Iterator[Connection]:
    """A connection, as the only one who works on these projections' tables, until the end or until it breaks.

    Raises AlreadyRunning at once, saying who does and since when.
    """
    known = {projection.name: projection.version for projection in projections}
    with connect(database_url, "milepost rebuild", known) as connection:
        if sys.platform == "linux":
            # One that is killed while it makes an index lets go of its locks within a second.
            connection.execute("SET client_connection_check_interval = '1s'")
        for projection in projections:
            key = (LOCK_CLASS, lock_key(projection.name))
            if connection.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone() != (True,):
                raise AlreadyRunning(f"{projection.name}: {_who(connection, projection)}")
        yield connection


def sign(connection: Connection, shadow: Shadow, workers: int) -> None:
    """Note who builds it from now on, and from where."""
    connection.execute(NOTE, {**shadow.key, "runner": process_id(), "workers": workers})


def _who(connection: Connection, projection: Projection) -> str:
    row = connection.execute(RUNNER, Shadow(projection, BUILD).key).fetchone()
    if row is None:
        return "somebody else is working on its tables"
    return f"is being rebuilt by {row[0]} since {row[1]:%Y-%m-%d %H:%M:%S} UTC"
