"""The border to PostgreSQL: a pool that opens after fork, and the driver's errors in the library's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import eventsourcing.persistence as errors
import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from eventstore.silence import CLIENT_OPTIONS, server_options, watched

MINIMUM_VERSION = 14_00_00

# Every query here is a lookup by key. Its plan is made once a connection, maybe while the tables are empty, and has to
# be right when they are full: nothing but nested loops over indexes is.
SETTINGS = {
    "timezone": "UTC",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

_ERRORS: tuple[tuple[type[Exception], type[Exception]], ...] = (
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
        self,
        url: str,
        *,
        pool_size: int = 10,
        pool_timeout: float = 5,
        statement_timeout: int = 30_000,
        lock_timeout: int = 2_000,
    ) -> None:
        self.url = url
        settings = {**SETTINGS, "statement_timeout": statement_timeout, "lock_timeout": lock_timeout}
        self._lock = Lock()
        self._opened = False
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=pool_timeout,
            connection_class=watched(statement_timeout / 1000),
            kwargs={
                "autocommit": True,
                "options": server_options(**settings),
                "application_name": "milepost",
                **CLIENT_OPTIONS,
            },
        )

    @contextmanager
    def statement(self) -> Iterator[Connection]:
        """A connection for one statement, which is a transaction of its own: one round trip.

        Raises the library's persistence errors in place of the driver's.
        """
        self._open()
        try:
            with self._pool.connection() as connection:
                _refuse_old_server(connection)
                yield connection
        except PoolTimeout as error:
            raise errors.OperationalError(self._reason(error)) from error
        except psycopg.Error as error:
            raise _translated(error) from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is committed at the end, or undone by an exception. Raises what `statement` does."""
        with self.statement() as connection, connection.transaction():
            yield connection

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._pool.close()

    def _open(self) -> None:
        if not self._opened:
            with self._lock:
                if not self._opened:
                    self._pool.open()
                    self._opened = True

    def _reason(self, error: PoolTimeout) -> str:
        """Why no connection came: the pool says only that it has waited."""
        if self._pool.get_stats().get("connections_errors"):
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.Error as reason:
                return str(reason).strip()
        return str(error)


def _translated(error: Exception) -> Exception:
    for driver, ours in _ERRORS:
        if isinstance(error, driver):
            return ours(str(error).strip() or type(error).__name__)
    return error


def _refuse_old_server(connection: Connection) -> None:
    if connection.pgconn.server_version < MINIMUM_VERSION:
        raise psycopg.NotSupportedError("PostgreSQL 14 or newer is needed")
