"""Real history: a public project's commits give exactly the records that an independent fold of the rules gives."""

import gzip
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from projections import challenge_progress
from projections.database import Reader
from projections.listing import Page
from projections.projector import Projector

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
FOLDER = Path(os.environ.get("MILEPOST_DATA_FILES") or Path(__file__).parents[2].parent / "shared" / "data")
FILES = ("flask-definitions.json", "flask-entries.jsonl.gz", "flask-expected.json.gz")
MISSING = [name for name in FILES if not (FOLDER / name).is_file()]

pytestmark = pytest.mark.skipif(
    bool(MISSING),
    reason=f"no {', '.join(MISSING)} in {FOLDER}; MILEPOST_DATA_FILES names another folder",
)

MONTHLY, WEEKLY = "1e495236-21b3-5a15-8694-16126bc7f035", "384b372f-433b-578f-824c-50a7c86325df"
COMMITS = 12_114


@pytest.fixture
def loaded(milepost, tmp_path):
    """Apply the definitions and load the history; answer the summary and the rejects by reason."""
    rejects = tmp_path / "rejects.jsonl"
    applied = milepost("definitions", "apply", FOLDER / FILES[0])
    assert applied.exit_code == 0, applied.stderr
    result = milepost("log", "import", FOLDER / FILES[1], "--backfill", "--json", "--rejects", rejects)
    reasons = Counter(json.loads(line)["reason"] for line in rejects.read_text().splitlines())
    return json.loads(result.stdout), reasons


@pytest.fixture
def records(database_url):
    """Every challenge record as it reads at the time of the comparison, in the expected form."""
    projector, reader = Projector(database_url), Reader(database_url)

    def read():
        projector.catch_up()
        found, page = [], Page(limit=1_000)
        while True:
            listed = challenge_progress.of_tenant(reader, "default", {}, page, now=AS_OF)
            found += [as_expected(record) for record in listed.rows]
            if not listed.more:
                return found
            page = page._replace(after=(listed.rows[-1].created_at, listed.rows[-1].id))

    yield read
    reader.close()
    projector.close()


def as_expected(record):
    return {
        "definitionId": str(record.definition_id),
        "ownedById": record.owner_id,
        "status": record.status,
        "value": float(record.value),
        "startedAt": moment(record.started_at),
        "completedAt": moment(record.completed_at),
        "endedAt": moment(record.failed_at),
        "periodKey": record.period_key,
    }


def moment(value):
    return value and value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_order(found):
    return sorted(found, key=lambda one: (one["definitionId"], one["ownedById"], one["periodKey"]))


def test_the_history_of_flask_gives_exactly_the_expected_challenge_records(loaded, records):
    summary, reasons = loaded

    found = records()

    everything = json.loads(gzip.decompress((FOLDER / FILES[2]).read_bytes()))
    expected = [one for one in everything if one["definitionId"] in (MONTHLY, WEEKLY)]
    assert Counter(one["definitionId"] for one in expected) == {MONTHLY: 2_762, WEEKLY: 3_460}
    assert in_order(found) == in_order(expected)
    # Streaks are a kind of their own, which is not built yet: their lines are refused, and said to be.
    assert reasons == {"kind: 'streak_log' is not a log that takes entries": COMMITS}
    assert (summary["read"], summary["loaded"], summary["refused"]) == (3 * COMMITS, 2 * COMMITS, COMMITS)
