"""What is written of streaks is what was decided: replays, snapshots, and what holds after any commands at all."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import streak as streaks
from domain.engagement import EntryCounted, EntryNotCounted, EntryVoided, MilestoneReached
from domain.errors import Refused
from domain.kinds import KINDS
from domain.streak import Streak
from domain.streak_events import PeriodSealed, StreakAtRisk, StreakBroken, StreakSpared
from domain.streak_progress import StreakProgress
from domain.streams import fold
from domain.vocabulary import Method, OwnerStatus
from eventstore.mapper import decode_state, encode_state
from tests.domain.given import at
from tests.domain.given_streak import (
    Engagement,
    add_milestone,
    after,
    change_milestone,
    defined,
    empty,
    entry,
    records,
    redefine,
)

STREAK, STREAK_PROGRESS = KINDS[Streak], KINDS[StreakProgress]
NOW = at("2026-04-20T12:00")
SHOPS = ["Graz", "Linz", "Wien"]


class Step(NamedTuple):
    """Something that happens to an engagement, some seconds after what happened before."""

    kind: str
    seconds: int
    activity: int
    value: Decimal
    choice: int


STEPS = st.builds(
    Step,
    kind=st.sampled_from(
        ["log", "log", "log", "log", "log", "backfill", "void", "advance", "edit", "pause", "milestone", "owner"]
    ),
    seconds=st.one_of(st.integers(min_value=0, max_value=7200), st.integers(min_value=0, max_value=2 * 86_400)),
    activity=st.one_of(st.integers(-300, 3600), st.integers(-300, 4 * 86_400), st.integers(0, 20 * 86_400)),
    value=st.integers(min_value=0, max_value=100_000_000).map(lambda units: Decimal(units).scaleb(-6)),
    choice=st.integers(min_value=0, max_value=1000),
)
EDITS: list[dict[str, Any]] = [
    {"aggregation_period": "daily", "rolling_seconds": None},
    {"aggregation_period": "hourly", "rolling_seconds": None},
    {"aggregation_period": "weekly", "rolling_seconds": None, "week_start": "sunday"},
    {"aggregation_period": "monthly", "rolling_seconds": None},
    {"aggregation_period": "rolling", "rolling_seconds": 90_000, "reset_time": "00:00"},
    {"timezone": "Pacific/Kiritimati"},
    {"timezone": "America/New_York"},
    {"aggregation_method": "distinct", "distinct_by": "shop", "aggregation_target_value": 2},
    {"aggregation_method": "sum", "aggregation_target_value": 50},
    {"aggregation_method": "count", "aggregation_target_value": 1},
    {"late_grace_seconds": 0},
    {"late_grace_seconds": 3 * 86_400},
    {"ends_at": at("2026-04-15T12:00")},
    {"ends_at": None, "starts_at": None},
    {"rollback_after_completion": True},
    {"completion_target_value": 1},
    {"completion_target_value": 2},
    {"completion_target_value": None},
    {"at_risk_seconds": 0},
    {"at_risk_seconds": 3600},
    {"at_risk_seconds": 40 * 86_400},
]
GRACES = st.sampled_from([0, 300, 2 * 86_400, 5 * 86_400])


def happened(steps: list[Step], grace: int) -> Engagement:
    """An engagement after all of these steps; a refused one leaves nothing."""
    streak = defined(
        aggregation_method="count",
        aggregation_target_value=1,
        completion_target_value=3,
        late_grace_seconds=grace,
        at_risk_seconds=14_400,
    )
    engagement = Engagement(after(after(streak, add_milestone(1, repeatable=True)), add_milestone(2, 2)))
    now = at("2026-04-01T12:00")
    for number, step in enumerate(steps):
        now += timedelta(seconds=step.seconds)
        before = len(engagement.recorded), engagement.state
        try:
            take(engagement, step, number, now)
        except Refused:
            assert (len(engagement.recorded), engagement.state) == before
    return engagement


def take(engagement: Engagement, step: Step, number: int, now: Any) -> None:
    match step.kind:
        case "log" | "backfill":
            activity_at = now - timedelta(seconds=step.activity)
            one = entry(activity_at, step.value, f"n-{number}", shop=SHOPS[step.choice % 3])
            engagement.log(one, now, backfill=step.kind == "backfill")
        case "void":
            engagement.void(f"n-{step.choice % (number + 1)}", now)
        case "advance":
            engagement.advance(now)
            assert engagement.state.due_at is None or engagement.state.due_at > now
            assert engagement.advance(now) == []
        case "edit":
            engagement.change(now, **EDITS[step.choice % len(EDITS)])
        case "pause":
            engagement.change(now, status="live" if engagement.streak.fields.status == "paused" else "paused")
        case "milestone":
            engagement.streak = after(engagement.streak, milestone(engagement.streak, step.choice), now)
        case "owner":
            engagement.owner = list(OwnerStatus)[step.choice % 3]


def milestone(streak: Streak, choice: int) -> Any:
    """Another milestone; the first one becomes repeatable or not."""
    if choice % 2:
        return change_milestone(repeatable=not streak.milestones[0].repeatable)
    return add_milestone(3 + choice % 4, len(streak.milestones) + 1, repeatable=bool(choice % 3))


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=30), GRACES)
def test_replaying_the_written_events_gives_the_state_of_the_decision(steps: list[Step], grace: int):
    engagement = happened(steps, grace)

    read = [
        (decode_state(type(one.event).TOPIC, encode_state(one.event)), one.recorded_at) for one in engagement.recorded
    ]
    state = empty()
    for event, recorded_at in read:
        state = STREAK_PROGRESS.evolve(state, event, recorded_at)

    assert [event for event, _ in read] == [one.event for one in engagement.recorded]
    assert state == engagement.state
    assert fold(STREAK_PROGRESS, empty(), engagement.recorded) == engagement.state


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=30), GRACES)
def test_a_snapshot_is_the_state(steps: list[Step], grace: int):
    engagement = happened(steps, grace)

    progress = STREAK_PROGRESS.decode(encode_state(engagement.state).decode())
    streak = STREAK.decode(encode_state(engagement.streak).decode())

    assert (progress, streak) == (engagement.state, engagement.streak)
    assert progress.due_at == engagement.state.due_at
    assert streak.rules == engagement.streak.rules


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=40), GRACES)
def test_a_window_is_sealed_once_and_nobody_is_warned_or_rewarded_twice(steps: list[Step], grace: int):
    events = [one.event for one in happened(steps, grace).recorded]

    sealed = [event.window for event in events if isinstance(event, PeriodSealed | StreakBroken)]
    assert all(before.end <= following.start for before, following in pairwise(sealed))

    warned = [event.window for event in events if isinstance(event, StreakAtRisk | StreakSpared)]
    assert len({window.start for window in warned}) == len(warned)

    issued = [event.reward_id for event in events if isinstance(event, MilestoneReached)]
    assert len(set(issued)) == len(issued)

    entries = [one.entry.unique_identifier for one in events if isinstance(one, EntryCounted | EntryNotCounted)]
    assert len(set(entries)) == len(entries)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=40), GRACES)
def test_at_most_one_run_is_in_progress_and_it_is_the_last(steps: list[Step], grace: int):
    """RULES 1: At most one run of an engagement reads in progress."""
    engagement = happened(steps, grace)

    found = records(engagement)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert all(one.status != "in_progress" for one in found[:-1])
    assert [(one.id, one.status, one.value, one.started_at) for one in found[engagement.state.over :]] == [
        (run.id, run.status, run.value, run.started_at) for run in engagement.state.runs
    ]
    windows = [one.window for one in engagement.state.windows]
    assert all(before.end <= following.start for before, following in pairwise(windows))


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=30), GRACES)
def test_an_open_tally_is_what_its_entries_make_without_those_that_were_voided(steps: list[Step], grace: int):
    engagement = happened(steps, grace)

    voided = {one.event.entry_id for one in engagement.recorded if isinstance(one.event, EntryVoided)}
    for one in engagement.state.windows:
        run = engagement.state.held(one.window)
        kept = [
            told.event.entry
            for told in engagement.recorded
            if isinstance(told.event, EntryCounted) and told.event.window == one.window and told.entry_id not in voided
        ]
        made = {
            Method.SUM: sum((told.activity_value or Decimal(0) for told in kept), Decimal(0)),
            Method.COUNT: len(kept),
            Method.DISTINCT: len({told.attributes["shop"] for told in kept}),
        }
        assert (one.tally.total(run.rules.method), one.tally.count) == (made[run.rules.method], len(kept))
        assert (one.met_at is not None) == (made[run.rules.method] >= run.rules.target)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=30), GRACES)
def test_every_deadline_is_a_moment_at_which_something_happens(steps: list[Step], grace: int):
    """RULES 6: a process that is called at every deadline gets somewhere every time."""
    engagement = happened(steps, grace)

    for _ in range(20):
        due_at = engagement.state.due_at
        if due_at is None:
            break
        assert engagement.advance(due_at)
        assert engagement.state.due_at is None or engagement.state.due_at > due_at


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=30), GRACES, st.lists(st.integers(1, 10 * 86_400), min_size=1, max_size=6))
def test_a_clock_that_is_late_says_the_same_as_one_that_is_punctual(steps: list[Step], grace: int, naps: list[int]):
    """RULES 6: Late by an hour or run twice: the same events, with the same stamps."""
    punctual, late = happened(steps, grace), happened(steps, grace)
    now = punctual.recorded[-1].recorded_at if punctual.recorded else NOW
    end = now + timedelta(seconds=sum(naps))

    for nap in naps:
        now += timedelta(seconds=nap)
        punctual.advance(now)
    late.advance(end)

    assert [one.event for one in late.recorded] == [one.event for one in punctual.recorded]


def test_the_stream_of_a_definition_replays_and_keeps():
    commands = [redefine(status="paused"), redefine(status="live", ends_at=at("2027-01-01")), add_milestone("0.5")]
    state: Streak | None = None
    live = defined(timezone="Europe/Vienna", event_types=("order.paid",), completion_target_value=None)
    events = [streaks.StreakDefined(streak_id=live.id, fields=live.fields)]
    for command in commands:
        events += streaks.decide(live, command, NOW)
        live = after(live, command, NOW)

    for event in events:
        state = STREAK.evolve(state, decode_state(type(event).TOPIC, encode_state(event)), NOW)

    assert state == live
    assert STREAK.decode(encode_state(live).decode()) == live
