"""Streaks as rows, and what is live of them."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.commands import AddMilestone, ChangeMilestone, Redefine
from domain.vocabulary import DefinitionStatus, Slug
from projections import records
from projections.listing import Page
from projections.live import live_definitions, live_definitions_by_type, live_streaks
from projections.records import MILESTONE, STREAK, STREAK_LOG
from tests.projections.conftest import ADA, APRIL_3, BOB, define, define_streak

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("others")


def add_milestone(log, streak: UUID, number: int, target: str, **fields: object) -> None:
    told = {"target_value": Decimal(target), **fields}
    command = AddMilestone(id=UUID(int=number), slug=Slug.STREAK, definition_id=streak, fields=told)
    log.define("acme", streak, command, now=APRIL_3)


def redefine(log, streak: UUID, **changes: object) -> None:
    log.define("acme", streak, Redefine(id=streak, slug=Slug.STREAK, changes=changes), now=APRIL_3 + HOUR)


def test_a_streak_is_a_row_that_its_changes_update(reader, log, level, streak):
    redefine(log, streak, completion_target_value=7, event_types=["user.login"], status=DefinitionStatus.PAUSED)
    level()

    row = records.one(reader, STREAK, "acme", streak)

    assert (row["aggregation_target_value"], row["completion_target_value"], row["at_risk_seconds"]) == (50, 7, 14_400)
    assert (row["status"], row["event_types"], row["version"]) == ("paused", ["user.login"], 2)
    assert (row["created_at"], row["updated_at"]) == (APRIL_3, APRIL_3 + HOUR)
    assert [(one.lower, one.upper) for one in row["pauses"]] == [(APRIL_3 + HOUR, None)]
    assert records.one(reader, STREAK, "other", streak) is None


def test_milestones_of_streaks_are_rows_of_their_kind(reader, log, level, streak):
    add_milestone(log, streak, 7, "3", name="three days")
    change = ChangeMilestone(id=UUID(int=7), slug=Slug.STREAK, definition_id=streak, changes={"reward_item_id": "cup"})
    log.define("acme", streak, change, now=APRIL_3)
    level()

    (row,) = records.of_tenant(reader, MILESTONE, "acme", {"slug": "streak", "definition_id": streak}, Page()).rows

    assert (row["name"], row["target_value"], row["reward_item_id"]) == ("three days", 3, "cup")
    assert row["repeatable"] is False
    assert records.one(reader, STREAK, "acme", streak)["version"] == 3


def test_log_entries_are_listed_by_their_kind(reader, level, challenge, say, streak, play):
    say(challenge, ADA, "5")
    played = play(streak, ADA, "60")
    level()

    listed = records.of_tenant(reader, STREAK_LOG, "acme", {}, Page(), owner_id=ADA).rows

    assert [row["id"] for row in listed] == [played.id]
    assert records.one(reader, records.CHALLENGE_LOG, "acme", played.id) is None
    assert records.one(reader, STREAK_LOG, "acme", played.id, owner_id=BOB) is None


def test_an_event_feeds_the_live_definitions_that_name_its_type(reader, log, projector, level):
    types = {"event_types": ["user.login", "user.buy"]}
    challenge, streak = define(log, **types), define_streak(log, **types)
    define(log, event_types=["user.buy"], status=DefinitionStatus.DRAFT)
    define_streak(log, event_types=["user.logi"])
    define_streak(log, "other", **types)
    projector.catch_up()
    level()

    both = [(Slug.CHALLENGE, challenge), (Slug.STREAK, streak)]
    assert live_definitions(reader, "acme", "user.login") == both
    assert live_definitions(reader, "acme", "nobody's") == []
    by_type = live_definitions_by_type(reader, "acme", ["user.buy", "user.logi", "nobody's", "user.buy"])
    assert by_type["user.buy"] == both
    assert (len(by_type["user.logi"]), by_type["nobody's"]) == (1, [])


def test_the_live_streaks_are_listed_by_name_with_their_live_milestones(reader, log, level, streak):
    another = define_streak(log, name="a visit a day")
    define_streak(log, name="not yet", status=DefinitionStatus.DRAFT)
    add_milestone(log, streak, 7, "30")
    add_milestone(log, streak, 8, "7.5", repeatable=True, reward_item_id="cup")
    add_milestone(log, streak, 9, "9", status=DefinitionStatus.ARCHIVED)
    level()

    found = live_streaks(reader, "acme")

    assert [one.id for one in found] == [another, streak]
    milestones = [(one.target_value, one.repeatable, one.reward_item_id) for one in found[1].milestones]
    assert milestones == [(Decimal("7.5"), True, "cup"), (30, False, None)]
    assert found[0].milestones == []
    assert [one.name for one in live_streaks(reader, "other")] == ["daily spend"]
