"""Definitions: what tenants make and change, and what of it challenges and streaks have in common."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

import msgspec
from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from api.headers import position_header
from api.paging import BY_TIME, ListQuery, some_of, sorted_by
from api.schema.bodies import Body, Choice, Text, Texts, Time, Whole, YesNo
from api.schema.examples import example
from api.schema.records import Record, Records, await_read_tables, current
from api.schema.references import refuse_dangling
from api.schema.resources import View, list_of, one_of, operation, resource
from api.schema.wording import rewording
from api.wire import json_response
from domain.application import Definition, Position
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


def status_of(statuses: type[StrEnum], **words: Any) -> fields.String:
    """The parameter of a list that asks for definitions of one status."""
    asked = validate.OneOf([one.value for one in statuses])
    return fields.String(validate=asked, metadata={"description": "Those only."}, **words)


class Beside(Protocol):
    """What is sent with a definition and kept elsewhere: it is kept after the definition, and shown in its record."""

    def keep(self, identifier: Any, now: datetime) -> tuple[list[Position], Mapping[str, Any]]: ...


class Nothing:
    """Everything that was sent is kept in the definition."""

    def keep(self, identifier: Any, now: datetime) -> tuple[list[Position], Mapping[str, Any]]:
        return [], {}


class DefinitionKind(NamedTuple):
    """A kind of definition: what is read and written of it, and what its records are.

    `filters` are the parameters of its list, `columns` those of its record that are not just fields of the domain.
    `beside` takes out of a body what is kept elsewhere.
    """

    slug: Slug
    records: Records
    new: type[Body]
    change: type[Body]
    about: str
    making: str = "It counts entries once its `status` is `live`."
    changing: str = "Runs in progress keep the rules that they started with: a change counts for runs that start later."
    readers: tuple[str, ...] = READERS
    filters: Mapping[str, fields.Field] = {"status": status_of(DefinitionStatus)}
    columns: Callable[[Any], Mapping[str, Any]] = lambda definition: {}
    beside: Callable[[dict[str, Any]], Beside] = lambda body: Nothing()

    @property
    def name(self) -> str:
        """What its operations are called after."""
        return operation(self.records.noun.replace(" ", "_"))

    @property
    def one(self) -> str:
        """One of the kind, with its article."""
        return f"{'an' if self.records.noun[0] in 'aeiou' else 'a'} {self.records.noun}"


def blueprint_of(kind: DefinitionKind) -> Blueprint:
    """The paths of a kind of definition."""
    slug, name, of = kind.slug.value, kind.name, kind.records
    blueprint = Blueprint(slug, __name__, url_prefix=f"/schema/{slug}", description=kind.about)
    listing = {"operationId": f"list{name}s", "summary": f"List {of.noun}s."}
    resource(
        blueprint,
        "/record",
        get=list_of(blueprint, of, query_of(kind), *kind.readers, **listing),
        post=_making(blueprint, kind),
    )
    resource(
        blueprint,
        "/record/<id>",
        get=one_of(blueprint, of, *kind.readers, operationId=f"get{name}", summary=f"Get {kind.one}."),
        patch=_changing(blueprint, kind),
    )
    return blueprint


def query_of(kind: DefinitionKind) -> type[ListQuery]:
    """Which definitions to list, and how."""
    asked: dict[str, Any] = {
        **kind.filters,
        "sort_by": sorted_by(BY_TIME),
        "wanted": some_of(kind.records.schema),
    }
    return ListQuery.from_dict(asked, name=f"{kind.name}Query")  # type: ignore[return-value]


def row_of(kind: DefinitionKind, definition: Any, created_at: datetime, updated_at: datetime) -> dict[str, Any]:
    """A definition as the domain answers it, in the columns of its read table."""
    fields_of = msgspec.structs.asdict(definition.fields)
    stamps = {"id": definition.id, "version": definition.version, "created_at": created_at, "updated_at": updated_at}
    return {**fields_of, **stamps, **kind.columns(definition)}


def defined(identifier: UUID | str, command: Define | Redefine, now: datetime) -> tuple[Definition, Position | None]:
    """Make or change a definition, once everything that it names is there. Raises InvalidInput by field."""
    log, tenant = state.progress_log(), state.caller().tenant
    with rewording():
        planned, _ = log.define(tenant, identifier, command, now=now, dry_run=True)
        refuse_dangling(log, tenant, planned, now)
        return log.define(tenant, identifier, command, now=now)


def _making(blueprint: Blueprint, kind: DefinitionKind) -> View:
    slug, of = kind.slug.value, kind.records

    @requires("definitions:write")
    @blueprint.arguments(kind.new, examples=example(f"{slug}_new"))
    @blueprint.response(201, of.schema, examples=example(slug))
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.doc(operationId=f"create{kind.name}", summary=f"Make {kind.one}.", description=kind.making)
    def post(view: MethodView, body: dict[str, Any]) -> Response:
        now, identifier = state.now(), body.pop("id", None) or uuid4()
        beside = kind.beside(body)
        made, position = defined(identifier, Define(id=identifier, slug=kind.slug, fields=body), now)
        positions, columns = beside.keep(identifier, now)
        await_read_tables(position, *positions)
        row = {**row_of(kind, made, now, now), **columns}
        return json_response(of.json(row), 201, position_header([position, *positions]))

    return post


def _changing(blueprint: Blueprint, kind: DefinitionKind) -> View:
    slug, of = kind.slug.value, kind.records

    @requires("definitions:write")
    @blueprint.arguments(of.path, location="path")
    @blueprint.arguments(kind.change, examples=example(f"{slug}_change"))
    @blueprint.response(200, of.schema, examples=example(f"{slug}_changed"))
    @blueprint.doc(
        operationId=f"change{kind.name}",
        summary=f"Change {kind.one}.",
        description=f"What is not given stays as it is. {kind.changing}",
    )
    def patch(view: MethodView, path: dict[str, Any], body: dict[str, Any]) -> Response:
        now, identifier = state.now(), path["id"]
        beside = kind.beside(body)
        changed, position = defined(identifier, Redefine(id=identifier, slug=kind.slug, changes=body), now)
        positions, columns = beside.keep(identifier, now)
        await_read_tables(position, *positions)
        kept = current(of, identifier)
        changed_at = kept["updated_at"] if position is None else now
        row = {**kept, **row_of(kind, changed, kept["created_at"], changed_at), **columns}
        return json_response(of.json(row), 200, position_header([position, *positions]))

    return patch
