"""The read tables of this version of Milepost: made when they are missing, filled anew when they changed."""

from psycopg import Connection, sql

from projections import PROJECTIONS
from projections.change import Projection
from projections.database import connect
from projections.tables import create

LOCK = 0x70726F6A65637473  # The advisory lock's key: "projects" in ASCII.


def prepare(database_url: str) -> list[str]:
    """Make every read table that is missing; answer the names of those that are now empty and read from the start.

    A projection of another version than the database's is dropped and made anew: the projector fills it.
    Any number of processes may call this at once.
    """
    with connect(database_url, "milepost init") as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        return [projection.name for projection in PROJECTIONS if _prepare(connection, projection)]


def _prepare(connection: Connection, projection: Projection) -> bool:
    present = connection.execute(
        "SELECT DISTINCT version FROM checkpoints WHERE projection = %s", (projection.name,)
    ).fetchall()
    fresh = [row[0] for row in present] != [projection.version]
    if fresh:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(projection.name)))
        connection.execute("DELETE FROM checkpoints WHERE projection = %s", (projection.name,))
        create(connection, projection)
    connection.execute(
        """
        INSERT INTO checkpoints (projection, version, slice)
        SELECT %s, %s, slice
        FROM slices
        ON CONFLICT DO NOTHING
        """,
        (projection.name, projection.version),
    )
    return fresh
