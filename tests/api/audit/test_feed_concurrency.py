"""Eight writer processes, and readers who follow the feed over HTTP: every event once, each stream in order."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.api.schema.conftest import Ask, Asker, ask, projector, read
from tests.eventstore.test_concurrency import APPENDS, WRITERS, Writer, begin, new_streams, writer
from tests.eventstore.test_concurrency import told as written_by

__all__ = ["ask", "projector", "writer"]
Follow = Callable[[Asker, str], tuple[list[dict[str, Any]], dict[str, Any]]]


def page(asker: Asker, after: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    body = asker.get(f"/audit/events?limit=50{after}").body
    return body["data"], body["paging"]


def lines(asker: Asker, after: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    path = f"/audit/events?limit=70{after}"
    answer = asker.client.get(path, headers={**asker.headers, "Accept": "application/x-ndjson"})
    *events, last = map(read, answer.data.splitlines())
    # Half of the time the reader loses the end of the answer, and goes on behind the last event that it got.
    if events and len(events) % 2:
        return events, {"nextCursor": events[-1]["cursor"], "level": False}
    return events, last["paging"]


class Reader:
    """Follows the feed until it is told that nothing more is written, and then to its end."""

    def __init__(self, asker: Asker, follow: Follow) -> None:
        self.events: list[dict[str, Any]] = []
        self.pages = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(asker, follow))
        self._thread.start()

    def finish(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self, asker: Asker, follow: Follow) -> None:
        after, level = "", False
        while True:
            over = self._over.is_set()
            events, paging = follow(asker, after)
            self.events += events
            self.pages += 1
            after, level = f"&after={paging['nextCursor']}", paging["level"]
            if over and level:
                return


@pytest.fixture
def readers(ask: Ask) -> Iterator[list[Reader]]:
    limits = {"per_minute": 10**6, "per_hour": 10**6}
    readers = [Reader(ask("audit:read", **limits), follow) for follow in (page, lines)]
    yield readers
    for reader in readers:
        reader.finish()


def test_followers_see_each_event_once_and_each_stream_in_order(writer: Writer, readers: list[Reader]):
    shared = new_streams()
    writers = [writer(APPENDS, shared if number % 2 else new_streams()) for number in range(WRITERS)]
    begin(writers)
    entries = written_by(writers)
    for reader in readers:
        reader.finish()

    for reader in readers:
        assert reader.pages > 3
        assert Counter(UUID(one["entryId"]) for one in reader.events) == Counter(entries)
        versions, positions = defaultdict(list), defaultdict(list)
        for one in reader.events:
            versions[one["streamId"]].append(one["version"])
            slice_number, position = one["position"].split(":")
            positions[slice_number].append(int(position))
        assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
        assert all(found == list(range(1, len(found) + 1)) for found in positions.values())
