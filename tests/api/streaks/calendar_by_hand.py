"""Windows found by looking at a wall clock minute by minute: slow, and nothing of the code under test."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


class ByHand(NamedTuple):
    """All windows of some years, in order: the dates that they open on, when they do, their keys."""

    days: list[date]
    openings: list[datetime]
    keys: list[str]

    def at(self, moment: datetime) -> int:
        """The number of the window that holds a moment."""
        return bisect_right(self.openings, moment) - 1


def by_hand(period: str, zone: str, reset: str, first: date, last: date) -> ByHand:
    """All windows that open between two dates."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    opening = [day for day in days if opens(period, day)]
    return ByHand(
        opening, [first_minute(ZoneInfo(zone), day, reset) for day in opening], [key(period, day) for day in opening]
    )


def opens(period: str, day: date) -> bool:
    match period:
        case "weekly":
            return day.isoweekday() == 1
        case "monthly":
            return day.day == 1
        case "yearly":
            return (day.month, day.day) == (1, 1)
    return True


def key(period: str, day: date) -> str:
    match period:
        case "weekly":
            return f"{day.isocalendar().year}-W{day.isocalendar().week:02}"
        case "monthly":
            return f"{day:%Y-%m}"
        case "yearly":
            return f"{day:%Y}"
    return f"{day:%Y-%m-%d}"


def first_minute(zone: ZoneInfo, day: date, reset: str) -> datetime:
    """When a clock on the wall first shows the reset time of that day, or a later one."""
    wanted = datetime.combine(day, datetime.strptime(reset, "%H:%M").time())  # noqa: DTZ007 - a clock on the wall
    moment = wanted.replace(tzinfo=UTC) - timedelta(hours=15)
    while moment.astimezone(zone).replace(tzinfo=None) < wanted:
        moment += MINUTE
    return moment


def streak_at(met: list[int], window: int) -> int:
    """How many windows in a row are met up to this one, which need not be met yet."""
    last = window if window in met else window - 1
    count = 0
    while last - count in met:
        count += 1
    return count
