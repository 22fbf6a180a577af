"""Streaks without the domain: what sorted entries make, worked out plainly, and stories to try it on.

Windows are runs of hours that have the same name in Vienna; runs are what the sorted entries make of them, one window
after the other. It shares no code with the domain, except for the ids (which have golden tests of their own).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby, pairwise
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.commands import LogEntry
from tests.domain.given import at
from tests.domain.given_streak import entry

VIENNA = ZoneInfo("Europe/Vienna")
SHOPS = ["Graz", "Linz", "Wien"]


class Span(NamedTuple):
    """A window of the oracle."""

    key: str
    start: datetime
    end: datetime


class Rules(NamedTuple):
    """What one example plays by."""

    period: str
    method: str
    target: int
    completion: int | None
    grace: timedelta
    pause: tuple[datetime, datetime] | None


class Expected(NamedTuple):
    """What the oracle knows of a run. It does not say when a run was completed: that depends on the order."""

    number: int
    first: str
    status: str
    value: int
    started_at: datetime
    broken_at: datetime | None
    last_contribution_at: datetime


NAMES: dict[str, Callable[[datetime], str]] = {
    "hourly": lambda local: f"{local:%Y-%m-%dT%H}",
    "daily": lambda local: f"{local:%Y-%m-%d}",
    "weekly": lambda local: f"{local.isocalendar().year}-W{local.isocalendar().week:02}",
}
# Both nights on which the clocks of Vienna are set lie in the weeks in which things happen.
BEGINNINGS = {"hourly": at("2026-10-24T20:00"), "daily": at("2026-03-25T23:00"), "weekly": at("2026-03-08T23:00")}
HOURS = {"hourly": 9, "daily": 8 * 24, "weekly": 5 * 7 * 24}


def named_hours(period: str) -> list[Span]:
    hours = [BEGINNINGS[period] + timedelta(hours=number) for number in range(-24 * 14, 24 * 7 * 90)]
    rows = groupby(hours, key=lambda hour: NAMES[period](hour.astimezone(VIENNA)))
    cut = [(key, next(iter(row))) for key, row in rows]
    return [Span(key, start, end) for (key, start), (_, end) in pairwise(cut)]


WINDOWS = {period: named_hours(period) for period in NAMES}
STARTS = {period: [window.start for window in windows] for period, windows in WINDOWS.items()}


def place(period: str, moment: datetime) -> int:
    return bisect_right(STARTS[period], moment) - 1


def is_met(rules: Rules, entries: list[LogEntry]) -> bool:
    totals = {
        "sum": sum((one.activity_value or Decimal(0) for one in entries), Decimal(0)),
        "count": Decimal(len(entries)),
        "distinct": Decimal(len({one.attributes["shop"] for one in entries})),
    }
    return totals[rules.method] >= rules.target


def gathered(rules: Rules, entries: list[LogEntry]) -> dict[int, list[LogEntry]]:
    found: dict[int, list[LogEntry]] = defaultdict(list)
    for one in sorted(entries, key=lambda one: one.activity_at):
        found[place(rules.period, one.activity_at)].append(one)
    return found


def oracle(rules: Rules, entries: list[LogEntry], now: datetime, voided: Collection[str] = ()) -> list[Expected]:
    """What the runs are at this time. An entry that was voided adds nothing, and its window stays one of the run."""
    windows, inside = WINDOWS[rules.period], gathered(rules, entries)
    left = {number: [one for one in group if one.unique_identifier not in voided] for number, group in inside.items()}
    waiting, expected = sorted(inside), list[Expected]()
    while waiting:
        first = place_now = waiting[0]
        value, status = 0, ""
        while not status:
            window = windows[place_now]
            if is_met(rules, left.get(place_now, [])):
                value += 1
                status = "completed" if value == rules.completion else ""
            elif not (rules.pause and rules.pause[0] < window.end and window.start < rules.pause[1]):
                status = "broken" if window.end + rules.grace <= now else "in_progress"
            place_now += 1
        own = [one for one in waiting if one < place_now or status == "in_progress"]
        expected.append(
            Expected(
                len(expected) + 1,
                windows[first].key,
                status,
                value,
                inside[first][0].activity_at,
                windows[place_now - 1].end if status == "broken" else None,
                inside[own[-1]][-1].activity_at,
            )
        )
        waiting = [one for one in waiting if one >= place_now and status != "in_progress"]
    return expected


class Story(NamedTuple):
    """Rules, and entries with the moments at which they arrive: all before their windows are sealed."""

    rules: Rules
    arrivals: list[tuple[LogEntry, datetime]]


def stories(*, pauses: bool = False) -> st.SearchStrategy[Story]:
    """Windows near to each other with few or many entries, in any order that the grace allows."""
    # Examples that are changed a little at a time seldom have entries in the order that takes a completed run back.
    return st.builds(partial(a_story, pauses), st.randoms(use_true_random=True))


def a_story(pauses: bool, random: Random) -> Story:
    """Entries that come one by one, some of them late, or all together after the last of them, in any order."""
    rules = some_rules(pauses, random)
    beginning, quarters = BEGINNINGS[rules.period], HOURS[rules.period] * 4
    together, density = random.random() < 0.5, random.choice([3, 8, 15, 24])
    arrivals = []
    for number in range(random.randint(1, density)):
        moment = beginning + timedelta(minutes=15 * random.randrange(quarters))
        one = entry(moment, Decimal(random.randrange(7)) / 2, f"n-{number}", shop=random.choice(SHOPS))
        wanted = beginning + timedelta(minutes=15 * quarters * (1 if together else random.random()), seconds=number)
        arrivals.append((one, min(max(moment, wanted), before_the_seal(rules, one, moment, 0.999))))
    return Story(rules, sorted(arrivals, key=lambda one: one[1]))


def some_rules(pauses: bool, random: Random) -> Rules:
    period = random.choice(sorted(NAMES))
    window = WINDOWS[period][place(period, BEGINNINGS[period]) + 1]
    length = window.end - window.start
    start = BEGINNINGS[period] + length * random.randrange(8)
    return Rules(
        period=period,
        method=random.choice(["count", "sum", "distinct"]),
        target=random.randint(1, 3),
        completion=random.choice([1, 1, 2, 2, 3, 4, None]),
        grace=min(length * random.choice([0, 1, 3, 8, 8]) + timedelta(seconds=300), timedelta(days=30)),
        pause=(start, start + length * random.randint(1, 5) / 2) if pauses else None,
    )


def before_the_seal(rules: Rules, one: LogEntry, since: datetime, delay: float) -> datetime:
    """Some moment since then, before the seal of the entry's window: `delay` is below 1."""
    sealed_at = WINDOWS[rules.period][place(rules.period, one.activity_at)].end + rules.grace
    return since + timedelta(seconds=int((sealed_at - since).total_seconds() * delay))
