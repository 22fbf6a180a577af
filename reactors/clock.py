"""The clock: windows seal by themselves, and this process writes it down (RULES 6)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from threading import Event as Flag

from domain.application import ProgressLog
from projections.following.going_on import Report, report_nothing
from reactors.at_work import STATEMENT_MILLISECONDS, AtWork

LOCKS = 0x636C6F63  # The class of the clocks' advisory locks, one a slice: "cloc" in ASCII.
BATCH = 500
IDLE_SECONDS = 1.0


class Clock:
    """Writes down what is due. Several may run: a slice is worked off by one of them at a time.

    The lock only spares double work. What keeps an engagement from being handled twice is its version, so a clock
    that is killed at any point loses nothing, and an entry that comes at the same moment wins.
    """

    def __init__(self, database_url: str) -> None:
        self._log = ProgressLog(database_url, DATABASE_STATEMENT_TIMEOUT=STATEMENT_MILLISECONDS)
        self._work = AtWork(database_url, "clock")

    def step(self, now: datetime) -> int:
        """Seal everything that is due at `now`; how many events that wrote."""
        return sum(self._work_off(slice_number, now) for slice_number in self._log.log_recorder.due_slices(now))

    def run(self, stop: Flag, report: Report = report_nothing) -> None:
        """Follow the time until `stop` is set. A database that does not answer is asked again."""
        self._work.run(stop, report, self._step_now, IDLE_SECONDS)

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._work.close()
        self._log.close()

    def _step_now(self) -> int:
        """A step of this moment. The clock rests after every one: time goes on whatever was done."""
        self.step(datetime.now(UTC))
        self._log.log_recorder.forget_imports()
        return 0

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
                self._work.beat()
                if not batch:  # Nothing is due any more, or others are writing to all that is: the next step sees.
                    break
        return written

    @contextmanager
    def _locked(self, slice_number: int) -> Iterator[bool]:
        """Whether this clock is the only one at work on the slice."""
        connection = self._work.connection()
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCKS, slice_number)).fetchone()
        mine = bool(row and row[0])
        try:
            yield mine
        finally:
            if mine and not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCKS, slice_number))


def due(database_url: str, now: datetime, limit: int = 100) -> list[tuple[datetime, str, str]]:
    """What is due at `now` and not written down yet: (deadline, tenant, engagement), the earliest first."""
    with ProgressLog(database_url) as log:
        recorder = log.log_recorder
        found = [one for number in recorder.due_slices(now) for one in recorder.due_streams(number, now, limit)]
    return sorted((one.due_at, one.tenant, str(one.originator_id)) for one in found)[:limit]
