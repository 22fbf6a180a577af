"""The read-side proof: rows are worked out again from the events, and compared field by field. Nothing is changed."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection, Rollback, sql

from projections.change import Key, Projection
from projections.log_reading import Decode, changes_between
from projections.rebuilding.filling import STRETCH, fill
from projections.rebuilding.shadow import Shadow
from projections.tables import describe, statements

SHOWN = 20  # Rows of a slice that are told with their events; the others are counted.

LIVE_POSITION = """
    SELECT position
    FROM checkpoints
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND slice = %(slice)s
"""

BUILD_POSITION = """
    SELECT position
    FROM build_slices
    WHERE projection = %(projection)s
      AND version = %(version)s
      AND role = %(role)s
      AND slice = %(slice)s
"""

# Whole rows are compared as PostgreSQL compares them: 187.50 is 187.5, and null is like null.
DIFFERENT = """
    SELECT
        ARRAY[{keys}],
        CASE WHEN wanted.slice IS NOT NULL THEN to_jsonb(wanted)::text END,
        CASE WHEN found.slice IS NOT NULL THEN to_jsonb(found)::text END,
        count(*) OVER ()
    FROM {wanted} AS wanted
    FULL JOIN (SELECT * FROM {found} WHERE slice = %s) AS found
      ON ROW({wanted_key}) = ROW({found_key})
    WHERE wanted IS DISTINCT FROM found
    ORDER BY 1
    LIMIT %s
"""

_plain = msgspec.json.Decoder(float_hook=Decimal).decode


class Cause(NamedTuple):
    """An event that changes a row: where it is, and what it is."""

    position: int
    type: str


class Difference(NamedTuple):
    """A row that is not what its events say. `fields` has what they say, then what the table holds.

    A `missing` row is in the events only, a `surplus` one in the table only.
    """

    slice: int
    key: tuple[str, ...]
    kind: str
    fields: dict[str, tuple[Any, Any]]
    events: list[Cause]


class Checked(NamedTuple):
    """What the check of one slice gave: its rows and events, how many rows differ, the first of those."""

    slice: int
    rows: int
    events: int
    different: int
    differences: list[Difference]


def verify(
    connection: Connection,
    decode: Decode,
    projection: Projection,
    *,
    shadow: Shadow | None = None,
    sample: int | None = None,
) -> Iterator[Checked]:
    """Check the live table, or one beside it, slice by slice in random order; with a sample, until so many rows were.

    Each slice is read in one snapshot: its rows are compared with the events up to its checkpoint in that snapshot, so
    a projector may go on. Raises UnreadableEvent.
    """
    slices = [row[0] for row in connection.execute("SELECT slice FROM slices").fetchall()]
    random.shuffle(slices)
    checked = 0
    for slice_number in slices:
        found = _check(connection, decode, projection, shadow, slice_number)
        checked += found.rows
        yield found
        if sample is not None and checked >= sample:
            return


def _check(
    connection: Connection, decode: Decode, projection: Projection, shadow: Shadow | None, slice_number: int
) -> Checked:
    """One slice. The rows that the events say lie in a temporary table, and the transaction is rolled back."""
    found = sql.Identifier(projection.schema, shadow.table if shadow else projection.name)
    wanted_name = f"{projection.name}_wanted"
    wanted = sql.Identifier("pg_temp", wanted_name)
    with connection.transaction() as transaction:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # The lock comes before the snapshot: a switch that is under way has then ended, and no other begins.
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(found))
        position = _position(connection, projection, shadow, slice_number)
        connection.execute(sql.SQL(statements(projection)[0]).format(table=wanted))
        table = describe(connection, projection, wanted_name)
        for after in range(0, position, STRETCH):
            fill(connection, decode, projection, table, slice_number, after, min(after + STRETCH, position))
        rows = _rows(connection, wanted, found, slice_number)
        different, listed = _different(connection, table.key, wanted, found, slice_number)
        causes = _causes(connection, decode, projection, slice_number, position, {key for key, *_ in listed})
        differences = [_difference(slice_number, one, causes) for one in listed]
        raise Rollback(transaction)
    return Checked(slice_number, rows, position, different, differences)


def _position(connection: Connection, projection: Projection, shadow: Shadow | None, slice_number: int) -> int:
    live = {"projection": projection.name, "version": projection.version}
    query, key = (BUILD_POSITION, shadow.key) if shadow else (LIVE_POSITION, live)
    row = connection.execute(query, {**key, "slice": slice_number}).fetchone()
    return int(row[0]) if row else 0


def _rows(connection: Connection, wanted: sql.Identifier, found: sql.Identifier, slice_number: int) -> int:
    query = "SELECT greatest((SELECT count(*) FROM {}), (SELECT count(*) FROM {} WHERE slice = %s))"
    row = connection.execute(sql.SQL(query).format(wanted, found), (slice_number,)).fetchone()
    return int(row[0]) if row else 0


def _different(
    connection: Connection, key: tuple[str, ...], wanted: sql.Identifier, found: sql.Identifier, slice_number: int
) -> tuple[int, list[tuple[Key, str | None, str | None]]]:
    """How many rows differ, and the first of them."""

    def of(table: str) -> sql.Composable:
        return sql.SQL(", ").join(sql.Identifier(table, name) for name in key)

    keys = (sql.SQL("coalesce({0}::text, {1}::text)").format(*_both(name)) for name in key[1:])
    query = sql.SQL(DIFFERENT).format(
        keys=sql.SQL(", ").join(keys), wanted=wanted, found=found, wanted_key=of("wanted"), found_key=of("found")
    )
    rows = connection.execute(query, (slice_number, SHOWN)).fetchall()
    return rows[0][3] if rows else 0, [(tuple(key), said, held) for key, said, held, _ in rows]


def _both(name: str) -> tuple[sql.Identifier, sql.Identifier]:
    return sql.Identifier("wanted", name), sql.Identifier("found", name)


def _causes(
    connection: Connection, decode: Decode, projection: Projection, slice_number: int, position: int, keys: set[Key]
) -> dict[Key, list[Cause]]:
    """The events behind these rows: the slice is read once more, only when something differs."""
    causes: dict[Key, list[Cause]] = {key: [] for key in keys}
    if keys:
        for recorded, change in changes_between(connection, decode, projection, slice_number, 0, position):
            key = tuple(map(str, change.key))
            if key in causes:
                causes[key].append(Cause(recorded.position, type(recorded.event).__name__))
    return causes


def _difference(
    slice_number: int, row: tuple[Key, str | None, str | None], causes: dict[Key, list[Cause]]
) -> Difference:
    key, wanted, found = row
    said, held = (_plain(text) if text else {} for text in (wanted, found))
    fields = {name: (said.get(name), held.get(name)) for name in {**said, **held} if said.get(name) != held.get(name)}
    kind = "different" if said and held else "missing" if said else "surplus"
    return Difference(slice_number, key, kind, fields, causes[key])
