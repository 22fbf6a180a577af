"""Challenge progress and time: late entries, seals, rolling windows, backfill (RULES 2, 4, 5 and 6)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.challenge_progress import RunFailed, RunSealed
from domain.engagement import EntryNotCounted
from domain.vocabulary import Reason
from tests.domain.given import at, defined, entry, given, kinds, last, records

DAILY: dict[str, Any] = {"aggregation_period": "daily", "completion_target_value": 50}
ROLLING: dict[str, Any] = {"aggregation_period": "rolling", "completion_target_value": 50}


def reason(events: list[Any]) -> Reason:
    return last(events, EntryNotCounted).reason


def test_a_late_entry_inside_the_grace_counts():
    engagement = given(defined(), entry("2026-04-03", 400))

    events = engagement.log(entry("2026-04-30T23:59", 100), now="2026-05-01T00:04:59.999999")

    assert kinds(events) == ["EntryCounted", "RunCompleted"]


def test_a_late_entry_after_the_grace_is_too_late():
    engagement = given(defined(), entry("2026-04-03", 400))

    events = engagement.log(entry("2026-04-30T23:59", 100), now="2026-05-01T00:05")

    assert kinds(events) == ["RunFailed", "EntryNotCounted"]
    assert reason(events) == Reason.TOO_LATE
    assert records(engagement)["2026-04"].value == 400


def test_an_entry_of_a_sealed_window_that_nobody_was_in_is_too_late():
    engagement = given(defined())

    assert reason(engagement.log(entry("2026-04-03", 400), now="2026-06-01")) == Reason.TOO_LATE
    assert records(engagement) == {}


def test_the_first_entry_of_a_window_may_come_in_its_grace():
    events = given(defined()).log(entry("2026-04-30", 400), now="2026-05-01T00:04")

    assert kinds(events) == ["RunStarted", "EntryCounted"]


def test_the_grace_is_what_the_definition_says():
    patient = defined(late_grace_seconds=86_400)
    strict = defined(late_grace_seconds=0)

    assert kinds(given(patient).log(entry("2026-04-30", 1), now="2026-05-01T23:59"))[-1] == "EntryCounted"
    assert reason(given(strict).log(entry("2026-04-30", 1), now="2026-05-01")) == Reason.TOO_LATE


def test_an_ended_window_and_the_next_are_both_open_in_the_grace():
    engagement = given(defined(**DAILY), entry("2026-04-01T10:00", 10))

    engagement.log(entry("2026-04-02T00:01", 20))
    engagement.log(entry("2026-04-01T23:59", 40), now="2026-04-02T00:02")

    told = {key: (one.status, one.value) for key, one in records(engagement).items()}
    assert told == {"2026-04-01": ("completed", 50), "2026-04-02": ("in_progress", 20)}


def test_nothing_is_sealed_before_its_time():
    engagement = given(defined(), entry("2026-04-03", 400))

    assert engagement.advance("2026-05-01T00:04:59.999999") == []
    assert engagement.state.due_at == at("2026-05-01T00:05")


def test_an_unmet_window_fails_at_its_end():
    """RULES 5: Not reached when the window seals: `failed`, `failedAt` = the window's end."""
    engagement = given(defined(), entry("2026-04-03", 400))

    (failed,) = engagement.advance("2026-05-01T00:05")

    assert isinstance(failed, RunFailed)
    assert (failed.failed_at, failed.value) == (at("2026-05-01"), 400)
    assert (engagement.state.runs, engagement.state.due_at) == ((), None)


def test_a_met_window_is_sealed_and_stays_completed():
    engagement = given(defined(), entry("2026-04-03", 500))

    (sealed,) = engagement.advance("2026-05-01T00:05")

    assert isinstance(sealed, RunSealed)
    assert records(engagement)["2026-04"].status == "completed"


def test_sealing_twice_is_sealing_once():
    engagement = given(defined(), entry("2026-04-03", 400))
    engagement.advance("2026-05-01T00:05")

    assert engagement.advance("2026-05-01T00:05") == []
    assert engagement.advance("2026-07-01") == []


@pytest.mark.parametrize("value", [400, 500])
def test_sealing_an_hour_later_gives_the_same_events_with_the_same_stamps(value: int):
    """RULES 6: Late by an hour or run twice: the same events, with the same stamps."""
    punctual = given(defined(), entry("2026-04-03", value, "a"))
    late = given(defined(), entry("2026-04-03", value, "a"))

    assert punctual.advance("2026-05-01T00:05") == late.advance("2026-05-01T01:05")


def test_sealing_by_an_entry_is_sealing_by_the_clock():
    by_clock = given(defined(), entry("2026-04-03", 400, "a"))
    by_entry = given(defined(), entry("2026-04-03", 400, "a"))

    sealed = by_clock.advance("2026-05-01T00:05")

    assert by_entry.log(entry("2026-06-03", 1))[: len(sealed)] == sealed


def test_a_clock_that_slept_seals_every_window_in_order():
    engagement = given(defined(**DAILY, late_grace_seconds=172_800))
    for day in ("2026-04-02", "2026-04-01", "2026-04-03"):
        engagement.log(entry(day, 10), now="2026-04-03T10:00")

    events = engagement.advance("2026-05-01")

    assert [event.window.key for event in events] == ["2026-04-01", "2026-04-02", "2026-04-03"]


def test_only_the_windows_that_are_due_are_sealed():
    engagement = given(defined(**DAILY, late_grace_seconds=172_800))
    for day in ("2026-04-01", "2026-04-02"):
        engagement.log(entry(day, 10), now="2026-04-02T10:00")

    assert len(engagement.advance("2026-04-04")) == 1
    assert engagement.state.due_at == at("2026-04-05")


def test_a_rolling_window_is_anchored_at_the_first_entry():
    engagement = given(defined(**ROLLING), entry("2026-04-01T14:59:10", 10))

    engagement.log(entry("2026-04-02T14:59:09.999999", 20))

    assert engagement.run.window.key == "2026-04-01T14:59:10Z"
    assert engagement.run.window.end == at("2026-04-02T14:59:10")
    assert engagement.run.value == 30


def test_a_rolling_window_lasts_as_long_as_the_definition_says():
    engagement = given(defined(**ROLLING, rolling_seconds=3600), entry("2026-04-01T14:00", 10))

    assert engagement.run.window.end == at("2026-04-01T15:00")


def test_the_next_rolling_window_is_anchored_at_its_own_first_entry():
    engagement = given(defined(**ROLLING), entry("2026-04-01T14:00", 10), entry("2026-04-02T20:00", 20))

    told = {key: (one.status, one.value) for key, one in records(engagement).items()}

    assert told == {"2026-04-01T14:00:00Z": ("failed", 10), "2026-04-02T20:00:00Z": ("in_progress", 20)}


def test_an_earlier_activity_than_the_anchor_of_a_rolling_run_is_before_its_start():
    """RULES 2: anchored at the first entry that arrived …: an earlier `activityAt` then counts as `before_start`."""
    engagement = given(defined(**ROLLING), entry("2026-04-01T14:00", 10))

    events = engagement.log(entry("2026-04-01T13:59", 10), now="2026-04-01T15:00")

    assert reason(events) == Reason.BEFORE_START


def test_an_activity_between_two_open_rolling_runs_is_before_the_start_of_the_later():
    engagement = given(defined(**ROLLING, late_grace_seconds=7200), entry("2026-04-01T14:00", 10))
    engagement.log(entry("2026-04-02T15:00", 10))

    events = engagement.log(entry("2026-04-02T14:30", 10), now="2026-04-02T15:30")

    assert reason(events) == Reason.BEFORE_START
    assert len(engagement.state.runs) == 2


def test_an_activity_before_a_sealed_rolling_window_is_too_late():
    engagement = given(defined(**ROLLING), entry("2026-04-01T14:00", 10))
    engagement.advance("2026-04-03")

    assert reason(engagement.log(entry("2026-04-01T20:00", 10), now="2026-04-03")) == Reason.TOO_LATE


def test_a_rolling_window_is_cut_at_the_end_of_the_definition():
    engagement = given(defined(**ROLLING, ends_at=at("2026-04-02")), entry("2026-04-01T14:00", 10))

    assert engagement.run.window.end == at("2026-04-02")


def test_a_backfill_counts_what_would_be_too_late_now():
    engagement = given(defined())

    events = engagement.log(entry("2020-04-03", 500), now="2026-05-01", backfill=True)

    assert kinds(events) == ["RunStarted", "EntryCounted", "RunCompleted"]


def test_the_clock_of_a_backfill_is_the_latest_activity():
    """RULES 4: the clock of an engagement is then the latest `activityAt` it has seen instead of `now`."""
    engagement = given(defined())
    engagement.log(entry("2020-04-03", 400), now="2026-05-01", backfill=True)

    in_grace = engagement.log(entry("2020-05-01T00:04", 1), now="2026-05-01", backfill=True)
    late = engagement.log(entry("2020-04-30", 50), now="2026-05-01", backfill=True)
    sealing = engagement.log(entry("2020-05-01T00:05", 1), now="2026-05-01", backfill=True)

    assert (kinds(in_grace), kinds(late)) == (["RunStarted", "EntryCounted"], ["EntryCounted"])
    assert kinds(sealing) == ["RunFailed", "EntryCounted"]


def test_the_clock_of_a_backfill_never_goes_back():
    engagement = given(defined(**DAILY))
    engagement.log(entry("2020-04-10", 10), now="2026-05-01", backfill=True)

    engagement.log(entry("2020-04-03", 10), now="2026-05-01", backfill=True)
    second = engagement.log(entry("2020-04-03T12:00", 10), now="2026-05-01", backfill=True)

    assert kinds(second) == ["RunFailed", "EntryNotCounted"]
    assert engagement.state.seen_until == at("2020-04-10")


def test_uncounted_activity_moves_the_clock_of_a_backfill_too():
    engagement = given(defined(starts_at=at("2020-04-01"), ends_at=at("2020-05-01")))
    engagement.log(entry("2020-04-03", 400), now="2026-05-01", backfill=True)

    events = engagement.log(entry("2020-06-01", 400), now="2026-05-01", backfill=True)

    assert kinds(events) == ["RunFailed", "EntryNotCounted"]


def test_a_backfilled_entry_is_too_late_when_an_outcome_is_written_for_its_window_or_a_later_one():
    """RULES 4: An entry is `too_late` there when an outcome is already written for its window or a later one."""
    engagement = given(defined())
    for month in ("2020-03-01", "2020-05-01", "2020-07-01"):
        engagement.log(entry(month, 10), now="2026-05-01", backfill=True)
    assert engagement.state.sealed_until == at("2020-06-01")

    its_own = engagement.log(entry("2020-05-20", 10), now="2026-05-01", backfill=True)
    a_later = engagement.log(entry("2020-04-20", 10), now="2026-05-01", backfill=True)
    none = engagement.log(entry("2020-06-01", 10), now="2026-05-01", backfill=True)

    assert reason(its_own) == reason(a_later) == Reason.TOO_LATE
    assert kinds(none) == ["RunStarted", "EntryCounted"]


def test_years_of_history_give_what_they_would_have_given_live():
    """RULES 4: years of history, loaded in activity order, give what they would have given live."""
    history = [entry(at("2019-01-01") + timedelta(days=9 * day), 3 * (day % 120), f"n-{day}") for day in range(200)]
    live, imported = given(defined(), *history), given(defined())

    for one in history:
        imported.log(one, now="2026-05-01", backfill=True)

    assert records(imported) == records(live)
    assert {one.status for one in records(live).values()} == {"completed", "failed"}


def test_after_an_import_windows_seal_in_the_ordinary_way():
    engagement = given(defined())
    engagement.log(entry("2020-04-03", 400), now="2026-05-01", backfill=True)

    assert kinds(engagement.advance("2026-05-01")) == ["RunFailed"]
    assert reason(engagement.log(entry("2020-04-04", 400), now="2026-05-01")) == Reason.TOO_LATE


def test_a_backfill_is_marked_so_that_nobody_is_notified():
    engagement = given(defined(status="draft"))
    uncounted = engagement.log(entry("2020-04-03", 400), now="2026-05-01", backfill=True)
    engagement.change(status="live")
    counted = engagement.log(entry("2020-04-04", 400), now="2026-05-01", backfill=True)

    assert [event.backfill for event in (*uncounted, counted[-1])] == [True, True]
