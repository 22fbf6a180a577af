"""The schema: made once, however many ask for it at once, and cut into slices for ever."""

import subprocess
import sys
from collections.abc import Iterator
from glob import escape

import psycopg
import pytest
from yoyo import get_backend, read_migrations

from eventstore.database import Database
from eventstore.migrations import FOLDER, SlicesDiffer, migrate, pending
from eventstore.recorders import ApplicationLog
from tests.eventstore.given import event, id_in

MIGRATE = """
import sys
from eventstore.migrations import migrate

print("ready", flush=True)
sys.stdin.readline()
migrate(sys.argv[1], slices=4)
"""
TABLES = "SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY oid"
STEPS = sorted(path.stem for path in FOLDER.glob("*.sql") if not path.name.endswith(".rollback.sql"))


@pytest.fixture
def find(empty_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        yield connection


def test_eight_processes_that_migrate_at_once_all_succeed(empty_database_url: str, find: psycopg.Connection):
    processes = [started(empty_database_url) for _ in range(8)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    complaints = [process.communicate(timeout=120)[1] for process in processes]  # Which also closes the pipes.

    assert complaints == [""] * 8
    assert [process.returncode for process in processes] == [0] * 8
    assert find.execute("SELECT array_agg(slice ORDER BY slice) FROM slices").fetchone() == ([0, 1, 2, 3],)
    assert applied(find) == STEPS


def test_migrating_twice_is_migrating_once(empty_database_url: str, find: psycopg.Connection):
    migrate(empty_database_url, slices=4)
    before = find.execute(TABLES).fetchall()

    migrate(empty_database_url, slices=4)
    migrate(empty_database_url)

    assert find.execute(TABLES).fetchall() == before
    assert applied(find) == STEPS


def test_the_number_of_slices_is_fixed(database_url: str):
    with pytest.raises(SlicesDiffer, match="the log has 4, and 64 were asked for"):
        migrate(database_url, slices=64)


@pytest.mark.parametrize("slices", [-1, 0, 1025])
def test_a_log_has_1_to_1024_slices(empty_database_url: str, find: psycopg.Connection, slices: int):
    with pytest.raises(ValueError, match=f"slices: {slices} is not between 1 and 1024"):
        migrate(empty_database_url, slices=slices)

    assert find.execute(TABLES).fetchall() == []


@pytest.mark.parametrize(("slices", "positions"), [(1, [1, 2]), (1024, [1, 1])])
def test_the_first_and_the_last_slice_can_be_written(empty_database_url: str, slices: int, positions: list[int]):
    migrate(empty_database_url, slices=slices)
    database = Database(empty_database_url)

    written = ApplicationLog(database).insert_events([event(id_in(0), 1), event(id_in(slices - 1), 1)])
    database.close()

    assert written == positions


def test_pending_lists_what_is_missing_and_writes_nothing(empty_database_url: str, find: psycopg.Connection):
    before = pending(empty_database_url)
    untouched = find.execute(TABLES).fetchall()
    migrate(empty_database_url, slices=4)
    after = pending(empty_database_url)
    find.execute("DELETE FROM _yoyo_migration WHERE migration_id = %s", (STEPS[-1],))

    assert (before, untouched, after) == (STEPS, [], [])
    assert pending(empty_database_url) == STEPS[-1:]


def test_every_step_can_be_taken_back(empty_database_url: str, find: psycopg.Connection):
    migrate(empty_database_url, slices=4)

    with get_backend(empty_database_url.replace("postgresql://", "postgresql+psycopg://")) as backend:
        steps = read_migrations(escape(str(FOLDER))).filter(lambda step: step.id in STEPS)
        backend.rollback_migrations(backend.to_rollback(steps))

    left = {name for _, name in find.execute(TABLES) if "yoyo" not in name}
    assert left == set()
    assert pending(empty_database_url) == STEPS


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "milepost.db", "postgresql+psycopg://localhost/x", ""])
def test_another_kind_of_url_is_refused(url: str):
    with pytest.raises(ValueError, match="DATABASE_URL: a URL that starts with postgresql://"):
        migrate(url)


def started(url: str) -> subprocess.Popen[str]:
    """A process that migrates when it is told to."""
    return subprocess.Popen(
        [sys.executable, "-c", MIGRATE, url],
        cwd=FOLDER.parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def applied(connection: psycopg.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT migration_id FROM _yoyo_migration ORDER BY migration_id")]
