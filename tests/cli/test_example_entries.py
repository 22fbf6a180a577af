"""The demo's examples are those of the source whatever the day and hour, and however often they are loaded."""

from datetime import UTC, datetime, timedelta

import pytest

from api.schema.definitions import apply
from cli.example_entries import definitions_for, load
from domain.commands import EraseUser
from domain.erasure import erase_user
from projections import challenge_progress, records, streak_progress, streak_standing
from projections.listing import Page
from projections.streak_windows import task

MOMENTS = [
    datetime(2026, 11, 21, 14, 30, tzinfo=UTC),
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 6, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 6, 1, 0, 4, 59, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2027, 1, 4, 0, 0, 30, tzinfo=UTC),
]


@pytest.fixture
def shown(log, reader):
    """Load the examples at a moment; answer each as it then reads."""

    def run(now):
        apply(log, "demo", definitions_for(log, "demo", now), now=now)
        examples = load(log, "demo", now)
        return [READING[one.name](reader, one, now) for one in examples if one.name in READING]

    return run


def of_challenge(reader, example, now):
    return challenge_progress.one(reader, "demo", example.progress_id, now=now)


def of_streak(reader, example, now):
    return streak_progress.one(reader, "demo", example.progress_id, now=now)


def standing(reader, example, now):
    return streak_standing.of_user(reader, "demo", example.owner_id, now=now, definition_id=example.definition_id)[0]


READING = {
    "monthlySpend": of_challenge,
    "monthlyVisits": of_challenge,
    "weeklySteps": of_challenge,
    "dailySpend": of_streak,
    "weeklyVisits": of_streak,
    "monthlyWorkouts": of_streak,
    "dailyLogin": standing,
}


def figures(found):
    return [(record.status, float(record.value), record.count) for record in found[:3]]


def rows(found, now):
    """Status, value and the period's tally of each streak record."""
    return [(record.status, int(record.value), float(task(record, now).value)) for record in found[3:6]]


AS_IN_THE_SOURCE = [("in_progress", 187.5, 3), ("completed", 8, 8), ("failed", 61420, 7)]
STREAKS_AS_IN_THE_SOURCE = [("in_progress", 3, 0), ("completed", 4, 3), ("broken", 1, 4)]


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_the_examples_are_right_at_every_moment(shown, now):
    found = shown(now)

    assert figures(found) == AS_IN_THE_SOURCE
    assert rows(found, now) == STREAKS_AS_IN_THE_SOURCE
    assert all(record.period_start_at <= record.started_at <= now for record in found[:3])
    assert (found[5].broken_at.month, found[5].broken_at.day, found[5].broken_at <= now) == (3, 1, True)
    assert (found[6].value, found[6].window_count, list(found[6].earned)) == (1, 9, [1])
    assert found[2].failed_at == found[2].period_end_at <= now


def test_loaded_again_later_in_the_month_nothing_changes(shown, reader):
    first = datetime(2026, 6, 1, 0, 5, 5, tzinfo=UTC)
    before = shown(first)

    after = shown(first + timedelta(days=6, hours=2))

    assert [record.id for record in after[:3]] == [record.id for record in before[:3]]
    assert rows(after, first + timedelta(days=6, hours=2)) == STREAKS_AS_IN_THE_SOURCE
    assert figures(after) == AS_IN_THE_SOURCE
    assert after[0].started_at == before[0].started_at
    log = records.of_tenant(reader, records.CHALLENGE_LOG, "demo", {}, Page(limit=100))
    assert len(log.rows) == 3 + 8 + 7


def test_a_month_later_it_shows_the_new_month(shown):
    before = shown(datetime(2026, 6, 20, tzinfo=UTC))

    after = shown(datetime(2026, 7, 1, 0, 0, 1, tzinfo=UTC))

    assert figures(after) == AS_IN_THE_SOURCE
    assert {record.id for record in before[:3]}.isdisjoint(record.id for record in after[:3])


def test_the_milestones_that_were_reached_gave_their_rewards(shown, reader):
    shown(datetime(2026, 11, 21, tzinfo=UTC))

    rewards = records.of_tenant(reader, records.REWARD_LOG, "demo", {}, Page(limit=100)).rows
    names = {row["id"]: row["name"] for row in records.of_tenant(reader, records.MILESTONE, "demo", {}, Page()).rows}
    reached = sorted(names[row["milestone_id"]] for row in rewards)
    of_challenges = ["Half of the card", "Half of the way", "The card is full", "The first $100"]
    of_streaks = ["A day", "Four weeks", "The first month", "Three days"]
    assert reached == sorted(of_challenges + of_streaks)


def test_who_was_erased_stays_so_and_the_examples_are_loaded_all_the_same(shown, log, reader):
    now = MOMENTS[0]
    shown(now)
    erased = {log.user_id("demo", name) for name in ("ada", "fay-2026", f"dora-{now:%Y-%m-%d}")}
    for identifier in erased:
        erase_user(log, "demo", EraseUser(id=identifier, actor="support"), now=now)

    again = shown(now + timedelta(minutes=1))

    assert (figures(again), rows(again, now)) == (AS_IN_THE_SOURCE, STREAKS_AS_IN_THE_SOURCE)
    found = records.with_ids(reader, records.ACCOUNT_USER, "demo", list(erased))
    assert [one["first_name"] for one in found.values()] == [None] * 3
