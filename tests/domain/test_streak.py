"""Definitions of streaks (RULES 3): what they add to challenges, and every command allowed, refused, idle."""

from decimal import Decimal
from typing import Any

import pytest

from domain.commands import Define, Redefine
from domain.definitions import Pause
from domain.errors import AlreadyExists, InvalidInput, NotFound
from domain.streak import StreakChanged, StreakDefined, StreakMilestoneAdded, StreakMilestoneChanged, decide
from domain.vocabulary import DefinitionStatus, Period, Slug, WeekDay
from tests.domain.given import at, kinds, milestone_id
from tests.domain.given_streak import (
    STREAK_ID,
    add_milestone,
    after,
    change_milestone,
    defined,
    fields,
    redefine,
)

NOON = at("2026-04-03T12:00")


def define(**changes: Any) -> Define:
    return Define(id=STREAK_ID, slug=Slug.STREAK, fields=fields(**changes))


def complaints(**changes: Any) -> dict[str, Any]:
    """What is wrong with a streak of these fields, by field."""
    with pytest.raises(InvalidInput) as refusal:
        list(decide(None, define(**changes), NOON))
    return refusal.value.errors


def test_a_streak_is_made_with_the_defaults_of_the_rules():
    told = {
        "name": "Log in daily",
        "aggregation_method": "count",
        "aggregation_period": "daily",
        "aggregation_target_value": 1,
    }

    streak = after(None, Define(id=STREAK_ID, slug=Slug.STREAK, fields=told))

    assert (streak.id, streak.version, streak.fields.status) == (STREAK_ID, 1, DefinitionStatus.DRAFT)
    assert (streak.fields.timezone, streak.fields.reset_time) == ("UTC", "00:00")
    assert streak.fields.week_start is WeekDay.MONDAY
    assert (streak.fields.late_grace_seconds, streak.fields.at_risk_seconds) == (300, 14_400)
    assert not streak.fields.rollback_after_completion
    assert streak.fields.completion_target_value is None
    assert (streak.rules.target, streak.rules.completion, streak.rules.at_risk_seconds) == (1, None, 14_400)


def test_a_streak_says_that_it_was_made():
    (event,) = decide(None, define(), NOON)

    assert isinstance(event, StreakDefined)
    assert (event.streak_id, event.fields.aggregation_target_value) == (STREAK_ID, 50)


def test_a_streak_that_is_there_is_not_made_again():
    with pytest.raises(AlreadyExists):
        list(decide(defined(), define(), NOON))


def test_a_run_is_judged_by_the_target_of_a_window_and_a_number_of_windows():
    rules = defined(aggregation_target_value="0.5", completion_target_value=3, at_risk_seconds=60).rules

    assert (rules.target, rules.completion, rules.at_risk_seconds) == (Decimal("0.5"), 3, 60)


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"name": ""}, "name", "must have 1 to 256 characters"),
        ({"nickname": "x"}, "nickname", "is not a field"),
        ({"timezone": "Mars/Olympus"}, "timezone", "'Mars/Olympus' is not an IANA time zone"),
        ({"reset_time": "25:00"}, "reset_time", "'25:00' is not a time from 00:00 to 23:59"),
        ({"aggregation_period": "fortnightly"}, "aggregation_period", "Invalid enum value 'fortnightly'"),
        ({"aggregation_method": "distinct"}, "distinct_by", "is needed to count distinct values"),
        ({"aggregation_target_value": Decimal(0)}, "aggregation_target_value", "must be greater than 0"),
        ({"aggregation_target_value": Decimal(-1)}, "aggregation_target_value", "must not be negative"),
        ({"aggregation_target_value": Decimal("Infinity")}, "aggregation_target_value", "must be a finite number"),
        ({"aggregation_target_value": None}, "aggregation_target_value", "Expected `decimal`, got `null`"),
        (
            {"aggregation_target_value": Decimal("0.0000001")},
            "aggregation_target_value",
            "must have at most 6 digits after the decimal point",
        ),
        ({"completion_target_value": 0}, "completion_target_value", "must be from 1 to 1000000, or null"),
        ({"completion_target_value": 1_000_001}, "completion_target_value", "must be from 1 to 1000000, or null"),
        ({"completion_target_value": -3}, "completion_target_value", "must be from 1 to 1000000, or null"),
        ({"at_risk_seconds": -1}, "at_risk_seconds", "must be from 0 to 31622400"),
        ({"at_risk_seconds": 31_622_401}, "at_risk_seconds", "must be from 0 to 31622400"),
        ({"late_grace_seconds": -1}, "late_grace_seconds", "must be from 0 to 2592000"),
        (
            {"aggregation_period": "rolling", "reset_time": "04:00"},
            "reset_time",
            "a rolling window has no reset time",
        ),
        (
            {
                "aggregation_period": "once",
                "starts_at": at("2026-04-01"),
                "ends_at": NOON,
                "completion_target_value": 2,
            },
            "completion_target_value",
            "must be 1 or null for the period 'once', which is a single window",
        ),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(wrong: dict[str, Any], field: str, message: str):
    assert complaints(**wrong) == {field: [message]}


@pytest.mark.parametrize("wrong", ["2.5", "three", True, Decimal("2.5")])
def test_windows_are_whole(wrong: object):
    assert set(complaints(completion_target_value=wrong)) == {"completion_target_value"}


def test_a_missing_field_is_refused_by_its_name():
    with pytest.raises(InvalidInput) as refusal:
        list(decide(None, Define(id=STREAK_ID, slug=Slug.STREAK, fields={"name": "Visits"}), NOON))

    assert refusal.value.errors == {
        "aggregation_method": ["is needed"],
        "aggregation_period": ["is needed"],
        "aggregation_target_value": ["is needed"],
    }


def test_every_wrong_field_is_named_at_once():
    wrong = {"timezone": "Mars/Olympus", "completion_target_value": 0, "aggregation_target_value": Decimal(0)}

    assert set(complaints(**wrong)) == set(wrong)


@pytest.mark.parametrize("period", [one for one in Period if one is not Period.ONCE])
def test_a_streak_may_have_any_period(period: Period):
    assert defined(aggregation_period=period).rules.schedule.period is period


@pytest.mark.parametrize("completion", [1, None])
def test_a_streak_of_a_single_window_completes_with_it_or_never(completion: int | None):
    streak = defined(
        aggregation_period="once", starts_at=at("2026-04-01"), ends_at=NOON, completion_target_value=completion
    )

    assert streak.rules.completion == completion


def test_an_edit_makes_the_next_version_and_names_what_changed():
    (event,) = decide(defined(), redefine(aggregation_target_value=Decimal(60), name="Spend 60"), NOON)

    assert isinstance(event, StreakChanged)
    assert set(event.changed) == {"aggregation_target_value", "name"}
    assert (event.fields.aggregation_target_value, event.fields.completion_target_value) == (60, 7)
    assert after(defined(), redefine(name="Spend 60")).version == 2


def test_a_streak_may_become_open_ended():
    assert after(defined(), redefine(completion_target_value=None)).rules.completion is None


def test_an_edit_to_what_is_there_already_is_nothing_to_do():
    assert list(decide(defined(), redefine(aggregation_target_value=Decimal("50.00"), status="live"), NOON)) == []
    assert list(decide(defined(), redefine(), NOON)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"aggregation_target_value": Decimal(0)}, "aggregation_target_value"),
        ({"completion_target_value": 0}, "completion_target_value"),
        ({"aggregation_period": "once"}, "starts_at"),
        ({"at_risk_seconds": -1}, "at_risk_seconds"),
        ({"completion_target": 3}, "completion_target"),
    ],
)
def test_a_wrong_edit_is_refused_as_a_wrong_definition_is(changes: dict[str, Any], field: str):
    with pytest.raises(InvalidInput) as refusal:
        list(decide(defined(), redefine(**changes), NOON))

    assert field in refusal.value.errors


def test_an_edit_of_a_streak_that_is_not_there_is_refused():
    with pytest.raises(NotFound):
        list(decide(None, Redefine(id=STREAK_ID, slug=Slug.STREAK, changes={}), NOON))


def test_a_pause_lasts_from_one_edit_to_another():
    paused = after(defined(), redefine(status="paused"), NOON)
    assert paused.pauses == (Pause(NOON),)

    live = after(paused, redefine(status="live"), at("2026-04-04"))
    assert live.pauses == (Pause(NOON, at("2026-04-04")),)


def test_a_milestone_of_a_streak_is_given_once_unless_it_says_otherwise():
    """RULES 5: default: … false for a streak."""
    streak = after(after(defined(), add_milestone(3)), add_milestone(5, 2, repeatable=True))

    assert [one.repeatable for one in streak.milestones] == [False, True]
    assert streak.version == 3


def test_adding_a_milestone_says_so():
    (event,) = decide(defined(), add_milestone(3, name="Three days", reward_item_id="mug"), NOON)

    assert isinstance(event, StreakMilestoneAdded)
    assert (event.streak_id, event.milestone.id, event.milestone.target_value) == (STREAK_ID, milestone_id(1), 3)


@pytest.mark.parametrize(
    ("target", "message"),
    [(0, "must be greater than 0"), (-5, "must not be negative"), ("NaN", "must be a finite number")],
)
def test_a_milestone_is_above_0(target: object, message: str):
    with pytest.raises(InvalidInput) as refusal:
        list(decide(defined(), add_milestone(target), NOON))

    assert refusal.value.errors == {"target_value": [message]}


def test_two_milestones_never_have_the_same_threshold():
    streak = after(after(defined(), add_milestone(3)), add_milestone(5, 2))

    with pytest.raises(InvalidInput) as added:
        list(decide(streak, add_milestone("3.00", 3), NOON))
    with pytest.raises(InvalidInput) as changed:
        list(decide(streak, change_milestone(2, target_value=3), NOON))

    assert added.value.errors == changed.value.errors == {"target_value": ["another milestone has 3 already"]}


def test_a_milestone_that_is_there_is_not_added_again():
    with pytest.raises(AlreadyExists):
        list(decide(after(defined(), add_milestone(3)), add_milestone(5), NOON))


def test_a_milestone_changes_and_keeps_what_is_not_named():
    (event,) = decide(after(defined(), add_milestone(3, name="Three")), change_milestone(target_value=4), NOON)

    assert isinstance(event, StreakMilestoneChanged)
    assert (event.milestone.target_value, event.milestone.name) == (4, "Three")


def test_a_milestone_changed_to_what_it_is_is_nothing_to_do():
    streak = after(defined(), add_milestone(3, name="Three"))

    assert list(decide(streak, change_milestone(target_value=Decimal("3.0"), name="Three"), NOON)) == []


def test_a_milestone_that_is_not_there_cannot_change():
    with pytest.raises(NotFound):
        list(decide(defined(), change_milestone(target_value=4), NOON))
    with pytest.raises(NotFound):
        list(decide(None, change_milestone(target_value=4), NOON))


def test_an_archived_milestone_is_in_no_later_run():
    streak = after(after(defined(), add_milestone(3)), change_milestone(status="archived"))

    assert streak.rules.milestones == ()


def test_a_command_that_is_decided_says_only_what_is_its_own():
    assert kinds(decide(defined(), redefine(description="Every day"), NOON)) == ["StreakChanged"]
