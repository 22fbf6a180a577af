"""Logs: what end users did, sent in by the tenant. Entries are recorded for ever; they can be taken back."""

from contextlib import ExitStack
from typing import Any

from flask import Response, current_app, request, stream_with_context
from flask.views import MethodView

from api import state
from api.access.callers import requires
from api.access.refusals import InsufficientScope
from api.blueprints import Blueprint, json_bytes
from api.fields import Flag, Id, Query
from api.headers import position_header
from api.paging import BY_TIME, ListQuery, RecordPath, some_of, sorted_by
from api.schema import bulk, entry_documents
from api.schema.bodies import Body, Text
from api.schema.entries import parse
from api.schema.entry_documents import LINES, takes
from api.schema.entry_log_record import LogKind
from api.schema.examples import example
from api.schema.outbox import Outbox, takes_more
from api.schema.recording import Desk
from api.schema.records import after
from api.schema.resources import View, list_of, one_of, operation, resource
from api.schema.wording import rewording
from api.wire import json_response
from domain.commands import VoidEntry
from domain.errors import Busy

UNLIMITED = 1 << 62  # Bytes. None would stand for the limit of the app.
OWN_ONLY = "An end user gets their own only."


class EntryBlueprint(Blueprint):
    """A log: the bodies of its entries are documented from the types that read them."""

    def __init__(self, kind: LogKind) -> None:
        about = f"{kind.about} Each entry is recorded once, under its `uniqueIdentifier`."
        super().__init__(kind.name, __name__, url_prefix=f"/schema/{kind.name}", description=about)
        self._entry = kind.entry

    def register_views_in_doc(self, api: Any, app: Any, spec: Any, **options: Any) -> None:
        entry_documents.register(spec, self._entry)
        super().register_views_in_doc(api, app, spec, **options)


class BackfillQuery(Query):
    """How entries are to be taken."""

    backfill = Flag(
        load_default=False,
        metadata={
            "description": "Whether this is history: the clock of an engagement is then its latest `activityAt`, not "
            "now. Send it in the order of `activityAt`. Needs the scope `logs:backfill` in place of `logs:write`."
        },
    )


class VoidSchema(Body):
    """Why an entry is taken back."""

    NEEDED = ("reason",)

    reason = Text(1024, description="Why: refunded, for example.")


def blueprint_of(kind: LogKind) -> Blueprint:
    """The paths of a log."""
    blueprint, of, name = EntryBlueprint(kind), kind.records, operation(kind.name)
    reading = {"operationId": f"list{name}", "summary": "List log entries.", "description": OWN_ONLY}
    resource(
        blueprint,
        "/record",
        get=list_of(blueprint, of, query_of(kind), "progress:read", **reading),
        post=_logging(blueprint, kind),
    )
    resource(blueprint, "/records", post=_logging_many(blueprint, kind))
    reading = {"operationId": f"get{name}", "summary": "Get a log entry.", "description": OWN_ONLY}
    resource(blueprint, "/record/<id>", get=one_of(blueprint, of, "progress:read", **reading))
    resource(blueprint, "/record/<id>/void", post=_voiding(blueprint, kind))
    return blueprint


def query_of(kind: LogKind) -> type[ListQuery]:
    """Which log entries to list, and how."""
    asked: dict[str, Any] = {
        **kind.filters,
        "owner_id": Id(data_key="ownedById", metadata={"description": "Entries of this end user."}),
        "counted": Flag(metadata={"description": "Only those that were counted, or only those that were not."}),
        "sort_by": sorted_by(BY_TIME),
        "wanted": some_of(kind.records.schema),
    }
    return ListQuery.from_dict(asked, name=f"{operation(kind.name)}Query")  # type: ignore[return-value]


def _logging(blueprint: Blueprint, kind: LogKind) -> View:
    name = kind.name

    @requires("logs:write", "logs:backfill")
    @blueprint.arguments(BackfillQuery, location="query")
    @takes(entry_documents.entry_schema(kind.entry), example(f"{name}_new", f"{name}_new_user"))
    @blueprint.response(201, kind.logged, examples=example(f"{name}_created"))
    @blueprint.alt_response(
        200,
        schema=kind.logged,
        description="The same entry came before: its first answer again, and nothing new.",
        examples=example(f"{name}_replayed"),
        success=True,
    )
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.doc(operationId=f"create{operation(name)}")
    def post(view: MethodView, query: dict[str, Any]) -> Response:
        """Log what an end user did.

        The answer holds the progress after the entry. Sent again it is not counted again; with other content under the
        same `uniqueIdentifier` it is a conflict. An entry that cannot count (`reason`) is recorded all the same.
        `ownedBy` in place of `ownedById` registers the end user, or changes what is given.
        """
        allow(backfill=query["backfill"])
        return one(desk(kind), backfill=query["backfill"])

    return post


def _logging_many(blueprint: Blueprint, kind: LogKind) -> View:
    name = kind.name
    answer = entry_documents.answer_schema(kind.entry, kind.logged)
    of_lines = {"schema": {"type": "string"}, "examples": example(f"{name}_lines")}

    @requires("logs:write", "logs:backfill")
    @blueprint.arguments(BackfillQuery, location="query")
    @takes(entry_documents.entries_schema(kind.entry), example(f"{name}_bulk"))
    @blueprint.response(
        200, entry_documents.answers_schema(kind.entry, answer), examples=example(f"{name}_bulk_answered")
    )
    @blueprint.alt_response(
        200, schema=answer, content_type=LINES, examples=example(f"{name}_line_answered"), success=True
    )
    @blueprint.doc(operationId=f"create{operation(name)}s", requestBody={"content": {LINES: of_lines}})
    def post(view: MethodView, query: dict[str, Any]) -> Response:
        """Log many entries.

        An array of at most 1000 entries, or `application/x-ndjson` of any length: one entry a line, and one line of
        answer to each, in order, sent while the rest comes in. A refused entry does not stop the others.
        """
        allow(backfill=query["backfill"])
        taken = lines if request.mimetype == LINES else array
        return taken(desk(kind), backfill=query["backfill"])

    return post


def _voiding(blueprint: Blueprint, kind: LogKind) -> View:
    name, of = kind.name, kind.records

    @requires("logs:void")
    @blueprint.arguments(RecordPath, location="path")
    @blueprint.arguments(VoidSchema, examples=example(f"{name}_void"))
    @blueprint.response(200, of.schema, examples=example(f"{name}_voided"))
    @blueprint.doc(operationId=f"void{operation(name)}")
    def post(view: MethodView, path: dict[str, Any], body: dict[str, Any]) -> Response:
        """Take a log entry back.

        The entry stays; its effect goes, unless its period is sealed already. Milestones and rewards that were given
        stay. Done twice, it is the same void: the first reason stays.
        """
        caller = state.caller()
        actor = str(caller.key_id)
        command = VoidEntry(entry_id=path["id"], reason=body["reason"], actor=actor, slug=kind.slug)
        with rewording():
            position = state.progress_log().void_entry(caller.tenant, command, now=state.now())
        row = after(of, path["id"], position)
        if row is None:
            # Whether this void or an earlier one is the one that holds, only the read table says. Asked again, it will.
            raise Busy("the entry is void, and the read tables do not show it yet")
        return json_response(of.json(row), 200, position_header([position]))

    return post


def one(here: Desk, *, backfill: bool) -> Response:
    """Record one entry. Raises what it is refused for."""
    sent = parse(json_bytes(), here.kind.name)
    with bulk.lease(here.log, here.tenant, backfill=backfill) as import_id:
        answer = here.record([sent], import_id)[0]
    if answer.refusal is not None:
        raise answer.refusal
    return json_response(answer.entry, answer.status, position_header(answer.positions))


def array(here: Desk, *, backfill: bool) -> Response:
    """Record the entries of an array, and answer all of them together."""
    found = bulk.entries_of(json_bytes())
    with bulk.lease(here.log, here.tenant, backfill=backfill) as import_id:
        answers = [one for batch in bulk.recorded(here, found, import_id) for one in batch]
    statuses = [one.status for one in answers]
    body = {
        "data": [bulk.item(one) for one in answers],
        "accepted": statuses.count(201),
        "replayed": statuses.count(200),
        "refused": statuses.count(0),
    }
    return json_response(body, 200, position_header(one for answer in answers for one in answer.positions))


def lines(here: Desk, *, backfill: bool) -> Response:
    """Record entries line by line, and answer each while the next ones come in."""
    longest = state.settings().max_body_bytes
    request.max_content_length = UNLIMITED
    leased = ExitStack()
    import_id = leased.enter_context(bulk.lease(here.log, here.tenant, backfill=backfill))
    found = bulk.lines_of(request.stream.read, longest)
    outbox = Outbox(takes_more(request.environ))

    def answer() -> Any:
        with leased:
            yield from bulk.answered(bulk.recorded(here, found, import_id), outbox)

    return Response(stream_with_context(answer()), 200, mimetype=LINES)


def desk(kind: LogKind) -> Desk:
    """Where the caller's entries of this kind are taken."""
    clock = state.state_of(current_app).clock
    return Desk(state.progress_log(), state.reader(), state.caller().tenant, clock, kind)


def allow(*, backfill: bool) -> None:
    """Raises InsufficientScope: history has a scope of its own."""
    needed = "logs:backfill" if backfill else "logs:write"
    if needed not in state.caller().scopes:
        raise InsufficientScope([needed], sorted(state.caller().scopes))
