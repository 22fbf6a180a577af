"""Windows, sentence by sentence of RULES 2. Each test quotes the one that it checks."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.vocabulary import Period, WeekDay
from domain.windows import Schedule, Window, window_after, window_at

HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY, ONCE, _ = Period


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(key: str, start: str, end: str) -> Window:
    return Window(key, utc(start), utc(end))


def schedule(period: Period, timezone: str = "UTC", **rules: object) -> Schedule:
    return Schedule(period=period, timezone=timezone, **rules)


def windows_from(rules: Schedule, at: datetime, count: int) -> list[Window]:
    """The window that holds a moment, and those that follow it."""
    found = [window_at(rules, at)]
    while len(found) < count:
        found.append(window_after(rules, found[-1]))
    return found


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (HOURLY, window("2025-12-23T14", "2025-12-23T14:00", "2025-12-23T15:00")),
        (DAILY, window("2025-12-23", "2025-12-23T00:00", "2025-12-24T00:00")),
        (WEEKLY, window("2025-W52", "2025-12-22T00:00", "2025-12-29T00:00")),
        (MONTHLY, window("2025-12", "2025-12-01T00:00", "2026-01-01T00:00")),
        (YEARLY, window("2025", "2025-01-01T00:00", "2026-01-01T00:00")),
        (ONCE, window("once", "2025-06-01T00:00", "2026-06-01T00:00")),
    ],
)
def test_every_period_names_its_windows(period, expected):
    """RULES 2: Keys: hourly `2025-12-23T14`, daily `2025-12-23`, weekly `2025-W52`, …, once `once`."""
    once = {"starts_at": utc("2025-06-01"), "ends_at": utc("2026-06-01")} if period is ONCE else {}

    assert window_at(schedule(period, **once), utc("2025-12-23T14:59:10")) == expected


@pytest.mark.parametrize(
    ("period", "opens", "start"),
    [
        (HOURLY, "2025-12-23T14", "2025-12-23T13:15"),
        (DAILY, "2025-12-23", "2025-12-23T03:15"),
        (WEEKLY, "2025-W52", "2025-12-22T03:15"),
        (MONTHLY, "2025-12", "2025-12-01T03:15"),
        (YEARLY, "2025", "2025-01-01T03:15"),
    ],
)
def test_a_boundary_is_the_local_date_plus_reset_time_turned_into_utc(period, opens, start):
    """RULES 2: A boundary is the local date plus `resetTime`, turned into UTC."""
    found = window_at(schedule(period, "Europe/Vienna", reset_time="04:15"), utc("2025-12-23T14:10"))

    assert (found.key, found.start) == (opens, utc(start))


@pytest.mark.parametrize(
    ("at", "key"),
    [
        ("2025-12-29", "2026-W01"),
        ("2021-01-03", "2020-W53"),
        ("2027-01-03", "2026-W53"),
        ("2024-12-30", "2025-W01"),
    ],
)
def test_a_week_from_monday_is_named_by_its_iso_year_and_number(at, key):
    """RULES 2: weekly `2025-W52` (ISO)."""
    assert window_at(schedule(WEEKLY), utc(at)).key == key


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (WeekDay.TUESDAY, "2025-12-16"),
        (WeekDay.WEDNESDAY, "2025-12-17"),
        (WeekDay.THURSDAY, "2025-12-18"),
        (WeekDay.FRIDAY, "2025-12-19"),
        (WeekDay.SATURDAY, "2025-12-20"),
        (WeekDay.SUNDAY, "2025-12-21"),
    ],
)
def test_with_another_week_start_the_key_is_the_date_of_the_first_day(day, start):
    """RULES 2: with another week start, the date of its first day."""
    rules = schedule(WEEKLY, week_start=day)

    assert window_at(rules, utc("2025-12-22")) == Window(start, utc(start), utc(start) + timedelta(days=7))


@pytest.mark.parametrize("period", [HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY])
def test_a_moment_at_the_end_belongs_to_the_next_window(period):
    """RULES 2: `activityAt == end` belongs to the next window."""
    rules = schedule(period, "America/New_York", reset_time="06:30")
    first = window_at(rules, utc("2025-03-09T12:00"))

    assert window_at(rules, first.start) == first
    assert window_at(rules, first.end - timedelta(microseconds=1)) == first
    assert window_at(rules, first.end) == window_after(rules, first)
    assert window_after(rules, first).start == first.end


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-03-30T12:00", window("2025-03-30", "2025-03-29T23:00", "2025-03-30T22:00")),
        ("2025-06-30T12:00", window("2025-06-30", "2025-06-29T22:00", "2025-06-30T22:00")),
        ("2025-10-26T12:00", window("2025-10-26", "2025-10-25T22:00", "2025-10-26T23:00")),
    ],
)
def test_a_day_has_23_24_or_25_hours(at, expected):
    """RULES 2: A day has 23, 24 or 25 hours."""
    assert window_at(schedule(DAILY, "Europe/Vienna"), utc(at)) == expected


@pytest.mark.parametrize(
    ("period", "zone", "reset_time", "key", "start"),
    [
        (DAILY, "Europe/Vienna", "02:30", "2025-03-30", "2025-03-30T01:00"),
        (DAILY, "Europe/Vienna", "03:00", "2025-03-30", "2025-03-30T01:00"),
        (DAILY, "Australia/Lord_Howe", "02:10", "2025-10-05", "2025-10-04T15:30"),
        (DAILY, "Pacific/Chatham", "02:50", "2025-09-28", "2025-09-27T14:00"),
        (DAILY, "America/Sao_Paulo", "00:00", "2018-11-04", "2018-11-04T03:00"),
        (DAILY, "Africa/Cairo", "00:59", "2023-04-28", "2023-04-27T22:00"),
        (DAILY, "Asia/Beirut", "00:00", "2022-03-27", "2022-03-26T22:00"),
        (DAILY, "Africa/Monrovia", "00:15", "1972-01-07", "1972-01-07T00:44:30"),
        (WEEKLY, "America/Sao_Paulo", "00:30", "2018-11-04", "2018-11-04T03:00"),
        (MONTHLY, "Asia/Damascus", "00:00", "2006-04", "2006-03-31T22:00"),
        (YEARLY, "Asia/Kathmandu", "00:00", "1986", "1985-12-31T18:30"),
    ],
)
def test_a_boundary_that_does_not_exist_is_the_first_instant_after_the_gap(period, zone, reset_time, key, start):
    """RULES 2: A local time that does not exist (spring gap) becomes the first instant after the gap."""
    rules = schedule(period, zone, reset_time=reset_time, week_start=WeekDay.SUNDAY)
    found = window_at(rules, utc(start))
    before = window_at(rules, utc(start) - timedelta(microseconds=1))

    assert (found.key, found.start) == (key, utc(start))
    assert window_after(rules, before) == found


@pytest.mark.parametrize(
    ("zone", "reset_time", "key", "start"),
    [
        ("Europe/Vienna", "02:30", "2025-10-26", "2025-10-26T00:30"),
        ("America/New_York", "01:00", "2025-11-02", "2025-11-02T05:00"),
        ("Australia/Lord_Howe", "01:45", "2025-04-06", "2025-04-05T14:45"),
        ("America/Havana", "00:00", "2024-11-03", "2024-11-03T04:00"),
        ("America/St_Johns", "00:00", "2006-10-29", "2006-10-29T02:30"),
        ("Africa/Cairo", "23:15", "2023-10-26", "2023-10-26T20:15"),
        ("Africa/Cairo", "00:00", "2023-10-27", "2023-10-26T22:00"),
    ],
)
def test_a_boundary_that_occurs_twice_is_the_first(zone, reset_time, key, start):
    """RULES 2: one that occurs twice (autumn) is the first."""
    rules = schedule(DAILY, zone, reset_time=reset_time)
    found = window_at(rules, utc(start))
    an_hour_later = window_at(rules, utc(start) + timedelta(hours=1))

    assert (found.key, found.start) == (key, utc(start))
    assert an_hour_later == found


def test_a_clock_set_back_over_midnight_does_not_reopen_the_day_before():
    # In Newfoundland one minute of the 29th had passed when the clocks went back to 23:01 on the 28th.
    rules = schedule(DAILY, "America/St_Johns")

    found = window_at(rules, utc("2006-10-29T02:45"))

    assert found == window("2006-10-29", "2006-10-29T02:30", "2006-10-30T03:30")


@pytest.mark.parametrize(
    ("zone", "reset_time", "boundary", "last", "following"),
    [
        ("Pacific/Apia", "00:00", "2011-12-30T10:00", "2011-12-29", "2011-12-31"),
        ("Pacific/Apia", "04:00", "2011-12-30T14:00", "2011-12-29", "2011-12-31"),
        ("Pacific/Kwajalein", "23:59", "1993-08-22T11:59", "1993-08-20", "1993-08-22"),
    ],
)
def test_a_local_date_that_never_existed_has_no_window(zone, reset_time, boundary, last, following):
    """RULES 2: A local date that never existed (Pacific/Apia, 2011-12-30) has no window."""
    rules, day = schedule(DAILY, zone, reset_time=reset_time), timedelta(days=1)

    assert windows_from(rules, utc(boundary) - timedelta(minutes=1), 2) == [
        Window(last, utc(boundary) - day, utc(boundary)),
        Window(following, utc(boundary), utc(boundary) + day),
    ]


def test_a_week_whose_first_date_never_existed_starts_with_the_first_instant_after_the_gap():
    rules = schedule(WEEKLY, "Pacific/Apia", week_start=WeekDay.FRIDAY, reset_time="04:00")

    assert windows_from(rules, utc("2011-12-30T09:59"), 2) == [
        window("2011-12-23", "2011-12-23T14:00", "2011-12-30T10:00"),
        window("2011-12-30", "2011-12-30T10:00", "2012-01-05T14:00"),
    ]


def test_a_date_that_came_twice_is_one_window():
    assert window_at(schedule(DAILY, "Pacific/Apia"), utc("1892-07-04T12:00")) == window(
        "1892-07-04", "1892-07-03T11:26:56", "1892-07-05T11:26:56"
    )
