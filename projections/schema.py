"""The read tables of this release: made when they are missing, beside those of other releases."""

from psycopg import Connection, sql

from projections import PROJECTIONS
from projections.change import Projection
from projections.database import connect
from projections.tables import create

LOCK = 0x70726F6A65637473  # The advisory lock's key: "projects" in ASCII.


def prepare(database_url: str) -> list[str]:
    """Make every read table that is missing; answer the names of those that are now empty and read from the start.

    Tables of other versions stay as they are: an older release may still be reading and filling them.
    Any number of processes may call this at once.
    """
    with connect(database_url, "milepost init") as connection, connection.transaction():
        one_at_a_time(connection)
        return [projection.name for projection in PROJECTIONS if _prepare(connection, projection)]


def one_at_a_time(connection: Connection) -> None:
    """Wait for whoever makes or drops versions of read tables; others wait until this transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))


def _prepare(connection: Connection, projection: Projection) -> bool:
    present = connection.execute(
        "SELECT FROM checkpoints WHERE projection = %s AND version = %s LIMIT 1", (projection.name, projection.version)
    ).fetchone()
    table = sql.Identifier(projection.schema, projection.name)
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(projection.schema)))
    if present is None:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
        create(connection, projection)
    elif _lies_in_public(connection, projection):
        unplaced = sql.Identifier("public", projection.name)
        connection.execute(sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(unplaced, sql.Identifier(projection.schema)))
    connection.execute(
        """
        INSERT INTO checkpoints (projection, version, slice)
        SELECT %s, %s, slice
        FROM slices
        ON CONFLICT DO NOTHING
        """,
        (projection.name, projection.version),
    )
    return present is None


def _lies_in_public(connection: Connection, projection: Projection) -> bool:
    """Whether the table was made before every version had a schema of its own."""
    names = [f'"{schema}"."{projection.name}"' for schema in (projection.schema, "public")]
    return connection.execute("SELECT to_regclass(%s) IS NULL AND to_regclass(%s) IS NOT NULL", names).fetchone() == (
        True,
    )
