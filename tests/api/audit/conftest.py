"""The audit dialect in process: an auditor of acme, and what there is to look at."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import ACME, GLOBEX, Clock
from tests.api.given import ADA, BOB, MONTHLY_WORKOUTS, Given
from tests.given_training import Training

JANUARY_5 = datetime(2026, 1, 5, 18, tzinfo=UTC)
Ask = Callable[..., Any]


@pytest.fixture
def auditor(make_key, client_of) -> FlaskClient:
    """Somebody with a key of acme that audits."""
    return client_of(make_key("audit:read").key)


@pytest.fixture
def ask(auditor: FlaskClient, catch_up: Callable[[], None]) -> Ask:
    """`ask("engagements", SPEND, ADA)`: what the auditor is answered, once the read tables are level."""

    def ask(*path: object, status: int = 200, **query: Any) -> Any:
        catch_up()
        response = auditor.get("/".join(["/audit", *map(str, path)]), query_string=query)
        assert response.status_code == status, response.text
        return response.json

    return ask


@pytest.fixture
def lost(given: Given, clock: Clock) -> Given:
    """Ada met January, and one entry of February came too late: her streak is lost. Bob and globex did better."""
    clock.moment = JANUARY_5
    other = given.of(GLOBEX)
    for tenant in (given, other):
        tenant.define(MONTHLY_WORKOUTS, timezone="Europe/Vienna")
    for _ in range(4):
        given.entry(MONTHLY_WORKOUTS, ADA, None)
        other.entry(MONTHLY_WORKOUTS, ADA, None)
        for _ in range(2):
            given.entry(MONTHLY_WORKOUTS, BOB, None)
        clock.advance(days=6)
    clock.moment = datetime(2026, 3, 1, 1, 16, 0, 123456, tzinfo=UTC)
    given.entry(MONTHLY_WORKOUTS, ADA, None, at=datetime(2026, 2, 28, 12, tzinfo=UTC))
    return given


@pytest.fixture
def training(log: Any, clock: Clock) -> Training:
    """The training of acme. Bob, and Ada in another tenant, have done everything that there is."""
    for tenant in (GLOBEX, ACME):
        training = Training(log, clock, tenant)
        training.topic("xss", 3).scenario("jwt", 7)
        training.practise(ADA if tenant == GLOBEX else BOB, "xss", 0, 1, 2)
        training.learn(ADA if tenant == GLOBEX else BOB, "jwt", 7)
    return training
