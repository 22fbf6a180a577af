"""The challenge log record: an entry as it is documented and written, and the answer to one that comes in."""

from typing import Any

import msgspec
from marshmallow import fields, validate

from api.schema import reward_log
from api.schema.challenge_progress_record import ChallengeProgressSchema, record_of_run
from api.schema.milestone import MilestoneFields
from api.schema.records import Identified, Record, Records, Row, wire_names, written
from domain.application import Logged
from domain.vocabulary import Reason
from projections.records import CHALLENGE_LOG

REASONS = [one.value for one in Reason]


class ChallengeLogSchema(Record):
    """An entry as it is kept: what was sent, and what became of it."""

    definition_id = fields.UUID(data_key="challengeId", metadata={"description": "The challenge."})
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
    progress_id = fields.UUID(
        data_key="challengeProgressId", allow_none=True, metadata={"description": "The run that counted it."}
    )


class ReachedMilestoneSchema(MilestoneFields, Identified):
    """A milestone as it was when the run that reached it started."""

    slug = fields.String(data_key="linkedSchemaSlug", metadata={"description": "The kind of its definition."})
    definition_id = fields.UUID(data_key="linkedSchemaRecordId", metadata={"description": "Its definition."})


class LoggedEntrySchema(ChallengeLogSchema):
    """An entry that came in: as it is kept, and what followed from it."""

    progress = fields.Nested(
        ChallengeProgressSchema,
        data_key="challengeProgress",
        allow_none=True,
        metadata={"description": "The run after the entry; null when it was not counted."},
    )
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


RECORDS = Records(CHALLENGE_LOG, ChallengeLogSchema, "log entry")


def answer_json(logged: Logged, user: Row | None, kept: Row | None) -> dict[str, Any]:
    """The answer to an entry, as of the moment at which it was recorded: a replay gets the same again.

    `user` is the owner's row, `kept` the entry's own, which says whether it was taken back since.
    """
    entry, reached = logged.event.entry, max(logged.reached, key=lambda one: one.milestone.target_value, default=None)
    progress = None
    if logged.run is not None:
        progress = record_of_run(logged.run, entry.definition_id, entry.owner_id, user, logged.recorded_at)
    return {
        **RECORDS.json(_row(logged, kept or {})),
        "challengeProgress": progress,
        "achievedMilestone": None if reached is None else _milestone(reached),
        "achievedMilestoneRewardLog": None if reached is None else _reward(logged, reached),
        "replayed": logged.replayed,
    }


def _row(logged: Logged, kept: Row) -> dict[str, Any]:
    """The entry in the columns of its read table."""
    event = logged.event
    return {
        **msgspec.structs.asdict(event.entry),
        "id": logged.id,
        "recorded_at": logged.recorded_at,
        "counted": logged.run is not None,
        "reason": getattr(event, "reason", None),
        "period_key": event.window.key if event.window else None,
        "progress_id": getattr(event, "run_id", None),
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
