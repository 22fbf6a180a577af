"""API, Writing: one log entry, its replay, its void, and the log as it reads."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, BOB, CHALLENGE, STREAK, Ask, Asker, Game

OTHER = {CHALLENGE.slug: STREAK, STREAK.slug: CHALLENGE}


def test_an_entry_is_answered_with_the_run_after_it(game: Game, acme: Asker):
    definition = game.made(acme)

    answer = acme.post(game.log, game.entry(definition, "order-1001", Decimal("187.50"), attributes={"shop": "Graz"}))

    assert answer.status == 201
    progress = game.run(answer.body)
    assert UUID(answer.body["id"])
    assert {name: answer.body[name] for name in answer.body if name not in ("id", f"{game.slug}Progress")} == {
        "createdAt": "2026-04-03T10:15:00.000Z",
        "updatedAt": "2026-04-03T10:15:00.000Z",
        f"{game.slug}Id": definition,
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
        f"{game.slug}ProgressId": progress["id"],
        "achievedMilestone": None,
        "achievedMilestoneRewardLog": None,
        "replayed": False,
    }
    assert progress[f"{game.slug}ProgressStatus"] == "in_progress"
    task = progress["taskProgress"]
    assert (task["currentProgressValue"], task["remainingValue"]) == (Decimal("187.5"), Decimal("312.5"))


def test_the_answer_is_what_the_read_tables_will_hold(game: Game, acme: Asker, projector: None):
    definition = game.made(acme)

    answer = acme.post(game.log, game.entry(definition))

    progress, position = game.run(answer.body), answer.headers["Position"]
    read = acme.get(f"{game.progress}/{progress['id']}", **{"If-Position": position})
    assert read.body == progress
    kept = acme.get(f"{game.log}/{answer.body['id']}").body
    assert kept == {name: answer.body[name] for name in kept}


def test_numbers_are_printed_exactly(game: Game, acme: Asker):
    definition = game.made(acme, **{game.target: Decimal("0.3")})
    client, headers = acme.client, {**acme.headers, "Content-Type": "application/json"}

    for name, value in (("a", "0.10"), ("b", "0.2")):
        body = game.entry(definition, name, Decimal(value))
        text = client.post(game.log, json={**body, "activityValue": float(value)}, headers=headers).text

    assert '"activityValue":0.2,' in text
    assert '"currentProgressValue":0.3,"targetValue":0.3,"remainingValue":0,"progressPercent":100,"count":2' in text


def test_the_same_entry_again_is_answered_the_same_and_counted_once(game: Game, acme: Asker, clock: Clock):
    definition = game.made(acme)
    first = acme.post(game.log, game.entry(definition))
    clock.advance(minutes=5)
    game.logged(acme, definition, "order-1002", 100)

    again = acme.post(game.log, game.entry(definition, "order-1001", Decimal("187.5")))

    assert again.status == 200
    assert again.body == {**first.body, "replayed": True}
    assert again.headers["Position"] == first.headers["Position"]
    assert game.gathered(game.logged(acme, definition, "order-1003", 1)) == Decimal("288.5")


def test_other_content_under_the_same_identifier_is_a_conflict(game: Game, acme: Asker):
    definition = game.made(acme)
    game.logged(acme, definition, "order-1001", 100)

    answer = acme.post(game.log, game.entry(definition, "order-1001", 101))

    assert (answer.status, answer.body["code"]) == (409, "entry_conflict")
    assert answer.errors == {"uniqueIdentifier": ["'order-1001' came before with other content"]}


def test_the_same_identifier_of_another_owner_or_tenant_is_another_entry(game: Game, acme: Asker, globex: Asker):
    same = str(uuid4())
    game.made(acme, id=same), game.made(globex, id=same)
    game.logged(acme, same)

    assert game.gathered(game.logged(acme, same, ownedById=BOB)) == Decimal("187.5")
    assert game.gathered(game.logged(globex, same)) == Decimal("187.5")


def test_an_entry_that_cannot_count_is_recorded_with_its_reason(game: Game, acme: Asker):
    definition = game.made(acme, status="draft")

    body = game.logged(acme, definition)

    assert (body["counted"], body["reason"], body["periodKey"]) == (False, "not_live", "2026-04")
    assert (body[f"{game.slug}ProgressId"], game.run(body)) == (None, None)


# What a milestone counts: what a challenge has gathered, how many periods of a streak are met.
@pytest.mark.parametrize(("game", "targets"), [(CHALLENGE, (50, 150, 501)), (STREAK, (Decimal("0.5"), 1, 2))])
def test_the_highest_milestone_that_an_entry_reaches_is_answered_with_its_reward(
    game: Game, targets: tuple[Any, ...], acme: Asker, projector: None
):
    definition = game.made(acme)
    game.milestone(acme, definition, targets[0], name="the first")
    highest = game.milestone(acme, definition, targets[1], name="the second", rewardItemId="mug")
    game.milestone(acme, definition, targets[2])

    answer = acme.post(game.log, game.entry(definition, value=500))

    assert answer.body["achievedMilestone"] == {
        "id": highest,
        "linkedSchemaSlug": game.slug,
        "linkedSchemaRecordId": definition,
        "name": "the second",
        "description": "",
        "milestoneTargetValue": targets[1],
        "rewardItemId": "mug",
        "repeatable": game is CHALLENGE,
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
        ({"activityValue": None}, {"activityValue": ["is needed: this definition sums values"]}),
        ({"activityValue": -1}, {"activityValue": ["must not be negative"]}),
        ({"activityAt": "2026-04-03T10:15:00"}, {"activityAt": ["has no time zone: 2026-04-03T10:15:00Z has one"]}),
        ({"activityAt": "2026-04-03T10:20:01Z"}, {"activityAt": ["is more than 300 s in the future"]}),
        ({"uniqueIdentifier": "a\x00"}, {"uniqueIdentifier": ["must not hold the character U+0000"]}),
    ],
)
def test_what_is_refused_is_named_and_leaves_nothing(
    game: Game, acme: Asker, projector: None, changes: dict[str, Any], errors: dict[str, list[str]]
):
    definition = game.made(acme)

    answer = acme.post(
        game.log, game.entry(definition, **changes) | {k: v for k, v in changes.items() if v is not None}
    )

    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert answer.errors == errors
    assert all(name in answer.body["detail"] for name in errors)
    assert answer.body["code"] == "invalid_input"
    assert "Position" not in answer.headers
    assert acme.get(game.log).body["data"] == []


def test_a_definition_that_is_not_there_or_not_of_the_tenant_or_the_kind_is_none(
    game: Game, acme: Asker, globex: Asker
):
    for definition in (str(UUID(int=7)), game.made(globex), OTHER[game.slug].made(acme)):
        answer = acme.post(game.log, game.entry(definition))

        assert (answer.status, answer.body["code"]) == (400, "definition_not_found")
        assert answer.errors == {f"{game.slug}Id": [f"there is no {game.slug} {definition}"]}
    assert acme.get(game.log).body["data"] == []


def test_an_entry_of_another_kind_is_refused_by_its_fields(game: Game, acme: Asker):
    other = OTHER[game.slug]
    definition = other.made(acme)

    by_fields = acme.post(game.log, other.entry(definition))
    by_kind = acme.post(game.log, other.entry(definition, kind=f"{other.slug}_log"))

    assert by_fields.errors == {f"{other.slug}Id": ["is not a field"], f"{game.slug}Id": ["is needed"]}
    assert by_kind.errors == {"kind": [f"'{other.slug}_log' is sent to {game.slug}_log"]}
    assert (by_fields.status, by_kind.status) == (400, 400)
    assert acme.get(game.log).body["data"] == acme.get(other.log).body["data"] == []


def test_an_entry_is_found_and_taken_back_in_its_own_log_alone(game: Game, acme: Asker):
    other, entry = OTHER[game.slug], acme.post(game.log, game.entry(game.made(acme)))
    identifier, position = entry.body["id"], {"If-Position": entry.headers["Position"]}

    assert acme.get(f"{other.log}/{identifier}", **position).status == 404
    assert acme.post(f"{other.log}/{identifier}/void", {"reason": "refunded"}).status == 404
    assert acme.get(f"{game.log}/{identifier}").body["voidedAt"] is None
    assert acme.post(f"{game.log}/{identifier}/void", {"reason": "refunded"}).status == 200


def test_one_definition_id_may_be_of_both_kinds_and_the_entries_are_apart(acme: Asker):
    same = str(uuid4())
    for game in (CHALLENGE, STREAK):
        game.made(acme, id=same)

    first, second = (game.logged(acme, same) for game in (CHALLENGE, STREAK))

    assert first["id"] != second["id"]
    assert first["challengeProgressId"] != second["streakProgressId"]
    assert (second["replayed"], STREAK.gathered(second)) == (False, Decimal("187.5"))


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
def test_a_body_that_cannot_be_read_is_a_problem(
    game: Game, acme: Asker, body: bytes, content_type: str, status: int, code: str
):
    answer = acme.send("POST", game.log, body, content_type)

    assert (answer.status, answer.body["code"]) == (status, code)


def test_a_user_that_comes_with_an_entry_is_registered_and_then_changed(game: Game, acme: Asker):
    definition = game.made(acme)
    without = game.entry(definition, "a", 1)
    del without["ownedById"]

    first = acme.post(game.log, {**without, "ownedBy": {"externalId": "u1", "firstName": "Ada", "email": "ada@b.at"}})
    second = acme.post(
        game.log, {**without, "uniqueIdentifier": "b", "ownedBy": {"externalId": "u1", "firstName": "Augusta"}}
    )

    assert game.run(first.body)["ownedBy"]["firstName"] == "Ada"
    assert game.run(second.body)["ownedBy"]["firstName"] == "Augusta"
    assert game.gathered(second.body) == 2
    [user] = acme.get("/schema/account_user/record").body["data"]
    assert (user["id"], user["externalId"], user["email"]) == (first.body["ownedById"], "u1", "ada@b.at")


def test_a_user_with_an_id_of_their_own_is_found_by_external_id(game: Game, acme: Asker, globex: Asker):
    definition = game.made(acme)
    for asker, identifier in ((acme, ADA), (globex, BOB)):
        assert asker.post("/schema/account_user/record", {"id": identifier, "externalId": "u1"}).status == 201
    body = {**game.entry(definition), "ownedBy": {"externalId": "u1"}}
    del body["ownedById"]

    assert acme.post(game.log, body).body["ownedById"] == ADA


def test_a_refused_entry_registers_nobody(game: Game, acme: Asker):
    body = {**game.entry(str(uuid4())), "ownedBy": {"externalId": "u1"}}
    del body["ownedById"]

    assert acme.post(game.log, body).status == 400
    assert acme.get("/schema/account_user/record").body["data"] == []


def test_nothing_new_is_said_of_a_user_who_comes_with_the_same_data(game: Game, acme: Asker):
    definition = game.made(acme)
    body = {**game.entry(definition), "activityValue": 1, "ownedBy": {"externalId": "u1", "firstName": "Ada"}}
    del body["ownedById"]
    acme.post(game.log, body)

    again = acme.post(game.log, {**body, "uniqueIdentifier": "b"})

    number = int(again.headers["Position"].split(":")[1])
    assert int(acme.post(game.log, {**body, "uniqueIdentifier": "c"}).headers["Position"].split(":")[1]) == number + 1


def test_history_needs_its_own_scope_and_then_only_that(game: Game, ask: Ask, acme: Asker):
    definition = game.made(acme)
    writer, historian = ask("logs:write"), ask("logs:backfill")
    old = {"activityAt": "2020-01-15T12:00:00Z"}

    assert writer.post(f"{game.log}?backfill=true", game.entry(definition, **old)).body["code"] == "insufficient_scope"
    assert historian.post(game.log, game.entry(definition)).status == 403
    answer = historian.post(f"{game.log}?backfill=true", game.entry(definition, **old))
    assert (answer.status, answer.body["counted"], answer.body["periodKey"]) == (201, True, "2020-01")
    live = writer.post(game.log, game.entry(definition, "other", ownedById=BOB, **old))
    assert (live.body["counted"], live.body["reason"]) == (False, "too_late")


def test_an_entry_taken_back_says_when_and_why(game: Game, acme: Asker, projector: None, clock: Clock):
    definition = game.made(acme)
    body = game.logged(acme, definition)
    clock.advance(minutes=1)

    answer = acme.post(f"{game.log}/{body['id']}/void", {"reason": "refunded"})

    assert answer.status == 200
    assert (answer.body["voidedAt"], answer.body["voidReason"]) == ("2026-04-03T10:16:00.000Z", "refunded")
    assert answer.body["updatedAt"] == "2026-04-03T10:16:00.000Z"
    changed = {name for name, value in answer.body.items() if body[name] != value}
    assert changed == {"voidedAt", "voidReason", "updatedAt"}
    assert acme.get(f"{game.log}/{body['id']}").body == answer.body
    progress = acme.get(f"{game.progress}/{body[f'{game.slug}ProgressId']}").body
    assert progress["taskProgress"]["currentProgressValue"] == progress["currentProgressValue"] == 0


def test_a_second_void_is_the_first_one(game: Game, acme: Asker, projector: None, clock: Clock):
    definition = game.made(acme)
    path = f"{game.log}/{game.logged(acme, definition)['id']}/void"
    first = acme.post(path, {"reason": "refunded"})
    clock.advance(minutes=1)

    second = acme.post(path, {"reason": "fraud"})

    assert (second.status, second.body) == (200, first.body)


def test_a_replay_of_an_entry_taken_back_says_so(game: Game, acme: Asker, projector: None):
    definition = game.made(acme)
    acme.post(f"{game.log}/{game.logged(acme, definition)['id']}/void", {"reason": "refunded"})

    again = acme.post(game.log, game.entry(definition))

    assert (again.status, again.body["voidReason"]) == (200, "refunded")


def test_only_the_tenants_own_entries_can_be_taken_back_with_the_scope_for_it(
    game: Game, acme: Asker, globex: Asker, ask: Ask, projector: None
):
    path = f"{game.log}/{game.logged(acme, game.made(acme))['id']}/void"

    assert globex.post(path, {"reason": "refunded"}).status == 404
    assert ask("logs:write").post(path, {"reason": "refunded"}).status == 403
    assert acme.post(path, {}).errors == {"reason": ["is needed"]}
    assert acme.post(path, {"reason": 5}).errors == {"reason": ["must be a text"]}
    assert acme.post(f"{game.log}/{uuid4()}/void", {"reason": "refunded"}).status == 404
    assert acme.post(f"{game.log}/nothing/void", {"reason": "refunded"}).errors == {"id": ["must be a UUID"]}


def test_end_users_read_their_own_entries_and_write_none(game: Game, acme: Asker, ask: Ask, projector: None):
    definition, ada = game.made(acme), ask(owner=ADA)
    mine, others = game.logged(acme, definition), acme.post(game.log, game.entry(definition, ownedById=BOB))

    listed = ada.get(game.log, **{"If-Position": others.headers["Position"]})

    assert [one["id"] for one in listed.body["data"]] == [mine["id"]]
    assert ada.get(f"{game.log}/{mine['id']}").status == 200
    assert ada.get(f"{game.log}/{others.body['id']}").status == 404
    assert ada.get(f"{game.log}?ownedById={BOB}").body["data"] == []
    for path in (game.log, f"{game.log}s", f"{game.log}/{mine['id']}/void"):
        assert ada.post(path, game.entry(definition, "another")).status == 403


def test_entries_are_filtered_and_of_one_tenant(game: Game, acme: Asker, globex: Asker, projector: None):
    spend, draft = game.made(acme), game.made(acme, status="draft")
    counted, other = game.logged(acme, spend), game.logged(acme, spend, ownedById=BOB)
    ignored = game.logged(acme, draft)
    last = acme.post(game.log, game.entry(spend, "last", 1))
    game.logged(globex, game.made(globex))
    position = {"If-Position": last.headers["Position"]}

    def ids(query: str) -> set[str]:
        return {one["id"] for one in acme.get(f"{game.log}?{query}", **position).body["data"]}

    acme.get(game.log, **position)
    assert ids(f"{game.slug}Id={draft}") == {ignored["id"]}
    assert ids("counted=false") == {ignored["id"]}
    assert ids(f"ownedById={BOB}") == {other["id"]}
    assert ids(f"ownedById={ADA}&counted=true") == {counted["id"], last.body["id"]}
    assert len(ids("")) == 4


def test_a_page_of_entries_leads_to_the_next(game: Game, acme: Asker, projector: None, clock: Clock):
    definition, names = game.made(acme), ["a", "b", "c"]
    for name in names:
        last = acme.post(game.log, game.entry(definition, name, 1))
        clock.advance(seconds=1)

    query = f"{game.log}?limit=2&sortBy=createdAt&fetchTotalCount=true&fields=uniqueIdentifier"
    first = acme.get(query, **{"If-Position": last.headers["Position"]})
    second = acme.get(f"{query}&cursor={first.body['paging']['nextCursor']}")

    assert [one["uniqueIdentifier"] for answer in (first, second) for one in answer.body["data"]] == names
    assert first.body["paging"]["totalCount"] == 3
    assert first.headers["Link"].endswith('; rel="next"')
    assert second.body["paging"]["nextCursor"] is None
    assert first.body["data"][0] == {"uniqueIdentifier": "a"}
    assert acme.get(query, **{"If-None-Match": first.headers["ETag"]}).status == 304


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_told_which_there_are(game: Game, acme: Asker, method: str):
    answer = acme.send(method, game.log, {})

    assert (answer.status, answer.body["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
