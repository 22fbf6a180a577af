"""API, Writing, and RULES 8: entries of practice and learning, replayed, taken back, and the logs as they read."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api.schema.entry_documents import LINES
from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, BOB, Ask, Asker, write
from tests.api.schema.given_training import CATALOGUE, LEARN, PRACTICE, Training, both, item, made

OTHER = {PRACTICE.slug: LEARN, LEARN.slug: PRACTICE}


@both
def test_an_entry_is_answered_with_the_progress_after_it(training: Training, acme: Asker):
    training.there(acme)

    answer = acme.post(training.log, training.entry())

    assert answer.status == 201
    assert UUID(answer.body["id"])
    assert {name: answer.body[name] for name in answer.body if name != "id"} == {
        "createdAt": "2026-04-03T10:15:00.000Z",
        "updatedAt": "2026-04-03T10:15:00.000Z",
        "ownedById": ADA,
        training.named_by: training.item,
        **training.said,
        "activityAt": "2026-04-03T10:15:00.000Z",
        "uniqueIdentifier": "attempt-1",
        "recordedAt": "2026-04-03T10:15:00.000Z",
        "counted": True,
        "reason": None,
        "voidedAt": None,
        "voidReason": None,
        f"{training.slug}Progress": training.row,
        "replayed": False,
    }


@both
def test_the_answer_is_what_the_read_tables_will_hold(training: Training, acme: Asker):
    training.there(acme)

    answer = acme.post(training.log, training.entry())

    position = {"If-Position": answer.headers["Position"]}
    kept = acme.get(f"{training.log}/{answer.body['id']}", **position).body
    assert kept == {name: answer.body[name] for name in kept}
    rows = acme.get(f"/api/public/v1/users/{ADA}/{training.slug}-progress", **position).body
    assert rows == [training.row] * bool(training.row)


def test_a_challenge_is_completed_by_its_second_phase(acme: Asker):
    PRACTICE.there(acme)
    PRACTICE.logged(acme, "one", score=30)

    second = PRACTICE.logged(
        acme, "two", phase=2, score=45, hintUsed=False, language="go", activityAt="2026-04-03T10:17:30.9Z"
    )
    third = acme.post(PRACTICE.log, PRACTICE.entry("three", activityAt="2026-04-03T10:18:00Z"))

    row = {
        "topicId": "sql-injection",
        "challengeIndex": 0,
        "language": "go",
        "score": 75,
        "phase1Score": 30,
        "phase2Score": 45,
        "phase1HintUsed": True,
        "phase2HintUsed": False,
        "completedAt": "2026-04-03T10:17:30Z",
    }
    assert PRACTICE.progress(second) == PRACTICE.progress(third.body) == row
    position = {"If-Position": third.headers["Position"]}
    assert acme.get(f"/api/public/v1/users/{ADA}/practice-progress", **position).body == [row]


def test_a_second_phase_without_its_first_is_recorded_and_not_counted(acme: Asker):
    PRACTICE.there(acme)

    body = PRACTICE.logged(acme, phase=2)

    assert (body["counted"], body["reason"], PRACTICE.progress(body)) == (False, "phase_missing", None)
    assert PRACTICE.progress(PRACTICE.logged(acme, "one", phase=1)) is None
    assert PRACTICE.progress(PRACTICE.logged(acme, "two", phase=2))["score"] == 100


def test_a_step_never_falls_and_is_capped_at_the_last(acme: Asker):
    LEARN.there(acme)

    rows = [
        LEARN.progress(LEARN.logged(acme, f"step {step}", step=step, activityAt=f"2026-04-03T10:1{minute}:00Z"))
        for minute, step in enumerate((None, 3, 2, 99, 1))
    ]

    assert [row["currentStep"] for row in rows] == [0, 3, 3, 7, 7]
    assert [row["status"] for row in rows] == ["started", "started", "started", "completed", "completed"]
    assert rows[-1]["completedAt"] == "2026-04-03T10:13:00Z"
    assert rows[-1]["lastAccessAt"] == "2026-04-03T10:14:00Z"


def test_an_entry_keeps_the_step_that_was_sent_or_none(acme: Asker):
    LEARN.there(acme)

    assert LEARN.logged(acme, "far", step=99)["step"] == 99
    assert LEARN.logged(acme, "opened", step=None)["step"] is None


@both
def test_the_same_entry_again_is_answered_the_same(training: Training, acme: Asker, clock: Clock):
    training.there(acme)
    first = acme.post(training.log, training.entry())
    clock.advance(minutes=5)
    training.logged(acme, "attempt-2")

    again = acme.post(training.log, training.entry())

    assert (again.status, again.body) == (200, {**first.body, "replayed": True})
    assert again.headers["Position"] == first.headers["Position"]


@both
def test_other_content_under_the_same_identifier_is_a_conflict(training: Training, acme: Asker):
    training.there(acme)
    training.logged(acme)

    answer = acme.post(training.log, training.entry(activityAt="2026-04-03T10:14:00Z"))

    assert (answer.status, answer.body["code"]) == (409, "entry_conflict")
    assert answer.errors == {"uniqueIdentifier": ["'attempt-1' came before with other content"]}


@pytest.mark.parametrize(
    ("training", "changes", "field"),
    [
        (PRACTICE, {"score": 51}, "score"),
        (PRACTICE, {"score": -1}, "score"),
        (PRACTICE, {"phase": 3}, "phase"),
        (PRACTICE, {"challengeIndex": 5}, "challengeIndex"),
        (PRACTICE, {"challengeIndex": -1}, "challengeIndex"),
        (PRACTICE, {"topicId": "csrf"}, "topicId"),
        (PRACTICE, {"topicId": "a\x00"}, "topicId"),
        (PRACTICE, {"language": "a\x00"}, "language"),
        (PRACTICE, {"topicId": "jwt-tampering"}, "topicId"),
        (PRACTICE, {"activityAt": "2026-04-03T10:20:01Z"}, "activityAt"),
        (LEARN, {"scenarioId": "auth-bypass"}, "scenarioId"),
        (LEARN, {"scenarioId": "sql-injection"}, "scenarioId"),
        (LEARN, {"step": 0}, "step"),
        (LEARN, {"activityAt": "2026-04-03T10:20:01Z"}, "activityAt"),
        (LEARN, {"uniqueIdentifier": "a\x00"}, "uniqueIdentifier"),
    ],
)
def test_what_is_refused_is_named_and_leaves_nothing(
    training: Training, changes: dict[str, Any], field: str, acme: Asker
):
    PRACTICE.there(acme), LEARN.there(acme)

    answer = acme.post(training.log, training.entry(**changes))

    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert list(answer.errors) == [field]
    assert field in answer.body["detail"]
    assert "Position" not in answer.headers
    assert acme.get(training.log).body["data"] == []


@both
def test_the_catalogue_of_another_tenant_is_none(training: Training, acme: Asker, globex: Asker):
    training.there(globex)

    answer = acme.post(training.log, training.entry())

    assert (answer.status, answer.body["code"]) == (400, "definition_not_found")
    assert answer.errors == {training.named_by: [f"there is no {training.kind} {training.item}"]}


@both
def test_an_entry_of_what_is_archived_is_recorded_and_not_counted(training: Training, acme: Asker):
    training.there(acme, status="archived")

    body = training.logged(acme)

    assert (body["counted"], body["reason"], training.progress(body)) == (False, "not_live", None)


@both
def test_a_user_that_comes_with_an_entry_is_registered(training: Training, acme: Asker):
    training.there(acme)

    body = training.logged(acme, ownedById=None, ownedBy={"externalId": "u1", "firstName": "Ada"})

    [user] = acme.get("/schema/account_user/record").body["data"]
    assert (user["id"], user["firstName"]) == (body["ownedById"], "Ada")


@both
def test_many_are_answered_one_by_one_and_in_order(training: Training, acme: Asker):
    training.there(acme)
    sent = [training.entry("a"), training.entry("b", **{training.named_by: "nothing"}), training.entry("a")]

    array = acme.post(f"{training.log}s", sent)
    lines = acme.client.post(
        f"{training.log}s",
        data=b"".join(write(one) + b"\n" for one in (*sent, training.entry("c"))),
        content_type=LINES,
        headers=acme.headers,
    )

    assert [one["status"] for one in array.body["data"]] == [201, 400, 200]
    assert (array.body["accepted"], array.body["refused"], array.body["replayed"]) == (1, 1, 1)
    assert list(array.body["data"][1]["error"]["errors"]) == [training.named_by]
    assert [line.split(b",")[0] for line in lines.data.splitlines()] == [
        b'{"status":200', b'{"status":400', b'{"status":200', b'{"status":201',
    ]  # fmt: skip


@both
def test_history_needs_its_own_scope(training: Training, ask: Ask, acme: Asker):
    training.there(acme)
    old = training.entry(activityAt="2020-01-15T12:00:00Z")

    assert ask("logs:write").post(f"{training.log}?backfill=true", old).body["code"] == "insufficient_scope"
    assert ask("logs:backfill").post(training.log, old).status == 403
    answer = ask("logs:backfill").post(f"{training.log}?backfill=true", old)
    assert (answer.status, answer.body["counted"]) == (201, True)


@both
def test_an_entry_taken_back_takes_its_progress_back(training: Training, acme: Asker, clock: Clock):
    training.there(acme)
    body = training.logged(acme)
    clock.advance(minutes=1)

    answer = acme.post(f"{training.log}/{body['id']}/void", {"reason": "a test run"})
    again = acme.post(f"{training.log}/{body['id']}/void", {"reason": "fraud"})

    assert answer.status == 200
    assert {name for name, value in answer.body.items() if body[name] != value} == {
        "voidedAt", "voidReason", "updatedAt",
    }  # fmt: skip
    assert (answer.body["voidedAt"], answer.body["voidReason"]) == ("2026-04-03T10:16:00.000Z", "a test run")
    assert again.body == answer.body
    assert acme.get(f"/api/public/v1/users/{ADA}/{training.slug}-progress").body == []
    assert acme.post(training.log, training.entry()).body["voidReason"] == "a test run"


@both
def test_an_entry_is_found_and_taken_back_in_its_own_log_and_tenant_alone(
    training: Training, acme: Asker, globex: Asker, ask: Ask
):
    training.there(acme)
    answer = acme.post(training.log, training.entry())
    path, position = answer.body["id"], {"If-Position": answer.headers["Position"]}
    other = OTHER[training.slug]

    assert acme.get(f"{other.log}/{path}", **position).status == 404
    assert acme.post(f"{other.log}/{path}/void", {"reason": "x"}).status == 404
    assert globex.get(f"{training.log}/{path}").status == 404
    assert globex.post(f"{training.log}/{path}/void", {"reason": "x"}).status == 404
    assert ask("logs:write").post(f"{training.log}/{path}/void", {"reason": "x"}).status == 403
    assert acme.get(f"{training.log}/{path}").body["voidedAt"] is None


@both
def test_end_users_read_their_own_entries_and_write_none(training: Training, acme: Asker, ask: Ask):
    training.there(acme)
    mine, others = training.logged(acme), acme.post(training.log, training.entry(ownedById=BOB))
    ada = ask(owner=ADA)

    listed = ada.get(training.log, **{"If-Position": others.headers["Position"]})

    assert [one["id"] for one in listed.body["data"]] == [mine["id"]]
    assert ada.get(f"{training.log}/{mine['id']}").status == 200
    assert ada.get(f"{training.log}/{others.body['id']}").status == 404
    assert ada.get(f"{training.log}?ownedById={BOB}").body["data"] == []
    for path in (training.log, f"{training.log}s", f"{training.log}/{mine['id']}/void"):
        assert ada.post(path, training.entry("another")).status == 403


@both
def test_entries_are_filtered_and_of_one_tenant(training: Training, acme: Asker, globex: Asker):
    training.there(acme), training.there(globex)
    made(acme, CATALOGUE, item("other", training.kind, status="archived"))
    counted, bobs = training.logged(acme), training.logged(acme, ownedById=BOB)
    ignored = training.logged(acme, **{training.named_by: "other"})
    training.logged(globex)
    last = acme.post(training.log, training.entry("last"))

    def ids(query: str) -> set[str]:
        found = acme.get(f"{training.log}?{query}", **{"If-Position": last.headers["Position"]})
        return {one["id"] for one in found.body["data"]}

    for one in (bobs, ignored):
        acme.post(f"{training.log}/{one['id']}/void", {"reason": "x"})
    assert ids(f"{training.named_by}=other") == ids("counted=false") == {ignored["id"]}
    assert ids(f"ownedById={BOB}") == {bobs["id"]}
    assert ids(f"ownedById={ADA}&counted=true") == {counted["id"], last.body["id"]}
    assert len(ids("")) == 4


@both
def test_an_entry_of_the_other_kind_is_refused_by_its_fields(training: Training, acme: Asker):
    other = OTHER[training.slug]
    other.there(acme)

    answer = acme.post(training.log, other.entry(str(uuid4())))

    assert answer.status == 400
    assert answer.errors[other.named_by] == ["is not a field"]
    assert answer.errors[training.named_by] == ["is needed"]
