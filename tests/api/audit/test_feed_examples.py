"""The examples in the audit's document are answers of the running app."""

import pytest

from api.audit.examples import FOLDER
from tests.api.conftest import Clock
from tests.api.given import ADA, SPEND, Given
from tests.api.schema.conftest import Asker, acme, ask, projector, read
from tests.kept import assert_example

__all__ = ["acme", "ask", "projector"]

SUMMARIES = {
    "events": "The first entry of an end user, and nothing behind it yet.",
    "event_line": "An event, as a line.",
    "event_line_last": "The last line.",
}


@pytest.fixture
def told(given: Given, clock: Clock, acme: Asker) -> dict[str, object]:
    """Answers, by name. The times that the database says itself are those of the entry."""
    given.define(SPEND).user(ADA, first_name="Ada")
    clock.advance(minutes=1)
    given.entry(SPEND, ADA, "187.50")
    query = f"/audit/events?ownedById={ADA}&type=RunStarted,EntryCounted"
    lines = acme.client.get(query, headers={**acme.headers, "Accept": "application/x-ndjson"}).data.splitlines()
    last = read(lines[-1])
    last["paging"]["consistentThrough"] = "2026-04-03T10:16:00.000000Z"
    return {"events": acme.get(query).body, "event_line": read(lines[-2]), "event_line_last": last}


def test_the_examples_in_the_document_are_what_was_answered(told: dict[str, object]):
    for name, summary in SUMMARIES.items():
        assert_example(FOLDER, name, summary, told[name])
