"""The feed over a real connection: lines come while the log is read, and a long cursor fits into a request."""

from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from api.access import keys
from eventstore.database import Database
from eventstore.recorders import ApplicationLog
from projections.database import Reader
from projections.feed.cursor import encode
from tests.api.schema.conftest import read
from tests.api.test_gunicorn import Server, server
from tests.eventstore.given import event, id_in

__all__ = ["server"]

EVENTS, NOTE = 12_000, b'{"note":"%s"}' % (b"a" * 200)


def test_lines_come_to_their_end_and_a_cursor_of_a_thousand_slices_is_read(server: Server, database_url: str):
    with closing(Reader(database_url)) as reader:
        key = keys.create(reader, tenant="acme", name="a test", scopes=["audit:read"]).key
    with closing(Database(database_url)) as database:
        log, streams = ApplicationLog(database), [id_in(number) for number in range(12)]
        for version in range(1, EVENTS // 12 + 1, 100):
            log.insert_events(
                [event(one, turn, state=NOTE) for one in streams for turn in range(version, version + 100)]
            )

    def ask(**query: Any) -> tuple[int, list[Any]]:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            headers = {"X-API-Key": key, "Accept": "application/x-ndjson"}
            connection.request("GET", f"/audit/events?{urlencode(query)}", headers=headers)
            response = connection.getresponse()
            return response.status, [read(line) for line in response.read().splitlines()]

    status, (*events, last) = ask()
    refused, (problem,) = ask(after=encode(dict.fromkeys(range(1024), 2**27)))

    assert (status, last["paging"]["level"]) == (200, True)
    assert set(Counter(one["position"] for one in events).values()) == {1}
    assert len(events) == EVENTS
    assert (refused, problem["errors"].keys()) == (400, {"after"})
