"""`milepost projections rebuild` as a process: killed at every stage, interrupted, refused, started again."""

import json
import os
import signal
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest

from domain.commands import LogEntry
from projections import PROJECTIONS
from projections.database import connect
from projections.rebuilding.giving_way import NICENESS
from projections.rebuilding.shadow import begin
from tests.cli.conftest import CHALLENGE
from tests.processes import eventually, start
from tests.projections.test_projector import tables

NAME = "challenge_progress"
NOW = datetime(2025, 4, 3, tzinfo=UTC)
LATCH = 4711

# Slices before the last are filled and committed; in the last one the worker waits for as long as the test likes.
WAIT_IN_THE_LAST_SLICE = f"""
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- Asked again and again: a lock that is waited for would be given up after some seconds.
        WHILE NEW.slice = 3 AND NOT pg_try_advisory_xact_lock({LATCH}) LOOP
            PERFORM pg_sleep(0.01);
        END LOOP;
        RETURN NEW;
    END
    $$;
    CREATE TRIGGER wait BEFORE INSERT ON {NAME}_build FOR EACH ROW EXECUTE FUNCTION wait();
"""
HELD_UP = {
    "filling": f"SELECT pg_advisory_xact_lock({LATCH})",
    "indexing": f"LOCK TABLE {NAME}_build IN ROW EXCLUSIVE MODE",
    "verified": f"LOCK TABLE {NAME} IN ACCESS SHARE MODE",
}


@pytest.fixture
def history(log, challenge, reader):
    """Entries of owners in every slice, in two tenants; the read tables are level with them."""
    for number in range(40):
        entry = LogEntry(
            definition_id=CHALLENGE,
            owner_id=str(UUID(int=number)),
            activity_at=NOW,
            unique_identifier=str(number),
            activity_value=Decimal(number + 1),
        )
        log.log_entry("default", entry, now=NOW)
    assert reader.rows(dict, "SELECT slice, count(*) FROM challenge_progress GROUP BY slice HAVING count(*) > 1", {})


@contextmanager
def held_up(database_url, stage):
    """A rebuild that was begun cannot go on from this stage while this lasts."""
    with connect(database_url, "the test") as holder:
        begin(holder, next(one for one in PROJECTIONS if one.name == NAME))
        holder.execute(WAIT_IN_THE_LAST_SLICE)
        with holder.transaction():
            holder.execute(HELD_UP[stage])
            yield


def build(database_url):
    with psycopg.connect(database_url) as connection:
        query = "SELECT state, sum(position) FROM builds JOIN build_slices USING (projection, role) GROUP BY state"
        return connection.execute(query).fetchall()


def waits(database_url):
    """Whether a process of a rebuild waits for what holds it up here, not for a moment for another one of its own."""
    with psycopg.connect(database_url) as connection:
        query = """
            SELECT
            FROM pg_stat_activity
            WHERE datname = current_database()
              AND application_name LIKE 'milepost rebuild%'
              AND wait_event IN ('PgSleep', 'relation')
        """
        return connection.execute(query).fetchone() is not None


def at_work(database_url):
    with psycopg.connect(database_url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'milepost rebuild%'"
        return connection.execute(query).fetchone()[0]


def written_by(database_url):
    """Which transactions have written the rows of a build."""
    with connect(database_url, "the test") as connection:
        return dict(connection.execute(f"SELECT slice, min(xmin::text) FROM {NAME}_build GROUP BY slice").fetchall())


def rebuild(database_url, folder, *more):
    return start("projections", "rebuild", NAME, "--workers", 2, *more, database_url=database_url, folder=folder)


@pytest.mark.parametrize("stage", HELD_UP)
def test_a_rebuild_that_is_killed_goes_on_from_where_it_was(history, database_url, tmp_path, stage):
    live = tables(database_url)
    with held_up(database_url, stage):
        first = rebuild(database_url, tmp_path)
        eventually(lambda: waits(database_url) and build(database_url)[0][0] == stage)
        eventually(lambda: len(written_by(database_url)) == (3 if stage == "filling" else 4))
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        eventually(lambda: not at_work(database_url))
        before, by = build(database_url), written_by(database_url)

    second = rebuild(database_url, tmp_path)
    printed, told = second.communicate()

    assert second.returncode == 0, told
    assert before[0][0] == stage
    assert printed.startswith(b"challenge_progress: rebuilt from 81 events")
    assert tables(database_url) == live
    with connect(database_url, "the test") as connection:
        after = dict(connection.execute(f"SELECT slice, min(xmin::text) FROM {NAME} GROUP BY slice").fetchall())
    assert by.items() <= after.items()
    assert build(database_url)[0][0] == "kept"


@pytest.mark.skipif(sys.platform != "linux" or "DATABASE_URL" in os.environ, reason="needs a server on this machine")
@pytest.mark.parametrize(
    ("stage", "giving_way"),
    [("filling", {"milepost rebuild worker"}), ("indexing", {"milepost rebuild index"}), ("verified", set())],
)
def test_what_takes_long_gives_way_and_the_switch_does_not(history, database_url, tmp_path, stage, giving_way):
    query = """
        SELECT application_name, pid
        FROM pg_stat_activity
        WHERE datname = current_database()
          AND application_name LIKE 'milepost rebuild%'
    """
    with held_up(database_url, stage):
        work = rebuild(database_url, tmp_path)
        eventually(lambda: waits(database_url) and build(database_url)[0][0] == stage)
        with psycopg.connect(database_url) as connection:
            found = connection.execute(query).fetchall()
            priorities = {(name, os.getpriority(os.PRIO_PROCESS, pid)) for name, pid in found}
    work.communicate()

    assert priorities == {(f"milepost rebuild by {os.uname().nodename}:{work.pid}", 0)} | {
        (name, NICENESS) for name in giving_way
    }
    assert work.returncode == 0


def test_ctrl_c_ends_all_processes_and_keeps_what_was_done(history, database_url, tmp_path):
    with held_up(database_url, "filling"):
        work = rebuild(database_url, tmp_path)
        eventually(lambda: waits(database_url) and len(written_by(database_url)) == 3)
        os.killpg(work.pid, signal.SIGINT)
        told = work.communicate()[1]
        eventually(lambda: not at_work(database_url))

    assert work.returncode == 1
    assert told.splitlines()[-1] == b"Error: stopped; start it again, and it goes on from where it was"
    assert len(written_by(database_url)) == 3


def test_a_second_rebuild_of_the_same_table_is_refused_and_told_who_is_at_it(history, milepost, database_url, tmp_path):
    with held_up(database_url, "filling"):
        work = rebuild(database_url, tmp_path)
        eventually(lambda: waits(database_url))
        second = milepost("projections", "rebuild", NAME)
        all_of_them = milepost("projections", "rebuild", "--all")
        dropped = milepost("projections", "rebuild", NAME, "--discard")
        other = milepost("projections", "rebuild", "entry_log", "--workers", 1)
        status = milepost("projections", "status").stdout
        status_json = milepost("projections", "status", "--json").stdout
    work.communicate()

    assert {second.exit_code, all_of_them.exit_code, dropped.exit_code} == {1}
    for refused in (second, all_of_them, dropped):
        assert f"challenge_progress: is being rebuilt by {os.uname().nodename}:{work.pid} since 20" in refused.stderr
    assert (other.exit_code, work.returncode) == (0, 0)
    assert "challenge_progress   build: filling, " in status
    assert f"by {os.uname().nodename}:{work.pid}" in status
    told = next(row for row in map(json.loads, status_json.splitlines()) if row.get("rebuild"))
    assert (told["name"], told["rebuild"]["state"], told["rebuild"]["atWork"]) == (NAME, "filling", True)
    assert 0 < told["rebuild"]["done"] < told["rebuild"]["total"]


def test_a_rebuild_of_all_lets_go_of_what_is_done_and_goes_on_with_the_rest(history, milepost, database_url, tmp_path):
    last = PROJECTIONS[-1].name
    with connect(database_url, "the test") as holder, holder.transaction():
        holder.execute(f"LOCK TABLE {last} IN ACCESS SHARE MODE")
        work = start("projections", "rebuild", "--all", "--workers", 1, database_url=database_url, folder=tmp_path)
        eventually(lambda: waits(database_url))
        done = milepost("projections", "rebuild", NAME, "--drop-old")
        refused = milepost("projections", "rebuild", last, "--switch-back")
        os.killpg(work.pid, signal.SIGINT)
        told = work.communicate()[1]
        eventually(lambda: not at_work(database_url))
    again = milepost("projections", "rebuild", "--all", "--workers", 1)
    anew = milepost("projections", "rebuild", "--all", "--workers", 1)

    assert (done.exit_code, refused.exit_code, work.returncode) == (0, 1, 1), told
    assert f"{last}: is being rebuilt by {os.uname().nodename}:{work.pid} since 20" in refused.stderr
    # What was dropped is not known to be done, and is built again.
    assert (again.exit_code, again.stdout.partition(":")[0]) == (0, "2 read tables"), again.stderr
    assert "done before it was stopped: challenge, streak, " in again.stderr
    assert (anew.exit_code, anew.stdout.partition(":")[0]) == (0, f"{len(PROJECTIONS)} read tables")


def test_one_who_switches_back_is_named_too(history, milepost, database_url, tmp_path):
    assert milepost("projections", "rebuild", NAME, "--workers", 1).exit_code == 0
    with connect(database_url, "the test") as holder, holder.transaction():
        holder.execute(f"LOCK TABLE {NAME} IN ACCESS SHARE MODE")
        work = rebuild(database_url, tmp_path, "--switch-back")
        eventually(lambda: waits(database_url))
        refused = milepost("projections", "rebuild", NAME)
    work.communicate()

    assert (refused.exit_code, work.returncode) == (1, 0)
    assert f"{NAME}: is being rebuilt by {os.uname().nodename}:{work.pid} since 20" in refused.stderr


def test_a_worker_that_is_killed_ends_the_rebuild_which_can_be_started_again(history, database_url, tmp_path):
    with held_up(database_url, "filling"):
        work = rebuild(database_url, tmp_path)
        ended = """
            SELECT pg_terminate_backend(pid)
            FROM pg_stat_activity
            WHERE datname = current_database()
              AND application_name LIKE '%rebuild worker'
              AND wait_event = 'PgSleep'
        """
        with psycopg.connect(database_url, autocommit=True) as connection:
            eventually(lambda: connection.execute(ended).fetchone())
        told = work.communicate()[1]
    again = rebuild(database_url, tmp_path)
    again.communicate()

    assert work.returncode == 1
    assert b"terminating connection" in told
    assert again.returncode == 0


def test_an_event_that_cannot_be_read_is_named(history, milepost, reader):
    reader.write("UPDATE events SET state = '{}' WHERE slice = 2 AND position = 2", {})

    result = milepost("projections", "rebuild", NAME, "--workers", 1)

    assert result.exit_code == 1
    assert "slice 2, position 2: MapperDeserialisationError: " in result.stderr


def test_all_tables_are_rebuilt_together_and_what_is_kept_is_dropped_by_name(history, milepost, database_url, reader):
    live = tables(database_url)

    result = milepost("projections", "rebuild", "--all", "--workers", 2)
    kept = reader.value("SELECT count(*) FROM builds WHERE state = 'kept'")
    dropped = milepost("projections", "rebuild", NAME, "--drop-old")
    again = milepost("projections", "rebuild", NAME, "--drop-old")
    back = milepost("projections", "rebuild", NAME, "--switch-back")
    other = milepost("projections", "rebuild", "entry_log", "--switch-back")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(f"{len(PROJECTIONS)} read tables: rebuilt from")
    assert kept == len(PROJECTIONS)
    assert (dropped.exit_code, again.exit_code, back.exit_code, other.exit_code) == (0, 1, 1, 0)
    assert again.stderr == back.stderr == f"Error: {NAME}: no table is kept from before a rebuild\n"
    assert reader.value(f"SELECT to_regclass('{NAME}_v1.{NAME}_kept')") is None
    assert tables(database_url) == live


def test_what_was_begun_and_not_finished_can_be_discarded(history, milepost, database_url, reader):
    with connect(database_url, "the test") as connection:
        begin(connection, next(one for one in PROJECTIONS if one.name == NAME))

    done = milepost("projections", "rebuild", NAME, "--discard")
    again = milepost("projections", "rebuild", NAME, "--discard")

    assert (done.exit_code, again.exit_code) == (0, 1)
    assert reader.value("SELECT count(*) FROM build_slices") == 0


def test_one_table_or_all_are_named(milepost):
    assert milepost("projections", "rebuild").exit_code == 2
    assert milepost("projections", "rebuild", NAME, "--all").exit_code == 2
