"""Binary COPY of whole rows: the quickest way into a table."""

from collections.abc import Sequence

from psycopg import Connection, postgres, sql
from psycopg.adapt import Dumper
from psycopg.pq import Format

from projections.change import Change
from projections.rebuilding.giving_way import in_turns
from projections.tables import Table

BINARY = frozenset(
    ("smallint", "integer", "bigint", "numeric", "text", "uuid", "boolean", "timestamp with time zone", "jsonb")
)


def copy(connection: Connection, table: Table, slice_number: int, changes: Sequence[Change]) -> None:
    """Copy in rows that are whole and not there yet. A table with a column of a rarer type takes them as text."""
    if not changes:
        return
    columns = [name for name in table.types if name not in table.key]
    names = [*table.key, *columns]
    binary = BINARY.issuperset(table.types.values())
    statement = sql.SQL("COPY {} ({}) FROM STDIN {}").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL("(FORMAT binary)" if binary else ""),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as rows:
        if binary:
            rows.set_types([table.types[name] for name in names])
        for change in in_turns(changes):
            rows.write_row((slice_number, *change.key, *map(change.columns.get, columns)))


class _Json(str):
    """JSON text, as the rows of projections hold it."""


class _JsonDumper(Dumper):
    oid = postgres.types["jsonb"].oid
    format = Format.BINARY

    def dump(self, obj: str) -> bytes:
        return b"\x01" + obj.encode()


def let_copy_json(connection: Connection) -> None:
    """Let binary COPY on this connection take the text of a JSON column as it is."""
    connection.adapters.register_dumper(_Json, _JsonDumper)
