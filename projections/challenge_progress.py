"""Challenge progress: one row a run."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from domain.challenge_progress import RunExcused, RunFailed
from domain.engagement import CompletionRolledBack, EntryCounted, EntryVoided, RunCompleted, RunStarted
from domain.events import Recorded
from domain.numbers import ZERO
from domain.vocabulary import ProgressStatus, Slug
from projections.change import Change, Projection
from projections.consistency import through_sql
from projections.runs import Runs
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice           smallint    NOT NULL,
        id              uuid        NOT NULL,
        tenant          text        NOT NULL,
        definition_id   uuid        NOT NULL,
        owner_id        text        NOT NULL,
        status          text        NOT NULL,
        value           numeric     NOT NULL,
        target          numeric     NOT NULL,
        window_start_at timestamptz NOT NULL,
        window_end_at   timestamptz NOT NULL,
        started_at      timestamptz NOT NULL,
        completed_at    timestamptz,
        failed_at       timestamptz,
        created_at      timestamptz NOT NULL,
        updated_at      timestamptz NOT NULL,
        PRIMARY KEY (slice, id)
    ) WITH (fillfactor = 80);

    CREATE INDEX ON {table} (tenant, created_at, id);
    CREATE INDEX ON {table} (tenant, definition_id, created_at, id);
    CREATE INDEX ON {table} (slice, tenant, owner_id, created_at, id);
    CREATE INDEX ON {table} (tenant, window_end_at) WHERE status = 'in_progress';
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case EntryCounted() if event.entry.slug is Slug.CHALLENGE:
            yield Change(event.run_id, value=event.total, started_at=event.started_at, updated_at=recorded.recorded_at)
        case RunStarted() if event.slug is Slug.CHALLENGE:
            yield _started(event, recorded)
        case RunCompleted() if event.slug is Slug.CHALLENGE:
            yield Change(event.run_id, status=ProgressStatus.COMPLETED.value, completed_at=event.completed_at)
        case RunFailed():
            yield Change(event.run_id, status=ProgressStatus.FAILED.value, failed_at=event.failed_at)
        case RunExcused():
            yield Change(event.run_id, gone=True)
        case CompletionRolledBack() if event.slug is Slug.CHALLENGE:
            yield Change(event.run_id, status=ProgressStatus.IN_PROGRESS.value, completed_at=None)
        case EntryVoided() if event.slug is Slug.CHALLENGE and event.effective:
            started: dict[str, Any] = {"started_at": event.started_at} if event.started_at else {}
            yield Change(event.run_id, value=event.total, updated_at=recorded.recorded_at, **started)


def _started(event: RunStarted, recorded: Recorded) -> Change:
    return Change(
        event.run_id,
        tenant=recorded.tenant,
        definition_id=event.definition_id,
        owner_id=event.owner_id,
        status=ProgressStatus.IN_PROGRESS.value,
        value=ZERO,
        target=event.rules.target,
        window_start_at=event.window.start,
        window_end_at=event.window.end,
        started_at=event.started_at,
        completed_at=None,
        failed_at=None,
        created_at=recorded.recorded_at,
        updated_at=recorded.recorded_at,
    )


PROJECTION = Projection(
    name="challenge_progress",
    version=VERSIONS["challenge_progress"],
    key=("id",),
    table=TABLE,
    rows=rows,
    events=(EntryCounted, RunStarted, RunCompleted, RunFailed, RunExcused, CompletionRolledBack, EntryVoided),
)

READ_TABLES = ("challenge_progress", "task_progress", "challenge")


class Record(msgspec.Struct, frozen=True, gc=False):
    """A run as it reads at a moment: a boundary that has passed counts, written or not (RULES 5, never stale)."""

    id: UUID
    definition_id: UUID
    owner_id: str
    status: str
    value: Decimal
    target: Decimal
    started_at: datetime
    completed_at: datetime | None
    failed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    period_key: str
    period_start_at: datetime
    period_end_at: datetime
    count: int
    external_id: str | None
    first_name: str | None
    last_name: str | None
    erased_at: datetime | None
    user_updated_at: datetime | None
    through: datetime


def _source(conditions: list[str], one_slice: bool) -> str:
    """The runs of a tenant as they read at %(now)s. An excused run is not there, sealed or not."""
    return SOURCE.format(
        passed=PASSED,
        excused=EXCUSED,
        preceded=PRECEDED,
        through=through_sql(READ_TABLES, one_slice=one_slice),
        conditions="".join(f" AND {condition}" for condition in conditions),
    )


RUNS = Runs(Record, _source)
one, of_tenant = RUNS.one, RUNS.of_tenant


PASSED = "(progress.status = 'in_progress' AND progress.window_end_at <= %(now)s)"

EXCUSED = """
    EXISTS (
        SELECT
        FROM challenge
        WHERE challenge.tenant = progress.tenant
          AND challenge.id = progress.definition_id
          AND challenge.pauses && tstzrange(progress.window_start_at, progress.window_end_at)
    )
"""

# An entry may come up to 300 s early, and start the next window's run. At most one run reads in progress (RULES 1):
# the next one shows itself when its window opens.
PRECEDED = """
    EXISTS (
        SELECT
        FROM challenge_progress AS other
        WHERE other.slice = progress.slice
          AND other.tenant = progress.tenant
          AND other.owner_id = progress.owner_id
          AND other.definition_id = progress.definition_id
          AND other.status = 'in_progress'
          AND other.window_end_at > %(now)s
          AND other.window_end_at <= progress.window_start_at
    )
"""

SOURCE = """
    SELECT
        progress.id,
        progress.definition_id,
        progress.owner_id,
        CASE WHEN {passed} THEN 'failed' ELSE progress.status END AS status,
        progress.value,
        progress.target,
        progress.started_at,
        progress.completed_at,
        CASE WHEN {passed} THEN progress.window_end_at ELSE progress.failed_at END AS failed_at,
        progress.created_at,
        greatest(
            progress.updated_at, CASE WHEN {passed} THEN progress.window_end_at ELSE progress.failed_at END
        ) AS updated_at,
        task.period_key,
        task.period_start_at,
        task.period_end_at,
        task.count,
        owner.external_id,
        owner.first_name,
        owner.last_name,
        owner.erased_at,
        owner.updated_at AS user_updated_at,
        {through} AS through
    FROM challenge_progress AS progress
    JOIN task_progress AS task
      ON task.slice = progress.slice
     AND task.progress_id = progress.id
    LEFT JOIN account_user AS owner
      ON owner.slice = progress.slice
     AND owner.tenant = progress.tenant
     AND owner.id = progress.owner_id
    WHERE progress.tenant = %(tenant)s
      AND NOT ({passed} AND {excused})
      AND NOT (progress.window_start_at > %(now)s AND {preceded})
      {conditions}
"""
