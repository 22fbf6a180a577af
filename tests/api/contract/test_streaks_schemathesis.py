"""The streaks dialect does what its document says, whatever schemathesis sends: every operation, every check."""

import json
from typing import Any

import pytest
from schemathesis import Case

from api.state import state_of
from api.streaks.paths import MOMENTS
from projections.consistency import wait_until_level
from tests.api.conftest import ACME, Clock
from tests.api.contract.circumstances import HELD, POSITIONS, TODAY, of_the_past
from tests.api.contract.conftest import Running
from tests.api.contract.test_schemathesis import document
from tests.api.streaks.given_streaks import ADA, LOGINS, MODES, SPEND, GivenStreaks

STREAKS = document("/v1")
WHERE = {"tenant_id": ACME, "user_id": ADA, "definition_id": str(LOGINS)}


@pytest.fixture(scope="module")
def streaks(running: Running) -> dict[str, set[int]]:
    """What each operation answered with. There are streaks, and Ada has a record of each."""
    state = state_of(running.app)
    given = GivenStreaks(state.log, Clock(), ACME)
    given.define(LOGINS, [1, 3]).define(SPEND).define(MODES)
    given.entry(LOGINS, ADA)
    given.entry(SPEND, ADA, "12.5")
    given.entry(MODES, ADA, mode="arcade")
    assert wait_until_level(state.reader, seconds=30)
    return {}


@STREAKS.parametrize()
def test_the_streaks_dialect_does_what_its_document_says(case: Case, running: Running, streaks: dict[str, set[int]]):
    bend(case)

    response = case.call_and_validate(**running.options)

    streaks.setdefault(case.operation.label, set()).add(response.status_code)


def test_every_operation_has_answered_with_success_too(streaks: dict[str, set[int]]):
    assert len(streaks) == 6
    assert [name for name, statuses in streaks.items() if not statuses & {200, 202}] == []


def bend(case: Case) -> None:
    """Let the good parts of a request mean what is there; what schemathesis made wrong stays wrong."""
    wrong = {location.value for location, part in case.meta.components.items() if part.mode.is_negative}
    position = case.headers.get("If-Position")
    if position is not None and ("header" not in wrong or POSITIONS.fullmatch(str(position))):
        case.headers["If-Position"] = HELD
    if "path" not in wrong:
        case.path_parameters = {name: WHERE[name] for name in case.path_parameters or {}}
    if "query" not in wrong:
        case.query = of_the_past(case.query, MOMENTS)
    if "body" not in wrong and isinstance(case.body, dict):
        case.body = _not_in_the_future(case.body)


def _not_in_the_future(body: dict[str, Any]) -> dict[str, Any]:
    """An event, of a name that follows from the rest of it, because the same name with other content is a conflict."""
    if "timestamp" not in body:
        return body
    event = {**body, "timestamp": TODAY, "event_type": "user.login"}
    return {**event, "event_id": str(hash(json.dumps(event, sort_keys=True)))}
