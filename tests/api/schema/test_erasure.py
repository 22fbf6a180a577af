"""Erasure: what says who an end user is is nowhere any more; what they did stays under their opaque id."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from api.schema.definitions import apply
from api.schema.entry_documents import LINES
from domain.application import ProgressLog
from domain.commands import KeepUser
from domain.errors import Erased, InvalidInput
from tests.api.conftest import ACME, NOW, Clock
from tests.api.schema.conftest import ADA, BOB, CHALLENGE, STREAK, Ask, Asker, entry, made, write
from tests.api.schema.given_training import LEARN, PRACTICE, TEAM
from tests.dumps import _rows, dump

RECORD = "/schema/account_user/record"
PERSON = {
    "externalId": "crm-ada-4711",
    "firstName": "Augusta-Ada",
    "lastName": "Lovelace-Byron",
    "email": "augusta@analytical.example",
    "phoneNumber": "+4369912345678",
}
NOBODY = dict.fromkeys(PERSON)


def names(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in PERSON}


@pytest.fixture
def ada(acme: Asker) -> str:
    """The path of a user who gave all her data."""
    return f"{RECORD}/{acme.post(RECORD, PERSON).body['id']}"


def user_of(path: str) -> str:
    return path.rpartition("/")[2]


def erase(asker: Asker, path: str) -> tuple[int, str | None]:
    answer = asker.client.delete(path, headers=asker.headers)
    assert answer.data == b""
    return answer.status_code, answer.headers.get("Position")


def events(asker: Asker, path: str) -> list[dict[str, Any]]:
    """The events of a user's own stream."""
    found = asker.get(f"/audit/events?ownedById={user_of(path)}&type=UserRegistered,UserChanged,UserErased").body
    return [{"type": one["type"], **one["payload"]} for one in found["data"]]


def test_erasure_leaves_a_record_without_data_and_says_that_it_happened(acme: Asker, ada: str, clock: Clock):
    clock.advance(minutes=1)

    status, position = erase(acme, ada)

    body = acme.get(ada).body
    assert (status, bool(position)) == (204, True)
    assert names(body) == NOBODY
    assert (body["id"], body["status"]) == (user_of(ada), "live")
    assert body["erasedAt"] == body["updatedAt"] == "2026-04-03T10:16:00.000Z"
    assert events(acme, ada)[-1]["type"] == "UserErased"
    assert UUID(events(acme, ada)[-1]["actor"])
    assert acme.get(f"{RECORD}?externalId={PERSON['externalId']}").body["data"] == []


def test_done_twice_it_is_the_same_erasure(acme: Asker, ada: str, clock: Clock):
    erase(acme, ada)
    first = acme.get(ada).body
    clock.advance(minutes=1)

    assert erase(acme, ada) == (204, None)
    assert acme.get(ada).body == first
    assert [one["type"] for one in events(acme, ada)].count("UserErased") == 1


def test_only_a_user_of_the_tenant_is_erased_and_only_by_who_may(acme: Asker, globex: Asker, ask: Ask, ada: str):
    other = f"{RECORD}/{globex.post(RECORD, {'id': user_of(ada), **PERSON}).body['id']}"
    bob = acme.post(RECORD, {**PERSON, "externalId": "bob"}).body

    refused = ask("definitions:read", "logs:write", "progress:read", "audit:read", "logs:void")
    assert refused.client.delete(ada, headers=refused.headers).status_code == 403
    herself = ask(owner=user_of(ada))
    assert herself.client.delete(ada, headers=herself.headers).status_code == 403
    assert acme.client.delete(f"{RECORD}/{uuid4()}", headers=acme.headers).status_code == 404
    assert names(acme.get(ada).body) == PERSON
    erase(acme, ada)
    assert names(globex.get(other).body) == PERSON
    assert acme.get(f"{RECORD}/{bob['id']}").body == bob


def test_every_answer_that_names_the_owner_says_that_they_were_erased(acme: Asker, ada: str):
    paths, erased = [], {"id": user_of(ada), "erased": True}
    for game in (CHALLENGE, STREAK):
        definition = game.made(acme)
        answer = acme.post(game.log, game.entry(definition, ownedById=user_of(ada)))
        assert game.run(answer.body)["ownedBy"]["firstName"] == PERSON["firstName"]
        paths += [game.progress, f"{game.progress}/{game.run(answer.body)['id']}"]
        before = acme.get(paths[-1], **{"If-Position": answer.headers["Position"]})

    erase(acme, ada)

    for path in paths:
        body = acme.get(path).body
        assert (body["data"][0] if "data" in body else body)["ownedBy"] == erased
    assert acme.get(paths[-1]).headers["ETag"] != before.headers["ETag"]
    for game in (CHALLENGE, STREAK):
        definition = acme.get(game.definitions).body["data"][0]["id"]
        for name, status in (("order-1001", 200), ("order-1002", 201)):
            answer = acme.post(game.log, game.entry(definition, name, ownedById=user_of(ada)))
            assert (answer.status, game.run(answer.body)["ownedBy"]) == (status, erased)


def test_an_entry_brings_nobody_back(acme: Asker, ada: str):
    definition, team = made(acme), acme.post(TEAM, {"name": "red"}).body["id"]
    person = {name: PERSON[name] for name in ("externalId", "firstName")}
    erase(acme, ada)

    one = acme.post(CHALLENGE.log, entry(definition, "1", ownedById=None, ownedBy=person))
    many = acme.client.post(
        f"{CHALLENGE.log}s",
        data=write(entry(definition, "2", ownedById=None, ownedBy=person)) + b"\n",
        content_type=LINES,
        headers=acme.headers,
    )
    joined = acme.patch(f"{TEAM}/{team}", {"members": [{"externalId": person["externalId"]}]})

    # The id was made from the tenant's own id, so it is found again; nothing of what came with it is kept.
    assert (one.status, one.body["counted"], one.body["ownedById"]) == (201, True, user_of(ada))
    assert one.body["challengeProgress"]["ownedBy"] == {"id": user_of(ada), "erased": True}
    assert (many.status_code, b"Augusta" in many.data) == (200, False)
    assert joined.body["members"] == [user_of(ada)]
    assert names(acme.get(ada).body) == NOBODY
    assert events(acme, ada)[-1]["type"] == "UserErased"


def test_who_was_erased_cannot_be_changed(acme: Asker, ada: str):
    erase(acme, ada)

    answer = acme.patch(ada, {"firstName": "Ada"})

    assert (answer.status, answer.body["code"]) == (409, "erased")
    assert names(acme.get(ada).body) == NOBODY


def test_a_document_that_still_holds_who_was_erased_is_refused_as_a_whole(acme: Asker, ada: str, log: ProgressLog):
    erase(acme, ada)
    document = {"users": [{"externalId": "somebody-else"}, {"externalId": PERSON["externalId"], "firstName": "Ada"}]}

    with pytest.raises(InvalidInput) as refusal:
        apply(log, ACME, document, now=NOW)

    said = "was erased: take the user out, or register them anew with the api first"
    assert refusal.value.errors == {"users[1]": [said]}
    assert [names(one) for one in acme.get(RECORD).body["data"]] == [NOBODY]


def test_only_registering_again_brings_new_data_in_and_nothing_of_the_old(acme: Asker, ada: str, clock: Clock):
    acme.patch(ada, {"status": "paused"})
    erase(acme, ada)
    clock.advance(minutes=1)

    answer = acme.post(RECORD, {"externalId": PERSON["externalId"], "firstName": "Ada"})

    assert (answer.status, answer.body["id"], answer.body["erasedAt"]) == (201, user_of(ada), None)
    assert names(answer.body) == {**NOBODY, "externalId": PERSON["externalId"], "firstName": "Ada"}
    assert answer.body["status"] == "live"
    assert events(acme, ada)[-1]["type"] == "UserRegistered"
    assert acme.post(RECORD, {"externalId": PERSON["externalId"]}).status == 409
    assert acme.patch(ada, {"lastName": "King"}).body["lastName"] == "King"
    assert erase(acme, ada)[0] == 204
    assert names(acme.get(ada).body) == NOBODY


def test_the_own_id_of_who_had_an_id_before_finds_nobody_after_the_erasure(acme: Asker):
    path = f"{RECORD}/{acme.post(RECORD, {'id': BOB, **PERSON}).body['id']}"
    erase(acme, path)

    answer = acme.post(CHALLENGE.log, entry(made(acme), ownedById=None, ownedBy={"externalId": PERSON["externalId"]}))

    assert answer.body["ownedById"] not in (BOB, ADA)
    assert names(acme.get(path).body) == NOBODY


def rows_of_events(url: str) -> list[tuple[Any, ...]]:
    """The log as it stands; what was recorded last comes last."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT * FROM events ORDER BY xmin::text::bigint, slice, position").fetchall()


@pytest.mark.parametrize("first", ["erasure", "change"])
def test_a_change_at_the_same_moment_brings_nothing_back(
    acme: Asker, ada: str, log: ProgressLog, clock: Clock, monkeypatch: pytest.MonkeyPatch, first: str
):
    """Whoever reads the user's stream first is overtaken before the append, and has to decide again."""
    keep = KeepUser(id=user_of(ada), personal={"last_name": "King"})
    load: Callable[..., Any] = log.log_recorder.load_streams
    overtaken: list[bool] = []

    def overtake(ids: Any) -> Any:
        found = load(ids)
        if not overtaken:
            overtaken.append(True)
            if first == "erasure":
                erase(acme, ada)
            else:
                log.keep_user("acme", keep, now=clock())
        return found

    monkeypatch.setattr(log.log_recorder, "load_streams", overtake)
    if first == "erasure":
        with pytest.raises(Erased):
            log.keep_user("acme", keep, now=clock())
    else:
        assert erase(acme, ada)[0] == 204

    assert overtaken
    assert names(acme.get(ada).body) == NOBODY


def test_nothing_of_who_was_erased_is_anywhere_in_the_database(acme: Asker, ada: str, database_url: str, clock: Clock):
    """With everything done before that could leave a copy: entries of all kinds, changes, a void, a reward, a team."""
    person = {name: PERSON[name] for name in ("externalId", "firstName", "lastName")}
    challenge = made(acme)
    CHALLENGE.milestone(acme, challenge, 1)
    answers = [acme.post(CHALLENGE.log, entry(challenge, ownedById=None, ownedBy=person))]
    answers += [acme.post(STREAK.log, STREAK.entry(STREAK.made(acme), ownedById=None, ownedBy=person))]
    for training in (PRACTICE, LEARN):
        training.there(acme)
        answers += [acme.post(training.log, training.entry(ownedById=None, ownedBy=person))]
    acme.post(f"{CHALLENGE.log}/{answers[0].body['id']}/void", {"reason": "refunded"})
    acme.post(TEAM, {"name": "red", "members": [{"externalId": PERSON["externalId"]}]})
    acme.patch(ada, {"lastName": "King-Noel"})
    acme.post(f"{CHALLENGE.log}s", [entry(challenge, "refused", -1, ownedById=None, ownedBy=person)])
    bystander = acme.post(RECORD, {"externalId": "bystander-1", "firstName": "Charles-Babbage"}).body["id"]
    secrets = {*PERSON.values(), "King-Noel"} - {PERSON["lastName"]}
    before = dump(database_url)
    log_before = rows_of_events(database_url)

    erase(acme, ada)

    after = dump(database_url)
    assert {one for one in secrets if one not in before} == set()
    assert {one for one in {*PERSON.values(), "King-Noel"} if one in after or one in _rows(database_url)} == set()
    assert user_of(ada) in after
    assert (bystander in after, "Charles-Babbage" in after) == (True, True)
    # No event was touched, so that every proof over the log holds.
    assert rows_of_events(database_url)[: len(log_before)] == log_before
