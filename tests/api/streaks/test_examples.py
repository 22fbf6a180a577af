"""The other examples in the document are answers of the running app. WRITE_EXAMPLES=1 writes them anew."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from api.streaks.examples import FOLDER
from tests.api.conftest import ACME, GLOBEX
from tests.api.streaks.given_streaks import LOGINS, SPEND
from tests.kept import assert_example

EVENTS, BULK = "/v1/events", "/v1/events/bulk"
LOGIN = {
    "event_id": "login-1001",
    "event_type": "user.login",
    "user_id": "user-12345",
    "timestamp": "2026-04-03T10:15:00Z",
    "attributes": {"device": "phone"},
}
ORDER = {
    "event_id": "order-1001",
    "event_type": "order.paid",
    "user_id": "user-12345",
    "timestamp": "2026-04-03T10:14:07.250Z",
    "attributes": {"value": 187.5, "shop": "Graz"},
}
NAIVE = {**LOGIN, "event_id": "login-1002", "timestamp": "2026-04-03T10:15:00"}

BODIES = {
    "event": ("A login, on a phone.", LOGIN),
    "events": ("A login, an order, and an event whose time has no zone.", {"events": [LOGIN, ORDER, NAIVE]}),
}
ANSWERS = {
    "event_answered": "It was counted in one streak.",
    "events_answered": "Two were counted, the third was refused.",
}
ERRORS = {
    400: "Two parameters are wrong.",
    401: "There is no credential.",
    403: "The key belongs to another tenant.",
    404: "The user has no record of this streak.",
    409: "The same event_id came with other content.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    429: "The limit of the key is used up.",
    500: "Something went wrong here.",
    503: "The read tables are not that far yet.",
}
OF_USER = f"/v1/streaks/{ACME}/users/user-12345"


@pytest.mark.parametrize("name", BODIES)
def test_a_body_in_the_document_is_one_that_is_taken(admin, given, catch_up, name):
    given.define(LOGINS).define(SPEND)
    catch_up()
    summary, body = BODIES[name]

    response = admin.post(EVENTS if name == "event" else BULK, json=body)

    assert response.status_code == 202
    assert_example(FOLDER, name, summary, body)
    answered = msgspec.json.decode(response.data)
    assert_example(FOLDER, f"{name}_answered", ANSWERS[f"{name}_answered"], answered)


@pytest.fixture
def errors(admin, acme, guest, client_of, make_key, given, catch_up, settings, reader) -> dict[int, Any]:
    """Everything that can go wrong, once."""
    given.define(LOGINS)
    catch_up()
    limited = client_of(make_key("progress:read", per_minute=1).key)
    limited.get(OF_USER)
    admin.post(EVENTS, json=LOGIN)
    found = {
        400: acme.get(f"{OF_USER}?limit=0&shoe_size=44"),
        401: guest.get(OF_USER),
        403: acme.get(f"/v1/streaks/{GLOBEX}/users/user-12345"),
        404: acme.get(f"{OF_USER}/{UUID(int=7)}"),
        409: admin.post(EVENTS, json={**LOGIN, "attributes": {"device": "desk"}}),
        413: admin.post(EVENTS, data=b" " * (settings.max_body_bytes + 1), content_type="application/json"),
        415: admin.post(EVENTS, data={"event_id": "7"}),
        429: limited.get(OF_USER),
        503: acme.get(OF_USER, headers={"If-Position": "0:1000000"}),
    }
    reader.write("ALTER TABLE streak RENAME TO elsewhere", {})
    found[500] = acme.get(OF_USER, headers={"Request-Id": "3f2a9c41d07be658"})
    assert {status: response.status_code for status, response in found.items()} == {status: status for status in found}
    return found


def test_an_error_in_the_document_is_one_that_is_answered(errors):
    for status, response in errors.items():
        assert response.content_type == "application/json"
        assert_example(FOLDER, f"error_{status}", ERRORS[status], msgspec.json.decode(response.data))
    assert errors[401].headers["WWW-Authenticate"].startswith("Bearer")
    assert int(errors[429].headers["Retry-After"]) > 0
    limits = [errors[429].headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]
    assert limits[:2] == ["1", "0"]
    assert errors[503].headers["Retry-After"] == "1"
