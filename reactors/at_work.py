"""At work: what reactors have in common, a connection, a heartbeat, and going on until they are told to stop."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event as Flag

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg import Connection

from domain.errors import Busy
from projections.database import connect_watched
from projections.following.going_on import Report, go_on
from projections.following.heartbeat import Heartbeat, process_id

STATEMENT_MILLISECONDS = "5000"  # What reactors tell the log: a database that is silent for longer is given up.
UNREACHABLE = (psycopg.OperationalError, PersistenceError, Busy)


class AtWork:
    """A process beside the api while it works. `begin` makes a new connection fit; `detail` says what stops it."""

    def __init__(
        self,
        database_url: str,
        name: str,
        *,
        begin: Callable[[Connection], object] = lambda connection: None,
        detail: Callable[[], str] = lambda: "",
    ) -> None:
        self._database_url = database_url
        self._name = name
        self._begin = begin
        self._detail = detail
        self._heartbeat = Heartbeat(name, process_id())
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """The connection, made when it is first needed, and again after it was closed."""
        if self._connection is None:
            self._connection = connect_watched(self._database_url, f"milepost {self._name}")
            self._begin(self._connection)
        return self._connection

    def beat(self) -> None:
        """Say that the process is there, if it is time to: also in the middle of a long step."""
        if self._heartbeat.due():
            self._heartbeat.beat(self.connection(), self._detail())

    def run(self, stop: Flag, report: Report, step: Callable[[], int], rest_seconds: float) -> None:
        """Take steps until `stop` is set, and rest after one that found nothing to do.

        What stops the work is reported once. A database that does not answer is asked again.
        """
        told = ""

        def turn() -> None:
            nonlocal told
            self.beat()
            done = step()
            detail = self._detail()
            if detail and detail != told:
                report(detail)
            told = detail
            if not done:
                stop.wait(rest_seconds)

        go_on(stop, turn, lambda error: isinstance(error, UNREACHABLE), self.close, report)
        with suppress(psycopg.Error):
            self._heartbeat.leave(self.connection())

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
