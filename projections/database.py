"""Connections for the projections: one for a process that works alone, a pool for readers."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

import psycopg
from psycopg import Connection
from psycopg.rows import RowFactory, args_row, dict_row, tuple_row
from psycopg_pool import ConnectionPool

from domain.errors import Busy
from eventstore.silence import CLIENT_OPTIONS, STATEMENT_SECONDS, server_options, watched
from projections.change import schema_of
from projections.rebuilding.copying import let_copy_json
from projections.versions import VERSIONS

Row = TypeVar("Row")


def connect(database_url: str, application_name: str, known: Mapping[str, int] = VERSIONS) -> Connection:
    """One connection, autocommit, in UTC, that finds the read tables of the versions that are known here."""
    connection = psycopg.connect(
        database_url,
        autocommit=True,
        options=server_options(timezone="UTC", lock_timeout="5s", search_path=search_path(known)),
        application_name=application_name,
        **CLIENT_OPTIONS,
    )
    let_copy_json(connection)
    return connection


def connect_watched(
    database_url: str,
    application_name: str,
    known: Mapping[str, int] = VERSIONS,
    *,
    idle_seconds: float = 60.0,
) -> Connection:
    """The same for a process that follows the log or the time: no statement of it may take more than five seconds.

    A database that has fallen silent is given up a second later, with an OperationalError. The database for its part
    gives up a process that says nothing for `idle_seconds`, stopped or cut off: others take over what it has locked.
    """
    connection = watched().connect(
        database_url,
        autocommit=True,
        options=server_options(
            timezone="UTC",
            lock_timeout="3s",
            statement_timeout=f"{STATEMENT_SECONDS:g}s",
            idle_in_transaction_session_timeout=f"{idle_seconds:g}s",
            idle_session_timeout=f"{idle_seconds:g}s",
            search_path=search_path(known),
        ),
        application_name=application_name,
        **CLIENT_OPTIONS,
    )
    let_copy_json(connection)
    return connection


def search_path(known: Mapping[str, int] = VERSIONS) -> str:
    """The schemas of the versions that this release reads: an older one beside it goes on with its own tables."""
    return ",".join([*(schema_of(name, version) for name, version in known.items()), "public"])


class Reader:
    """Reads the read tables through a pool that a process opens when it first needs it (after fork).

    No answer takes more than `statement_seconds`; a connection that is silent for longer is given up.
    """

    def __init__(
        self,
        database_url: str,
        *,
        pool_size: int = 10,
        timeout: float = 5.0,
        statement_seconds: float = 8.0,
        known: Mapping[str, int] = VERSIONS,
    ) -> None:
        self._lock = Lock()
        self._opened = False
        self._slices = 0
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            database_url,
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=timeout,
            connection_class=watched(statement_seconds),
            kwargs={
                "autocommit": True,
                "options": server_options(
                    timezone="UTC", statement_timeout=f"{statement_seconds * 1000:.0f}", search_path=search_path(known)
                ),
                "application_name": "milepost reader",
                **CLIENT_OPTIONS,
            },
        )

    @property
    def slices(self) -> int:
        """Into how many slices the log is cut."""
        if not self._slices:
            self._slices = int(self.value("SELECT count(*) FROM slices") or 0)
        return self._slices

    def rows(self, row_type: type[Row], query: str, parameters: dict[str, Any]) -> list[Row]:
        """All rows, each given to `row_type` column by column (a dict: by name)."""
        with self._connection() as connection, connection.cursor(row_factory=_factory(row_type)) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def row(self, row_type: type[Row], query: str, parameters: dict[str, Any]) -> Row | None:
        """The first row, or None."""
        with self._connection() as connection, connection.cursor(row_factory=_factory(row_type)) as cursor:
            return cursor.execute(query, parameters).fetchone()

    def value(self, query: str, parameters: dict[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        with self._connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(query, parameters).fetchone()
            return row[0] if row else None

    def write(self, query: str, parameters: dict[str, Any]) -> int:
        """Run a statement that changes rows; how many. For tables that no projection fills (access)."""
        with self._connection() as connection:
            return connection.execute(query, parameters).rowcount

    @contextmanager
    def turn(self, kind: str, names: Iterable[str]) -> Iterator[None]:
        """Let one at a time do something to what has these names. Raises Busy when the others take too long."""
        with self._connection() as connection, connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '5s'")
            for name in sorted(names):  # In one order, so that no two wait for each other.
                connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", (kind, name))
            yield

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._pool.close()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if not self._opened:
            with self._lock:
                if not self._opened:
                    self._pool.open()
                    self._opened = True
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise Busy(f"the read tables did not answer: {error}") from error


def _factory(row_type: type[Row]) -> RowFactory[Row]:
    factory: Any = dict_row if row_type is dict else args_row(row_type)
    return factory  # type: ignore[no-any-return]
