"""Somebody who writes: keys of two tenants that may do everything, end users, and a projector beside the app."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from threading import Event, Thread
from typing import Any
from uuid import UUID

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access import keys
from api.state import state_of
from projections.projector import Projector
from tests.api.conftest import ACME, GLOBEX, token

ADA, BOB = str(UUID(int=0xADA)), str(UUID(int=0xB0B))
EVERYTHING = [scope for scope in keys.SCOPES if scope != "operations"]

read = msgspec.json.Decoder(float_hook=Decimal).decode
write = msgspec.json.Encoder(decimal_format="number").encode


class Answer:
    """What came back: its JSON has exact numbers."""

    def __init__(self, response: TestResponse) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.body: Any = read(response.data) if response.data else None

    @property
    def errors(self) -> dict[str, list[str]]:
        return self.body.get("errors", {})


class Asker:
    """Somebody with a credential."""

    def __init__(self, client: FlaskClient, credential: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {credential}"}

    def get(self, path: str, **headers: str) -> Answer:
        return Answer(self.client.get(path, headers={**self.headers, **headers}))

    def post(self, path: str, body: Any) -> Answer:
        return self.send("POST", path, body)

    def patch(self, path: str, body: Any) -> Answer:
        return self.send("PATCH", path, body)

    def send(self, method: str, path: str, body: Any, content_type: str = "application/json") -> Answer:
        data = body if isinstance(body, bytes) else write(body)
        return Answer(self.client.open(path, method=method, data=data, content_type=content_type, headers=self.headers))


Ask = Callable[..., Asker]


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Somebody with a new key: `ask("logs:write", tenant="globex")`, or an end user: `ask(owner=ADA)`."""

    def ask(*scopes: str, tenant: str = ACME, owner: str | None = None) -> Asker:
        key = keys.create(state_of(app).reader, tenant=tenant, name="a test", scopes=scopes or EVERYTHING)
        return Asker(app.test_client(), key.key if owner is None else token(key, sub=owner))

    return ask


@pytest.fixture
def acme(ask: Ask) -> Asker:
    """A key of the tenant acme that may do everything."""
    return ask()


@pytest.fixture
def globex(ask: Ask) -> Asker:
    """A key of another tenant that may do everything."""
    return ask(tenant=GLOBEX)


@pytest.fixture
def projector(database_url: str) -> Iterator[None]:
    """A projector that follows the log while the test runs."""
    stop, projector = Event(), Projector(database_url)
    thread = Thread(target=projector.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()
    projector.close()


SPEND = {
    "name": "monthly spend",
    "status": "live",
    "aggregationMethod": "sum",
    "aggregationPeriod": "monthly",
    "completionTargetValue": 500,
}


def made(asker: Asker, **changes: Any) -> str:
    """The id of a new challenge: spend 500 in a month."""
    answer = asker.post("/schema/challenge/record", {**SPEND, **changes})
    assert answer.status == 201, answer.body
    return answer.body["id"]


def entry(challenge: str, name: str = "order-1001", value: Any = Decimal("187.50"), **changes: Any) -> dict[str, Any]:
    """What Ada did on the third of April. `None` leaves a field out."""
    fields = {
        "challengeId": challenge,
        "ownedById": ADA,
        "activityAt": "2026-04-03T10:15:00Z",
        "activityId": "made_a_purchase",
        "uniqueIdentifier": name,
        "activityValue": value,
        **changes,
    }
    return {field: value for field, value in fields.items() if value is not None}
