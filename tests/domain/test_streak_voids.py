"""Undo in streaks (RULES 7): an entry is taken back, its window may become unmet, and the count follows."""

from typing import Any

import pytest

from domain.engagement import EntryVoided
from domain.errors import InvalidInput, NotFound
from domain.ids import entry_id
from domain.streak_events import PeriodSealed
from domain.vocabulary import Outcome
from tests.domain.given import at, kinds, last
from tests.domain.given_streak import add_milestone, after, defined, entry, given, records, rewards, told

PATIENT: dict[str, Any] = {"late_grace_seconds": 20 * 86_400}
APRIL_8 = "2026-04-08T12:00"


def daily(number: int, value: int = 50) -> list[Any]:
    """An entry a day from 1 April on; the first is n-1."""
    return [entry(f"2026-04-{day:02}T10:00", value, f"n-{day}") for day in range(1, number + 1)]


def voided(events: list[Any]) -> EntryVoided:
    return last(events, EntryVoided)


def test_a_void_takes_the_entry_from_the_tally_of_its_window():
    engagement = given(defined(), entry("2026-04-01T08:00", 20, "a"), entry("2026-04-01T09:00", "12.5", "b"))

    events = engagement.void("a", "2026-04-01T12:00")

    assert kinds(events)[0] == "EntryVoided"
    assert (f"{voided(events).total}", voided(events).tally.count) == ("12.5", 1)
    assert f"{engagement.state.windows[0].tally.sum}" == "12.5"


def test_a_void_says_what_why_who_and_when():
    engagement = given(defined(), entry("2026-04-01T08:00", 20, "a"))

    event = voided(engagement.void("a", "2026-04-01T12:00", reason="refunded"))

    assert event.entry_id == entry_id(engagement.state.id, "a")
    assert (event.reason, event.actor, event.voided_at) == ("refunded", "support", at("2026-04-01T12:00"))
    assert (event.run_id, event.window) == (engagement.run.id, engagement.run.window)
    assert (event.effective, event.slug) == (True, "streak")


def test_a_met_window_becomes_unmet_and_the_count_goes_down():
    """RULES 7: a met window can become unmet, a streak's count goes down."""
    engagement = given(defined(**PATIENT), *daily(4))

    events = engagement.void("n-4", APRIL_8)

    assert kinds(events)[:2] == ["EntryVoided", "PeriodUnmet"]
    assert told(engagement) == [("in_progress", 3)]


def test_a_void_in_the_middle_stops_the_count_there():
    engagement = given(defined(**PATIENT), *daily(4))

    engagement.void("n-2", APRIL_8)

    assert told(engagement) == [("in_progress", 1)]
    assert engagement.run.due is not None
    assert engagement.run.due.key == "2026-04-02"


def test_another_entry_meets_the_window_again():
    engagement = given(defined(**PATIENT), *daily(4))
    engagement.void("n-2", APRIL_8)

    engagement.log(entry("2026-04-02T20:00", 50), now=APRIL_8)

    assert told(engagement) == [("in_progress", 4)]


def test_a_window_that_is_still_met_stays_met():
    engagement = given(defined(**PATIENT), *daily(2), entry("2026-04-02T11:00", 60, "more"))

    assert "PeriodUnmet" not in kinds(engagement.void("n-2", "2026-04-02T12:00"))
    assert told(engagement) == [("in_progress", 2)]


def test_a_window_that_is_unmet_by_a_void_breaks_the_streak_at_its_seal():
    engagement = given(defined(**PATIENT), *daily(4))
    engagement.void("n-2", APRIL_8)

    engagement.advance("2026-04-23")

    assert told(engagement) == [("broken", 1), ("in_progress", 2)]
    assert records(engagement)[0].ended_at == at("2026-04-03")


def test_the_window_of_an_entry_that_was_voided_is_still_the_first_and_required():
    engagement = given(defined(), entry("2026-04-01T10:00", 50, "a"))
    engagement.void("a", "2026-04-01T12:00")
    assert told(engagement) == [("in_progress", 0)]

    engagement.advance("2026-04-03")

    assert told(engagement) == [("broken", 0)]


def test_a_distinct_value_goes_with_the_last_entry_that_has_it():
    countries = {"aggregation_method": "distinct", "distinct_by": "country", "aggregation_target_value": 2}
    visited = [
        entry(f"2026-04-01T0{hour}:00", name=f"n-{hour}", country=code) for hour, code in enumerate(["AT", "AT", "DE"])
    ]
    engagement = given(defined(**countries), *visited)

    engagement.void("n-0", "2026-04-01T12:00")
    assert told(engagement) == [("in_progress", 1)]

    engagement.void("n-1", "2026-04-01T12:00")
    assert told(engagement) == [("in_progress", 0)]


def test_a_completed_run_stays_completed():
    """RULES 7: a completed run stays completed unless the definition says `rollbackAfterCompletion`."""
    engagement = given(defined(**PATIENT, completion_target_value=3), *daily(3))

    engagement.void("n-2", APRIL_8)

    (record,) = records(engagement)
    assert (record.status, record.ended_at) == ("completed", at("2026-04-03T10:00"))
    assert record.value == 2


def test_a_completed_run_that_lost_a_window_stays_completed_at_the_seal_too():
    engagement = given(defined(**PATIENT, completion_target_value=3), *daily(3))
    engagement.void("n-2", APRIL_8)

    events = engagement.advance("2026-06-01")

    assert [one.status for one in records(engagement)] == ["completed"]
    assert {one.window.key[-2:]: one.outcome for one in events if isinstance(one, PeriodSealed)} == {
        "01": Outcome.MET,
        "02": Outcome.MISSED,
        "03": Outcome.MET,
    }


def test_the_run_after_a_completed_one_is_untouched_by_a_void_in_the_first():
    engagement = given(defined(**PATIENT, completion_target_value=3), *daily(5))

    engagement.void("n-2", APRIL_8)

    assert [(one.status, one.first) for one in records(engagement)] == [
        ("completed", "2026-04-01"),
        ("in_progress", "2026-04-04"),
    ]
    assert records(engagement)[1].value == 2


def test_a_completed_run_below_its_target_is_rolled_back_where_the_definition_says_so():
    streak = defined(**PATIENT, completion_target_value=3, rollback_after_completion=True)
    engagement = given(streak, *daily(3))

    events = engagement.void("n-2", APRIL_8)
    assert "CompletionRolledBack" in kinds(events)
    assert told(engagement) == [("in_progress", 1)]

    engagement.log(entry("2026-04-02T20:00", 50), now=APRIL_8)
    assert told(engagement) == [("completed", 3)]


def test_a_run_that_is_rolled_back_takes_the_windows_of_the_next_run_along():
    streak = defined(**PATIENT, completion_target_value=3, rollback_after_completion=True)
    engagement = given(streak, *daily(5))
    assert told(engagement) == [("completed", 3), ("in_progress", 2)]

    engagement.void("n-3", APRIL_8)
    assert told(engagement) == [("in_progress", 2)]

    engagement.advance("2026-04-24")
    assert told(engagement) == [("broken", 2), ("in_progress", 2)]


def test_a_void_in_a_sealed_window_is_recorded_without_effect():
    """RULES 7: Window sealed: recorded, no effect on the outcome."""
    engagement = given(defined(), *daily(4))
    before = engagement.run.value

    events = engagement.void("n-2", "2026-04-04T12:00")

    assert not voided(events).effective
    assert (engagement.run.value, told(engagement)) == (before, [("in_progress", 4)])


def test_a_void_of_a_run_that_is_over_is_recorded_without_effect():
    engagement = given(defined(), *daily(2))
    engagement.advance("2026-04-10")

    events = engagement.void("n-1", "2026-04-11")

    assert (kinds(events), voided(events).effective) == (["EntryVoided"], False)
    assert told(engagement) == [("broken", 2)]


def test_a_void_seals_first_what_is_due():
    engagement = given(defined(), *daily(1))

    events = engagement.void("n-1", "2026-05-03")

    assert kinds(events) == ["PeriodSealed", "StreakBroken", "EntryVoided"]
    assert not voided(events).effective


def test_an_entry_that_was_not_counted_can_be_voided_without_effect():
    engagement = given(defined(status="draft"), entry("2026-04-01", 400, "a"))

    events = engagement.void("a", "2026-04-01T12:00")

    assert (voided(events).effective, voided(events).run_id, voided(events).rewards) == (False, None, ())


def test_voiding_twice_is_the_same_void():
    engagement = given(defined(), *daily(1))
    engagement.void("n-1", "2026-04-01T12:00")

    assert engagement.void("n-1", "2026-04-01T13:00", reason="again") == []


def test_an_entry_that_is_not_there_cannot_be_voided():
    with pytest.raises(NotFound):
        given(defined(), *daily(1)).void("b", "2026-04-01T12:00")


def test_a_reason_that_no_table_can_keep_is_refused():
    engagement = given(defined(), *daily(1))

    with pytest.raises(InvalidInput) as refusal:
        engagement.void("n-1", "2026-04-01T12:00", reason="x\x00")

    assert set(refusal.value.errors) == {"reason"}


def test_a_void_moves_the_latest_contribution_back():
    engagement = given(defined(), entry("2026-04-01T08:00", 20, "a"), entry("2026-04-01T09:00", 20, "b"))

    engagement.void("b", "2026-04-01T12:00")

    assert engagement.run.last_contribution_at == at("2026-04-01T08:00")


def test_a_void_moves_the_start_to_the_earliest_entry_that_is_left():
    engagement = given(defined(), entry("2026-04-01T08:00", 20, "a"), entry("2026-04-01T09:00", 20, "b"))

    engagement.void("a", "2026-04-01T12:00")

    assert engagement.run.started_at == at("2026-04-01T09:00")


def test_a_void_is_judged_by_the_rules_of_the_run():
    engagement = given(defined(**PATIENT), *daily(2))
    engagement.change(aggregation_method="count", aggregation_target_value=1)

    engagement.void("n-2", APRIL_8)

    assert told(engagement) == [("in_progress", 1)]
    assert engagement.state.windows[-1].tally.count == 0


def test_rewards_stay_and_the_void_lists_those_that_are_no_longer_earned():
    """RULES 7: Milestones and rewards already given stay; the void lists them, so that the tenant can claw back."""
    streak = after(after(defined(**PATIENT), add_milestone(1)), add_milestone(3, 2))
    engagement = given(streak, *daily(4))
    (first, third) = rewards(engagement)

    events = engagement.void("n-2", APRIL_8)

    assert voided(events).rewards == (third[1],)
    assert rewards(engagement) == [first, third]


def test_a_void_lists_a_reward_that_was_given_to_a_run_before_which_turned_out_shorter():
    streak = after(defined(**PATIENT), add_milestone(2, repeatable=True))
    engagement = given(streak, *[entry(f"2026-04-0{day}T10:00", 50, f"n-{day}") for day in (3, 4)])
    engagement.log(entry("2026-04-02T10:00", 10), now="2026-04-04T11:00")
    engagement.advance("2026-04-23")
    assert told(engagement) == [("broken", 0), ("in_progress", 2)]

    events = engagement.void("n-4", "2026-04-23T12:00")

    assert voided(events).rewards == (rewards(engagement)[0][1],)


def test_a_void_that_leaves_the_window_met_does_not_hold_a_completed_run_to_its_windows():
    """A late entry shows that the run began a day earlier; the entry that was voided has no part in it."""
    extra = entry("2026-04-02T11:00", 50, "extra")
    engagement = given(defined(**PATIENT, completion_target_value=2), *daily(3)[1:], extra)
    engagement.void("extra", "2026-04-03T12:00")

    engagement.log(entry("2026-04-01T10:00", 50), now="2026-04-03T13:00")

    assert told(engagement) == [("completed", 2), ("in_progress", 1)]
