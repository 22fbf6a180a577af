"""The examples of the dialect's source: same keys, same types, same nesting, and the same values for the same story."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from api.streaks.examples import example
from tests.api.streaks.given_streaks import GivenStreaks

DEFINITIONS: dict[str, Any] = {
    "definitions": [
        {
            "id": "550e8400-e29b-41d4-a716-446655440000",
            "tenant_id": "tenant-prod-001",
            "name": "Daily Login Streak",
            "description": "Track consecutive days users log in",
            "config": {
                "event_types": ["user.login"],
                "window": {"type": "calendar", "period": "daily", "timezone": "UTC", "reset_time": "00:00"},
                "condition": {"type": "count", "min": 1},
                "milestones": [
                    {"threshold": 7, "reward_item_id": None, "repeatable": False},
                    {"threshold": 30, "reward_item_id": None, "repeatable": False},
                ],
            },
            "status": "active",
        }
    ]
}

STREAK: dict[str, Any] = {
    "id": "47c81b78-bcad-4ccd-a9a6-98b2f6a2cb9d",
    "definition_id": "a20dfefe-1bca-425c-9534-6e784bb03677",
    "definition_name": "Test Hourly Streak 1838",
    "tenant_id": "streak_test",
    "user_id": "test_user_1838",
    "current_count": 1,
    "current_window_key": "2025-12-23",
    "current_window_progress": {"count": 9, "distinct": [], "sum": 0.0},
    "current_window_satisfied": True,
    "last_activity_at": "2025-12-23T14:59:10.276Z",
    "seconds_until_window_close": 40765,
    "next_milestone": 3,
    "earned_milestones": [1],
    "window": {"period": "daily", "reset_time": "00:00", "timezone": "UTC", "type": "calendar"},
    "condition": {"min": 4, "type": "count"},
    "milestones": [
        {"repeatable": False, "reward_item_id": None, "threshold": 1},
        {"repeatable": False, "reward_item_id": None, "threshold": 3},
        {"repeatable": False, "reward_item_id": None, "threshold": 5},
    ],
}
STREAKS = {"streaks": [{**STREAK, "seconds_until_window_close": 40845}]}

# By condition: how far the source's user is, and what is needed.
PROGRESS: dict[str, tuple[dict[str, Any], int]] = {
    "count": ({"count": 2, "sum": 0, "distinct": []}, 3),
    "sum": ({"count": 5, "sum": 350.5, "distinct": []}, 500),
    "distinct": ({"count": 3, "sum": 0, "distinct": ["arcade", "ranked", "casual"]}, 5),
}
ERROR = {
    "error": {
        "code": "NOT_FOUND",
        "message": "Streak not found for user 'user-12345' and definition '550e8400-e29b-41d4-a716-446655440000'",
        "status": 404,
    }
}
LOGIN, HOURLY = UUID(DEFINITIONS["definitions"][0]["id"]), UUID(STREAK["definition_id"])
LAST = datetime(2025, 12, 23, 14, 59, 10, 276_000, tzinfo=UTC)


def shape(value: Any) -> Any:
    """Keys, types and nesting; whole numbers and others are both numbers."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


@pytest.fixture
def client_of_tenant(make_key, client_of):
    return lambda tenant: client_of(make_key("progress:read", "definitions:read", tenant=tenant).key)


@pytest.fixture
def story(given: GivenStreaks, clock, catch_up) -> None:
    """What the source tells of: its two definitions, and nine events of its user."""
    clock.moment = LAST - timedelta(hours=9)
    given.of("tenant-prod-001").define(
        LOGIN, [7, 30], name="Daily Login Streak", description="Track consecutive days users log in"
    )
    test = given.of("streak_test").define(
        HOURLY, [5, 1, 3], name="Test Hourly Streak 1838", aggregation_target_value=Decimal(4)
    )
    for _ in range(9):
        clock.advance(hours=1)
        test.entry(HOURLY, "test_user_1838")
    test.entry(HOURLY, "test_user_1839")
    catch_up()


@pytest.mark.usefixtures("story")
def test_definitions_are_those_of_the_source(client_of_tenant):
    assert client_of_tenant("tenant-prod-001").get("/v1/streaks/tenant-prod-001/definitions").json == DEFINITIONS


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("form", ["{}", "definitions/{}"])
def test_a_streak_is_that_of_the_source_but_for_what_only_follows_from_us(client_of_tenant, clock, form):
    path = f"/v1/streaks/streak_test/users/test_user_1838/{form.format(HOURLY)}"

    found = client_of_tenant("streak_test").get(path).json

    assert shape(found) == shape(STREAK)
    # The source's window closes later than its own time zone and its last event allow.
    ours = {"id": found["id"], "seconds_until_window_close": 9 * 3600 + 49}
    assert found == {**STREAK, **ours}
    assert UUID(found["id"])


@pytest.mark.usefixtures("story")
def test_a_list_is_that_of_the_source(client_of_tenant):
    found = client_of_tenant("streak_test").get("/v1/streaks/streak_test/users/test_user_1838").json

    assert shape(found) == shape(STREAKS)
    assert [one["user_id"] for one in found["streaks"]] == ["test_user_1838"]


@pytest.mark.parametrize("method", PROGRESS)
def test_the_progress_of_a_window_is_that_of_the_source(given, one, method):
    expected, needed = PROGRESS[method]
    fields = {"aggregation_method": method, "aggregation_target_value": needed, "name": method}
    given.define(LOGIN, **fields, distinct_by="mode" if method == "distinct" else None)
    modes = expected["distinct"] or ["arcade"] * expected["count"]
    for mode in modes:
        given.entry(LOGIN, "user-12345", "70.1", mode=mode)

    found = one(LOGIN, "user-12345")

    assert found["current_window_progress"] == expected
    assert shape(found["current_window_progress"]) == shape(expected)
    assert found["condition"]["type"] == method
    assert found["current_window_satisfied"] is False


def test_an_error_is_that_of_the_source(acme):
    response = acme.get(f"/v1/streaks/acme/users/user-12345/{LOGIN}")

    assert (response.status_code, response.json) == (404, ERROR)


@pytest.mark.parametrize(("name", "value"), [("definitions", DEFINITIONS), ("streaks", STREAKS), ("streak", STREAK)])
def test_the_examples_in_the_document_are_those_of_the_source(name, value):
    assert example(name)[name]["value"] == value
