"""The server of a run: an embedded PostgreSQL that loses nothing, and a fresh database for every measurement."""

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from os import cpu_count
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.sql import SQL, Identifier

from eventstore.embedded import EmbeddedPostgres
from eventstore.migrations import migrate
from projections.schema import prepare

SLICES = 64
COMMITS = 100
SHOWN = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
)


class Server:
    """Milepost's embedded PostgreSQL with its own settings, those that `milepost serve` runs it with."""

    def __init__(self, folder: Path) -> None:
        self._postgres = EmbeddedPostgres(folder)
        self._url = ""
        self._numbers = count(1)

    def __enter__(self) -> "Server":
        self._url = self._postgres.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._postgres.release()

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a database without tables, which goes when the measurement is over."""
        name = f"bench_{next(self._numbers)}"
        self._do(SQL("CREATE DATABASE {}").format(Identifier(name)))
        parts = urlsplit(self._url)
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            self._do(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The URL of a database with a log of 64 slices and the read tables."""
        with self.empty() as url:
            migrate(url, slices=SLICES)
            prepare(url)
            yield url

    def rest(self) -> None:
        """Write out what earlier measurements left in memory, so that the next one does not pay for it."""
        self._do(SQL("CHECKPOINT"))

    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        with psycopg.connect(self._url) as connection:
            shown = {name: connection.execute(SQL("SHOW {}").format(Identifier(name))).fetchone() for name in SHOWN}
        database = ", ".join(f"{name} {value[0]}" for name, value in shown.items() if value)
        commit = f"a commit of one row takes {self._commit_seconds() * 1e6:,.0f} µs"
        machine = f"{platform.system()} {platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}"
        return {"database": f"embedded, {SLICES} slices, Unix socket, {database}", "disk": commit, "machine": machine}

    def _commit_seconds(self) -> float:
        seconds = []
        with self.empty() as url, psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE written (number integer)")
            for number in range(COMMITS):
                began = time.perf_counter()
                connection.execute("INSERT INTO written VALUES (%s)", (number,))
                seconds.append(time.perf_counter() - began)
        return median(seconds)

    def _do(self, statement: Any) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement)
