"""The examples of the demo: three challenges, an end user in each, and entries that are right on every day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.application import ProgressLog
from domain.commands import LogEntry
from domain.errors import EntryConflict, Refused
from domain.ids import engagement_id, run_id
from domain.vocabulary import Period
from domain.windows import Schedule, Window, window_at

SPEND = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b01")
VISITS = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b02")
STEPS = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b03")
MONTH, WEEK = Schedule(period=Period.MONTHLY), Schedule(period=Period.WEEKLY)

ORDERS = [Decimal("62.50"), Decimal("45.00"), Decimal("80.00")]
CAFE_VISITS = 8
STEPS_A_DAY = [8_930, 9_120, 7_640, 10_205, 8_415, 9_010, 8_100]
EVENING = timedelta(hours=20)
LATE_GRACE = timedelta(seconds=300)


class Example(NamedTuple):
    """One record of progress that the demo shows."""

    name: str
    says: str
    challenge_id: UUID
    owner_id: str
    progress_id: UUID


def definitions() -> dict[str, Any]:
    """The challenges with their milestones, and the end users: what `milepost definitions apply` takes."""
    text = files("cli").joinpath("examples", "definitions.json").read_bytes()
    document: dict[str, Any] = msgspec.json.decode(text, type=dict)
    return document


def load(log: ProgressLog, tenant: str, now: datetime) -> list[Example]:
    """Log what is missing of this month's and last week's entries. Run again, nothing is logged twice."""
    ada, ben, cleo = (log.user_id(tenant, name) for name in ("ada", "ben", "cleo"))
    month, week = _window(MONTH, now), _window(WEEK, now - timedelta(days=7) - LATE_GRACE)
    _accept(log.log_entries(tenant, [*_orders(ada, month, now), *_visits(ben, month, now)], now=now))
    _backfill(log, tenant, list(_steps(cleo, week)), now)
    log.advance(tenant, [engagement_id(tenant, STEPS, cleo)], now=now)
    return [
        _example(tenant, "monthlySpend", "Ada has spent 187.50 of 500 this month: in progress", SPEND, ada, month),
        _example(tenant, "monthlyVisits", "Ben has made 8 of 8 visits this month: completed", VISITS, ben, month),
        _example(tenant, "weeklySteps", "Cleo walked 61,420 of 100,000 steps last week: failed", STEPS, cleo, week),
    ]


def _window(schedule: Schedule, at: datetime) -> Window:
    window = window_at(schedule, at)
    if window is None:
        raise ValueError(f"{at} is in no window")
    return window


def _orders(owner: str, month: Window, now: datetime) -> Iterator[LogEntry]:
    for number, (at, value) in enumerate(zip(_spread(month, now, len(ORDERS)), ORDERS, strict=True), 1):
        yield LogEntry(
            definition_id=SPEND,
            owner_id=owner,
            activity_at=at,
            activity_id="made_a_purchase",
            unique_identifier=f"order-{month.key}-{number}",
            activity_value=value,
            attributes={"currency": "USD"},
        )


def _visits(owner: str, month: Window, now: datetime) -> Iterator[LogEntry]:
    for number, at in enumerate(_spread(month, now, CAFE_VISITS), 1):
        yield LogEntry(
            definition_id=VISITS,
            owner_id=owner,
            activity_at=at,
            activity_id="visited_the_cafe",
            unique_identifier=f"visit-{month.key}-{number}",
        )


def _steps(owner: str, week: Window) -> Iterator[LogEntry]:
    for day, steps in enumerate(STEPS_A_DAY):
        yield LogEntry(
            definition_id=STEPS,
            owner_id=owner,
            activity_at=week.start + timedelta(days=day) + EVENING,
            activity_id="walked",
            unique_identifier=f"steps-{week.key}-{day + 1}",
            activity_value=Decimal(steps),
        )


def _spread(window: Window, now: datetime, count: int) -> Iterator[datetime]:
    """Moments between the window's start and now, evenly spread: right in its first second, too."""
    for number in range(1, count + 1):
        at = window.start + (now - window.start) * number / (count + 1)
        yield at.replace(microsecond=at.microsecond // 1000 * 1000)


def _backfill(log: ProgressLog, tenant: str, entries: list[LogEntry], now: datetime) -> None:
    import_id = log.log_recorder.begin_import(tenant)
    try:
        _accept(log.log_entries(tenant, entries, now=now, import_id=import_id))
    finally:
        log.log_recorder.end_import(import_id)


def _accept(outcomes: list[Any]) -> None:
    """An entry of this month that an earlier demo logged has another activityAt: that one stays."""
    for outcome in outcomes:
        if isinstance(outcome, Refused) and not isinstance(outcome, EntryConflict):
            raise outcome


def _example(tenant: str, name: str, says: str, challenge: UUID, owner: str, window: Window) -> Example:
    return Example(name, says, challenge, owner, run_id(engagement_id(tenant, challenge, owner), window.key))
