"""The demo's streaks: the examples of the two streak documents, right on every day."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from cli.example import EVENING, LATE_GRACE, Example, accept, backfill, spread, window
from domain.application import ProgressLog
from domain.commands import KeepUser, LogEntry
from domain.errors import Erased
from domain.ids import engagement_id, run_id
from domain.vocabulary import Period, Slug
from domain.windows import Schedule, Window

SPEND = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b04")
VISITS = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b05")
WORKOUTS = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b06")
LOGIN = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b07")
FOUR_LOGINS = UUID("6d1f6f0a-3f4e-5b0a-9c53-7a1e5f0c8b08")
DAY, WEEK, MONTH = (Schedule(period=period) for period in (Period.DAILY, Period.WEEKLY, Period.MONTHLY))

SPENT = [Decimal("62.50"), Decimal("54.00"), Decimal("71.25")]
WEEKS, VISITS_A_WEEK = 4, 3
JANUARY_WORKOUTS, FEBRUARY_WORKOUTS = 10, 4
LOGINS = 9


def load(log: ProgressLog, tenant: str, now: datetime) -> list[Example]:
    """Log what is missing of the last days', weeks' and months' entries, and today's logins."""
    today, march = window(DAY, now), _first_of_march(now)
    # A streak goes on, so that each day (and each year) has an end user of its own.
    dora = _keep(log, tenant, f"dora-{today.key}", "Dora", now)
    fay = _keep(log, tenant, f"fay-{march.year}", "Fay", now)
    eli, player = log.user_id(tenant, "eli"), f"player-{today.key}"
    backfill(log, tenant, [*_orders(dora, today), *_visits(eli, now), *_workouts(fay, march)], now)
    accept(log.log_entries(tenant, list(_logins(player, today, now)), now=now))
    played = [(SPEND, dora), (VISITS, eli), (WORKOUTS, fay)]
    log.advance(tenant, [engagement_id(tenant, streak, owner, Slug.STREAK) for streak, owner in played], now=now)
    return [
        _record(tenant, "dailySpend", "Dora spent $50 on 3 of 7 days; today is day 4, and empty", SPEND, dora),
        _record(tenant, "weeklyVisits", "Eli visited 3 times a week, 4 weeks in a row: completed", VISITS, eli),
        _record(tenant, "monthlyWorkouts", "Fay made January, not February: broken on 1 March", WORKOUTS, fay),
        _gateway(tenant, "dailyLogin", "A player logged in 9 times today; 4 are needed", FOUR_LOGINS, player),
    ]


def _first_of_march(now: datetime) -> datetime:
    """The last one whose February is sealed."""
    march = datetime(now.year, 3, 1, tzinfo=UTC)
    return march if march + LATE_GRACE <= now else march.replace(year=now.year - 1)


def _keep(log: ProgressLog, tenant: str, external_id: str, name: str, now: datetime) -> str:
    with suppress(Erased):
        log.keep_user(tenant, KeepUser(external_id=external_id, personal={"first_name": name}), now=now)
    return log.user_id(tenant, external_id)


def _orders(owner: str, today: Window) -> Iterator[LogEntry]:
    for days, value in zip(range(len(SPENT), 0, -1), SPENT, strict=True):
        day = window(DAY, today.start - timedelta(days=days))
        yield _entry(SPEND, owner, day.start + EVENING, f"order-{day.key}", "made_a_purchase", activity_value=value)


def _visits(owner: str, now: datetime) -> Iterator[LogEntry]:
    this_week = window(WEEK, now)
    for weeks in range(WEEKS, 0, -1):
        week = window(WEEK, this_week.start - timedelta(days=7 * weeks))
        for number in range(VISITS_A_WEEK):
            at = week.start + timedelta(days=2 * number) + EVENING
            yield _entry(VISITS, owner, at, f"visit-{week.key}-{number + 1}", "visited_the_cafe")


def _workouts(owner: str, march: datetime) -> Iterator[LogEntry]:
    february = window(MONTH, march - timedelta(days=1))
    january = window(MONTH, february.start - timedelta(days=1))
    for month, count in ((january, JANUARY_WORKOUTS), (february, FEBRUARY_WORKOUTS)):
        for number in range(count):
            at = month.start + timedelta(days=2 * number) + EVENING
            yield _entry(WORKOUTS, owner, at, f"workout-{month.key}-{number + 1}", "worked_out")


def _logins(player: str, today: Window, now: datetime) -> Iterator[LogEntry]:
    for number, at in enumerate(spread(today, now, LOGINS), 1):
        for streak in (LOGIN, FOUR_LOGINS):
            yield _entry(streak, player, at, f"login-{today.key}-{number}", "user.login")


def _entry(streak: UUID, owner: str, at: datetime, identifier: str, activity: str, **more: Any) -> LogEntry:
    return LogEntry(
        slug=Slug.STREAK,
        definition_id=streak,
        owner_id=owner,
        activity_at=at,
        activity_id=activity,
        unique_identifier=identifier,
        **more,
    )


def _record(tenant: str, name: str, says: str, streak: UUID, owner: str) -> Example:
    """The first run of an end user on a streak."""
    progress_id = run_id(engagement_id(tenant, streak, owner, Slug.STREAK), "1")
    path = f"/schema/streak_progress/record/{progress_id}"
    return Example(name, says, owner, path, Slug.STREAK, streak, progress_id)


def _gateway(tenant: str, name: str, says: str, streak: UUID, owner: str) -> Example:
    """An end user's streak as the streak query gateway shows it."""
    engagement = engagement_id(tenant, streak, owner, Slug.STREAK)
    path = f"/v1/streaks/{tenant}/users/{owner}/definitions/{streak}"
    return Example(name, says, owner, path, Slug.STREAK, streak, engagement)
