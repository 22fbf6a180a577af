"""The demo's challenges: an end user in each, and entries that are right on every day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from cli.example import EVENING, LATE_GRACE, Example, accept, backfill, spread, window
from domain.application import ProgressLog
from domain.commands import LogEntry
from domain.ids import engagement_id, run_id
from domain.vocabulary import Period, Slug
from domain.windows import Schedule, Window

SPEND = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b01")
VISITS = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b02")
STEPS = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b03")
MONTH, WEEK = Schedule(period=Period.MONTHLY), Schedule(period=Period.WEEKLY)

ORDERS = [Decimal("62.50"), Decimal("45.00"), Decimal("80.00")]
CAFE_VISITS = 8
STEPS_A_DAY = [8_930, 9_120, 7_640, 10_205, 8_415, 9_010, 8_100]


def load(log: ProgressLog, tenant: str, now: datetime) -> list[Example]:
    """Log what is missing of this month's and last week's entries."""
    ada, ben, cleo = (log.user_id(tenant, name) for name in ("ada", "ben", "cleo"))
    month, week = window(MONTH, now), window(WEEK, now - timedelta(days=7) - LATE_GRACE)
    accept(log.log_entries(tenant, [*_orders(ada, month, now), *_visits(ben, month, now)], now=now))
    backfill(log, tenant, list(_steps(cleo, week)), now)
    log.advance(tenant, [engagement_id(tenant, STEPS, cleo)], now=now)
    return [
        _example(tenant, "monthlySpend", "Ada has spent 187.50 of 500 this month: in progress", SPEND, ada, month),
        _example(tenant, "monthlyVisits", "Ben has made 8 of 8 visits this month: completed", VISITS, ben, month),
        _example(tenant, "weeklySteps", "Cleo walked 61,420 of 100,000 steps last week: failed", STEPS, cleo, week),
    ]


def _orders(owner: str, month: Window, now: datetime) -> Iterator[LogEntry]:
    for number, (at, value) in enumerate(zip(spread(month, now, len(ORDERS)), ORDERS, strict=True), 1):
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
    for number, at in enumerate(spread(month, now, CAFE_VISITS), 1):
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


def _example(tenant: str, name: str, says: str, challenge: UUID, owner: str, of: Window) -> Example:
    progress_id = run_id(engagement_id(tenant, challenge, owner), of.key)
    path = f"/schema/challenge_progress/record/{progress_id}"
    return Example(name, says, owner, path, Slug.CHALLENGE, challenge, progress_id)
