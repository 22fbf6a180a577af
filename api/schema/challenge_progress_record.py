"""The challenge progress record: how it is written, and how that is documented."""

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
from api.wire import moments, text_of
from domain.application import Logged
from domain.numbers import percent_of, remaining_of
from domain.vocabulary import ProgressStatus
from projections.challenge_progress import Record

STATUSES = (IN_PROGRESS, ProgressStatus.COMPLETED.value, ProgressStatus.FAILED.value)


class ChallengeProgress(Written):
    """The record."""

    id: UUID
    challenge_id: UUID
    unique_identifier: str
    current_progress_value: Decimal
    challenge_progress_status: str
    challenge_started_at: str | None
    challenge_completed_at: str | None
    challenge_failed_at: str | None
    completion_target_value: Decimal
    remaining_value: Decimal
    progress_percent: Decimal
    owned_by_id: str
    owned_by: Owner | ErasedOwner
    task_progress: Task
    created_at: str | None
    updated_at: str | None


class RunSchema(Shown):
    """What a challenge's run says of itself."""

    id = shown(fields.UUID, "The record's id.")
    challenge_id = shown(fields.UUID, "The challenge.")
    unique_identifier = shown(fields.String, "challengeId:ownedById. Unique while the record is in progress.")
    current_progress_value = shown(fields.Decimal, "What the run has gathered so far.")
    challenge_progress_status = shown(
        fields.String,
        "Whether the target can still be reached, is reached, or was missed when the period ended.",
        validate=validate.OneOf(STATUSES),
    )
    challenge_started_at = shown(fields.DateTime, "The first counted activity.")
    challenge_completed_at = shown(fields.DateTime, "The activity that reached the target.", allow_none=True)
    challenge_failed_at = shown(fields.DateTime, "The end of the period that missed the target.", allow_none=True)
    completion_target_value = shown(fields.Decimal, "What has to be reached.")
    remaining_value = shown(fields.Decimal, "What is left to the target.")
    progress_percent = shown(fields.Decimal, "In percent, rounded down to two decimals, at most 100.")


class ChallengeProgressSchema(OwnedSchema, RunSchema):
    """One run of an end user on a challenge: one period's try to reach the target."""


times = attrgetter(
    "started_at", "completed_at", "failed_at", "created_at", "updated_at", "period_start_at", "period_end_at"
)


def record_json(record: Record, now: datetime) -> ChallengeProgress:
    """The record as it is written at this moment. A challenge gathers in one period what it gathers at all."""
    # Tallies and targets are kept in their shortest form.
    value, target = record.value, record.target
    remaining, percent = remaining_of(value, target), percent_of(value, target)
    started_at, completed_at, failed_at, created_at, updated_at, *period = moments(*times(record))
    numbers, left = (value, target, remaining, percent), seconds_left(record.status, record.period_end_at, now)
    # By position, because names would cost as much again; the order is that of the classes above.
    return ChallengeProgress(
        record.id,
        record.definition_id,
        f"{text_of(record.definition_id)}:{record.owner_id}",
        value,
        record.status,
        started_at,
        completed_at,
        failed_at,
        target,
        remaining,
        percent,
        record.owner_id,
        owner_of(record),
        Task(record.period_key, *period, *numbers, record.count, value >= target, left),
        created_at,
        updated_at,
    )


def record_after(logged: Logged, user: Mapping[str, Any] | None, now: datetime) -> ChallengeProgress:
    """The record of the run that an entry was counted in, as a read shows it. `user` is the owner's row, if any."""
    run: Any = logged.run
    window = run.window
    passed = run.status == IN_PROGRESS and window.end <= now
    record = Record(
        id=run.id,
        definition_id=logged.event.entry.definition_id,
        owner_id=logged.event.entry.owner_id,
        status=ProgressStatus.FAILED.value if passed else run.status.value,
        value=run.value,
        target=run.rules.target,
        started_at=run.started_at,
        completed_at=run.completed_at,
        failed_at=window.end if passed else run.failed_at,
        created_at=run.created_at,
        updated_at=max(run.updated_at, window.end) if passed else run.updated_at,
        period_key=window.key,
        period_start_at=window.start,
        period_end_at=window.end,
        count=run.tally.count,
        through=now,
        **owner_columns(user),
    )
    return record_json(record, now)
