"""Personal data, written with the events that mention it and kept out of the log so that it can be erased."""

from collections.abc import Iterable

from psycopg import Connection, sql

from domain.ids import owner_slice
from eventstore.stored import Person


def upsert_people(connection: Connection, people: Iterable[Person], slices: int) -> None:
    """Write each person's given columns; the others keep what they hold."""
    for person in people:
        columns = {
            "slice": owner_slice(person.tenant, person.id, slices),
            "tenant": person.tenant,
            "id": person.id,
            **person.columns,
        }
        kept = ("slice", "tenant", "id", "created_at")
        connection.execute(
            sql.SQL(
                "INSERT INTO account_user ({names}) VALUES ({values}) "
                "ON CONFLICT (slice, tenant, id) DO UPDATE SET {changes}"
            ).format(
                names=sql.SQL(", ").join(map(sql.Identifier, columns)),
                values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
                changes=sql.SQL(", ").join(
                    sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns if name not in kept
                ),
            ),
            columns,
        )
