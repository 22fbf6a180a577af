"""The running app does what its documents say, whatever schemathesis sends: every operation, every check.

What cannot apply: a text of lines (NDJSON) is never wrong as a whole, because each line is answered alone, so what
schemathesis puts in place of a text is not sent. `use_after_free` finds nothing to look at: what is erased stays there.
`ensure_resource_availability` looks at walks through linked operations; the last test here takes them one by one.
"""

import json
from typing import Any

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from api.app import create_app
from api.schema.entry_documents import LINES
from api.settings import Settings
from tests.api.contract.circumstances import FOR_ALL, GOOD, TODAY
from tests.api.contract.conftest import Running
from tests.api.given import ADA, DAILY_SPEND, SPEND

CONFIG = {
    "seed": 1,
    "generation": {"max-examples": 15, "deterministic": True, "database": "none", "no-shrink": True},
}


def document(prefix: str) -> Any:
    """The document of a dialect. Reading it connects to nothing."""
    app = create_app(Settings(database_url="postgresql://nobody@localhost/nothing", log_level="error"))
    config = SchemathesisConfig.from_dict(CONFIG)
    return schemathesis.openapi.from_wsgi(f"{prefix}/openapi.json", app, config=config)


SCHEMA, OPERATIONS = (document(prefix) for prefix in ("/schema", "/operations"))


@schemathesis.serializer(LINES)
def lines(context: Any, value: str) -> dict[str, Any]:
    return {"data": value.encode()}


@SCHEMA.hook
def filter_case(context: Any, case: Case) -> bool:
    return case.media_type != LINES or isinstance(case.body, str)


@SCHEMA.parametrize()
def test_the_schema_dialect_does_what_its_document_says(case: Case, running: Running):
    running.ask(case)


@OPERATIONS.parametrize()
def test_the_operations_do_what_their_document_says(case: Case, running: Running):
    running.ask(case)


def test_every_operation_that_was_asked_has_answered_with_success_too(running: Running):
    refused = [name for name, statuses in running.answers.items() if not any(200 <= one < 300 for one in statuses)]

    assert refused == []


CREATED = {
    "challenge": {
        "name": "Eight visits",
        "aggregationMethod": "count",
        "aggregationPeriod": "weekly",
        "completionTargetValue": 8,
    },
    "streak": {
        "name": "Eight visits in each of 4 weeks",
        "aggregationMethod": "count",
        "aggregationPeriod": "weekly",
        "aggregationTargetValue": 8,
        "completionTargetValue": 4,
    },
    "milestone": {"linkedSchemaSlug": "challenge", "linkedSchemaRecordId": str(SPEND), "milestoneTargetValue": 250.5},
    "account_user": {"externalId": "eve"},
    "challenge_log": {
        "challengeId": str(SPEND),
        "ownedById": ADA,
        "activityAt": TODAY,
        "uniqueIdentifier": "order-1",
        "activityValue": 12.5,
    },
    "catalogue": {"id": "csrf", "kind": "topic", "title": "CSRF", "totalChallenges": 3},
    "team": {"name": "red", "members": [ADA, {"externalId": "eve"}]},
    "assignment": {**FOR_ALL, "assigneeType": "user", "assigneeId": ADA},
    "practice_log": {**GOOD["practice"], "ownedById": ADA, "activityAt": TODAY, "uniqueIdentifier": "one"},
    "learn_log": {**GOOD["learn"], "ownedById": ADA, "activityAt": TODAY, "uniqueIdentifier": "one"},
    "streak_log": {
        "streakId": str(DAILY_SPEND),
        "ownedById": ADA,
        "activityAt": TODAY,
        "uniqueIdentifier": "order-1",
        "activityValue": 12.5,
    },
}


@pytest.mark.parametrize(("kind", "body"), CREATED.items())
def test_what_is_created_is_found_by_whoever_names_its_position(running: Running, kind: str, body: dict[str, Any]):
    path = f"/schema/{kind}/record"

    created = SCHEMA[path]["POST"].Case(body=body).call_and_validate(**running.options)
    position = created.headers["position"][0]
    asked = {"path_parameters": {"id": created.json()["id"]}, "headers": {"If-Position": position}}
    found = SCHEMA[f"{path}/{{id}}"]["GET"].Case(**asked).call_and_validate(**running.options)

    assert (created.status_code, found.status_code) == (201, 200)
    assert found.json().items() <= created.json().items()
    assert json.loads(created.content)["createdAt"] == found.json()["updatedAt"]
