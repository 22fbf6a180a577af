"""The peer of projector and rebuild: the library's own ProjectionRunner doing the same upserts, an event at a time."""

import time
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection as LibraryProjection
from eventsourcing.projection import ProjectionRunner
from psycopg import Connection, sql
from psycopg.sql import Identifier

from benchmarks import history
from domain.application import ProgressLog
from domain.commands import LogEntry
from domain.events import Recorded
from domain.vocabulary import Slug
from eventstore.tracking import TrackingLog
from projections.change import Change, Projection
from projections.database import connect
from projections.tables import Table, describe

CHUNK = 500
PATIENCE_SECONDS = 600.0

TRACK = "INSERT INTO tracking (application_name, notification_id) VALUES (%s, %s)"


class Log(Application[UUID]):
    """The log of one slice, as the library's subscriptions read it."""

    name = "log"

    def __init__(self, env: Any = None) -> None:
        super().__init__(env)
        cast(Any, self.mapper).envelope = Recorded


class View(TrackingLog):
    """The read tables, written with the position in one transaction."""

    def apply(self, changes: Iterable[tuple[Table, str, Change]], tracking: Tracking) -> None:
        with self.database.transaction() as connection:
            for table, schema, change in changes:
                _write(connection, table, schema, change)
            connection.execute(TRACK, (tracking.application_name, tracking.notification_id))


def seconds(database_url: str, projections: Sequence[Projection], events: int) -> float:
    """For how long the library's runner reads the first events of a log of one slice into these tables."""
    with connect(database_url, "bench") as connection:
        tables = [(one, describe(connection, one)) for one in projections]

    class Rows(LibraryProjection[View]):
        """What an event changes, as Milepost's own projector is told."""

        name = "rows"

        def process_event(self, domain_event: Any, tracking: Tracking) -> None:
            # A notification of the library carries neither tenant nor time: the values are made up, the work is not.
            entry_id = UUID(int=tracking.notification_id) if hasattr(domain_event.event, "entry") else None
            event = msgspec.structs.replace(
                domain_event, tenant=history.TENANT, recorded_at=history.BEGIN, entry_id=entry_id
            )
            found = [(table, one.schema, change) for one, table in tables for change in one.rows(event)]
            self.view.apply(found, tracking)

    settings = {"PERSISTENCE_MODULE": "eventstore", "DATABASE_URL": database_url}
    began = time.perf_counter()
    with ProjectionRunner(application_class=Log, projection_class=Rows, view_class=View, env=settings) as runner:
        runner.wait(events, timeout=PATIENCE_SECONDS)
        return time.perf_counter() - began


def load(database_url: str, entries: int, owners: int) -> int:
    """Write the history into a log of one slice; how many events it has."""
    with ProgressLog(database_url) as log:
        history.define(log)
        commands = [
            LogEntry(
                definition_id=one.challenge,
                owner_id=str(one.owner),
                activity_at=one.at,
                unique_identifier=one.identifier,
                activity_value=Decimal(one.cents) / 100,
                slug=Slug.CHALLENGE,
            )
            for one in history.entries(entries, owners)
        ]
        for first in range(0, len(commands), CHUNK):
            part = commands[first : first + CHUNK]
            log.log_entries(history.TENANT, part, now=part[-1].activity_at)
        return log.recorder.max_notification_id() or 0


def _write(connection: Connection, table: Table, schema: str, change: Change) -> None:
    columns = tuple(change.columns)
    if change.gone:
        statement = _statement(table.name, schema, table.key, (), "delete")
    elif table.required <= change.columns.keys():
        statement = _statement(table.name, schema, table.key, columns, "insert")
    else:
        statement = _statement(table.name, schema, table.key, columns, "update")
    key = dict(zip(table.key, (0, *change.key), strict=True))
    connection.execute(statement, {**key, **change.columns})


@lru_cache(maxsize=256)
def _statement(name: str, schema: str, key: tuple[str, ...], columns: tuple[str, ...], kind: str) -> str:
    table = Identifier(schema, name)
    same = _joined(" AND ", key)
    if kind == "delete":
        return sql.SQL("DELETE FROM {} WHERE {}").format(table, same).as_string()
    if kind == "update":
        return sql.SQL("UPDATE {} SET {} WHERE {}").format(table, _joined(", ", columns), same).as_string()
    return (
        sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}")
        .format(
            table,
            sql.SQL(", ").join(map(Identifier, (*key, *columns))),
            sql.SQL(", ").join(map(sql.Placeholder, (*key, *columns))),
            sql.SQL(", ").join(map(Identifier, key)),
            _joined(", ", columns),
        )
        .as_string()
    )


def _joined(separator: str, names: tuple[str, ...]) -> sql.Composable:
    return sql.SQL(separator).join(sql.SQL("{} = {}").format(Identifier(name), sql.Placeholder(name)) for name in names)
