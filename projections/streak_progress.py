"""Streak progress: one row a run."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from projections.change import Projection
from projections.consistency import through_sql
from projections.runs import Runs
from projections.streak_progress_rows import EVENTS, rows
from projections.streak_reading import ENDED, PERIOD, READING, STATUS, there
from projections.versions import VERSIONS

# The period is the window that the run waits for, which may be none; of a broken run, the one that broke it. A run that
# waits for a break to be written is there `after_missed` windows; `kept_contribution_at` counts once a run is broken.
TABLE = """
    CREATE TABLE {table} (
        slice                 smallint    NOT NULL,
        id                    uuid        NOT NULL,
        tenant                text        NOT NULL,
        definition_id         uuid        NOT NULL,
        owner_id              text        NOT NULL,
        engagement_id         uuid        NOT NULL,
        number                integer     NOT NULL,
        after_missed          tstzmultirange,
        status                text        NOT NULL,
        value                 numeric     NOT NULL,
        target                integer,
        task_target           numeric     NOT NULL,
        method                text        NOT NULL,
        distinct_by           text,
        schedule              jsonb       NOT NULL,
        first_period_start_at timestamptz NOT NULL,
        period_key            text,
        period_start_at       timestamptz,
        period_end_at         timestamptz,
        completed_key         text,
        completed_start_at    timestamptz,
        completed_end_at      timestamptz,
        started_at            timestamptz NOT NULL,
        completed_at          timestamptz,
        broken_at             timestamptz,
        last_contribution_at  timestamptz NOT NULL,
        kept_contribution_at  timestamptz,
        last_completed_at     timestamptz,
        created_at            timestamptz NOT NULL,
        updated_at            timestamptz NOT NULL,
        PRIMARY KEY (slice, id)
    ) WITH (fillfactor = 80);

    CREATE INDEX ON {table} (tenant, created_at, id);
    CREATE INDEX ON {table} (tenant, definition_id, created_at, id);
    CREATE INDEX ON {table} (slice, tenant, owner_id, created_at, id);
    CREATE INDEX ON {table} (slice, tenant, owner_id, definition_id, number);
"""


PROJECTION = Projection(
    name="streak_progress",
    version=VERSIONS["streak_progress"],
    key=("id",),
    table=TABLE,
    rows=rows,
    events=EVENTS,
)

READ_TABLES = ("streak_progress", "streak_period", "streak")


class Record(msgspec.Struct, frozen=True, gc=False):
    """A run as it reads at a moment: a boundary that has passed counts, written or not (RULES 5, never stale).

    `period_*` is the window that it waits for, or its last one; `task_*` is the latest window with entries that has
    begun. `streak_windows.task` tells which of them the record shows.
    """

    id: UUID
    definition_id: UUID
    owner_id: str
    number: int
    status: str
    value: Decimal
    target: int | None
    task_target: Decimal
    method: str
    distinct_by: str | None
    schedule: str
    first_period_start_at: datetime
    period_key: str | None
    period_start_at: datetime | None
    period_end_at: datetime | None
    started_at: datetime
    completed_at: datetime | None
    broken_at: datetime | None
    last_contribution_at: datetime
    last_completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    task_period_key: str | None
    task_period_start_at: datetime | None
    task_period_end_at: datetime | None
    task_value: Decimal | None
    task_count: int | None
    external_id: str | None
    first_name: str | None
    last_name: str | None
    erased_at: datetime | None
    user_updated_at: datetime | None
    through: datetime


def _source(conditions: list[str], one_slice: bool) -> str:
    """The runs of a tenant as they read at %(now)s, without what `DETAILS` adds."""
    return SOURCE.format(
        status=STATUS,
        period=PERIOD,
        ended=ENDED,
        reading=READING,
        there=there("progress"),
        through=through_sql(READ_TABLES, one_slice=one_slice),
        conditions="".join(f" AND {condition}" for condition in conditions),
    )


# Where the period is that a record shows, and whose it is, is for `DETAILS` to find: of the records of a page only.
SOURCE = """
    SELECT
        progress.slice,
        progress.engagement_id,
        progress.id,
        progress.definition_id,
        progress.owner_id,
        progress.number,
        {status},
        progress.value,
        progress.target,
        progress.task_target,
        progress.method,
        progress.distinct_by,
        progress.schedule::text AS schedule,
        progress.first_period_start_at,
        {period},
        progress.started_at,
        progress.completed_at,
        {ended},
        progress.last_completed_at,
        progress.created_at,
        greatest(
            progress.updated_at, progress.broken_at, missed.end_at, upper(progress.after_missed)
        ) AS updated_at,
        {through} AS through
    FROM streak_progress AS progress
    {reading}
    WHERE progress.tenant = %(tenant)s
      AND {there}
      {conditions}
"""

# A record that is over shows the period that ended it, by name: a row of its own, however many there are. An entry may
# come up to 300 s early and start a run whose first window is still to begin: then that is its period.
DETAILS = """
    SELECT
        record.id,
        record.definition_id,
        record.owner_id,
        record.number,
        record.status,
        record.value,
        record.target,
        record.task_target,
        record.method,
        record.distinct_by,
        record.schedule,
        record.first_period_start_at,
        record.period_key,
        record.period_start_at,
        record.period_end_at,
        record.started_at,
        record.completed_at,
        record.broken_at,
        record.last_contribution_at,
        record.last_completed_at,
        record.created_at,
        record.updated_at,
        task.period_key AS task_period_key,
        task.period_start_at AS task_period_start_at,
        task.period_end_at AS task_period_end_at,
        task.value AS task_value,
        task.count AS task_count,
        owner.external_id,
        owner.first_name,
        owner.last_name,
        owner.erased_at,
        owner.updated_at AS user_updated_at,
        record.through
    FROM ({page}) AS record
    LEFT JOIN LATERAL (
        SELECT period.period_start_at AS start_at
        FROM streak_period AS period
        WHERE period.slice = record.slice
          AND period.engagement_id = record.engagement_id
          AND period.period_start_at <= greatest(%(now)s, record.first_period_start_at)
          AND record.status = 'in_progress'
        ORDER BY period.period_start_at DESC
        LIMIT 1
    ) AS latest ON TRUE
    LEFT JOIN streak_period AS task
      ON task.slice = record.slice
     AND task.engagement_id = record.engagement_id
     AND task.period_start_at = CASE
         WHEN record.status = 'in_progress' THEN latest.start_at
         ELSE record.period_start_at
     END
    LEFT JOIN account_user AS owner
      ON owner.slice = record.slice
     AND owner.tenant = %(tenant)s
     AND owner.id = record.owner_id
"""

RUNS = Runs(Record, _source, DETAILS)
one, of_tenant = RUNS.one, RUNS.of_tenant
