"""RULES 5, never stale: what ticks is right at every minute, compared with a wall clock read minute by minute."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import pytest

from tests.api.conftest import ACME
from tests.api.streaks.calendar_by_hand import MINUTE, ByHand, by_hand, streak_at
from tests.api.streaks.given_streaks import ADA, BOB, LOGINS

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEEDED = 2
AROUND = 7  # Minutes before and after a boundary that are all looked at: late entries may come for five.


class Walk(NamedTuple):
    """A walk over six windows, from the one that opens on a date on: how time is cut, and how many hours one of them
    has that is of another length than the others.
    """

    period: str
    zone: str
    reset: str
    first: date
    odd_hours: float | None = None


WALKS = {
    "a day of 23 hours in Vienna": Walk("daily", "Europe/Vienna", "00:00", date(2026, 3, 28), 23),
    "a day of 25 hours in Vienna": Walk("daily", "Europe/Vienna", "00:00", date(2026, 10, 24), 25),
    "a reset in the hour that is not there": Walk("daily", "Europe/Vienna", "02:30", date(2026, 3, 28), 23.5),
    "a reset in the hour that comes twice": Walk("daily", "Europe/Vienna", "02:30", date(2026, 10, 24), 25),
    "a night in which half an hour is missing": Walk("daily", "Australia/Lord_Howe", "00:00", date(2026, 10, 3), 23.5),
    "month ends, one of them in a short month": Walk("monthly", "Europe/Vienna", "00:00", date(2026, 1, 1), 28 * 24),
    "a year's end in days": Walk("daily", "Pacific/Kiritimati", "00:00", date(2025, 12, 30)),
    "a year's end in weeks": Walk("weekly", "Europe/Vienna", "04:00", date(2025, 12, 22)),
    "a year's end in months": Walk("monthly", "America/St_Johns", "00:00", date(2026, 11, 1)),
    "a year's end in years": Walk("yearly", "America/St_Johns", "00:00", date(2025, 1, 1)),
}


def events(windows: ByHand, first: int) -> list[datetime]:
    """When Ada did something: twice in three windows, once in the next, and twice at the beginning of one more, before
    the break is sealed.
    """
    starts, ends = windows.openings[first : first + 6], windows.openings[first + 1 : first + 7]
    instant = timedelta(microseconds=1)
    return [
        *(starts[0] + (ends[0] - starts[0]) / 3, ends[0] - MINUTE),
        *(starts[1], ends[1] - instant),
        *(starts[2], starts[2] + timedelta(seconds=90)),
        ends[3] - MINUTE,
        *(starts[4] + timedelta(seconds=60), starts[4] + timedelta(seconds=90), ends[4] - timedelta(seconds=1)),
        starts[5],
    ]


def minutes(windows: ByHand, first: int, happened: list[datetime]) -> list[datetime]:
    """Every minute around a boundary and around an event, the instants beside them, and now and then one far off."""
    boundaries = windows.openings[first + 1 : first + 7]
    start, end = happened[0], boundaries[-1] + HOUR
    known = [*boundaries, *happened]
    close = {one + number * MINUTE for one in known for number in range(-AROUND, AROUND + 1)}
    beside = {one + timedelta(microseconds=number) for one in known for number in (-1, 1, 1_500_000)}
    far = {start + number * (end - start) / 40 for number in range(41)}
    return [one for one in sorted(close | beside | far | {*happened}) if one >= start]


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_what_ticks_is_right_at_every_minute(acme, given, clock, catch_up, walk: Walk):
    windows = by_hand(walk.period, walk.zone, walk.reset, date(2025, 1, 1), date(2034, 1, 1))
    first = windows.days.index(walk.first)
    waiting = happened = events(windows, first)
    clock.moment = happened[0]
    rules = {"aggregation_period": walk.period, "timezone": walk.zone, "reset_time": walk.reset}
    given.define(LOGINS, **rules, aggregation_target_value=NEEDED)
    tally: Counter[int] = Counter()
    counts = []

    for moment in minutes(windows, first, happened):
        clock.moment = moment
        while waiting and waiting[0] <= moment:
            given.entry(LOGINS, ADA, at=waiting[0])
            given.entry(LOGINS, BOB, at=waiting[0])
            tally[windows.at(waiting[0])] += 1
            waiting = waiting[1:]
            catch_up()
        found = acme.get(f"/v1/streaks/{ACME}/users/{ADA}/{LOGINS}").json
        assert shown(found) == expected(windows, tally, moment), moment
        counts.append(found["current_count"])

    assert [count for count, _ in groupby(counts)] == [0, 1, 2, 3, 0, 1, 0]
    if walk.odd_hours is not None:
        assert walk.odd_hours in [hours(windows, number) for number in range(first, first + 6)]


def hours(windows: ByHand, number: int) -> float:
    return (windows.openings[number + 1] - windows.openings[number]) / HOUR


def shown(found: dict[str, Any]) -> dict[str, Any]:
    names = ("current_window_key", "seconds_until_window_close", "current_count", "current_window_satisfied")
    return {**{name: found[name] for name in names}, "count": found["current_window_progress"]["count"]}


def expected(windows: ByHand, tally: Counter[int], moment: datetime) -> dict[str, Any]:
    window = windows.at(moment)
    left = windows.openings[window + 1] - moment
    met = [number for number, count in tally.items() if count >= NEEDED]
    return {
        "current_window_key": windows.keys[window],
        "seconds_until_window_close": int(left.total_seconds()),
        "current_count": streak_at(met, window),
        "current_window_satisfied": window in met,
        "count": tally[window],
    }


def test_a_rolling_streak_ticks_from_the_first_event_on(given, clock, one):
    start = clock.moment = datetime(2026, 10, 24, 14, 59, 10, 276_000, tzinfo=UTC)
    given.define(LOGINS, aggregation_period="rolling", rolling_seconds=3600)
    given.entry(LOGINS, ADA)
    keys = ["2026-10-24T14:59:10.276000Z", "2026-10-24T15:59:10.276000Z"]

    first = one()
    clock.moment = start + timedelta(seconds=3599.5)
    last_moment = one()
    clock.moment = start + HOUR
    second = one()
    clock.moment = start + 2 * HOUR
    broken = one()

    assert first["window"] == {"type": "rolling", "seconds": 3600}
    ticking = [(found["current_window_key"], found["seconds_until_window_close"]) for found in (first, last_moment)]
    assert ticking == [(keys[0], 3600), (keys[0], 0)]
    assert (second["current_window_key"], second["seconds_until_window_close"]) == (keys[1], 3600)
    assert (second["current_count"], second["current_window_progress"]["count"]) == (1, 0)
    assert (broken["current_window_key"], broken["seconds_until_window_close"]) == (keys[1], 0)
    assert (broken["current_count"], broken["current_window_progress"]["count"]) == (0, 0)
    assert broken["current_window_satisfied"] is False


def test_a_rolling_streak_that_is_still_to_begin_shows_its_first_window(given, clock, one):
    given.define(LOGINS, aggregation_period="rolling", rolling_seconds=3600)
    given.entry(LOGINS, ADA, at=clock() + timedelta(seconds=200))

    found = one()

    assert (found["current_window_key"], found["seconds_until_window_close"]) == ("2026-04-03T10:18:20Z", 3800)


def test_a_single_window_that_is_over_stays_the_current_one(given, clock, one):
    starts_at, ends_at = clock(), clock() + DAY
    given.define(LOGINS, aggregation_period="once", starts_at=starts_at, ends_at=ends_at)
    given.entry(LOGINS, ADA)
    during = one()
    clock.moment = ends_at
    over = one()

    window = {"type": "once", "starts_at": "2026-04-03T10:15:00.000Z", "ends_at": "2026-04-04T10:15:00.000Z"}
    assert during["window"] == over["window"] == window
    assert (during["current_window_key"], during["seconds_until_window_close"]) == ("once", 86_400)
    assert (over["current_window_key"], over["seconds_until_window_close"]) == ("once", 0)
    assert (over["current_window_satisfied"], over["current_window_progress"]["count"]) == (False, 0)


def test_a_streak_that_has_ended_shows_its_last_window(given, clock, one):
    given.define(LOGINS, ends_at=clock() + DAY)
    given.entry(LOGINS, ADA)
    clock.advance(days=1, seconds=-1)
    given.entry(LOGINS, ADA)
    last = one()
    clock.advance(days=9)
    over = one()

    assert (last["current_window_key"], last["seconds_until_window_close"]) == ("2026-04-04", 1)
    assert (over["current_window_key"], over["seconds_until_window_close"]) == ("2026-04-04", 0)
    assert over["current_count"] == 2


def test_weeks_may_start_on_any_day(given, one):
    given.define(LOGINS, aggregation_period="weekly", week_start="sunday")
    given.entry(LOGINS, ADA)

    found = one()

    assert found["window"]["week_start"] == "sunday"
    assert found["current_window_key"] == "2026-03-29"
