"""The recorders: append to slices, read streams and slices, find entries by their permanent ids."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    Notification,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    StoredEvent,
    Subscription,
)
from psycopg import Connection

from domain.ids import slice_of
from eventstore.append import append, parts
from eventstore.arrays import smallints, uuids
from eventstore.database import Database
from eventstore.deadlines import Deadlines
from eventstore.hint import Hint
from eventstore.people import upsert_people
from eventstore.stored import LogEvent, Person, Snapshot, Stream, Streams
from eventstore.subscription import PollingSubscription

COLUMNS = "originator_id, originator_version, topic, state, tenant, recorded_at, entry_id, position"

# Joined pair by pair: with two arrays the server would try every id in every slice, or read the whole table.
LOAD = """
    SELECT originator_id, version, topic, state, due_at
    FROM unnest(%b::smallint[], %b::uuid[]) AS wanted (slice, originator_id)
    JOIN streams USING (slice, originator_id)
"""

FIND_ENTRIES = f"""
    SELECT {COLUMNS}
    FROM unnest(%b::smallint[], %b::uuid[]) AS wanted (slice, entry_id)
    JOIN events USING (slice, entry_id)
"""

HISTORY = """
    SELECT originator_version, topic, state, tenant, recorded_at, entry_id, position
    FROM events
    WHERE slice = %s
      AND originator_id = %s
    ORDER BY originator_version
"""

NOTIFICATIONS = f"""
    SELECT {COLUMNS}
    FROM events
    WHERE slice = 0
      AND position >= %s
      AND position <= %s
      AND (cardinality(%s::text[]) = 0 OR topic = ANY(%s::text[]))
    ORDER BY position
    LIMIT %s
"""


class LogRecorder:
    """What every recorder of the log shares: the database, the number of slices, the append."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._slices = 0
        self._hint = Hint(database)

    @property
    def slices(self) -> int:
        """Into how many slices this log was cut when it was made."""
        if not self._slices:
            try:
                with self.database.statement() as connection:
                    self._slices = int(one_value(connection, "SELECT count(*) FROM slices") or 0)
            except ProgrammingError as error:
                raise OperationalError(f"the log is not set up: run `milepost init` ({error})") from error
            if not self._slices:
                raise OperationalError("the log is not set up: run `milepost init`")
        return self._slices

    def append(
        self,
        events: Sequence[StoredEvent],
        snapshots: Iterable[Snapshot] = (),
        import_id: UUID | None = None,
        beside: Callable[[Connection], None] | None = None,
    ) -> list[int]:
        """Write the events, the snapshots and what `beside` writes, all or nothing; answer each event's position.

        What is written together was recorded at one moment: all events get the first one's `recorded_at`.
        """
        work = parts(events, snapshots, self.slices)
        if not work and beside is None:
            return []
        moment = next((one.recorded_at for one in events if isinstance(one, LogEvent) and one.recorded_at), None)
        moment = moment or datetime.now(UTC)
        if beside is None and len(work) < 2:
            with self.database.statement() as connection:
                return append(connection, work, moment, import_id, len(events))
        with self.database.transaction() as connection:
            positions = append(connection, work, moment, import_id, len(events))
            if beside is not None:
                beside(connection)
        return positions

    def _pairs(self, ids: Sequence[UUID]) -> tuple[bytes, bytes]:
        slices = self.slices
        return smallints([slice_of(id_, slices) for id_ in ids]), uuids(ids)


class AggregateLog(LogRecorder, AggregateRecorder):
    """Events of single streams."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append the events, all or none. Raises IntegrityError when a version or an entry id is taken."""
        if stored_events:
            self.append(stored_events)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LogEvent]:
        """The events of one stream in the order of their versions."""
        query = f"""
            SELECT {COLUMNS}
            FROM events
            WHERE slice = %s
              AND originator_id = %s
              AND originator_version > %s
              AND originator_version <= %s
            ORDER BY originator_version {"DESC" if desc else "ASC"}
            LIMIT %s
        """
        stream = (slice_of(cast(UUID, originator_id), self.slices), originator_id)
        arguments = (*stream, -1 if gt is None else gt, 2**31 - 1 if lte is None else lte, limit)
        with self.database.statement() as connection:
            rows = connection.execute(query, arguments, binary=True, prepare=True).fetchall()
        return [_event(row) for row in rows]


class ApplicationLog(Deadlines, AggregateLog, ApplicationRecorder):
    """The whole log: streams with their snapshots, entries by id, and (in a log of one slice) notifications."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        snapshots: Iterable[Snapshot] = (),
        people: Iterable[Person] = (),
        import_id: UUID | None = None,
        **kwargs: Any,
    ) -> Sequence[int] | None:
        """Append events, their streams' snapshots and personal data, all or none; answer the positions.

        Raises IntegrityError when somebody else wrote to one of the streams first, or an entry id is taken.
        """
        known = tuple(people)
        beside = partial(upsert_people, people=known, slices=self.slices) if known else None
        positions = self.append(stored_events, snapshots, import_id, beside)
        if positions:
            self._hint.give()
        return positions

    def read_stream(self, originator_id: UUID) -> list[tuple[Any, ...]]:
        """The whole of one stream in the order of its versions, row by row as `EventMapper.history` takes it."""
        with self.database.statement() as connection:
            arguments = (slice_of(originator_id, self.slices), originator_id)
            return connection.execute(HISTORY, arguments, binary=True, prepare=True).fetchall()

    def load_streams(self, ids: Sequence[UUID]) -> Streams:
        """The latest snapshot of each stream that exists, one query for all of them."""
        if not ids:
            return {}
        pairs = self._pairs(ids)
        with self.database.statement() as connection:
            rows = connection.execute(LOAD, pairs, binary=True, prepare=True).fetchall()
        return {row[0]: Stream._make(row) for row in rows}

    def find_entries(self, entry_ids: Sequence[UUID]) -> dict[UUID, LogEvent]:
        """The events that recorded these entries, by entry id."""
        if not entry_ids:
            return {}
        pairs = self._pairs(entry_ids)
        with self.database.statement() as connection:
            rows = connection.execute(FIND_ENTRIES, pairs, binary=True, prepare=True).fetchall()
        return {row[6]: _event(row) for row in rows}

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Positions `start`..`stop` of the only slice. A log of several slices has no single order to read."""
        self._refuse_several_slices()
        first = (start or 0) + (0 if inclusive_of_start or start is None else 1)
        arguments = (first, 2**63 - 1 if stop is None else stop, list(topics), list(topics), limit)
        with self.database.statement() as connection:
            rows = connection.execute(NOTIFICATIONS, arguments, binary=True).fetchall()
        return [
            Notification(originator_id, version, topic, state.encode(), position)
            for originator_id, version, topic, state, *_, position in rows
        ]

    def max_notification_id(self) -> int | None:
        """The last position of the only slice; None while it is empty."""
        self._refuse_several_slices()
        with self.database.statement() as connection:
            head: int | None = one_value(connection, "SELECT nullif(head, 0) FROM slices WHERE slice = 0")
            return head

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Notifications of a log of one slice as they come, polled."""
        self._refuse_several_slices()
        return PollingSubscription(self, gt=gt, topics=topics)

    def _refuse_several_slices(self) -> None:
        if self.slices > 1:
            raise NotSupportedError(f"the log has {self.slices} slices: read each by its own positions")


def _event(row: Sequence[Any]) -> LogEvent:
    originator_id, version, topic, state, *beside = row
    return LogEvent(originator_id, version, topic, state.encode(), *beside)


def one_value(connection: Connection, query: str, arguments: Sequence[Any] = ()) -> Any:
    row = connection.execute(query, arguments).fetchone()
    return row[0] if row else None
