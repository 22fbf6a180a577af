"""Progress records: what those of all kinds are made of, and how that is documented."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from marshmallow import fields

from api.fields import Shown, shown
from domain.vocabulary import ProgressStatus

IN_PROGRESS = ProgressStatus.IN_PROGRESS.value


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


class OwnedSchema(Shown):
    """What every progress record ends with."""

    owned_by_id = shown(fields.String, "The end user.")
    owned_by = shown(fields.Nested, "The end user, as far as known.", nested=OwnerSchema)
    task_progress = shown(fields.Nested, "The current period.", nested=TaskProgressSchema)
    created_at = shown(fields.DateTime, "When the record came to be.")
    updated_at = shown(fields.DateTime, "When it last changed.")


def owner_of(record: Any) -> Owner | ErasedOwner:
    """Whose record it is, as far as known."""
    if record.erased_at is not None:
        return ErasedOwner(record.owner_id)
    return Owner(record.owner_id, record.external_id, record.first_name, record.last_name)


def owner_columns(user: Mapping[str, Any] | None) -> dict[str, Any]:
    """The owner in the columns of a record; `user` is the row of account_user, if there is one."""
    known = user or {}
    columns = {name: known.get(name) for name in ("external_id", "first_name", "last_name", "erased_at")}
    return {**columns, "user_updated_at": known.get("updated_at")}


def seconds_left(status: str, end: datetime, now: datetime) -> int:
    """Whole seconds until the period of a record ends; 0 when the record is over."""
    if status != IN_PROGRESS or end <= now:
        return 0
    left = end - now
    return left.days * 86_400 + left.seconds
