"""Challenge progress while its definition changes: pauses excuse windows, edits wait for the next run (RULES 3, 5)."""

from typing import Any

from domain.challenge_progress import RunExcused
from domain.engagement import EntryNotCounted, RunStarted
from domain.ids import run_id
from domain.vocabulary import Reason
from tests.domain.given import at, defined, entry, given, kinds, last, records

DAILY: dict[str, Any] = {"aggregation_period": "daily", "completion_target_value": 50}


def windows(engagement: Any) -> list[tuple[str, str]]:
    """The bounds of every run's window, in the order in which the runs started."""
    started = [one.event.window for one in engagement.recorded if isinstance(one.event, RunStarted)]
    return [(f"{one.start:%m-%dT%H}", f"{one.end:%m-%dT%H}") for one in started]


def test_an_unmet_window_that_a_pause_touches_is_excused():
    """RULES 5: windows that a pause touches are *excused*, neither met nor missed."""
    engagement = given(defined(), entry("2026-04-03", 400))
    engagement.change("2026-04-10", status="paused")
    engagement.change("2026-04-11", status="live")

    (excused,) = engagement.advance("2026-05-01T00:05")

    assert isinstance(excused, RunExcused)
    assert records(engagement) == {}
    assert engagement.state.due_at is None


def test_a_met_window_that_a_pause_touches_is_met():
    engagement = given(defined(), entry("2026-04-03", 500))
    engagement.change("2026-04-10", status="paused")

    assert kinds(engagement.advance("2026-05-01T00:05")) == ["RunSealed"]
    assert records(engagement)["2026-04"].status == "completed"


def test_a_window_that_a_pause_touched_can_still_be_met():
    engagement = given(defined(), entry("2026-04-03", 400))
    engagement.change("2026-04-10", status="paused")
    engagement.change("2026-04-11", status="live")

    engagement.log(entry("2026-04-12", 100))
    engagement.advance("2026-06-01")

    assert records(engagement)["2026-04"].status == "completed"


def test_nothing_breaks_while_a_definition_is_paused():
    engagement = given(defined(**DAILY), entry("2026-04-03T10:00", 10))
    engagement.change("2026-04-03T12:00", status="paused")

    uncounted = engagement.log(entry("2026-04-03T13:00", 50))
    sealing = engagement.log(entry("2026-04-10", 50))

    assert last(uncounted, EntryNotCounted).reason == Reason.NOT_LIVE
    assert kinds(sealing) == ["RunExcused", "EntryNotCounted"]


def test_windows_beside_a_pause_are_not_excused():
    engagement = given(defined(**DAILY), entry("2026-04-02", 10), entry("2026-04-05", 10))
    engagement.change("2026-04-03", status="paused")
    engagement.change("2026-04-05", status="live")

    engagement.advance("2026-04-07")

    assert {one.key: one.status for one in records(engagement).values()} == {
        "2026-04-02": "failed",
        "2026-04-05": "failed",
    }


def test_a_window_is_excused_the_same_whenever_it_is_sealed():
    engagements = [given(defined(), entry("2026-04-03", 400, "a")) for _ in range(2)]
    for engagement in engagements:
        engagement.change("2026-04-10", status="paused")
        engagement.change("2026-04-11", status="live")
    punctual, late = engagements

    events = punctual.advance("2026-05-01T00:05")
    late.change("2026-06-01", status="paused")

    assert late.advance("2026-06-02") == events


def test_an_entry_of_an_excused_window_is_too_late():
    engagement = given(defined(), entry("2026-04-03", 400))
    engagement.change("2026-04-10", status="paused")
    engagement.change("2026-04-11", status="live")
    engagement.advance("2026-05-01T00:05")

    events = engagement.log(entry("2026-04-29", 400), now="2026-05-02")

    assert last(events, EntryNotCounted).reason == Reason.TOO_LATE


def test_longer_periods_begin_where_the_last_window_ended():
    """A moment counts for one run only, also when days become months between two runs."""
    engagement = given(defined(**DAILY), entry("2026-04-10T10:00", 50))
    engagement.change("2026-04-10T12:00", aggregation_period="monthly")

    events = engagement.log(entry("2026-04-11T10:00", 20))

    assert kinds(events) == ["RunSealed", "RunStarted", "EntryCounted"]
    assert windows(engagement) == [("04-10T00", "04-11T00"), ("04-11T00", "05-01T00")]


def test_a_challenge_that_is_extended_gets_another_record_for_the_rest_of_the_month():
    engagement = given(defined(ends_at=at("2026-04-15")), entry("2026-04-03", 400))
    engagement.advance("2026-04-16")
    engagement.change("2026-04-17", ends_at=None)

    engagement.log(entry("2026-04-20", 30))

    assert [(one.status, one.value) for one in records(engagement).values()] == [("failed", 400), ("in_progress", 30)]
    assert windows(engagement) == [("04-01T00", "04-15T00"), ("04-15T00", "05-01T00")]
    assert len({one.id for one in records(engagement).values()}) == 2


def test_another_zone_gives_the_rest_of_a_day_a_record_of_its_own():
    engagement = given(defined(**DAILY), entry("2026-04-10T10:00", 10))
    engagement.change("2026-04-10T12:00", timezone="America/New_York")

    engagement.log(entry("2026-04-11T02:00", 20))

    assert [one.value for one in records(engagement).values()] == [10, 20]
    assert windows(engagement) == [("04-10T00", "04-11T00"), ("04-11T00", "04-11T04")]


def test_another_zone_never_reaches_into_an_open_window():
    engagement = given(defined(**DAILY, late_grace_seconds=172_800), entry("2026-04-10T10:00", 10))
    engagement.change("2026-04-10T12:00", timezone="Pacific/Kiritimati")

    engagement.log(entry("2026-04-09T12:00", 20), now="2026-04-10T13:00")
    engagement.log(entry("2026-04-10T23:00", 5))

    assert windows(engagement) == [("04-10T00", "04-11T00"), ("04-09T10", "04-10T00")]
    assert sorted(one.value for one in records(engagement).values()) == [15, 20]


def test_an_uncut_window_gives_its_record_the_plain_name():
    engagement = given(defined(**DAILY), entry("2026-04-10T10:00", 50))
    engagement.change("2026-04-10T12:00", aggregation_period="weekly")

    engagement.log(entry("2026-04-14T10:00", 20))

    assert engagement.run.id == run_id(engagement.state.id, "2026-W16")


def test_windows_of_different_lengths_are_sealed_in_order():
    challenge = defined(**{**DAILY, "aggregation_period": "weekly"}, late_grace_seconds=1_000_000)
    engagement = given(challenge, entry("2026-04-10", 10))
    engagement.change(aggregation_period="daily")
    engagement.log(entry("2026-04-13", 10))

    events = engagement.advance("2026-06-01")

    assert [event.window.key for event in events] == ["2026-W15", "2026-04-13"]


def test_a_shorter_end_counts_for_runs_that_start_later():
    engagement = given(defined(), entry("2026-04-03", 400))
    engagement.change("2026-04-04", ends_at=at("2026-04-10"))

    same_run = engagement.log(entry("2026-04-20", 100))
    next_run = engagement.log(entry("2026-05-20", 100))

    assert kinds(same_run) == ["EntryCounted", "RunCompleted"]
    assert last(next_run, EntryNotCounted).reason == Reason.AFTER_END


def test_another_method_counts_for_runs_that_start_later():
    engagement = given(defined(), entry("2026-04-03", 400))
    engagement.change("2026-04-04", aggregation_method="distinct", distinct_by="shop")

    same_run = engagement.log(entry("2026-04-05", 50))
    next_run = engagement.log(entry("2026-05-05", shop="Graz"))

    assert (kinds(same_run), records(engagement)["2026-04"].value) == (["EntryCounted"], 450)
    assert kinds(next_run) == ["RunFailed", "RunStarted", "EntryCounted"]
