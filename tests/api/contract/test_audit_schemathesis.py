"""The audit dialect does what its document says, whatever schemathesis sends: every operation, every check."""

import pytest
from schemathesis import Case

from projections.feed import cursor
from tests.api.contract.circumstances import HELD, MOMENTS, POSITIONS, of_the_past
from tests.api.contract.conftest import Running
from tests.api.contract.test_schemathesis import document
from tests.api.given import ADA, DAILY_SPEND

AUDIT = document("/audit")


@pytest.fixture(scope="module")
def answers() -> dict[str, set[int]]:
    """What each operation answered with."""
    return {}


@AUDIT.parametrize()
def test_the_audit_dialect_does_what_its_document_says(case: Case, running: Running, answers: dict[str, set[int]]):
    bend(case, running)

    response = case.call_and_validate(**running.options)

    answers.setdefault(case.operation.label, set()).add(response.status_code)


def test_every_operation_has_answered_with_success_too(answers: dict[str, set[int]]):
    assert answers
    assert [name for name, statuses in answers.items() if 200 not in statuses] == []


def bend(case: Case, running: Running) -> None:
    """Let the good parts of a request mean what is there; what schemathesis made wrong stays wrong."""
    wrong = {location.value for location, part in case.meta.components.items() if part.mode.is_negative}
    position = case.headers.get("If-Position")
    if position is not None and ("header" not in wrong or POSITIONS.fullmatch(str(position))):
        case.headers["If-Position"] = HELD
    if "path" not in wrong and "definitionId" in case.path_parameters:
        case.path_parameters = {"definitionId": str(DAILY_SPEND), "ownerId": ADA}
    if "path" not in wrong and "id" in case.path_parameters:
        case.path_parameters = {"id": str(running.circumstances.streak_progress_id)}
    if "query" not in wrong:
        # A position is one of the slice that is asked, and a streak has no challenges.
        place = running.circumstances.position.partition(":")[0]
        case.query = {name: value for name, value in case.query.items() if name != "challengeIndex"}
        case.query = of_the_past(case.query, MOMENTS)
        if "cursor" in case.query:
            case.query = {**case.query, "cursor": f"{place}:1"}
        if "after" in case.query:
            case.query = {**case.query, "after": cursor.encode({0: 0})}
        if "type" in case.query:
            case.query = {**case.query, "type": "EntryCounted,EntryVoided"}
