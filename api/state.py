"""What the running app holds: its settings, its clock, the way to the log and to the read tables."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask, current_app, g

from api.settings import Settings
from domain.application import ProgressLog
from projections.database import Reader

if TYPE_CHECKING:
    from api.access.callers import Admission, Caller

EXTENSION = "milepost"
STATEMENT_MILLISECONDS = "8000"  # A request to a database that is silent for longer is answered with 503.


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class State:
    """One process's way to the database. Nothing is connected before the first question, so workers may fork."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime], admission: "Admission") -> None:
        self.settings = settings
        self.clock = clock
        self.reader = Reader(settings.database_url, pool_size=settings.threads + 2)
        # For those who ask whether all is well: it never waits for the connections that others use.
        self.probe = Reader(settings.database_url, pool_size=1, timeout=3.0, statement_seconds=2.0)
        self.admission = admission
        self._lock = Lock()
        self._log: ProgressLog | None = None
        self._migrated = False

    @property
    def log(self) -> ProgressLog:
        """The application of the domain, made when it is first needed."""
        if self._log is None:
            with self._lock:
                if self._log is None:
                    pool = str(self.settings.threads + 2)
                    self._log = ProgressLog(
                        self.settings.database_url,
                        DATABASE_POOL_SIZE=pool,
                        DATABASE_STATEMENT_TIMEOUT=STATEMENT_MILLISECONDS,
                    )
        return self._log

    def missing_migrations(self) -> list[str]:
        """The steps that the database's schema lacks. Steps never go away, so one good answer is enough."""
        if not self._migrated:
            missing = self.log.factory.pending_migrations()
            self._migrated = not missing
            return missing
        return []

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        self.reader.close()
        self.probe.close()
        if self._log is not None:
            self._log.close()
            self._log = None


def state_of(app: Flask) -> State:
    """The state of an app, also outside of a request."""
    state: State = app.extensions[EXTENSION]
    return state


def settings() -> Settings:
    """The settings of the running app."""
    return state_of(current_app).settings


def reader() -> Reader:
    """The read tables."""
    return state_of(current_app).reader


def probe() -> Reader:
    """The read tables, for a question that must not take longer than a few seconds."""
    return state_of(current_app).probe


def progress_log() -> ProgressLog:
    """The log: commands in, positions and outcomes out."""
    return state_of(current_app).log


def missing_migrations() -> list[str]:
    """The steps that the database's schema lacks."""
    return state_of(current_app).missing_migrations()


def now() -> datetime:
    """The time by the app's clock; the same for the whole request."""
    moment: datetime | None = g.get("now")
    if moment is None:
        moment = g.now = state_of(current_app).clock()
    return moment


def caller() -> "Caller":
    """Who asks. Only a view that `requires` a scope may call this."""
    found: Caller = g.caller
    return found
