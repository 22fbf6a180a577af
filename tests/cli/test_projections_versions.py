"""`milepost projections versions` and `drop-version`: what an older release has left behind is seen, and goes."""

import json
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest

import projections.schema
from projections import PROJECTIONS
from projections.database import connect
from projections.following.heartbeat import process_id
from projections.following.projector import Projector
from projections.rebuilding.shadow import begin
from projections.schema import prepare
from tests.cli.conftest import ADA
from tests.processes import eventually

NAME, OLD = "streak_progress", "streak_progress v1: "
RELATED = ("checkpoints", "poison", "builds", "build_slices")


@pytest.fixture
def old_release(monkeypatch, database_url, challenge):
    """What the release before has left behind: version 1 of a table that this one has version 2 of."""
    release = tuple(one._replace(version=1) if one.name == NAME else one for one in PROJECTIONS)
    with monkeypatch.context() as patched:
        patched.setattr(projections.schema, "PROJECTIONS", release)
        prepare(database_url)
    for projector in (Projector(database_url, release), Projector(database_url)):
        projector.catch_up()
        projector.close()
    an_hour_passes(database_url)
    return release


def an_hour_passes(database_url):
    """Nobody has filled or read anything for an hour."""
    gone = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
    with psycopg.connect(database_url, autocommit=True) as connection:
        eventually(lambda: connection.execute(gone, ("milepost projector",)).fetchone()[0])
        connection.execute("UPDATE checkpoints SET moved_at = moved_at - interval '1 hour'")
        connection.execute("SELECT pg_stat_reset()")


@contextmanager
def at_work(database_url, release):
    """A projector of the old release follows the log, and must not fail."""
    projector, stop, failures = Projector(database_url, release), Event(), []

    def work():
        try:
            projector.run(stop, failures.append)
        except Exception as error:
            failures.append(error)

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        projector.close()
    assert failures == []


def listed(milepost):
    found = map(json.loads, milepost("projections", "versions", "--json").stdout.splitlines())
    return {(one["name"], one["version"]): one for one in found}


def related(rows):
    """What the database knows of each version, and where it lies."""
    known = {table: rows(f"SELECT projection, version, count(*) FROM {table} GROUP BY 1, 2") for table in RELATED}
    lies = rows("SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema ~ '_v[0-9]+$'")
    return {**{table: sorted(found) for table, found in known.items()}, "lies": sorted(lies)}


def test_every_version_is_listed_with_who_uses_it(milepost, old_release, database_url):
    left, text = listed(milepost), milepost("projections", "versions").stdout.splitlines()
    with at_work(database_url, old_release):
        used = eventually(lambda: listed(milepost)[NAME, 1]["projectors"] and listed(milepost))
    said_goodbye = listed(milepost)

    assert len(left) == len(PROJECTIONS) + 1
    assert {one for one, row in left.items() if not row["readHere"]} == {(NAME, 1)}
    assert (left[NAME, 1]["position"], left[NAME, 1]["head"], left[NAME, 1]["usedBy"]) == (1, 1, [])
    assert left[NAME, 1]["bytes"] > 0
    assert [line.split(maxsplit=4)[1::3] for line in text if line.startswith(f"{NAME} ")] == [
        ["v1", "1 of 1                   nobody"],
        ["v2", "1 of 1                   this release"],
    ]
    assert text[-2:] == ["Nobody needs these any more:", f"  milepost projections drop-version {NAME} 1"]
    assert [one["id"] for one in used[NAME, 1]["projectors"]] == [process_id()]
    assert used[NAME, 1]["usedBy"] == [f"projector {process_id()} fills it, last beat 0 s ago"]
    assert (used[NAME, 2]["projectors"], len(used["challenge", 2]["projectors"])) == ([], 1)
    assert said_goodbye[NAME, 1]["usedBy"] == []


def test_a_version_that_nobody_reads_goes_with_all_that_belongs_to_it_and_nothing_else(
    milepost, old_release, database_url, rows, monkeypatch
):
    before = related(rows)
    with connect(database_url, "the test") as connection:
        begin(connection, next(one for one in old_release if one.name == NAME))
        connection.execute(
            """
            INSERT INTO poison (
                projection, version, slice, position, originator_id, originator_version, topic, tenant, error, retry_at
            )
            SELECT projection, version, slice, 1, gen_random_uuid(), 1, 'Bad', 'default', 'bad', clock_timestamp()
            FROM checkpoints
            WHERE projection = 'streak_progress'
              AND slice = 0
            """
        )
    an_hour_passes(database_url)

    result = milepost("projections", "drop-version", NAME, 1)
    after = related(rows)
    monkeypatch.setattr(projections.schema, "PROJECTIONS", old_release)
    made_anew = prepare(database_url)

    assert (result.exit_code, result.stdout.startswith(f"{OLD}dropped, ")) == (0, True), result.stderr
    assert after["checkpoints"] == [one for one in before["checkpoints"] if one[:2] != (NAME, 1)]
    assert after["lies"] == [one for one in before["lies"] if one[0] != f"{NAME}_v1"]
    assert (after["poison"], after["builds"], after["build_slices"]) == ([(NAME, 2, 1)], [], [])
    assert len(after["checkpoints"]) == len(PROJECTIONS)
    assert made_anew == [NAME]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((NAME, 2), "streak_progress v2: this release reads it"),
        ((NAME, 2, "--even-so"), "streak_progress v2: this release reads it"),
        ((NAME, 7), "v7: is not in the database; there is streak_progress v1, streak_progress v2"),
        (("weather", 1), "weather v1: is not in the database; there is challenge v2, challenge v3, streak v2, "),
        (("challenge", 3), "challenge v3: is of a newer release, which may be about to begin; or say --even-so"),
    ],
)
def test_what_is_read_is_not_there_or_is_to_come_is_not_dropped(milepost, old_release, rows, arguments, said):
    rows("INSERT INTO checkpoints SELECT 'challenge', 3, slice, 0, NULL, 'epoch' FROM slices RETURNING slice")
    before = related(rows)

    result = milepost("projections", "drop-version", *arguments)

    assert (result.exit_code, result.stdout, related(rows)) == (1, "", before)
    assert said in result.stderr


def test_what_an_old_projector_still_fills_goes_only_when_that_is_meant(milepost, old_release, database_url, rows):
    before = related(rows)
    with at_work(database_url, old_release):
        eventually(lambda: listed(milepost)[NAME, 1]["projectors"])
        refused = milepost("projections", "drop-version", NAME, 1)
        unchanged = related(rows)
        dropped = milepost("projections", "drop-version", NAME, 1, "--even-so")
        beats = "SELECT beat_at FROM heartbeats"
        first = rows(beats)
        eventually(lambda: rows(beats) != first)

    assert (refused.exit_code, unchanged, dropped.exit_code) == (1, before, 0)
    assert f"{OLD}projector {process_id()} fills it, last beat " in refused.stderr
    assert "Stop who uses it, or say --even-so" in refused.stderr
    assert (NAME, 1) not in listed(milepost)


def test_what_was_filled_by_somebody_unknown_within_the_last_minute_is_not_dropped(milepost, old_release, rows):
    rows("UPDATE checkpoints SET moved_at = clock_timestamp() - interval '50 seconds' RETURNING slice")

    result = milepost("projections", "drop-version", NAME, 1)

    assert (result.exit_code, OLD + "it was filled 5" in result.stderr) == (1, True)


def test_a_transaction_that_has_it_open_is_named_and_waited_for(milepost, old_release, database_url, rows, monkeypatch):
    before = related(rows)
    monkeypatch.setattr("projections.rebuilding.patience.PAUSES", (0.05,))
    with connect(database_url, "a long report") as long, long.transaction():
        long.execute("SELECT count(*) FROM streak_progress_v1.streak_progress")
        refused = milepost("projections", "drop-version", NAME, 1)
        blocked = milepost("projections", "drop-version", NAME, 1, "--even-so")
        unchanged = related(rows)
        pid = long.info.backend_pid

    assert (refused.exit_code, blocked.exit_code, unchanged) == (1, 1, before)
    assert f"{OLD}a long report (pid {pid}) has it in a transaction" in refused.stderr
    assert "a long report (pid " in blocked.stderr
    assert ") has streak_progress_v1.streak_progress in a transaction since 20" in blocked.stderr


def test_what_was_read_within_the_last_minute_is_not_dropped(milepost, old_release, database_url):
    """An api of the old release says nothing of itself; PostgreSQL notes when a table was read, from version 16 on."""
    with connect(database_url, "milepost reader") as reader:
        reader.execute("SELECT count(*) FROM streak_progress_v1.streak_progress")
        version = reader.info.server_version
    if version < 160_000:
        pytest.skip("this PostgreSQL does not note when a table was read")

    read = eventually(lambda: listed(milepost)[NAME, 1]["readAt"])
    result = milepost("projections", "drop-version", NAME, 1)

    assert read.endswith("Z")
    assert (result.exit_code, OLD + "it was read " in result.stderr) == (1, True)


def test_what_others_have_built_on_it_is_named_and_stays(milepost, old_release, database_url, rows):
    with connect(database_url, "an analyst") as analyst:
        analyst.execute("CREATE VIEW public.report AS SELECT owner_id FROM streak_progress_v1.streak_progress")
    before = related(rows)

    result = milepost("projections", "drop-version", NAME, 1, "--even-so")

    assert (result.exit_code, related(rows)) == (1, before)
    assert f"{OLD}view report depends on table streak_progress_v1.streak_progress" in result.stderr
    assert rows("SELECT * FROM public.report WHERE owner_id = %s", ADA) == []
