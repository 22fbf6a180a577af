"""API: errors of the training dialect are a code, and what helps to mend it."""

from http import HTTPStatus

import msgspec
import pytest

from api.access.refusals import AccessRefused, InsufficientScope
from api.errors import Problem, problem_of
from api.training.errors import as_code
from domain.errors import AlreadyExists, Busy, DefinitionNotFound, InvalidInput, NotFound, invalid


def body(response) -> dict:
    assert response.content_type == "application/json"
    return msgspec.json.decode(response.data)


@pytest.mark.parametrize("status", [one.value for one in HTTPStatus if one >= 400])
def test_every_status_has_a_code_in_small_letters_and_keeps_its_headers(status):
    response = as_code(Problem(status, "some_code", "some text", headers={"X-Some": "header"}))

    assert response.status_code == status
    assert response.headers["X-Some"] == "header"
    assert set(body(response)) <= {"error", "message"}
    assert body(response)["error"].replace("_", "").islower()


REFUSALS = [
    (NotFound("no such user"), {"error": "not_found"}),
    (
        InsufficientScope(["progress:read"], []),
        {"error": "insufficient_scope", "required": "progress:read", "present": []},
    ),
    (AccessRefused("another tenant"), {"error": "forbidden"}),
    (
        invalid("user_id", "is missing"),
        {"error": "invalid_input", "message": "user_id: is missing", "errors": {"userId": ["is missing"]}},
    ),
    (InvalidInput("the body is no object"), {"error": "invalid_input", "message": "the body is no object"}),
    (
        DefinitionNotFound("none", {"topic_id": ["none"]}),
        {"error": "invalid_input", "message": "none", "errors": {"topicId": ["none"]}},
    ),
    (AlreadyExists("it is there"), {"error": "already_exists", "message": "it is there"}),
]


@pytest.mark.parametrize(("refusal", "expected"), REFUSALS, ids=lambda one: type(one).__name__)
def test_a_refusal_is_written_as_the_source_writes_it(app, refusal, expected):
    with app.test_request_context("/api/public/v1"):
        assert body(as_code(problem_of(refusal))) == expected


def test_what_may_be_tried_again_says_when_and_nothing_of_the_database(app):
    with app.test_request_context("/api/public/v1"):
        response = as_code(problem_of(Busy("connection to 10.0.0.7 failed")))

    assert body(response)["error"] == "unavailable"
    assert b"10.0.0.7" not in response.data
    assert response.headers["Retry-After"] == "1"
