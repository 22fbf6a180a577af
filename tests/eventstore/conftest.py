"""The log of a test: its recorder, and what is written into it."""

from collections.abc import Iterator

import psycopg
import pytest

from eventstore.database import Database
from eventstore.recorders import ApplicationLog


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def log(database: Database) -> ApplicationLog:
    """A log of four slices."""
    return ApplicationLog(database)


@pytest.fixture
def one_slice_url(database_url: str) -> str:
    """A database whose log is one slice."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM slices WHERE slice > 0")
    return database_url
