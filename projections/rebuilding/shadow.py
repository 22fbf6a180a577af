"""A table beside the live one: `<name>_build` while it is being built, `<name>_kept` after a switch."""

from typing import NamedTuple

from psycopg import Connection, sql

from projections.change import Projection
from projections.log_reading import Decode
from projections.rebuilding.filling import STRETCH, fill
from projections.tables import Table, describe, statements

BUILD, KEPT = "build", "kept"
FILLING, INDEXING, FOLLOWING, VERIFIED = "filling", "indexing", "following", "verified"

BEGIN = """
    WITH begun AS (
        INSERT INTO builds (projection, version, role, state)
        VALUES (%(projection)s, %(version)s, 'build', 'filling')
    )
    INSERT INTO build_slices (projection, version, role, slice, target)
    SELECT %(projection)s, %(version)s, 'build', slice, head
    FROM slices
"""

# The row stays locked until the stretch is committed: nobody else fills it meanwhile, and a killed worker lets it go.
CLAIM = """
    SELECT build_slices.slice, position, {until}
    FROM build_slices
    JOIN slices USING (slice)
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
      AND position < {until}
    ORDER BY slice
    LIMIT 1
    FOR UPDATE OF build_slices SKIP LOCKED
"""

MOVE = """
    UPDATE build_slices
    SET position = %(position)s
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
      AND slice = %(slice)s
"""

BEHIND = """
    SELECT coalesce(sum(head - position), 0)::bigint
    FROM build_slices
    JOIN slices USING (slice)
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
"""

INDEXED = """
    SELECT indexed
    FROM builds
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
    FOR UPDATE
"""

NOTE_INDEX = """
    UPDATE builds
    SET indexed = indexed + 1
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
"""


class Shadow(NamedTuple):
    """A table beside the live one of a projection, and its part in `builds`."""

    projection: Projection
    role: str

    @property
    def table(self) -> str:
        """What the table is called, in the schema of its version."""
        return f"{self.projection.name}_{self.role}"

    @property
    def key(self) -> dict[str, str | int]:
        """What finds its rows in `builds` and `build_slices`."""
        return {"projection": self.projection.name, "version": self.projection.version, "role": self.role}


def begin(connection: Connection, projection: Projection) -> None:
    """Make the empty table of a build, with its primary key only, unless there is one that goes on."""
    shadow = Shadow(projection, BUILD)
    with connection.transaction():
        if state(connection, shadow) is None:
            name = sql.Identifier(projection.schema, shadow.table)
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
            connection.execute(sql.SQL(statements(projection)[0]).format(table=name))
            connection.execute(BEGIN, shadow.key)


def state(connection: Connection, shadow: Shadow) -> str | None:
    """What is being done with it; None when there is none."""
    query = """
        SELECT state
        FROM builds
        WHERE projection = %(projection)s
          AND version = %(version)s
          AND role = %(role)s
    """
    row = connection.execute(query, shadow.key).fetchone()
    return row[0] if row else None


def become(connection: Connection, shadow: Shadow, new_state: str) -> None:
    """Note what is done with it now."""
    query = """
        UPDATE builds
        SET state = %(state)s
        WHERE projection = %(projection)s
          AND version = %(version)s
          AND role = %(role)s
    """
    connection.execute(query, {**shadow.key, "state": new_state})


def advance(connection: Connection, decode: Decode, shadow: Shadow, table: Table, *, to_target: bool = False) -> bool:
    """Fill a stretch of the first slice that is behind and that nobody else has, in one transaction.

    Whether there was one. Behind the head of its slice, or its head when the build began (`to_target`).
    """
    claim = sql.SQL(CLAIM).format(until=sql.SQL("target" if to_target else "head"))
    with connection.transaction():
        row = connection.execute(claim, shadow.key).fetchone()
        if row is None:
            return False
        slice_number, position, until = row
        upto = min(until, position + STRETCH)
        fill(connection, decode, shadow.projection, table, slice_number, position, upto)
        connection.execute(MOVE, {**shadow.key, "slice": slice_number, "position": upto})
    return True


def behind(connection: Connection, shadow: Shadow) -> int:
    """How many events it has still to read."""
    row = connection.execute(BEHIND, shadow.key).fetchone()
    return int(row[0]) if row else 0


def index(connection: Connection, shadow: Shadow) -> bool:
    """Make the next of its indexes, in one transaction; whether there was one left."""
    wanted = statements(shadow.projection)[1:]
    with connection.transaction():
        row = connection.execute(INDEXED, shadow.key).fetchone()
        number = row[0] if row else len(wanted)
        if number == len(wanted):
            return False
        name = sql.Identifier(shadow.projection.schema, shadow.table)
        connection.execute(sql.SQL(wanted[number]).format(table=name))
        connection.execute(NOTE_INDEX, shadow.key)
    return True


def analyze(connection: Connection, shadow: Shadow) -> None:
    """Tell the planner what is in it, and which pages an index alone can answer for."""
    name = sql.Identifier(shadow.projection.schema, shadow.table)
    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(name))


def discard(connection: Connection, shadow: Shadow) -> bool:
    """Drop the table and forget how far it was; whether there was one."""
    with connection.transaction():
        name = sql.Identifier(shadow.projection.schema, shadow.table)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        return forget(connection, shadow)


def forget(connection: Connection, shadow: Shadow) -> bool:
    """Take its rows out of `builds` and `build_slices`; whether there were any."""
    same = "projection = %(projection)s AND version = %(version)s AND role = %(role)s"
    connection.execute(f"DELETE FROM build_slices WHERE {same}", shadow.key)
    return connection.execute(f"DELETE FROM builds WHERE {same}", shadow.key).rowcount > 0


def described(connection: Connection, shadow: Shadow) -> Table:
    """The table as the catalogue describes it."""
    return describe(connection, shadow.projection, shadow.table)
