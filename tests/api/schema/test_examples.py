"""The examples of writing are requests that the app takes, and its answers. WRITE_EXAMPLES=1 writes them anew."""

from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from api.schema.entry_documents import LINES
from tests.api.conftest import Clock
from tests.api.schema.conftest import STREAK, Asker, entry, read, write
from tests.api.schema.given_training import LEARN, PRACTICE, item
from tests.kept import assert_example

SPEND, HUNDRED = "b7e6a3a4-3a51-4a0e-9a6e-3f1f5a2c7d10", "5f0c2b9e-6c1d-4f4b-8d55-0f3f9d1b2a77"
DAILY, FIRST_DAY = "c19d5b60-0f7e-4e7a-8c29-52a4d6b1e821", "8d4f7c32-95a1-4d0b-b6e3-1c7f20a95e64"
ADA = "0d9c3f52-8a14-4b7e-b0c6-7e52d1a4f903"
RED, SECURE = "3b6f0d71-52c8-4e0a-9d14-8f7a2c5e6b90", "e4a1c9d2-7b35-4f68-8a0c-1d9e5b7f3c26"

SUMMARIES = {
    "challenge_new": "Spend 500 in a month.",
    "challenge": "A monthly spend challenge.",
    "challenge_list": "All challenges.",
    "challenge_change": "Less is enough.",
    "challenge_changed": "The challenge, changed.",
    "streak_new": "Spend 50 a day, for 7 days in a row.",
    "streak": "A daily spend streak.",
    "streak_list": "All streaks.",
    "streak_change": "Five days are enough.",
    "streak_changed": "The streak, changed.",
    "milestone_new": "A reward for the first hundred.",
    "milestone": "The milestone of the first hundred.",
    "milestone_list": "The milestones of a challenge.",
    "milestone_change": "A better name.",
    "milestone_changed": "The milestone, changed.",
    "account_user_new": "Somebody known elsewhere as customer-17.",
    "account_user": "An end user.",
    "account_user_list": "All end users.",
    "account_user_change": "Another address.",
    "account_user_changed": "The end user, changed.",
    "challenge_log_new": "A purchase of 187.50.",
    "challenge_log_new_user": "A purchase of somebody who may be new.",
    "challenge_log_created": "Counted: 187.50 of 500, and the first hundred is reached.",
    "challenge_log_replayed": "The same again, counted once.",
    "challenge_log_bulk": "Two purchases, one of them without a value.",
    "challenge_log_bulk_answered": "One counted, one refused.",
    "challenge_log_lines": "Two purchases, one a line.",
    "challenge_log_line_answered": "The answer to one line.",
    "challenge_log": "A log entry.",
    "challenge_log_list": "The log entries of an end user.",
    "challenge_log_void": "The purchase was refunded.",
    "challenge_log_voided": "The log entry, taken back.",
    "streak_log_new": "A purchase of 62.50.",
    "streak_log_new_user": "A purchase of somebody who may be new.",
    "streak_log_created": "Counted: the first of 7 days is met, and its milestone reached.",
    "streak_log_replayed": "The same again, counted once.",
    "streak_log_bulk": "Two purchases, one of them without a value.",
    "streak_log_bulk_answered": "One counted, one refused.",
    "streak_log_lines": "Two purchases, one a line.",
    "streak_log_line_answered": "The answer to one line.",
    "streak_log": "A log entry.",
    "streak_log_list": "The log entries of an end user.",
    "streak_log_void": "The purchase was refunded.",
    "streak_log_voided": "The log entry, taken back.",
    "catalogue_new": "A topic with five challenges.",
    "catalogue": "A topic of the catalogue.",
    "catalogue_list": "The catalogue.",
    "catalogue_change": "The topic grows.",
    "catalogue_changed": "The topic, with one challenge more.",
    "team_new": "A team of two.",
    "team": "A team.",
    "team_list": "All teams.",
    "team_change": "One of them leaves.",
    "team_changed": "The team, smaller.",
    "assignment_new": "The topic, for the team.",
    "assignment": "An assignment.",
    "assignment_list": "All assignments.",
    "assignment_change": "It is no longer listed.",
    "assignment_changed": "The assignment, ended.",
    "practice_log_new": "The second phase of a challenge.",
    "practice_log_new_user": "A phase of somebody who may be new.",
    "practice_log_created": "Counted: the challenge is completed.",
    "practice_log_replayed": "The same again, counted once.",
    "practice_log_bulk": "Two phases, one of them with too high a score.",
    "practice_log_bulk_answered": "One counted, one refused.",
    "practice_log_lines": "Two phases, one a line.",
    "practice_log_line_answered": "The answer to one line.",
    "practice_log": "A log entry.",
    "practice_log_list": "The log entries of an end user.",
    "practice_log_void": "The phase was scored by mistake.",
    "practice_log_voided": "The log entry, taken back.",
    "learn_log_new": "Step 3 of a scenario.",
    "learn_log_new_user": "A scenario opened by somebody who may be new.",
    "learn_log_created": "Counted: three of seven steps.",
    "learn_log_replayed": "The same again, counted once.",
    "learn_log_bulk": "Two steps, one of them before the first.",
    "learn_log_bulk_answered": "One counted, one refused.",
    "learn_log_lines": "Two steps, one a line.",
    "learn_log_line_answered": "The answer to one line.",
    "learn_log": "A log entry.",
    "learn_log_list": "The log entries of an end user.",
    "learn_log_void": "The step was logged by mistake.",
    "learn_log_voided": "The log entry, taken back.",
    "reward_log": "A reward for the first hundred.",
    "reward_log_list": "The rewards of an end user.",
    "reward_log_change": "What was given for it.",
    "reward_log_changed": "The reward, with its coupon.",
}


def spent_today(name: str, value: Any) -> dict[str, Any]:
    return STREAK.entry(DAILY, name, value, ownedById=ADA)


GRACE = {"externalId": "customer-18", "firstName": "Grace"}
REQUESTS: dict[str, Any] = {
    "challenge_new": {
        "id": SPEND,
        "name": "Monthly spend",
        "description": "Spend $500 in a calendar month.",
        "status": "live",
        "aggregationMethod": "sum",
        "aggregationPeriod": "monthly",
        "completionTargetValue": 500,
        "timezone": "America/New_York",
    },
    "challenge_change": {"completionTargetValue": Decimal("450.50")},
    "milestone_new": {
        "id": HUNDRED,
        "linkedSchemaSlug": "challenge",
        "linkedSchemaRecordId": SPEND,
        "milestoneTargetValue": 100,
        "name": "First hundred",
        "rewardItemId": "free-shipping",
    },
    "milestone_change": {"name": "The first hundred"},
    "account_user_new": {"id": ADA, "externalId": "customer-17", "firstName": "Ada", "lastName": "Lovelace"},
    "account_user_change": {"email": "ada@example.org", "phoneNumber": "+4312345678"},
    "challenge_log_new": entry(SPEND, "order-1001", ownedById=ADA),
    "challenge_log_new_user": {
        **{name: value for name, value in entry(SPEND, "order-1002", 20).items() if name != "ownedById"},
        "ownedBy": {"externalId": "customer-18", "firstName": "Grace"},
    },
    "challenge_log_bulk": [
        entry(SPEND, "order-1003", 12, ownedById=ADA),
        entry(SPEND, "order-1004", None, ownedById=ADA),
    ],
    "challenge_log_lines": b"".join(
        write(entry(SPEND, name, 5, ownedById=ADA)) + b"\n" for name in ("order-1005", "order-1006")
    ).decode(),
    "challenge_log_void": {"reason": "refunded"},
    "streak_new": {
        "id": DAILY,
        "name": "Daily spend",
        "description": "Spend $50 on each of 7 days in a row.",
        "status": "live",
        "aggregationMethod": "sum",
        "aggregationPeriod": "daily",
        "aggregationTargetValue": 50,
        "completionTargetValue": 7,
        "timezone": "America/New_York",
        "resetTime": "04:00",
    },
    "streak_change": {"completionTargetValue": 5},
    "streak_log_new": spent_today("order-2001", Decimal("62.50")),
    "streak_log_new_user": {
        **{name: value for name, value in spent_today("order-2002", 20).items() if name != "ownedById"},
        "ownedBy": {"externalId": "customer-18", "firstName": "Grace"},
    },
    "streak_log_bulk": [spent_today("order-2003", 12), spent_today("order-2004", None)],
    "streak_log_lines": b"".join(write(spent_today(name, 5)) + b"\n" for name in ("order-2005", "order-2006")).decode(),
    "streak_log_void": {"reason": "refunded"},
    "reward_log_change": {"couponCode": "SHIP-4711", "rewardExpiryAt": "2026-07-01T00:00:00Z"},
    "catalogue_new": item(PRACTICE.item, title="SQL Injection"),
    "catalogue_change": {"totalChallenges": 6},
    "team_new": {"id": RED, "name": "Payments", "members": [ADA, {"externalId": "customer-18"}]},
    "team_change": {"members": [ADA]},
    "assignment_new": {
        "id": SECURE,
        "contentArea": "practice",
        "targetType": "topic",
        "targetId": PRACTICE.item,
        "assigneeType": "team",
        "assigneeId": RED,
        "deadline": "2026-06-15T00:00:00Z",
        "isMandatory": True,
        "note": "Assigned after a finding in payments-api.",
    },
    "assignment_change": {"isActive": False},
    "practice_log_new": PRACTICE.entry("attempt-1-2", ownedById=ADA, phase=2, hintUsed=False),
    "practice_log_new_user": PRACTICE.entry("attempt-2-1", ownedById=None, ownedBy=GRACE),
    "practice_log_bulk": [
        PRACTICE.entry("attempt-3-1", ownedById=ADA, challengeIndex=1),
        PRACTICE.entry("attempt-3-2", ownedById=ADA, challengeIndex=1, score=51),
    ],
    "practice_log_lines": b"".join(
        write(PRACTICE.entry(f"attempt-4-{phase}", ownedById=ADA, challengeIndex=2, phase=phase)) + b"\n"
        for phase in (1, 2)
    ).decode(),
    "practice_log_void": {"reason": "scored by mistake"},
    "learn_log_new": LEARN.entry("visit-1", ownedById=ADA),
    "learn_log_new_user": LEARN.entry("visit-2", ownedById=None, step=None, ownedBy=GRACE),
    "learn_log_bulk": [LEARN.entry("visit-3", ownedById=ADA, step=4), LEARN.entry("visit-4", ownedById=ADA, step=0)],
    "learn_log_lines": b"".join(
        write(LEARN.entry(f"visit-{step}", ownedById=ADA, step=step)) + b"\n" for step in (5, 6)
    ).decode(),
    "learn_log_void": {"reason": "logged by mistake"},
}


@pytest.fixture
def told(acme: Asker, projector: None, clock: Clock) -> dict[str, Any]:
    """Requests and answers, by name."""
    told = dict(REQUESTS)

    def post(name: str, kind: str, request: str, path: str = "record") -> Any:
        clock.advance(minutes=1)
        answer = acme.post(f"/schema/{kind}/{path}", REQUESTS[request])
        assert answer.status < 300, answer.body
        acme.get(f"/schema/{kind}/record", **{"If-Position": answer.headers.get("Position", "0:0")})
        told[name] = answer.body
        return answer.body

    def patch(kind: str, identifier: str) -> None:
        clock.advance(minutes=1)
        told[f"{kind}_changed"] = acme.patch(f"/schema/{kind}/record/{identifier}", REQUESTS[f"{kind}_change"]).body

    def listed(kind: str, identifier: str, query: str = "") -> None:
        told[kind] = acme.get(f"/schema/{kind}/record/{identifier}").body
        told[f"{kind}_list"] = acme.get(f"/schema/{kind}/record?fetchTotalCount=true{query}").body

    post("challenge", "challenge", "challenge_new")
    post("milestone", "milestone", "milestone_new")
    post("account_user", "account_user", "account_user_new")
    listed("challenge", SPEND)
    listed("milestone", HUNDRED, f"&linkedSchemaRecordId={SPEND}")
    listed("account_user", ADA)
    counted = post("challenge_log_created", "challenge_log", "challenge_log_new")
    post("challenge_log_replayed", "challenge_log", "challenge_log_new")
    post("challenge_log_new_user_created", "challenge_log", "challenge_log_new_user")
    post("challenge_log_bulk_answered", "challenge_log", "challenge_log_bulk", "records")
    listed("challenge_log", counted["id"], f"&ownedById={ADA}")
    listed("reward_log", counted["achievedMilestoneRewardLog"]["id"], f"&ownedById={ADA}")
    told["challenge_log_line_answered"] = first_line(acme, "challenge_log")
    post("challenge_log_voided", "challenge_log", "challenge_log_void", f"record/{counted['id']}/void")
    patch("reward_log", told["reward_log"]["id"])
    patch("challenge", SPEND)
    patch("milestone", HUNDRED)
    patch("account_user", ADA)
    post("streak", "streak", "streak_new")
    STREAK.milestone(acme, DAILY, 1, id=FIRST_DAY, name="First day", rewardItemId="free-shipping")
    listed("streak", DAILY)
    counted = post("streak_log_created", "streak_log", "streak_log_new")
    post("streak_log_replayed", "streak_log", "streak_log_new")
    post("streak_log_new_user_created", "streak_log", "streak_log_new_user")
    post("streak_log_bulk_answered", "streak_log", "streak_log_bulk", "records")
    listed("streak_log", counted["id"], f"&ownedById={ADA}")
    told["streak_log_line_answered"] = first_line(acme, "streak_log")
    post("streak_log_voided", "streak_log", "streak_log_void", f"record/{counted['id']}/void")
    patch("streak", DAILY)
    for kind, identifier in (("catalogue", PRACTICE.item), ("team", RED), ("assignment", SECURE)):
        post(kind, kind, f"{kind}_new")
        listed(kind, identifier)
    LEARN.there(acme)
    PRACTICE.logged(acme, "attempt-1-1", ownedById=ADA)
    for kind in ("practice_log", "learn_log"):
        counted = post(f"{kind}_created", kind, f"{kind}_new")
        post(f"{kind}_replayed", kind, f"{kind}_new")
        post(f"{kind}_new_user_created", kind, f"{kind}_new_user")
        post(f"{kind}_bulk_answered", kind, f"{kind}_bulk", "records")
        listed(kind, counted["id"], f"&ownedById={ADA}")
        told[f"{kind}_line_answered"] = first_line(acme, kind)
        post(f"{kind}_voided", kind, f"{kind}_void", f"record/{counted['id']}/void")
    for kind, identifier in (("catalogue", PRACTICE.item), ("team", RED), ("assignment", SECURE)):
        patch(kind, identifier)
    return told


def first_line(asker: Asker, kind: str) -> Any:
    response = asker.client.post(
        f"/schema/{kind}/records", data=REQUESTS[f"{kind}_lines"], content_type=LINES, headers=asker.headers
    )
    return read(response.data.split(b"\n")[0])


def test_the_examples_in_the_documents_are_what_was_sent_and_answered(told: dict[str, Any]):
    folder = Path(str(files("api.schema.examples")))

    for name, summary in SUMMARIES.items():
        assert_example(folder, name, summary, told[name])


def test_the_examples_show_what_they_say(told: dict[str, Any]):
    created = told["challenge_log_created"]

    assert created["challengeProgress"]["remainingValue"] == Decimal("312.5")
    assert created["achievedMilestone"]["id"] == HUNDRED
    assert told["challenge_log_replayed"] == {**created, "replayed": True}
    assert [one["status"] for one in told["challenge_log_bulk_answered"]["data"]] == [201, 400]
    assert told["challenge_log_voided"]["voidReason"] == "refunded"
    assert told["reward_log_changed"]["couponCode"] == "SHIP-4711"
    assert told["challenge_changed"]["completionTargetValue"] == Decimal("450.5")
    created = told["streak_log_created"]
    assert (created["streakProgress"]["currentProgressValue"], created["achievedMilestone"]["id"]) == (1, FIRST_DAY)
    assert told["streak_log_replayed"] == {**created, "replayed": True}
    assert [one["status"] for one in told["streak_log_bulk_answered"]["data"]] == [201, 400]
    assert told["streak_log_voided"]["voidReason"] == "refunded"
    assert told["streak_changed"]["completionTargetValue"] == 5
    assert (told["practice_log_created"]["practiceProgress"]["score"], told["team_changed"]["members"]) == (100, [ADA])
    assert told["learn_log_created"]["learnProgress"]["currentStep"] == 3
    for kind in ("practice_log", "learn_log"):
        assert told[f"{kind}_replayed"] == {**told[f"{kind}_created"], "replayed": True}
        assert [one["status"] for one in told[f"{kind}_bulk_answered"]["data"]] == [201, 400]
        assert told[f"{kind}_voided"]["voidReason"].endswith("by mistake")
