"""The streak progress record: how it is written, and how that is documented."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from api.fields import Shown, shown
from api.schema.progress_record import (
    IN_PROGRESS,
    ErasedOwner,
    OwnedSchema,
    Owner,
    Task,
    Written,
    owner_columns,
    owner_of,
    seconds_left,
)
from api.wire import encode, moments, text_of
from domain.application import Logged
from domain.numbers import percent_of, remaining_of
from domain.vocabulary import ProgressStatus
from projections.streak_progress import Record
from projections.streak_windows import task

BROKEN = ProgressStatus.BROKEN.value
STATUSES = (IN_PROGRESS, ProgressStatus.COMPLETED.value, BROKEN)


class StreakProgress(Written):
    """The record."""

    id: UUID
    streak_id: UUID
    unique_identifier: str
    current_progress_value: Decimal
    streak_progress_status: str
    streak_started_at: str | None
    streak_completed_at: str | None
    streak_broken_at: str | None
    last_task_contribution_at: str | None
    last_task_completed_at: str | None
    completion_target_value: int | None
    remaining_value: Decimal | None
    progress_percent: Decimal | None
    owned_by_id: str
    owned_by: Owner | ErasedOwner
    task_progress: Task
    created_at: str | None
    updated_at: str | None


class RunSchema(Shown):
    """What a streak's run says of itself."""

    id = shown(fields.UUID, "The record's id.")
    streak_id = shown(fields.UUID, "The streak.")
    unique_identifier = shown(fields.String, "streakId:ownedById. Unique while the record is in progress.")
    current_progress_value = shown(fields.Decimal, "How many periods were met so far, without a gap.")
    streak_progress_status = shown(
        fields.String,
        "Whether the streak goes on, is won, or was lost with a period that ended unmet.",
        validate=validate.OneOf(STATUSES),
    )
    streak_started_at = shown(fields.DateTime, "The first counted activity.")
    streak_completed_at = shown(fields.DateTime, "The activity that completed it.", allow_none=True)
    streak_broken_at = shown(fields.DateTime, "The end of the period that was missed.", allow_none=True)
    last_task_contribution_at = shown(fields.DateTime, "The latest counted activity.", allow_none=True)
    last_task_completed_at = shown(fields.DateTime, "The activity that last met a period.", allow_none=True)
    completion_target_value = shown(
        fields.Integer, "How many periods have to be met; null when it goes on for ever.", allow_none=True
    )
    remaining_value = shown(fields.Decimal, "How many are left; null when it goes on for ever.", allow_none=True)
    progress_percent = shown(
        fields.Decimal,
        "In percent, rounded down to two decimals, at most 100; null when it goes on for ever.",
        allow_none=True,
    )


class StreakProgressSchema(OwnedSchema, RunSchema):
    """One run of an end user on a streak: periods met in a row."""


times = attrgetter(
    "started_at",
    "completed_at",
    "broken_at",
    "last_contribution_at",
    "last_completed_at",
    "created_at",
    "updated_at",
)


def record_json(record: Record, now: datetime) -> StreakProgress:
    """The record as it is written at this moment."""
    value = record.value
    target = None if record.target is None else Decimal(record.target)
    *run, created_at, updated_at = moments(*times(record))
    # By position, because names would cost as much again; the order is that of the classes above.
    return StreakProgress(
        record.id,
        record.definition_id,
        f"{text_of(record.definition_id)}:{record.owner_id}",
        value,
        record.status,
        *run,
        record.target,
        None if target is None else remaining_of(value, target),
        None if target is None else percent_of(value, target),
        record.owner_id,
        owner_of(record),
        _task(record, now),
        created_at,
        updated_at,
    )


def _task(record: Record, now: datetime) -> Task:
    found, target = task(record, now), record.task_target
    value, window = found.value, found.window
    return Task(
        window.key,
        *moments(window.start, window.end),
        value,
        target,
        remaining_of(value, target),
        percent_of(value, target),
        found.count,
        value >= target,
        seconds_left(record.status, window.end, now),
    )


def record_after(logged: Logged, user: Mapping[str, Any] | None, now: datetime) -> StreakProgress:
    """The record of the run that an entry was counted in, as a read shows it. `user` is the owner's row, if any."""
    run: Any = logged.run
    missed = logged.missed(now)
    period = run.completed_in or missed or run.due
    record = Record(
        id=run.id,
        definition_id=logged.event.entry.definition_id,
        owner_id=logged.event.entry.owner_id,
        number=run.number,
        status=BROKEN if missed else run.status.value,
        value=Decimal(run.value),
        started_at=run.started_at,
        completed_at=run.completed_at,
        broken_at=missed and missed.end,
        last_contribution_at=run.last_contribution_at,
        last_completed_at=run.last_completed_at,
        created_at=run.created_at,
        updated_at=max(run.updated_at, missed.end) if missed else run.updated_at,
        through=now,
        **_of_rules(run),
        **_window("period", period),
        **_latest(logged, missed, now),
        **owner_columns(user),
    )
    return record_json(record, now)


def _of_rules(run: Any) -> dict[str, Any]:
    """What the run is judged by, and where it began."""
    rules = run.rules
    return {
        "target": rules.completion,
        "task_target": rules.target,
        "method": rules.method.value,
        "distinct_by": rules.distinct_by,
        "schedule": encode(rules.schedule).decode(),
        "first_period_start_at": run.window.start,
    }


def _latest(logged: Logged, missed: Any, now: datetime) -> dict[str, Any]:
    """The latest window with entries that has begun, of a run that is over its last one."""
    run: Any = logged.run
    last = run.completed_in or missed
    until = last.start if last else max(now, run.window.start)
    begun = [one for one in logged.windows if one.window.start <= until]
    latest = max(begun, key=lambda one: one.window.start, default=None)
    return {
        **_window("task_period", latest and latest.window),
        "task_value": latest and latest.tally.total(run.rules.method),
        "task_count": latest and latest.tally.count,
    }


def _window(name: str, window: Any) -> dict[str, Any]:
    """A window in three columns."""
    if window is None:
        return dict.fromkeys((f"{name}_key", f"{name}_start_at", f"{name}_end_at"))
    return {f"{name}_key": window.key, f"{name}_start_at": window.start, f"{name}_end_at": window.end}
