"""`milepost projections`, `clock`, `doctor` and `openapi`: what operators look at."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.commands import LogEntry
from projections.projector import Projector
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


def test_status_says_how_far_each_projection_is(milepost, entry, projector):
    behind = rows(milepost("projections", "status", "--json"))
    projector.catch_up()
    level = rows(milepost("projections", "status", "--json"))

    assert {row["state"] for row in behind if "state" in row} == {"catching_up"}
    assert {row["state"] for row in level if "state" in row} == {"level"}
    assert {row["lagEvents"] for row in level if "state" in row} == {0}
    assert "challenge_progress" in milepost("projections", "status").stdout


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
