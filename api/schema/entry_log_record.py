"""Log entries as records: how they are documented and written, and the answer to one that comes in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from marshmallow import Schema, fields, validate

from api.schema import reward_log
from api.schema.entries import ENTRIES, Entry
from api.schema.milestone import MilestoneFields
from api.schema.records import Identified, Record, Records, Row, wire_names, written
from api.schema.resources import operation
from api.schema.wording import ENTRY_NAMES
from domain.application import Logged
from domain.vocabulary import Reason, Slug
from projections.records import Kind

REASONS = [one.value for one in Reason]


class EntryFields:
    """What was sent, and what became of it."""

    owner_id = fields.String(data_key="ownedById", metadata={"description": "The end user."})
    activity_at = fields.DateTime(metadata={"description": "When it was done."})
    activity_id = fields.String(allow_none=True, metadata={"description": "What was done."})
    unique_identifier = fields.String(metadata={"description": "Names the entry, which is recorded once."})
    activity_value = fields.Decimal(allow_none=True, metadata={"description": "How much of it was done."})
    attributes = fields.Dict(metadata={"description": "What else was sent."})
    recorded_at = fields.DateTime(metadata={"description": "When it was recorded."})
    counted = fields.Boolean(metadata={"description": "Whether it was added to a run's tally."})
    reason = fields.String(
        allow_none=True,
        validate=validate.OneOf([*REASONS, None]),
        metadata={"description": "Why it was not counted; null when it was."},
    )
    period_key = fields.String(
        allow_none=True, metadata={"description": "The period that it falls into: 2026-04, 2026-W18."}
    )
    voided_at = fields.DateTime(allow_none=True, metadata={"description": "When it was taken back."})
    void_reason = fields.String(allow_none=True, metadata={"description": "Why it was taken back."})


class ReachedMilestoneSchema(MilestoneFields, Identified):
    """A milestone as it was when the run that reached it started."""

    slug = fields.String(data_key="linkedSchemaSlug", metadata={"description": "The kind of its definition."})
    definition_id = fields.UUID(data_key="linkedSchemaRecordId", metadata={"description": "Its definition."})


class FollowedFields:
    """What followed from an entry that came in, beside the run."""

    milestone = fields.Nested(
        ReachedMilestoneSchema,
        data_key="achievedMilestone",
        allow_none=True,
        metadata={"description": "The highest milestone that this entry reached."},
    )
    reward = fields.Nested(
        reward_log.RewardSchema,
        data_key="achievedMilestoneRewardLog",
        allow_none=True,
        metadata={"description": "The reward that was issued for it."},
    )
    replayed = fields.Boolean(metadata={"description": "Whether it had come before: then nothing new was recorded."})


class LogKind(NamedTuple):
    """A log: what its entries are, how they are kept and answered, and the run that an entry was counted in."""

    slug: Slug
    entry: type[Entry]
    records: Records
    logged: type[Schema]
    progress_after: Callable[[Logged, Mapping[str, Any] | None, datetime], Any]

    @property
    def name(self) -> str:
        """What it is called: challenge_log."""
        return f"{self.slug}_log"

    @property
    def names(self) -> Mapping[str, str]:
        """How the wire calls what the domain refuses."""
        return ENTRY_NAMES[self.slug]


def log_of(slug: Slug, kept: Kind, progress: type[Schema], progress_after: Callable[..., Any]) -> LogKind:
    """The log of a kind of definition: `kept` are its rows, `progress` and `progress_after` the records of its runs."""
    name = operation(f"{slug}_log")
    definition = fields.UUID(data_key=f"{slug}Id", metadata={"description": f"The {slug}."})
    run = fields.UUID(
        data_key=f"{slug}ProgressId", allow_none=True, metadata={"description": "The run that counted it."}
    )
    after = fields.Nested(
        progress,
        data_key=f"{slug}Progress",
        allow_none=True,
        metadata={"description": "The run after the entry; null when it was not counted."},
    )
    linked = Record.from_dict({"definition_id": definition}, name=f"{name}Link")
    kept_schema = _schema(f"{name}Schema", "An entry as it is kept.", EntryFields, linked, progress_id=run)
    answered = f"Logged{operation(slug)}EntrySchema"
    with_run = kept_schema.from_dict({"progress": after}, name=f"{name}WithRun")
    logged = _schema(answered, "An entry that came in: as it is kept, and what followed.", FollowedFields, with_run)
    entry = ENTRIES[f"{slug}_log"]
    return LogKind(slug, entry, Records(kept, kept_schema, "log entry"), logged, progress_after)


def answer_json(kind: LogKind, logged: Logged, user: Row | None, kept: Row | None) -> dict[str, Any]:
    """The answer to an entry, as of the moment at which it was recorded: a replay gets the same again.

    `user` is the owner's row, `kept` the entry's own, which says whether it was taken back since.
    """
    reached = max(logged.reached, key=lambda one: one.milestone.target_value, default=None)
    progress = None if logged.run is None else kind.progress_after(logged, user, logged.recorded_at)
    return {
        **kind.records.json(_row(logged, kept or {})),
        f"{kind.slug}Progress": progress,
        "achievedMilestone": None if reached is None else _milestone(reached),
        "achievedMilestoneRewardLog": None if reached is None else _reward(logged, reached),
        "replayed": logged.replayed,
    }


def _schema(name: str, about: str, *bases: type, **own: fields.Field) -> type[Schema]:
    """A schema of several parts. The fields of the last part come first."""
    return type(name, bases, {"__doc__": about, **own})


def _row(logged: Logged, kept: Row) -> dict[str, Any]:
    """The entry in the columns of its read table."""
    event, run_id = logged.event, getattr(logged.event, "run_id", None)
    return {
        **msgspec.structs.asdict(event.entry),
        "id": logged.id,
        "recorded_at": logged.recorded_at,
        "counted": run_id is not None,
        "reason": getattr(event, "reason", None),
        "period_key": event.window.key if event.window else None,
        "progress_id": run_id,
        "voided_at": kept.get("voided_at"),
        "void_reason": kept.get("void_reason"),
        "created_at": logged.recorded_at,
        "updated_at": kept.get("updated_at") or logged.recorded_at,
    }


def _milestone(reached: Any) -> dict[str, Any]:
    row = {**msgspec.structs.asdict(reached.milestone), "slug": reached.slug, "definition_id": reached.definition_id}
    return {wire: written(row[column]) for wire, column in wire_names(ReachedMilestoneSchema)}


def _reward(logged: Logged, reached: Any) -> dict[str, Any]:
    """The reward as it was issued, in the columns of its read table."""
    return reward_log.RECORDS.json(
        {
            "id": reached.reward_id,
            "slug": reached.slug,
            "definition_id": reached.definition_id,
            "milestone_id": reached.milestone.id,
            "owner_id": reached.owner_id,
            "progress_id": reached.run_id,
            "period_key": reached.period_key,
            "reward_issued_at": reached.reached_at,
            "reward_expiry_at": None,
            "coupon_code": None,
            "created_at": logged.recorded_at,
            "updated_at": logged.recorded_at,
        }
    )
