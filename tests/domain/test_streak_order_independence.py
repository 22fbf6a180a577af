"""Order does not matter inside the grace (RULES 4): streaks, against an oracle that folds sorted entries."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import LogEntry
from domain.engagement import MilestoneReached
from domain.ids import run_id
from domain.streak_reading import readings
from tests.domain.given import at, milestone_id
from tests.domain.given_streak import Engagement, add_milestone, after, defined, empty, records
from tests.domain.streak_oracle import WINDOWS, Expected, Rules, Story, before_the_seal, gathered, oracle, stories

THE_END = at("2027-12-31")


def shown(engagement: Engagement) -> list[Expected]:
    """The records in the words of the oracle, after a look at their ids."""
    found = records(engagement)
    assert [one.id for one in found] == [run_id(empty().id, str(number)) for number in range(1, len(found) + 1)]
    return [
        Expected(
            one.number,
            one.first,
            one.status,
            int(one.value),
            one.started_at,
            one.ended_at if one.status == "broken" else None,
            one.last_contribution_at or one.started_at,
        )
        for one in found
    ]


def read(engagement: Engagement, now: datetime) -> list[Expected]:
    """The records as they read at a moment, when a boundary counts at once: before it is sealed."""
    over = [one for one in shown(engagement) if one.number <= engagement.state.over]
    found = list(readings(engagement.state, engagement.streak.pauses, now))
    assert [run.id for run, _ in found] == [run_id(empty().id, str(run.number)) for run, _ in found]
    assert sum(run.completed_at is None and missed is None for run, missed in found) <= 1
    return over + [
        Expected(
            run.number,
            run.window.key,
            "broken" if missed else run.status.value,
            run.value,
            run.started_at,
            missed and missed.end,
            run.last_contribution_at or run.started_at,
        )
        for run, missed in found
    ]


def played_by(rules: Rules, milestones: list[tuple[int, bool]], **more: Any) -> Engagement:
    streak = defined(
        aggregation_period=rules.period,
        aggregation_method=rules.method,
        aggregation_target_value=rules.target,
        completion_target_value=rules.completion,
        distinct_by="shop",
        timezone="Europe/Vienna",
        late_grace_seconds=int(rules.grace.total_seconds()),
        **more,
    )
    for number, (threshold, repeatable) in enumerate(milestones, start=1):
        streak = after(streak, add_milestone(threshold, number, repeatable=repeatable))
    engagement = Engagement(streak)
    if rules.pause:
        engagement.change(rules.pause[0], status="paused")
        engagement.change(rules.pause[1], status="live")
    return engagement


def at_once(rules: Rules) -> Rules:
    """The same without a grace: what is read does not wait for the seal (RULES 5, never stale)."""
    return rules._replace(grace=timedelta())


def reached(engagement: Engagement) -> list[MilestoneReached]:
    events = [one.event for one in engagement.recorded if isinstance(one.event, MilestoneReached)]
    assert len({event.reward_id for event in events}) == len(events)
    return events


def expected_milestones(expected: list[Expected], milestones: list[tuple[int, bool]]) -> Counter[Any]:
    """How often each milestone is reached: a repeatable one by every run that got there, another at most once."""
    runs = {
        milestone_id(number): [one for one in expected if one.value >= threshold]
        for number, (threshold, _) in enumerate(milestones, start=1)
    }
    told = {milestone_id(number): repeatable for number, (_, repeatable) in enumerate(milestones, start=1)}
    return +Counter({one: len(found) if told[one] else min(1, len(found)) for one, found in runs.items()})


MILESTONES = st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=3, unique_by=lambda one: one[0])


def plays_like_the_oracle(story: Story, milestones: list[tuple[int, bool]]) -> None:
    rules, engagement = story.rules, played_by(story.rules, milestones)
    arrived: list[LogEntry] = []

    for one, now in story.arrivals:
        arrived.append(one)
        engagement.log(one, now)
        assert shown(engagement) == oracle(rules, arrived, now)
        for moment in (now, now + timedelta(hours=2), now + timedelta(days=3)):
            assert read(engagement, moment) == oracle(at_once(rules), arrived, moment)

    assert {one.window.key: one.tally.count for one in engagement.state.windows}.items() <= {
        WINDOWS[rules.period][number].key: len(group) for number, group in gathered(rules, arrived).items()
    }.items()

    engagement.advance(THE_END)
    expected = oracle(rules, arrived, THE_END)

    assert shown(engagement) == expected
    assert {one.status for one in expected} <= {"broken", "completed"}
    assert Counter(event.milestone.id for event in reached(engagement)) == expected_milestones(expected, milestones)


@settings(max_examples=300, deadline=None)
@given(stories(), MILESTONES)
def test_any_arrival_order_gives_what_the_sorted_entries_give(story: Story, milestones: list[tuple[int, bool]]):
    """RULES 4: any arrival order of the same entries, all received before their windows are sealed, gives the same
    windows, tallies, values, statuses, milestones and record ids."""
    plays_like_the_oracle(story, milestones)


@settings(max_examples=200, deadline=None)
@given(stories(pauses=True), MILESTONES)
def test_any_arrival_order_gives_the_same_with_windows_that_a_pause_excuses(
    story: Story, milestones: list[tuple[int, bool]]
):
    plays_like_the_oracle(story, milestones)


VOIDS = st.dictionaries(st.integers(0, 23), st.floats(0, 0.999), max_size=8)


@settings(max_examples=200, deadline=None)
@given(stories(), VOIDS, MILESTONES)
def test_voids_before_the_seal_leave_what_the_other_entries_make(
    story: Story, voids: dict[int, float], milestones: list[tuple[int, bool]]
):
    """RULES 7: the tally goes down, the value follows, a met window can become unmet, a streak's count goes down."""
    rules, engagement = story.rules, played_by(story.rules, milestones, rollback_after_completion=True)
    steps = [(now, False, one) for one, now in story.arrivals]
    for number, delay in voids.items():
        for one, now in story.arrivals[number : number + 1]:
            steps.append((before_the_seal(rules, one, now, delay), True, one))
    arrived: list[LogEntry] = []
    voided: set[str] = set()

    for now, is_void, one in sorted(steps, key=lambda step: step[:2]):
        if is_void:
            voided.add(one.unique_identifier)
            engagement.void(one.unique_identifier, now)
        else:
            arrived.append(one)
            engagement.log(one, now)
        assert outcomes(shown(engagement)) == outcomes(oracle(rules, arrived, now, voided))
        assert outcomes(read(engagement, now)) == outcomes(oracle(at_once(rules), arrived, now, voided))
    engagement.advance(THE_END)

    assert outcomes(shown(engagement)) == outcomes(oracle(rules, arrived, THE_END, voided))
    reached(engagement)


def outcomes(runs: list[Expected]) -> list[tuple[Any, ...]]:
    """What does not hang on the moments of entries that are gone."""
    return [(one.number, one.first, one.status, one.value, one.broken_at) for one in runs]
