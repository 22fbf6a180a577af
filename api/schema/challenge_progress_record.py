"""The challenge progress record: how it is written, and how that is documented."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import fields, validate

from api.fields import Shown, shown
from api.wire import moments, text_of
from domain.numbers import percent_of, remaining_of
from domain.vocabulary import ProgressStatus
from projections.challenge_progress import Record

IN_PROGRESS = ProgressStatus.IN_PROGRESS.value
STATUSES = (IN_PROGRESS, ProgressStatus.COMPLETED.value, ProgressStatus.FAILED.value)


class Written(msgspec.Struct, rename="camel", gc=False):
    """What goes out. A struct is made and encoded faster than a dict, and a list holds up to a thousand."""


class Owner(Written):
    """Whose record it is."""

    id: str
    external_id: str | None
    first_name: str | None
    last_name: str | None


class ErasedOwner(Written):
    """Whose record it was, before their personal data was erased."""

    id: str
    erased: bool = True


class Task(Written):
    """`taskProgress`."""

    period_key: str
    period_start_at: str | None
    period_end_at: str | None
    current_progress_value: Decimal
    target_value: Decimal
    remaining_value: Decimal
    progress_percent: Decimal
    count: int
    is_completed: bool
    seconds_until_period_end: int


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


class OwnerSchema(Shown):
    """The end user that a record belongs to. The names of one who was erased are gone."""

    id = shown(fields.String, "The end user's id.")
    external_id = fields.String(allow_none=True, metadata={"description": "The id that the tenant knows."})
    first_name = fields.String(allow_none=True, metadata={"description": "The first name, if known."})
    last_name = fields.String(allow_none=True, metadata={"description": "The last name, if known."})
    erased = fields.Boolean(metadata={"description": "True when the end user was erased; absent otherwise."})


class TaskProgressSchema(Shown):
    """The tally of the current period; of a record that is over, of its last."""

    period_key = shown(fields.String, "Names the period: 2026-04, 2026-W18.")
    period_start_at = shown(fields.DateTime, "When the period starts.")
    period_end_at = shown(fields.DateTime, "When it ends: the first moment after it.")
    current_progress_value = shown(fields.Decimal, "What the period has gathered.")
    target_value = shown(fields.Decimal, "What it has to gather.")
    remaining_value = shown(fields.Decimal, "What is left to the target.")
    progress_percent = shown(fields.Decimal, "In percent, rounded down to two decimals, at most 100.")
    count = shown(fields.Integer, "How many entries were counted.")
    is_completed = shown(fields.Boolean, "Whether the target is reached.")
    seconds_until_period_end = shown(fields.Integer, "Whole seconds to its end; 0 when the record is over.")


class ChallengeProgressSchema(Shown):
    """One run of an end user on a challenge: one period's try to reach the target."""

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
    owned_by_id = shown(fields.String, "The end user.")
    owned_by = shown(fields.Nested, "The end user, as far as known.", nested=OwnerSchema)
    task_progress = shown(fields.Nested, "The current period.", nested=TaskProgressSchema)
    created_at = shown(fields.DateTime, "When the record came to be.")
    updated_at = shown(fields.DateTime, "When it last changed.")


times = attrgetter(
    "started_at", "completed_at", "failed_at", "created_at", "updated_at", "period_start_at", "period_end_at"
)


def record_json(record: Record, now: datetime) -> ChallengeProgress:
    """The record as it is written at this moment. A challenge gathers in one period what it gathers at all."""
    # Tallies and targets are kept in their shortest form.
    value, target = record.value, record.target
    remaining, percent = remaining_of(value, target), percent_of(value, target)
    started_at, completed_at, failed_at, created_at, updated_at, *period = moments(*times(record))
    numbers = (value, target, remaining, percent)
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
        _owner(record),
        Task(record.period_key, *period, *numbers, record.count, value >= target, _seconds_left(record, now)),
        created_at,
        updated_at,
    )


def _owner(record: Record) -> Owner | ErasedOwner:
    if record.erased_at is not None:
        return ErasedOwner(record.owner_id)
    return Owner(record.owner_id, record.external_id, record.first_name, record.last_name)


def _seconds_left(record: Record, now: datetime) -> int:
    if record.status != IN_PROGRESS:
        return 0
    left = record.period_end_at - now
    return left.days * 86_400 + left.seconds


def record_of_run(
    run: Any, definition_id: UUID, owner_id: str, user: Mapping[str, Any] | None, now: datetime
) -> ChallengeProgress:
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
