"""API, Writing: challenges are made, changed, listed."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.schema import challenge
from domain import definitions
from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, SPEND, Ask, Asker, made
from tests.processes import eventually

RECORD, APRIL = "/schema/challenge/record", "2026-04-01T00:00:00Z"
DEFAULTS = {
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


def test_a_challenge_is_answered_with_everything_that_holds_for_it(acme: Asker):
    body = {name: value for name, value in SPEND.items() if name != "status"}

    answer = acme.post(RECORD, body)

    assert answer.status == 201
    assert UUID(answer.body.pop("id"))
    stamps = {"version": 1, "createdAt": "2026-04-03T10:15:00.000Z", "updatedAt": "2026-04-03T10:15:00.000Z"}
    assert answer.body == {**DEFAULTS, **body, **stamps}
    assert answer.headers["Position"]


def test_what_was_given_is_kept_exactly(acme: Asker, projector: None):
    body = {
        **SPEND,
        "id": str(uuid4()),
        "description": "Spend €312.50 in a week.",
        "aggregationMethod": "distinct",
        "aggregationPeriod": "weekly",
        "completionTargetValue": Decimal("312.500001"),
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

    answer = acme.post(RECORD, body)
    read = acme.get(f"{RECORD}/{body['id']}", **{"If-Position": answer.headers["Position"]})

    given = {**body, "startsAt": "2025-12-31T23:00:00.000Z"}
    assert {name: answer.body[name] for name in given} == given
    assert read.body == answer.body
    assert acme.get(RECORD).body["data"] == [read.body]


def test_the_same_id_cannot_be_made_twice_in_a_tenant(acme: Asker, globex: Asker):
    identifier = made(acme)

    answer = acme.post(RECORD, {**SPEND, "id": identifier})

    assert (answer.status, answer.body["code"]) == (409, "already_exists")
    assert made(globex, id=identifier) == identifier


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
        ({"completionTargetValue": 0}, {"completionTargetValue": ["must be greater than 0"]}),
        ({"completionTargetValue": -1}, {"completionTargetValue": ["must not be negative"]}),
        ({"completionTargetValue": "500"}, {"completionTargetValue": ["must be a number"]}),
        ({"completionTargetValue": True}, {"completionTargetValue": ["must be a number"]}),
        (
            {"completionTargetValue": Decimal("0.0000001")},
            {"completionTargetValue": ["must have at most 6 digits after the decimal point"]},
        ),
        (
            {"completionTargetValue": Decimal("1E+999999")},
            {"completionTargetValue": ["must have at most 12 digits before the decimal point"]},
        ),
        ({"timezone": "Mars/Olympus"}, {"timezone": ["'Mars/Olympus' is not an IANA time zone"]}),
        ({"resetTime": "24:00"}, {"resetTime": ["must be a time from 00:00 to 23:59"]}),
        ({"lateGraceSeconds": 1.5}, {"lateGraceSeconds": ["must be a whole number"]}),
        ({"lateGraceSeconds": True}, {"lateGraceSeconds": ["must be a whole number"]}),
        ({"lateGraceSeconds": Decimal("1E+999999999")}, {"lateGraceSeconds": ["must be a whole number"]}),
        ({"lateGraceSeconds": 2_592_001}, {"lateGraceSeconds": ["must be from 0 to 2592000"]}),
        ({"startsAt": "2026-01-01"}, {"startsAt": ["must be a time with its offset from UTC: 2026-04-03T10:15:00Z"]}),
        ({"startsAt": "2027-01-01T00:00:00Z", "endsAt": APRIL}, {"endsAt": ["must be after startsAt"]}),
        (
            {"aggregationPeriod": "once"},
            {name: ["is needed for the period 'once'"] for name in ("startsAt", "endsAt")},
        ),
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
    acme: Asker, changes: dict[str, Any], errors: dict[str, list[str]]
):
    answer = acme.post(RECORD, {**SPEND, **changes})

    assert (answer.status, answer.body["code"]) == (400, "invalid_input")
    assert answer.errors == errors
    assert all(name in answer.body["detail"] for name in errors)


def test_what_is_missing_is_named(acme: Asker):
    needed = ("name", "aggregationMethod", "aggregationPeriod", "completionTargetValue")

    assert acme.post(RECORD, {}).errors == {name: ["is needed"] for name in needed}


def test_a_change_leaves_the_rest_and_says_when(acme: Asker, projector: None, clock: Clock):
    identifier = made(acme)
    clock.advance(minutes=1)

    answer = acme.patch(f"{RECORD}/{identifier}", {"completionTargetValue": 250.5, "name": "less"})

    changed = {"completionTargetValue": Decimal("250.5"), "name": "less", "version": 2}
    stamps = {"createdAt": "2026-04-03T10:15:00.000Z", "updatedAt": "2026-04-03T10:16:00.000Z"}
    assert answer.status == 200
    assert answer.body == {**DEFAULTS, **SPEND, "id": identifier, **changed, **stamps}
    read = acme.get(f"{RECORD}/{identifier}", **{"If-Position": answer.headers["Position"]})
    assert read.body == answer.body


def test_a_change_that_changes_nothing_is_nothing(acme: Asker, projector: None, clock: Clock):
    identifier = made(acme)
    clock.advance(minutes=1)

    answer = acme.patch(f"{RECORD}/{identifier}", {"name": SPEND["name"], "startsAt": None})

    assert (answer.status, answer.body["version"]) == (200, 1)
    assert answer.body["updatedAt"] == "2026-04-03T10:15:00.000Z"
    assert "Position" not in answer.headers


def test_a_change_is_checked_like_a_new_challenge(acme: Asker, projector: None):
    path = f"{RECORD}/{made(acme)}"

    assert acme.patch(path, {"aggregationPeriod": "once"}).errors.keys() == {"startsAt", "endsAt"}
    assert acme.patch(path, {"id": str(uuid4())}).errors == {"id": ["is not a field"]}
    assert acme.patch(path, {"name": None}).errors == {"name": ["must not be null"]}
    assert acme.send("PATCH", path, b"[]").errors == {"body": ["must be an object"]}
    assert acme.send("PATCH", path, b"{").status == 400
    assert acme.send("PATCH", path, b"1e99999999999999999999").status == 400
    assert acme.send("PATCH", path, b"{}", "text/plain").status == 415
    assert acme.patch(f"{RECORD}/{uuid4()}", {"name": "x"}).status == 404
    assert acme.patch(f"{RECORD}/spend", {"name": "x"}).errors == {"id": ["must be a UUID"]}


def test_a_tenant_sees_and_changes_its_own(acme: Asker, globex: Asker, projector: None):
    identifier, live = made(acme, status="draft"), made(acme)
    other = globex.post(RECORD, SPEND)

    # Definitions are spread over the slices: no single position says that the tables hold all three.
    assert eventually(lambda: {one["id"] for one in acme.get(RECORD).body["data"]} == {identifier, live})
    assert eventually(lambda: globex.get(f"{RECORD}/{other.body['id']}").status == 200)
    assert [one["id"] for one in acme.get(f"{RECORD}?status=live").body["data"]] == [live]
    assert acme.get(f"{RECORD}/{other.body['id']}").status == 404
    assert acme.patch(f"{RECORD}/{other.body['id']}", {"name": "mine"}).status == 404


def test_definitions_are_written_with_their_own_scope_and_read_with_two(acme: Asker, ask: Ask, projector: None):
    identifier = made(acme)
    acme.patch(f"{RECORD}/{identifier}", {"name": "seen"})

    for reader in (ask("definitions:read"), ask("progress:read"), ask(owner=ADA)):
        assert reader.get(RECORD).status == 200
        assert reader.get(f"{RECORD}/{identifier}").status == 200
        assert reader.post(RECORD, SPEND).status == 403
        assert reader.patch(f"{RECORD}/{identifier}", {}).status == 403
    assert ask("logs:write").get(RECORD).status == 403


def test_the_document_has_the_borders_of_the_domain():
    assert challenge.MAX_GRACE_SECONDS == definitions.MAX_GRACE_SECONDS
    assert challenge.MIN_ROLLING_SECONDS == definitions.MIN_ROLLING_SECONDS
    assert challenge.MAX_ROLLING_SECONDS == definitions.MAX_ROLLING_SECONDS
