"""Databases for the tests: each test gets a migrated one of its own, copied from a template that is migrated once."""

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from eventstore.embedded import EmbeddedPostgres
from eventstore.migrations import migrate
from projections.schema import prepare

SLICES = 4
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
ROOM = 4 << 30  # Bytes of memory disk that must be free before a test server may live there.

# The databases of one session share a name that no other session on the same server has.
_session = f"milepost_test_{uuid4().hex[:12]}"
_numbers = count(1)

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("milepost", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
# CI judges a change by the same examples each time; those who work on it look for new ones.
hypothesis.settings.register_profile(
    "ci", hypothesis.settings.get_profile("milepost"), print_blob=True, derandomize=True
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "milepost")


def pytest_configure() -> None:
    # A test run that is told to end takes its server and its databases with it, as it does after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse two tests with one id: where every core has a process, only one of them would run."""
    several = [identifier for identifier, times in Counter(item.nodeid for item in items).items() if times > 1]
    if several:
        raise pytest.UsageError(f"these ids stand for several tests each: {', '.join(several)}")


@pytest.fixture(scope="session")
def fast_folder() -> Path | None:
    """Where servers of tests keep their data: a memory disk with room, or None for the ordinary temporary folder."""
    # Some disks take ten times as long to make or copy a database.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return memory if roomy else None


@pytest.fixture(scope="session")
def server_url(fast_folder: Path | None) -> Iterator[str]:
    """A database on the server of the tests: the one that DATABASE_URL names, or an embedded one that forgets."""
    if url := os.environ.get("DATABASE_URL"):
        _require_createdb(url)
        yield url
        return
    with TemporaryDirectory(prefix="milepost-tests-", dir=fast_folder) as folder:
        with EmbeddedPostgres(Path(folder), settings=FORGETFUL) as url:
            yield url


@pytest.fixture(scope="session")
def template_url(server_url: str) -> Iterator[str]:
    """A migrated database of four slices. Tests copy it and never connect to it."""
    with _database(server_url) as url:
        migrate(url, slices=SLICES)
        prepare(url)
        yield url


@pytest.fixture
def database_url(server_url: str, template_url: str) -> Iterator[str]:
    """A migrated database of four slices that only this test uses."""
    with _database(server_url, template=_name(template_url)) as url:
        yield url


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A database without any tables that only this test uses."""
    with _database(server_url) as url:
        yield url


@pytest.fixture
def rows(database_url: str) -> Callable[..., list[tuple]]:
    """What a query of the test itself finds, whatever the code says."""

    def rows(query: str, *arguments: object) -> list[tuple]:
        with psycopg.connect(database_url, options="-c timezone=UTC") as connection:
            return connection.execute(query, arguments).fetchall()

    return rows


@contextmanager
def _database(server_url: str, template: str = "template1") -> Iterator[str]:
    # A connection per statement, none kept: a test that forks would take a kept one along.
    name = f"{_session}_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    try:
        yield _renamed(server_url, name)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            _await_goodbyes(connection, name)
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _await_goodbyes(connection: psycopg.Connection, name: str) -> None:
    """Let closed connections end by themselves for a moment: forcing them out costs DROP DATABASE 100 ms."""
    for _ in range(20):
        if not connection.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", (name,)).fetchone():
            return
        time.sleep(0.002)


def _require_createdb(url: str) -> None:
    with psycopg.connect(url) as connection:
        role = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = current_user AND NOT (rolcreatedb OR rolsuper)"
        ).fetchone()
    if role:
        reason = f"DATABASE_URL: the tests make databases, and {role[0]} may not: ALTER ROLE {role[0]} CREATEDB"
        pytest.fail(reason, pytrace=False)


def _renamed(url: str, name: str) -> str:
    start, mark, options = url.partition("?")
    scheme, _, rest = start.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{name}{mark}{options}"


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]
