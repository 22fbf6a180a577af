"""Progress: one run of an end user on a definition. Records are read, never written."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from types import ModuleType
from typing import Any, NamedTuple

from flask import Response
from flask.views import MethodView
from marshmallow import Schema, fields, validate

from api import state, time_travel
from api.access.callers import requires
from api.blueprints import Blueprint
from api.fields import Id, Moment
from api.headers import conditional
from api.paging import (
    NOTHING,
    ListQuery,
    RecordPath,
    Sort,
    Sorts,
    envelope,
    listing_response,
    page,
    some_of,
    sorted_by,
)
from api.schema.examples import example
from api.schema.resources import View, operation, resource
from api.time_travel import MomentQuery
from domain.errors import NotFound, invalid
from domain.vocabulary import Slug
from projections.consistency import through
from projections.listing import Listed, Page
from projections.time_travel import When, merged, whole

SORTS: Sorts = {
    "createdAt": Sort("created_at"),
    "updatedAt": Sort("updated_at"),
    "currentProgressValue": Sort("value", Decimal),
}
FILTERS = ("definition_id", "status", "updated_since", "ends_before")
OWN_ONLY = "An end user gets their own records only."


class ProgressKind(NamedTuple):
    """A kind of progress: its read model, and how its records are written.

    `facts` are what a record, as it is written, is made of, less what only follows from the time of the question:
    whatever moves another field moves one of these.
    """

    slug: Slug
    read_model: ModuleType
    schema: type[Schema]
    statuses: tuple[str, ...]
    json: Callable[[Any, datetime], Any]
    facts: Callable[[Any, Any], Any]
    about: str
    never_stale: str

    @property
    def name(self) -> str:
        """What it is called: challenge_progress."""
        return f"{self.slug}_progress"

    @property
    def noun(self) -> str:
        """What one of its records is, in words."""
        return f"{self.slug} progress record"


def blueprint_of(kind: ProgressKind) -> Blueprint:
    """The paths of a kind of progress."""
    blueprint = Blueprint(kind.name, __name__, url_prefix=f"/schema/{kind.name}", description=kind.about)
    resource(blueprint, "/record", get=_listing(blueprint, kind))
    resource(blueprint, "/record/<id>", get=_single(blueprint, kind))
    return blueprint


def query_of(kind: ProgressKind) -> type[ListQuery]:
    """Which progress records to list, and how."""
    slug = kind.slug.value
    asked: dict[str, Any] = {
        "definition_id": Id(data_key=f"{slug}Id", metadata={"description": f"Runs on this {slug} only."}),
        "owner_id": Id(data_key="ownedById", metadata={"description": "Runs of this end user only."}),
        "status": fields.String(
            data_key=f"{slug}ProgressStatus",
            validate=validate.OneOf(kind.statuses, error="must be one of: {choices}"),
            metadata={"description": "Runs that read so at the time of the question."},
        ),
        "updated_since": Moment(data_key="updatedSince", metadata={"description": "Runs that changed then or later."}),
        "ends_before": Moment(data_key="endsBefore", metadata={"description": "Runs whose period ends before then."}),
        **time_travel.moments(condition=" Needs `ownedById`, or an end user who asks."),
        "sort_by": sorted_by(SORTS),
        "wanted": some_of(kind.schema),
    }
    return ListQuery.from_dict(asked, name=f"{operation(kind.name)}Query")  # type: ignore[return-value]


def _listing(blueprint: Blueprint, kind: ProgressKind) -> View:
    @requires("progress:read", reads=kind.read_model.READ_TABLES)
    @blueprint.arguments(query_of(kind), location="query")
    @blueprint.response(200, envelope(kind.schema), examples=example(f"{kind.name}_list"))
    @blueprint.doc(operationId=f"list{operation(kind.name)}", summary=f"List {kind.noun}s.")
    def get(view: MethodView, query: dict[str, Any]) -> Response:
        """List progress records.

        Each record holds the progress of its current period as `taskProgress`. An end user gets their own records only.
        """
        caller, when = state.caller(), time_travel.asked(query)
        asked = page(query, SORTS)
        owner_id = str(query["owner_id"]) if "owner_id" in query else caller.owner_id
        if caller.owner_id not in (None, owner_id):
            held = through(state.reader(), kind.read_model.READ_TABLES)
            return listing_response(NOTHING, asked, query, [], through=held)
        filters = {name: query[name] for name in FILTERS if name in query}
        now = when.question if when else state.now()
        if when is None:
            listed, held = _listed(kind, filters, asked, now, owner_id)
        else:
            listed, held = _listed_then(kind, filters, asked, when, owner_id)
        data = [kind.json(record, now) for record in listed.rows]
        # Nothing ticks in an answer about the past.
        tag = None if when else [kind.facts(*both) for both in zip(listed.rows, data, strict=True)]
        return listing_response(listed, asked, query, data, through=held, tag=tag)

    return get


def _listed(
    kind: ProgressKind, filters: dict[str, Any], asked: Page, now: datetime, owner_id: str | None
) -> tuple[Listed[Any], datetime]:
    """A page, and up to when it holds everything. A row says that itself; an empty page has to be read again."""
    reader, tenant, model = state.reader(), state.caller().tenant, kind.read_model
    listed = model.of_tenant(reader, tenant, filters, asked, now=now, owner_id=owner_id)
    if listed.rows:
        return listed, listed.rows[0].through
    held = through(reader, model.READ_TABLES)
    return model.of_tenant(reader, tenant, filters, asked, now=now, owner_id=owner_id), held


def _listed_then(
    kind: ProgressKind, filters: dict[str, Any], asked: Page, when: When, owner_id: str | None
) -> tuple[Listed[Any], datetime]:
    """A page of that moment, and up to when it holds everything. Raises InvalidInput without an owner."""
    if owner_id is None:
        raise invalid("ownedById", "is needed with asOf and knownAt")
    tenant, model, about = state.caller().tenant, kind.read_model, filters.get("definition_id")
    readers = time_travel.each_of_owner(when, owner_id, kind.slug, about, model.READ_TABLES)
    wanted = asked if len(readers) == 1 else whole(asked)
    pages = [model.of_tenant(one, tenant, filters, wanted, now=when.question, owner_id=owner_id) for one in readers]
    return pages[0] if len(pages) == 1 else merged(pages, asked), min(one.through for one in readers)


def _single(blueprint: Blueprint, kind: ProgressKind) -> View:
    examples = example(*(f"{kind.name}_{status}" for status in (*kind.statuses, "as_of")))

    @requires("progress:read", reads=kind.read_model.READ_TABLES)
    @blueprint.arguments(RecordPath, location="path")
    @blueprint.arguments(MomentQuery, location="query")
    @blueprint.response(200, kind.schema, examples=examples)
    @blueprint.doc(
        operationId=f"get{operation(kind.name)}",
        summary=f"Get a {kind.noun}.",
        description=f"{kind.never_stale} {OWN_ONLY}",
    )
    def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
        caller, when = state.caller(), time_travel.asked(query)
        now, reader = state.now(), state.reader()
        if when is not None:
            now, reader = when.question, time_travel.of_run(when, path["id"], kind.read_model.READ_TABLES)
        record = kind.read_model.one(reader, caller.tenant, path["id"], now=now, owner_id=caller.owner_id)
        if record is None:
            raise NotFound(f"there is no {kind.noun} {path['id']}{' at that moment' if when else ''}")
        shown = kind.json(record, now)
        return conditional(shown, through=record.through, tag=None if when else kind.facts(record, shown))

    return get
