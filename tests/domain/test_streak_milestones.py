"""Milestones of streaks and their rewards: once for ever or once per run, and never twice (RULES 5 and 7)."""

from typing import Any
from uuid import UUID

from domain.engagement import MilestoneReached
from domain.ids import reward_id, run_id
from domain.streak import Streak
from tests.domain.given import OWNER, at, every, kinds, last, milestone_id
from tests.domain.given_streak import (
    STREAK_ID,
    Engagement,
    add_milestone,
    after,
    change_milestone,
    days,
    defined,
    entry,
    given,
    rewards,
    told,
)

PATIENT: dict[str, Any] = {"late_grace_seconds": 10 * 86_400}


def with_milestones(*targets: int, repeatable: bool = False, **fields: Any) -> Streak:
    """A streak with milestones at these values."""
    streak = defined(**fields)
    for number, target in enumerate(targets, start=1):
        streak = after(streak, add_milestone(target, number, repeatable=repeatable))
    return streak


def reached(engagement: Engagement) -> list[UUID]:
    return [milestone for milestone, _ in rewards(engagement)]


def test_a_milestone_is_reached_when_the_value_reaches_it():
    engagement = given(with_milestones(3), *days("2026-04-01", 2), entry("2026-04-03T09:00", 49))

    events = engagement.log(entry("2026-04-03T10:00", 1))

    event = last(events, MilestoneReached)
    assert (event.reached_at, event.period_key) == (at("2026-04-03T10:00"), "2026-04-03")
    assert (event.definition_id, event.owner_id, event.slug) == (STREAK_ID, OWNER, "streak")
    assert event.run_id == engagement.run.id


def test_a_milestone_between_two_values_is_reached_with_the_higher():
    streak = after(defined(), add_milestone("1.5"))
    engagement = given(streak, *days("2026-04-01", 1))
    assert reached(engagement) == []

    engagement.log(entry("2026-04-02T10:00", 50))

    assert reached(engagement) == [milestone_id(1)]


def test_milestones_are_reached_one_after_the_other():
    engagement = given(with_milestones(1, 3, 7), *days("2026-04-01", 7))

    found = every([one.event for one in engagement.recorded], MilestoneReached)

    assert [(one.milestone.target_value, one.period_key) for one in found] == [
        (1, "2026-04-01"),
        (3, "2026-04-03"),
        (7, "2026-04-07"),
    ]
    assert told(engagement) == [("completed", 7)]


def test_one_late_entry_may_reach_several_milestones():
    engagement = given(with_milestones(1, 2, 3, **PATIENT), *days("2026-04-02", 2))
    assert len(reached(engagement)) == 2

    events = engagement.log(entry("2026-04-01T10:00", 50), now="2026-04-03T11:00")

    assert [event.milestone.target_value for event in every(events, MilestoneReached)] == [3]


def test_a_milestone_above_the_target_of_the_run_is_never_reached():
    engagement = given(with_milestones(4, completion_target_value=3), *days("2026-04-01", 9))

    assert reached(engagement) == []


def test_a_milestone_is_reached_once_per_engagement_for_ever():
    """RULES 5: `repeatable: false` = once per engagement for ever."""
    engagement = given(with_milestones(1), *days("2026-04-01", 2), *days("2026-04-10", 2), *days("2026-04-20", 2))

    assert rewards(engagement) == [(milestone_id(1), reward_id(engagement.state.id, milestone_id(1), None))]


def test_a_repeatable_milestone_is_reached_once_per_run():
    """RULES 5: `true` = once per run (default: … false for a streak)."""
    engagement = given(with_milestones(2, repeatable=True), *days("2026-04-01", 3), *days("2026-04-10", 3))

    runs = [run_id(engagement.state.id, number) for number in ("1", "2")]

    assert rewards(engagement) == [
        (milestone_id(1), reward_id(engagement.state.id, milestone_id(1), run)) for run in runs
    ]


def test_a_repeatable_milestone_is_reached_again_after_a_completion():
    streak = with_milestones(2, repeatable=True, completion_target_value=2)
    engagement = given(streak, *days("2026-04-01", 6))

    assert reached(engagement) == [milestone_id(1)] * 3


def test_a_milestone_is_not_reached_again_after_a_void():
    """RULES 5: A reward is never issued twice, whatever is retried, voided or rebuilt."""
    for repeatable in (True, False):
        streak = with_milestones(2, repeatable=repeatable, **PATIENT)
        engagement = given(streak, entry("2026-04-01T10:00", 50, "order"), *days("2026-04-02", 1))
        engagement.void("order", "2026-04-02T11:00")

        engagement.log(entry("2026-04-01T12:00", 50), now="2026-04-02T12:00")

        assert reached(engagement) == [milestone_id(1)]
        assert told(engagement) == [("in_progress", 2)]


def test_the_next_run_gets_its_own_reward_after_a_void_took_back_what_the_first_was_given_for():
    streak = with_milestones(2, repeatable=True, **PATIENT)
    engagement = given(streak, entry("2026-04-01T10:00", 50, "order"), *days("2026-04-02", 1))
    events = engagement.void("order", "2026-04-02T11:00")
    assert len(events[0].rewards) == 1  # type: ignore[attr-defined]

    engagement.log(entry("2026-04-03T10:00", 50))
    engagement.advance("2026-04-12")

    assert told(engagement) == [("broken", 0), ("in_progress", 2)]
    assert len({reward for _, reward in rewards(engagement)}) == 2


def test_a_reward_that_came_too_early_does_for_the_run_that_has_its_windows():
    """A late entry showed that the first run is another: its repeatable milestone is not given for nothing."""
    engagement = given(with_milestones(2, repeatable=True, **PATIENT), *days("2026-04-03", 2))
    assert reached(engagement) == [milestone_id(1)]

    engagement.log(entry("2026-04-02T10:00", 10), now="2026-04-04T11:00")
    engagement.advance("2026-04-13")

    assert told(engagement) == [("broken", 0), ("in_progress", 2)]
    assert reached(engagement) == [milestone_id(1)]


def test_a_run_that_keeps_its_milestone_leaves_none_to_the_next():
    """The first window that was met is another run's in the end, and both have reached the milestone."""
    engagement = given(with_milestones(1, repeatable=True, **PATIENT), *days("2026-04-03", 1))

    engagement.log(entry("2026-04-01T10:00", 50), now="2026-04-03T11:00")
    engagement.advance("2026-04-13")

    assert told(engagement) == [("broken", 1), ("in_progress", 1)]
    assert reached(engagement) == [milestone_id(1)] * 2


def test_the_reward_of_a_run_that_is_withdrawn_and_comes_back_is_not_issued_again():
    streak = with_milestones(2, repeatable=True, completion_target_value=2, **PATIENT)
    engagement = given(streak, *days("2026-04-03", 3))
    engagement.log(entry("2026-04-02T10:00", 50), now="2026-04-05T11:00")
    assert (told(engagement), len(reached(engagement))) == ([("completed", 2), ("completed", 2)], 2)

    engagement.log(entry("2026-04-01T10:00", 10), now="2026-04-05T12:00")
    engagement.advance("2026-06-01")

    assert told(engagement) == [("broken", 0), ("completed", 2), ("completed", 2)]
    assert len({reward for _, reward in rewards(engagement)}) == len(rewards(engagement)) == 2


def test_a_milestone_given_in_any_run_is_given_once_it_is_no_longer_repeatable():
    engagement = given(with_milestones(1, repeatable=True), *days("2026-04-01", 1))
    engagement.streak = after(engagement.streak, change_milestone(repeatable=False))

    engagement.log(entry("2026-04-10T10:00", 50))

    assert reached(engagement) == [milestone_id(1)]


def test_a_milestone_that_is_added_counts_for_runs_that_start_later():
    engagement = given(defined(), *days("2026-04-01", 1))
    engagement.streak = after(engagement.streak, add_milestone(1))

    engagement.log(entry("2026-04-02T10:00", 50))
    assert reached(engagement) == []

    engagement.log(entry("2026-04-12T10:00", 50))
    assert reached(engagement) == [milestone_id(1)]


def test_an_entry_that_is_not_counted_reaches_nothing():
    engagement = given(with_milestones(2), *days("2026-04-01", 1))

    engagement.log(entry("2026-04-02T10:00", 50), now="2026-05-02")

    assert reached(engagement) == []


def test_a_break_that_starts_the_next_run_gives_it_its_milestones():
    engagement = given(with_milestones(2, **PATIENT), *days("2026-04-01", 1), *days("2026-04-03", 2))
    assert reached(engagement) == []

    events = engagement.advance("2026-04-13")

    event = last(events, MilestoneReached)
    assert (event.reached_at, event.period_key) == (at("2026-04-04T10:00"), "2026-04-04")
    assert "StreakBroken" in kinds(events)


def test_a_milestone_keeps_what_it_was_when_it_was_reached():
    engagement = given(after(defined(), add_milestone(1, name="Mug", reward_item_id="mug-1")))

    event = last(engagement.log(entry("2026-04-01", 50)), MilestoneReached)

    assert (event.milestone.name, event.milestone.reward_item_id) == ("Mug", "mug-1")
