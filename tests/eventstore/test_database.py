"""The border to PostgreSQL: what is one transaction, and in whose words an error arrives."""

import time
from contextlib import suppress
from datetime import timedelta

import eventsourcing.persistence as errors
import psycopg
import pytest

from eventstore.database import Database


@pytest.fixture
def notes(database: Database) -> Database:
    with database.statement() as connection:
        connection.execute("CREATE TABLE notes (id integer PRIMARY KEY)")
    return database


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("INSERT INTO notes VALUES (1), (1)", errors.IntegrityError),
        ("INSERT INTO notes VALUES (NULL)", errors.IntegrityError),
        ("SELECT 1 / 0", errors.DataError),
        ("SELECT 'x'::uuid", errors.DataError),
        ("SELECT * FROM nowhere", errors.ProgrammingError),
        ("SELEC", errors.ProgrammingError),
        ("SET statement_timeout = 1; SELECT pg_sleep(5)", errors.OperationalError),
        ("SELECT pg_terminate_backend(pg_backend_pid())", errors.OperationalError),
        ("BEGIN READ ONLY; CREATE TABLE more ()", errors.InternalError),
        ("SELECT count(*) FROM notes FOR UPDATE", errors.NotSupportedError),
    ],
)
def test_an_error_of_the_driver_arrives_as_one_of_the_library(notes: Database, query: str, error: type[Exception]):
    with pytest.raises(error) as raised, notes.statement() as connection:
        connection.execute(query)

    assert isinstance(raised.value.__cause__, psycopg.Error)
    assert str(raised.value) == str(raised.value.__cause__).strip()


def test_an_error_of_the_caller_arrives_as_it_is(notes: Database):
    with pytest.raises(ZeroDivisionError), notes.transaction():
        _ = 1 / 0


def test_a_transaction_is_undone_by_any_exception(notes: Database):
    with suppress(ZeroDivisionError), notes.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES (1)")
        _ = 1 / 0
    with suppress(errors.IntegrityError), notes.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES (2)")
        connection.execute("INSERT INTO notes VALUES (2)")

    with notes.statement() as connection:
        assert connection.execute("SELECT * FROM notes").fetchall() == []


def test_a_statement_is_committed_at_once(notes: Database):
    with suppress(errors.IntegrityError), notes.statement() as connection:
        connection.execute("INSERT INTO notes VALUES (1)")
        connection.execute("INSERT INTO notes VALUES (1)")

    with notes.statement() as connection:
        assert connection.execute("SELECT * FROM notes").fetchall() == [(1,)]


def test_moments_are_in_utc(database: Database):
    with database.statement() as connection:
        moment = connection.execute("SELECT '2026-03-01 12:00+02'::timestamptz").fetchone()[0]

    assert (moment.isoformat(), moment.utcoffset()) == ("2026-03-01T10:00:00+00:00", timedelta())


def test_nobody_waits_for_a_lock_longer_than_allowed(notes: Database, database_url: str):
    impatient = Database(database_url, lock_timeout=20)

    with notes.transaction() as connection:
        connection.execute("LOCK TABLE notes")
        with pytest.raises(errors.OperationalError, match="lock timeout"), impatient.statement() as other:
            other.execute("SELECT * FROM notes")

    impatient.close()


def test_a_full_pool_is_an_operational_error(database_url: str):
    database = Database(database_url, pool_size=1, pool_timeout=0.1)

    with database.statement(), pytest.raises(errors.OperationalError, match="couldn't get a connection"):
        with database.statement():
            pass

    database.close()


def test_an_unreachable_server_is_named(database_url: str):
    nowhere = database_url.replace("milepost_test", "no_such_milepost_test")
    database = Database(nowhere, pool_timeout=0.3)

    with pytest.raises(errors.OperationalError, match=r'database "no_such_milepost_test.*" does not exist'):
        with database.statement():
            pass

    database.close()


def test_connections_that_the_server_has_ended_are_replaced(notes: Database, database_url: str):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    for _ in range(50):
        try:
            with notes.statement() as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            return
        except errors.OperationalError:
            time.sleep(0.05)
    pytest.fail("the pool holds on to ended connections")


def test_a_closed_database_says_so(database_url: str):
    database = Database(database_url)
    with database.statement() as connection:
        connection.execute("SELECT 1")

    database.close()
    database.close()

    with pytest.raises(errors.OperationalError, match="closed"), database.statement():
        pass


def test_a_database_that_was_never_asked_has_no_connection(database_url: str):
    Database(database_url).close()
    Database("postgresql://nobody@nowhere.invalid/nothing").close()
