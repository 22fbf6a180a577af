"""Which streams are due, and the leases of imports that keep the clock away from what they feed (RULES 4 and 6)."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from eventsourcing.persistence import OperationalError

from eventstore.database import Database

# Both halves are index scans: streams that nobody feeds by their deadline, streams of imports that are over by import.
DUE_SLICES = """
    SELECT slice
    FROM slices
    WHERE EXISTS (
        SELECT
        FROM streams
        WHERE streams.slice = slices.slice
          AND due_at <= %(now)s
          AND import_id IS NULL
    )
    UNION
    SELECT streams.slice
    FROM imports
    JOIN streams ON streams.import_id = imports.id
    WHERE imports.expires_at <= clock_timestamp()
      AND streams.due_at <= %(now)s
"""

DUE = """
    (
        SELECT originator_id, state::json ->> 'tenant', due_at
        FROM streams
        WHERE slice = %(slice)s
          AND due_at <= %(now)s
          AND import_id IS NULL
        ORDER BY due_at
        LIMIT %(limit)s
    )
    UNION ALL
    (
        SELECT streams.originator_id, streams.state::json ->> 'tenant', streams.due_at
        FROM imports
        JOIN streams ON streams.import_id = imports.id
        WHERE imports.expires_at <= clock_timestamp()
          AND streams.due_at <= %(now)s
          AND streams.slice = %(slice)s
        LIMIT %(limit)s
    )
"""

FORGET_IMPORTS = """
    DELETE FROM imports
    WHERE expires_at < clock_timestamp() - interval '1 hour'
      AND NOT EXISTS (SELECT FROM streams WHERE streams.import_id = imports.id)
"""


class DueStream(NamedTuple):
    """A stream whose next deadline has come."""

    originator_id: UUID
    tenant: str
    due_at: datetime


class Deadlines:
    """The deadlines of streams and the leases of imports, in one database."""

    database: Database

    def due_slices(self, now: datetime) -> list[int]:
        """The slices in which a stream is due at `now`."""
        with self.database.statement() as connection:
            return sorted(row[0] for row in connection.execute(DUE_SLICES, {"now": now}))

    def due_streams(self, slice_number: int, now: datetime, limit: int = 500) -> list[DueStream]:
        """Some streams of a slice that are due at `now`. One that an import feeds at the moment is left out."""
        parameters = {"slice": slice_number, "now": now, "limit": limit}
        with self.database.statement() as connection:
            return [DueStream(*row) for row in connection.execute(DUE, parameters)]

    def begin_import(self, tenant: str, seconds: int = 60) -> UUID:
        """Take a lease for a backfill. It expires after `seconds` unless it is renewed."""
        import_id = uuid4()
        query = """
            INSERT INTO imports (id, tenant, expires_at)
            VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))
        """
        with self.database.statement() as connection:
            connection.execute(query, (import_id, tenant, seconds))
        return import_id

    def renew_import(self, import_id: UUID, seconds: int = 60) -> None:
        """Hold the lease for another `seconds` from now. Raises OperationalError when it is long over and forgotten.

        What a forgotten import fed would never come due.
        """
        if not self._extend(import_id, seconds):
            raise OperationalError(f"the lease of import {import_id} is gone: start the import again")

    def end_import(self, import_id: UUID) -> None:
        """Give the lease back: what the import fed is sealed in the ordinary way from now on."""
        self._extend(import_id, 0)

    def _extend(self, import_id: UUID, seconds: int) -> bool:
        query = "UPDATE imports SET expires_at = clock_timestamp() + make_interval(secs => %s) WHERE id = %s"
        with self.database.statement() as connection:
            return connection.execute(query, (seconds, import_id)).rowcount == 1

    def forget_imports(self) -> None:
        """Remove leases that are long over and whose streams have all moved on."""
        with self.database.statement() as connection:
            connection.execute(FORGET_IMPORTS)
