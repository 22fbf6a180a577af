"""The examples in the documents are answers of the running app. WRITE_EXAMPLES=1 writes them anew."""

import os
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from api.examples import FOLDER
from tests.api.given import ADA, BOB, EVE, SPEND, STEPS, VISITS

RECORDS = "/schema/challenge_progress/record"
APRIL_1, APRIL_27 = datetime(2026, 4, 1, 9, tzinfo=UTC), datetime(2026, 4, 27, 12, tzinfo=UTC)

SUMMARIES = {
    "challenge_progress_in_progress": "E-commerce: 187.50 of a monthly spend of 500, in progress.",
    "challenge_progress_completed": "Food and beverage: eight visits in a month, completed.",
    "challenge_progress_failed": "Fitness: 61,420 of 100,000 steps when the week ended, failed.",
    "challenge_progress_list": "Everything of one challenge, the latest first.",
    "projections": "Level with the log.",
}


@pytest.fixture
def answers(admin, given, clock, catch_up) -> dict[str, Any]:
    """What the app answers on the 27th of April to the three users of the source."""
    clock.moment = APRIL_1
    given.define(SPEND, VISITS, STEPS)
    given.user(ADA, first_name="Ada", last_name="Lovelace").user(BOB, first_name="Bob", last_name="Moog")
    given.user(EVE, first_name="Eve", last_name="Ewing")
    for day in range(2, 10):
        clock.moment = APRIL_1.replace(day=day)
        given.entry(VISITS, BOB, None)
    clock.moment = APRIL_1.replace(day=23)
    given.entry(STEPS, EVE, "38000")
    given.entry(SPEND, ADA, "187.50")
    clock.moment = APRIL_1.replace(day=25)
    given.entry(STEPS, EVE, "23420")
    catch_up()
    clock.moment = APRIL_27
    single = {record["ownedById"]: record["id"] for record in admin.get(RECORDS).json["data"]}
    return {
        "challenge_progress_in_progress": admin.get(f"{RECORDS}/{single[ADA]}"),
        "challenge_progress_completed": admin.get(f"{RECORDS}/{single[BOB]}"),
        "challenge_progress_failed": admin.get(f"{RECORDS}/{single[EVE]}"),
        "challenge_progress_list": admin.get(f"{RECORDS}?challengeId={SPEND}&fetchTotalCount=true"),
        "projections": admin.get("/operations/projections"),
    }


@pytest.mark.parametrize("name", SUMMARIES)
def test_an_example_in_the_documents_is_what_the_app_answers(answers, name):
    found = {"summary": SUMMARIES[name], "value": msgspec.json.decode(answers[name].data)}

    path = FOLDER / f"{name}.json"
    if os.environ.get("WRITE_EXAMPLES"):
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    assert found == msgspec.json.decode(path.read_bytes())


def test_the_examples_are_those_of_the_source(answers):
    shown = [
        (one["currentProgressValue"], one["completionTargetValue"], one["challengeProgressStatus"])
        for one in (answers[name].json for name in list(SUMMARIES)[:3])
    ]

    assert shown == [(187.5, 500, "in_progress"), (8, 8, "completed"), (61_420, 100_000, "failed")]
    assert answers["challenge_progress_in_progress"].json["remainingValue"] == 312.5
    assert answers["challenge_progress_failed"].json["remainingValue"] == 38_580
    assert answers["challenge_progress_failed"].json["challengeFailedAt"] == "2026-04-27T00:00:00.000Z"
