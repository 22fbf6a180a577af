"""Streaks while their definition is paused: windows that a pause touches are excused unless they were met (RULES 5)."""

from domain.engagement import EntryNotCounted
from domain.streak_events import PeriodSealed, StreakAtRisk, StreakBroken, StreakSpared
from domain.vocabulary import Outcome, Reason
from tests.domain.given import at, every, last
from tests.domain.given_streak import Engagement, days, defined, entry, given, records, told


def outcomes(engagement: Engagement) -> dict[str, Outcome]:
    events = [one.event for one in engagement.recorded]
    return {event.window.key[-2:]: event.outcome for event in every(events, PeriodSealed)}


def test_a_streak_continues_over_windows_that_a_pause_touches():
    """RULES 5: windows that a pause touches are *excused*, neither met nor missed (a streak continues over them)."""
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.pause("2026-04-03T12:00", "2026-04-05T12:00")

    engagement.log(entry("2026-04-06T10:00", 50))

    assert told(engagement) == [("in_progress", 3)]
    assert outcomes(engagement) == {
        "01": Outcome.MET,
        "02": Outcome.MET,
        "03": Outcome.EXCUSED,
        "04": Outcome.EXCUSED,
        "05": Outcome.EXCUSED,
    }


def test_nothing_breaks_while_a_definition_is_paused():
    """RULES 5: While a definition is paused nothing is processed and nothing breaks."""
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.change("2026-04-03T12:00", status="paused")

    uncounted = engagement.log(entry("2026-04-03T13:00", 50))
    engagement.advance("2026-04-30")

    assert last(uncounted, EntryNotCounted).reason == Reason.NOT_LIVE
    assert told(engagement) == [("in_progress", 2)]


def test_a_met_window_that_a_pause_touches_is_met():
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.pause("2026-04-02T12:00", "2026-04-02T13:00")

    engagement.advance("2026-04-03T00:05")

    assert outcomes(engagement)["02"] is Outcome.MET
    assert told(engagement) == [("in_progress", 2)]


def test_a_window_that_a_pause_touched_can_still_be_met():
    engagement = given(defined(), *days("2026-04-01", 2), entry("2026-04-03T08:00", 20))
    engagement.pause("2026-04-03T09:00", "2026-04-03T10:00")

    engagement.log(entry("2026-04-03T11:00", 30))

    assert told(engagement) == [("in_progress", 3)]


def test_a_window_that_a_pause_touched_can_complete_the_run():
    engagement = given(defined(completion_target_value=3), *days("2026-04-01", 2))
    engagement.pause("2026-04-03T09:00", "2026-04-03T10:00")

    engagement.log(entry("2026-04-03T11:00", 50))

    assert told(engagement) == [("completed", 3)]


def test_the_first_window_of_a_run_is_excused_too():
    engagement = given(defined(), entry("2026-04-01T10:00", 10))
    engagement.pause("2026-04-01T11:00", "2026-04-01T12:00")

    engagement.log(entry("2026-04-02T10:00", 50))

    assert [(one.first, one.status, one.value) for one in records(engagement)] == [("2026-04-01", "in_progress", 1)]


def test_a_window_right_after_a_pause_is_not_excused():
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.pause("2026-04-03T00:00", "2026-04-05T00:00")

    events = engagement.advance("2026-04-10")

    assert last(events, StreakBroken).broken_at == at("2026-04-06")
    assert set(outcomes(engagement)) == {"02", "03", "04"} | {"01"}


def test_a_window_right_before_a_pause_is_not_excused():
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.pause("2026-04-04T00:00", "2026-04-05T00:00")

    events = engagement.advance("2026-04-10")

    assert last(events, StreakBroken).broken_at == at("2026-04-04")


def test_excused_windows_do_not_count_towards_the_target():
    engagement = given(defined(completion_target_value=4), *days("2026-04-01", 2))
    engagement.pause("2026-04-03T09:00", "2026-04-04T10:00")

    engagement.log(entry("2026-04-05T11:00", 50))
    assert told(engagement) == [("in_progress", 3)]

    engagement.log(entry("2026-04-06T11:00", 50))
    assert told(engagement) == [("completed", 4)]


def test_an_excused_window_is_passed_over_before_it_is_sealed():
    """RULES 5: inside the grace, … excused windows are passed over."""
    engagement = given(defined(late_grace_seconds=5 * 86_400), *days("2026-04-01", 2))
    engagement.pause("2026-04-03T09:00", "2026-04-03T10:00")

    engagement.log(entry("2026-04-04T11:00", 50))
    assert told(engagement) == [("in_progress", 3)]

    engagement.log(entry("2026-04-03T11:00", 50), now="2026-04-04T12:00")
    assert told(engagement) == [("in_progress", 4)]


def test_an_entry_of_an_excused_window_that_is_sealed_is_too_late():
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.pause("2026-04-03T09:00", "2026-04-03T10:00")

    events = engagement.log(entry("2026-04-03T11:00", 50), now="2026-04-04T12:00")

    assert last(events, EntryNotCounted).reason == Reason.TOO_LATE


def test_windows_are_excused_the_same_whenever_they_are_sealed():
    engagements = [given(defined(), *days("2026-04-01", 2)) for _ in range(2)]
    for engagement in engagements:
        engagement.pause("2026-04-03T09:00", "2026-04-03T10:00")
    punctual, late = engagements

    for day in range(4, 20):
        punctual.advance(f"2026-04-{day:02}T00:05")
    late.advance("2026-06-01")

    assert told(late) == told(punctual) == [("broken", 2)]
    assert outcomes(late) == outcomes(punctual)


def test_an_excused_window_is_not_at_risk_and_says_that_it_was_spared():
    engagement = given(defined(at_risk_seconds=14_400), *days("2026-04-01", 2))
    engagement.pause("2026-04-03T09:00", "2026-04-03T10:00")

    events = engagement.advance("2026-04-03T20:00")

    assert every(events, StreakAtRisk) == []
    assert last(events, StreakSpared).window.key == "2026-04-03"
    assert engagement.advance("2026-04-03T21:00") == []
    assert every(engagement.advance("2026-04-04T20:00"), StreakAtRisk)[0].window.key == "2026-04-04"


def test_a_completed_run_is_untouched_by_a_pause():
    engagement = given(defined(completion_target_value=2), *days("2026-04-01", 2))
    engagement.pause("2026-04-02T12:00", "2026-04-04T10:00")

    engagement.advance("2026-05-01")
    engagement.log(entry("2026-05-01T10:00", 50))

    assert told(engagement) == [("completed", 2), ("in_progress", 1)]


def test_a_pause_that_is_not_over_excuses_every_window_to_come():
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.change("2026-04-02T12:00", status="paused")
    engagement.advance("2027-04-02T12:00")

    engagement.change("2027-04-02T12:00", status="live")
    engagement.log(entry("2027-04-02T13:00", 50))

    assert told(engagement) == [("in_progress", 3)]


def test_archiving_and_reviving_excuses_nothing():
    engagement = given(defined(), *days("2026-04-01", 2))
    engagement.change("2026-04-03T09:00", status="archived")
    engagement.change("2026-04-03T10:00", status="live")

    engagement.advance("2026-04-05")

    assert told(engagement) == [("broken", 2)]
