"""Tracking: how far processes of the eventsourcing library have worked off somebody else's notifications."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, ProcessRecorder, StoredEvent, Tracking, TrackingRecorder
from psycopg import Connection

from eventstore.people import upsert_people
from eventstore.recorders import ApplicationLog, LogRecorder, one_value
from eventstore.stored import Person, Snapshot


class TrackingLog(LogRecorder, TrackingRecorder):
    """Positions that the library's own projection runner has worked off."""

    def insert_tracking(self, tracking: Tracking) -> None:
        """Note a position. Raises IntegrityError when this one or a later one was noted before."""
        with self.database.statement() as connection:
            _track(connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """The last position that was noted; None when there is none."""
        query = "SELECT max(notification_id) FROM tracking WHERE application_name = %s"
        with self.database.statement() as connection:
            latest: int | None = one_value(connection, query, (application_name,))
            return latest


class ProcessLog(TrackingLog, ApplicationLog, ProcessRecorder):
    """Events and tracking in one transaction."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        snapshots: Iterable[Snapshot] = (),
        people: Iterable[Person] = (),
        import_id: UUID | None = None,
        tracking: Tracking | None = None,
        **kwargs: Any,
    ) -> Sequence[int] | None:
        """Append as an application does, and note in the same transaction what has been worked off."""

        def beside(connection: Connection) -> None:
            upsert_people(connection, people, self.slices)
            if tracking is not None:
                _track(connection, tracking)

        return self.append(stored_events, snapshots, import_id, beside)


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
