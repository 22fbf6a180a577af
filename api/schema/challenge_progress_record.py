"""The challenge progress record: its fields as they are documented, and as they are written."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from api.fields import Shown, shown
from api.wire import moments, text_of
from domain.numbers import exact, percent_of, remaining_of
from domain.vocabulary import ProgressStatus
from projections.challenge_progress import Record

IN_PROGRESS = ProgressStatus.IN_PROGRESS.value
STATUSES = (IN_PROGRESS, ProgressStatus.COMPLETED.value, ProgressStatus.FAILED.value)


class OwnerSchema(Shown):
    """The end user that a record belongs to. The names of one who was erased are gone."""

    id = shown(fields.String, "The end user's id.")
    external_id = fields.String(
        data_key="externalId", allow_none=True, metadata={"description": "The tenant's own id."}
    )
    first_name = fields.String(data_key="firstName", allow_none=True)
    last_name = fields.String(data_key="lastName", allow_none=True)
    erased = fields.Boolean(metadata={"description": "True when the end user was erased; absent otherwise."})


class TaskProgressSchema(Shown):
    """The tally of the current period; of a record that is over, of its last."""

    period_key = shown(fields.String, "Names the period: 2026-04, 2026-W18.", data_key="periodKey")
    period_start_at = shown(fields.DateTime, "When the period starts.", data_key="periodStartAt")
    period_end_at = shown(fields.DateTime, "When it ends: the first moment after it.", data_key="periodEndAt")
    value = shown(fields.Decimal, "What the period has gathered.", data_key="currentProgressValue")
    target = shown(fields.Decimal, "What it has to gather.", data_key="targetValue")
    remaining = shown(fields.Decimal, "What is left to the target.", data_key="remainingValue")
    percent = shown(
        fields.Decimal, "In percent, rounded down to two decimals, 100 at most.", data_key="progressPercent"
    )
    count = shown(fields.Integer, "How many entries were counted.")
    is_completed = shown(fields.Boolean, "Whether the target is reached.", data_key="isCompleted")
    seconds_left = shown(
        fields.Integer,
        "Whole seconds to the end of the period; 0 when the record is over.",
        data_key="secondsUntilPeriodEnd",
    )


class ChallengeProgressSchema(Shown):
    """One run of an end user on a challenge: one period's try to reach the target."""

    id = shown(fields.UUID, "The record's id.")
    challenge_id = shown(fields.UUID, "The challenge.", data_key="challengeId")
    unique_identifier = shown(
        fields.String, "challengeId:ownedById. Unique while the record is in progress.", data_key="uniqueIdentifier"
    )
    value = shown(fields.Decimal, "What the run has gathered so far.", data_key="currentProgressValue")
    status = shown(
        fields.String,
        "Whether the target can still be reached, is reached, or was missed when the period ended.",
        data_key="challengeProgressStatus",
        validate=validate.OneOf(STATUSES),
    )
    started_at = shown(fields.DateTime, "The first counted activity.", data_key="challengeStartedAt")
    completed_at = shown(
        fields.DateTime, "The activity that reached the target.", data_key="challengeCompletedAt", allow_none=True
    )
    failed_at = shown(
        fields.DateTime, "The end of the period that missed the target.", data_key="challengeFailedAt", allow_none=True
    )
    target = shown(fields.Decimal, "What has to be reached.", data_key="completionTargetValue")
    remaining = shown(fields.Decimal, "What is left to the target.", data_key="remainingValue")
    percent = shown(
        fields.Decimal, "In percent, rounded down to two decimals, 100 at most.", data_key="progressPercent"
    )
    owner_id = shown(fields.String, "The end user.", data_key="ownedById")
    owner = shown(fields.Nested, "The end user, as far as known.", data_key="ownedBy", nested=OwnerSchema)
    task = shown(fields.Nested, "The current period.", data_key="taskProgress", nested=TaskProgressSchema)
    created_at = shown(fields.DateTime, "When the record came to be.", data_key="createdAt")
    updated_at = shown(fields.DateTime, "When it last changed.", data_key="updatedAt")


def record_json(record: Record, now: datetime) -> dict[str, Any]:
    """The record as it is written at this moment."""
    value, target = exact(record.value), exact(record.target)
    remaining, percent = remaining_of(value, target), percent_of(value, target)
    started_at, completed_at, failed_at, created_at, updated_at = moments(
        record.started_at, record.completed_at, record.failed_at, record.created_at, record.updated_at
    )
    return {
        "id": record.id,
        "challengeId": record.definition_id,
        "uniqueIdentifier": f"{text_of(record.definition_id)}:{record.owner_id}",
        "currentProgressValue": value,
        "challengeProgressStatus": record.status,
        "challengeStartedAt": started_at,
        "challengeCompletedAt": completed_at,
        "challengeFailedAt": failed_at,
        "completionTargetValue": target,
        "remainingValue": remaining,
        "progressPercent": percent,
        "ownedById": record.owner_id,
        "ownedBy": _owner(record),
        "taskProgress": _task(record, now, value, target, remaining, percent),
        "createdAt": created_at,
        "updatedAt": updated_at,
    }


def _task(
    record: Record, now: datetime, value: Decimal, target: Decimal, remaining: Decimal, percent: Decimal
) -> dict[str, Any]:
    """The period of the run: a challenge gathers in one period what it gathers at all."""
    start_at, end_at = moments(record.period_start_at, record.period_end_at)
    return {
        "periodKey": record.period_key,
        "periodStartAt": start_at,
        "periodEndAt": end_at,
        "currentProgressValue": value,
        "targetValue": target,
        "remainingValue": remaining,
        "progressPercent": percent,
        "count": record.count,
        "isCompleted": value >= target,
        "secondsUntilPeriodEnd": _seconds_left(record, now),
    }


def _owner(record: Record) -> dict[str, Any]:
    if record.erased_at is not None:
        return {"id": record.owner_id, "erased": True}
    return {
        "id": record.owner_id,
        "externalId": record.external_id,
        "firstName": record.first_name,
        "lastName": record.last_name,
    }


def _seconds_left(record: Record, now: datetime) -> int:
    if record.status != IN_PROGRESS:
        return 0
    left = record.period_end_at - now
    return left.days * 86_400 + left.seconds


def record_of_run(
    run: Any, definition_id: UUID, owner_id: str, user: Mapping[str, Any] | None, now: datetime
) -> dict[str, Any]:
    """The record of a run that was just written to, as a read shows it. `user` is the row of account_user, if any."""
    passed = run.status == IN_PROGRESS and run.window.end <= now
    known = user or {}
    record = Record(
        id=run.id,
        definition_id=definition_id,
        owner_id=owner_id,
        status=ProgressStatus.FAILED.value if passed else run.status.value,
        value=run.value,
        target=run.rules.target,
        started_at=run.started_at,
        completed_at=run.completed_at,
        failed_at=run.window.end if passed else run.failed_at,
        created_at=run.created_at,
        updated_at=max(run.updated_at, run.window.end) if passed else run.updated_at,
        period_key=run.window.key,
        period_start_at=run.window.start,
        period_end_at=run.window.end,
        count=run.tally.count,
        external_id=known.get("external_id"),
        first_name=known.get("first_name"),
        last_name=known.get("last_name"),
        erased_at=known.get("erased_at"),
        user_updated_at=known.get("updated_at"),
        through=now,
    )
    return record_json(record, now)
