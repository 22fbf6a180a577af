"""The examples in the documents are answers of the running app. WRITE_EXAMPLES=1 writes them anew."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from api.examples import FOLDER
from tests.api.conftest import Clock
from tests.api.given import (
    ADA,
    BOB,
    DAILY_SPEND,
    EVE,
    MONTHLY_WORKOUTS,
    SPEND,
    STEPS,
    VISITS,
    WEEKLY_VISITS,
    Given,
)
from tests.kept import assert_example

RECORDS, STREAK_RECORDS = "/schema/challenge_progress/record", "/schema/streak_progress/record"
JANUARY_5 = datetime(2026, 1, 5, 18, tzinfo=UTC)
APRIL_1, APRIL_27 = datetime(2026, 4, 1, 9, tzinfo=UTC), datetime(2026, 4, 27, 12, tzinfo=UTC)

SUMMARIES = {
    "challenge_progress_in_progress": "E-commerce: 187.50 of a monthly spend of 500, in progress.",
    "challenge_progress_completed": "Food and beverage: eight visits in a month, completed.",
    "challenge_progress_failed": "Fitness: 61,420 of 100,000 steps when the week ended, failed.",
    "challenge_progress_as_of": "asOf=2026-04-24T12:00:00Z: the same, when 38,000 steps had been taken.",
    "challenge_progress_list": "Everything of one challenge, the latest first.",
    "streak_progress_in_progress": "E-commerce: day 4 of 7 days of 50, nothing spent yet, in progress.",
    "streak_progress_completed": "Food and beverage: 3 visits in each of 4 weeks, completed.",
    "streak_progress_broken": "Fitness: January of 3 months met, February missed, broken on the 1st of March.",
    "streak_progress_as_of": "asOf=2026-02-15T12:00:00Z: the same, while February could still be met.",
    "streak_progress_list": "Everything of one streak, the latest first.",
    "projections": "Level with the log.",
    "projections_poisoned": "An event stops a slice of one table; another was parked.",
}


@pytest.fixture
def answers(admin, given, clock, catch_up, reader) -> dict[str, Any]:
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
    logged_in_streaks(given, clock)
    catch_up()
    clock.moment = APRIL_27
    single = {record["ownedById"]: record["id"] for record in admin.get(RECORDS).json["data"]}
    streaks = {record["ownedById"]: record["id"] for record in admin.get(STREAK_RECORDS).json["data"]}
    return {
        "challenge_progress_in_progress": admin.get(f"{RECORDS}/{single[ADA]}"),
        "challenge_progress_completed": admin.get(f"{RECORDS}/{single[BOB]}"),
        "challenge_progress_failed": admin.get(f"{RECORDS}/{single[EVE]}"),
        "challenge_progress_as_of": admin.get(f"{RECORDS}/{single[EVE]}?asOf=2026-04-24T12:00:00Z"),
        "challenge_progress_list": admin.get(f"{RECORDS}?challengeId={SPEND}&fetchTotalCount=true"),
        "streak_progress_in_progress": admin.get(f"{STREAK_RECORDS}/{streaks[ADA]}"),
        "streak_progress_completed": admin.get(f"{STREAK_RECORDS}/{streaks[BOB]}"),
        "streak_progress_broken": admin.get(f"{STREAK_RECORDS}/{streaks[EVE]}"),
        "streak_progress_as_of": admin.get(f"{STREAK_RECORDS}/{streaks[EVE]}?asOf=2026-02-15T12:00:00Z"),
        "streak_progress_list": admin.get(f"{STREAK_RECORDS}?streakId={DAILY_SPEND}&fetchTotalCount=true"),
        "projections": admin.get("/operations/projections"),
        "projections_poisoned": poisoned(admin, reader),
    }


def poisoned(admin, reader) -> Any:
    """The read tables when an entry and a milestone could not be applied."""
    note = """
        INSERT INTO poison (
            projection, version, slice, position, originator_id, originator_version, topic, tenant, error, since,
            attempts, retry_at, parked_at, parked_by, reason
        )
        VALUES
            (
                'task_progress', 1, 2, 4, %(ada)s, 2, 'EntryCounted', 'acme', 'KeyError: 2026-04', %(since)s, 5,
                'infinity', NULL, NULL, NULL
            ),
            (
                'reward_log', 2, 1, 7, %(ada)s, 3, 'MilestoneReached', 'acme', 'KeyError: coffee', %(since)s, 1,
                'infinity', %(since)s, 'grace@host', 'a test of a tenant that has left'
            )
    """
    reader.write(note, {"ada": ADA, "since": APRIL_27})
    return admin.get("/operations/projections")


def logged_in_streaks(given: Given, clock: Clock) -> None:
    """Ada has met three of 7 days, Bob all of 4 weeks; Eve met January and missed February."""
    clock.moment = JANUARY_5
    given.define(DAILY_SPEND, WEEKLY_VISITS, MONTHLY_WORKOUTS)
    for _ in range(4):
        given.entry(MONTHLY_WORKOUTS, EVE, None)
        clock.advance(days=6)
    clock.moment = APRIL_1
    for _ in range(4):
        for _ in range(3):
            given.entry(WEEKLY_VISITS, BOB, None)
            clock.advance(days=1)
        clock.advance(days=4)
    for day in (24, 25, 26):
        clock.moment = APRIL_1.replace(day=day)
        given.entry(DAILY_SPEND, ADA, "62.50")


@pytest.mark.parametrize("name", SUMMARIES)
def test_an_example_in_the_documents_is_what_the_app_answers(answers, name):
    assert_example(FOLDER, name, SUMMARIES[name], msgspec.json.decode(answers[name].data))


def test_the_examples_are_those_of_the_source(answers):
    shown = [
        (one["currentProgressValue"], one["completionTargetValue"], one["challengeProgressStatus"])
        for one in (answers[name].json for name in list(SUMMARIES)[:3])
    ]

    assert shown == [(187.5, 500, "in_progress"), (8, 8, "completed"), (61_420, 100_000, "failed")]
    assert answers["challenge_progress_in_progress"].json["remainingValue"] == 312.5
    assert answers["challenge_progress_failed"].json["remainingValue"] == 38_580
    assert answers["challenge_progress_failed"].json["challengeFailedAt"] == "2026-04-27T00:00:00.000Z"


def test_the_examples_of_streaks_are_those_of_the_source(answers):
    in_progress, completed, broken = (
        answers[f"streak_progress_{status}"].json for status in ("in_progress", "completed", "broken")
    )

    assert (in_progress["streakProgressStatus"], in_progress["currentProgressValue"]) == ("in_progress", 3)
    assert in_progress["taskProgress"]["currentProgressValue"] == 0
    assert (completed["streakProgressStatus"], completed["currentProgressValue"]) == ("completed", 4)
    assert completed["streakCompletedAt"] == completed["lastTaskCompletedAt"] == "2026-04-24T09:00:00.000Z"
    assert (broken["streakProgressStatus"], broken["currentProgressValue"]) == ("broken", 1)
    assert broken["streakBrokenAt"] == "2026-03-01T00:00:00.000Z"
