"""The border to PostgreSQL: a pool that opens after fork, and the driver's errors in the library's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import eventsourcing.persistence as errors
import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

MINIMUM_VERSION = 14_00_00

_ERRORS: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (PoolTimeout, errors.OperationalError),
    (psycopg.InterfaceError, errors.InterfaceError),
    (psycopg.IntegrityError, errors.IntegrityError),
    (psycopg.DataError, errors.DataError),
    (psycopg.OperationalError, errors.OperationalError),
    (psycopg.InternalError, errors.InternalError),
    (psycopg.ProgrammingError, errors.ProgrammingError),
    (psycopg.NotSupportedError, errors.NotSupportedError),
    (psycopg.Error, errors.PersistenceError),
)


class Database:
    """One database, seen through a pool of connections that a process opens when it first needs one."""

    def __init__(
        self, url: str, *, pool_size: int = 10, statement_timeout: int = 30_000, lock_timeout: int = 2_000
    ) -> None:
        self.url = url
        self._lock = Lock()
        self._opened = False
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=10,
            kwargs={
                "options": f"-c timezone=UTC -c statement_timeout={statement_timeout} -c lock_timeout={lock_timeout}",
                "connect_timeout": 5,
                "tcp_user_timeout": 10_000,
                "keepalives_idle": 5,
                "application_name": "milepost",
            },
            configure=_refuse_old_servers,
            check=None,
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is committed at the end, or undone by an exception.

        Raises the library's persistence errors in place of the driver's.
        """
        self._open()
        try:
            with self._pool.connection() as connection:
                yield connection
        except tuple(driver for driver, _ in _ERRORS) as error:
            raise _translated(error) from error

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._pool.close()

    def _open(self) -> None:
        if not self._opened:
            with self._lock:
                if not self._opened:
                    self._pool.open()
                    self._opened = True


def _translated(error: Exception) -> Exception:
    for driver, ours in _ERRORS:
        if isinstance(error, driver):
            return ours(str(error).strip() or type(error).__name__)
    return error


def _refuse_old_servers(connection: Connection) -> None:
    if connection.info.server_version < MINIMUM_VERSION:
        raise psycopg.NotSupportedError("PostgreSQL 14 or newer is needed")
