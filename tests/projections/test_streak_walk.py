"""The clock walks over boundaries minute by minute; status and period agree with the calendar on the wall."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.commands import Redefine
from domain.ids import engagement_id
from domain.vocabulary import DefinitionStatus, Period, Slug
from projections import streak_progress
from projections.listing import Page
from projections.streak_standing import current_window, of_user
from projections.streak_windows import task
from tests.projections.conftest import ADA, define_streak

VIENNA = ZoneInfo("Europe/Vienna")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TARGET = Decimal(50)


class Walk(NamedTuple):
    """A streak in Vienna, what was logged on which dates, an excused date, and the local boundaries to walk over."""

    period: Period
    logged: dict[str, int]
    boundaries: tuple[str, ...]
    excused: str | None = None


WALKS = {
    "a night in which the clocks go forward": Walk(
        Period.DAILY, {"2026-03-27": 60, "2026-03-28": 50}, ("2026-03-29", "2026-03-29T03:00", "2026-03-30")
    ),
    "a night in which the clocks go back": Walk(
        Period.DAILY, {"2026-10-24": 60, "2026-10-25": 20}, ("2026-10-25T03:00", "2026-10-26")
    ),
    "a month's end": Walk(Period.MONTHLY, {"2026-01-10": 60}, ("2026-02-01", "2026-03-01")),
    "a year's end": Walk(Period.YEARLY, {"2025-06-01": 60}, ("2026-01-01", "2027-01-01")),
    "a year's end day by day": Walk(Period.DAILY, {"2026-12-30": 60, "2026-12-31": 60}, ("2027-01-01", "2027-01-02")),
    "a day that a pause excuses": Walk(
        Period.DAILY, {"2026-10-23": 60}, ("2026-10-24", "2026-10-25", "2026-10-26"), excused="2026-10-24"
    ),
}


class Expected(NamedTuple):
    """What has to be read: the status, and the key and the tally of the period."""

    status: str
    key: str
    value: int


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA).astimezone(UTC)


def key_of(period: Period, day: date) -> str:
    return day.isoformat()[: {Period.DAILY: 10, Period.MONTHLY: 7, Period.YEARLY: 4}[period]]


def expected(walk: Walk, now: datetime) -> Expected:
    """Day by day from the first entry on: a period that has passed and was neither met nor excused is the last one."""
    tallies: dict[str, int] = {}
    for day, value in walk.logged.items():
        key = key_of(walk.period, date.fromisoformat(day))
        tallies[key] = tallies.get(key, 0) + value
    today = now.astimezone(VIENNA).date()
    day, current = date.fromisoformat(min(walk.logged)), key_of(walk.period, today)
    while key_of(walk.period, day) != current:
        key = key_of(walk.period, day)
        if tallies.get(key, 0) < TARGET and key != walk.excused:
            return Expected("broken", key, tallies.get(key, 0))
        day += DAY
    return Expected("in_progress", current, tallies.get(current, 0))


def moments(walk: Walk, *, sealing: bool) -> Iterator[datetime]:
    # The period after an excused one is known once the excused one is sealed: only then can it read missed.
    for boundary in walk.boundaries if sealing or not walk.excused else walk.boundaries[:-1]:
        for step in range(-8, 9):
            yield wall(boundary) + step * MINUTE


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS.keys())
@pytest.mark.parametrize("clock", [False, True], ids=["nobody seals", "the clock process seals"])
def test_status_and_period_agree_with_the_calendar(log, play, projector, reader, walk: Walk, clock: bool):
    fields = {"aggregation_period": walk.period, "timezone": "Europe/Vienna"}
    streak = define_streak(log, now=wall("2025-01-01"), **fields)
    stream = engagement_id("acme", streak, ADA, Slug.STREAK)
    for day, value in walk.logged.items():
        play(streak, ADA, str(value), at=wall(f"{day}T12:00"))
    if walk.excused:
        for hour, status in ((1, DefinitionStatus.PAUSED), (2, DefinitionStatus.LIVE)):
            command = Redefine(id=streak, slug=Slug.STREAK, changes={"status": status})
            log.define("acme", streak, command, now=wall(f"{walk.excused}T0{hour}:00"))
    projector.catch_up()

    for now in moments(walk, sealing=clock):
        if clock:
            log.advance("acme", [stream], now=now)
            projector.catch_up()

        assert read(reader, streak, now) == expected(walk, now), now


def read(reader, streak: UUID, now: datetime) -> Expected:
    """What is read at a moment; whatever way it is asked, it is the same."""
    (record,) = streak_progress.of_tenant(reader, "acme", {}, Page(), now=now).rows
    assert streak_progress.one(reader, "acme", record.id, now=now).status == record.status
    for status in ("in_progress", "broken"):
        found = streak_progress.of_tenant(reader, "acme", {"status": status}, Page(), now=now).rows
        assert len(found) == (record.status == status)
    (standing,) = of_user(reader, "acme", ADA, now=now)
    assert standing.status == record.status
    period = task(record, now)
    if record.status == "in_progress":
        assert current_window(standing, now) == period.window
        assert period.window.start <= now < period.window.end
    else:
        assert record.broken_at == period.window.end <= now
        assert current_window(standing, now).start <= now < current_window(standing, now).end
    return Expected(record.status, period.window.key, period.value)
