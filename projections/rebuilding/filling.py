"""Filling a table that nobody reads: a stretch of a slice is folded in memory, and its rows are copied in."""

from collections.abc import Iterable, Sequence

from psycopg import Connection, sql

from projections.change import Change, Key, Projection
from projections.log_reading import Decode, changes_between
from projections.rebuilding.copying import copy
from projections.rebuilding.giving_way import in_turns
from projections.tables import Table, merge, write

# The events of one transaction. Their rows are held in memory until it ends: about 100 MB.
STRETCH = 50_000
# Below this many rows one INSERT is quicker than asking which of them are new and copying those.
COPIED_FROM = 500


def fill(
    connection: Connection,
    decode: Decode,
    projection: Projection,
    table: Table,
    slice_number: int,
    after: int,
    upto: int,
) -> None:
    """Bring the slice's rows in the table from one position to another. The caller's transaction holds it together.

    Raises UnreadableEvent.
    """
    found = changes_between(connection, decode, projection, slice_number, after, upto)
    changes = merge(change for _, change in in_turns(found))
    if after == 0:
        # The slice has no rows yet: what changes or deletes one that was never made does nothing, here as there.
        copy(connection, table, slice_number, _whole(table, changes.values()))
    else:
        apply(connection, table, slice_number, changes)


def apply(connection: Connection, table: Table, slice_number: int, changes: dict[Key, Change]) -> None:
    """Write merged changes of a slice that nobody else writes to: many new rows are copied, the others upserted."""
    if len(changes) >= COPIED_FROM:
        _copy_new(connection, table, slice_number, changes)
    if changes:
        write(connection, table, slice_number, changes)


def _copy_new(connection: Connection, table: Table, slice_number: int, changes: dict[Key, Change]) -> None:
    """Copy the rows that are new, and take them out of the changes."""
    whole = _whole(table, changes.values())
    present = _present(connection, table, slice_number, [one.key for one in whole])
    fresh = [one for one in whole if _written(one.key) not in present]
    for one in fresh:
        del changes[one.key]
    copy(connection, table, slice_number, fresh)


def _whole(table: Table, changes: Iterable[Change]) -> list[Change]:
    return [one for one in changes if not one.gone and table.required <= one.columns.keys()]


def _present(connection: Connection, table: Table, slice_number: int, keys: Sequence[Key]) -> set[Key]:
    """Which of these rows there are, their keys as text."""
    if not keys:
        return set()
    statement = """
        SELECT {names}
        FROM {table}
        JOIN unnest({arrays}) AS wanted ({names}) USING ({names})
        WHERE slice = %s
    """
    names = table.key[1:]
    query = sql.SQL(statement).format(
        table=sql.Identifier(table.name),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        arrays=sql.SQL(", ").join(sql.SQL(f"%s::{table.types[name]}[]") for name in names),
    )
    parts = [list(part) for part in zip(*keys, strict=True)]
    return {_written(key) for key in connection.execute(query, [*parts, slice_number], binary=True)}


def _written(key: Key) -> Key:
    # A projection may name a row by the text of its id: the same row all the same.
    return tuple(map(str, key))
