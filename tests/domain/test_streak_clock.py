"""Streaks and time: late entries, seals, warnings, rolling windows, backfill (RULES 2, 4, 5 and 6)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.engagement import EntryCounted, EntryNotCounted, RunStarted
from domain.streak_events import PeriodSealed, RunRecounted, StreakAtRisk, StreakBroken
from domain.vocabulary import Outcome, Reason
from tests.domain.given import at, every, kinds, last
from tests.domain.given_streak import Engagement, days, defined, entry, given, records, told

ROLLING: dict[str, Any] = {"aggregation_period": "rolling", "aggregation_target_value": 10}
PATIENT: dict[str, Any] = {"late_grace_seconds": 5 * 86_400}
WARNED: dict[str, Any] = {"at_risk_seconds": 14_400}


def reason(events: list[Any]) -> Reason:
    return last(events, EntryNotCounted).reason


def outcomes(events: list[Any]) -> list[tuple[str, Outcome]]:
    return [(event.window.key[-2:], event.outcome) for event in every(events, PeriodSealed)]


def test_a_late_entry_inside_the_grace_counts():
    engagement = given(defined(), *days("2026-04-01", 2), entry("2026-04-03T10:00", 40))

    engagement.log(entry("2026-04-03T23:59", 10), now="2026-04-04T00:04:59.999999")

    assert told(engagement) == [("in_progress", 3)]


def test_a_late_entry_after_the_grace_is_too_late():
    engagement = given(defined(), *days("2026-04-01", 2), entry("2026-04-03T10:00", 40))

    events = engagement.log(entry("2026-04-03T23:59", 10), now="2026-04-04T00:05")

    assert kinds(events) == ["StreakBroken", "EntryNotCounted"]
    assert reason(events) == Reason.TOO_LATE
    assert told(engagement) == [("broken", 2)]


def test_an_entry_of_a_sealed_window_that_nobody_was_in_is_too_late():
    engagement = given(defined())

    assert reason(engagement.log(entry("2026-04-03", 50), now="2026-06-01")) == Reason.TOO_LATE
    assert records(engagement) == []


def test_an_entry_of_a_sealed_window_that_was_met_is_too_late():
    engagement = given(defined(), *days("2026-04-01", 3))

    assert reason(engagement.log(entry("2026-04-01T12:00", 50), now="2026-04-03T12:00")) == Reason.TOO_LATE


def test_an_entry_that_arrives_out_of_order_gives_what_it_would_have_given_in_order():
    engagement = given(defined(**PATIENT), *days("2026-04-01", 1), *days("2026-04-03", 2))
    assert told(engagement) == [("in_progress", 1)]

    engagement.log(entry("2026-04-02T10:00", 50), now="2026-04-04T11:00")

    assert told(engagement) == [("in_progress", 4)]


def test_an_earlier_window_that_is_still_unmet_stops_the_count():
    """RULES 5: inside the grace, an earlier window that is still unmet stops the count."""
    engagement = given(
        defined(**PATIENT), *days("2026-04-01", 2), entry("2026-04-03T10:00", 10), *days("2026-04-04", 1)
    )

    assert told(engagement) == [("in_progress", 2)]


def test_an_earlier_late_entry_moves_the_first_window_back_and_makes_it_required():
    """RULES 5: the window it falls into is the run's first and is required."""
    engagement = given(defined(**PATIENT), *days("2026-04-03", 2))

    events = engagement.log(entry("2026-04-02T22:00", 10), now="2026-04-04T11:00")

    moved = last(events, RunRecounted)
    assert (moved.window.key, moved.started_at, moved.value) == ("2026-04-02", at("2026-04-02T22:00"), 0)
    assert [(one.first, one.status, one.value) for one in records(engagement)] == [("2026-04-02", "in_progress", 0)]


def test_an_earlier_late_entry_that_meets_its_window_makes_the_run_longer():
    engagement = given(defined(**PATIENT), *days("2026-04-03", 2))

    engagement.log(entry("2026-04-02T22:00", 50), now="2026-04-04T11:00")

    assert [(one.first, one.status, one.value) for one in records(engagement)] == [("2026-04-02", "in_progress", 3)]


def test_a_gap_before_the_first_window_is_required_too():
    engagement = given(defined(**PATIENT), *days("2026-04-04", 1))

    engagement.log(entry("2026-04-02T10:00", 50), now="2026-04-04T11:00")

    assert [(one.first, one.status, one.value) for one in records(engagement)] == [("2026-04-02", "in_progress", 1)]


def test_entries_in_later_unsealed_windows_start_the_next_run_when_a_break_is_found():
    """RULES 5: Entries already in later windows that are still unsealed … start the next run, as if just logged."""
    engagement = given(defined(**PATIENT), *days("2026-04-01", 1), *days("2026-04-03", 3))
    assert told(engagement) == [("in_progress", 1)]

    events = engagement.advance("2026-04-08")

    assert last(events, StreakBroken).broken_at == at("2026-04-03")
    assert (last(events, RunStarted).number, last(events, RunStarted).window.key) == (2, "2026-04-03")
    assert last(events, RunStarted).started_at == at("2026-04-03T10:00")
    assert told(engagement) == [("broken", 1), ("in_progress", 3)]


def test_entries_in_later_windows_may_complete_the_next_run_at_the_break():
    engagement = given(defined(**PATIENT, completion_target_value=2), *days("2026-04-01", 1), *days("2026-04-03", 3))

    engagement.advance("2026-04-08")

    assert told(engagement) == [("broken", 1), ("completed", 2), ("in_progress", 1)]
    assert records(engagement)[1].ended_at == at("2026-04-04T10:00")


def test_a_broken_record_says_nothing_of_what_came_after_the_missed_window():
    engagement = given(defined(**PATIENT), *days("2026-04-01", 1), *days("2026-04-03", 3))

    engagement.advance("2026-04-08")

    assert records(engagement)[0].last_contribution_at == at("2026-04-01T10:00")


def test_a_late_entry_shows_that_a_completed_run_began_earlier():
    engagement = given(defined(**PATIENT, completion_target_value=2), *days("2026-04-02", 3))
    assert told(engagement) == [("completed", 2), ("in_progress", 1)]

    engagement.log(entry("2026-04-01T10:00", 50), now="2026-04-04T11:00")

    assert [(one.first, one.status, one.value) for one in records(engagement)] == [
        ("2026-04-01", "completed", 2),
        ("2026-04-03", "completed", 2),
    ]


def test_a_late_unmet_window_takes_back_what_came_too_early():
    engagement = given(defined(**PATIENT, completion_target_value=2), *days("2026-04-02", 3))

    events = engagement.log(entry("2026-04-01T10:00", 10), now="2026-04-04T11:00")

    assert {"RunWithdrawn", "CompletionRolledBack"} <= set(kinds(events))
    assert told(engagement) == [("in_progress", 0)]
    engagement.advance("2026-04-07")
    assert told(engagement) == [("broken", 0), ("completed", 2), ("in_progress", 1)]


def test_the_first_entry_of_a_streak_may_come_in_the_grace_of_its_window():
    engagement = given(defined())

    engagement.log(entry("2026-04-01T10:00", 50), now="2026-04-02T00:04")

    assert told(engagement) == [("in_progress", 1)]


def test_a_window_is_sealed_at_its_end_and_grace_and_not_before():
    engagement = given(defined(), entry("2026-04-01T10:00", 10))

    assert engagement.state.due_at == at("2026-04-02T00:05")
    assert engagement.advance("2026-04-02T00:04:59.999999") == []
    assert kinds(engagement.advance("2026-04-02T00:05")) == ["StreakBroken"]


def test_the_deadline_of_a_met_window_is_that_of_the_next():
    """RULES 6: A met window's deadline is the next window's."""
    engagement = given(defined(), entry("2026-04-01T10:00", 50))

    assert engagement.state.due_at == at("2026-04-03T00:05")


def test_every_window_is_sealed_once_in_order():
    engagement = given(defined(**PATIENT), *days("2026-04-01", 4))

    events = engagement.advance("2026-06-01")

    assert outcomes(events) == [(f"0{day}", Outcome.MET) for day in range(1, 5)]
    assert last(events, StreakBroken).window.key == "2026-04-05"


def test_only_the_windows_that_are_due_are_sealed():
    engagement = given(defined(**PATIENT), *days("2026-04-01", 4))

    assert outcomes(engagement.advance("2026-04-08")) == [("01", Outcome.MET), ("02", Outcome.MET)]
    assert [one.window.key for one in engagement.state.windows] == ["2026-04-03", "2026-04-04"]


def test_sealing_twice_is_sealing_once():
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.advance("2026-04-10")

    assert engagement.advance("2026-04-10") == []
    assert engagement.advance("2026-07-01") == []


def test_sealing_an_hour_later_gives_the_same_events_with_the_same_stamps():
    """RULES 6: Late by an hour or run twice: the same events, with the same stamps."""
    streak = defined(**WARNED, **PATIENT)
    entries = [*days("2026-04-01", 2), *days("2026-04-04", 2)]
    punctual, late = given(streak, *entries), given(streak, *entries)

    for hour in range(30 * 24):
        punctual.advance(at("2026-04-05T11:00") + timedelta(hours=hour))
    late.advance("2026-06-01")

    assert [one.event for one in punctual.recorded] == [one.event for one in late.recorded]


def test_sealing_by_an_entry_is_sealing_by_the_clock():
    entries = days("2026-04-01", 2)
    by_clock, by_entry = given(defined(), *entries), given(defined(), *entries)

    sealed = by_clock.advance("2026-04-04T00:05")

    assert by_entry.log(entry("2026-06-03", 1))[: len(sealed)] == sealed


def test_the_completing_window_of_a_run_is_sealed_and_nothing_after_it():
    engagement = given(defined(completion_target_value=2), *days("2026-04-01", 2))

    events = engagement.advance("2026-06-01")

    assert outcomes(events) == [("02", Outcome.MET)]
    assert (engagement.state.due_at, engagement.state.windows, engagement.state.runs) == (None, (), ())


def test_an_unmet_window_is_at_risk_some_time_before_its_end():
    """RULES 6: for streaks also `end - atRiskSeconds`, where an unmet window emits `StreakAtRisk` once."""
    engagement = given(defined(**WARNED), *days("2026-04-01", 2), entry("2026-04-03T10:00", 20))
    assert engagement.state.due_at == at("2026-04-03T20:00")

    assert engagement.advance("2026-04-03T19:59:59") == []
    (event,) = engagement.advance("2026-04-03T20:00")

    assert isinstance(event, StreakAtRisk)
    assert (event.at_risk_at, event.window.key, event.value) == (at("2026-04-03T20:00"), "2026-04-03", 2)
    assert engagement.state.due_at == at("2026-04-04T00:05")


def test_a_window_is_at_risk_once():
    engagement = given(defined(**WARNED), entry("2026-04-01T10:00", 10))
    engagement.advance("2026-04-01T20:00")

    assert engagement.advance("2026-04-01T20:00") == []
    assert kinds(engagement.log(entry("2026-04-01T21:00", 10))) == ["EntryCounted"]
    assert engagement.advance("2026-04-01T23:00") == []


def test_a_met_window_is_not_at_risk():
    engagement = given(defined(**WARNED), entry("2026-04-01T10:00", 50))

    assert every(engagement.advance("2026-04-02T19:59"), StreakAtRisk) == []
    assert engagement.state.due_at == at("2026-04-02T20:00")


def test_every_window_that_is_unmet_is_at_risk_of_its_own():
    engagement = given(defined(**WARNED), *[entry(f"2026-04-0{day}T22:00", 50) for day in range(1, 5)])

    events = [one.event for one in engagement.recorded]

    assert [event.window.key for event in every(events, StreakAtRisk)] == ["2026-04-02", "2026-04-03", "2026-04-04"]


def test_a_window_is_at_risk_from_its_start_when_it_is_shorter_than_the_warning():
    engagement = given(defined(aggregation_period="hourly", **WARNED), entry("2026-04-01T10:10", 50))

    (event,) = engagement.advance("2026-04-01T11:00")

    assert isinstance(event, StreakAtRisk)
    assert event.at_risk_at == at("2026-04-01T11:00")


def test_a_warning_that_is_late_comes_before_the_break_with_its_own_stamp():
    engagement = given(defined(**WARNED), entry("2026-04-01T10:00", 10))

    events = engagement.advance("2026-05-01")

    assert kinds(events) == ["StreakAtRisk", "StreakBroken"]
    assert last(events, StreakAtRisk).at_risk_at == at("2026-04-01T20:00")


def test_a_streak_without_warnings_warns_nobody():
    engagement = given(defined(at_risk_seconds=0), entry("2026-04-01T10:00", 10))

    assert kinds(engagement.advance("2026-05-01")) == ["StreakBroken"]


def test_a_window_that_was_warned_of_is_not_warned_of_again_when_a_late_entry_turns_the_run_back():
    engagement = given(defined(**WARNED, **PATIENT), *days("2026-04-03", 1))
    assert kinds(engagement.advance("2026-04-04T20:00")) == ["StreakAtRisk"]

    engagement.log(entry("2026-04-02T10:00", 10), now="2026-04-04T20:10")
    turned_back = engagement.advance("2026-04-04T20:11")
    engagement.log(entry("2026-04-02T11:00", 40), now="2026-04-04T20:12")

    assert (turned_back, engagement.advance("2026-04-04T20:13")) == ([], [])
    assert told(engagement) == [("in_progress", 2)]


def test_a_window_that_was_warned_of_is_not_warned_of_again_in_the_next_run():
    streak = defined(**WARNED, **PATIENT, completion_target_value=1)
    engagement = given(streak, entry("2026-04-03T10:00", 50), entry("2026-04-04T10:00", 10))
    engagement.advance("2026-04-04T20:00")

    engagement.log(entry("2026-04-02T10:00", 10), now="2026-04-04T20:10")
    engagement.advance("2026-06-01")

    events = [one.event for one in engagement.recorded]
    assert [event.window.key for event in every(events, StreakAtRisk)] == ["2026-04-04"]
    assert told(engagement) == [("broken", 0), ("completed", 1), ("broken", 0)]


def test_rolling_windows_are_anchored_at_the_first_entry_and_follow_each_other():
    """RULES 2: `rolling` = consecutive spans of a fixed elapsed length (default 24 h) anchored at the first entry."""
    engagement = given(
        defined(**ROLLING),
        entry("2026-04-01T14:59:10", 10),
        entry("2026-04-02T14:59:10", 10),
        entry("2026-04-04T14:59:09", 10),
    )

    assert [one.window.key for one in engagement.state.windows] == ["2026-04-03T14:59:10Z"]
    assert told(engagement) == [("in_progress", 3)]


def test_rolling_windows_have_the_same_length_over_a_change_of_the_clocks():
    streak = defined(**ROLLING, timezone="Europe/Vienna")
    engagement = given(streak, entry("2026-03-28T12:00", 10), entry("2026-03-29T12:00", 10))

    assert [one.window.end - one.window.start for one in engagement.state.windows] == [timedelta(days=1)] * 2
    assert told(engagement) == [("in_progress", 2)]


def test_a_rolling_window_lasts_as_long_as_the_definition_says():
    engagement = given(
        defined(**ROLLING, rolling_seconds=3600), entry("2026-04-01T14:00", 10), entry("2026-04-01T15:59", 10)
    )

    assert told(engagement) == [("in_progress", 2)]
    assert engagement.run.due is not None
    assert engagement.run.due.end == at("2026-04-01T17:00")


def test_an_earlier_activity_than_the_anchor_is_before_the_start():
    """RULES 2: … the first entry that arrived in the run (an earlier `activityAt` then counts as `before_start`)."""
    engagement = given(defined(**ROLLING), entry("2026-04-01T14:00", 5))

    events = engagement.log(entry("2026-04-01T13:59:59", 5), now="2026-04-01T15:00")

    assert reason(events) == Reason.BEFORE_START
    assert engagement.run.window.start == at("2026-04-01T14:00")


def test_a_missed_rolling_window_breaks_and_the_next_entry_is_a_new_anchor():
    engagement = given(defined(**ROLLING), entry("2026-04-01T14:00", 10), entry("2026-04-04T09:30", 10))

    (first, second) = records(engagement)

    assert (first.status, first.value, first.ended_at) == ("broken", 1, at("2026-04-03T14:00"))
    assert (second.status, second.value, second.first) == ("in_progress", 1, "2026-04-04T09:30:00Z")


def test_a_run_after_a_completed_rolling_run_has_its_own_anchor():
    streak = defined(**ROLLING, completion_target_value=1)
    engagement = given(streak, entry("2026-04-01T14:00", 10), entry("2026-04-02T20:00", 10))

    assert [(one.status, one.first) for one in records(engagement)] == [
        ("completed", "2026-04-01T14:00:00Z"),
        ("completed", "2026-04-02T20:00:00Z"),
    ]


def test_a_backfill_counts_what_would_be_too_late_now():
    engagement = given(defined())

    for one in days("2020-04-01", 7):
        engagement.log(one, now="2026-05-01", backfill=True)

    assert told(engagement) == [("completed", 7)]


def test_the_clock_of_a_backfill_is_the_latest_activity():
    """RULES 4: the clock of an engagement is then the latest `activityAt` it has seen instead of `now`."""
    engagement = given(defined())
    engagement.log(entry("2020-04-03T10:00", 40), now="2026-05-01", backfill=True)

    in_grace = engagement.log(entry("2020-04-04T00:04", 1), now="2026-05-01", backfill=True)
    late = engagement.log(entry("2020-04-03T11:00", 10), now="2026-05-01", backfill=True)
    sealing = engagement.log(entry("2020-04-05T00:05", 1), now="2026-05-01", backfill=True)

    assert (reason_or_kind(in_grace), reason_or_kind(late)) == ("EntryCounted", "PeriodMet")
    assert kinds(sealing)[0] in ("PeriodSealed", "StreakBroken")
    assert told(engagement) == [("broken", 1), ("in_progress", 0)]


def reason_or_kind(events: list[Any]) -> str:
    """What became of an entry."""
    return next(one for one in ("PeriodMet", "EntryCounted", "EntryNotCounted") if one in kinds(events))


def test_a_backfilled_entry_is_too_late_when_an_outcome_is_written_for_its_window_or_a_later_one():
    """RULES 4: An entry is `too_late` there when an outcome is already written for its window or a later one."""
    engagement = given(defined())
    for day in ("2020-04-01", "2020-04-04"):
        engagement.log(entry(f"{day}T10:00", 50), now="2026-05-01", backfill=True)
    assert engagement.state.sealed_until == at("2020-04-03")

    its_own = engagement.log(entry("2020-04-02T10:00", 50), now="2026-05-01", backfill=True)
    a_later = engagement.log(entry("2020-03-20T10:00", 50), now="2026-05-01", backfill=True)
    none = engagement.log(entry("2020-04-03T10:00", 50), now="2026-05-01", backfill=True)

    assert reason(its_own) == reason(a_later) == Reason.TOO_LATE
    assert last(none, EntryCounted).window.key == "2020-04-03"


def test_years_of_history_give_what_they_would_have_given_live():
    """RULES 4: years of history, loaded in activity order, give what they would have given live."""
    start = at("2019-01-01T10:00")
    skipped = {5, 6, 40, 99, 100, 101, 180, 296}
    history = [entry(start + timedelta(days=day), 50, f"n-{day}") for day in range(300) if day not in skipped]
    live, imported = given(defined(), *history), Engagement(defined())

    for one in history:
        imported.log(one, now="2026-05-01", backfill=True)

    assert records(imported) == records(live)
    assert {one.status for one in records(live)} == {"completed", "broken", "in_progress"}


def test_after_an_import_windows_seal_in_the_ordinary_way():
    engagement = Engagement(defined(**WARNED))
    for one in days("2020-04-01", 3):
        engagement.log(one, now="2026-05-01", backfill=True)

    events = engagement.advance("2026-05-01")

    assert last(events, StreakBroken).broken_at == at("2020-04-05")


def test_a_backfill_warns_nobody():
    """RULES 4: A backfill notifies nobody: no webhook, no at-risk."""
    engagement = Engagement(defined(**WARNED))
    for day in (1, 2, 4, 5, 9):
        engagement.log(entry(f"2020-04-0{day}T22:00", 50), now="2026-05-01", backfill=True)

    engagement.advance("2026-05-02")

    assert every([one.event for one in engagement.recorded], StreakAtRisk) == []


def test_a_streak_that_was_imported_is_warned_of_its_present_window():
    engagement = Engagement(defined(**WARNED))
    for day in (27, 28, 29):
        engagement.log(entry(f"2026-04-{day}T10:00", 50), now="2026-04-30T09:00", backfill=True)

    (event,) = every(engagement.advance("2026-04-30T20:00"), StreakAtRisk)

    assert event.window.key == "2026-04-30"


@pytest.mark.parametrize("backfill", [True, False])
def test_events_say_whether_they_were_imported(backfill: bool):
    engagement = Engagement(defined())

    counted = last(engagement.log(entry("2026-04-01T10:00", 50), backfill=backfill), EntryCounted)

    assert counted.backfill is backfill
