"""Where windows begin and end: cuts, `once`, rolling spans, and what is refused (RULES 2)."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import pytest

from domain.vocabulary import Period
from domain.windows import Schedule, Window, as_utc, rolling_window, window_after, window_at

CALENDAR = [Period.HOURLY, Period.DAILY, Period.WEEKLY, Period.MONTHLY, Period.YEARLY]
NAIVE = datetime.fromisoformat("2025-12-23T14:59")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(key: str, start: str, end: str) -> Window:
    return Window(key, utc(start), utc(end))


def test_a_window_is_cut_at_starts_at_and_ends_at_and_keeps_its_key():
    """RULES 2: A window is cut at `startsAt` and `endsAt`."""
    rules = Schedule(period=Period.MONTHLY, starts_at=utc("2025-01-10T08:00"), ends_at=utc("2025-03-05T20:00"))

    first = window_at(rules, utc("2025-01-10T08:00"))
    second = window_after(rules, first)
    third = window_after(rules, second)

    assert first == window("2025-01", "2025-01-10T08:00", "2025-02-01T00:00")
    assert second == window("2025-02", "2025-02-01T00:00", "2025-03-01T00:00")
    assert third == window("2025-03", "2025-03-01T00:00", "2025-03-05T20:00")
    assert window_after(rules, third) is None


def test_there_is_no_window_outside_starts_at_and_ends_at():
    rules = Schedule(period=Period.DAILY, starts_at=utc("2025-01-10T08:00"), ends_at=utc("2025-01-12T08:00"))

    assert window_at(rules, utc("2025-01-10T07:59:59.999999")) is None
    assert window_at(rules, utc("2025-01-12T07:59:59.999999")) is not None
    assert window_at(rules, utc("2025-01-12T08:00")) is None


def test_a_window_that_ends_with_the_definition_has_none_after_it():
    rules = Schedule(period=Period.DAILY, ends_at=utc("2025-01-12T00:00"))
    last = window_at(rules, utc("2025-01-11T12:00"))

    assert last == window("2025-01-11", "2025-01-11T00:00", "2025-01-12T00:00")
    assert window_after(rules, last) is None


def test_cuts_may_be_given_in_any_zone():
    vienna = ZoneInfo("Europe/Vienna")
    rules = Schedule(
        period=Period.DAILY,
        timezone="Asia/Tokyo",
        starts_at=datetime(2025, 1, 10, 9, tzinfo=vienna),
        ends_at=datetime(2025, 1, 10, 12, tzinfo=vienna),
    )

    found = window_at(rules, utc("2025-01-10T10:00"))

    assert found == window("2025-01-10", "2025-01-10T08:00", "2025-01-10T11:00")
    assert found.start.tzinfo is UTC
    assert found.end.tzinfo is UTC


def test_after_a_window_before_starts_at_comes_the_first_window():
    before = window("2025-01-02", "2025-01-02T00:00", "2025-01-03T00:00")
    rules = Schedule(period=Period.DAILY, starts_at=utc("2025-01-10T08:00"))

    assert window_after(rules, before) == window("2025-01-10", "2025-01-10T08:00", "2025-01-11T00:00")


def test_once_is_the_definition_s_own_stretch_of_time():
    """RULES 2: `once` = the definition's own `startsAt`..`endsAt`."""
    rules = Schedule(period=Period.ONCE, starts_at=utc("2025-01-10T08:00"), ends_at=utc("2025-03-05T20:00"))
    only = window("once", "2025-01-10T08:00", "2025-03-05T20:00")

    assert window_at(rules, utc("2025-01-10T08:00")) == only
    assert window_at(rules, utc("2025-03-05T19:59:59.999999")) == only
    assert window_at(rules, utc("2025-01-10T07:59:59.999999")) is None
    assert window_at(rules, utc("2025-03-05T20:00")) is None
    assert window_after(rules, only) is None


@pytest.mark.parametrize("missing", ["starts_at", "ends_at"])
def test_once_needs_both_bounds(missing):
    """RULES 3: `startsAt`/`endsAt` (optional; required for `once`)."""
    bounds = {"starts_at": utc("2025-01-10"), "ends_at": utc("2025-03-05")}
    rules = Schedule(period=Period.ONCE, **{**bounds, missing: None})

    with pytest.raises(ValueError, match="needs starts_at and ends_at"):
        window_at(rules, utc("2025-02-01"))


def test_rolling_windows_follow_each_other_from_the_anchor_of_the_run():
    """RULES 2: `rolling` = consecutive spans of a fixed elapsed length (default 24 h)."""
    rules, anchor = Schedule(period=Period.ROLLING, timezone="Europe/Vienna"), utc("2025-10-25T14:59:10")
    first = window("2025-10-25T14:59:10Z", "2025-10-25T14:59:10", "2025-10-26T14:59:10")
    second = window("2025-10-26T14:59:10Z", "2025-10-26T14:59:10", "2025-10-27T14:59:10")

    assert rolling_window(rules, anchor, anchor) == first
    assert rolling_window(rules, anchor, first.end - timedelta(microseconds=1)) == first
    assert rolling_window(rules, anchor, first.end) == second
    assert window_after(rules, first) == second
    assert rolling_window(rules, anchor, anchor - timedelta(microseconds=1)) is None


def test_a_rolling_key_holds_microseconds_only_if_there_are_any():
    rules = Schedule(period=Period.ROLLING, rolling_seconds=90)

    found = rolling_window(rules, utc("2025-12-23T14:59:10.000250"), utc("2025-12-23T15:01"))

    assert found.key == "2025-12-23T15:00:40.000250Z"


def test_a_rolling_window_is_cut_and_keeps_its_key():
    rules = Schedule(period=Period.ROLLING, starts_at=utc("2025-01-01T06:00"), ends_at=utc("2025-01-02T18:00"))
    anchor = utc("2025-01-01T00:00")

    first = rolling_window(rules, anchor, utc("2025-01-01T06:00"))
    last = window_after(rules, first)

    assert first == window("2025-01-01T00:00:00Z", "2025-01-01T06:00", "2025-01-02T00:00")
    assert last == window("2025-01-02T00:00:00Z", "2025-01-02T00:00", "2025-01-02T18:00")
    assert window_after(rules, last) is None
    assert rolling_window(rules, anchor, utc("2025-01-01T05:59")) is None
    assert rolling_window(rules, anchor, utc("2025-01-02T18:00")) is None


def test_the_anchor_decides_which_function_finds_a_window():
    with pytest.raises(ValueError, match="anchor"):
        window_at(Schedule(period=Period.ROLLING), utc("2025-01-01"))
    with pytest.raises(ValueError, match="anchor"):
        rolling_window(Schedule(period=Period.DAILY), utc("2025-01-01"), utc("2025-01-01"))


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_rolling_window_lasts_some_time(seconds):
    rules = Schedule(period=Period.ROLLING, rolling_seconds=seconds)

    with pytest.raises(ValueError, match="at least 1 second"):
        rolling_window(rules, utc("2025-01-01"), utc("2025-01-01"))


def test_a_naive_moment_is_refused_everywhere():
    """RULES 2: Only aware timestamps come in; a naive one is refused."""
    daily, rolling = Schedule(period=Period.DAILY), Schedule(period=Period.ROLLING)
    naive_cut = Schedule(period=Period.DAILY, starts_at=NAIVE)
    attempts = [
        lambda: as_utc(NAIVE),
        lambda: window_at(daily, NAIVE),
        lambda: window_at(naive_cut, utc("2025-12-24")),
        lambda: window_after(daily, Window("2025-12-22", utc("2025-12-22"), NAIVE)),
        lambda: rolling_window(rolling, NAIVE, utc("2025-12-24")),
        lambda: rolling_window(rolling, utc("2025-12-22"), NAIVE),
    ]

    for attempt in attempts:
        with pytest.raises(ValueError, match="2025-12-23T14:59:00 has no time zone"):
            attempt()


def test_a_moment_is_told_in_utc_to_the_microsecond():
    """RULES 2: Stored and computed in UTC, microseconds."""
    moment = datetime(2025, 10, 26, 2, 30, 0, 250, tzinfo=ZoneInfo("Europe/Vienna"))

    assert as_utc(moment) == utc("2025-10-26T00:30:00.000250")
    assert as_utc(moment.replace(fold=1)) == utc("2025-10-26T01:30:00.000250")
    assert as_utc(moment).tzinfo is UTC


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "America", "../secrets", "/etc/localtime", "a\0b"])
def test_an_unknown_time_zone_is_refused(zone):
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        window_at(Schedule(period=Period.DAILY, timezone=zone), utc("2025-01-01"))


@pytest.mark.parametrize("text", ["24:00", "4:00", "04:60", "0400", "04:00:00", "04:00\n", "\u0660\u0664:00", ""])
def test_a_reset_time_that_is_not_hh_mm_is_refused(text):
    with pytest.raises(ValueError, match="is not a time of day as HH:MM"):
        window_at(Schedule(period=Period.DAILY, reset_time=text), utc("2025-01-01"))


@pytest.mark.parametrize("period", CALENDAR)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_there_is_no_window_with_a_bound_outside_the_years_1_to_9999(period, zone):
    rules = Schedule(period=period, timezone=zone, reset_time="12:30")
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    assert window_at(rules, first) is None
    assert window_at(rules, last) is None
    assert window_after(rules, Window("the last", last - timedelta(hours=1), last)) is None


def test_a_rolling_window_that_would_end_after_year_9999_does_not_exist():
    rules, last = Schedule(period=Period.ROLLING), utc("9999-12-31T12:00")

    assert rolling_window(rules, last, last) is None


def test_a_moment_that_utc_cannot_tell_is_refused():
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        as_utc(datetime.min.replace(tzinfo=timezone(timedelta(hours=5))))


@pytest.mark.parametrize("end", ["2025-12-24T04:00", "2025-12-24T06:00"])
def test_a_window_written_under_another_tz_release_is_followed_by_the_next_key_without_a_gap(end):
    # New York's day ends at 05:00 in UTC. An event of another release may say an hour less or more.
    written = window("2025-12-23", "2025-12-23T05:00", end)
    rules = Schedule(period=Period.DAILY, timezone="America/New_York")

    assert window_after(rules, written) == window("2025-12-24", end, "2025-12-25T05:00")


def test_a_schedule_survives_the_way_through_an_event():
    rules = Schedule(period=Period.WEEKLY, timezone="Asia/Beirut", starts_at=utc("2025-01-10T08:00"))

    assert msgspec.json.decode(msgspec.json.encode(rules), type=Schedule) == rules
