"""API, Writing: one log entry, its replay, its void, and the log as it reads."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, BOB, Ask, Asker, entry, made

RECORD = "/schema/challenge_log/record"


def logged(asker: Asker, challenge: str, *args: Any, **changes: Any) -> dict[str, Any]:
    answer = asker.post(RECORD, entry(challenge, *args, **changes))
    assert answer.status == 201, answer.body
    return answer.body


def milestone(asker: Asker, challenge: str, target: Any, **more: Any) -> str:
    body = {"linkedSchemaSlug": "challenge", "linkedSchemaRecordId": challenge, "milestoneTargetValue": target, **more}
    answer = asker.post("/schema/milestone/record", body)
    assert answer.status == 201, answer.body
    return answer.body["id"]


def test_an_entry_is_answered_with_the_run_after_it(acme: Asker):
    challenge = made(acme)

    answer = acme.post(RECORD, entry(challenge, "order-1001", Decimal("187.50"), attributes={"shop": "Graz"}))

    assert answer.status == 201
    progress = answer.body["challengeProgress"]
    assert UUID(answer.body["id"])
    assert {name: answer.body[name] for name in answer.body if name not in ("id", "challengeProgress")} == {
        "createdAt": "2026-04-03T10:15:00.000Z",
        "updatedAt": "2026-04-03T10:15:00.000Z",
        "challengeId": challenge,
        "ownedById": ADA,
        "activityAt": "2026-04-03T10:15:00.000Z",
        "activityId": "made_a_purchase",
        "uniqueIdentifier": "order-1001",
        "activityValue": Decimal("187.5"),
        "attributes": {"shop": "Graz"},
        "recordedAt": "2026-04-03T10:15:00.000Z",
        "counted": True,
        "reason": None,
        "periodKey": "2026-04",
        "voidedAt": None,
        "voidReason": None,
        "challengeProgressId": progress["id"],
        "achievedMilestone": None,
        "achievedMilestoneRewardLog": None,
        "replayed": False,
    }
    assert progress["challengeProgressStatus"] == "in_progress"
    assert (progress["currentProgressValue"], progress["remainingValue"]) == (Decimal("187.5"), Decimal("312.5"))


def test_the_answer_is_what_the_read_tables_will_hold(acme: Asker, projector: None):
    challenge = made(acme)

    answer = acme.post(RECORD, entry(challenge))

    progress, position = answer.body["challengeProgress"], answer.headers["Position"]
    read = acme.get(f"/schema/challenge_progress/record/{progress['id']}", **{"If-Position": position})
    assert read.body == progress
    kept = acme.get(f"{RECORD}/{answer.body['id']}").body
    assert kept == {name: answer.body[name] for name in kept}


def test_numbers_are_printed_exactly(acme: Asker):
    challenge = made(acme, completionTargetValue=Decimal("0.3"))
    client, headers = acme.client, {**acme.headers, "Content-Type": "application/json"}

    for name, value in (("a", "0.10"), ("b", "0.2")):
        body = entry(challenge, name, Decimal(value))
        text = client.post(RECORD, json={**body, "activityValue": float(value)}, headers=headers).text

    assert '"activityValue":0.2,' in text
    assert '"currentProgressValue":0.3,"challengeProgressStatus":"completed"' in text
    assert '"completionTargetValue":0.3,"remainingValue":0,"progressPercent":100' in text


def test_the_same_entry_again_is_answered_the_same_and_counted_once(acme: Asker, clock: Clock):
    challenge = made(acme)
    first = acme.post(RECORD, entry(challenge))
    clock.advance(minutes=5)
    logged(acme, challenge, "order-1002", 100)

    again = acme.post(RECORD, entry(challenge, "order-1001", Decimal("187.5")))

    assert again.status == 200
    assert again.body == {**first.body, "replayed": True}
    assert again.headers["Position"] == first.headers["Position"]
    assert logged(acme, challenge, "order-1003", 1)["challengeProgress"]["currentProgressValue"] == Decimal("288.5")


def test_other_content_under_the_same_identifier_is_a_conflict(acme: Asker):
    challenge = made(acme)
    logged(acme, challenge, "order-1001", 100)

    answer = acme.post(RECORD, entry(challenge, "order-1001", 101))

    assert (answer.status, answer.body["code"]) == (409, "entry_conflict")
    assert answer.errors == {"uniqueIdentifier": ["'order-1001' came before with other content"]}


def test_the_same_identifier_of_another_owner_or_tenant_is_another_entry(acme: Asker, globex: Asker):
    same = str(uuid4())
    made(acme, id=same), made(globex, id=same)
    logged(acme, same)

    assert logged(acme, same, ownedById=BOB)["challengeProgress"]["currentProgressValue"] == Decimal("187.5")
    assert logged(globex, same)["challengeProgress"]["currentProgressValue"] == Decimal("187.5")


def test_an_entry_that_cannot_count_is_recorded_with_its_reason(acme: Asker):
    challenge = made(acme, status="draft")

    body = logged(acme, challenge)

    assert (body["counted"], body["reason"], body["periodKey"]) == (False, "not_live", "2026-04")
    assert (body["challengeProgressId"], body["challengeProgress"]) == (None, None)


def test_the_highest_milestone_that_an_entry_reaches_is_answered_with_its_reward(acme: Asker, projector: None):
    challenge = made(acme)
    milestone(acme, challenge, 50, name="fifty")
    highest = milestone(acme, challenge, 150, name="a hundred and fifty", rewardItemId="mug")
    milestone(acme, challenge, 500)

    answer = acme.post(RECORD, entry(challenge))

    assert answer.body["achievedMilestone"] == {
        "id": highest,
        "linkedSchemaSlug": "challenge",
        "linkedSchemaRecordId": challenge,
        "name": "a hundred and fifty",
        "description": "",
        "milestoneTargetValue": 150,
        "rewardItemId": "mug",
        "repeatable": True,
        "status": "live",
    }
    reward = answer.body["achievedMilestoneRewardLog"]
    assert (reward["milestoneId"], reward["ownedById"], reward["periodKey"]) == (highest, ADA, "2026-04")
    position = {"If-Position": answer.headers["Position"]}
    assert acme.get(f"/schema/reward_log/record/{reward['id']}", **position).body == reward
    assert len(acme.get("/schema/reward_log/record").body["data"]) == 2


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"challengeId": str(UUID(int=7))}, {"challengeId": [f"there is no challenge {UUID(int=7)}"]}),
        ({"activityValue": None}, {"activityValue": ["is needed: this definition sums values"]}),
        ({"activityValue": -1}, {"activityValue": ["must not be negative"]}),
        ({"activityAt": "2026-04-03T10:15:00"}, {"activityAt": ["has no time zone: 2026-04-03T10:15:00Z has one"]}),
        ({"activityAt": "2026-04-03T10:20:01Z"}, {"activityAt": ["is more than 300 s in the future"]}),
        ({"uniqueIdentifier": "a\x00"}, {"uniqueIdentifier": ["must not hold the character U+0000"]}),
        ({"kind": "streak_log"}, {"kind": ["'streak_log' is sent to challenge_log"]}),
    ],
)
def test_what_is_refused_is_named_and_leaves_nothing(
    acme: Asker, projector: None, changes: dict[str, Any], errors: dict[str, list[str]]
):
    challenge = made(acme)

    answer = acme.post(RECORD, entry(challenge, **changes) | {k: v for k, v in changes.items() if v is not None})

    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert answer.errors == errors
    assert all(name in answer.body["detail"] for name in errors)
    assert answer.body["code"] == ("definition_not_found" if "challengeId" in errors else "invalid_input")
    assert "Position" not in answer.headers
    assert acme.get(RECORD).body["data"] == []


def test_another_tenants_challenge_is_no_challenge(acme: Asker, globex: Asker):
    challenge = made(globex)

    assert acme.post(RECORD, entry(challenge)).body["code"] == "definition_not_found"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_input"),
        (b'{"activityId": "\xff"}', "application/json", 400, "invalid_input"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "application/x-ndjson", 415, "unsupported_media_type"),
        (b'{"activityId": "%s"}' % (b"a" * 2_000_000), "application/json", 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(acme: Asker, body: bytes, content_type: str, status: int, code: str):
    answer = acme.send("POST", RECORD, body, content_type)

    assert (answer.status, answer.body["code"]) == (status, code)


def test_a_user_that_comes_with_an_entry_is_registered_and_then_changed(acme: Asker):
    challenge = made(acme)
    without = entry(challenge, "a", 1)
    del without["ownedById"]

    first = acme.post(RECORD, {**without, "ownedBy": {"externalId": "u1", "firstName": "Ada", "email": "ada@b.at"}})
    second = acme.post(
        RECORD, {**without, "uniqueIdentifier": "b", "ownedBy": {"externalId": "u1", "firstName": "Augusta"}}
    )

    assert first.body["challengeProgress"]["ownedBy"]["firstName"] == "Ada"
    assert second.body["challengeProgress"]["ownedBy"]["firstName"] == "Augusta"
    assert second.body["challengeProgress"]["currentProgressValue"] == 2
    [user] = acme.get("/schema/account_user/record").body["data"]
    assert (user["id"], user["externalId"], user["email"]) == (first.body["ownedById"], "u1", "ada@b.at")


def test_a_user_with_an_id_of_their_own_is_found_by_external_id(acme: Asker, globex: Asker):
    challenge = made(acme)
    for asker, identifier in ((acme, ADA), (globex, BOB)):
        assert asker.post("/schema/account_user/record", {"id": identifier, "externalId": "u1"}).status == 201
    body = {**entry(challenge), "ownedBy": {"externalId": "u1"}}
    del body["ownedById"]

    assert acme.post(RECORD, body).body["ownedById"] == ADA


def test_a_refused_entry_registers_nobody(acme: Asker):
    body = {**entry(str(uuid4())), "ownedBy": {"externalId": "u1"}}
    del body["ownedById"]

    assert acme.post(RECORD, body).status == 400
    assert acme.get("/schema/account_user/record").body["data"] == []


def test_nothing_new_is_said_of_a_user_who_comes_with_the_same_data(acme: Asker):
    challenge = made(acme)
    body = {**entry(challenge), "activityValue": 1, "ownedBy": {"externalId": "u1", "firstName": "Ada"}}
    del body["ownedById"]
    acme.post(RECORD, body)

    again = acme.post(RECORD, {**body, "uniqueIdentifier": "b"})

    number = int(again.headers["Position"].split(":")[1])
    assert int(acme.post(RECORD, {**body, "uniqueIdentifier": "c"}).headers["Position"].split(":")[1]) == number + 1


def test_history_needs_its_own_scope_and_then_only_that(ask: Ask, acme: Asker):
    challenge = made(acme)
    writer, historian = ask("logs:write"), ask("logs:backfill")
    old = {"activityAt": "2020-01-15T12:00:00Z"}

    assert writer.post(f"{RECORD}?backfill=true", entry(challenge, **old)).body["code"] == "insufficient_scope"
    assert historian.post(RECORD, entry(challenge)).status == 403
    answer = historian.post(f"{RECORD}?backfill=true", entry(challenge, **old))
    assert (answer.status, answer.body["counted"], answer.body["periodKey"]) == (201, True, "2020-01")
    live = writer.post(RECORD, entry(challenge, "other", ownedById=BOB, **old))
    assert (live.body["counted"], live.body["reason"]) == (False, "too_late")


def test_an_entry_taken_back_says_when_and_why(acme: Asker, projector: None, clock: Clock):
    challenge = made(acme)
    body = logged(acme, challenge)
    clock.advance(minutes=1)

    answer = acme.post(f"{RECORD}/{body['id']}/void", {"reason": "refunded"})

    assert answer.status == 200
    assert (answer.body["voidedAt"], answer.body["voidReason"]) == ("2026-04-03T10:16:00.000Z", "refunded")
    assert answer.body["updatedAt"] == "2026-04-03T10:16:00.000Z"
    changed = {name for name, value in answer.body.items() if body[name] != value}
    assert changed == {"voidedAt", "voidReason", "updatedAt"}
    assert acme.get(f"{RECORD}/{body['id']}").body == answer.body
    progress = f"/schema/challenge_progress/record/{body['challengeProgressId']}"
    assert acme.get(progress).body["currentProgressValue"] == 0


def test_a_second_void_is_the_first_one(acme: Asker, projector: None, clock: Clock):
    challenge = made(acme)
    path = f"{RECORD}/{logged(acme, challenge)['id']}/void"
    first = acme.post(path, {"reason": "refunded"})
    clock.advance(minutes=1)

    second = acme.post(path, {"reason": "fraud"})

    assert (second.status, second.body) == (200, first.body)


def test_a_replay_of_an_entry_taken_back_says_so(acme: Asker, projector: None):
    challenge = made(acme)
    acme.post(f"{RECORD}/{logged(acme, challenge)['id']}/void", {"reason": "refunded"})

    again = acme.post(RECORD, entry(challenge))

    assert (again.status, again.body["voidReason"]) == (200, "refunded")


def test_only_the_tenants_own_entries_can_be_taken_back_with_the_scope_for_it(
    acme: Asker, globex: Asker, ask: Ask, projector: None
):
    path = f"{RECORD}/{logged(acme, made(acme))['id']}/void"

    assert globex.post(path, {"reason": "refunded"}).status == 404
    assert ask("logs:write").post(path, {"reason": "refunded"}).status == 403
    assert acme.post(path, {}).errors == {"reason": ["is needed"]}
    assert acme.post(path, {"reason": 5}).errors == {"reason": ["must be a text"]}
    assert acme.post(f"{RECORD}/{uuid4()}/void", {"reason": "refunded"}).status == 404
    assert acme.post(f"{RECORD}/nothing/void", {"reason": "refunded"}).errors == {"id": ["must be a UUID"]}


def test_end_users_read_their_own_entries_and_write_none(acme: Asker, ask: Ask, projector: None):
    challenge, ada = made(acme), ask(owner=ADA)
    mine, others = logged(acme, challenge), acme.post(RECORD, entry(challenge, ownedById=BOB))

    listed = ada.get(RECORD, **{"If-Position": others.headers["Position"]})

    assert [one["id"] for one in listed.body["data"]] == [mine["id"]]
    assert ada.get(f"{RECORD}/{mine['id']}").status == 200
    assert ada.get(f"{RECORD}/{others.body['id']}").status == 404
    assert ada.get(f"{RECORD}?ownedById={BOB}").body["data"] == []
    for path in (RECORD, f"{RECORD}s", f"{RECORD}/{mine['id']}/void"):
        assert ada.post(path, entry(challenge, "another")).status == 403


def test_entries_are_filtered_and_of_one_tenant(acme: Asker, globex: Asker, projector: None):
    spend, draft = made(acme), made(acme, status="draft")
    counted, other = logged(acme, spend), logged(acme, spend, ownedById=BOB)
    ignored = logged(acme, draft)
    last = acme.post(RECORD, entry(spend, "last", 1))
    logged(globex, made(globex))
    position = {"If-Position": last.headers["Position"]}

    def ids(query: str) -> set[str]:
        return {one["id"] for one in acme.get(f"{RECORD}?{query}", **position).body["data"]}

    acme.get(RECORD, **position)
    assert ids(f"challengeId={draft}") == {ignored["id"]}
    assert ids("counted=false") == {ignored["id"]}
    assert ids(f"ownedById={BOB}") == {other["id"]}
    assert ids(f"ownedById={ADA}&counted=true") == {counted["id"], last.body["id"]}
    assert len(ids("")) == 4


def test_a_page_of_entries_leads_to_the_next(acme: Asker, projector: None, clock: Clock):
    challenge, names = made(acme), ["a", "b", "c"]
    for name in names:
        last = acme.post(RECORD, entry(challenge, name, 1))
        clock.advance(seconds=1)

    query = f"{RECORD}?limit=2&sortBy=createdAt&fetchTotalCount=true&fields=uniqueIdentifier"
    first = acme.get(query, **{"If-Position": last.headers["Position"]})
    second = acme.get(f"{query}&cursor={first.body['paging']['nextCursor']}")

    assert [one["uniqueIdentifier"] for answer in (first, second) for one in answer.body["data"]] == names
    assert first.body["paging"]["totalCount"] == 3
    assert first.headers["Link"].endswith('; rel="next"')
    assert second.body["paging"]["nextCursor"] is None
    assert first.body["data"][0] == {"uniqueIdentifier": "a"}
    assert acme.get(query, **{"If-None-Match": first.headers["ETag"]}).status == 304


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_told_which_there_are(acme: Asker, method: str):
    answer = acme.send(method, RECORD, {})

    assert (answer.status, answer.body["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
