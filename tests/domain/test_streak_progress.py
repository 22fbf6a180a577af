"""Streak progress: how an entry is placed and counted, and what a run becomes (RULES 4, 5 and 9)."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.engagement import EntryCounted, EntryNotCounted, RunCompleted, RunStarted
from domain.errors import InvalidInput
from domain.ids import entry_id, run_id
from domain.streak_events import PeriodMet, StreakBroken
from domain.vocabulary import OwnerStatus, Reason
from tests.domain.given import at, every, kinds, last
from tests.domain.given_streak import days, defined, entry, given, records, told

VISITS: dict[str, Any] = {
    "aggregation_method": "count",
    "aggregation_period": "weekly",
    "aggregation_target_value": 3,
    "completion_target_value": 4,
}
MONTHS: dict[str, Any] = {"aggregation_period": "monthly", "completion_target_value": 3, "timezone": "Europe/Vienna"}
LOGINS: dict[str, Any] = {"aggregation_method": "count", "aggregation_target_value": 1, "completion_target_value": None}


def not_counted(events: list[Any]) -> Reason:
    assert kinds(events)[-1] == "EntryNotCounted"
    return last(events, EntryNotCounted).reason


def test_three_days_of_seven_and_an_empty_fourth_are_in_progress_with_3():
    """RULES 9: 7-day streak ≥ 50 a day: three days met, day 4 empty so far: in_progress, value 3, taskProgress 0."""
    engagement = given(defined(), *days("2026-04-01", 3))

    engagement.advance("2026-04-04T20:00")

    assert told(engagement) == [("in_progress", 3)]
    assert engagement.run.due is not None
    assert engagement.run.due.key == "2026-04-04"
    assert engagement.state.window_at(at("2026-04-04T20:00")) is None


def test_four_weeks_of_three_visits_complete_with_the_twelfth():
    """RULES 9: 4 weeks x 3 visits, all met: completed, value 4, stamped with the 12th visit."""
    visits = [entry(f"2026-03-{week + day:02}T18:30") for week in (2, 9, 16, 23) for day in (0, 2, 5)]
    engagement = given(defined(**VISITS), *visits[:-1])
    assert told(engagement) == [("in_progress", 3)]

    events = engagement.log(visits[-1])

    assert kinds(events)[:2] == ["EntryCounted", "PeriodMet"]
    assert last(events, RunCompleted).completed_at == visits[-1].activity_at == at("2026-03-28T18:30")
    assert last(events, RunCompleted).value == 4
    assert told(engagement) == [("completed", 4)]


def test_a_missed_february_breaks_the_streak_on_the_first_of_march():
    """RULES 9: 3-month streak: January met, February missed: broken, value 1, brokenAt = 1 March 00:00 in the zone."""
    engagement = given(defined(**MONTHS), entry("2026-01-20T10:00", 50))

    events = engagement.advance("2026-02-28T23:05")

    assert last(events, StreakBroken).broken_at == at("2026-02-28T23:00")
    assert (last(events, StreakBroken).value, last(events, StreakBroken).window.key) == (1, "2026-02")
    assert told(engagement) == [("broken", 1)]


def test_forty_two_fifty_today_is_42_5_of_50():
    """RULES 9: daily ≥ 50: 42.50 today: taskProgress 42.5 of 50."""
    engagement = given(defined(), *days("2026-04-01", 3), entry("2026-04-04T12:00", "42.50"))

    today = engagement.state.window_at(at("2026-04-04T12:00"))

    assert today is not None
    assert f"{today.tally.total(engagement.run.rules.method)}" == "42.5"
    assert (today.met_at, engagement.run.value) == (None, 3)


def test_the_first_entry_starts_the_run():
    events = given(defined()).log(entry("2026-04-03T10:15", 10))

    assert kinds(events) == ["RunStarted", "EntryCounted"]
    started = last(events, RunStarted)
    assert (started.started_at, started.window.key, started.number) == (at("2026-04-03T10:15"), "2026-04-03", 1)
    assert (started.rules.target, started.rules.completion, started.slug) == (50, 7, "streak")


def test_an_entry_that_meets_its_window_says_what_the_run_is_worth_then():
    engagement = given(defined(), *days("2026-04-01", 2))

    met = last(engagement.log(entry("2026-04-03T09:00", 60)), PeriodMet)

    assert (met.value, met.met_at, met.window.key) == (3, at("2026-04-03T09:00"), "2026-04-03")
    assert met.due is not None
    assert met.due.key == "2026-04-04"
    assert (engagement.run.value, engagement.run.last_completed_at) == (3, at("2026-04-03T09:00"))


def test_a_window_is_met_once_and_further_entries_add_to_its_tally():
    engagement = given(defined(), entry("2026-04-01T10:00", 50))

    events = engagement.log(entry("2026-04-01T11:00", 50))

    assert "PeriodMet" not in kinds(events)
    assert last(events, EntryCounted).total == 100
    assert engagement.run.value == 1


def test_several_entries_meet_a_window_together():
    engagement = given(defined(), entry("2026-04-01T10:00", "49.999999"))
    assert told(engagement) == [("in_progress", 0)]

    engagement.log(entry("2026-04-01T11:00", "0.000001"))

    assert told(engagement) == [("in_progress", 1)]


def test_an_activity_at_the_end_of_a_window_belongs_to_the_next():
    """RULES 2: `activityAt == end` belongs to the next window."""
    engagement = given(defined(), entry("2026-04-01T23:59:59.999999", 20), entry("2026-04-02T00:00", 30))

    assert [one.window.key for one in engagement.state.windows] == ["2026-04-01", "2026-04-02"]
    assert told(engagement) == [("in_progress", 0)]


def test_the_first_window_of_a_run_is_required():
    """RULES 5: the window it falls into is the run's first and is required."""
    engagement = given(defined(), entry("2026-04-01T10:00", 10), *days("2026-04-02", 2))

    assert [(one.status, one.value, one.first) for one in records(engagement)] == [
        ("broken", 0, "2026-04-01"),
        ("in_progress", 2, "2026-04-02"),
    ]


def test_a_run_is_named_by_its_engagement_and_number():
    """RULES 5: Record id: derived from the engagement and the run's number (1, 2, …)."""
    engagement = given(defined(), *days("2026-04-01", 1), *days("2026-04-05", 1), *days("2026-04-10", 1))

    found = records(engagement)

    assert [one.number for one in found] == [1, 2, 3]
    assert [one.id for one in found] == [run_id(engagement.state.id, number) for number in ("1", "2", "3")]


def test_the_entry_is_recorded_under_its_permanent_id():
    engagement = given(defined(), entry("2026-04-03T10:15", 10, "order-1001"))

    assert [one.entry_id for one in engagement.recorded] == [None, entry_id(engagement.state.id, "order-1001")]


def test_the_target_of_a_run_completes_it_with_the_activity_that_reached_it():
    engagement = given(defined(completion_target_value=3), *days("2026-04-01", 2))

    events = engagement.log(entry("2026-04-03T09:00", 50), now="2026-04-03T23:00")

    assert last(events, RunCompleted).completed_at == at("2026-04-03T09:00")
    assert told(engagement) == [("completed", 3)]


def test_further_entries_in_the_completing_window_add_to_its_tally_only():
    """RULES 5: After a completed run, further entries in the completing window add to its tally only."""
    engagement = given(defined(completion_target_value=2), *days("2026-04-01", 2))

    events = engagement.log(entry("2026-04-02T15:00", 70))

    assert last(events, EntryCounted).total == 120
    assert last(events, EntryCounted).run_id == records(engagement)[0].id
    assert [(one.status, one.value) for one in records(engagement)] == [("completed", 2)]
    assert records(engagement)[0].ended_at == at("2026-04-02T10:00")


def test_the_first_entry_of_a_later_window_starts_a_new_run():
    """RULES 5: … the first entry of a later window starts a new run."""
    engagement = given(defined(completion_target_value=2), *days("2026-04-01", 2))

    engagement.log(entry("2026-04-03T00:00", 10))

    assert [(one.number, one.status, one.value, one.first) for one in records(engagement)] == [
        (1, "completed", 2, "2026-04-01"),
        (2, "in_progress", 0, "2026-04-03"),
    ]


def test_nothing_is_required_of_the_windows_after_a_completion():
    engagement = given(defined(completion_target_value=2), *days("2026-04-01", 2))

    events = engagement.advance("2026-04-20")
    engagement.log(entry("2026-04-20T10:00", 50))

    assert kinds(events) == ["PeriodSealed"]
    assert told(engagement) == [("completed", 2), ("in_progress", 1)]


def test_a_target_of_one_window_completes_every_window_that_is_met():
    engagement = given(defined(completion_target_value=1), *days("2026-04-01", 3))

    assert told(engagement) == [("completed", 1)] * 3


def test_an_open_ended_streak_never_completes():
    """RULES 3: null = open-ended, never completes."""
    engagement = given(defined(**LOGINS), *[entry(at("2025-01-01T10:00") + timedelta(days=day)) for day in range(500)])

    assert told(engagement) == [("in_progress", 500)]
    assert len(engagement.state.windows) == 1


def test_a_broken_streak_starts_again_with_the_next_entry():
    engagement = given(defined(), *days("2026-04-01", 3))

    events = engagement.log(entry("2026-04-09T10:00", 50))

    assert last(events, StreakBroken).broken_at == at("2026-04-05")
    assert last(events, RunStarted).number == 2
    assert told(engagement) == [("broken", 3), ("in_progress", 1)]


def test_a_streak_breaks_at_the_first_missed_window_however_many_were_missed():
    """RULES 5: at the first missed window however many were missed."""
    engagement = given(defined(), *days("2026-04-01", 3))

    events = engagement.advance("2027-01-01")

    assert [event.broken_at for event in every(events, StreakBroken)] == [at("2026-04-05")]
    assert engagement.advance("2028-01-01") == []


def test_a_record_keeps_its_final_value():
    engagement = given(defined(), *days("2026-04-01", 3), *days("2026-04-09", 5))

    engagement.advance("2026-05-01")

    assert told(engagement) == [("broken", 3), ("broken", 5)]
    assert [one.last_contribution_at for one in records(engagement)] == [at("2026-04-03T10:00"), at("2026-04-13T10:00")]


def test_the_latest_activity_and_the_last_met_window_are_remembered():
    """RULES 5: `lastTaskCompletedAt` = … the entry that last met a window, `lastTaskContributionAt` = the latest."""
    engagement = given(defined(), entry("2026-04-01T10:00", 50), entry("2026-04-02T08:00", 10))

    assert engagement.run.last_completed_at == at("2026-04-01T10:00")
    assert engagement.run.last_contribution_at == at("2026-04-02T08:00")


def test_distinct_counts_new_values_of_one_attribute_in_every_window():
    """RULES 4: `distinct` counts new values of `distinctBy`."""
    countries = {"aggregation_method": "distinct", "distinct_by": "country", "aggregation_target_value": 2}
    visited = [("2026-04-01T08:00", "AT"), ("2026-04-01T09:00", "AT"), ("2026-04-01T10:00", "DE")]
    engagement = given(defined(**countries), *[entry(moment, country=code) for moment, code in visited])
    assert told(engagement) == [("in_progress", 1)]

    engagement.log(entry("2026-04-02T08:00", country="AT"))

    assert told(engagement) == [("in_progress", 1)]
    assert [one.event.new_value for one in engagement.recorded if isinstance(one.event, EntryCounted)] == [
        "AT",
        None,
        "DE",
        "AT",
    ]


@pytest.mark.parametrize("attributes", [{}, {"city": "Graz"}, {"country": None}])
def test_distinct_needs_the_attribute(attributes: dict[str, Any]):
    countries = {"aggregation_method": "distinct", "distinct_by": "country"}

    with pytest.raises(InvalidInput) as refusal:
        given(defined(**countries), entry("2026-04-01", **attributes))

    assert set(refusal.value.errors) == {"attributes"}


def test_counting_ignores_values():
    """RULES 4: `count` stores and ignores it."""
    engagement = given(defined(**LOGINS), entry("2026-04-01", 500), entry("2026-04-02"))

    assert told(engagement) == [("in_progress", 2)]


def test_sums_are_exact_decimals():
    """RULES 4: Exact decimals everywhere, never binary floats."""
    engagement = given(defined(aggregation_target_value="0.3"), *[entry("2026-04-01", "0.1") for _ in range(3)])

    assert told(engagement) == [("in_progress", 1)]
    assert engagement.state.windows[0].tally.sum == Decimal("0.3")


PERIODS: list[tuple[dict[str, Any], list[str], list[str]]] = [
    (
        {"aggregation_period": "hourly"},
        ["2026-04-01T10:59", "2026-04-01T11:00", "2026-04-01T12:30"],
        ["2026-04-01T10", "2026-04-01T11", "2026-04-01T12"],
    ),
    (
        {"aggregation_period": "hourly", "timezone": "Asia/Kolkata", "reset_time": "00:15"},
        ["2026-04-01T10:44", "2026-04-01T10:45"],
        ["2026-04-01T15", "2026-04-01T16"],
    ),
    (
        {"aggregation_period": "daily", "timezone": "Europe/Vienna"},
        ["2026-03-28T22:59", "2026-03-28T23:00", "2026-03-29T22:00"],
        ["2026-03-28", "2026-03-29", "2026-03-30"],
    ),
    (
        {"aggregation_period": "daily", "timezone": "Europe/Vienna", "reset_time": "04:00"},
        ["2026-04-03T01:59:59", "2026-04-03T02:00"],
        ["2026-04-02", "2026-04-03"],
    ),
    (
        {"aggregation_period": "daily", "timezone": "Pacific/Apia"},
        ["2011-12-30T09:59", "2011-12-30T10:00"],
        ["2011-12-29", "2011-12-31"],
    ),
    ({"aggregation_period": "weekly"}, ["2025-12-28T23:59", "2025-12-29T00:00"], ["2025-W52", "2026-W01"]),
    (
        {"aggregation_period": "weekly", "week_start": "sunday"},
        ["2026-04-11T23:59", "2026-04-12T00:00"],
        ["2026-04-05", "2026-04-12"],
    ),
    (
        {"aggregation_period": "monthly", "timezone": "America/New_York"},
        ["2026-03-01T04:59", "2026-03-01T05:00", "2026-04-01T04:00"],
        ["2026-02", "2026-03", "2026-04"],
    ),
    ({"aggregation_period": "yearly"}, ["2024-06-01", "2025-01-01", "2026-12-31T23:59"], ["2024", "2025", "2026"]),
]


@pytest.mark.parametrize(("period", "moments", "keys"), PERIODS)
def test_a_streak_runs_over_the_windows_of_any_period(period: dict[str, Any], moments: list[str], keys: list[str]):
    engagement = given(defined(**LOGINS, **period, late_grace_seconds=0), *[entry(moment) for moment in moments])

    assert [event.window.key for event in every([one.event for one in engagement.recorded], PeriodMet)] == keys
    assert told(engagement) == [("in_progress", len(keys))]


@pytest.mark.parametrize(("period", "moments", "keys"), PERIODS)
def test_a_missed_window_of_any_period_breaks_the_streak(period: dict[str, Any], moments: list[str], keys: list[str]):
    engagement = given(defined(**LOGINS, **period, late_grace_seconds=0), *[entry(moment) for moment in moments])
    due = engagement.run.due
    assert due is not None

    assert kinds(engagement.advance(due.end - timedelta(microseconds=1))) == ["PeriodSealed"]
    (broken,) = engagement.advance(due.end)

    assert isinstance(broken, StreakBroken)
    assert (broken.broken_at, broken.value) == (due.end, len(keys))


def test_once_is_a_single_window():
    once = {"aggregation_period": "once", "starts_at": at("2026-04-01"), "ends_at": at("2026-06-01")}
    engagement = given(defined(**once, completion_target_value=1), entry("2026-04-01", 20), entry("2026-05-31", 30))
    assert told(engagement) == [("completed", 1)]

    events = engagement.log(entry("2026-06-01", 1), now="2026-06-01T00:05")

    assert not_counted(events) == Reason.AFTER_END
    assert told(engagement) == [("completed", 1)]


def test_once_unmet_is_broken_at_its_end():
    once = {"aggregation_period": "once", "starts_at": at("2026-04-01"), "ends_at": at("2026-06-01")}
    engagement = given(defined(**once, completion_target_value=1), entry("2026-04-01", 20))

    events = engagement.advance("2026-06-01T00:05")

    assert last(events, StreakBroken).broken_at == at("2026-06-01")
    assert engagement.state.due_at is None


def test_an_open_ended_streak_that_comes_once_stays_in_progress_when_it_is_met():
    once = {"aggregation_period": "once", "starts_at": at("2026-04-01"), "ends_at": at("2026-06-01")}
    engagement = given(defined(**once, completion_target_value=None), entry("2026-04-01", 50))

    engagement.advance("2027-01-01")

    assert told(engagement) == [("in_progress", 1)]
    assert engagement.state.due_at is None


def test_a_streak_that_met_its_last_window_does_not_break_at_the_end_of_the_definition():
    engagement = given(defined(ends_at=at("2026-04-04")), *days("2026-04-01", 3))

    events = engagement.advance("2026-05-01")

    assert "StreakBroken" not in kinds(events)
    assert told(engagement) == [("in_progress", 3)]
    assert engagement.state.due_at is None


def test_a_streak_that_missed_its_last_window_breaks_at_the_end_of_the_definition():
    engagement = given(defined(ends_at=at("2026-04-03T12:00")), *days("2026-04-01", 2))

    events = engagement.advance("2026-05-01")

    assert last(events, StreakBroken).broken_at == at("2026-04-03T12:00")


def test_an_entry_before_the_start_or_from_the_end_on_is_not_counted():
    bounds = {"starts_at": at("2026-04-10T12:00"), "ends_at": at("2026-04-12T12:00")}
    engagement = given(defined(**bounds))

    before = engagement.log(entry("2026-04-10T11:59:59", 50))
    first = engagement.log(entry("2026-04-10T12:00", 50))
    at_end = engagement.log(entry("2026-04-12T12:00", 50), now="2026-04-12T12:01")

    assert (not_counted(before), not_counted(at_end)) == (Reason.BEFORE_START, Reason.AFTER_END)
    assert kinds(first) == ["RunStarted", "EntryCounted", "PeriodMet"]
    window = last(first, RunStarted).window
    assert (window.start, window.end) == (at("2026-04-10T12:00"), at("2026-04-11"))


@pytest.mark.parametrize("status", ["draft", "paused", "archived"])
def test_a_definition_that_is_not_live_counts_nothing(status: str):
    engagement = given(defined(), entry("2026-04-01T10:00", 50))
    engagement.change("2026-04-02", status=status)

    same_run = engagement.log(entry("2026-04-02T10:00", 50))
    new_run = given(engagement.streak).log(entry("2026-04-02T10:00", 50))

    assert not_counted(same_run) == not_counted(new_run) == Reason.NOT_LIVE
    assert told(engagement) == [("in_progress", 1)]


def test_the_entries_of_a_paused_owner_are_recorded_and_their_windows_are_not_excused():
    """RULES 5: A paused owner's entries are recorded, not counted; their windows are not excused."""
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.owner = OwnerStatus.PAUSED

    events = engagement.log(entry("2026-04-03T10:00", 50))
    engagement.advance("2026-04-05")

    assert not_counted(events) == Reason.OWNER_PAUSED
    assert told(engagement) == [("broken", 2)]


def test_an_uncounted_entry_says_which_window_it_is_of():
    window = last(given(defined(status="draft")).log(entry("2026-04-03", 1)), EntryNotCounted).window

    assert window is not None
    assert window.key == "2026-04-03"


def test_an_edit_counts_for_runs_that_start_later():
    """RULES 3: An edit counts for runs that start later; it never resets or recounts a run."""
    engagement = given(defined(), entry("2026-04-01T10:00", 50))
    engagement.change(aggregation_target_value=Decimal(10), completion_target_value=2, late_grace_seconds=0)

    engagement.log(entry("2026-04-02T10:00", 10))
    assert (told(engagement), engagement.run.rules.definition_version) == ([("in_progress", 1)], 1)

    engagement.log(entry("2026-04-09T10:00", 10))
    assert told(engagement) == [("broken", 1), ("in_progress", 1)]
    assert (engagement.run.rules.definition_version, engagement.run.rules.completion) == (2, 2)


def test_weeks_after_days_begin_where_the_last_window_ended():
    """A moment counts in one window, also when days become weeks between two runs."""
    engagement = given(defined(completion_target_value=1), entry("2026-04-08T10:00", 50))
    engagement.change(aggregation_period="weekly")

    events = engagement.log(entry("2026-04-09T10:00", 20))

    window = last(events, RunStarted).window
    assert (window.start, window.end) == (at("2026-04-09"), at("2026-04-13"))


def test_a_sum_needs_a_value():
    with pytest.raises(InvalidInput) as refusal:
        given(defined(), entry("2026-04-01"))

    assert set(refusal.value.errors) == {"activity_value"}


def test_an_activity_300_seconds_ahead_is_recorded_and_one_later_is_refused():
    """RULES 4: `activityAt` more than 300 s after `now` is refused (400), nothing recorded."""
    engagement = given(defined())
    with pytest.raises(InvalidInput) as refusal:
        engagement.log(entry("2026-04-01T10:05:00.000001", 1), now="2026-04-01T10:00")
    assert set(refusal.value.errors) == {"activity_at"}
    assert engagement.recorded == []

    events = engagement.log(entry("2026-04-01T10:05", 1), now="2026-04-01T10:00")

    assert kinds(events) == ["RunStarted", "EntryCounted"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1000000000000", "0.0000001"])
def test_a_value_that_is_no_exact_decimal_is_refused_even_when_only_counting(value: str):
    with pytest.raises(InvalidInput) as refusal:
        given(defined(**LOGINS), entry("2026-04-01", value))

    assert set(refusal.value.errors) == {"activity_value"}


def test_a_naive_activity_is_refused():
    """RULES 2: Only aware timestamps come in; a naive one is refused."""
    with pytest.raises(InvalidInput) as refusal:
        given(defined()).log(entry(datetime(2026, 4, 1), 1), now="2026-04-01")  # noqa: DTZ001

    assert set(refusal.value.errors) == {"activity_at"}


def test_an_activity_is_stored_in_utc():
    local = datetime(2026, 5, 1, 1, tzinfo=timezone(timedelta(hours=2)))

    engagement = given(defined(), entry(local, 1))

    assert engagement.run.started_at.tzinfo is UTC
    assert (engagement.run.window.key, engagement.run.started_at) == ("2026-04-30", at("2026-04-30T23:00"))


@pytest.mark.parametrize(("wrong", "field"), [({"owner_id": ""}, "owner_id"), ({"activity_id": "\x00"}, "activity_id")])
def test_text_that_no_table_can_keep_is_refused(wrong: dict[str, Any], field: str):
    with pytest.raises(InvalidInput) as refusal:
        given(defined(), replace(entry("2026-04-01", 1), **wrong))

    assert set(refusal.value.errors) == {field}


def test_a_refused_entry_leaves_no_trace_not_even_a_seal():
    engagement = given(defined(), entry("2026-04-03", 10))
    before, state = list(engagement.recorded), engagement.state

    with pytest.raises(InvalidInput):
        engagement.log(entry("2026-06-03"))
    with pytest.raises(InvalidInput):
        engagement.log(entry("2026-06-03"), backfill=True)

    assert (engagement.recorded, engagement.state) == (before, state)
    assert kinds(engagement.advance("2026-06-03")) == ["StreakBroken"]
