"""The training dialect in process: a catalogue, the same one in another tenant, and somebody who asks."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from domain.application import ProgressLog
from reactors.assignments import AssignmentCompletion
from tests.api.conftest import ACME, GLOBEX, Clock
from tests.given_training import Training

ADA, BOB = "1a2b3c4d-5e6f-7081-9203-4d5e6f708192", "bob"
Read = Callable[..., Any]


@pytest.fixture
def training(log: ProgressLog, clock: Clock) -> Training:
    """The training of acme. Bob, and Ada in another tenant, have done everything that there is."""
    for tenant in (GLOBEX, ACME):
        training = Training(log, clock, tenant)
        training.item("injection", "module").topic("sql-injection", 5, "injection").topic("xss", 2, "injection")
        training.item("auth", "course").scenario("auth-bypass-walkthrough", 8, "auth").scenario("jwt", 7, "auth")
        for owner in (BOB, ADA) if tenant == GLOBEX else (BOB,):
            training.practise(owner, "sql-injection", *range(5)).practise(owner, "xss", 0, 1)
            training.learn(owner, "auth-bypass-walkthrough", 8)
            training.learn(owner, "jwt", 7)
    training.of(GLOBEX).assign("module", "injection")
    return training


@pytest.fixture
def ask(acme: FlaskClient, catch_up: Callable[[], None]) -> Callable[..., TestResponse]:
    """`ask("assignments")`: what Ada's client is answered, once the read tables are level."""

    def ask(what: str, user: str = ADA, client: FlaskClient = acme, **options: Any) -> TestResponse:
        catch_up()
        return client.get(f"/api/public/v1/users/{user}/{what}", **options)

    return ask


@pytest.fixture
def read(ask: Callable[..., TestResponse]) -> Read:
    """`read("assignments")`: the array."""

    def read(what: str, user: str = ADA, **options: Any) -> Any:
        response = ask(what, user, **options)
        assert response.status_code == 200, response.text
        return response.json

    return read


@pytest.fixture
def react(database_url, clock, catch_up):
    """Let the reactor see everything that is there now."""
    reactor = AssignmentCompletion(database_url, clock)

    def react() -> None:
        catch_up()
        reactor.step()

    yield react
    reactor.close()
