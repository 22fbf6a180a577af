"""Lines over a real connection: most clients send all of a body before they read any of the answer."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from uuid import UUID, uuid4

import pytest

from api.access import keys
from domain.application import ProgressLog
from domain.commands import Define
from domain.vocabulary import Slug
from projections.database import Reader
from tests.api.conftest import NOW
from tests.api.schema.conftest import EVERYTHING, entry, read, write
from tests.api.test_gunicorn import Server, server

__all__ = ["server"]

# Neither these lines nor their answers fit into what the sockets hold between them.
LINES, NOTE = 8_000, "a" * 1000


@pytest.fixture
def key(database_url: str) -> Iterator[str]:
    with closing(Reader(database_url)) as reader:
        yield keys.create(reader, tenant="acme", name="a test", scopes=EVERYTHING).key


@pytest.fixture
def challenge(database_url: str) -> str:
    fields = {"name": "spend", "aggregation_method": "sum", "aggregation_period": "monthly", "status": "live"}
    with ProgressLog(database_url) as log:
        identifier = uuid4()
        command = Define(id=identifier, slug=Slug.CHALLENGE, fields={**fields, "completion_target_value": 10**9})
        log.define("acme", identifier, command, now=NOW)
    return str(identifier)


def test_a_client_that_sends_everything_before_it_reads_is_answered(server: Server, key: str, challenge: str):
    def body() -> Iterator[bytes]:
        for number in range(LINES):
            owner = str(UUID(int=number % 500))
            yield write(entry(challenge, str(number), 1, ownedById=owner, attributes={"a": NOTE, "b": NOTE})) + b"\n"

    headers = {"X-API-Key": key, "Content-Type": "application/x-ndjson"}
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("POST", "/schema/challenge_log/records", body=body(), headers=headers, encode_chunked=True)
        response = connection.getresponse()
        answers = [read(line) for line in response.read().splitlines()]

    assert response.status == 200
    assert [one["status"] for one in answers] == [201] * LINES
    assert [one["entry"]["uniqueIdentifier"] for one in answers] == [str(number) for number in range(LINES)]
