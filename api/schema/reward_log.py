"""Rewards: one for each milestone that was reached. The tenant notes on them what was given."""

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from api.fields import Id, Word
from api.headers import position_header
from api.paging import BY_TIME, ListQuery, RecordPath, envelope, some_of, sorted_by
from api.schema.bodies import Body, Text, Time
from api.schema.examples import example
from api.schema.records import Record, Records, after, current, listing, single
from api.schema.wording import rewording
from api.wire import json_response
from domain.commands import ChangeReward
from domain.vocabulary import Slug
from projections.records import REWARD_LOG

BLUEPRINT = Blueprint(
    "reward_log",
    __name__,
    url_prefix="/schema/reward_log",
    description="Rewards that were issued, each with the milestone that was reached.",
)


class RewardNotes:
    """What a tenant says about a reward."""

    coupon_code = Text(256, allow_none=True, description="What the end user redeems.")
    reward_expiry_at = Time(allow_none=True, description="Until when it can be redeemed.")


class RewardChangeSchema(RewardNotes, Body):
    """What to note on a reward."""


class RewardSchema(RewardNotes, Record):
    """A reward: a milestone was reached, once."""

    slug = fields.String(data_key="linkedSchemaSlug", metadata={"description": "The kind of the definition."})
    definition_id = fields.UUID(data_key="linkedSchemaRecordId", metadata={"description": "The definition."})
    milestone_id = fields.UUID(metadata={"description": "The milestone that was reached."})
    owner_id = fields.String(data_key="ownedById", metadata={"description": "The end user who reached it."})
    progress_id = fields.UUID(metadata={"description": "The progress record that reached it."})
    period_key = fields.String(metadata={"description": "The period in which it was reached: 2026-04, 2026-W18."})
    reward_issued_at = fields.DateTime(metadata={"description": "The activity that reached it."})


class RewardQuery(ListQuery):
    """Which rewards to list, and how."""

    slug = Word("Those of this kind of definition.", data_key="linkedSchemaSlug")
    definition_id = Id(data_key="linkedSchemaRecordId", metadata={"description": "Those of this definition."})
    milestone_id = Id(data_key="milestoneId", metadata={"description": "Those of this milestone."})
    owner_id = Id(data_key="ownedById", metadata={"description": "Those of this end user."})
    sort_by = sorted_by(BY_TIME)
    wanted = some_of(RewardSchema)


RECORDS = Records(REWARD_LOG, RewardSchema, "reward")


@BLUEPRINT.route("/record")
class RewardRecords(MethodView):
    """The rewards of the tenant."""

    @requires("progress:read", reads=RECORDS.kind.projections)
    @BLUEPRINT.arguments(RewardQuery, location="query")
    @BLUEPRINT.response(200, envelope(RewardSchema), examples=example("reward_log_list"))
    @BLUEPRINT.doc(operationId="listRewards")
    def get(self, query: dict[str, Any]) -> Response:
        """List rewards.

        An end user gets their own only.
        """
        return listing(RECORDS, query)


@BLUEPRINT.route("/record/<id>")
class RewardRecord(MethodView):
    """One reward."""

    @requires("progress:read", reads=RECORDS.kind.projections)
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.response(200, RewardSchema, examples=example("reward_log"))
    @BLUEPRINT.doc(operationId="getReward")
    def get(self, path: dict[str, Any]) -> Response:
        """Get a reward.

        An end user gets their own only.
        """
        return single(RECORDS, path["id"])

    @requires("definitions:write")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.arguments(RewardChangeSchema, examples=example("reward_log_change"))
    @BLUEPRINT.response(200, RewardSchema, examples=example("reward_log_changed"))
    @BLUEPRINT.doc(operationId="changeReward")
    def patch(self, path: dict[str, Any], body: dict[str, Any]) -> Response:
        """Note a coupon code or an expiry on a reward.

        What is not given stays as it is; null takes it away.
        """
        now, row = state.now(), current(RECORDS, path["id"])
        about = {"reward_id": row["id"], "definition_id": row["definition_id"], "owner_id": row["owner_id"]}
        command = ChangeReward(**about, slug=Slug(row["slug"]), changes=body)
        with rewording():
            position = state.progress_log().change_reward(state.caller().tenant, command, now=now)
        if position is None:
            return json_response(RECORDS.json({**row, **body}))
        changed = after(RECORDS, row["id"], position) or {**row, **body, "updated_at": now}
        return json_response(RECORDS.json(changed), 200, position_header([position]))
