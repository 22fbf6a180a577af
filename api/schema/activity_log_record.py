"""Log entries of challenges and streaks: activities that a run counts, and the milestones that they reach."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from marshmallow import Schema, fields

from api.fields import Id
from api.schema import reward_log
from api.schema.entry_log_record import LogKind, Part, Progress, log_of
from api.schema.milestone import MilestoneFields
from api.schema.records import Identified, wire_names, written
from domain.application import Logged
from domain.vocabulary import Slug
from projections.records import Kind


class ReachedMilestoneSchema(MilestoneFields, Identified):
    """A milestone as it was when the run that reached it started."""

    slug = fields.String(data_key="linkedSchemaSlug", metadata={"description": "The kind of its definition."})
    definition_id = fields.UUID(data_key="linkedSchemaRecordId", metadata={"description": "Its definition."})


def activity_log(slug: Slug, table: Kind, progress: type[Schema], after: Callable[..., Any]) -> LogKind:
    """The log of a kind of definition: `table` are its rows, `progress` and `after` the records of its runs."""
    about = "The run after the entry; null when it was not counted."
    return log_of(
        slug,
        f"What end users did in {slug}s.",
        table,
        _said(slug),
        Progress(progress, about, after),
        filters={"definition_id": Id(data_key=f"{slug}Id", metadata={"description": f"Entries of this {slug}."})},
        kept=Part(_kept(slug), _outcome),
        followed=Part(_reached(), _followed),
    )


def _said(slug: Slug) -> dict[str, fields.Field]:
    return {
        "definition_id": fields.UUID(data_key=f"{slug}Id", metadata={"description": f"The {slug}."}),
        "activity_id": fields.String(allow_none=True, metadata={"description": "What was done."}),
        "activity_value": fields.Decimal(allow_none=True, metadata={"description": "How much of it was done."}),
        "attributes": fields.Dict(metadata={"description": "What else was sent."}),
    }


def _kept(slug: Slug) -> dict[str, fields.Field]:
    return {
        "period_key": fields.String(
            allow_none=True, metadata={"description": "The period that it falls into: 2026-04, 2026-W18."}
        ),
        "progress_id": fields.UUID(
            data_key=f"{slug}ProgressId", allow_none=True, metadata={"description": "The run that it counts in."}
        ),
    }


def _reached() -> dict[str, fields.Field]:
    return {
        "milestone": fields.Nested(
            ReachedMilestoneSchema,
            data_key="achievedMilestone",
            allow_none=True,
            metadata={"description": "The highest milestone that this entry reached."},
        ),
        "reward": fields.Nested(
            reward_log.RewardSchema,
            data_key="achievedMilestoneRewardLog",
            allow_none=True,
            metadata={"description": "The reward that was issued for it."},
        ),
    }


def _outcome(logged: Logged) -> Mapping[str, Any]:
    event, run = logged.event, logged.run
    return {
        "period_key": event.window.key if event.window else None,
        "progress_id": run.id if run else getattr(event, "run_id", None),
    }


def _followed(logged: Logged) -> Mapping[str, Any]:
    reached = max(logged.reached, key=lambda one: one.milestone.target_value, default=None)
    return {
        "achievedMilestone": None if reached is None else _milestone(reached),
        "achievedMilestoneRewardLog": None if reached is None else _reward(logged, reached),
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
