"""Milestones: reward checkpoints of a definition. Reaching one issues its reward."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from flask import Response
from flask.views import MethodView
from marshmallow import ValidationError, fields, validate

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from api.fields import Id, Word
from api.headers import position_header
from api.paging import BY_TIME, ListQuery, RecordPath, envelope, some_of, sorted_by
from api.schema.bodies import Body, Choice, Identifier, Number, Text, YesNo
from api.schema.examples import example
from api.schema.records import Record, Records, await_read_tables, current, listing, single
from api.schema.wording import rewording
from api.wire import json_response
from domain.commands import AddMilestone, ChangeMilestone
from domain.errors import AlreadyExists, DefinitionNotFound, NotFound
from domain.vocabulary import DefinitionStatus, Slug
from projections import records
from projections.records import MILESTONE

LINKED_TO = (Slug.CHALLENGE.value, Slug.STREAK.value)
WIRE_NAMES = {"target_value": "milestoneTargetValue"}

BLUEPRINT = Blueprint(
    "milestone",
    __name__,
    url_prefix="/schema/milestone",
    description="Milestones: what is rewarded on the way to a target.",
)


class MilestoneFields:
    """What a tenant says about a milestone."""

    name = Text(256, description="What the milestone is called.", default="")
    description = Text(1024, description="What it is about.", default="")
    target_value = Number(data_key="milestoneTargetValue", description="It is reached when progress reaches this.")
    reward_item_id = Text(256, allow_none=True, description="What is given for it, in the tenant's own words.")
    repeatable = YesNo(
        description="Whether every run can reach it, or an end user only once. If nothing is said, every run of a "
        "challenge can, and an end user only once in a streak."
    )
    status = Choice(DefinitionStatus, description="Runs that start while it is `live` can reach it.", default="live")


class MilestoneChangeSchema(MilestoneFields, Body):
    """What to change of a milestone."""


class LinkedSlug(fields.String):
    """The kind of definition that a milestone belongs to."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if value not in LINKED_TO:
            raise ValidationError(f"{value!r} has no milestones here: must be {' or '.join(LINKED_TO)}")
        return str(value)


class NewMilestoneSchema(MilestoneFields, Body):
    """A milestone to add to a definition."""

    NEEDED = ("slug", "definition_id", "target_value")

    id = Identifier(description="Its id, if it has one already.")
    slug = LinkedSlug(
        data_key="linkedSchemaSlug",
        validate=validate.OneOf(LINKED_TO),
        metadata={"description": "The kind of its definition."},
        error_messages={"required": "is needed", "null": "must not be null"},
    )
    definition_id = Identifier(data_key="linkedSchemaRecordId", description="Its definition.")


class MilestoneSchema(MilestoneFields, Record):
    """A milestone of a definition."""

    slug = fields.String(data_key="linkedSchemaSlug", metadata={"description": "The kind of its definition."})
    definition_id = fields.UUID(data_key="linkedSchemaRecordId", metadata={"description": "Its definition."})


class MilestoneQuery(ListQuery):
    """Which milestones to list, and how."""

    slug = Word("Those of this kind of definition.", data_key="linkedSchemaSlug")
    definition_id = Id(data_key="linkedSchemaRecordId", metadata={"description": "Those of this definition."})
    status = fields.String(
        validate=validate.OneOf([one.value for one in DefinitionStatus]), metadata={"description": "Those only."}
    )
    sort_by = sorted_by(BY_TIME)
    wanted = some_of(MilestoneSchema)


RECORDS = Records(MILESTONE, MilestoneSchema, "milestone")


@BLUEPRINT.route("/record")
class MilestoneRecords(MethodView):
    """The milestones of the tenant."""

    @requires("definitions:read", "progress:read", reads=RECORDS.kind.projections)
    @BLUEPRINT.arguments(MilestoneQuery, location="query")
    @BLUEPRINT.response(200, envelope(MilestoneSchema), examples=example("milestone_list"))
    @BLUEPRINT.doc(operationId="listMilestones")
    def get(self, query: dict[str, Any]) -> Response:
        """List milestones."""
        return listing(RECORDS, query)

    @requires("definitions:write")
    @BLUEPRINT.arguments(NewMilestoneSchema, examples=example("milestone_new"))
    @BLUEPRINT.response(201, MilestoneSchema, examples=example("milestone"))
    @BLUEPRINT.alt_response(409, "CONFLICT")
    @BLUEPRINT.doc(operationId="createMilestone")
    def post(self, body: dict[str, Any]) -> Response:
        """Add a milestone to a definition.

        Runs that start later can reach it. Two milestones of a definition cannot have the same target.
        """
        now, tenant, identifier = state.now(), state.caller().tenant, body.pop("id", None) or uuid4()
        definition, slug = body.pop("definition_id"), Slug(body.pop("slug"))
        if records.one(state.reader(), MILESTONE, tenant, identifier) is not None:
            raise AlreadyExists(f"milestone {identifier} is there already")
        command = AddMilestone(id=identifier, slug=slug, definition_id=definition, fields=body)
        with of_definition():
            told, position = state.progress_log().define(tenant, definition, command, now=now)
        await_read_tables(position)
        row = row_of(told, slug, identifier, now, now)
        return json_response(RECORDS.json(row), 201, position_header([position]))


@BLUEPRINT.route("/record/<id>")
class MilestoneRecord(MethodView):
    """One milestone."""

    @requires("definitions:read", "progress:read", reads=RECORDS.kind.projections)
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.response(200, MilestoneSchema, examples=example("milestone"))
    @BLUEPRINT.doc(operationId="getMilestone")
    def get(self, path: dict[str, Any]) -> Response:
        """Get a milestone."""
        return single(RECORDS, path["id"])

    @requires("definitions:write")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.arguments(MilestoneChangeSchema, examples=example("milestone_change"))
    @BLUEPRINT.response(200, MilestoneSchema, examples=example("milestone_changed"))
    @BLUEPRINT.doc(operationId="changeMilestone")
    def patch(self, path: dict[str, Any], body: dict[str, Any]) -> Response:
        """Change a milestone.

        What is not given stays as it is. Runs in progress keep the milestones that they started with.
        """
        now, tenant, identifier = state.now(), state.caller().tenant, path["id"]
        kept = current(RECORDS, identifier)
        definition, slug = kept["definition_id"], Slug(kept["slug"])
        command = ChangeMilestone(id=identifier, slug=slug, definition_id=definition, changes=body)
        with of_definition():
            told, position = state.progress_log().define(tenant, definition, command, now=now)
        await_read_tables(position)
        row = row_of(told, slug, identifier, kept["created_at"], kept["updated_at"] if position is None else now)
        return json_response(RECORDS.json(row), 200, position_header([position]))


@contextmanager
def of_definition() -> Iterator[None]:
    """Refusals of a definition in the words of its milestone."""
    try:
        with rewording(WIRE_NAMES):
            yield
    except NotFound as error:
        raise DefinitionNotFound(error.message, {"linkedSchemaRecordId": [error.message]}) from None


def row_of(definition: Any, slug: Slug, identifier: UUID, created_at: datetime, updated_at: datetime) -> dict[str, Any]:
    """A milestone as the domain answers it, in the columns of its read table."""
    milestone = next(one for one in definition.milestones if one.id == identifier)
    return {
        **msgspec.structs.asdict(milestone),
        "slug": slug,
        "definition_id": definition.id,
        "created_at": created_at,
        "updated_at": updated_at,
    }
