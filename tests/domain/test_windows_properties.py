"""What holds for windows in every IANA zone, period, reset time and week start (RULES 2)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.vocabulary import Period, WeekDay
from domain.windows import Schedule, Window, rolling_window, window_after, window_at

CALENDAR = [Period.HOURLY, Period.DAILY, Period.WEEKLY, Period.MONTHLY, Period.YEARLY]
ZONES = sorted(available_timezones() - {"Factory", "localtime", "posixrules"})
# The zones whose local time has done what others never did: dates skipped, midnights skipped or told twice,
# shifts of half an hour, of two hours and of 44 minutes 30 seconds, two shifts within a month.
PECULIAR = [
    *("Africa/Cairo", "Africa/Casablanca", "Africa/Monrovia", "America/Havana", "America/Sao_Paulo"),
    *("America/St_Johns", "Antarctica/Troll", "Asia/Amman", "Asia/Beirut", "Asia/Damascus", "Asia/Gaza"),
    *("Asia/Kathmandu", "Asia/Pyongyang", "Australia/Lord_Howe", "Europe/Dublin", "Pacific/Apia"),
    *("Pacific/Chatham", "Pacific/Fakaofo", "Pacific/Kiritimati", "Pacific/Kwajalein"),
]
MICROSECOND, SECOND, MINUTE = timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINNING, FINISH = datetime(1970, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
thoroughly = settings(max_examples=400, deadline=None)
scanning = settings(max_examples=200, deadline=None)


@cache
def transitions(zone: str) -> list[datetime]:
    """The instants at which the zone's offset changed, found by looking every week and halving."""
    found = []
    local = ZoneInfo(zone)
    for week in range((FINISH - BEGINNING) // (7 * DAY)):
        early, late = BEGINNING + week * 7 * DAY, BEGINNING + (week + 1) * 7 * DAY
        offset = early.astimezone(local).utcoffset()
        if late.astimezone(local).utcoffset() == offset:
            continue
        while late - early > SECOND:
            middle = early + (late - early) // (2 * SECOND) * SECOND
            if middle.astimezone(local).utcoffset() == offset:
                early = middle
            else:
                late = middle
        found.append(late)
    return found


zones = st.sampled_from(PECULIAR) | st.sampled_from(ZONES)
anywhen = st.datetimes(BEGINNING.replace(tzinfo=None), FINISH.replace(tzinfo=None), timezones=st.just(UTC))
spans = st.sampled_from([MICROSECOND, SECOND, MINUTE, 15 * MINUTE, HOUR, DAY])


@st.composite
def moments(draw: st.DrawFn, zone: str) -> datetime:
    """A moment from 1970 to 2060; most often near an instant at which the zone's clocks were set."""
    if not transitions(zone) or draw(st.integers(0, 3)) == 0:
        return draw(anywhen)
    return draw(st.sampled_from(transitions(zone))) + draw(st.integers(-50, 50)) * draw(spans)


@st.composite
def reset_times(draw: st.DrawFn, zone: str) -> str:
    """A time of day; most often midnight, or one that the zone's clocks skipped or told twice."""
    choice = draw(st.integers(0, 3))
    if choice == 0:
        return "00:00"
    if choice == 1 or not transitions(zone):
        return f"{draw(st.times()):%H:%M}"
    local = draw(st.sampled_from(transitions(zone))).astimezone(ZoneInfo(zone))
    return f"{local + draw(st.integers(-61, 61)) * MINUTE:%H:%M}"


@st.composite
def situations(draw: st.DrawFn, periods: list[Period] = CALENDAR) -> tuple[Schedule, datetime]:
    """A schedule without cuts, and a moment."""
    zone = draw(zones)
    rules = Schedule(
        period=draw(st.sampled_from(periods)),
        timezone=zone,
        reset_time=draw(reset_times(zone)),
        week_start=draw(st.sampled_from(WeekDay)),
    )
    return rules, draw(moments(zone))


@given(situations())
@thoroughly
def test_a_window_is_half_open_and_agrees_with_its_neighbours(situation):
    rules, at = situation

    window = window_at(rules, at)

    assert window.start <= at < window.end
    assert window_at(rules, window.start) == window
    assert window_at(rules, window.end - MICROSECOND) == window
    assert window_at(rules, window.end) == window_after(rules, window)
    assert window_after(rules, window_at(rules, window.start - MICROSECOND)) == window


@given(situations())
@thoroughly
def test_windows_follow_each_other_without_a_gap_and_their_keys_grow(situation):
    rules, at = situation

    chain = [window_at(rules, at)]
    for _ in range(30):
        chain.append(window_after(rules, chain[-1]))
    keys = [window.key for window in chain]

    assert all(one.start < one.end == other.start for one, other in pairwise(chain))
    assert keys == sorted(set(keys))


@given(situations(), st.data())
@thoroughly
def test_a_later_moment_is_never_in_an_earlier_window(situation, data):
    rules, at = situation
    later = at + data.draw(st.integers(0, 50)) * data.draw(spans)

    one, other = window_at(rules, at), window_at(rules, later)

    assert one == other or (one.end <= other.start and one.key < other.key)


@given(situations(), zones, st.integers(-1439, 1439))
@thoroughly
def test_the_zone_that_a_moment_is_told_in_makes_no_difference(situation, elsewhere, minutes):
    rules, at = situation

    window = window_at(rules, at)

    assert window_at(rules, at.astimezone(ZoneInfo(elsewhere))) == window
    assert window_at(rules, at.astimezone(timezone(minutes * MINUTE))) == window


def names_over_time(rules: Schedule, minutes: Iterator[datetime]) -> list[tuple[datetime, str]]:
    """What a clerk writes who looks at the local clock every minute: each new name with the minute it came up.

    The clerk takes the reset time off the clock, crosses out names that have been passed (the clock was set back)
    and names of dates that the clock has not shown (they never existed).
    """
    reset = time.fromisoformat(rules.reset_time)
    hours, form = (0, "%Y-%m-%dT%H") if rules.period is Period.HOURLY else (reset.hour, "%Y-%m-%d")
    local, written, dates = ZoneInfo(rules.timezone), [], set()
    for minute in minutes:
        clock = minute.astimezone(local).replace(tzinfo=None)
        dates.add(clock.date())
        named = clock - hours * HOUR - reset.minute * MINUTE
        if named.date() in dates and (not written or f"{named:{form}}" > written[-1][1]):
            written.append((minute, f"{named:{form}}"))
    return written


@given(situations([Period.HOURLY, Period.DAILY]))
@scanning
def test_hours_and_days_are_those_that_the_local_clock_shows(situation):
    rules, at = situation
    around = at.replace(second=0, microsecond=0)
    window = window_at(rules, at)
    # A clock that is set back by two hours shows a name for up to three.
    ahead = 5 * HOUR if rules.period is Period.HOURLY else 29 * HOUR

    written = names_over_time(rules, (around + n * MINUTE for n in range(-52 * 60, ahead // MINUTE)))
    shown_at = {name: minute for minute, name in written}
    names = list(shown_at)
    following = names[names.index(window.key) + 1]

    # Zones whose offset has seconds change between two of the clerk's looks.
    assert window.start <= shown_at[window.key] < window.start + MINUTE
    assert window.end <= shown_at[following] < window.end + MINUTE
    assert window_after(rules, window).key == following


def first_date(rules: Schedule, window: Window) -> datetime:
    """The local midnight that a key speaks of, without a zone."""
    if rules.period is Period.WEEKLY and rules.week_start is WeekDay.MONDAY:
        year, week = window.key.split("-W")
        return datetime.combine(date.fromisocalendar(int(year), int(week), 1), time())
    return datetime.fromisoformat((window.key + "-01-01")[:10])


@given(situations([Period.DAILY, Period.WEEKLY, Period.MONTHLY, Period.YEARLY]))
@scanning
def test_a_boundary_is_the_first_instant_at_which_the_local_clock_has_come_to_it(situation):
    rules, at = situation
    window, local = window_at(rules, at), ZoneInfo(rules.timezone)
    reset = time.fromisoformat(rules.reset_time)
    boundary = first_date(rules, window).replace(hour=reset.hour, minute=reset.minute)

    looks = [window.start - n * MINUTE for n in range(1, 26 * 60)] + [window.start - MICROSECOND]
    shown_before = max(look.astimezone(local).replace(tzinfo=None) for look in looks)

    assert shown_before < boundary <= window.start.astimezone(local).replace(tzinfo=None)


@given(situations(), st.data())
@thoroughly
def test_a_cut_takes_from_the_first_and_the_last_window_and_changes_nothing_else(situation, data):
    rules, at = situation
    steps = st.integers(1, 60)
    starts_at, ends_at = at - data.draw(steps) * data.draw(spans), at + data.draw(steps) * data.draw(spans)
    cut = Schedule(
        period=rules.period,
        timezone=rules.timezone,
        reset_time=rules.reset_time,
        week_start=rules.week_start,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    whole, window = window_at(rules, at), window_at(cut, at)

    assert window == Window(whole.key, max(whole.start, starts_at), min(whole.end, ends_at))
    assert window_at(cut, starts_at).start == starts_at
    assert window_at(cut, ends_at - MICROSECOND).end == ends_at
    assert window_after(cut, window_at(cut, ends_at - MICROSECOND)) is None
    assert window_at(cut, starts_at - MICROSECOND) is None
    assert window_at(cut, ends_at) is None
    assert window_after(cut, window) == window_at(cut, window.end)


@given(anywhen, st.integers(1, 10**8), st.integers(0, 10**15), st.none() | anywhen, st.none() | anywhen)
@thoroughly
def test_rolling_windows_are_whole_spans_from_the_anchor(anchor, seconds, later, starts_at, ends_at):
    rules = Schedule(period=Period.ROLLING, rolling_seconds=seconds, starts_at=starts_at, ends_at=ends_at)
    at, span = anchor + later * MICROSECOND, seconds * SECOND
    assume((starts_at is None or starts_at <= at) and (ends_at is None or at < ends_at))

    window = rolling_window(rules, anchor, at)
    named = datetime.fromisoformat(window.key)

    assert window.start <= at < window.end
    assert named <= at < named + span
    assert (named - anchor) % span == timedelta(0)
    assert window.start == max(named, starts_at or named)
    assert window.end == min(named + span, ends_at or named + span)
    assert window_after(rules, window) == rolling_window(rules, anchor, window.end)
