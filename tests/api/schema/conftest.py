"""Somebody who writes: keys of two tenants that may do everything, end users, and a projector beside the app."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from threading import Event, Thread
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access import keys
from api.state import state_of
from projections.following.projector import Projector
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
def ask(app: Flask, projector: None) -> Ask:
    """Somebody with a new key: `ask("logs:write", tenant="globex")`, or an end user: `ask(owner=ADA)`."""

    def ask(*scopes: str, tenant: str = ACME, owner: str | None = None, **limits: int) -> Asker:
        scopes = scopes or tuple(EVERYTHING)
        key = keys.create(state_of(app).reader, tenant=tenant, name="a test", scopes=scopes, **limits)
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
SPEND_IN_A_ROW = {
    "name": "spend in three months",
    "status": "live",
    "aggregationMethod": "sum",
    "aggregationPeriod": "monthly",
    "aggregationTargetValue": 500,
    "completionTargetValue": 3,
}


class Game(NamedTuple):
    """A kind of definition with a log: what is true of both kinds is tested with both. A month has 500 to gather."""

    slug: str
    definition: dict[str, Any]
    target: str

    @property
    def definitions(self) -> str:
        """Where definitions are."""
        return f"/schema/{self.slug}/record"

    @property
    def log(self) -> str:
        """Where entries are."""
        return f"/schema/{self.slug}_log/record"

    @property
    def progress(self) -> str:
        """Where progress is."""
        return f"/schema/{self.slug}_progress/record"

    def made(self, asker: Asker, **changes: Any) -> str:
        """The id of a new definition."""
        answer = asker.post(self.definitions, {**self.definition, **changes})
        assert answer.status == 201, answer.body
        return answer.body["id"]

    def entry(
        self, definition: str, name: str = "order-1001", value: Any = Decimal("187.50"), **changes: Any
    ) -> dict[str, Any]:
        """What Ada did on the third of April. `None` leaves a field out."""
        fields = {
            f"{self.slug}Id": definition,
            "ownedById": ADA,
            "activityAt": "2026-04-03T10:15:00Z",
            "activityId": "made_a_purchase",
            "uniqueIdentifier": name,
            "activityValue": value,
            **changes,
        }
        return {field: value for field, value in fields.items() if value is not None}

    def logged(self, asker: Asker, definition: str, *args: Any, **changes: Any) -> dict[str, Any]:
        """The answer to a new entry."""
        answer = asker.post(self.log, self.entry(definition, *args, **changes))
        assert answer.status == 201, answer.body
        return answer.body

    def run(self, body: dict[str, Any]) -> Any:
        """The record in the answer to an entry."""
        return body[f"{self.slug}Progress"]

    def gathered(self, body: dict[str, Any]) -> Any:
        """What the current period has gathered, in the answer to an entry."""
        return self.run(body)["taskProgress"]["currentProgressValue"]

    def milestone(self, asker: Asker, definition: str, target: Any, **more: Any) -> str:
        """The id of a new milestone."""
        linked = {"linkedSchemaSlug": self.slug, "linkedSchemaRecordId": definition}
        answer = asker.post("/schema/milestone/record", {**linked, "milestoneTargetValue": target, **more})
        assert answer.status == 201, answer.body
        return answer.body["id"]


CHALLENGE = Game("challenge", SPEND, "completionTargetValue")
STREAK = Game("streak", SPEND_IN_A_ROW, "aggregationTargetValue")
made, entry = CHALLENGE.made, CHALLENGE.entry


@pytest.fixture(params=[CHALLENGE, STREAK], ids=lambda game: game.slug)
def game(request: pytest.FixtureRequest) -> Game:
    return request.param
