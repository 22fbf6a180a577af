"""`milepost audit history` and `explain`: what auditors read at a terminal."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.application import ProgressLog
from domain.commands import Define, LogEntry, VoidEntry
from domain.vocabulary import DefinitionStatus, Method, Period, Slug
from tests.cli.conftest import ADA, BOB, CHALLENGE

BEGIN = datetime(2026, 1, 5, 18, tzinfo=UTC)
PATH = (CHALLENGE, ADA)


@pytest.fixture
def streak(log: ProgressLog) -> str:
    """Ada met January and lost her streak in February; one of her entries was voided. Bob, and globex, did more."""
    fields = {
        "name": "Three visits in each of 3 months",
        "aggregation_method": Method.COUNT,
        "aggregation_period": Period.MONTHLY,
        "aggregation_target_value": Decimal(3),
        "completion_target_value": 3,
        "timezone": "Europe/Vienna",
        "status": DefinitionStatus.LIVE,
    }
    for tenant, owners in (("globex", [ADA]), ("default", [BOB, ADA])):
        define = Define(id=CHALLENGE, slug=Slug.STREAK, fields=fields)
        log.define(tenant, CHALLENGE, define, now=BEGIN)
        for owner in owners:
            logged = [visit(log, tenant, owner, f"{tenant}-{number}", number) for number in range(7)]
    command = VoidEntry(entry_id=logged[1].id, reason="[red]a mistake", actor="support")
    log.void_entry("default", command, now=BEGIN + timedelta(days=7))
    visit(log, "default", ADA, "default-late", 52, late=timedelta(days=3, hours=1, minutes=11))
    return str(CHALLENGE)


@pytest.fixture
def foreseen(log: ProgressLog, streak: str) -> str:
    """Early in March, within the grace of February, Cem logs a visit; nobody writes down that February was missed."""
    for day in range(3):
        visit(log, "default", "cem", f"cem-{day}", day)
    march = datetime(2026, 2, 28, 23, 1, tzinfo=UTC) - BEGIN
    visit(log, "default", "cem", "cem-march", march.days, timedelta(0), seconds=march.seconds)
    return "cem"


def visit(
    log: ProgressLog, tenant: str, owner: str, name: str, day: int, late: timedelta = timedelta(), seconds: int = 0
):
    at = BEGIN + timedelta(days=day, seconds=seconds)
    entry = LogEntry(definition_id=CHALLENGE, owner_id=owner, activity_at=at, unique_identifier=name, slug=Slug.STREAK)
    return log.log_entry(tenant, entry, now=at + late)


def test_the_history_is_a_table_of_every_event_and_the_state_after_it(milepost, streak):
    result = milepost("audit", "history", *PATH)

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].strip() == f"Three visits in each of 3 months: streak {CHALLENGE}, owner {ADA}"
    assert max(map(len, lines)) <= 200
    void = next(line for line in lines if "EntryVoided" in line)
    assert "2026-01 [red]a mistake support = 6" in void
    assert "2026-01 in_progress 1; 2026-01: 6 met" in void
    assert "globex" not in result.stdout


def test_the_history_is_json_lines_for_programs(milepost, streak):
    result = milepost("audit", "history", *PATH, "--json")

    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "RunStarted"
    assert events[0]["payload"]["owner_id"] == events[0]["state"]["ownerId"] == ADA


def test_the_explanation_is_a_timeline_that_answers_why(milepost, streak):
    result = milepost("audit", "explain", *PATH)

    assert result.exit_code == 0
    assert "broken: the window 2026-02 ended at 1 March 2026 00:00 (Europe/Vienna) with 0 of 3" in result.stdout
    january, february = (
        next(line for line in result.stdout.splitlines() if key in line and "(2026" in line)
        for key in ("2026-01  ", "2026-02  ")
    )
    assert january.split()[0] == "●"
    assert "met: 6 of 3" in january
    assert february.split()[0] == "○"
    assert "missed: 0 of 3 when it ended" in february
    assert "voided by support ([red]a mistake): taken off the tally: 6 of 3 were left" in result.stdout
    assert "not counted: arrived 20 h 6 min after its window was sealed" in result.stdout
    assert "1 more that counted" in result.stdout
    assert result.stdout.startswith(f"Three visits in each of 3 months: streak {CHALLENGE}, owner {ADA}\nbroken: ")
    assert "All times are those of Europe/Vienna." in result.stdout
    # Bounds are those of Vienna, where January began an hour before it did in UTC.
    assert "(2026-01-01 00:00 to 2026-02-01 00:00)" in january
    assert "18:00:00" not in result.stdout
    assert "19:00:00" in result.stdout


def test_what_is_foreseen_is_told(milepost, foreseen):
    """RULES 5, never stale: the next run is there from the missed window's end on."""
    history = milepost("audit", "history", CHALLENGE, foreseen)
    explained = milepost("audit", "explain", CHALLENGE, foreseen, "--as-of", "2026-02-28T23:02:00Z")

    (line,) = (line for line in history.stdout.splitlines() if "BreakForeseen" in line)
    assert "2026-03 = 0 if 2026-02 is missed" in line
    assert "2026-03 foreseen 0" in line
    assert "run 2 (" in explained.stdout
    assert "until 1 March 2026 00:05 (Europe/Vienna) late entries can still join it" in explained.stdout


def test_the_explanation_is_one_json_line_for_programs(milepost, streak):
    result = milepost("audit", "explain", *PATH, "--json", "--known-at", "2026-02-10T00:00:00Z")

    (line,) = result.stdout.splitlines()
    told = json.loads(line)
    assert [one["outcome"] for one in told["windows"]] == ["met", "open"]
    assert told["knownAt"] == "2026-02-10T00:00:00.000000Z"


def test_an_engagement_that_there_is_not_is_told_in_one_line(milepost, streak):
    result = milepost("audit", "explain", CHALLENGE, "nobody")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: owner 'nobody' has no engagement with '{CHALLENGE}'\n"


@pytest.mark.parametrize("moment", ["yesterday", "2026-02-10T00:00:00"])
def test_a_time_without_its_offset_is_wrong_usage(milepost, streak, moment):
    result = milepost("audit", "history", *PATH, "--known-at", moment)

    assert result.exit_code == 2
    assert "is not a time with its offset from UTC" in result.stderr
