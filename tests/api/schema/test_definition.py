"""API, Writing: challenges and streaks are made, changed, listed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from api.schema import definition, streak
from domain import definitions
from domain import streak as streaks
from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, SPEND_IN_A_ROW, STREAK, Ask, Asker, Game
from tests.processes import eventually

APRIL = "2026-04-01T00:00:00Z"
SHARED = {
    "description": "",
    "status": "draft",
    "timezone": "UTC",
    "resetTime": "00:00",
    "weekStart": "monday",
    "startsAt": None,
    "endsAt": None,
    "rollingSeconds": None,
    "lateGraceSeconds": 300,
    "eventTypes": [],
    "distinctBy": None,
    "rollbackAfterCompletion": False,
}
DEFAULTS = {"challenge": SHARED, "streak": {**SHARED, "atRiskSeconds": 14_400}}


def test_a_definition_is_answered_with_everything_that_holds_for_it(game: Game, acme: Asker):
    body = {name: value for name, value in game.definition.items() if name != "status"}

    answer = acme.post(game.definitions, body)

    assert answer.status == 201
    assert UUID(answer.body.pop("id"))
    stamps = {"version": 1, "createdAt": "2026-04-03T10:15:00.000Z", "updatedAt": "2026-04-03T10:15:00.000Z"}
    assert answer.body == {**DEFAULTS[game.slug], **body, **stamps}
    assert answer.headers["Position"]


def test_what_was_given_is_kept_exactly(game: Game, acme: Asker, projector: None):
    body = {
        **game.definition,
        "id": str(uuid4()),
        "description": "Spend €312.50 in a week.",
        "aggregationMethod": "distinct",
        "aggregationPeriod": "weekly",
        game.target: Decimal("312.500001"),
        "timezone": "America/Los_Angeles",
        "resetTime": "04:30",
        "weekStart": "sunday",
        "startsAt": "2026-01-01T00:00:00+01:00",
        "endsAt": "2027-01-01T00:00:00.000Z",
        "lateGraceSeconds": 0,
        "eventTypes": ["purchase", "refund"],
        "distinctBy": "shop",
        "rollbackAfterCompletion": True,
    }

    answer = acme.post(game.definitions, body)
    read = acme.get(f"{game.definitions}/{body['id']}", **{"If-Position": answer.headers["Position"]})

    given = {**body, "startsAt": "2025-12-31T23:00:00.000Z"}
    assert {name: answer.body[name] for name in given} == given
    assert read.body == answer.body
    assert acme.get(game.definitions).body["data"] == [read.body]


def test_the_same_id_cannot_be_made_twice_in_a_tenant(game: Game, acme: Asker, globex: Asker):
    identifier = game.made(acme)

    answer = acme.post(game.definitions, {**game.definition, "id": identifier})

    assert (answer.status, answer.body["code"]) == (409, "already_exists")
    assert game.made(globex, id=identifier) == identifier


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, {"name": ["must have 1 to 256 characters"]}),
        ({"name": "a" * 257}, {"name": ["must have 1 to 256 characters"]}),
        ({"name": "a\x00"}, {"name": ["must not hold the character U+0000"]}),
        ({"name": None}, {"name": ["must not be null"]}),
        ({"name": 5}, {"name": ["must be a text"]}),
        ({"description": "a" * 1025}, {"description": ["must have at most 1024 characters"]}),
        ({"status": "on"}, {"status": ["must be one of draft, live, paused, archived"]}),
        ({"aggregationMethod": "max"}, {"aggregationMethod": ["must be one of sum, count, distinct"]}),
        ({"aggregationMethod": "distinct"}, {"distinctBy": ["is needed to count distinct values"]}),
        ({"timezone": "Mars/Olympus"}, {"timezone": ["'Mars/Olympus' is not an IANA time zone"]}),
        ({"resetTime": "24:00"}, {"resetTime": ["must be a time from 00:00 to 23:59"]}),
        ({"lateGraceSeconds": 1.5}, {"lateGraceSeconds": ["must be a whole number"]}),
        ({"lateGraceSeconds": True}, {"lateGraceSeconds": ["must be a whole number"]}),
        ({"lateGraceSeconds": Decimal("1E+999999999")}, {"lateGraceSeconds": ["must be a whole number"]}),
        ({"lateGraceSeconds": 2_592_001}, {"lateGraceSeconds": ["must be from 0 to 2592000"]}),
        ({"startsAt": "2026-01-01"}, {"startsAt": ["must be a time with its offset from UTC: 2026-04-03T10:15:00Z"]}),
        ({"startsAt": "2027-01-01T00:00:00Z", "endsAt": APRIL}, {"endsAt": ["must be after startsAt"]}),
        (
            {"aggregationPeriod": "once", "completionTargetValue": 1},
            {name: ["is needed for the period 'once'"] for name in ("startsAt", "endsAt")},
        ),
        (
            {"aggregationPeriod": "rolling", "resetTime": "04:00"},
            {"resetTime": ["a rolling window has no reset time"]},
        ),
        ({"resetTime": "25:00"}, {"resetTime": ["must be a time from 00:00 to 23:59"]}),
        ({"rollingSeconds": 3600}, {"rollingSeconds": ["belongs to the period 'rolling' only"]}),
        ({"eventTypes": ["a", 5]}, {"eventTypes[1]": ["must be a text"]}),
        ({"eventTypes": "purchase"}, {"eventTypes": ["must be a list of texts"]}),
        ({"rollbackAfterCompletion": "yes"}, {"rollbackAfterCompletion": ["must be true or false"]}),
        ({"rollbackAfterCompletion": 1}, {"rollbackAfterCompletion": ["must be true or false"]}),
        ({"id": "spend"}, {"id": ["must be a UUID"]}),
        ({"version": 5}, {"version": ["is not a field"]}),
        ({"colour": "red", "resetTime": 5}, {"colour": ["is not a field"], "resetTime": ["must be a text"]}),
    ],
)
def test_a_wrong_field_is_named_with_what_it_must_be(
    game: Game, acme: Asker, changes: dict[str, Any], errors: dict[str, list[str]]
):
    answer = acme.post(game.definitions, {**game.definition, **changes})

    assert (answer.status, answer.body["code"]) == (400, "invalid_input")
    assert answer.errors == errors
    assert all(name in answer.body["detail"] for name in errors)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "must be greater than 0"),
        (-1, "must not be negative"),
        ("500", "must be a number"),
        (True, "must be a number"),
        (None, "must not be null"),
        (Decimal("0.0000001"), "must have at most 6 digits after the decimal point"),
        (Decimal("1E+999999"), "must have at most 12 digits before the decimal point"),
    ],
)
def test_a_wrong_target_is_named_with_what_it_must_be(game: Game, acme: Asker, value: Any, message: str):
    answer = acme.post(game.definitions, {**game.definition, game.target: value})

    assert (answer.status, answer.errors) == (400, {game.target: [message]})


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"completionTargetValue": 0}, {"completionTargetValue": ["must be from 1 to 1000000"]}),
        ({"completionTargetValue": -3}, {"completionTargetValue": ["must be from 1 to 1000000"]}),
        ({"completionTargetValue": 2.5}, {"completionTargetValue": ["must be a whole number"]}),
        ({"completionTargetValue": "3"}, {"completionTargetValue": ["must be a whole number"]}),
        ({"atRiskSeconds": -1}, {"atRiskSeconds": ["must be from 0 to 31622400"]}),
        ({"atRiskSeconds": None}, {"atRiskSeconds": ["must not be null"]}),
        (
            {"aggregationPeriod": "once", "startsAt": APRIL, "endsAt": "2026-05-01T00:00:00Z"},
            {"completionTargetValue": ["must be 1 or null for the period 'once', which is a single window"]},
        ),
    ],
)
def test_a_wrong_field_of_a_streak_is_named(acme: Asker, changes: dict[str, Any], errors: dict[str, list[str]]):
    answer = acme.post(STREAK.definitions, {**STREAK.definition, **changes})

    assert (answer.status, answer.errors) == (400, errors)


def test_nothing_is_stored_of_a_definition_that_is_refused(game: Game, acme: Asker):
    acme.post(game.definitions, {**game.definition, "timezone": "Mars/Olympus"})
    acme.post(game.definitions, {**game.definition, "resetTime": "25:00"})

    assert acme.get(game.definitions).body["data"] == []


def test_a_streak_that_never_completes_says_null(acme: Asker):
    body = {name: value for name, value in SPEND_IN_A_ROW.items() if name != "completionTargetValue"}

    without = acme.post(STREAK.definitions, body).body
    changed = acme.patch(f"{STREAK.definitions}/{STREAK.made(acme)}", {"completionTargetValue": None}).body

    assert without["completionTargetValue"] is changed["completionTargetValue"] is None


def test_a_definition_that_was_made_or_changed_is_in_the_read_tables_by_the_time_of_the_answer(game: Game, acme: Asker):
    identifier = game.made(acme)

    assert acme.get(f"{game.definitions}/{identifier}").body["name"] == game.definition["name"]
    acme.patch(f"{game.definitions}/{identifier}", {"name": "another"})
    assert acme.get(f"{game.definitions}/{identifier}").body["name"] == "another"


def test_a_definition_is_made_and_changed_even_when_nothing_brings_the_read_tables_on(
    game: Game, admin: FlaskClient, catch_up: Callable[[], None]
):
    made = admin.post(game.definitions, json=game.definition)
    catch_up()
    changed = admin.patch(f"{game.definitions}/{made.json['id']}", json={"name": "another"})

    assert (made.status_code, changed.status_code) == (201, 200)
    assert (made.json["version"], changed.json["version"]) == (1, 2)


def test_what_is_missing_is_named(game: Game, acme: Asker):
    needed = ("name", "aggregationMethod", "aggregationPeriod", game.target)

    assert acme.post(game.definitions, {}).errors == {name: ["is needed"] for name in needed}


def test_a_change_leaves_the_rest_and_says_when(game: Game, acme: Asker, projector: None, clock: Clock):
    identifier = game.made(acme)
    clock.advance(minutes=1)

    answer = acme.patch(f"{game.definitions}/{identifier}", {game.target: 250.5, "name": "less"})

    changed = {game.target: Decimal("250.5"), "name": "less", "version": 2}
    stamps = {"createdAt": "2026-04-03T10:15:00.000Z", "updatedAt": "2026-04-03T10:16:00.000Z"}
    assert answer.status == 200
    assert answer.body == {**DEFAULTS[game.slug], **game.definition, "id": identifier, **changed, **stamps}
    read = acme.get(f"{game.definitions}/{identifier}", **{"If-Position": answer.headers["Position"]})
    assert read.body == answer.body


def test_a_change_that_changes_nothing_is_nothing(game: Game, acme: Asker, projector: None, clock: Clock):
    identifier = game.made(acme)
    clock.advance(minutes=1)

    answer = acme.patch(f"{game.definitions}/{identifier}", {"name": game.definition["name"], "startsAt": None})

    assert (answer.status, answer.body["version"]) == (200, 1)
    assert answer.body["updatedAt"] == "2026-04-03T10:15:00.000Z"
    assert "Position" not in answer.headers


def test_a_change_is_checked_like_a_new_definition(game: Game, acme: Asker, projector: None):
    path = f"{game.definitions}/{game.made(acme)}"

    once = {"aggregationPeriod": "once", "completionTargetValue": 1}
    assert acme.patch(path, once).errors.keys() == {"startsAt", "endsAt"}
    assert acme.patch(path, {"id": str(uuid4())}).errors == {"id": ["is not a field"]}
    assert acme.patch(path, {"name": None}).errors == {"name": ["must not be null"]}
    assert acme.send("PATCH", path, b"[]").errors == {"body": ["must be an object"]}
    assert acme.send("PATCH", path, b"{").status == 400
    assert acme.send("PATCH", path, b"1e99999999999999999999").status == 400
    assert acme.send("PATCH", path, b"{}", "text/plain").status == 415
    assert acme.patch(f"{game.definitions}/{uuid4()}", {"name": "x"}).status == 404
    assert acme.patch(f"{game.definitions}/spend", {"name": "x"}).errors == {"id": ["must be a UUID"]}


def test_a_tenant_sees_and_changes_its_own(game: Game, acme: Asker, globex: Asker, projector: None):
    identifier, live = game.made(acme, status="draft"), game.made(acme)
    other = globex.post(game.definitions, game.definition)

    # Definitions are spread over the slices: no single position says that the tables hold all three.
    assert eventually(lambda: {one["id"] for one in acme.get(game.definitions).body["data"]} == {identifier, live})
    assert eventually(lambda: globex.get(f"{game.definitions}/{other.body['id']}").status == 200)
    assert [one["id"] for one in acme.get(f"{game.definitions}?status=live").body["data"]] == [live]
    assert acme.get(f"{game.definitions}/{other.body['id']}").status == 404
    assert acme.patch(f"{game.definitions}/{other.body['id']}", {"name": "mine"}).status == 404


def test_definitions_are_written_with_their_own_scope_and_read_with_two(
    game: Game, acme: Asker, ask: Ask, projector: None
):
    identifier = game.made(acme)
    acme.patch(f"{game.definitions}/{identifier}", {"name": "seen"})

    for reader in (ask("definitions:read"), ask("progress:read"), ask(owner=ADA)):
        assert reader.get(game.definitions).status == 200
        assert reader.get(f"{game.definitions}/{identifier}").status == 200
        assert reader.post(game.definitions, game.definition).status == 403
        assert reader.patch(f"{game.definitions}/{identifier}", {}).status == 403
    assert ask("logs:write").get(game.definitions).status == 403


def test_the_document_has_the_borders_of_the_domain():
    assert definition.MAX_GRACE_SECONDS == definitions.MAX_GRACE_SECONDS
    assert definition.MIN_ROLLING_SECONDS == definitions.MIN_ROLLING_SECONDS
    assert definition.MAX_ROLLING_SECONDS == definitions.MAX_ROLLING_SECONDS
    assert streak.MAX_WINDOWS == streaks.MAX_WINDOWS
    assert streak.MAX_AT_RISK_SECONDS == streaks.MAX_AT_RISK_SECONDS
