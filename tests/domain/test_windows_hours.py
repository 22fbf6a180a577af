"""Hourly windows: the hours of the local clock, moved by the minutes of the reset time (RULES 2)."""

from datetime import UTC, datetime

import pytest

from domain.vocabulary import Period
from domain.windows import Schedule, Window, window_after, window_at


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(key: str, start: str, end: str) -> Window:
    return Window(key, utc(start), utc(end))


def hourly(timezone: str, reset_time: str = "00:00") -> Schedule:
    return Schedule(period=Period.HOURLY, timezone=timezone, reset_time=reset_time)


def windows_from(rules: Schedule, at: datetime, count: int) -> list[Window]:
    """The window that holds a moment, and those that follow it."""
    found = [window_at(rules, at)]
    while len(found) < count:
        found.append(window_after(rules, found[-1]))
    return found


def test_the_missing_hour_of_spring_has_no_window():
    found = windows_from(hourly("Europe/Vienna"), utc("2025-03-30T00:30"), 2)

    assert found == [
        window("2025-03-30T01", "2025-03-30T00:00", "2025-03-30T01:00"),
        window("2025-03-30T03", "2025-03-30T01:00", "2025-03-30T02:00"),
    ]


def test_an_hour_that_begins_in_the_gap_begins_after_it():
    found = windows_from(hourly("Europe/Vienna", "00:30"), utc("2025-03-30T00:45"), 3)

    assert found == [
        window("2025-03-30T01", "2025-03-30T00:30", "2025-03-30T01:00"),
        window("2025-03-30T02", "2025-03-30T01:00", "2025-03-30T01:30"),
        window("2025-03-30T03", "2025-03-30T01:30", "2025-03-30T02:30"),
    ]


@pytest.mark.parametrize(
    ("zone", "reset_time", "at", "expected"),
    [
        (
            "Europe/Vienna",
            "00:00",
            "2025-10-26T01:30",
            window("2025-10-26T02", "2025-10-26T00:00", "2025-10-26T02:00"),
        ),
        (
            "Europe/Vienna",
            "07:30",
            "2025-10-26T01:45",
            window("2025-10-26T02", "2025-10-26T00:30", "2025-10-26T02:30"),
        ),
        (
            "Australia/Lord_Howe",
            "00:00",
            "2025-04-05T15:20",
            window("2025-04-06T01", "2025-04-05T14:00", "2025-04-05T15:30"),
        ),
    ],
)
def test_the_repeated_hour_of_autumn_is_one_window(zone, reset_time, at, expected):
    assert window_at(hourly(zone, reset_time), utc(at)) == expected


def test_hours_are_those_of_the_local_clock_whatever_its_offset():
    assert window_at(hourly("Asia/Kathmandu"), utc("2025-05-01T12:00")) == window(
        "2025-05-01T17", "2025-05-01T11:15", "2025-05-01T12:15"
    )
    assert window_at(hourly("America/New_York"), utc("1850-05-01T12:00")) == window(
        "1850-05-01T07", "1850-05-01T11:56:02", "1850-05-01T12:56:02"
    )


def test_no_hour_of_a_date_that_never_existed_has_a_window():
    found = windows_from(hourly("Pacific/Apia", "00:30"), utc("2011-12-30T10:15"), 2)

    assert found == [
        window("2011-12-29T23", "2011-12-30T09:30", "2011-12-30T10:30"),
        window("2011-12-31T00", "2011-12-30T10:30", "2011-12-30T11:30"),
    ]
