"""The examples of the dialect's source: same keys, same order, same types, and the same values for the same story."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from api.training.examples import example
from domain.application import ProgressLog
from tests.api.conftest import ACME, Clock
from tests.api.training.conftest import ADA
from tests.given_training import Training

PRACTICE: list[dict[str, Any]] = [
    {
        "topicId": "sql-injection",
        "challengeIndex": 0,
        "language": "python",
        "score": 100,
        "phase1Score": 50,
        "phase2Score": 50,
        "phase1HintUsed": False,
        "phase2HintUsed": False,
        "completedAt": "2026-05-20T14:32:08Z",
    },
    {
        "topicId": "sql-injection",
        "challengeIndex": 1,
        "language": "python",
        "score": 80,
        "phase1Score": 30,
        "phase2Score": 50,
        "phase1HintUsed": True,
        "phase2HintUsed": False,
        "completedAt": "2026-05-21T09:14:55Z",
    },
    {
        "topicId": "xss",
        "challengeIndex": 0,
        "language": "javascript",
        "score": 100,
        "phase1Score": 50,
        "phase2Score": 50,
        "phase1HintUsed": False,
        "phase2HintUsed": False,
        "completedAt": "2026-05-22T11:48:31Z",
    },
]
LEARN: list[dict[str, Any]] = [
    {
        "scenarioId": "auth-bypass-walkthrough",
        "currentStep": 8,
        "totalSteps": 8,
        "status": "completed",
        "startedAt": "2026-05-18T13:02:11Z",
        "completedAt": "2026-05-18T13:41:07Z",
        "lastAccessAt": "2026-05-18T13:41:07Z",
    },
    {
        "scenarioId": "jwt-tampering",
        "currentStep": 3,
        "totalSteps": 7,
        "status": "started",
        "startedAt": "2026-05-23T16:20:00Z",
        "completedAt": None,
        "lastAccessAt": "2026-05-24T10:08:42Z",
    },
]
ASSIGNMENTS: list[dict[str, Any]] = [
    {
        "id": "f1a2b3c4-d5e6-4708-8192-03405e6f7081",
        "contentArea": "practice",
        "targetType": "topic",
        "targetId": "sql-injection",
        "targetTitle": "SQL Injection",
        "deadline": "2026-06-15T00:00:00Z",
        "isMandatory": True,
        "isOverdue": False,
        "isCompleted": False,
        "totalItems": 5,
        "completedItems": 2,
        "progressPercent": 40.0,
        "note": "Assigned after CodeQL finding in payments-api.",
    },
    {
        "id": "a2b3c4d5-e6f7-4081-9203-405e6f708192",
        "contentArea": "learn",
        "targetType": "scenario",
        "targetId": "auth-bypass-walkthrough",
        "targetTitle": "Auth Bypass Walkthrough",
        "deadline": "2026-05-31T00:00:00Z",
        "isMandatory": False,
        "isOverdue": False,
        "isCompleted": True,
        "totalItems": 1,
        "completedItems": 1,
        "progressPercent": 100.0,
        "note": None,
    },
]
SOURCE = {"practice-progress": PRACTICE, "learn-progress": LEARN, "assignments": ASSIGNMENTS}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def story(log: ProgressLog, clock: Clock) -> None:
    """What the source tells of."""
    clock.moment = datetime(2026, 5, 1, tzinfo=UTC)
    training = Training(log, clock, ACME)
    training.topic("sql-injection", 5, title="SQL Injection").topic("xss", 3, title="XSS")
    training.scenario("auth-bypass-walkthrough", 8).scenario("jwt-tampering", 7)
    for one, told in enumerate(ASSIGNMENTS):
        training.assign(
            told["targetType"],
            told["targetId"],
            ADA if one else None,
            UUID(told["id"]),
            deadline=at(told["deadline"]),
            is_mandatory=told["isMandatory"],
            note=told["note"],
        )
        clock.advance(seconds=1)
    clock.moment = at("2026-06-01T12:00:00.123456Z")
    for row in PRACTICE:
        for phase in (1, 2):
            training.phase(
                ADA,
                row["topicId"],
                row["challengeIndex"],
                phase,
                row[f"phase{phase}Score"],
                hint_used=row[f"phase{phase}HintUsed"],
                language=row["language"],
                at=at(row["completedAt"]),
            )
    for row in LEARN:
        training.learn(ADA, row["scenarioId"], at=at(row["startedAt"]))
        training.learn(ADA, row["scenarioId"], row["currentStep"], at=at(row["lastAccessAt"]))


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("what", SOURCE)
def test_an_answer_is_that_of_the_source_byte_for_byte(ask, what):
    response = ask(what)

    assert response.status_code == 200, response.text
    assert response.data == msgspec.json.encode(SOURCE[what])


@pytest.mark.usefixtures("story")
def test_a_percentage_is_written_with_its_decimal(ask):
    assert b'"progressPercent":40.0,' in ask("assignments").data
    assert b'"progressPercent":100.0,' in ask("assignments").data


@pytest.mark.parametrize("what", SOURCE)
def test_the_examples_in_the_document_are_those_of_the_source(what):
    name = what.replace("-", "_")

    assert example(name)[name]["value"] == SOURCE[what]
