"""The training dialect does what its document says, whatever schemathesis sends: every operation, every check."""

from base64 import urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from schemathesis import Case

from api.state import state_of
from tests.api.conftest import ACME, NOW, Clock
from tests.api.contract.circumstances import HELD, MOMENTS, POSITIONS, of_the_past
from tests.api.contract.conftest import Running
from tests.api.contract.test_schemathesis import document
from tests.given_training import Training

TRAINING = document("/api/public/v1")
ADA = "ada"
BEHIND: dict[str, list[Any]] = {
    "practice-progress": ["a", 0],
    "learn-progress": ["a"],
    "assignments": [NOW, "00000000-0000-0000-0000-000000000000"],
}


@pytest.fixture(scope="module")
def answers(running: Running) -> dict[str, set[int]]:
    """What each operation answered with. Ada has rows of each kind."""
    training = Training(state_of(running.app).log, Clock(), ACME)
    training.topic("xss", 2).scenario("jwt", 3).practise(ADA, "xss", 0)
    training.learn(ADA, "jwt", 3)
    training.assign("topic", "xss", deadline=NOW)
    return {}


@TRAINING.parametrize()
def test_the_training_dialect_does_what_its_document_says(case: Case, running: Running, answers: dict[str, set[int]]):
    bend(case)

    response = case.call_and_validate(**running.options)

    answers.setdefault(case.operation.label, set()).add(response.status_code)


def test_every_operation_has_answered_with_success_too(answers: dict[str, set[int]]):
    assert len(answers) == 3
    assert [name for name, statuses in answers.items() if 200 not in statuses] == []


def bend(case: Case) -> None:
    """Let the good parts of a request mean what is there; what schemathesis made wrong stays wrong."""
    wrong = {location.value for location, part in case.meta.components.items() if part.mode.is_negative}
    position = case.headers.get("If-Position")
    if position is not None and ("header" not in wrong or POSITIONS.fullmatch(str(position))):
        case.headers["If-Position"] = HELD
    if "path" not in wrong:
        case.path_parameters = {"userId": ADA}
    if "query" not in wrong:
        case.query = of_the_past(case.query, MOMENTS)
    if "query" not in wrong and "cursor" in case.query:
        behind = msgspec.json.encode(BEHIND[case.path.rpartition("/")[2]])
        case.query = {**case.query, "cursor": urlsafe_b64encode(behind).decode().rstrip("=")}
