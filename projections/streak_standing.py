"""Where an owner stands in each streak: the latest run, the window that is now, what was earned so far."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from domain.ids import owner_slice
from domain.vocabulary import Period, WeekDay
from domain.windows import Schedule, Window, window_at
from projections.consistency import through_sql
from projections.database import Reader
from projections.live import MILESTONES, LiveMilestone, milestones_of
from projections.streak_reading import ENDED, PERIOD, READING, STATUS, there
from projections.streak_windows import IN_PROGRESS, window_from, window_of

READ_TABLES = ("streak", "streak_progress", "streak_period", "milestone", "reward_log")


class Standing(msgspec.Struct, frozen=True, gc=False):
    """The latest run of an owner in a streak as it reads at a moment, the streak, and the window that holds the moment.

    `period_*` is the window that the run waits for, or its last one; `window_*` is NULL when nothing was logged in the
    window that is now. The columns of the streak are those of today: the run keeps `task_target` and `schedule`.
    """

    definition_id: UUID
    owner_id: str
    number: int
    status: str
    value: Decimal
    task_target: Decimal
    method: str
    schedule: str
    first_period_start_at: datetime
    period_key: str | None
    period_start_at: datetime | None
    period_end_at: datetime | None
    broken_at: datetime | None
    last_contribution_at: datetime
    created_at: datetime
    definition_name: str
    definition_status: str
    aggregation_method: str
    aggregation_period: str
    aggregation_target_value: Decimal
    timezone: str
    reset_time: str
    week_start: str
    starts_at: datetime | None
    ends_at: datetime | None
    rolling_seconds: int | None
    distinct_by: str | None
    milestones_json: str
    window_key: str | None
    window_start_at: datetime | None
    window_end_at: datetime | None
    window_value: Decimal | None
    window_count: int | None
    window_distinct: list[str] | None
    earned: list[Decimal]
    through: datetime

    @property
    def milestones(self) -> list[LiveMilestone]:
        """The streak's live milestones, the nearest first."""
        return milestones_of(self.milestones_json)


def of_user(
    reader: Reader, tenant: str, owner_id: str, *, now: datetime, definition_id: UUID | None = None
) -> list[Standing]:
    """Where an owner stands in every streak that they logged anything in, or in one; by the streak's name."""
    parameters: dict[str, Any] = {
        "tenant": tenant,
        "owner_id": owner_id,
        "slice": owner_slice(tenant, owner_id, reader.slices),
        "now": now,
        "definition_id": definition_id,
    }
    condition = "" if definition_id is None else "AND definition.id = %(definition_id)s"
    source = SOURCE.format(
        milestones=MILESTONES,
        status=STATUS,
        period=PERIOD,
        ended=ENDED,
        reading=READING,
        there=there("run"),
        through=through_sql(READ_TABLES, one_slice=False),
        condition=condition,
    )
    return reader.rows(Standing, source, parameters)


def current_window(standing: Standing, now: datetime) -> Window | None:
    """The window that is now; None when the streak is not on, and between the runs of a rolling one."""
    logged = window_from(standing.window_key, standing.window_start_at, standing.window_end_at)
    if logged is not None:
        return logged
    if standing.status == IN_PROGRESS:
        waited = window_from(standing.period_key, standing.period_start_at, standing.period_end_at)
        if waited is not None and waited.start <= now < waited.end:
            return waited
        return window_of(standing.schedule, standing.first_period_start_at, now)
    schedule = Schedule(
        period=Period(standing.aggregation_period),
        timezone=standing.timezone,
        reset_time=standing.reset_time,
        week_start=WeekDay(standing.week_start),
        starts_at=standing.starts_at,
        ends_at=standing.ends_at,
    )
    return None if schedule.period is Period.ROLLING else window_at(schedule, now)


SOURCE = """
    SELECT
        progress.definition_id,
        progress.owner_id,
        progress.number,
        {status},
        progress.value,
        progress.task_target,
        progress.method,
        progress.schedule::text AS schedule,
        progress.first_period_start_at,
        {period},
        {ended},
        progress.created_at,
        definition.name AS definition_name,
        definition.status AS definition_status,
        definition.aggregation_method,
        definition.aggregation_period,
        definition.aggregation_target_value,
        definition.timezone,
        definition.reset_time,
        definition.week_start,
        definition.starts_at,
        definition.ends_at,
        definition.rolling_seconds,
        definition.distinct_by,
        {milestones} AS milestones_json,
        period.period_key AS window_key,
        period.period_start_at AS window_start_at,
        period.period_end_at AS window_end_at,
        period.value AS window_value,
        period.count AS window_count,
        period.distinct_values AS window_distinct,
        ARRAY(
            SELECT DISTINCT reward_log.target_value
            FROM reward_log
            WHERE reward_log.slice = progress.slice
              AND reward_log.tenant = progress.tenant
              AND reward_log.owner_id = progress.owner_id
              AND reward_log.definition_id = progress.definition_id
              AND reward_log.slug = 'streak'
            ORDER BY reward_log.target_value
        ) AS earned,
        {through} AS through
    FROM streak AS definition
    CROSS JOIN LATERAL (
        SELECT *
        FROM streak_progress AS run
        WHERE run.slice = %(slice)s
          AND run.tenant = definition.tenant
          AND run.owner_id = %(owner_id)s
          AND run.definition_id = definition.id
          AND {there}
        ORDER BY run.number DESC
        LIMIT 1
    ) AS progress
    {reading}
    LEFT JOIN LATERAL (
        SELECT *
        FROM streak_period AS latest
        WHERE latest.slice = progress.slice
          AND latest.engagement_id = progress.engagement_id
          AND latest.period_start_at <= %(now)s
        ORDER BY latest.period_start_at DESC
        LIMIT 1
    ) AS period ON period.period_end_at > %(now)s
    WHERE definition.tenant = %(tenant)s
      {condition}
    ORDER BY definition.name, definition.id
"""
