"""Challenge progress: how an entry is placed and counted, and what a run becomes (RULES 4, 5 and 9)."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.challenge_progress import RunFailed
from domain.engagement import EntryCounted, EntryNotCounted, RunCompleted, RunStarted
from domain.errors import InvalidInput
from domain.ids import entry_id, run_id
from domain.numbers import percent_of, remaining_of
from domain.vocabulary import OwnerStatus, Reason
from tests.domain.given import at, defined, entry, given, kinds, last, records

VISITS: dict[str, Any] = {"aggregation_method": "count", "completion_target_value": 8}
STEPS: dict[str, Any] = {"aggregation_period": "weekly", "completion_target_value": 100_000}
DAILY: dict[str, Any] = {"aggregation_period": "daily", "completion_target_value": 50}


def not_counted(events: list[Any]) -> Reason:
    assert kinds(events)[-1] == "EntryNotCounted"
    return last(events, EntryNotCounted).reason


def test_monthly_spend_of_187_50_of_500_is_in_progress():
    """RULES 9: monthly sum 500: 187.50 logged: in_progress, value 187.5, remaining 312.5."""
    engagement = given(defined(), entry("2026-04-03T10:15", "187.50"))

    run = engagement.run

    assert run.status == "in_progress"
    assert f"{run.value}" == "187.5"
    assert f"{remaining_of(run.value, run.rules.target)}" == "312.5"
    assert f"{percent_of(run.value, run.rules.target)}" == "37.5"


def test_eight_visits_of_eight_complete_the_month_at_the_eighth():
    """RULES 9: monthly count 8: 8 visits: completed, completedAt = 8th activityAt."""
    engagement = given(defined(**VISITS), *[entry(f"2026-04-{day:02}T18:30") for day in range(1, 8)])

    events = engagement.log(entry("2026-04-08T18:30"), now="2026-04-08T18:31")

    assert kinds(events) == ["EntryCounted", "RunCompleted"]
    assert last(events, RunCompleted).completed_at == at("2026-04-08T18:30")
    assert (engagement.run.status, engagement.run.value) == ("completed", 8)


def test_a_week_of_61420_steps_of_100000_has_failed_at_its_end():
    """RULES 9: weekly sum 100000: 61,420 by the end: failed, failedAt = end of week; value 61420."""
    engagement = given(defined(**STEPS), entry("2026-04-06T20:00", 40_000), entry("2026-04-12T23:59:59", 21_420))

    (failed,) = engagement.advance("2026-04-13T00:05")

    assert isinstance(failed, RunFailed)
    assert (failed.failed_at, failed.value, failed.window.key) == (at("2026-04-13"), 61_420, "2026-W15")


def test_a_week_may_start_on_another_day():
    engagement = given(defined(**STEPS, week_start="sunday"), entry("2026-04-12T10:00", 1))

    assert engagement.run.window.key == "2026-04-12"
    assert (engagement.run.window.start, engagement.run.window.end) == (at("2026-04-12"), at("2026-04-19"))


def test_the_first_entry_starts_the_run():
    events = given(defined()).log(entry("2026-04-03T10:15", 10))

    assert kinds(events) == ["RunStarted", "EntryCounted"]
    started = last(events, RunStarted)
    assert (started.started_at, started.window.key) == (at("2026-04-03T10:15"), "2026-04")
    assert (started.rules.target, started.rules.method) == (500, "sum")


def test_a_record_is_named_by_its_engagement_and_window():
    engagement = given(defined(), entry("2026-04-03T10:15", 10))

    assert engagement.run.id == run_id(engagement.state.id, "2026-04")


def test_the_entry_is_recorded_under_its_permanent_id():
    engagement = given(defined(), entry("2026-04-03T10:15", 10, "order-1001"))

    assert [one.entry_id for one in engagement.recorded] == [None, entry_id(engagement.state.id, "order-1001")]


def test_an_event_carries_the_tally_after_it_and_both_bounds_of_its_window():
    engagement = given(defined(timezone="Europe/Vienna"), entry("2026-04-03T10:15", 10))

    counted = last(engagement.log(entry("2026-04-04T10:15", "0.5")), EntryCounted)

    assert (counted.count, counted.total) == (2, Decimal("10.5"))
    assert (counted.window.start, counted.window.end) == (at("2026-03-31T22:00"), at("2026-04-30T22:00"))


def test_an_earlier_entry_that_arrives_later_moves_the_start():
    """RULES 5: `startedAt` = … the earliest counted one, if an earlier one arrives later."""
    engagement = given(defined(), entry("2026-04-03T10:15", 10))

    counted = last(engagement.log(entry("2026-04-02T09:00", 10), now="2026-04-03T11:00"), EntryCounted)

    assert counted.started_at == engagement.run.started_at == at("2026-04-02T09:00")


def test_overshoot_is_kept_and_percent_is_capped():
    """RULES 5: 750 of 500 is shown as 750; percent is capped at 100, remaining at 0."""
    engagement = given(defined(), entry("2026-04-01T10:00", 450))

    events = engagement.log(entry("2026-04-03T10:00", 300))

    assert kinds(events) == ["EntryCounted", "RunCompleted"]
    assert last(events, EntryCounted).total == 750
    assert (percent_of(engagement.run.value, Decimal(500)), remaining_of(engagement.run.value, Decimal(500))) == (
        100,
        0,
    )


def test_entries_after_the_completion_still_add_and_complete_nothing_again():
    engagement = given(defined(), entry("2026-04-01T10:00", 500))

    events = engagement.log(entry("2026-04-03T10:00", 300))

    assert kinds(events) == ["EntryCounted"]
    assert (engagement.run.value, engagement.run.completed_at) == (800, at("2026-04-01T10:00"))


def test_reaching_the_target_exactly_completes():
    engagement = given(defined(), entry("2026-04-01T10:00", "499.999999"))
    assert engagement.run.status == "in_progress"

    engagement.log(entry("2026-04-02T10:00", "0.000001"))

    assert engagement.run.status == "completed"


def test_sums_are_exact_decimals():
    """RULES 4: Exact decimals everywhere, never binary floats."""
    engagement = given(defined(), *[entry(f"2026-04-01T10:{minute:02}", "0.1") for minute in range(3)])

    assert f"{engagement.run.value}" == "0.3"


def test_an_entry_in_another_window_is_another_run():
    """RULES 5: An entry in another window is another run, with another record."""
    engagement = given(defined(), entry("2026-04-03T10:15", 10))

    events = engagement.log(entry("2026-05-03T10:15", 20))

    assert kinds(events) == ["RunFailed", "RunStarted", "EntryCounted"]
    assert [(one.status, one.value) for one in records(engagement).values()] == [("failed", 10), ("in_progress", 20)]
    assert records(engagement)["2026-04"].id != records(engagement)["2026-05"].id


@pytest.mark.parametrize(
    ("activity_at", "key"),
    [("2026-04-30T23:59:59.999999", "2026-04"), ("2026-05-01T00:00", "2026-05"), ("2026-04-01T00:00", "2026-04")],
)
def test_an_activity_at_the_end_of_a_window_belongs_to_the_next(activity_at: str, key: str):
    """RULES 2: `activityAt == end` belongs to the next window."""
    assert given(defined(), entry(activity_at, 1)).run.window.key == key


def test_a_day_begins_at_the_reset_time_of_the_zone():
    challenge = defined(**DAILY, timezone="Europe/Vienna", reset_time="04:00")

    engagement = given(challenge, entry("2026-04-03T01:59:59", 10), entry("2026-04-03T02:00", 20))

    assert {key: one.value for key, one in records(engagement).items()} == {"2026-04-02": 10, "2026-04-03": 20}


def test_counting_ignores_values():
    """RULES 4: `count` stores and ignores it."""
    engagement = given(defined(**VISITS), entry("2026-04-01", 500), entry("2026-04-02"))

    assert engagement.run.value == 2
    assert [one.event.entry.activity_value for one in engagement.recorded[1:]] == [500, None]


def test_a_sum_needs_a_value():
    with pytest.raises(InvalidInput) as refusal:
        given(defined(), entry("2026-04-01"))

    assert set(refusal.value.errors) == {"activity_value"}


def test_a_sum_takes_a_value_of_0():
    assert given(defined(), entry("2026-04-01", 0)).run.value == 0


def test_distinct_counts_new_values_of_one_attribute():
    """RULES 4: `distinct` counts new values of `distinctBy`."""
    countries = {"aggregation_method": "distinct", "distinct_by": "country", "completion_target_value": 3}
    visited = [entry(f"2026-04-0{day}", country=code) for day, code in enumerate(["AT", "DE", "AT"], start=1)]
    engagement = given(defined(**countries), *visited)

    events = engagement.log(entry("2026-04-05", country="IT", city="Rome"))

    assert kinds(events) == ["EntryCounted", "RunCompleted"]
    assert (engagement.run.value, engagement.run.tally.count) == (3, 4)
    told = [one.event.new_value for one in engagement.recorded if isinstance(one.event, EntryCounted)]
    assert told == ["AT", "DE", None, "IT"]


def test_distinct_values_may_be_numbers_and_truths():
    seats = {"aggregation_method": "distinct", "distinct_by": "seat", "completion_target_value": 9}
    visited = [entry("2026-04-01", seat=seat) for seat in (1, 2, 2, True, False, 1)]

    assert given(defined(**seats), *visited).run.tally.distinct == ("1", "2", "true", "false")


@pytest.mark.parametrize("attributes", [{}, {"city": "Graz"}, {"country": None}])
def test_distinct_needs_the_attribute(attributes: dict[str, Any]):
    countries = {"aggregation_method": "distinct", "distinct_by": "country"}

    with pytest.raises(InvalidInput) as refusal:
        given(defined(**countries), entry("2026-04-01", **attributes))

    assert set(refusal.value.errors) == {"attributes"}


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
        given(defined(**VISITS), entry("2026-04-01", value))

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
    assert (engagement.run.window.key, engagement.run.started_at) == ("2026-04", at("2026-04-30T23:00"))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"owner_id": ""}, "owner_id"),
        ({"owner_id": "x" * 201}, "owner_id"),
        ({"owner_id": "a\x00"}, "owner_id"),
        ({"unique_identifier": ""}, "unique_identifier"),
        ({"unique_identifier": "x" * 257}, "unique_identifier"),
        ({"unique_identifier": "a\x00"}, "unique_identifier"),
        ({"activity_id": "a\x00"}, "activity_id"),
        ({"attributes": {"a\x00": 1}}, "attributes"),
        ({"attributes": {"a": "b\x00"}}, "attributes"),
    ],
)
def test_text_that_no_table_can_keep_is_refused(wrong: dict[str, Any], field: str):
    with pytest.raises(InvalidInput) as refusal:
        given(defined(), replace(entry("2026-04-01", 1), **wrong))

    assert set(refusal.value.errors) == {field}


@pytest.mark.parametrize("status", ["draft", "paused", "archived"])
def test_a_definition_that_is_not_live_counts_nothing(status: str):
    engagement = given(defined(), entry("2026-04-01", 10))
    engagement.change("2026-04-02", status=status)

    same_run = engagement.log(entry("2026-04-03", 10))
    new_run = given(engagement.challenge).log(entry("2026-04-03", 10))

    assert not_counted(same_run) == not_counted(new_run) == Reason.NOT_LIVE
    assert engagement.run.value == 10


def test_a_paused_owner_is_recorded_and_not_counted():
    engagement = given(defined(), entry("2026-04-01", 10))
    engagement.owner = OwnerStatus.PAUSED

    same_run = engagement.log(entry("2026-04-02", 10))
    next_run = engagement.log(entry("2026-05-02", 10))

    assert not_counted(same_run) == not_counted(next_run) == Reason.OWNER_PAUSED
    assert records(engagement)["2026-04"].status == "failed"


def test_an_entry_before_the_start_or_from_the_end_on_is_not_counted():
    bounds = {"starts_at": at("2026-04-10"), "ends_at": at("2026-04-20")}
    engagement = given(defined(**bounds))

    before = engagement.log(entry("2026-04-09T23:59:59", 1))
    first = engagement.log(entry("2026-04-10T00:00", 1))
    at_end = engagement.log(entry("2026-04-20T00:00", 1))

    assert (not_counted(before), not_counted(at_end)) == (Reason.BEFORE_START, Reason.AFTER_END)
    assert kinds(first) == ["RunStarted", "EntryCounted"]
    assert (engagement.run.window.start, engagement.run.window.end) == (at("2026-04-10"), at("2026-04-20"))


def test_an_uncounted_entry_says_which_window_it_is_of():
    engagement = given(defined(status="draft"))

    window = last(engagement.log(entry("2026-04-03", 1)), EntryNotCounted).window

    assert window is not None
    assert window.key == "2026-04"


def test_once_has_one_run():
    """RULES 5: `once` has one run."""
    once = {"aggregation_period": "once", "starts_at": at("2026-04-01"), "ends_at": at("2026-06-01")}
    engagement = given(defined(**once), entry("2026-04-01", 200), entry("2026-05-31T23:59:59", 300))
    assert (engagement.run.window.key, engagement.run.status) == ("once", "completed")

    events = engagement.log(entry("2026-06-01", 1), now="2026-06-01T00:05")

    assert kinds(events) == ["RunSealed", "EntryNotCounted"]
    assert not_counted(events) == Reason.AFTER_END
    assert list(records(engagement)) == ["once"]


def test_a_refused_entry_does_not_even_seal_a_window():
    engagement = given(defined(), entry("2026-04-03", 10))
    before = list(engagement.recorded)

    with pytest.raises(InvalidInput):
        engagement.log(entry("2026-06-03"))
    with pytest.raises(InvalidInput):
        engagement.log(entry("2026-06-03"), backfill=True)

    assert engagement.recorded == before
