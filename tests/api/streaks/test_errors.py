"""API, Reading: streaks dialect. Errors are an envelope with the codes of the source."""

from http import HTTPStatus

import msgspec
import pytest
from flask import Flask, Response
from werkzeug.exceptions import Conflict, HTTPException, MethodNotAllowed, RequestEntityTooLarge

from api.access.callers import requires
from api.access.refusals import InsufficientScope
from api.app import create_app
from api.blueprints import json_body
from api.errors import Problem, problem_of
from api.streaks.errors import as_envelope
from domain.errors import AlreadyExists, Busy, DefinitionNotFound, EntryConflict, InvalidInput, NotFound, invalid
from tests.api.conftest import BARE

VIEW = "/v1/a-view"


@pytest.fixture(scope="module")
def bare_app() -> Flask:
    """The app, with a view below /v1 that wants a scope and reads a body, and one that fails."""
    app = create_app(BARE)

    @requires("progress:read")
    def view() -> Response:
        return Response(str(json_body()))

    def broken() -> Response:
        raise LookupError("a secret")

    app.add_url_rule(VIEW, view_func=view, methods=["GET", "POST"])
    app.add_url_rule("/v1/broken", view_func=broken)
    return app


def error(response, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    assert response.content_type == "application/json"
    body = msgspec.json.decode(response.data)
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message", "status"}
    assert (body["error"]["code"], body["error"]["status"]) == (code, status)
    return body["error"]["message"]


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/a-view/", "/v1//a-view", "/v1/%00", "/v1/é"])
def test_a_path_that_is_not_there_is_404_in_an_envelope(guest, path):
    response = guest.get(path)

    assert error(response, 404, "NOT_FOUND") == "there is no such path"
    assert response.headers["Request-Id"]


@pytest.mark.parametrize("path", ["/v1x", "/v10/streaks", "/V1", "/", "/api/v1", "/schema/v1"])
def test_another_path_keeps_the_form_of_its_own_dialect(guest, path):
    response = guest.get(path)

    assert (response.status_code, response.content_type) == (404, "application/problem+json")


def test_a_method_that_is_not_there_names_those_that_are(guest):
    response = guest.delete(VIEW)

    error(response, 405, "METHOD_NOT_ALLOWED")
    assert {one.strip() for one in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_guest_is_told_how_to_show_a_credential(guest):
    response = guest.get(VIEW)

    assert "API key" in error(response, 401, "UNAUTHORIZED")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_missing_scope_is_forbidden_and_named(client_of, make_key):
    response = client_of(make_key("operations").key).get(VIEW)

    assert error(response, 403, "FORBIDDEN") == "progress:read is needed; the credential has operations"


def test_a_limit_that_is_used_up_says_until_when(client_of, make_key):
    client = client_of(make_key("progress:read", per_minute=1).key)
    client.get(VIEW)

    response = client.get(VIEW)

    error(response, 429, "RATE_LIMITED")
    assert response.headers["Retry-After"] == "60"
    assert (response.headers["X-RateLimit-Limit"], response.headers["X-RateLimit-Remaining"]) == ("1", "0")
    assert response.headers["X-RateLimit-Reset"]


def test_a_body_that_cannot_be_read_is_refused_by_what_is_wrong_with_it(acme, settings):
    broken = acme.post(VIEW, data=b'{"event_id": ', content_type="application/json")
    form = acme.post(VIEW, data={"event_id": "1"})
    large = acme.post(VIEW, data=b" " * (settings.max_body_bytes + 1), content_type="application/json")

    assert error(broken, 400, "INVALID_INPUT").startswith("body: is not JSON")
    error(form, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert str(settings.max_body_bytes) in error(large, 413, "BODY_TOO_LARGE")


def test_what_nobody_foresaw_says_nothing_of_itself(guest):
    response = guest.get("/v1/broken", headers={"Request-Id": "seven"})

    assert error(response, 500, "INTERNAL_ERROR") == "something went wrong here; it is logged as seven"


def test_every_wrong_field_is_named_as_it_was_sent():
    errors = {"event_id": ["is missing"], "events[3].user_id": ["is too long", "must be printable"]}
    refusal = InvalidInput("two fields are wrong", errors)

    response = as_envelope(problem_of(refusal))

    message = error(response, 400, "INVALID_INPUT")
    assert message == "event_id: is missing; events[3].user_id: is too long, must be printable"


REFUSALS = [
    (invalid("user_id", "is missing"), 400, "INVALID_INPUT", "user_id: is missing"),
    (InvalidInput("the body is no object"), 400, "INVALID_INPUT", "the body is no object"),
    (DefinitionNotFound("none", {"definition_id": ["none"]}), 400, "INVALID_INPUT", "definition_id: none"),
    (InsufficientScope(["logs:write"], []), 403, "FORBIDDEN", "logs:write is needed; the credential has no scope"),
    (NotFound("Streak not found"), 404, "NOT_FOUND", "Streak not found"),
    (
        MethodNotAllowed(["GET"]),
        405,
        "METHOD_NOT_ALLOWED",
        "the path has no such method; Allow names those that it has",
    ),
    (AlreadyExists("it is there already", {"id": ["is taken"]}), 409, "CONFLICT", "it is there already"),
    (EntryConflict("other content", {"event_id": ["other content"]}), 409, "CONFLICT", "other content"),
    (Conflict("twice"), 409, "CONFLICT", "twice"),
]


@pytest.mark.parametrize(("refusal", "status", "code", "message"), REFUSALS, ids=lambda one: type(one).__name__)
def test_a_refusal_has_the_code_of_its_status(app: Flask, refusal, status, code, message):
    with app.test_request_context("/v1"):
        response = as_envelope(problem_of(refusal))

    assert error(response, status, code) == message


def test_what_may_be_tried_again_says_when(app: Flask):
    with app.test_request_context("/v1"):
        response = as_envelope(problem_of(Busy("connection to 10.0.0.7 failed")))

    assert "10.0.0.7" not in error(response, 503, "UNAVAILABLE")
    assert response.headers["Retry-After"] == "1"


@pytest.mark.parametrize("status", [one.value for one in HTTPStatus if one >= 400])
def test_every_status_has_a_code_in_capitals(status):
    response = as_envelope(Problem(status, "some_code", "some text", headers={"X-Some": "header"}))

    code = msgspec.json.decode(response.data)["error"]["code"]
    assert error(response, status, code) == "some text"
    assert code.replace("_", "").isalpha()
    assert code.isupper()
    assert response.headers["X-Some"] == "header"


@pytest.mark.parametrize("refusal", [RequestEntityTooLarge(), HTTPException("odd")])
def test_what_flask_refuses_by_itself_is_in_the_envelope_too(app: Flask, refusal):
    with app.test_request_context("/v1"):
        found = problem_of(refusal)

        response = as_envelope(found)

    assert error(response, found.status, "BODY_TOO_LARGE" if found.status == 413 else "INTERNAL_ERROR")
