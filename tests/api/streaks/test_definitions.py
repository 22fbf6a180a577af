"""API, Reading: streaks dialect. The streaks of a tenant."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.api.conftest import ACME, GLOBEX
from tests.api.streaks.conftest import error
from tests.api.streaks.given_streaks import LOGINS, MODES, SPEND

DEFINITIONS = f"/v1/streaks/{ACME}/definitions"


def test_definitions_are_those_of_the_tenant_that_are_live(acme, globex, given, catch_up):
    given.define(LOGINS).define(SPEND, status="draft").define(MODES).define(UUID(int=9), status="archived", name="Old")
    given.redefine(MODES, status="paused")
    catch_up()

    here, elsewhere = acme.get(DEFINITIONS), globex.get(f"/v1/streaks/{GLOBEX}/definitions")

    assert [(one["id"], one["status"]) for one in here.json["definitions"]] == [(str(LOGINS), "active")]
    assert [one["name"] for one in elsewhere.json["definitions"]] == ["Of somebody else"]
    assert {one["tenant_id"] for one in elsewhere.json["definitions"]} == {GLOBEX}


def test_a_tenant_without_streaks_has_an_empty_list(acme):
    assert acme.get(DEFINITIONS).json == {"definitions": []}


def test_definitions_are_in_the_order_of_their_names_with_their_live_milestones_ascending(acme, given, catch_up):
    given.define(SPEND).define(LOGINS, [30, 7])
    given.milestone(LOGINS, "2.5", repeatable=True, reward_item_id="badge")
    given.milestone(LOGINS, 3, status="archived")
    catch_up()

    logins, spend = acme.get(DEFINITIONS).json["definitions"]

    assert (logins["name"], spend["name"]) == ("Daily logins", "Spend every day")
    assert spend["config"]["milestones"] == []
    assert logins["config"]["milestones"] == [
        {"threshold": 2.5, "reward_item_id": "badge", "repeatable": True},
        {"threshold": 7, "reward_item_id": None, "repeatable": False},
        {"threshold": 30, "reward_item_id": None, "repeatable": False},
    ]


WINDOWS = [
    (
        {"aggregation_period": "hourly", "reset_time": "00:30"},
        {"type": "calendar", "period": "hourly", "timezone": "UTC", "reset_time": "00:30"},
    ),
    (
        {"aggregation_period": "weekly", "timezone": "Europe/Vienna", "week_start": "sunday"},
        {
            "type": "calendar",
            "period": "weekly",
            "timezone": "Europe/Vienna",
            "reset_time": "00:00",
            "week_start": "sunday",
        },
    ),
    ({"aggregation_period": "rolling", "rolling_seconds": 90}, {"type": "rolling", "seconds": 90}),
    ({"aggregation_period": "rolling"}, {"type": "rolling", "seconds": 86_400}),
    (
        {
            "aggregation_period": "once",
            "starts_at": datetime(2026, 4, 1, tzinfo=UTC),
            "ends_at": datetime(2026, 5, 1, tzinfo=UTC),
        },
        {"type": "once", "starts_at": "2026-04-01T00:00:00.000Z", "ends_at": "2026-05-01T00:00:00.000Z"},
    ),
]


@pytest.mark.parametrize(("fields", "window"), WINDOWS)
def test_a_window_says_what_belongs_to_its_type(acme, given, catch_up, fields, window):
    given.define(LOGINS, **fields)
    catch_up()

    assert acme.get(DEFINITIONS).json["definitions"][0]["config"]["window"] == window


@pytest.mark.parametrize(
    ("streak", "condition"),
    [
        (LOGINS, {"type": "count", "min": 1}),
        (SPEND, {"type": "sum", "min": 500}),
        (MODES, {"type": "distinct", "min": 3, "distinct_by": "mode"}),
    ],
)
def test_a_condition_says_what_is_added_up_and_how_much_is_enough(acme, given, catch_up, streak, condition):
    given.define(streak)
    catch_up()

    assert acme.get(DEFINITIONS).json["definitions"][0]["config"]["condition"] == condition


@pytest.mark.parametrize("scope", ["definitions:read", "progress:read"])
def test_either_of_two_scopes_suffices(client_of, make_key, scope):
    assert client_of(make_key(scope).key).get(DEFINITIONS).status_code == 200


def test_another_scope_does_not(client_of, make_key):
    response = client_of(make_key("logs:write").key).get(DEFINITIONS)

    assert "definitions:read or progress:read" in error(response, 403, "FORBIDDEN")


def test_an_etag_changes_when_a_definition_or_a_milestone_does(acme, given, clock, catch_up):
    given.define(LOGINS)
    catch_up()
    etag = acme.get(DEFINITIONS).headers["ETag"]
    clock.advance(hours=30)
    assert acme.get(DEFINITIONS, headers={"If-None-Match": etag}).status_code == 304

    given.milestone(LOGINS, 7)
    catch_up()

    changed = acme.get(DEFINITIONS, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["Consistent-Through"]


def test_a_position_is_waited_for(acme, given, catch_up):
    given.define(LOGINS)

    assert error(acme.get(DEFINITIONS, headers={"If-Position": "0:1000"}), 503, "UNAVAILABLE")
    catch_up()
    assert acme.get(DEFINITIONS, headers={"If-Position": "0:0"}).status_code == 200
