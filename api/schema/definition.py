"""Definitions: what challenges and streaks are made and changed with alike. Runs keep the rules they started with."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from api.headers import position_header
from api.paging import BY_TIME, ListQuery, RecordPath, some_of, sorted_by
from api.schema.bodies import Body, Choice, Text, Texts, Time, Whole, YesNo
from api.schema.examples import example
from api.schema.records import Record, Records, await_read_tables, current
from api.schema.resources import View, list_of, one_of, operation, resource
from api.schema.wording import rewording
from api.wire import json_response
from domain.commands import Define, Redefine
from domain.vocabulary import DefinitionStatus, Method, Slug, WeekDay

MAX_GRACE_SECONDS = 30 * 86_400
MIN_ROLLING_SECONDS, MAX_ROLLING_SECONDS = 60, 366 * 86_400
READERS = ("definitions:read", "progress:read")


class Named:
    """What a definition is, in the words of the tenant. What has to be reached is its kind's own."""

    name = Text(256, 1, description="What it is called.")
    description = Text(1024, description="What it is about.", default="")
    status = Choice(
        DefinitionStatus,
        description="Only a `live` one counts entries. While it is `paused` nothing is processed, fails or breaks.",
        default="draft",
    )
    aggregation_method = Choice(
        Method, description="What entries add up to: their values, their number, or their different attributes."
    )


class Terms:
    """When periods begin and end, and what else entries are judged by."""

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
    event_types = Texts(description="Events of these types feed it.", default=[])
    distinct_by = Text(256, allow_none=True, description="The attribute whose different values `distinct` counts.")
    rollback_after_completion = YesNo(description="Whether a void can undo a completion.", default=False)


class DefinitionRecord(Record):
    """What every definition has."""

    version = fields.Integer(
        metadata={"description": "How often it, or one of its milestones, was changed; 1 for a new one."}
    )


class DefinitionKind(NamedTuple):
    """A kind of definition: what is read and written of it, and what its records are."""

    slug: Slug
    records: Records
    new: type[Body]
    change: type[Body]
    about: str


def blueprint_of(kind: DefinitionKind) -> Blueprint:
    """The paths of a kind of definition."""
    slug, name = kind.slug.value, operation(kind.slug)
    blueprint = Blueprint(slug, __name__, url_prefix=f"/schema/{slug}", description=kind.about)
    query, of = query_of(kind), kind.records
    resource(
        blueprint,
        "/record",
        get=list_of(blueprint, of, query, *READERS, operationId=f"list{name}s", summary=f"List {slug}s."),
        post=_making(blueprint, kind),
    )
    resource(
        blueprint,
        "/record/<id>",
        get=one_of(blueprint, of, *READERS, operationId=f"get{name}", summary=f"Get a {slug}."),
        patch=_changing(blueprint, kind),
    )
    return blueprint


def query_of(kind: DefinitionKind) -> type[ListQuery]:
    """Which definitions to list, and how."""
    statuses = validate.OneOf([one.value for one in DefinitionStatus])
    asked: dict[str, Any] = {
        "status": fields.String(validate=statuses, metadata={"description": "Those only."}),
        "sort_by": sorted_by(BY_TIME),
        "wanted": some_of(kind.records.schema),
    }
    return ListQuery.from_dict(asked, name=f"{operation(kind.slug)}Query")  # type: ignore[return-value]


def row_of(definition: Any, created_at: datetime, updated_at: datetime) -> dict[str, Any]:
    """A definition as the domain answers it, in the columns of its read table."""
    fields_of = msgspec.structs.asdict(definition.fields)
    stamps = {"id": definition.id, "version": definition.version, "created_at": created_at, "updated_at": updated_at}
    return {**fields_of, **stamps}


def _making(blueprint: Blueprint, kind: DefinitionKind) -> View:
    slug, of = kind.slug.value, kind.records

    @requires("definitions:write")
    @blueprint.arguments(kind.new, examples=example(f"{slug}_new"))
    @blueprint.response(201, of.schema, examples=example(slug))
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.doc(operationId=f"create{operation(slug)}", summary=f"Make a {slug}.")
    def post(view: MethodView, body: dict[str, Any]) -> Response:
        """Make a definition.

        It counts entries once its `status` is `live`.
        """
        now, identifier = state.now(), body.pop("id", None) or uuid4()
        command = Define(id=identifier, slug=kind.slug, fields=body)
        with rewording():
            made, position = state.progress_log().define(state.caller().tenant, identifier, command, now=now)
        await_read_tables(position)
        return json_response(of.json(row_of(made, now, now)), 201, position_header([position]))

    return post


def _changing(blueprint: Blueprint, kind: DefinitionKind) -> View:
    slug, of = kind.slug.value, kind.records

    @requires("definitions:write")
    @blueprint.arguments(RecordPath, location="path")
    @blueprint.arguments(kind.change, examples=example(f"{slug}_change"))
    @blueprint.response(200, of.schema, examples=example(f"{slug}_changed"))
    @blueprint.doc(operationId=f"change{operation(slug)}", summary=f"Change a {slug}.")
    def patch(view: MethodView, path: dict[str, Any], body: dict[str, Any]) -> Response:
        """Change a definition.

        What is not given stays as it is. Runs in progress keep the rules that they started with: a change counts for
        runs that start later.
        """
        now, tenant, identifier = state.now(), state.caller().tenant, path["id"]
        command = Redefine(id=identifier, slug=kind.slug, changes=body)
        with rewording():
            changed, position = state.progress_log().define(tenant, identifier, command, now=now)
        await_read_tables(position)
        kept = current(of, identifier)
        changed_at = kept["updated_at"] if position is None else now
        row = row_of(changed, kept["created_at"], changed_at)
        return json_response(of.json(row), 200, position_header([position]))

    return patch
