"""Challenges: a target over one period. Tenants make and change them; runs keep the rules that they started with."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from api.fields import shown
from api.headers import position_header
from api.paging import BY_TIME, ListQuery, RecordPath, envelope, some_of, sorted_by
from api.schema.bodies import Body, Choice, Identifier, Number, Text, Texts, Time, Whole, YesNo
from api.schema.examples import example
from api.schema.records import Record, Records, current, listing, single
from api.schema.wording import rewording
from api.wire import json_response
from domain.application import Challenge
from domain.commands import Define, Redefine
from domain.vocabulary import DefinitionStatus, Method, Period, Slug, WeekDay
from projections.records import CHALLENGE

MAX_GRACE_SECONDS = 30 * 86_400
MIN_ROLLING_SECONDS, MAX_ROLLING_SECONDS = 60, 366 * 86_400

BLUEPRINT = Blueprint(
    "challenge",
    __name__,
    url_prefix="/schema/challenge",
    description="Challenges: what has to be reached in a period.",
)


class ChallengeFields:
    """What a tenant says about a challenge."""

    name = Text(256, 1, description="What the challenge is called.")
    description = Text(1024, description="What it is about.", default="")
    status = Choice(
        DefinitionStatus,
        description="Only a `live` one counts entries. While it is `paused` nothing is processed and nothing fails.",
        default="draft",
    )
    aggregation_method = Choice(
        Method, description="What entries add up to: their values, their number, or their different attributes."
    )
    aggregation_period = Choice(Period, description="How long a run lasts. An entry after that starts the next one.")
    completion_target_value = Number(description="What has to be reached in one period.")
    timezone = Text(64, description="IANA time zone that the periods follow.", default="UTC", format="timezone")
    reset_time = Text(
        5,
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        wanted="must be a time from 00:00 to 23:59",
        description="When days start in that zone. Periods of an hour start at its minutes, rolling ones have none.",
        default="00:00",
    )
    week_start = Choice(WeekDay, description="The day that weeks start on.", default="monday")
    starts_at = Time(allow_none=True, description="Nothing before it counts. The period `once` needs it.")
    ends_at = Time(allow_none=True, description="Nothing from it on counts. The period `once` needs it.")
    rolling_seconds = Whole(
        MIN_ROLLING_SECONDS,
        MAX_ROLLING_SECONDS,
        allow_none=True,
        description="How long a `rolling` period lasts; 86400 if it is not given.",
    )
    late_grace_seconds = Whole(
        0, MAX_GRACE_SECONDS, description="How long after its end a period still takes entries.", default=300
    )
    event_types = Texts(description="Events of these types feed the challenge.", default=[])
    distinct_by = Text(256, allow_none=True, description="The attribute whose different values `distinct` counts.")
    rollback_after_completion = YesNo(description="Whether a void can undo a completion.", default=False)


class ChallengeChangeSchema(ChallengeFields, Body):
    """What to change of a challenge."""


class NewChallengeSchema(ChallengeFields, Body):
    """A challenge to make."""

    NEEDED = ("name", "aggregation_method", "aggregation_period", "completion_target_value")

    id = Identifier(description="Its id, if it has one already.")


class ChallengeSchema(ChallengeFields, Record):
    """A challenge."""

    version = shown(fields.Integer, "How often it, or one of its milestones, was changed; 1 for a new one.")


class ChallengeQuery(ListQuery):
    """Which challenges to list, and how."""

    status = fields.String(
        validate=validate.OneOf([one.value for one in DefinitionStatus]), metadata={"description": "Those only."}
    )
    sort_by = sorted_by(BY_TIME)
    wanted = some_of(ChallengeSchema)


RECORDS = Records(CHALLENGE, ChallengeSchema, "challenge")


@BLUEPRINT.route("/record")
class ChallengeRecords(MethodView):
    """The challenges of the tenant."""

    @requires("definitions:read", "progress:read")
    @BLUEPRINT.arguments(ChallengeQuery, location="query")
    @BLUEPRINT.response(200, envelope(ChallengeSchema), examples=example("challenge_list"))
    @BLUEPRINT.doc(operationId="listChallenges")
    def get(self, query: dict[str, Any]) -> Response:
        """List challenges."""
        return listing(RECORDS, query)

    @requires("definitions:write")
    @BLUEPRINT.arguments(NewChallengeSchema, examples=example("challenge_new"))
    @BLUEPRINT.response(201, ChallengeSchema, examples=example("challenge"))
    @BLUEPRINT.alt_response(409, "CONFLICT")
    @BLUEPRINT.doc(operationId="createChallenge")
    def post(self, body: dict[str, Any]) -> Response:
        """Make a challenge.

        It counts entries once its `status` is `live`.
        """
        now, identifier = state.now(), body.pop("id", None) or uuid4()
        command = Define(id=identifier, slug=Slug.CHALLENGE, fields=body)
        with rewording():
            challenge, position = state.progress_log().define(state.caller().tenant, identifier, command, now=now)
        return json_response(RECORDS.json(row_of(challenge, now, now)), 201, position_header([position]))


@BLUEPRINT.route("/record/<id>")
class ChallengeRecord(MethodView):
    """One challenge."""

    @requires("definitions:read", "progress:read")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.response(200, ChallengeSchema, examples=example("challenge"))
    @BLUEPRINT.doc(operationId="getChallenge")
    def get(self, path: dict[str, Any]) -> Response:
        """Get a challenge."""
        return single(RECORDS, path["id"])

    @requires("definitions:write")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.arguments(ChallengeChangeSchema, examples=example("challenge_change"))
    @BLUEPRINT.response(200, ChallengeSchema, examples=example("challenge_changed"))
    @BLUEPRINT.doc(operationId="changeChallenge")
    def patch(self, path: dict[str, Any], body: dict[str, Any]) -> Response:
        """Change a challenge.

        What is not given stays as it is. Runs in progress keep the rules that they started with: a change counts for
        runs that start later.
        """
        now, tenant, identifier = state.now(), state.caller().tenant, path["id"]
        command = Redefine(id=identifier, slug=Slug.CHALLENGE, changes=body)
        with rewording():
            challenge, position = state.progress_log().define(tenant, identifier, command, now=now)
        kept = current(RECORDS, identifier)
        changed_at = kept["updated_at"] if position is None else now
        return json_response(
            RECORDS.json(row_of(challenge, kept["created_at"], changed_at)), 200, position_header([position])
        )


def row_of(challenge: Challenge, created_at: datetime, updated_at: datetime) -> dict[str, Any]:
    """A challenge as the domain answers it, in the columns of its read table."""
    fields_of = msgspec.structs.asdict(challenge.fields)
    stamps = {"id": challenge.id, "version": challenge.version, "created_at": created_at, "updated_at": updated_at}
    return {**fields_of, **stamps}
