"""Real history: a public project's commits give exactly the records that an independent fold of the rules gives."""

import gzip
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from projections import challenge_progress, streak_progress
from projections.database import Reader
from projections.following.projector import Projector
from projections.listing import Page
from projections.streak_windows import window_of
from reactors.clock import Clock

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
FOLDER = Path(os.environ.get("MILEPOST_DATA_FILES") or Path(__file__).parents[2].parent / "shared" / "data")
FILES = ("flask-definitions.json", "flask-entries.jsonl.gz", "flask-expected.json.gz")
MISSING = [name for name in FILES if not (FOLDER / name).is_file()]

pytestmark = pytest.mark.skipif(
    bool(MISSING),
    reason=f"no {', '.join(MISSING)} in {FOLDER}; MILEPOST_DATA_FILES names another folder",
)

MONTHLY, WEEKLY = "1e495236-21b3-5a15-8694-16126bc7f035", "384b372f-433b-578f-824c-50a7c86325df"
DAILY = "f93ee559-4d8d-56aa-bc7a-ad0b3e061175"
COMMITS = 12_114


@pytest.fixture
def loaded(milepost, database_url, tmp_path):
    """Apply the definitions and load the history; answer the summary, and whether anything was refused."""
    rejects = tmp_path / "rejects.jsonl"
    applied = milepost("definitions", "apply", FOLDER / FILES[0])
    assert applied.exit_code == 0, applied.stderr
    result = milepost("log", "import", FOLDER / FILES[1], "--backfill", "--json", "--rejects", rejects)
    # What an import fed is sealed in the ordinary way: by the clock, once it is over.
    clock = Clock(database_url)
    clock.step(AS_OF)
    clock.close()
    return json.loads(result.stdout), rejects.exists()


@pytest.fixture
def records(database_url):
    """Every record as it reads at the time of the comparison, in the expected form."""
    projector, reader = Projector(database_url), Reader(database_url)

    def read(kind, as_expected):
        projector.catch_up()
        found, page = [], Page(limit=1_000)
        while True:
            listed = kind.of_tenant(reader, "default", {}, page, now=AS_OF)
            found += [as_expected(record) for record in listed.rows]
            if not listed.more:
                return found
            page = page._replace(after=(listed.rows[-1].created_at, listed.rows[-1].id))

    yield read
    reader.close()
    projector.close()


def of_challenge(record):
    return expected_form(record, record.failed_at, record.period_key)


def of_streak(record):
    first = window_of(record.schedule, record.first_period_start_at, record.first_period_start_at)
    return expected_form(record, record.broken_at, first.key)


def expected_form(record, ended_at, key):
    return {
        "definitionId": str(record.definition_id),
        "ownedById": record.owner_id,
        "status": record.status,
        "value": float(record.value),
        "startedAt": moment(record.started_at),
        "completedAt": moment(record.completed_at),
        "endedAt": moment(ended_at),
        "periodKey": key,
    }


def moment(value):
    return value and value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_order(found):
    return sorted(found, key=lambda one: (one["definitionId"], one["ownedById"], one["periodKey"]))


def test_the_history_of_flask_gives_exactly_the_expected_records(loaded, records):
    summary, refused = loaded

    found = records(challenge_progress, of_challenge) + records(streak_progress, of_streak)

    expected = json.loads(gzip.decompress((FOLDER / FILES[2]).read_bytes()))
    assert Counter(one["definitionId"] for one in expected) == {MONTHLY: 2_762, WEEKLY: 3_460, DAILY: 3_699}
    assert in_order(found) == in_order(expected)
    streaks = Counter(one["status"] for one in found if one["definitionId"] == DAILY)
    assert streaks == {"broken": 3_689, "completed": 10}
    assert not refused
    assert (summary["read"], summary["loaded"], summary["refused"]) == (3 * COMMITS, 3 * COMMITS, 0)
