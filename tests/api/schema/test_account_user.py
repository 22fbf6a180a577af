"""API, Writing: end users are registered, changed, listed; a paused one's entries do not count."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, BOB, Ask, Asker, entry, made

RECORD = "/schema/account_user/record"
PERSON = {
    "externalId": "u1",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.org",
    "phoneNumber": "+4312345678",
}


def test_a_user_is_answered_with_an_id_made_from_the_tenants_own(acme: Asker, globex: Asker):
    answer = acme.post(RECORD, PERSON)

    assert answer.status == 201
    assert UUID(answer.body["id"]).version == 5
    assert answer.body == {
        **PERSON,
        "id": answer.body["id"],
        "status": "live",
        "erasedAt": None,
        "createdAt": "2026-04-03T10:15:00.000Z",
        "updatedAt": "2026-04-03T10:15:00.000Z",
    }
    assert acme.get(f"{RECORD}/{answer.body['id']}").body == answer.body
    assert globex.post(RECORD, PERSON).body["id"] != answer.body["id"]


def test_an_external_id_is_unique_in_the_tenant(acme: Asker, globex: Asker):
    acme.post(RECORD, {"id": ADA, **PERSON})

    by_name = acme.post(RECORD, {"id": BOB, **PERSON})
    by_id = acme.post(RECORD, {"id": ADA, "externalId": "u2"})

    assert (by_name.status, by_name.body["code"]) == (409, "already_exists")
    assert by_name.errors == {"externalId": ["is taken"]}
    assert (by_id.status, by_id.errors) == (409, {"id": ["is taken"]})
    assert globex.post(RECORD, {"id": ADA, **PERSON}).status == 201


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"externalId": ""}, {"externalId": ["must have 1 to 256 characters"]}),
        ({"externalId": None}, {"externalId": ["must not be null"]}),
        ({"firstName": "a" * 257}, {"firstName": ["must have at most 256 characters"]}),
        ({"email": "ada"}, {"email": ["must be an e-mail address"]}),
        ({"email": "ada@example.org\n"}, {"email": ["must be an e-mail address"]}),
        ({"phoneNumber": "01234"}, {"phoneNumber": ["must be a phone number as +43123456789 (E.164)"]}),
        ({"phoneNumber": "+43123\n"}, {"phoneNumber": ["must be a phone number as +43123456789 (E.164)"]}),
        ({"status": "archived"}, {"status": ["must be one of draft, live, paused"]}),
        ({"nickname": "A"}, {"nickname": ["is not a field"]}),
    ],
)
def test_a_wrong_field_is_named_with_what_it_must_be(
    acme: Asker, changes: dict[str, Any], errors: dict[str, list[str]]
):
    answer = acme.post(RECORD, {**PERSON, **changes})

    assert (answer.status, answer.errors) == (400, errors)
    assert acme.get(RECORD).body["data"] == []


def test_a_change_leaves_the_rest_and_null_takes_away(acme: Asker, clock: Clock):
    first = acme.post(RECORD, PERSON).body
    clock.advance(minutes=1)

    answer = acme.patch(f"{RECORD}/{first['id']}", {"email": None, "lastName": "King", "externalId": "u1"})

    assert answer.status == 200
    changes = {"email": None, "lastName": "King", "updatedAt": "2026-04-03T10:16:00.000Z"}
    assert answer.body == {**first, **changes}
    assert acme.get(f"{RECORD}/{first['id']}").body == answer.body


def test_a_change_that_changes_nothing_is_nothing(acme: Asker, clock: Clock):
    first = acme.post(RECORD, PERSON).body
    clock.advance(minutes=1)

    answer = acme.patch(f"{RECORD}/{first['id']}", {"firstName": "Ada", "status": "live"})

    assert (answer.status, answer.body, answer.headers.get("Position")) == (200, first, None)


def test_an_external_id_stays(acme: Asker):
    path = f"{RECORD}/{acme.post(RECORD, PERSON).body['id']}"

    assert acme.patch(path, {"externalId": "u2"}).errors == {"externalId": ["cannot be changed"]}
    assert acme.patch(f"{RECORD}/{uuid4()}", {"firstName": "x"}).status == 404


def test_entries_of_a_paused_user_are_recorded_and_not_counted(acme: Asker):
    challenge, user = made(acme), acme.post(RECORD, PERSON).body["id"]
    acme.patch(f"{RECORD}/{user}", {"status": "paused"})

    body = acme.post("/schema/challenge_log/record", entry(challenge, ownedById=user)).body

    assert (body["counted"], body["reason"]) == (False, "owner_paused")


def test_users_are_listed_by_page_filtered_and_of_one_tenant(acme: Asker, globex: Asker, clock: Clock):
    for number in range(3):
        acme.post(RECORD, {"externalId": f"u{number}", "status": "paused" if number == 1 else "live"})
        clock.advance(seconds=1)
    globex.post(RECORD, PERSON)

    first = acme.get(f"{RECORD}?limit=2&fetchTotalCount=true").body
    rest = acme.get(f"{RECORD}?limit=2&cursor={first['paging']['nextCursor']}").body

    assert [one["externalId"] for page in (first, rest) for one in page["data"]] == ["u2", "u1", "u0"]
    assert first["paging"]["totalCount"] == 3
    assert [one["externalId"] for one in acme.get(f"{RECORD}?status=paused").body["data"]] == ["u1"]
    assert [one["externalId"] for one in acme.get(f"{RECORD}?externalId=u2").body["data"]] == ["u2"]
    assert acme.get(f"{RECORD}?nickname=u2").errors == {"nickname": ["is not a parameter of this query"]}


def test_end_users_see_themselves_alone_and_change_nothing(acme: Asker, ask: Ask):
    for identifier, name in ((ADA, "u1"), (BOB, "u2")):
        acme.post(RECORD, {"id": identifier, "externalId": name})
    ada = ask(owner=ADA)

    assert [one["id"] for one in ada.get(RECORD).body["data"]] == [ADA]
    assert ada.get(f"{RECORD}/{ADA}").status == 200
    assert ada.get(f"{RECORD}/{BOB}").status == 404
    assert ada.patch(f"{RECORD}/{ADA}", {"status": "live"}).status == 403
    assert ada.post(RECORD, PERSON).status == 403
    assert ask("logs:write").post(RECORD, PERSON).status == 403
