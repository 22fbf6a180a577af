"""Milestones and their rewards: reached once per run or once for ever, and never twice (RULES 5 and 7)."""

from typing import Any
from uuid import UUID

from domain.challenge import Challenge
from domain.engagement import MilestoneReached
from domain.ids import reward_id, run_id
from tests.domain.given import (
    CHALLENGE_ID,
    OWNER,
    Engagement,
    add_milestone,
    after,
    at,
    change_milestone,
    defined,
    entry,
    every,
    given,
    kinds,
    last,
    milestone_id,
    rewards,
)


def with_milestones(*targets: int, repeatable: bool = True, **fields: Any) -> Challenge:
    """A challenge of 500 in a month with milestones at these values."""
    challenge = defined(**fields)
    for number, target in enumerate(targets, start=1):
        challenge = after(challenge, add_milestone(target, number, repeatable=repeatable))
    return challenge


def reached(engagement: Engagement) -> list[UUID]:
    return [milestone for milestone, _ in rewards(engagement)]


def test_a_milestone_is_reached_when_the_value_reaches_it():
    engagement = given(with_milestones(250), entry("2026-04-01", 249))

    events = engagement.log(entry("2026-04-02T10:00", 1))

    assert kinds(events) == ["EntryCounted", "MilestoneReached"]
    event = last(events, MilestoneReached)
    assert (event.reached_at, event.period_key) == (at("2026-04-02T10:00"), "2026-04")
    assert (event.definition_id, event.owner_id) == (CHALLENGE_ID, OWNER)
    assert event.run_id == engagement.run.id


def test_one_entry_may_reach_several_milestones_and_the_target():
    events = given(with_milestones(100, 500, 800)).log(entry("2026-04-01", 600))

    assert kinds(events) == ["RunStarted", "EntryCounted", "RunCompleted", "MilestoneReached", "MilestoneReached"]
    assert [event.milestone.target_value for event in every(events, MilestoneReached)] == [100, 500]


def test_a_milestone_above_the_target_is_reached_after_the_completion():
    engagement = given(with_milestones(800), entry("2026-04-01", 500))

    assert kinds(engagement.log(entry("2026-04-02", 300))) == ["EntryCounted", "MilestoneReached"]


def test_a_milestone_is_reached_once_in_a_run():
    engagement = given(with_milestones(100), *[entry(f"2026-04-0{day}", 100) for day in range(1, 5)])

    assert reached(engagement) == [milestone_id(1)]


def test_a_repeatable_milestone_is_reached_once_per_run():
    """RULES 5: `true` = once per run."""
    engagement = given(with_milestones(100), entry("2026-04-01", 100), entry("2026-05-01", 100))

    (april, may) = rewards(engagement)

    assert april[0] == may[0] == milestone_id(1)
    assert april[1] == reward_id(engagement.state.id, milestone_id(1), run_id(engagement.state.id, "2026-04"))
    assert may[1] == reward_id(engagement.state.id, milestone_id(1), run_id(engagement.state.id, "2026-05"))


def test_any_other_milestone_is_reached_once_per_engagement_for_ever():
    """RULES 5: `repeatable: false` = once per engagement for ever."""
    challenge = with_milestones(100, repeatable=False)
    engagement = given(challenge, *[entry(f"20{year}-04-01", 100) for year in range(26, 36)])

    assert rewards(engagement) == [(milestone_id(1), reward_id(engagement.state.id, milestone_id(1), None))]


def test_the_milestones_of_two_open_runs_are_told_apart():
    engagement = given(with_milestones(100), entry("2026-04-30T10:00", 99))
    engagement.log(entry("2026-05-01T00:01", 100))

    events = engagement.log(entry("2026-04-30T23:00", 1), now="2026-05-01T00:02")

    assert last(events, MilestoneReached).period_key == "2026-04"
    assert len({reward for _, reward in rewards(engagement)}) == 2


def test_a_milestone_is_not_reached_again_after_a_void():
    """RULES 5: A reward is never issued twice, whatever is retried, voided or rebuilt."""
    for repeatable in (True, False):
        engagement = given(with_milestones(100, repeatable=repeatable), entry("2026-04-01", 100, "order"))
        engagement.void("order", "2026-04-02")

        engagement.log(entry("2026-04-03", 100))

        assert reached(engagement) == [milestone_id(1)]


def test_a_milestone_of_a_run_that_was_rolled_back_is_not_reached_again():
    challenge = with_milestones(500, rollback_after_completion=True)
    engagement = given(challenge, entry("2026-04-01", 500, "order"))
    engagement.void("order", "2026-04-02")

    events = engagement.log(entry("2026-04-03", 500))

    assert kinds(events) == ["EntryCounted", "RunCompleted"]


def test_a_milestone_given_in_any_run_is_given_once_it_is_no_longer_repeatable():
    engagement = given(with_milestones(100), entry("2026-04-01", 100))
    engagement.challenge = after(engagement.challenge, change_milestone(repeatable=False))

    engagement.log(entry("2026-05-01", 100))

    assert reached(engagement) == [milestone_id(1)]


def test_a_milestone_that_is_added_counts_for_runs_that_start_later():
    engagement = given(defined(), entry("2026-04-01", 100))
    engagement.challenge = after(engagement.challenge, add_milestone(100))

    engagement.log(entry("2026-04-02", 100))
    assert reached(engagement) == []

    engagement.log(entry("2026-05-02", 100))
    assert reached(engagement) == [milestone_id(1)]


def test_an_entry_that_is_not_counted_reaches_nothing():
    engagement = given(with_milestones(100), entry("2026-04-01", 99))

    engagement.log(entry("2026-04-02", 100), now="2026-05-02")

    assert reached(engagement) == []


def test_a_milestone_keeps_what_it_was_when_it_was_reached():
    challenge = after(defined(), add_milestone(100, name="Mug", reward_item_id="mug-1"))
    engagement = given(challenge)

    event = last(engagement.log(entry("2026-04-01", 100)), MilestoneReached)

    assert (event.milestone.name, event.milestone.reward_item_id) == ("Mug", "mug-1")
