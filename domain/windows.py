"""Windows: the stretches of time that a tally counts for, found from a schedule and a moment (RULES 2)."""

import re
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from domain.vocabulary import Period, WeekDay

RESET_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
WEEK_DAYS = tuple(WeekDay)
MIDNIGHT = time()
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


class Window(msgspec.Struct, frozen=True, gc=False):
    """A stretch of time, half-open: `start` belongs to it, `end` to the next one. Both are UTC."""

    key: str
    start: datetime
    end: datetime


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a definition cuts time into windows.

    Nothing is checked here, because a schedule is also read back from events, and replay asks no tz database.
    The functions below raise ValueError for an unknown zone, a reset time that is not HH:MM, a naive bound,
    a `once` without both bounds and a span that is not positive.
    """

    period: Period
    timezone: str = "UTC"
    reset_time: str = "00:00"
    week_start: WeekDay = WeekDay.MONDAY
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    rolling_seconds: int = 86400


def window_at(schedule: Schedule, at: datetime) -> Window | None:
    """The window that holds a moment, cut at `starts_at` and `ends_at` (RULES 2).

    None outside those two, and where a bound would fall outside the years 1 to 9999. A naive moment raises ValueError,
    and so does a rolling schedule: `rolling_window` finds those.
    """
    moment = as_utc(at)
    if schedule.period is Period.ROLLING:
        raise ValueError("a rolling window is found from the anchor of its run")
    if schedule.period is Period.ONCE:
        return _cut(schedule, _whole(schedule), moment)
    calendar = _calendar(schedule.period, schedule.timezone, schedule.reset_time, schedule.week_start)
    try:
        return _cut(schedule, _holding(calendar, moment), moment)
    except OverflowError:
        return None


def window_after(schedule: Schedule, window: Window) -> Window | None:
    """The window that follows: it starts where the given one ends, or at `starts_at` if that is later.

    None after `ends_at`, and for `once`. The given window may come from an event written under another release of the
    tz database: the one that follows still starts at its end, and has another key.
    """
    start = as_utc(window.end)
    if schedule.starts_at is not None:
        start = max(start, as_utc(schedule.starts_at))
    if schedule.period is Period.ONCE:
        return None
    if schedule.period is Period.ROLLING:
        return rolling_window(schedule, window.end, start)
    following = window_at(schedule, start)
    if following is not None and following.key == window.key:
        following = window_at(schedule, following.end)
    if following is None or following.start == start:
        return following
    return Window(following.key, start, following.end)


def rolling_window(schedule: Schedule, anchor: datetime, at: datetime) -> Window | None:
    """The span that holds a moment, in a run of spans of `rolling_seconds` each, from `anchor` on (RULES 2).

    None before the anchor, outside `starts_at` and `ends_at`, and where a bound would fall after year 9999.
    A naive moment raises ValueError, and so does a schedule that is not rolling.
    """
    origin, moment = as_utc(anchor), as_utc(at)
    if schedule.period is not Period.ROLLING:
        raise ValueError(f"a {schedule.period} window has no anchor")
    if schedule.rolling_seconds <= 0:
        raise ValueError(f"a rolling window lasts at least 1 second, not {schedule.rolling_seconds}")
    if moment < origin:
        return None
    try:
        span = timedelta(seconds=schedule.rolling_seconds)
        start = origin + (moment - origin) // span * span
        end = start + span
    except OverflowError:
        return None
    key = start.replace(tzinfo=None).isoformat() + "Z"
    return _cut(schedule, Window(key, start, end), moment)


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC. ValueError if it is naive, or in UTC falls outside the years 1 to 9999."""
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is outside the years 1 to 9999 in UTC") from None


class _Calendar(msgspec.Struct, frozen=True, eq=False):
    """How a zone's local time is cut. A window is named after its opening: a midnight or a full hour."""

    period: Period
    zone: ZoneInfo
    reset: timedelta
    first_day: int

    def opening(self, local: datetime) -> datetime:
        """The last opening that is not after a local time less `reset`."""
        wall = local - self.reset
        match self.period:
            case Period.HOURLY:
                return datetime.combine(wall, time(wall.hour))
            case Period.WEEKLY:
                return datetime.combine(wall, MIDNIGHT) - DAY * ((wall.weekday() - self.first_day) % 7)
            case Period.MONTHLY:
                return datetime.combine(date(wall.year, wall.month, 1), MIDNIGHT)
            case Period.YEARLY:
                return datetime.combine(date(wall.year, 1, 1), MIDNIGHT)
            case _:
                return datetime.combine(wall, MIDNIGHT)

    def next_opening(self, opening: datetime) -> datetime:
        match self.period:
            case Period.HOURLY:
                return opening + HOUR
            case Period.WEEKLY:
                return opening + 7 * DAY
            case Period.MONTHLY:
                return (opening + 31 * DAY).replace(day=1)
            case Period.YEARLY:
                return (opening + 366 * DAY).replace(day=1)
            case _:
                return opening + DAY

    def key(self, opening: datetime) -> str:
        match self.period:
            case Period.HOURLY:
                return opening.isoformat(timespec="hours")
            case Period.WEEKLY if self.first_day == 0:
                year, week, _ = opening.isocalendar()
                return f"{year:04}-W{week:02}"
            case Period.MONTHLY:
                return opening.isoformat()[:7]
            case Period.YEARLY:
                return opening.isoformat()[:4]
            case _:
                return opening.isoformat()[:10]


@lru_cache(maxsize=1024)
def _calendar(period: Period, timezone: str, reset_time: str, week_start: WeekDay) -> _Calendar:
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{timezone!r} is not an IANA time zone") from None
    parts = RESET_TIME.fullmatch(reset_time)
    if parts is None:
        raise ValueError(f"{reset_time!r} is not a time of day as HH:MM")
    hours = 0 if period is Period.HOURLY else int(parts[1])
    reset = timedelta(hours=hours, minutes=int(parts[2]))
    return _Calendar(period, zone, reset, WEEK_DAYS.index(week_start))


def _holding(calendar: _Calendar, at: datetime) -> Window:
    opening = calendar.opening(at.astimezone(calendar.zone))
    while (window := _opened(calendar, opening)) is None:
        opening -= HOUR if calendar.period is Period.HOURLY else DAY
    # A clock that was set back over a boundary shows the time of a window that has ended.
    while window.end <= at:
        opening = calendar.next_opening(opening)
        window = _opened(calendar, opening) or window
    return window


@lru_cache(maxsize=8192)
def _opened(calendar: _Calendar, opening: datetime) -> Window | None:
    """The window of an opening: None if its date never existed, empty if only its hours never did."""
    start = _boundary(calendar, opening)
    if start is None:
        return None
    following = calendar.next_opening(opening)
    while (end := _boundary(calendar, following)) is None:
        following = calendar.next_opening(following)
    return Window(calendar.key(opening), start, end)


def _boundary(calendar: _Calendar, opening: datetime) -> datetime | None:
    """The first instant at which local time reaches the opening plus `reset`.

    None if the opening is a date that never existed, or an hour of one. A week, month or year is more than
    its first date: if that date never existed, it starts with the first instant after the gap.
    """
    zone, wall = calendar.zone, opening + calendar.reset
    reading = datetime.combine(wall, wall.time(), zone)
    first, second = reading.astimezone(UTC), reading.replace(fold=1).astimezone(UTC)
    if first <= second:
        return first
    # In a gap the two readings lie on both sides of the instant at which the clocks were set forward.
    seconds = range((first - second) // SECOND)
    passed = bisect_left(seconds, wall, key=lambda s: _wall_clock(zone, second + s * SECOND))
    instant = second + passed * SECOND
    if calendar.period in (Period.HOURLY, Period.DAILY):
        last_date = _wall_clock(zone, instant - SECOND).date()
        if last_date < wall.date() < _wall_clock(zone, instant).date():
            return None
    return instant


def _wall_clock(zone: ZoneInfo, moment: datetime) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _whole(schedule: Schedule) -> Window:
    if schedule.starts_at is None or schedule.ends_at is None:
        raise ValueError("a window that comes once needs starts_at and ends_at")
    return Window("once", as_utc(schedule.starts_at), as_utc(schedule.ends_at))


def _cut(schedule: Schedule, window: Window, at: datetime) -> Window | None:
    """What `starts_at` and `ends_at` leave of a window; None if the moment is not in it."""
    start, end = window.start, window.end
    if schedule.starts_at is not None:
        start = max(start, as_utc(schedule.starts_at))
    if schedule.ends_at is not None:
        end = min(end, as_utc(schedule.ends_at))
    if not start <= at < end:
        return None
    return window if start is window.start and end is window.end else Window(window.key, start, end)
