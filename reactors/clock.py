"""The clock: windows seal by themselves, and this process writes it down (RULES 6)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby
from threading import Event as Flag

import psycopg
from eventsourcing.persistence import PersistenceError

from domain.application import ProgressLog
from domain.errors import Busy
from projections.database import connect_watched
from projections.following.heartbeat import Heartbeat, process_id
from reactors.following import STATEMENT_MILLISECONDS

LOCKS = 0x636C6F63  # The class of the clocks' advisory locks, one a slice: "cloc" in ASCII.
BATCH = 500
IDLE_SECONDS = 1.0


class Clock:
    """Writes down what is due. Several may run: a slice is worked off by one of them at a time.

    The lock only spares double work. What keeps an engagement from being handled twice is its version, so a clock
    that is killed at any point loses nothing, and an entry that comes at the same moment wins.
    """

    def __init__(self, database_url: str) -> None:
        self.id = process_id()
        self._database_url = database_url
        self._log = ProgressLog(database_url, DATABASE_STATEMENT_TIMEOUT=STATEMENT_MILLISECONDS)
        self._heartbeat = Heartbeat("clock", self.id)
        self._connection: psycopg.Connection | None = None

    def step(self, now: datetime) -> int:
        """Seal everything that is due at `now`; how many events that wrote."""
        return sum(self._work_off(slice_number, now) for slice_number in self._log.log_recorder.due_slices(now))

    def run(self, stop: Flag, report: Callable[[str], None] = lambda message: None) -> None:
        """Follow the time until `stop` is set. A database that does not answer is asked again."""
        while not stop.is_set():
            try:
                self._beat()
                self.step(datetime.now(UTC))
                self._log.log_recorder.forget_imports()
            except (psycopg.OperationalError, PersistenceError, Busy) as error:
                report(f"the database does not answer, trying again: {error}")
                self._disconnect()
            stop.wait(IDLE_SECONDS)
        with suppress(psycopg.Error):
            self._heartbeat.leave(self._connect())

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._disconnect()
        self._log.close()

    def _work_off(self, slice_number: int, now: datetime) -> int:
        written = 0
        with self._locked(slice_number) as mine:
            while mine:
                due = self._log.log_recorder.due_streams(slice_number, now, BATCH)
                batch = sum(
                    self._log.advance(tenant, [one.originator_id for one in group], now=now)
                    for tenant, group in groupby(sorted(due, key=lambda one: one.tenant), key=lambda one: one.tenant)
                )
                written += batch
                self._beat()
                if not batch:  # Nothing is due any more, or others are writing to all that is: the next step sees.
                    break
        return written

    @contextmanager
    def _locked(self, slice_number: int) -> Iterator[bool]:
        """Whether this clock is the only one at work on the slice."""
        connection = self._connect()
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCKS, slice_number)).fetchone()
        mine = bool(row and row[0])
        try:
            yield mine
        finally:
            if mine and not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCKS, slice_number))

    def _beat(self) -> None:
        """Say that this clock is there, also in the middle of a long step."""
        if self._heartbeat.due():
            self._heartbeat.beat(self._connect())

    def _connect(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = connect_watched(self._database_url, "milepost clock")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def due(database_url: str, now: datetime, limit: int = 100) -> list[tuple[datetime, str, str]]:
    """What is due at `now` and not written down yet: (deadline, tenant, engagement), the earliest first."""
    with ProgressLog(database_url) as log:
        recorder = log.log_recorder
        found = [one for number in recorder.due_slices(now) for one in recorder.due_streams(number, now, limit)]
    return sorted((one.due_at, one.tenant, str(one.originator_id)) for one in found)[:limit]
