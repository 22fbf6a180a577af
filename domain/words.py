"""Moments, spans of time and numbers, as a sentence says them."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def local(at: datetime, timezone: str) -> datetime:
    """The moment on the clocks of a zone; in UTC when this machine does not know the zone any more."""
    return at.astimezone(_zone(timezone))


def said(at: datetime, timezone: str) -> str:
    """A moment in a zone: 1 March 2026 00:00 (Europe/Vienna). Seconds are said when there are some."""
    wall = local(at, timezone)
    seconds = f":{wall.second:02}" if wall.second else ""
    return f"{wall.day} {MONTHS[wall.month - 1]} {wall.year} {wall.hour:02}:{wall.minute:02}{seconds} ({timezone})"


def span(length: timedelta) -> str:
    """How long, in the two largest units: 2 h 11 min."""
    seconds = int(length.total_seconds())
    parts: list[str] = []
    for unit, size in UNITS:
        amount, seconds = divmod(seconds, size)
        if amount or parts:
            parts.append(f"{amount} {unit}" if amount else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts)) or "less than a second"


def number(value: Decimal | int) -> str:
    """A number without an exponent."""
    text = str(value)
    return f"{value:f}" if "E" in text else text


def counted(count: int, noun: str) -> str:
    """A count and its noun: 1 entry, 2 entries."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


@lru_cache(maxsize=1024)
def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (KeyError, OSError, ValueError):
        return ZoneInfo("UTC")
