"""The projector: reads every slice in batches, folds the changes, writes them with the checkpoint."""

from collections.abc import Callable, Iterable, Sequence
from threading import Event as Flag
from typing import Any

import psycopg
from eventsourcing.persistence import InfrastructureFactory
from psycopg import Connection

from domain import application
from domain.events import Recorded
from projections import PROJECTIONS
from projections.change import Projection
from projections.database import connect
from projections.heartbeat import beat, process_id
from projections.tables import Table, describe, merge, write

BATCH = 2_000
CHANNEL = "milepost"
REST_SECONDS = 0.02
IDLE_SECONDS = 1.0
RESTS = 10

EVENTS = """
    SELECT originator_id, originator_version, topic, state, tenant, recorded_at, entry_id, position
    FROM events
    WHERE slice = %s
      AND position > %s
    ORDER BY position
    LIMIT %s
"""

BEHIND = """
    SELECT DISTINCT slice
    FROM slices
    JOIN checkpoints USING (slice)
    WHERE (projection, version) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))
      AND position < head
    ORDER BY slice
"""

LOCK_CHECKPOINTS = """
    SELECT projection, position
    FROM checkpoints
    WHERE slice = %s
      AND (projection, version) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))
    ORDER BY projection
    FOR UPDATE SKIP LOCKED
"""

MOVE_CHECKPOINTS = """
    UPDATE checkpoints
    SET position = %s, through = %s
    WHERE slice = %s
      AND (projection, version) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))
      AND position < %s
"""


class Projector:
    """Keeps the read tables level with the log. Several may run: the checkpoint's own row keeps them apart.

    A batch of a slice is one transaction: at most one INSERT, one UPDATE and one DELETE a table, and the
    checkpoint. An event that cannot be applied stops its slice, is named in `errors`, and is tried again.
    """

    def __init__(self, database_url: str, projections: Sequence[Projection] = PROJECTIONS) -> None:
        self.errors: dict[int, str] = {}
        self.id = process_id()
        self._database_url = database_url
        self._projections = {projection.name: projection for projection in projections}
        self._live = ([one.name for one in projections], [one.version for one in projections])
        self._decode = decoder(database_url)
        self._connection: Connection | None = None
        self._tables: dict[str, Table] = {}

    def step(self) -> int:
        """Work off what is there now; how many events were applied."""
        connection = self._connect()
        slices = [row[0] for row in connection.execute(BEHIND, self._live).fetchall()]
        return sum(self._catch_up(connection, slice_number) for slice_number in slices)

    def catch_up(self) -> None:
        """Work until the read tables are level with the log. Raises RuntimeError when an event cannot be applied."""
        while self.step():
            pass
        if self.errors:
            raise RuntimeError("; ".join(self.errors.values()))

    def run(self, stop: Flag, report: Callable[[str], None] = lambda message: None) -> None:
        """Follow the log until `stop` is set. A lost connection is made again."""
        rests = 0
        while not stop.is_set():
            try:
                rests = 0 if self.step() else rests + 1
                self._beat()
                self._wait(stop, IDLE_SECONDS if rests > RESTS else REST_SECONDS)
            except psycopg.OperationalError as error:
                report(f"the database does not answer, trying again: {error}")
                self.close()
                stop.wait(IDLE_SECONDS)

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _catch_up(self, connection: Connection, slice_number: int) -> int:
        applied = 0
        try:
            while count := self._apply(connection, slice_number):
                applied += count
            self.errors.pop(slice_number, None)
        except psycopg.OperationalError:
            raise
        except Exception as error:
            # One bad event must not stop the other slices; it stays first in line and is named until it is mended.
            self.errors[slice_number] = f"slice {slice_number}: {type(error).__name__}: {error}"
        return applied

    def _apply(self, connection: Connection, slice_number: int) -> int:
        """One batch of one slice, in one transaction."""
        with connection.transaction():
            held: dict[str, int] = dict(connection.execute(LOCK_CHECKPOINTS, (slice_number, *self._live)).fetchall())
            if not held:
                return 0
            events = read_slice(connection, self._decode, slice_number, min(held.values()))
            if not events:
                return 0
            for name, position in held.items():
                fresh = events if position < events[0].position else [one for one in events if one.position > position]
                changes = merge(change for one in fresh for change in self._projections[name].rows(one))
                if changes:
                    write(connection, self._table(connection, name), slice_number, changes)
            last = events[-1]
            versions = [self._projections[name].version for name in held]
            connection.execute(
                MOVE_CHECKPOINTS, (last.position, last.recorded_at, slice_number, list(held), versions, last.position)
            )
            return len(events)

    def _table(self, connection: Connection, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = describe(connection, self._projections[name])
        return self._tables[name]

    def _connect(self) -> Connection:
        if self._connection is None:
            versions = {one.name: one.version for one in self._projections.values()}
            self._connection = connect(self._database_url, "milepost projector", versions)
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    def _beat(self) -> None:
        beat(self._connect(), "projector", self.id, "; ".join(self.errors.values()))

    def _wait(self, stop: Flag, seconds: float) -> None:
        """Rest; a NOTIFY ends a long rest early. It is only a hint: the next poll would find the events too."""
        if seconds < IDLE_SECONDS:
            stop.wait(seconds)
            return
        for _ in self._connect().notifies(timeout=seconds, stop_after=1):
            pass


def decoder(database_url: str) -> Callable[[str, str], Any]:
    """The event store's own way from JSON to an event, by topic."""
    application.ProgressLog  # noqa: B018 - importing the application registers the topics of all events
    factory: Any = InfrastructureFactory.construct({"PERSISTENCE_MODULE": "eventstore", "DATABASE_URL": database_url})
    decode: Callable[[str, str], Any] = factory.mapper().decode
    factory.close()
    return decode


def read_slice(
    connection: Connection, decode: Callable[[str, str], Any], slice_number: int, after: int, limit: int = BATCH
) -> list[Recorded]:
    """The next events of a slice, in order."""
    return recorded(connection.execute(EVENTS, (slice_number, after, limit), binary=True), decode)


def recorded(rows: Iterable[tuple[Any, ...]], decode: Callable[[str, str], Any]) -> list[Recorded]:
    """Rows of the log as events, in the order of the columns of EVENTS."""
    return [
        Recorded(
            originator_id=row[0],
            originator_version=row[1],
            event=decode(row[2], row[3]),
            tenant=row[4],
            recorded_at=row[5],
            entry_id=row[6],
            position=row[7],
        )
        for row in rows
    ]
