"""What is written is what was decided: replays, snapshots, and what holds after any commands whatever (properties)."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import challenge as challenges
from domain import user as users
from domain.challenge import Challenge
from domain.challenge_progress import ChallengeProgress, RunExcused, RunFailed, RunSealed
from domain.engagement import EntryCounted, EntryNotCounted, EntryVoided, MilestoneReached, RunStarted
from domain.errors import Refused
from domain.kinds import KINDS
from domain.streams import fold
from domain.user import User, UserChanged, UserRegistered
from domain.vocabulary import Method, OwnerStatus
from eventstore.mapper import decode_state, encode_state
from tests.domain.given import (
    Engagement,
    add_milestone,
    after,
    at,
    change_milestone,
    defined,
    empty,
    entry,
    redefine,
)

CHALLENGE, CHALLENGE_PROGRESS, USER = KINDS[Challenge], KINDS[ChallengeProgress], KINDS[User]
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
    kind=st.sampled_from(["log", "log", "log", "log", "backfill", "void", "advance", "edit", "milestone", "owner"]),
    seconds=st.integers(min_value=0, max_value=2 * 86_400),
    activity=st.one_of(st.integers(-300, 3600), st.integers(-300, 20 * 86_400)),
    value=st.integers(min_value=0, max_value=400_000_000).map(lambda units: Decimal(units).scaleb(-6)),
    choice=st.integers(min_value=0, max_value=1000),
)
EDITS: list[dict[str, Any]] = [
    {"status": "paused"},
    {"status": "live"},
    {"aggregation_period": "daily", "rolling_seconds": None},
    {"aggregation_period": "weekly", "rolling_seconds": None, "week_start": "sunday"},
    {"aggregation_period": "monthly", "rolling_seconds": None},
    {"aggregation_period": "rolling", "rolling_seconds": 90_000, "reset_time": "00:00"},
    {"timezone": "Pacific/Kiritimati"},
    {"timezone": "America/New_York"},
    {"aggregation_method": "distinct", "distinct_by": "shop"},
    {"aggregation_method": "sum"},
    {"aggregation_method": "count"},
    {"late_grace_seconds": 0},
    {"late_grace_seconds": 3 * 86_400},
    {"ends_at": at("2026-04-15T12:00")},
    {"ends_at": None, "starts_at": None},
    {"rollback_after_completion": True},
    {"completion_target_value": 100},
]


def happened(steps: list[Step]) -> Engagement:
    """An engagement after all of these steps; a refused one leaves nothing."""
    engagement = Engagement(defined(aggregation_period="daily"))
    now = at("2026-04-01T12:00")
    for number, step in enumerate(steps):
        now += timedelta(seconds=step.seconds)
        before = len(engagement.recorded)
        try:
            take(engagement, step, number, now)
        except Refused:
            assert len(engagement.recorded) == before
    return engagement


def take(engagement: Engagement, step: Step, number: int, now: datetime) -> None:
    match step.kind:
        case "log" | "backfill":
            activity_at = now - timedelta(seconds=step.activity)
            one = entry(activity_at, step.value, f"n-{number}", shop=SHOPS[step.choice % 3])
            engagement.log(one, now, backfill=step.kind == "backfill")
        case "void":
            engagement.void(f"n-{step.choice % (number + 1)}", now)
        case "advance":
            engagement.advance(now)
        case "edit":
            change = redefine(**EDITS[step.choice % len(EDITS)])
            engagement.challenge = after(engagement.challenge, change, now)
        case "milestone":
            engagement.challenge = after(engagement.challenge, milestone(engagement.challenge, step.choice), now)
        case "owner":
            engagement.owner = list(OwnerStatus)[step.choice % 3]


def milestone(challenge: Challenge, choice: int) -> Any:
    """Another milestone; the first one becomes repeatable or not."""
    if choice % 2 and challenge.milestones:
        return change_milestone(repeatable=not challenge.milestones[0].repeatable)
    return add_milestone(1 + choice, len(challenge.milestones) + 1, repeatable=bool(choice % 3))


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_replaying_the_written_events_gives_the_state_of_the_decision(steps: list[Step]):
    engagement = happened(steps)

    read = [
        (decode_state(type(one.event).TOPIC, encode_state(one.event)), one.recorded_at) for one in engagement.recorded
    ]
    state = empty()
    for event, recorded_at in read:
        state = CHALLENGE_PROGRESS.evolve(state, event, recorded_at)

    assert [event for event, _ in read] == [one.event for one in engagement.recorded]
    assert state == engagement.state
    assert fold(CHALLENGE_PROGRESS, empty(), engagement.recorded) == engagement.state


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_a_snapshot_is_the_state(steps: list[Step]):
    engagement = happened(steps)

    progress = CHALLENGE_PROGRESS.decode(encode_state(engagement.state).decode())
    challenge = CHALLENGE.decode(encode_state(engagement.challenge).decode())

    assert (progress, challenge) == (engagement.state, engagement.challenge)
    assert progress.due_at == engagement.state.due_at
    assert challenge.rules == engagement.challenge.rules


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_a_moment_counts_for_one_run_and_a_reward_is_issued_once(steps: list[Step]):
    events = [one.event for one in happened(steps).recorded]

    started = [event for event in events if isinstance(event, RunStarted)]
    windows = sorted((event.window.start, event.window.end) for event in started)
    assert all(before[1] <= following[0] for before, following in pairwise(windows))
    assert len({event.run_id for event in started}) == len(started)
    assert len({event.window.key for event in started}) == len(started)

    counted = [event for event in events if isinstance(event, EntryCounted)]
    assert all(event.window.start <= event.entry.activity_at < event.window.end for event in counted)
    entries = [one.entry.unique_identifier for one in events if isinstance(one, EntryCounted | EntryNotCounted)]
    assert len(set(entries)) == len(entries)

    issued = [event for event in events if isinstance(event, MilestoneReached)]
    assert len({event.reward_id for event in issued}) == len(issued)
    sealed = [event.run_id for event in events if isinstance(event, RunFailed | RunSealed | RunExcused)]
    assert len(set(sealed)) == len(sealed)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_an_open_tally_is_what_its_entries_make_without_those_that_were_voided(steps: list[Step]):
    engagement = happened(steps)

    events = [one.event for one in engagement.recorded]
    voided = {event.entry_id for event in events if isinstance(event, EntryVoided)}
    for run in engagement.state.runs:
        kept = [
            one.event.entry
            for one in engagement.recorded
            if isinstance(one.event, EntryCounted) and one.event.run_id == run.id and one.entry_id not in voided
        ]
        made = {
            Method.SUM: sum((one.activity_value or Decimal(0) for one in kept), Decimal(0)),
            Method.COUNT: len(kept),
            Method.DISTINCT: len({one.attributes["shop"] for one in kept}),
        }
        assert (run.value, run.tally.count) == (made[run.rules.method], len(kept))
        assert not kept or run.started_at == min(one.activity_at for one in kept)


def test_the_stream_of_a_definition_replays_and_keeps():
    commands = [redefine(status="paused"), redefine(status="live", ends_at=at("2027-01-01")), add_milestone("0.5")]
    state: Challenge | None = None
    live = defined(
        timezone="Europe/Vienna", event_types=("order.paid", "order.refunded"), completion_target_value="0.1"
    )
    events = [challenges.ChallengeDefined(challenge_id=live.id, fields=live.fields)]
    for command in commands:
        events += challenges.decide(live, command, NOW)
        live = after(live, command, NOW)

    for event in events:
        state = CHALLENGE.evolve(state, decode_state(type(event).TOPIC, encode_state(event)), NOW)

    assert state == live
    assert CHALLENGE.decode(encode_state(live).decode()) == live


def test_the_stream_of_a_user_replays_and_keeps():
    events = [
        UserRegistered(user_id="ana", status=OwnerStatus.DRAFT),
        UserChanged(user_id="ana", changed=("status",), status=OwnerStatus.PAUSED),
    ]
    state: User | None = None

    for event in events:
        state = users.evolve(state, decode_state(type(event).TOPIC, encode_state(event)), NOW)

    assert state == User(id="ana", status=OwnerStatus.PAUSED)
    assert USER.decode(encode_state(state).decode()) == state
