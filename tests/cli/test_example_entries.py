"""The demo's examples are those of the source whatever the day and hour, and however often they are loaded."""

from datetime import UTC, datetime, timedelta

import pytest

from api.schema.definitions import apply
from cli.example_entries import definitions, load
from projections import challenge_progress, records
from projections.listing import Page

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
        apply(log, "demo", definitions(), now=now)
        examples = load(log, "demo", now)
        return [challenge_progress.one(reader, "demo", one.progress_id, now=now) for one in examples]

    return run


def figures(found):
    return [(record.status, float(record.value), record.count) for record in found]


AS_IN_THE_SOURCE = [("in_progress", 187.5, 3), ("completed", 8, 8), ("failed", 61420, 7)]


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_the_examples_are_right_at_every_moment(shown, now):
    found = shown(now)

    assert figures(found) == AS_IN_THE_SOURCE
    assert all(record.period_start_at <= record.started_at <= now for record in found)
    assert found[2].failed_at == found[2].period_end_at <= now


def test_loaded_again_later_in_the_month_nothing_changes(shown, reader):
    first = datetime(2026, 6, 1, 0, 5, 5, tzinfo=UTC)
    before = shown(first)

    after = shown(first + timedelta(days=6, hours=2))

    assert [record.id for record in after] == [record.id for record in before]
    assert figures(after) == AS_IN_THE_SOURCE
    assert after[0].started_at == before[0].started_at
    log = records.of_tenant(reader, records.CHALLENGE_LOG, "demo", {}, Page(limit=100))
    assert len(log.rows) == 3 + 8 + 7


def test_a_month_later_it_shows_the_new_month(shown):
    before = shown(datetime(2026, 6, 20, tzinfo=UTC))

    after = shown(datetime(2026, 7, 1, 0, 0, 1, tzinfo=UTC))

    assert figures(after) == AS_IN_THE_SOURCE
    assert {record.id for record in before}.isdisjoint(record.id for record in after)


def test_the_milestones_that_were_reached_gave_their_rewards(shown, reader):
    shown(datetime(2026, 11, 21, tzinfo=UTC))

    rewards = records.of_tenant(reader, records.REWARD_LOG, "demo", {}, Page(limit=100)).rows
    names = {row["id"]: row["name"] for row in records.of_tenant(reader, records.MILESTONE, "demo", {}, Page()).rows}
    reached = sorted(names[row["milestone_id"]] for row in rewards)
    assert reached == ["Half of the card", "Half of the way", "The card is full", "The first $100"]
