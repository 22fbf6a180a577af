"""Undo (RULES 7): an entry is taken back, and stays in the log."""

from typing import Any

import pytest

from domain.engagement import EntryVoided
from domain.errors import InvalidInput, NotFound
from domain.ids import entry_id
from tests.domain.given import add_milestone, after, at, defined, entry, given, kinds, last, records, rewards

APRIL_3 = "2026-04-03T12:00"


def voided(events: list[Any]) -> EntryVoided:
    return last(events, EntryVoided)


def test_a_void_takes_the_entry_from_the_tally():
    engagement = given(defined(), entry("2026-04-01", 100, "a"), entry("2026-04-02", "87.50", "b"))

    events = engagement.void("a", APRIL_3)

    assert kinds(events) == ["EntryVoided"]
    assert (voided(events).total, voided(events).tally.count) == (engagement.run.value, 1)
    assert f"{engagement.run.value}" == "87.5"


def test_a_void_says_what_why_who_and_when():
    engagement = given(defined(), entry("2026-04-01", 100, "a"))

    event = voided(engagement.void("a", APRIL_3, reason="refunded"))

    assert event.entry_id == entry_id(engagement.state.id, "a")
    assert (event.reason, event.actor, event.voided_at) == ("refunded", "support", at(APRIL_3))
    assert (event.run_id, event.window) == (engagement.run.id, engagement.run.window)
    assert event.effective


def test_the_entry_itself_stays_in_the_log():
    engagement = given(defined(), entry("2026-04-01", 100, "a"))
    before = list(engagement.recorded)

    engagement.void("a", APRIL_3)

    assert engagement.recorded[: len(before)] == before


def test_a_void_moves_the_start_to_the_earliest_entry_that_is_left():
    engagement = given(defined(), *[entry(f"2026-04-0{day}", 50, f"n-{day}") for day in (1, 2, 3)])

    engagement.void("n-1", APRIL_3)

    assert engagement.run.started_at == at("2026-04-02")


def test_a_run_whose_entries_are_all_voided_stays_at_0_and_starts_with_the_next():
    engagement = given(defined(), entry("2026-04-01", 100, "a"))

    engagement.void("a", APRIL_3)
    assert (engagement.run.value, engagement.run.tally.count) == (0, 0)

    engagement.log(entry("2026-04-05", 30))
    assert (engagement.run.value, engagement.run.started_at) == (30, at("2026-04-05"))


def test_a_run_without_entries_still_fails_at_its_end():
    engagement = given(defined(), entry("2026-04-01", 100, "a"))
    engagement.void("a", APRIL_3)

    engagement.advance("2026-05-02")

    assert (records(engagement)["2026-04"].status, records(engagement)["2026-04"].value) == ("failed", 0)


def test_counts_go_down_by_one():
    visits = {"aggregation_method": "count", "completion_target_value": 8}
    engagement = given(defined(**visits), entry("2026-04-01", name="a"), entry("2026-04-02", name="b"))

    engagement.void("b", APRIL_3)

    assert engagement.run.value == 1


def test_a_distinct_value_goes_with_the_last_entry_that_has_it():
    countries = {"aggregation_method": "distinct", "distinct_by": "country"}
    visited = [entry("2026-04-01", name="a", country="AT"), entry("2026-04-02", name="b", country="AT")]
    engagement = given(defined(**countries), *visited)

    engagement.void("a", APRIL_3)
    assert engagement.run.tally.distinct == ("AT",)

    engagement.void("b", APRIL_3)
    assert engagement.run.tally.distinct == ()


def test_a_completed_run_stays_completed():
    """RULES 7: a completed run stays completed unless the definition says `rollbackAfterCompletion`."""
    engagement = given(defined(), entry("2026-04-01", 300, "a"), entry("2026-04-02", 300, "b"))

    events = engagement.void("a", APRIL_3)
    later = engagement.log(entry("2026-04-05", 400))

    assert (kinds(events), kinds(later)) == (["EntryVoided"], ["EntryCounted"])
    assert (engagement.run.value, engagement.run.completed_at) == (700, at("2026-04-02"))


def test_a_completed_run_below_its_target_is_rolled_back_where_the_definition_says_so():
    challenge = defined(rollback_after_completion=True)
    engagement = given(challenge, entry("2026-04-01", 300, "a"), entry("2026-04-02", 300, "b"))

    events = engagement.void("a", APRIL_3)
    assert kinds(events) == ["EntryVoided", "CompletionRolledBack"]
    assert engagement.run.status == "in_progress"

    assert kinds(engagement.log(entry("2026-04-05", 200))) == ["EntryCounted", "RunCompleted"]
    assert engagement.run.completed_at == at("2026-04-05")


def test_a_run_that_is_rolled_back_can_fail():
    engagement = given(defined(rollback_after_completion=True), entry("2026-04-01", 500, "a"))
    engagement.void("a", APRIL_3)

    engagement.advance("2026-05-02")

    assert records(engagement)["2026-04"].status == "failed"


def test_a_run_that_still_reaches_its_target_is_not_rolled_back():
    challenge = defined(rollback_after_completion=True)
    engagement = given(challenge, entry("2026-04-01", 500, "a"), entry("2026-04-02", 500, "b"))

    assert kinds(engagement.void("a", APRIL_3)) == ["EntryVoided"]
    assert engagement.run.status == "completed"


@pytest.mark.parametrize(("value", "status"), [(400, "failed"), (500, "completed")])
def test_the_outcome_of_a_sealed_window_stays(value: int, status: str):
    """RULES 7: Window sealed: recorded, no effect on the outcome."""
    challenge = defined(rollback_after_completion=True)
    engagement = given(challenge, entry("2026-04-01", value, "a"))
    engagement.advance("2026-05-02")

    events = engagement.void("a", "2026-05-03")

    assert kinds(events) == ["EntryVoided"]
    assert not voided(events).effective
    assert (records(engagement)["2026-04"].status, records(engagement)["2026-04"].value) == (status, value)


def test_a_void_seals_first_what_is_due():
    engagement = given(defined(), entry("2026-04-01", 400, "a"))

    events = engagement.void("a", "2026-05-03")

    assert kinds(events) == ["RunFailed", "EntryVoided"]
    assert not voided(events).effective


def test_a_void_inside_the_grace_has_its_effect():
    engagement = given(defined(), entry("2026-04-01", 400, "a"))

    events = engagement.void("a", "2026-05-01T00:04")

    assert voided(events).effective
    assert engagement.run.value == 0


def test_a_void_leaves_other_windows_alone():
    engagement = given(defined(), entry("2026-04-30T10:00", 400, "a"))
    engagement.log(entry("2026-05-01T00:01", 20, "b"))

    engagement.void("a", "2026-05-01T00:02")

    assert {key: one.value for key, one in records(engagement).items()} == {"2026-04": 0, "2026-05": 20}


def test_an_entry_that_was_not_counted_can_be_voided_without_effect():
    engagement = given(defined(status="draft"), entry("2026-04-01", 400, "a"))

    events = engagement.void("a", APRIL_3)

    assert (voided(events).effective, voided(events).run_id, voided(events).rewards) == (False, None, ())


def test_voiding_twice_is_the_same_void():
    engagement = given(defined(), entry("2026-04-01", 400, "a"), entry("2026-04-02", 50, "b"))
    engagement.void("a", APRIL_3)

    assert engagement.void("a", "2026-04-04", reason="again") == []
    assert engagement.run.value == 50


def test_two_voids_take_two_entries():
    engagement = given(defined(), *[entry(f"2026-04-0{day}", day, f"n-{day}") for day in (1, 2, 3)])

    engagement.void("n-1", "2026-04-04")
    engagement.void("n-3", "2026-04-04")

    assert (engagement.run.value, engagement.run.started_at) == (2, at("2026-04-02"))


def test_an_entry_that_is_not_there_cannot_be_voided():
    with pytest.raises(NotFound):
        given(defined(), entry("2026-04-01", 400, "a")).void("b", APRIL_3)


def test_a_reason_that_no_table_can_keep_is_refused():
    engagement = given(defined(), entry("2026-04-01", 400, "a"))

    with pytest.raises(InvalidInput) as refusal:
        engagement.void("a", APRIL_3, reason="x\x00")

    assert set(refusal.value.errors) == {"reason"}


def test_rewards_stay_and_the_void_lists_those_that_are_no_longer_earned():
    """RULES 7: Milestones and rewards already given stay; the void lists them, so that the tenant can claw back."""
    challenge = after(after(defined(), add_milestone(150)), add_milestone(300, 2))
    engagement = given(challenge, entry("2026-04-01", 150, "a"), entry("2026-04-02", 250, "b"))
    (first, second) = rewards(engagement)

    events = engagement.void("b", APRIL_3)

    assert voided(events).rewards == (second[1],)
    assert rewards(engagement) == [first, second]


def test_the_void_of_a_sealed_entry_lists_its_rewards_too():
    engagement = given(after(defined(), add_milestone(100)), entry("2026-04-01", 150, "a"))
    engagement.advance("2026-05-02")

    assert voided(engagement.void("a", "2026-05-03")).rewards == (rewards(engagement)[0][1],)


def test_the_rewards_of_other_runs_are_not_listed():
    challenge = after(defined(), add_milestone(100))
    engagement = given(challenge, entry("2026-04-30T10:00", 100, "a"))
    engagement.log(entry("2026-05-01T00:01", 100, "b"))

    assert voided(engagement.void("b", "2026-05-01T00:02")).rewards == (rewards(engagement)[1][1],)


def test_a_void_is_judged_by_the_rules_of_the_run():
    engagement = given(defined(), entry("2026-04-01", 400, "a"), entry("2026-04-02", 50, "b"))
    engagement.change(aggregation_method="count", completion_target_value=1)

    engagement.void("a", APRIL_3)

    assert (engagement.run.value, engagement.run.completed_at) == (50, None)
