"""API, Writing: events."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from domain.commands import Define
from domain.vocabulary import Slug
from tests.api.conftest import ACME, GLOBEX
from tests.api.streaks.conftest import error, event
from tests.api.streaks.given_streaks import ADA, BOB, LOGINS, MODES, SPEND

EVENTS, BULK = "/v1/events", "/v1/events/bulk"
CHALLENGE = UUID(int=0xC0FFEE)


def fed(definition: UUID, reason: str | None = None, *, replayed: bool = False) -> dict:
    return {"definition_id": str(definition), "counted": reason is None, "reason": reason, "replayed": replayed}


def challenge(given, **fields) -> None:
    told = {
        "name": "Play a lot",
        "status": "live",
        "aggregation_method": "count",
        "aggregation_period": "monthly",
        "completion_target_value": 8,
        "event_types": ["user.login", "order.paid"],
        **fields,
    }
    given.log.define(given.tenant, CHALLENGE, Define(id=CHALLENGE, slug=Slug.CHALLENGE, fields=told), now=given.clock())


def test_an_event_feeds_every_live_definition_of_the_tenant_that_names_it(given, tell, one, globex):
    challenge(given)
    given.define(LOGINS).define(SPEND, event_types=["user.login"], aggregation_method="count", status="draft")
    given.define(MODES)

    response = tell("user.login")

    assert response.status_code == 202
    assert response.json == {"event_id": "event-1", "fed": [fed(CHALLENGE), fed(LOGINS)]}
    assert response.headers["Position"].count(":") == 1
    assert one()["current_window_progress"]["count"] == 1
    elsewhere = globex.get(f"/v1/streaks/{GLOBEX}/users/{ADA}/{LOGINS}").json
    assert elsewhere["current_window_progress"]["count"] == 3


def test_an_event_that_no_definition_names_is_taken_and_feeds_nothing(given, tell):
    given.define(LOGINS)

    response = tell("user.logout")

    assert (response.status_code, response.json) == (202, {"event_id": "event-1", "fed": []})
    assert "Position" not in response.headers


def test_an_event_is_recorded_as_it_was_sent(given, tell, clock):
    given.define(SPEND)

    tell("order.paid", attributes={"value": 187.50, "shop": "Graz", "gift": True, "note": None, "items": 3})

    recorded = [one.event.entry for one in given.log.history(stream_of(given)) if hasattr(one.event, "entry")]
    assert [(one.owner_id, one.unique_identifier, one.activity_id) for one in recorded] == [
        (ADA, "event-1", "order.paid")
    ]
    assert (recorded[0].activity_at, recorded[0].activity_value) == (clock(), Decimal("187.5"))
    assert recorded[0].attributes == {"value": 187.5, "shop": "Graz", "gift": True, "note": None, "items": 3}


def stream_of(given, streak: UUID = SPEND) -> UUID:
    from domain.ids import engagement_id  # noqa: PLC0415 - the one test that looks into the log

    return engagement_id(given.tenant, streak, ADA, "streak")


def test_a_value_is_an_exact_decimal(given, admin, clock, catch_up, one):
    given.define(SPEND)
    catch_up()
    body = msgspec.json.encode(event(clock, "order.paid")).decode()

    for number in ("123456789012.123456", "0.000001", "1e2"):
        sent = body.replace('"event_id":"event"', f'"event_id":"{number}","attributes":{{"value":{number}}}')
        assert admin.post(EVENTS, data=sent, content_type="application/json").status_code == 202

    one(SPEND)
    raw = admin.get(f"/v1/streaks/{ACME}/users/{ADA}/{SPEND}").data
    assert b'"sum":123456789112.123457' in raw


def test_the_same_event_again_is_answered_again_and_counts_once(given, admin, clock, catch_up, one):
    given.define(LOGINS)
    challenge(given)
    catch_up()
    body = event(clock, attributes={"device": "phone"})

    first, again = admin.post(EVENTS, json=body), admin.post(EVENTS, json=body)
    clock.advance(days=400)
    late = admin.post(EVENTS, json=body)

    assert first.json["fed"] == [fed(CHALLENGE), fed(LOGINS)]
    assert again.json["fed"] == late.json["fed"] == [fed(CHALLENGE, replayed=True), fed(LOGINS, replayed=True)]
    assert again.headers["Position"] == late.headers["Position"]
    clock.advance(days=-400)
    assert one()["current_window_progress"]["count"] == 1


@pytest.mark.parametrize(
    "changes",
    [{"attributes": {"device": "desk"}}, {"timestamp": "2026-04-03T10:14:59Z"}, {"event_type": "user.signup"}],
)
def test_the_same_event_with_other_content_is_a_conflict(given, admin, clock, catch_up, one, changes):
    given.define(LOGINS, event_types=["user.login", "user.signup"])
    catch_up()
    body = event(clock, attributes={"device": "phone"})
    admin.post(EVENTS, json=body)

    response = admin.post(EVENTS, json={**body, **changes})

    assert error(response, 409, "CONFLICT") == "'event' came before with other content"
    assert one()["current_window_progress"]["count"] == 1


def test_a_definition_that_cannot_take_an_event_does_not_spoil_the_others(given, tell, admin, catch_up):
    for streak in (LOGINS, SPEND, MODES):
        given.define(streak, event_types=["game.played"])

    nothing = tell("game.played")
    text = tell("game.played", attributes={"value": "5", "mode": None})
    everything = tell("game.played", attributes={"value": 5, "mode": "arcade"})

    incomplete = [fed(LOGINS), fed(SPEND, "incomplete"), fed(MODES, "incomplete")]
    assert nothing.json["fed"] == text.json["fed"] == incomplete
    assert everything.json["fed"] == [fed(LOGINS), fed(SPEND), fed(MODES)]
    catch_up()
    records = admin.get(f"/v1/streaks/{ACME}/users/{ADA}").json["streaks"]
    assert sorted(one["current_window_progress"]["count"] for one in records) == [1, 1, 3]


def test_an_event_that_does_not_count_says_why(given, tell, clock):
    given.define(LOGINS, starts_at=clock())
    early, late = clock() - timedelta(seconds=1), clock() - timedelta(days=2)

    assert tell(timestamp=early.isoformat()).json["fed"] == [fed(LOGINS, "before_start")]
    given.redefine(LOGINS, starts_at=None)
    assert tell(timestamp=late.isoformat()).json["fed"] == [fed(LOGINS, "too_late")]


def test_a_timestamp_may_be_up_to_five_minutes_early(given, tell, clock):
    given.define(LOGINS)

    assert tell(timestamp=(clock() + timedelta(seconds=300)).isoformat()).json["fed"] == [fed(LOGINS)]
    refused = tell(timestamp=(clock() + timedelta(seconds=301)).isoformat())
    assert error(refused, 400, "INVALID_INPUT") == "timestamp: is more than 300 s in the future"
    unnamed = tell("user.logout", timestamp=(clock() + timedelta(seconds=301)).isoformat())
    assert error(unnamed, 400, "INVALID_INPUT").startswith("timestamp: ")


WRONG = [
    ({"event_id": None}, "event_id: is needed"),
    ({"event_id": ""}, "event_id: must be a text of 1 to 256"),
    ({"event_id": "x" * 257}, "event_id: must be a text of 1 to 256"),
    ({"event_id": 7}, "event_id: must be a text"),
    ({"event_id": "a\x00b"}, "event_id: must be a text of 1 to 256 characters without U+0000"),
    ({"event_type": None}, "event_type: is needed"),
    ({"event_type": "a\x00"}, "event_type: must be a text"),
    ({"user_id": None}, "user_id: is needed"),
    ({"user_id": "x" * 201}, "user_id: must be a text of 1 to 200"),
    ({"user_id": "\x00"}, "user_id: must be a text"),
    ({"timestamp": None}, "timestamp: is needed"),
    ({"timestamp": "yesterday"}, "timestamp: must be a time with a zone"),
    ({"timestamp": 1775211300}, "timestamp: must be a time with a zone"),
    ({"timestamp": "2026-04-03T10:15:00"}, "timestamp: has no time zone"),
    ({"timestamp": "2026-02-30T10:15:00Z"}, "timestamp: must be a time with a zone"),
    ({"timestamp": "0001-01-01T00:00:00+01:00"}, "timestamp: is outside the years"),
    ({"attributes": []}, "attributes: must be an object"),
    ({"attributes": {f"a{number}": 1 for number in range(65)}}, "attributes: must be an object of at most 64"),
    ({"attributes": {"list": [1]}}, "attributes: 'list' must be a text"),
    ({"attributes": {"long": "x" * 1025}}, "attributes: 'long' must be a text of at most 1024"),
    ({"attributes": {"nul": "\x00"}}, "attributes: 'nul' must be"),
    ({"attributes": {"": 1}}, "attributes: '' must be"),
    ({"attributes": {"large": 2**53}}, "attributes: 'large' must be"),
    ({"attributes": {"value": -1}}, "attributes.value: must not be negative"),
    ({"attributes": {"value": 1e12}}, "attributes.value: must have at most 12 digits before"),
    ({"attributes": {"value": 0.1234567}}, "attributes.value: must have at most 6 digits after"),
    ({"shoe_size": 44}, "shoe_size: is not a field"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_a_wrong_field_is_named_and_nothing_is_recorded(given, tell, acme, catch_up, changes, message):
    given.define(LOGINS)

    response = tell(**changes)

    assert error(response, 400, "INVALID_INPUT").startswith(message)
    catch_up()
    assert acme.get(f"/v1/streaks/{ACME}/users/{ADA}").json == {"streaks": []}


def test_every_wrong_field_is_named_at_once(tell):
    response = tell(event_id="", user_id=None, timestamp="soon", attributes={"value": -1, "x": []}, shoe=44)

    fields = [one.split(":")[0] for one in error(response, 400, "INVALID_INPUT").split("; ")]
    assert fields == ["shoe", "event_id", "user_id", "timestamp", "attributes", "attributes.value"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "body: must be a JSON object"),
        (b"null", "body: must be a JSON object"),
        (b'{"event_id": "\\ud800"}', "body: holds half of a character"),
        (b'{"event_id": 1', "body: is not JSON"),
        (b"\xff", "body: is not UTF-8"),
        (b"", "body: is not JSON"),
        (b'{"attributes":' * 2000, "body: "),
    ],
)
def test_a_body_that_is_no_event_is_refused(admin, body, message):
    response = admin.post(EVENTS, data=body, content_type="application/json")

    assert error(response, 400, "INVALID_INPUT").startswith(message)


def test_many_events_are_answered_one_by_one(given, admin, clock, catch_up, one):
    given.define(LOGINS)
    given.define(SPEND)
    catch_up()
    good, paid = event(clock, event_id="1"), event(clock, "order.paid", event_id="2", attributes={"value": 3})
    of_bob = event(clock, event_id="3", user_id=BOB)
    wrong, odd = event(clock, event_id="4", timestamp="soon"), {"event_id": 7}
    other = {**good, "attributes": {"device": "phone"}}
    unnamed = event(clock, "user.logout", event_id="5")

    response = admin.post(BULK, json={"events": [good, wrong, odd, "text", paid, good, other, of_bob, unnamed]})

    assert response.status_code == 202
    answers = response.json["events"]
    assert [answer["event_id"] for answer in answers] == ["1", "4", None, None, "2", "1", "1", "3", "5"]
    assert [answer.get("fed") for answer in answers] == [
        [fed(LOGINS)],
        None,
        None,
        None,
        [fed(SPEND)],
        [fed(LOGINS, replayed=True)],
        None,
        [fed(LOGINS)],
        [],
    ]
    errors = [answer["error"] for answer in answers if "error" in answer]
    assert [(one["code"], one["status"]) for one in errors] == [("INVALID_INPUT", 400)] * 3 + [("CONFLICT", 409)]
    assert errors[0]["message"].startswith("timestamp: ")
    assert errors[1]["message"].startswith("event_id: must be a text")
    assert one()["current_window_progress"]["count"] == 1
    assert one(user=BOB)["current_window_progress"]["count"] == 1


def test_an_event_that_came_before_with_other_content_does_not_stop_the_others(given, admin, clock, catch_up, one):
    given.define(LOGINS)
    catch_up()
    admin.post(EVENTS, json=event(clock, event_id="1"))

    sent = [event(clock, event_id="1", attributes={"x": 1}), event(clock, event_id="2")]
    response = admin.post(BULK, json={"events": sent})

    conflict, good = response.json["events"]
    assert (conflict["error"]["code"], good["fed"]) == ("CONFLICT", [fed(LOGINS)])
    assert one()["current_window_progress"]["count"] == 2


def test_a_thousand_events_are_recorded_at_once_and_found_by_their_position(given, admin, clock, catch_up):
    given.define(LOGINS)
    catch_up()
    events = [event(clock, event_id=str(number), user_id=f"user-{number % 10}") for number in range(1000)]

    response = admin.post(BULK, json={"events": events})

    assert [len(one["fed"]) for one in response.json["events"]] == [1] * 1000
    catch_up()
    read = admin.get(f"/v1/streaks/{ACME}/users/user-3/{LOGINS}", headers={"If-Position": response.headers["Position"]})
    assert read.json["current_window_progress"]["count"] == 100


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"events": [{}] * 1001}, "events: must be an array of at most 1000 events"),
        ({"events": {}}, "events: must be an array"),
        ({}, "events: is needed"),
        ([], "events: is needed"),
        ({"events": [], "dry_run": True}, "dry_run: is not a field"),
    ],
)
def test_many_events_are_an_array_of_at_most_a_thousand(admin, body, message):
    assert error(admin.post(BULK, json=body), 400, "INVALID_INPUT").startswith(message)


def test_no_events_are_answered_with_none(admin):
    response = admin.post(BULK, json={"events": []})

    assert (response.status_code, response.json) == (202, {"events": []})


@pytest.mark.parametrize(("path", "body"), [(EVENTS, {}), (BULK, {"events": []})])
def test_events_need_their_scope(acme, end_user, guest, path, body):
    assert "logs:write is needed" in error(acme.post(path, json=body), 403, "FORBIDDEN")
    assert "logs:write is needed" in error(end_user(ADA).post(path, json=body), 403, "FORBIDDEN")
    error(guest.post(path, json=body), 401, "UNAUTHORIZED")


def test_an_event_goes_to_the_tenant_of_the_credential(given, globex, clock, catch_up, acme):
    given.define(LOGINS)
    catch_up()

    response = globex.post(EVENTS, json=event(clock))

    assert response.json["fed"] == [fed(LOGINS)]
    catch_up()
    assert acme.get(f"/v1/streaks/{ACME}/users/{ADA}").json == {"streaks": []}
    assert globex.get(f"/v1/streaks/{GLOBEX}/users/{ADA}").json["streaks"][0]["current_window_progress"]["count"] == 4
