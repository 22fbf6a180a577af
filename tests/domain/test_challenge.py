"""Definitions of challenges (RULES 3): what is checked, what an edit does, and every command allowed, refused, idle."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from domain.challenge import ChallengeChanged, ChallengeMilestoneAdded, ChallengeMilestoneChanged, decide
from domain.commands import Define, Redefine
from domain.definitions import Pause, pauses_after, touched
from domain.errors import AlreadyExists, InvalidInput, NotFound
from domain.vocabulary import DefinitionStatus, Method, Period, Slug, WeekDay
from domain.windows import Window
from tests.domain.given import (
    CHALLENGE_ID,
    add_milestone,
    after,
    at,
    change_milestone,
    defined,
    entry,
    fields,
    given,
    kinds,
    milestone_id,
    redefine,
)

LIVE, PAUSED, ARCHIVED, DRAFT = (
    DefinitionStatus.LIVE,
    DefinitionStatus.PAUSED,
    DefinitionStatus.ARCHIVED,
    DefinitionStatus.DRAFT,
)
NOON = at("2026-04-03T12:00")


def define(**changes: Any) -> Define:
    return Define(id=CHALLENGE_ID, slug=Slug.CHALLENGE, fields=fields(**changes))


def complaints(**changes: Any) -> dict[str, Any]:
    """What is wrong with a challenge of these fields, by field."""
    with pytest.raises(InvalidInput) as refusal:
        list(decide(None, define(**changes), NOON))
    return refusal.value.errors


def test_a_challenge_is_made_with_the_defaults_of_the_rules():
    challenge = after(
        None,
        Define(
            id=CHALLENGE_ID,
            slug=Slug.CHALLENGE,
            fields={
                "name": "Eight visits",
                "aggregation_method": "count",
                "aggregation_period": "monthly",
                "completion_target_value": 8,
            },
        ),
    )

    assert challenge.version == 1
    assert challenge.fields.status is DRAFT
    assert (challenge.fields.timezone, challenge.fields.reset_time) == ("UTC", "00:00")
    assert challenge.fields.week_start is WeekDay.MONDAY
    assert challenge.fields.late_grace_seconds == 300
    assert not challenge.fields.rollback_after_completion
    assert challenge.rules.target == 8


def test_a_challenge_that_is_there_is_not_made_again():
    with pytest.raises(AlreadyExists):
        list(decide(defined(), define(), NOON))


def test_what_files_say_in_words_and_numbers_becomes_what_the_fields_are():
    challenge = defined(
        aggregation_period="weekly",
        week_start="sunday",
        completion_target_value="100000.50",
        event_types=["order.paid"],
        starts_at=datetime(2026, 4, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    )

    assert (challenge.fields.aggregation_period, challenge.fields.week_start) == (Period.WEEKLY, WeekDay.SUNDAY)
    assert challenge.fields.aggregation_method is Method.SUM
    assert challenge.fields.completion_target_value.as_tuple() == Decimal("100000.5").as_tuple()
    assert challenge.fields.event_types == ("order.paid",)
    assert challenge.fields.starts_at == at("2026-04-01")
    assert challenge.fields.starts_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"name": ""}, "name", "must have 1 to 256 characters"),
        ({"name": "x" * 257}, "name", "must have 1 to 256 characters"),
        ({"name": None}, "name", "Expected `str`, got `null`"),
        ({"name": "a\x00b"}, "name", "must not hold the character U+0000"),
        ({"name": "a\ud800"}, "name", "must not hold half of a character (a lone surrogate)"),
        ({"description": "x" * 1025}, "description", "must have at most 1024 characters"),
        ({"nickname": "x"}, "nickname", "is not a field"),
        ({"status": "running"}, "status", "Invalid enum value 'running'"),
        ({"aggregation_method": "average"}, "aggregation_method", "Invalid enum value 'average'"),
        ({"aggregation_period": "fortnightly"}, "aggregation_period", "Invalid enum value 'fortnightly'"),
        ({"timezone": "Europe/Wien"}, "timezone", "'Europe/Wien' is not an IANA time zone"),
        ({"timezone": "localtime"}, "timezone", "'localtime' is not an IANA time zone"),
        ({"timezone": "../etc/passwd"}, "timezone", "'../etc/passwd' is not an IANA time zone"),
        ({"reset_time": "25:00"}, "reset_time", "'25:00' is not a time from 00:00 to 23:59"),
        ({"reset_time": "24:00"}, "reset_time", "'24:00' is not a time from 00:00 to 23:59"),
        ({"reset_time": "4:00"}, "reset_time", "'4:00' is not a time from 00:00 to 23:59"),
        ({"reset_time": "04:00\n"}, "reset_time", "'04:00\\n' is not a time from 00:00 to 23:59"),
        ({"week_start": "someday"}, "week_start", "Invalid enum value 'someday'"),
        ({"late_grace_seconds": -1}, "late_grace_seconds", "must be from 0 to 2592000"),
        ({"late_grace_seconds": 2592001}, "late_grace_seconds", "must be from 0 to 2592000"),
        ({"completion_target_value": Decimal(0)}, "completion_target_value", "must be greater than 0"),
        ({"completion_target_value": Decimal(-8)}, "completion_target_value", "must not be negative"),
        ({"completion_target_value": Decimal("NaN")}, "completion_target_value", "must be a finite number"),
        ({"completion_target_value": True}, "completion_target_value", "Expected `decimal`, got `bool`"),
        (
            {"completion_target_value": Decimal("0.0000001")},
            "completion_target_value",
            "must have at most 6 digits after the decimal point",
        ),
        ({"aggregation_method": "distinct"}, "distinct_by", "is needed to count distinct values"),
        ({"aggregation_period": "once", "ends_at": NOON}, "starts_at", "is needed for the period 'once'"),
        ({"aggregation_period": "once", "starts_at": NOON}, "ends_at", "is needed for the period 'once'"),
        ({"starts_at": NOON, "ends_at": NOON}, "ends_at", "must be after startsAt"),
        ({"starts_at": datetime(2026, 4, 1)}, "starts_at", "2026-04-01T00:00:00 has no time zone"),  # noqa: DTZ001
        (
            {"aggregation_period": "rolling", "reset_time": "04:00"},
            "reset_time",
            "a rolling window has no reset time",
        ),
        ({"rolling_seconds": 3600}, "rolling_seconds", "belongs to the period 'rolling' only"),
        ({"aggregation_period": "rolling", "rolling_seconds": 0}, "rolling_seconds", "must be from 60 to 31622400"),
        ({"event_types": [""]}, "event_types", "must have 1 to 256 characters"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(wrong: dict[str, Any], field: str, message: str):
    assert complaints(**wrong) == {field: [message]}


def test_a_missing_field_is_refused_by_its_name():
    with pytest.raises(InvalidInput) as refusal:
        list(decide(None, Define(id=CHALLENGE_ID, slug=Slug.CHALLENGE, fields={"name": "Visits"}), NOON))

    assert refusal.value.errors == {
        "aggregation_method": ["is needed"],
        "aggregation_period": ["is needed"],
        "completion_target_value": ["is needed"],
    }


def test_every_wrong_field_is_named_at_once():
    assert set(complaints(timezone="Mars/Olympus", reset_time="25:00", completion_target_value=Decimal(0))) == {
        "timezone",
        "reset_time",
        "completion_target_value",
    }


@pytest.mark.parametrize("period", [one for one in Period if one not in (Period.ONCE, Period.ROLLING)])
def test_a_calendar_period_takes_a_zone_and_a_reset_time(period: Period):
    challenge = defined(aggregation_period=period, timezone="Europe/Vienna", reset_time="23:59")

    assert challenge.rules.schedule.period is period
    assert challenge.rules.schedule.reset_time == "23:59"


def test_an_edit_makes_the_next_version():
    events = list(decide(defined(), redefine(completion_target_value=Decimal(600), name="Spend 600"), NOON))

    assert kinds(events) == ["ChallengeChanged"]
    assert isinstance(events[0], ChallengeChanged)
    assert set(events[0].changed) == {"completion_target_value", "name"}
    assert after(defined(), redefine(name="Spend 600")).version == 2


def test_an_edit_names_what_changed_and_leaves_the_rest():
    challenge = after(defined(timezone="Europe/Vienna"), redefine(name="Spend 600", status="live"))

    assert (challenge.fields.name, challenge.fields.timezone) == ("Spend 600", "Europe/Vienna")


def test_an_edit_to_what_is_there_already_is_nothing_to_do():
    assert list(decide(defined(), redefine(completion_target_value=Decimal("500.00"), status="live"), NOON)) == []
    assert list(decide(defined(), redefine(), NOON)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"completion_target_value": Decimal(0)}, "completion_target_value"),
        ({"aggregation_period": "once"}, "starts_at"),
        ({"nickname": "x"}, "nickname"),
    ],
)
def test_a_wrong_edit_is_refused_as_a_wrong_definition_is(changes: dict[str, Any], field: str):
    with pytest.raises(InvalidInput) as refusal:
        list(decide(defined(), redefine(**changes), NOON))

    assert field in refusal.value.errors


def test_an_edit_of_a_challenge_that_is_not_there_is_refused():
    with pytest.raises(NotFound):
        list(decide(None, Redefine(id=CHALLENGE_ID, slug=Slug.CHALLENGE, changes={}), NOON))


def test_an_edit_never_touches_a_run_in_progress():
    """RULES 3: An edit counts for runs that start later; it never resets or recounts a run."""
    engagement = given(defined(), entry("2026-04-01T10:00", 200))

    engagement.change(completion_target_value=Decimal(100), aggregation_period="daily", late_grace_seconds=0)
    engagement.log(entry("2026-04-02T10:00", 50))

    assert (engagement.run.value, engagement.run.rules.target) == (250, 500)
    assert (engagement.run.window.key, engagement.run.completed_at) == ("2026-04", None)
    assert engagement.run.rules.definition_version == 1


def test_a_run_that_starts_after_an_edit_has_the_new_rules():
    engagement = given(defined(), entry("2026-04-01T10:00", 200))

    engagement.change(completion_target_value=Decimal(100), aggregation_period="daily")
    engagement.log(entry("2026-05-02T10:00", 50))

    assert (engagement.run.rules.target, engagement.run.window.key) == (100, "2026-05-02")
    assert engagement.run.rules.definition_version == 2


def test_a_pause_lasts_from_one_edit_to_another():
    challenge = after(defined(), redefine(status="paused"), NOON)
    assert challenge.pauses == (Pause(NOON),)

    challenge = after(challenge, redefine(name="Still paused"), NOON + timedelta(hours=1))
    assert challenge.pauses == (Pause(NOON),)

    challenge = after(challenge, redefine(status="live"), NOON + timedelta(hours=2))
    assert challenge.pauses == (Pause(NOON, NOON + timedelta(hours=2)),)

    challenge = after(challenge, redefine(status="paused"), NOON + timedelta(days=1))
    assert challenge.pauses == (Pause(NOON, NOON + timedelta(hours=2)), Pause(NOON + timedelta(days=1)))


@pytest.mark.parametrize("status", [LIVE, ARCHIVED, DRAFT])
def test_a_pause_ends_with_any_other_status(status: DefinitionStatus):
    assert pauses_after((Pause(at("2026-04-01")),), PAUSED, status, NOON) == (Pause(at("2026-04-01"), NOON),)


def test_a_pause_that_ends_no_later_than_it_began_has_excused_nothing():
    assert pauses_after((Pause(NOON),), PAUSED, LIVE, NOON) == ()
    assert pauses_after((Pause(NOON),), PAUSED, LIVE, NOON - timedelta(seconds=1)) == ()


@pytest.mark.parametrize(
    ("pause", "is_touched"),
    [
        (Pause(at("2026-03-01"), at("2026-04-01")), False),
        (Pause(at("2026-03-01"), at("2026-04-01T00:00:01")), True),
        (Pause(at("2026-04-30T23:59:59")), True),
        (Pause(at("2026-05-01")), False),
        (Pause(at("2026-04-10"), at("2026-04-11")), True),
    ],
)
def test_a_pause_touches_a_window_that_shares_a_moment_with_it(pause: Pause, is_touched: bool):
    april = Window("2026-04", at("2026-04-01"), at("2026-05-01"))

    assert touched((pause,), april) is is_touched


def test_a_milestone_of_a_challenge_is_repeatable_unless_it_says_otherwise():
    """RULES 5: default: true for a challenge, whose every window is a new try."""
    challenge = after(after(defined(), add_milestone(100)), add_milestone(200, 2, repeatable=False))

    assert [one.repeatable for one in challenge.milestones] == [True, False]
    assert challenge.version == 3


def test_adding_a_milestone_says_so():
    (event,) = decide(defined(), add_milestone(Decimal("100.50"), name="Halfway", reward_item_id="mug"), NOON)

    assert isinstance(event, ChallengeMilestoneAdded)
    assert (event.milestone.id, event.milestone.target_value) == (milestone_id(1), Decimal("100.5"))


@pytest.mark.parametrize(
    ("target", "message"),
    [(0, "must be greater than 0"), (-5, "must not be negative"), ("NaN", "must be a finite number")],
)
def test_a_milestone_is_above_0(target: object, message: str):
    with pytest.raises(InvalidInput) as refusal:
        list(decide(defined(), add_milestone(target), NOON))

    assert refusal.value.errors == {"target_value": [message]}


def test_two_milestones_never_have_the_same_threshold():
    challenge = after(after(defined(), add_milestone(100)), add_milestone(200, 2))

    with pytest.raises(InvalidInput) as added:
        list(decide(challenge, add_milestone("100.00", 3), NOON))
    with pytest.raises(InvalidInput) as changed:
        list(decide(challenge, change_milestone(2, target_value=100), NOON))

    assert added.value.errors == changed.value.errors == {"target_value": ["another milestone has 100 already"]}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": "x" * 257}, "name"), ({"description": "x" * 1025}, "description"), ({"colour": "red"}, "colour")],
)
def test_a_wrong_field_of_a_milestone_is_refused_by_its_name(wrong: dict[str, Any], field: str):
    with pytest.raises(InvalidInput) as refusal:
        list(decide(defined(), add_milestone(100, **wrong), NOON))

    assert set(refusal.value.errors) == {field}


def test_a_milestone_that_is_there_is_not_added_again():
    with pytest.raises(AlreadyExists):
        list(decide(after(defined(), add_milestone(100)), add_milestone(200), NOON))


def test_a_milestone_changes_and_keeps_what_is_not_named():
    (event,) = decide(after(defined(), add_milestone(100, name="Halfway")), change_milestone(target_value=150), NOON)

    assert isinstance(event, ChallengeMilestoneChanged)
    assert (event.milestone.target_value, event.milestone.name) == (150, "Halfway")


def test_a_milestone_changed_to_what_it_is_is_nothing_to_do():
    challenge = after(defined(), add_milestone(100, name="Halfway"))

    assert list(decide(challenge, change_milestone(target_value=Decimal("100.0"), name="Halfway"), NOON)) == []


def test_a_milestone_that_is_not_there_cannot_change():
    with pytest.raises(NotFound):
        list(decide(defined(), change_milestone(target_value=150), NOON))
    with pytest.raises(NotFound):
        list(decide(None, change_milestone(target_value=150), NOON))


def test_an_archived_milestone_is_in_no_later_run_and_keeps_its_threshold():
    challenge = after(after(defined(), add_milestone(100)), change_milestone(status="archived"))

    assert challenge.rules.milestones == ()
    with pytest.raises(InvalidInput):
        list(decide(challenge, add_milestone(100, 2), NOON))


def test_the_rules_of_a_run_list_milestones_from_the_lowest():
    challenge = after(after(defined(), add_milestone(300)), add_milestone(100, 2))

    assert [one.target_value for one in challenge.rules.milestones] == [100, 300]
