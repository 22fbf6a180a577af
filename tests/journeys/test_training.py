"""From phases that are scored to a completed assignment, as `milepost serve` runs it: every arrow of the line."""

import json
from datetime import UTC, datetime

import pytest

from api.access import keys
from domain.application import ProgressLog
from domain.assignment_progress import AssignmentCompleted
from domain.ids import assignment_progress_id
from projections.database import Reader
from tests.given_training import Training
from tests.processes import ask, eventually, running

ADA = "1a2b3c4d-5e6f-7081-9203-4d5e6f708192"


@pytest.fixture
def key(database_url):
    reader = Reader(database_url)
    yield keys.create(reader, tenant="acme", name="a test", scopes=["progress:read"]).key
    reader.close()


def test_what_is_practised_completes_an_assignment(database_url, tmp_path, key):
    with (
        ProgressLog(database_url) as log,
        running("serve", "--port", 0, "--json", database_url=database_url, folder=tmp_path) as run,
    ):
        url = f"{json.loads(run.printed[0])['url']}/api/public/v1/users/{ADA}"
        training = Training(log, lambda: datetime.now(UTC)).topic("xss", 2)
        assignment = training.assign("topic", "xss")
        training.practise(ADA, "xss", 0)

        def read(what):
            status, rows = ask(f"{url}/{what}", {"Authorization": f"Bearer {key}"})
            return rows if status == 200 else []

        half = eventually(lambda: [row for row in read("assignments") if row["completedItems"] == 1])
        training.practise(ADA, "xss", 1)
        whole = eventually(lambda: [row for row in read("assignments") if row["isCompleted"]])
        (recorded,) = eventually(lambda: log.history(assignment_progress_id("acme", ADA, assignment)))

    assert [row["progressPercent"] for row in (*half, *whole)] == [50.0, 100.0]
    assert isinstance(recorded.event, AssignmentCompleted)
    assert (recorded.event.owner_id, recorded.event.total_items) == (ADA, 2)
