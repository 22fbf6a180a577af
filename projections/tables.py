"""Read tables: made from their DDL, written with one INSERT and one UPDATE for a whole batch of changes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection, sql

from projections.change import Change, Key, Projection


class Table(NamedTuple):
    """A read table as the catalogue describes it: column types, and the columns that a new row must have."""

    name: str
    key: tuple[str, ...]
    types: Mapping[str, str]
    required: frozenset[str]


def create(connection: Connection, projection: Projection) -> None:
    """Make the projection's table with its indexes, in the schema of its version."""
    table = sql.Identifier(projection.schema, projection.name)
    for statement in statements(projection):
        connection.execute(sql.SQL(statement).format(table=table))


def statements(projection: Projection) -> list[LiteralString]:
    """The DDL one by one: the table with its primary key, then its other indexes."""
    return [one for one in projection.table.split(";") if one.strip()]


def describe(connection: Connection, projection: Projection, name: str | None = None) -> Table:
    """Read the table's columns from the catalogue. The slice is always the first part of the key."""
    rows = connection.execute(
        """
        SELECT attname, format_type(atttypid, atttypmod), attnotnull
        FROM pg_attribute
        WHERE attrelid = %s::regclass
          AND attnum > 0
          AND NOT attisdropped
        ORDER BY attnum
        """,
        (name or projection.name,),
    ).fetchall()
    key = ("slice", *projection.key)
    return Table(
        name=name or projection.name,
        key=key,
        types={column: type_ for column, type_, _ in rows},
        required=frozenset(column for column, _, needed in rows if needed and column not in key),
    )


def merge(changes: Iterable[Change], merged: dict[Key, Change] | None = None) -> dict[Key, Change]:
    """One change a row: later columns win, a row that goes takes the earlier ones with it. Adds to `merged`."""
    merged = {} if merged is None else merged
    for change in changes:
        before = merged.get(change.key)
        if before is None or change.gone:
            merged[change.key] = change
        else:
            before.columns.update(change.columns)
            before.gone = before.gone and not change.columns
    return merged


def write(connection: Connection, table: Table, slice_number: int, changes: Mapping[Key, Change]) -> None:
    """Write merged changes: whole rows are inserted or replaced, others updated in the columns that they have."""
    gone, whole, partial = [], [], []
    for change in changes.values():
        if change.gone:
            gone.append(change)
        elif table.required <= change.columns.keys():
            whole.append(change)
        else:
            partial.append(change)
    if gone:
        _delete(connection, table, slice_number, gone)
    if whole:
        _insert(connection, table, slice_number, whole)
    if partial:
        _update(connection, table, slice_number, partial)


def _insert(connection: Connection, table: Table, slice_number: int, changes: Sequence[Change]) -> None:
    columns = [name for name in table.types if name not in table.key]
    parameters: list[Any] = [slice_number, *_keys(changes)]
    parameters += [[change.columns.get(name) for change in changes] for name in columns]
    names = [*table.key, *columns]
    statement = """
        INSERT INTO {table} ({names})
        SELECT %s, {sources}
        FROM unnest({arrays}) AS change ({sources})
        ON CONFLICT ({key}) DO UPDATE SET {settings}
    """
    connection.execute(
        sql.SQL(statement).format(
            table=sql.Identifier(table.name),
            names=_names(names),
            sources=_names(names[1:]),
            arrays=_arrays(table, names[1:]),
            key=_names(table.key),
            settings=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns),
        ),
        parameters,
    )


def _update(connection: Connection, table: Table, slice_number: int, changes: Sequence[Change]) -> None:
    columns = [name for name in table.types if any(name in change.columns for change in changes)]
    parameters: list[Any] = [*_keys(changes)]
    parameters += [[change.columns.get(name) for change in changes] for name in columns]
    parameters += [[name in change.columns for change in changes] for name in columns]
    flags = [f"has_{name}" for name in columns]
    statement = """
        UPDATE {table} AS kept
        SET {settings}
        FROM unnest({arrays}, {flag_arrays}) AS change ({names})
        WHERE kept.slice = %s
          AND {same}
    """
    connection.execute(
        sql.SQL(statement).format(
            table=sql.Identifier(table.name),
            settings=sql.SQL(", ").join(
                sql.SQL("{0} = CASE WHEN change.{1} THEN change.{0} ELSE kept.{0} END").format(
                    sql.Identifier(name), sql.Identifier(flag)
                )
                for name, flag in zip(columns, flags, strict=True)
            ),
            arrays=_arrays(table, [*table.key[1:], *columns]),
            flag_arrays=sql.SQL(", ").join(sql.SQL("%b::boolean[]") for _ in flags),
            names=_names([*table.key[1:], *columns, *flags]),
            same=_same(table, "change"),
        ),
        [*parameters, slice_number],
    )


def _delete(connection: Connection, table: Table, slice_number: int, changes: Sequence[Change]) -> None:
    statement = """
        DELETE FROM {table} AS kept
        USING unnest({arrays}) AS change ({names})
        WHERE kept.slice = %s
          AND {same}
    """
    connection.execute(
        sql.SQL(statement).format(
            table=sql.Identifier(table.name),
            arrays=_arrays(table, table.key[1:]),
            names=_names(table.key[1:]),
            same=_same(table, "change"),
        ),
        [*_keys(changes), slice_number],
    )


def _keys(changes: Sequence[Change]) -> list[list[Any]]:
    return [list(part) for part in zip(*(change.key for change in changes), strict=True)]


def _names(names: Iterable[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _arrays(table: Table, names: Iterable[str]) -> sql.Composable:
    return sql.SQL(", ").join([sql.SQL(f"%b::{table.types[name]}[]") for name in names])


def _same(table: Table, other: str) -> sql.Composable:
    return sql.SQL(" AND ").join(
        sql.SQL("kept.{0} = {1}.{0}").format(sql.Identifier(name), sql.Identifier(other)) for name in table.key[1:]
    )
