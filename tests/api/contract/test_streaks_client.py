"""A client that openapi-python-client makes from the streaks dialect's document tells of events and reads streaks."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest

from api.state import state_of
from projections.consistency import wait_until_level
from tests.api.conftest import ACME, NOW, Clock
from tests.api.contract.conftest import Running
from tests.api.contract.test_generated_client import PACKAGE, generate, url  # noqa: F401 - a fixture
from tests.api.streaks.given_streaks import LOGINS, GivenStreaks

Part = Callable[[str], Any]


@pytest.fixture(scope="module")
def part(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Part]:  # noqa: F811
    """`part("models")`: a module of the client that was made from the document."""
    folder = tmp_path_factory.mktemp("generated")
    generate(f"{url}/v1/openapi.json", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield lambda name: import_module(f"{PACKAGE}.{name}")
    for name in [one for one in sys.modules if one.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def streak(running: Running) -> None:
    """A streak is there, and Ada has logged in once."""
    state = state_of(running.app)
    given = GivenStreaks(state.log, Clock(), ACME).define(LOGINS, [1, 3], aggregation_target_value=2)
    given.entry(LOGINS, "ada")
    assert wait_until_level(state.reader, seconds=30)


@pytest.fixture
def client(part: Part, url: str, running: Running) -> Any:  # noqa: F811
    return part("client").AuthenticatedClient(base_url=url, token=running.key)


@pytest.mark.usefixtures("streak")
def test_an_event_is_told_of_and_the_streak_read(part: Part, client: Any):
    models, listing = part("models"), part("api.streaks.list_streak_definitions")
    offered = {one.id: one for one in listing.sync(ACME, client=client).definitions}
    event = models.Event(event_id="1", event_type="user.login", user_id="ada", timestamp=NOW)

    told = part("api.events.create_event").sync_detailed(client=client, body=event)
    held = told.headers["Position"]
    found = part("api.streaks.get_streak_of_user").sync(ACME, "ada", LOGINS, client=client, if_position=held)
    again = part("api.streaks.get_streak_of_user_by_definition").sync(ACME, "ada", LOGINS, client=client)

    assert offered[LOGINS].config.event_types == ["user.login"]
    assert [(one.definition_id, one.counted, one.reason) for one in told.parsed.fed] == [(LOGINS, True, None)]
    assert isinstance(found, models.Streak)
    assert (found.current_count, found.current_window_progress.count, found.current_window_satisfied) == (1, 2, True)
    assert (found.earned_milestones, found.next_milestone) == ([1], 3)
    assert (found.last_activity_at, found.condition.min_) == (NOW, 2)
    assert again.id == found.id


@pytest.mark.usefixtures("streak")
def test_many_events_are_answered_one_by_one(part: Part, client: Any):
    models = part("models")
    event = models.Event(event_id="2", event_type="user.login", user_id="bob", timestamp=NOW)
    naive = {**event.to_dict(), "timestamp": "2026-04-03T10:15:00"}

    answered = part("api.events.create_events").sync(client=client, body=models.Events(events=[event, naive]))

    good, refused = answered.events
    assert (good.event_id, good.fed[0].counted) == ("2", True)
    assert (refused.event_id, refused.error.code, refused.error.status) == ("2", "INVALID_INPUT", 400)


def test_a_refusal_is_an_envelope(part: Part, client: Any):
    get = part("api.streaks.get_streak_of_user")

    answer = get.sync_detailed(ACME, "nobody", UUID(int=7), client=client)

    assert answer.status_code == 404
    assert isinstance(answer.parsed, part("models").ErrorEnvelope)
    assert answer.parsed.error.code == "NOT_FOUND"
