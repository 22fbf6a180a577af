"""A client that openapi-python-client makes from the live document reads and writes records of the running app."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from werkzeug.serving import make_server

from tests.api.conftest import NOW
from tests.api.contract.circumstances import SCENARIO, TOPIC
from tests.api.contract.conftest import Running
from tests.api.given import ADA, BOB, DAILY_SPEND, SPEND, VISITS, WEEKLY_VISITS

# Lines of JSON are not known to the generator: they go through it as they are. And it would have its files formatted by
# a program that need not be there.
CONFIG = """
content_type_overrides:
  application/x-ndjson: application/octet-stream
post_hooks: []
"""
PACKAGE = "milepost_client"
Part = Callable[[str], Any]


@pytest.fixture(scope="module")
def url(running: Running) -> Iterator[str]:
    """Where the app is served, on a port that the system chooses."""
    server = make_server("127.0.0.1", 0, running.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def part(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:
    """`part("models")`: a module of the client that was made from the schema dialect's document."""
    folder = tmp_path_factory.mktemp("generated")
    generate(f"{url}/schema/openapi.json", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield lambda name: import_module(f"{PACKAGE}.{name}")
    for name in [one for one in sys.modules if one.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def client(part: Part, url: str, running: Running) -> Any:
    return part("client").AuthenticatedClient(base_url=url, token=running.key)


def generate(url: str, folder: Path) -> None:
    """Make a client of a document. Whatever the generator warns of makes it fail."""
    config = folder / "config.yaml"
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--url", url, "--config", config]
    options = ["--meta", "none", "--fail-on-warning", "--output-path", folder / PACKAGE]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_record_that_is_read_has_the_types_and_values_that_are_stored(part: Part, client: Any, running: Running):
    get = part("api.challenge_progress.get_challenge_progress")
    progress_id, position = running.circumstances.progress_id, running.circumstances.position

    record = get.sync(progress_id, client=client, if_position=position)

    assert isinstance(record, part("models").ChallengeProgress)
    assert (record.id, record.challenge_id, record.owned_by_id) == (progress_id, SPEND, ADA)
    assert record.challenge_progress_status is part("models").ChallengeProgressChallengeProgressStatus.IN_PROGRESS
    numbers = (record.current_progress_value, record.completion_target_value, record.remaining_value)
    assert numbers == (187.5, 500, 312.5)
    assert (record.progress_percent, record.task_progress.count) == (37.5, 1)
    assert (record.challenge_started_at, record.challenge_completed_at) == (NOW, None)
    assert record.task_progress.period_end_at == datetime(2026, 5, 1, tzinfo=UTC)
    assert (record.owned_by.first_name, record.owned_by.last_name) == ("Ada", None)


def test_a_streak_record_that_is_read_has_the_types_and_values_that_are_stored(
    part: Part, client: Any, running: Running
):
    get = part("api.streak_progress.get_streak_progress")
    progress_id, position = running.circumstances.streak_progress_id, running.circumstances.position

    record = get.sync(progress_id, client=client, if_position=position)

    assert isinstance(record, part("models").StreakProgress)
    assert (record.id, record.streak_id, record.owned_by_id) == (progress_id, DAILY_SPEND, ADA)
    assert record.streak_progress_status is part("models").StreakProgressStreakProgressStatus.IN_PROGRESS
    numbers = (record.current_progress_value, record.completion_target_value, record.remaining_value)
    assert numbers == (0, 7, 7)
    assert (record.last_task_contribution_at, record.last_task_completed_at) == (NOW, None)
    assert (record.task_progress.current_progress_value, record.task_progress.target_value) == (42.5, 50)


def test_a_list_has_the_same_records(part: Part, client: Any, running: Running):
    get, listing = (
        part(f"api.challenge_progress.{name}") for name in ("get_challenge_progress", "list_challenge_progress")
    )
    status = part("models").ListChallengeProgressChallengeProgressStatus.IN_PROGRESS
    position = running.circumstances.position

    page = listing.sync(
        client=client,
        challenge_id=SPEND,
        challenge_progress_status=status,
        fetch_total_count=True,
        if_position=position,
    )

    assert (page.paging.total_count, page.paging.next_cursor) == (1, None)
    assert [one.to_dict() for one in page.data] == [get.sync(page.data[0].id, client=client).to_dict()]


def test_an_entry_that_is_logged_comes_back_with_its_run(part: Part, client: Any):
    create, models = part("api.challenge_log.create_challenge_log"), part("models")
    body = models.ChallengeEntry(
        challenge_id=VISITS, owned_by_id=UUID(BOB), activity_at=NOW, unique_identifier="visit-1"
    )

    logged, again = (create.sync(client=client, body=body) for _ in range(2))

    assert (logged.counted, logged.replayed, again.replayed) == (True, False, True)
    assert (logged.challenge_progress.current_progress_value, logged.activity_value) == (1, None)
    assert again.id == logged.id


def test_an_entry_in_a_streak_comes_back_with_its_run(part: Part, client: Any):
    create, models = part("api.streak_log.create_streak_log"), part("models")
    body = models.StreakEntry(
        streak_id=WEEKLY_VISITS, owned_by_id=UUID(BOB), activity_at=NOW, unique_identifier="visit-1"
    )

    logged, again = (create.sync(client=client, body=body) for _ in range(2))

    assert (logged.counted, logged.replayed, again.replayed) == (True, False, True)
    assert (logged.streak_progress.current_progress_value, logged.streak_progress.task_progress.count) == (0, 1)
    assert again.id == logged.id


def test_a_phase_that_is_logged_comes_back_with_the_challenge_as_it_counts(part: Part, client: Any):
    create, models = part("api.practice_log.create_practice_log"), part("models")
    said = {"topic_id": TOPIC, "challenge_index": 7, "score": 40, "language": "go", "owned_by_id": UUID(BOB)}
    bodies = [
        models.PracticeEntry(**said, phase=phase, activity_at=NOW, unique_identifier=f"phase-{phase}")
        for phase in (1, 2)
    ]

    first, second = (create.sync(client=client, body=body) for body in bodies)

    assert (first.counted, first.practice_progress) == (True, None)
    assert (second.practice_progress.score, second.replayed) == (80, False)


def test_a_step_that_is_logged_comes_back_with_the_scenario(part: Part, client: Any):
    create, models = part("api.learn_log.create_learn_log"), part("models")
    body = models.LearnEntry(
        scenario_id=SCENARIO, owned_by_id=UUID(BOB), activity_at=NOW, unique_identifier="step-2", step=2
    )

    logged = create.sync(client=client, body=body)

    assert (logged.learn_progress.current_step, logged.learn_progress.total_steps) == (2, 3)


def test_a_refusal_is_a_problem(part: Part, client: Any):
    answer = part("api.challenge_progress.get_challenge_progress").sync_detailed(UUID(int=0), client=client)

    assert answer.status_code == 404
    assert isinstance(answer.parsed, part("models").Problem)
    assert answer.parsed.code == "not_found"


def test_the_other_document_makes_a_client_too(url: str, tmp_path: Path):
    generate(f"{url}/operations/openapi.json", tmp_path)

    assert (tmp_path / PACKAGE / "api" / "projections" / "get_projections.py").exists()
