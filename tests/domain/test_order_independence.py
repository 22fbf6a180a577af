"""Order does not matter inside the grace (RULES 4): a property, against an oracle that folds sorted entries."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import LogEntry
from domain.engagement import MilestoneReached
from domain.ids import run_id
from tests.domain.given import (
    Engagement,
    Record,
    add_milestone,
    after,
    at,
    defined,
    empty,
    entry,
    milestone_id,
    records,
)

NOW = at("2026-04-20T12:00")
THIRTY_DAYS = 30 * 86_400
SHOPS = ["Graz", "Linz", "Wien"]


# The oracle: entries in order of their activity, folded over windows of UTC that are cut with plain calendar sums.
# It shares no code with the domain, except for the ids (which have golden tests of their own).

KEYS: dict[str, Callable[[datetime], str]] = {
    "hourly": lambda moment: f"{moment:%Y-%m-%dT%H}",
    "daily": lambda moment: f"{moment:%Y-%m-%d}",
    "weekly": lambda moment: f"{moment.isocalendar().year}-W{moment.isocalendar().week:02}",
    "monthly": lambda moment: f"{moment:%Y-%m}",
    "yearly": lambda moment: f"{moment:%Y}",
}


class Expected(NamedTuple):
    """What the oracle knows of a window."""

    id: UUID
    value: Decimal
    started_at: datetime
    is_met: bool


def oracle(period: str, method: str, target: int, entries: list[LogEntry]) -> dict[str, Expected]:
    gathered: dict[str, list[LogEntry]] = defaultdict(list)
    for one in sorted(entries, key=lambda one: one.activity_at):
        gathered[KEYS[period](one.activity_at)].append(one)
    expected = {}
    for key, group in gathered.items():
        value = {
            "sum": sum((one.activity_value or Decimal(0) for one in group), Decimal(0)),
            "count": Decimal(len(group)),
            "distinct": Decimal(len({one.attributes["shop"] for one in group})),
        }[method]
        expected[key] = Expected(run_id(empty().id, key), value, group[0].activity_at, value >= target)
    return expected


def expected_milestones(expected: dict[str, Expected], targets: dict[UUID, tuple[int, bool]]) -> set[Any]:
    """A repeatable one with every run that got there, another at most once."""
    return {
        (milestone, run.id if repeatable else None)
        for milestone, (target, repeatable) in targets.items()
        for run in expected.values()
        if run.value >= target
    }


@st.composite
def arrivals(draw: st.DrawFn) -> list[LogEntry]:
    """Entries of the last weeks in any order, some at the same moment, many at the bounds of windows."""
    seconds = st.one_of(
        st.integers(min_value=0, max_value=25 * 86_400),
        st.integers(min_value=0, max_value=25 * 24).map(lambda hours: hours * 3600),
        st.integers(min_value=1, max_value=25 * 24).map(lambda hours: hours * 3600 - 1),
    )
    amounts = st.integers(min_value=0, max_value=20_000).map(lambda cents: Decimal(cents).scaleb(-2))
    told = draw(st.lists(st.tuples(seconds, amounts, st.sampled_from(SHOPS)), min_size=1, max_size=25))
    return [
        entry(at("2026-03-26") + timedelta(seconds=offset), amount, f"n-{number}", shop=shop)
        for number, (offset, amount, shop) in enumerate(told)
    ]


@settings(max_examples=300, deadline=None)
@given(
    arrivals(),
    st.sampled_from(sorted(KEYS)),
    st.sampled_from(["sum", "count", "distinct"]),
    st.integers(min_value=1, max_value=300),
    st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=3, unique_by=lambda one: one[0]),
)
def test_any_arrival_order_gives_what_the_sorted_entries_give(
    entries: list[LogEntry], period: str, method: str, target: int, milestones: list[tuple[int, bool]]
):
    """RULES 4: any arrival order of the same entries, all received before their windows are sealed, gives the same
    windows, tallies, values, statuses, milestones and record ids."""
    challenge = defined(
        aggregation_period=period,
        aggregation_method=method,
        completion_target_value=target,
        distinct_by="shop",
        late_grace_seconds=THIRTY_DAYS,
    )
    targets = {milestone_id(number): one for number, one in enumerate(milestones, start=1)}
    for number, (threshold, repeatable) in enumerate(milestones, start=1):
        challenge = after(challenge, add_milestone(threshold, number, repeatable=repeatable))
    engagement = Engagement(challenge)

    for number, one in enumerate(entries):
        engagement.log(one, now=NOW + timedelta(seconds=number))

    expected = oracle(period, method, target, entries)
    found = records(engagement)
    assert {key: (one.id, one.value, one.started_at) for key, one in found.items()} == {
        key: one[:3] for key, one in expected.items()
    }
    assert {run.window.key: run.tally.count for run in engagement.state.runs} == {
        key: sum(KEYS[period](one.activity_at) == key for one in entries) for key in expected
    }
    assert {key: one.status for key, one in found.items()} == {
        key: "completed" if one.is_met else "in_progress" for key, one in expected.items()
    }
    assert reached(engagement) == expected_milestones(expected, targets)

    engagement.advance(at("2027-12-31"))

    assert {key: one.status for key, one in records(engagement).items()} == {
        key: "completed" if one.is_met else "failed" for key, one in expected.items()
    }


def reached(engagement: Engagement) -> set[Any]:
    """The milestones that were reached; none of them twice."""
    events = [one.event for one in engagement.recorded if isinstance(one.event, MilestoneReached)]
    assert len({event.reward_id for event in events}) == len(events)
    return {(event.milestone.id, event.run_id if event.milestone.repeatable else None) for event in events}


@settings(max_examples=100, deadline=None)
@given(st.permutations([("2026-04-01T10:00", 200), ("2026-04-02T10:00", 200), ("2026-04-03T10:00", 200)]))
def test_completed_at_is_the_activity_of_the_entry_whose_arrival_reached_the_target(arrived: list[tuple[str, int]]):
    engagement = Engagement(defined())

    for number, (activity_at, value) in enumerate(arrived):
        engagement.log(entry(activity_at, value), now=NOW + timedelta(seconds=number))

    assert engagement.run.completed_at == at(arrived[-1][0])


def test_records_of_two_orders_of_the_source_example_are_equal():
    spent = [
        entry("2026-04-03T10:15", "187.50", "a"),
        entry("2026-04-05T09:00", 250, "b"),
        entry("2026-04-02", 70, "c"),
    ]
    told: list[dict[str, Record]] = []
    for order in (spent, spent[::-1]):
        engagement = Engagement(defined())
        for one in order:
            engagement.log(one, now="2026-04-06")
        told.append({key: one._replace(ended_at=None) for key, one in records(engagement).items()})

    assert told[0] == told[1]
