"""`milepost projections`, `clock`, `doctor` and `openapi`: what operators look at."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.app import create_app
from api.settings import Settings
from api.state import state_of
from domain.commands import LogEntry
from projections import PROJECTIONS
from projections.database import connect
from projections.following.projector import Projector
from projections.rebuilding.shadow import begin
from reactors.clock import Clock
from tests.cli.conftest import ADA, CHALLENGE

NOW = datetime.now(UTC)


@pytest.fixture
def entry(log, challenge):
    """An entry of two months ago, of a run that is due to be sealed."""
    then = NOW - timedelta(days=62)
    logged = LogEntry(
        definition_id=CHALLENGE,
        owner_id=ADA,
        activity_at=then,
        unique_identifier="a",
        activity_value=Decimal(1),
    )
    log.log_entry("default", logged, now=then)


@pytest.fixture
def projector(database_url):
    projector = Projector(database_url)
    yield projector
    projector.close()


@pytest.fixture
def clock(database_url):
    clock = Clock(database_url)
    yield clock
    clock.close()


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_status_says_how_far_each_projection_is(milepost, entry, projector, reader):
    reader.write("UPDATE checkpoints SET moved_at = clock_timestamp() - interval '1 minute'", {})
    stalled = rows(milepost("projections", "status", "--json"))
    reader.write("UPDATE checkpoints SET moved_at = clock_timestamp()", {})
    behind = rows(milepost("projections", "status", "--json"))
    projector.catch_up()
    level = rows(milepost("projections", "status", "--json"))

    assert [{row["state"] for row in told} for told in (stalled, behind, level)] == [
        {"stalled"},
        {"catching_up"},
        {"level"},
    ]
    assert {row["lagEvents"] for row in level} == {0}
    assert "challenge_progress" in milepost("projections", "status").stdout


@pytest.fixture
def bad(entry, log, projector, reader):
    """An entry that nobody can read, and the projector has tried."""
    logged = LogEntry(
        definition_id=CHALLENGE, owner_id=ADA, activity_at=NOW, unique_identifier="b", activity_value=Decimal(1)
    )
    position = log.log_entry("default", logged, now=NOW).position
    place = {"slice": position.slice, "position": position.number}
    reader.write("UPDATE events SET topic = 'FromTheFuture' WHERE slice = %(slice)s AND position = %(position)s", place)
    with pytest.raises(RuntimeError):
        projector.catch_up()
    return position


def test_an_event_that_stops_a_slice_is_shown_tried_again_and_parked_by_name(milepost, bad, projector):
    status = milepost("projections", "status", "--healthy")
    again = milepost("projections", "retry", "task_progress", bad.slice)
    parked = milepost("projections", "park", "task_progress", bad.slice, "--reason", "broken by hand")
    with pytest.raises(RuntimeError):
        projector.catch_up()
    beside = milepost("projections", "status")
    others = milepost("projections", "park", "all", bad.slice, "--reason", "broken by hand, too")
    projector.catch_up()
    listed = milepost("projections", "parked")
    (first, *_) = rows(milepost("projections", "parked", "--json"))
    doctor = milepost("doctor")

    assert status.exit_code == 1
    assert "challenge and 16 more are poisoned in 1 slice since" in status.stderr
    assert f"task_progress slice {bad.slice}: FromTheFuture at {bad} (version " in status.stdout
    assert ", 1 attempts since 20" in status.stdout
    assert again.stdout.startswith(f"again     task_progress slice {bad.slice}: FromTheFuture at {bad}")
    assert parked.stdout.startswith(f"parked    task_progress slice {bad.slice}: FromTheFuture at {bad}")
    states = {line.split()[0]: line for line in beside.stdout.splitlines()[:17]}
    assert states["task_progress"].endswith(", 1 parked")
    assert "poisoned" in states["challenge_progress"]
    assert "poisoned" not in states["task_progress"]
    assert len(others.stdout.splitlines()) == 16
    assert len([line for line in listed.stdout.splitlines() if line.startswith("    parked 20")]) == 17
    assert first["reason"] == "broken by hand, too"
    assert "@" in first["parkedBy"]
    assert "ok   poison: 17 events are parked; a rebuild reads them again" in doctor.stdout


def test_the_command_line_writes_what_the_api_writes(milepost, bad, projector, reader, database_url):
    """API, Operations: the same names, values and forms, but for what ticks."""

    def still(row):
        return {name: value for name, value in row.items() if name not in ("lagSeconds", "silentSeconds")}

    milepost("projections", "park", "team", bad.slice, "--reason", "broken by hand")
    with connect(database_url, "the test") as connection:
        begin(connection, PROJECTIONS[0])
        connection.execute("INSERT INTO heartbeats (process, id, beat_at) VALUES ('projector', 'ada:1', 'epoch')")
    key = json.loads(milepost("keys", "create", "--tenant", "acme", "--scopes", "operations", "--json").stdout)["key"]
    app = create_app(Settings(database_url=database_url, log_level="error"))

    told = rows(milepost("projections", "status", "--json"))
    parked = rows(milepost("projections", "parked", "--json"))
    answer = app.test_client().get("/operations/projections", headers={"X-API-Key": key}).json
    state_of(app).close()

    assert [still(row) for row in told if "state" in row] == [still(row) for row in answer["projections"]]
    assert told[0]["rebuild"]["startedAt"].endswith("Z")
    assert [row for row in told if "topic" in row] == [row for row in answer["poison"] if row["parkedAt"] is None]
    assert len(parked) == 1
    assert parked == [row for row in answer["poison"] if row["parkedAt"] is not None]
    assert [still(row) for row in told if "beatAt" in row] == [still(row) for row in answer["processes"]]
    assert told[-1]["beatAt"] == "1970-01-01T00:00:00.000000Z"


def test_where_nothing_stops_there_is_nothing_to_park_or_to_try_again(milepost, bad, projector):
    elsewhere = (bad.slice + 1) % 4
    park = milepost("projections", "park", "team", elsewhere, "--reason", "none")
    retry = milepost("projections", "retry", "team", elsewhere)
    milepost("projections", "park", "team", bad.slice, "--reason", "broken by hand")
    parked = milepost("projections", "retry", "team")
    no_reason = milepost("projections", "park", "all", bad.slice)

    assert (park.exit_code, retry.exit_code, parked.exit_code, no_reason.exit_code) == (1, 1, 1, 2)
    assert f"team: no event stops slice {elsewhere}" in park.stderr
    assert f"team: no event stops slice {elsewhere}" in retry.stderr
    assert "team: no event stops it; 1 events are parked, rebuild the projection" in parked.stderr


def test_without_a_projector_the_projections_are_not_healthy(milepost):
    result = milepost("projections", "status", "--healthy")

    assert (result.exit_code, result.stderr) == (1, "Error: no projector is at work\n")


def test_without_a_clock_the_clock_is_not_healthy(milepost):
    result = milepost("clock", "status", "--healthy")

    assert (result.exit_code, result.stderr) == (1, "Error: no clock is at work\n")


def test_a_rebuild_reads_every_event_again(milepost, entry, projector, reader):
    projector.catch_up()

    result = milepost("projections", "rebuild", "challenge_progress")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("challenge_progress: rebuilt from 3 events in")
    assert reader.value("SELECT count(*) FROM challenge_progress") == 1


def test_a_table_that_is_right_is_verified(milepost, entry, projector):
    projector.catch_up()

    result = milepost("projections", "verify", "challenge_progress")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("challenge_progress: 1 row worked out again from 3 events in")


def test_what_differs_from_the_events_is_listed_and_the_exit_code_is_1(milepost, entry, projector, reader):
    projector.catch_up()
    reader.write("UPDATE challenge_progress SET value = 9", {})

    result = milepost("projections", "verify", "challenge_progress", "--all")
    as_json = milepost("projections", "verify", "challenge_progress", "--json")

    assert (result.exit_code, as_json.exit_code) == (1, 1)
    assert result.stderr == "Error: challenge_progress: 1 of 1 are not what their events say\n"
    first, field, events = result.stdout.splitlines()[:3]
    assert (first[:6], first[-9:]) == ("slice ", "different")
    assert field == "  value: the events say 1, the table 9"
    assert events == "  events: 1 RunStarted, 2 EntryCounted"
    difference, summary = rows(as_json)
    assert difference["fields"] == {"value": {"events": "1", "table": "9"}}
    assert difference["events"] == [
        {"position": 1, "type": "RunStarted"},
        {"position": 2, "type": "EntryCounted"},
    ]
    assert (summary["rows"], summary["different"]) == (1, 1)


def test_a_projection_that_there_is_not_cannot_be_rebuilt(milepost):
    result = milepost("projections", "rebuild", "weather")

    assert result.exit_code == 2
    assert "challenge_progress" in result.stderr


def test_what_is_due_is_listed_until_it_is_sealed(milepost, entry, clock):
    due = milepost("clock", "due").stdout
    clock.step(NOW)
    sealed = milepost("clock", "due").stdout

    assert due.splitlines()[0].split("\t")[1] == "default"
    assert sealed == ""


def test_the_doctor_finds_what_is_wrong(milepost, entry):
    result = milepost("doctor", "--lag-bound", 1)

    assert result.exit_code == 1
    found = {line[4:].strip().partition(":")[0]: line[:4].strip() for line in result.stdout.splitlines()[1:]}
    assert found == {
        "database": "ok",
        "migrations": "ok",
        "log": "ok",
        "read tables": "BAD",
        "projector": "BAD",
        "clock": "BAD",
        "assignments": "BAD",
        "sealing": "BAD",
    }
    assert result.stderr == "Error: 5 of the checks failed\n"


def test_the_doctor_says_when_migrations_are_missing(milepost, empty_database_url):
    result = milepost("doctor", DATABASE_URL=empty_database_url)

    assert result.exit_code == 1
    assert "BAD  migrations: 0001.log" in result.stdout


def test_the_doctor_says_when_the_database_does_not_answer(milepost):
    result = milepost("doctor", DATABASE_URL="postgresql://milepost@127.0.0.1:1/milepost")

    assert result.exit_code == 1
    assert "BAD  database: DATABASE_URL: connection failed" in result.stdout


def test_the_openapi_document_is_printed_without_a_database(milepost):
    schema = milepost("openapi", DATABASE_URL="postgresql://nowhere.invalid/none")
    operations = milepost("openapi", "operations", DATABASE_URL="")
    streaks = milepost("openapi", "streaks", DATABASE_URL="")
    training = milepost("openapi", "training", DATABASE_URL="")

    assert json.loads(schema.stdout)["openapi"].startswith("3.1")
    assert "/schema/challenge_progress/record" in json.loads(schema.stdout)["paths"]
    assert "/readyz" in json.loads(operations.stdout)["paths"]
    assert "/v1/events" in json.loads(streaks.stdout)["paths"]
    assert "/api/public/v1/users/{userId}/assignments" in json.loads(training.stdout)["paths"]


def test_a_dialect_that_there_is_not_is_wrong_usage(milepost):
    assert milepost("openapi", "esperanto").exit_code == 2
