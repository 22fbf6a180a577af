"""API, Writing: rewards are listed, and noted on by the tenant."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, BOB, Ask, Asker, Game

RECORD = "/schema/reward_log/record"


def rewarded(asker: Asker, game: Game, owner: str = ADA, definition: str | None = None) -> dict[str, Any]:
    """The reward for a value of 1: a challenge has it with the first 187.50, a streak with its first month."""
    if definition is None:
        definition = game.made(asker, **{game.target: 187})
        game.milestone(asker, definition, 1)
    answer = asker.post(game.log, game.entry(definition, ownedById=owner))
    asker.get(RECORD, **{"If-Position": answer.headers["Position"]})
    return answer.body["achievedMilestoneRewardLog"]


def test_a_coupon_and_an_expiry_are_noted_on_a_reward(game: Game, acme: Asker, projector: None, clock: Clock):
    reward = rewarded(acme, game)
    clock.advance(minutes=1)

    sent = {"couponCode": "MUG-1", "rewardExpiryAt": "2026-06-01T02:00:00+02:00"}
    answer = acme.patch(f"{RECORD}/{reward['id']}", sent)

    notes = {"couponCode": "MUG-1", "rewardExpiryAt": "2026-06-01T00:00:00.000Z"}
    assert answer.status == 200
    assert answer.body == {**reward, **notes, "updatedAt": "2026-04-03T10:16:00.000Z"}
    assert acme.get(f"{RECORD}/{reward['id']}").body == answer.body


def test_notes_one_after_the_other_are_all_answered(game: Game, acme: Asker, projector: None):
    path = f"{RECORD}/{rewarded(acme, game)['id']}"

    acme.patch(path, {"couponCode": "MUG-1"})
    both = acme.patch(path, {"rewardExpiryAt": "2026-06-01T00:00:00Z"})
    same = acme.patch(path, {"couponCode": "MUG-1"})
    gone = acme.patch(path, {"couponCode": None})

    assert (both.body["couponCode"], both.body["rewardExpiryAt"]) == ("MUG-1", "2026-06-01T00:00:00.000Z")
    assert (same.body["couponCode"], same.headers.get("Position")) == ("MUG-1", None)
    assert (gone.body["couponCode"], gone.body["rewardExpiryAt"]) == (None, "2026-06-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"couponCode": 5}, {"couponCode": ["must be a text"]}),
        ({"couponCode": "a" * 257}, {"couponCode": ["must have at most 256 characters"]}),
        (
            {"rewardExpiryAt": "soon"},
            {"rewardExpiryAt": ["must be a time with its offset from UTC: 2026-04-03T10:15:00Z"]},
        ),
        ({"periodKey": "2026-05"}, {"periodKey": ["is not a field"]}),
    ],
)
def test_a_wrong_note_is_named(
    game: Game, acme: Asker, projector: None, changes: dict[str, Any], errors: dict[str, list[str]]
):
    answer = acme.patch(f"{RECORD}/{rewarded(acme, game)['id']}", changes)

    assert (answer.status, answer.errors) == (400, errors)


def test_rewards_are_filtered_of_one_tenant_and_end_users_see_their_own(
    game: Game, acme: Asker, globex: Asker, ask: Ask, projector: None
):
    mine = rewarded(acme, game)
    his = rewarded(acme, game, BOB, mine["linkedSchemaRecordId"])
    other, ada = rewarded(globex, game), ask(owner=ADA)

    def ids(asker: Asker, query: str = "") -> set[str]:
        return {one["id"] for one in asker.get(f"{RECORD}?{query}").body["data"]}

    assert ids(acme) == ids(acme, f"milestoneId={mine['milestoneId']}") == {mine["id"], his["id"]}
    assert ids(acme, f"linkedSchemaRecordId={other['linkedSchemaRecordId']}") == set()
    assert ids(acme, f"linkedSchemaSlug={game.slug}") == {mine["id"], his["id"]}
    assert ids(acme, "linkedSchemaSlug=dance") == set()
    assert ids(acme, f"ownedById={BOB}") == {his["id"]}
    assert ids(ada) == {mine["id"]}
    assert ids(ada, f"ownedById={BOB}") == set()
    assert ada.get(f"{RECORD}/{his['id']}").status == 404
    assert acme.get(f"{RECORD}/{other['id']}").status == 404
    assert acme.patch(f"{RECORD}/{other['id']}", {"couponCode": "x"}).status == 404
    assert ada.patch(f"{RECORD}/{mine['id']}", {"couponCode": "x"}).status == 403


def test_rewards_are_not_made_by_hand(acme: Asker):
    assert acme.post(RECORD, {}).status == 405
    assert acme.patch(f"{RECORD}/{uuid4()}", {"colour": "red"}).errors == {"colour": ["is not a field"]}
