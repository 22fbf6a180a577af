"""What a tenant notes on a reward: allowed, refused, nothing to do."""

from typing import Any
from uuid import UUID

import pytest

from domain.commands import ChangeReward
from domain.engagement import RewardChanged
from domain.errors import InvalidInput, NotFound
from domain.rewards import decide
from tests.domain.given import CHALLENGE_ID, OWNER, Engagement, add_milestone, after, at, defined, entry, given, rewards


def rewarded() -> Engagement:
    """An engagement with one reward."""
    return given(after(defined(), add_milestone(100)), entry("2026-04-01", 100))


def change(engagement: Engagement, reward: UUID | None = None, **changes: Any) -> RewardChanged | None:
    identifier = reward or rewards(engagement)[0][1]
    command = ChangeReward(reward_id=identifier, definition_id=CHALLENGE_ID, owner_id=OWNER, changes=changes)
    event = decide(engagement.recorded, command)
    assert event is None or isinstance(event, RewardChanged)
    return event


def test_a_coupon_code_is_noted():
    engagement = rewarded()

    event = change(engagement, coupon_code="SPRING")

    assert event is not None
    assert (event.reward_id, event.changed) == (rewards(engagement)[0][1], ("coupon_code",))
    assert (event.coupon_code, event.reward_expiry_at) == ("SPRING", None)


def test_what_was_noted_before_stays():
    engagement = rewarded()
    keep(engagement, change(engagement, coupon_code="SPRING"))

    event = change(engagement, reward_expiry_at=at("2026-05-01"))

    assert event is not None
    assert (event.changed, event.coupon_code, event.reward_expiry_at) == (
        ("reward_expiry_at",),
        "SPRING",
        at("2026-05-01"),
    )


def test_a_coupon_code_can_be_taken_away():
    engagement = rewarded()
    keep(engagement, change(engagement, coupon_code="SPRING"))

    event = change(engagement, coupon_code=None)

    assert event is not None
    assert (event.changed, event.coupon_code) == (("coupon_code",), None)


def test_noting_the_same_again_is_nothing_to_do():
    engagement = rewarded()
    keep(engagement, change(engagement, coupon_code="SPRING"))

    assert change(engagement, coupon_code="SPRING") is None
    assert change(engagement) is None


def test_a_reward_that_was_never_issued_cannot_be_noted_on():
    with pytest.raises(NotFound):
        change(rewarded(), UUID(int=1), coupon_code="SPRING")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"coupon_code": 7}, "coupon_code"),
        ({"coupon_code": "x" * 257}, "coupon_code"),
        ({"coupon_code": "a\x00"}, "coupon_code"),
        ({"reward_expiry_at": "tomorrow"}, "reward_expiry_at"),
        ({"reward_expiry_at": "2026-05-01T00:00:00"}, "reward_expiry_at"),
        ({"period_key": "2026-04"}, "period_key"),
    ],
)
def test_a_wrong_note_is_refused_by_its_field(wrong: dict[str, Any], field: str):
    with pytest.raises(InvalidInput) as refusal:
        change(rewarded(), **wrong)

    assert set(refusal.value.errors) == {field}


def test_a_note_leaves_the_progress_alone():
    engagement = rewarded()
    before = engagement.state

    keep(engagement, change(engagement, coupon_code="SPRING"))

    assert engagement.state == before


def keep(engagement: Engagement, event: RewardChanged | None) -> None:
    assert event is not None
    decision = engagement.begin("2026-04-02")
    decision.record(event)
    engagement.keep(decision)
