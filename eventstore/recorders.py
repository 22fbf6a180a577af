"""The recorders: append to slices, read streams and slices, find entries by their permanent ids."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    NotSupportedError,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from psycopg import Connection

from domain.ids import slice_of
from eventstore.database import Database
from eventstore.deadlines import Deadlines
from eventstore.people import upsert_people
from eventstore.stored import LogEvent, Person, Snapshot, Stream, Streams
from eventstore.subscription import PollingSubscription

APPEND = """
    SELECT append_events(
        %b::smallint, %b::timestamptz,
        %b::uuid[], %b::integer[], %b::text[], %b::text[], %b::uuid[], %b::text[],
        %b::uuid[], %b::integer[], %b::text[], %b::text[], %b::timestamptz[], %b::uuid
    )
"""

COLUMNS = "originator_id, originator_version, topic, state, tenant, recorded_at, entry_id, position"

LOAD = """
    SELECT originator_id, version, topic, state, due_at
    FROM streams
    WHERE slice = ANY(%b::smallint[])
      AND originator_id = ANY(%b::uuid[])
"""

FIND_ENTRIES = f"""
    SELECT {COLUMNS}
    FROM events
    WHERE slice = ANY(%b::smallint[])
      AND entry_id = ANY(%b::uuid[])
"""


class LogRecorder:
    """What every recorder of the log shares: the database, the number of slices, the append."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._slices = 0

    @property
    def slices(self) -> int:
        """Into how many slices this log was cut when it was made."""
        if not self._slices:
            with self.database.transaction() as connection:
                self._slices = int(_one(connection, "SELECT count(*) FROM slices") or 0)
            if not self._slices:
                raise OperationalError("the log is not set up: run `milepost init`")
        return self._slices

    def append(
        self,
        connection: Connection,
        events: Sequence[StoredEvent],
        snapshots: Iterable[Snapshot] = (),
        import_id: UUID | None = None,
        recorded_at: datetime | None = None,
    ) -> list[int]:
        """Append in one call a slice, slices in ascending order; answer each event's position in its slice."""
        moment = recorded_at or next(
            (event.recorded_at for event in events if isinstance(event, LogEvent) and event.recorded_at), None
        )
        moment = moment or datetime.now(UTC)
        order = sorted(range(len(events)), key=lambda index: self._slice_of_event(events[index]))
        of_slice: dict[int, list[Snapshot]] = {}
        for snapshot in snapshots:
            of_slice.setdefault(slice_of(snapshot.originator_id, self.slices), []).append(snapshot)
        positions = [0] * len(events)
        for number, group in groupby(order, key=lambda index: self._slice_of_event(events[index])):
            indexes = list(group)
            arguments = _arguments(number, moment, [events[i] for i in indexes], of_slice.get(number, ()), import_id)
            last = int(_one(connection, APPEND, arguments) or 0)
            for offset, index in enumerate(indexes):
                positions[index] = last - len(indexes) + 1 + offset
        return positions

    def _slice_of_event(self, event: StoredEvent) -> int:
        return slice_of(cast(UUID, event.originator_id), self.slices)


class AggregateLog(LogRecorder, AggregateRecorder):
    """Events of single streams."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append the events, all or none. Raises IntegrityError when a version or an entry id is taken."""
        if stored_events:
            with self.database.transaction() as connection:
                self.append(connection, stored_events)
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
        slice_number = slice_of(cast(UUID, originator_id), self.slices)
        bounds = (-1 if gt is None else gt, 2**31 - 1 if lte is None else lte)
        with self.database.transaction() as connection:
            rows = connection.execute(query, (slice_number, originator_id, *bounds, limit), binary=True)
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
        if not stored_events:
            return []
        with self.database.transaction() as connection:
            positions = self.append(connection, stored_events, snapshots, import_id)
            upsert_people(connection, people, self.slices)
        return positions

    def load_streams(self, ids: Sequence[UUID]) -> Streams:
        """The latest snapshot of each stream that exists, one query for all of them."""
        with self.database.transaction() as connection:
            rows = connection.execute(LOAD, ([*{slice_of(id_, self.slices) for id_ in ids}], list(ids)), binary=True)
            return {row[0]: Stream(*row) for row in rows}

    def find_entries(self, entry_ids: Sequence[UUID]) -> dict[UUID, LogEvent]:
        """The events that recorded these entries, by entry id."""
        slices = [*{slice_of(id_, self.slices) for id_ in entry_ids}]
        with self.database.transaction() as connection:
            rows = connection.execute(FIND_ENTRIES, (slices, list(entry_ids)), binary=True)
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
        query = f"""
            SELECT {COLUMNS}
            FROM events
            WHERE slice = 0
              AND position >= %s
              AND position <= %s
              AND (cardinality(%s::text[]) = 0 OR topic = ANY(%s::text[]))
            ORDER BY position
            LIMIT %s
        """
        first = (start or 0) + (0 if inclusive_of_start or start is None else 1)
        bounds = (first, 2**63 - 1 if stop is None else stop)
        with self.database.transaction() as connection:
            rows = connection.execute(query, (*bounds, list(topics), list(topics), limit), binary=True)
            return [
                Notification(
                    originator_id=row[0], originator_version=row[1], topic=row[2], state=row[3].encode(), id=row[7]
                )
                for row in rows
            ]

    def max_notification_id(self) -> int | None:
        """The last position of the only slice; None while it is empty."""
        self._refuse_several_slices()
        with self.database.transaction() as connection:
            head: int | None = _one(connection, "SELECT nullif(head, 0) FROM slices WHERE slice = 0")
            return head

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Notifications of a log of one slice as they come, polled."""
        self._refuse_several_slices()
        return PollingSubscription(self, gt=gt, topics=topics)

    def _refuse_several_slices(self) -> None:
        if self.slices > 1:
            raise NotSupportedError(f"the log has {self.slices} slices: read each by its own positions")


class TrackingLog(LogRecorder, TrackingRecorder):
    """Positions that the library's own projection runner has worked off."""

    def insert_tracking(self, tracking: Tracking) -> None:
        with self.database.transaction() as connection:
            _track(connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        query = "SELECT max(notification_id) FROM tracking WHERE application_name = %s"
        with self.database.transaction() as connection:
            latest: int | None = _one(connection, query, (application_name,))
            return latest


class ProcessLog(TrackingLog, ApplicationLog, ProcessRecorder):
    """Events and tracking in one transaction."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, tracking: Tracking | None = None, **kwargs: Any
    ) -> Sequence[int] | None:
        with self.database.transaction() as connection:
            positions = self.append(connection, stored_events)
            if tracking is not None:
                _track(connection, tracking)
        return positions


def _arguments(
    number: int,
    moment: datetime,
    events: Sequence[StoredEvent],
    snapshots: Sequence[Snapshot],
    import_id: UUID | None,
) -> tuple[Any, ...]:
    return (
        number,
        moment,
        [event.originator_id for event in events],
        [event.originator_version for event in events],
        [event.topic for event in events],
        [event.state.decode() for event in events],
        [getattr(event, "entry_id", None) for event in events],
        [getattr(event, "tenant", "") for event in events],
        [snapshot.originator_id for snapshot in snapshots],
        [snapshot.version for snapshot in snapshots],
        [snapshot.topic for snapshot in snapshots],
        [snapshot.state for snapshot in snapshots],
        [snapshot.due_at for snapshot in snapshots],
        import_id,
    )


def _event(row: Sequence[Any]) -> LogEvent:
    return LogEvent(
        originator_id=row[0],
        originator_version=row[1],
        topic=row[2],
        state=row[3].encode(),
        tenant=row[4],
        recorded_at=row[5],
        entry_id=row[6],
        position=row[7],
    )


def _one(connection: Connection, query: str, arguments: Sequence[Any] = ()) -> Any:
    row = connection.execute(query, arguments).fetchone()
    return row[0] if row else None


def _track(connection: Connection, tracking: Tracking) -> None:
    """A gap cannot be filled later: ids only grow."""
    query = """
        INSERT INTO tracking (application_name, notification_id)
        SELECT %(name)s, %(id)s
        WHERE NOT EXISTS (
            SELECT FROM tracking WHERE application_name = %(name)s AND notification_id >= %(id)s
        )
    """
    parameters = {"name": tracking.application_name, "id": tracking.notification_id}
    if connection.execute(query, parameters).rowcount != 1:
        raise IntegrityError(f"{tracking.application_name} has worked off {tracking.notification_id} already")
