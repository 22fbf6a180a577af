"""The streaks dialect in process: a tenant's streaks, the same ones in another tenant, and somebody who asks."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from domain.application import ProgressLog
from tests.api.conftest import ACME, GLOBEX, Clock
from tests.api.streaks.given_streaks import ADA, BOB, LOGINS, GivenStreaks

Read = Callable[..., Any]
Tell = Callable[..., TestResponse]


@pytest.fixture
def given(log: ProgressLog, clock: Clock) -> GivenStreaks:
    """The log of acme. Another tenant has a streak of the same id, in which the same user is further."""
    other = GivenStreaks(log, clock, GLOBEX).define(LOGINS, [1], name="Of somebody else")
    for _ in range(3):
        other.entry(LOGINS, ADA)
    return GivenStreaks(log, clock, ACME)


@pytest.fixture
def planted(given: GivenStreaks) -> GivenStreaks:
    """The same with a second user, who logged in twice."""
    given.define(LOGINS, [1, 3])
    given.entry(LOGINS, BOB)
    given.entry(LOGINS, BOB)
    return given


@pytest.fixture
def one(acme: FlaskClient, catch_up: Callable[[], None]) -> Read:
    """`one(LOGINS)`: where Ada stands, once the read tables are level."""

    def one(streak: UUID = LOGINS, user: str = ADA) -> dict[str, Any]:
        catch_up()
        response = acme.get(f"/v1/streaks/{ACME}/users/{user}/{streak}")
        assert response.status_code == 200, response.text
        return response.json

    return one


@pytest.fixture
def tell(admin: FlaskClient, clock: Clock, catch_up: Callable[[], None]) -> Tell:
    """`tell("user.login")`: an event of Ada's, once the read tables know the definitions."""
    names = iter(range(1, 1000))

    def tell(event_type: str = "user.login", **changes: Any) -> TestResponse:
        catch_up()
        body = event(clock, event_type, event_id=f"event-{next(names)}")
        told = {name: value for name, value in {**body, **changes}.items() if value is not None}
        return admin.post("/v1/events", json=told)

    return tell


def event(clock: Clock, event_type: str = "user.login", **changes: Any) -> dict[str, Any]:
    """An event of Ada's, now."""
    body = {"event_id": "event", "event_type": event_type, "user_id": ADA, "timestamp": clock().isoformat()}
    return {**body, **changes}


def error(response: TestResponse, status: int, code: str) -> str:
    """The message of an error that must be in the envelope."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/json"
    assert response.json.keys() == {"error"}
    assert response.json["error"].keys() == {"code", "message", "status"}
    assert (response.json["error"]["code"], response.json["error"]["status"]) == (code, status)
    return response.json["error"]["message"]
