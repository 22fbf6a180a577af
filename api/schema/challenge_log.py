"""Challenge log: what end users did, sent in by the tenant. Entries are recorded for ever; they can be taken back."""

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
from api.paging import BY_TIME, ListQuery, RecordPath, envelope, some_of, sorted_by
from api.schema import bulk, entry_documents
from api.schema.bodies import Body, Text
from api.schema.challenge_log_record import RECORDS, ChallengeLogSchema, LoggedEntrySchema
from api.schema.entries import parse
from api.schema.entry_documents import LINES, EntryAnswerSchema, EntryAnswersSchema, takes
from api.schema.examples import example
from api.schema.outbox import Outbox, takes_more
from api.schema.recording import Desk
from api.schema.records import after, listing, single
from api.schema.wording import rewording
from api.wire import json_response
from domain.commands import VoidEntry
from domain.errors import Busy

KIND = "challenge_log"
UNLIMITED = 1 << 62  # Bytes. None would stand for the limit of the app.


class EntryBlueprint(Blueprint):
    """A log: the bodies of its entries are documented from the types that read them."""

    def register_views_in_doc(self, api: Any, app: Any, spec: Any, **options: Any) -> None:
        entry_documents.register(spec)
        super().register_views_in_doc(api, app, spec, **options)


BLUEPRINT = EntryBlueprint(
    KIND,
    __name__,
    url_prefix="/schema/challenge_log",
    description="What end users did. Each entry is recorded once, under its `uniqueIdentifier`.",
)


class ChallengeLogQuery(ListQuery):
    """Which log entries to list, and how."""

    definition_id = Id(data_key="challengeId", metadata={"description": "Entries of this challenge."})
    owner_id = Id(data_key="ownedById", metadata={"description": "Entries of this end user."})
    counted = Flag(metadata={"description": "Only those that were counted, or only those that were not."})
    sort_by = sorted_by(BY_TIME)
    wanted = some_of(ChallengeLogSchema)


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


@BLUEPRINT.route("/record")
class ChallengeLogRecords(MethodView):
    """The log entries of the tenant."""

    @requires("progress:read")
    @BLUEPRINT.arguments(ChallengeLogQuery, location="query")
    @BLUEPRINT.response(200, envelope(ChallengeLogSchema), examples=example("challenge_log_list"))
    @BLUEPRINT.doc(operationId="listChallengeLog")
    def get(self, query: dict[str, Any]) -> Response:
        """List log entries.

        An end user gets their own only.
        """
        return listing(RECORDS, query)

    @requires("logs:write", "logs:backfill")
    @BLUEPRINT.arguments(BackfillQuery, location="query")
    @takes(entry_documents.ENTRY, example("challenge_log_new", "challenge_log_new_user"))
    @BLUEPRINT.response(201, LoggedEntrySchema, examples=example("challenge_log_created"))
    @BLUEPRINT.alt_response(
        200,
        schema=LoggedEntrySchema,
        description="The same entry came before: its first answer again, and nothing new.",
        examples=example("challenge_log_replayed"),
        success=True,
    )
    @BLUEPRINT.alt_response(409, "CONFLICT")
    @BLUEPRINT.doc(operationId="createChallengeLog")
    def post(self, query: dict[str, Any]) -> Response:
        """Log what an end user did.

        The answer holds the run after the entry. Sent again it is not counted again; with other content under the same
        `uniqueIdentifier` it is a conflict. An entry that cannot count (`reason`) is recorded all the same.
        `ownedBy` in place of `ownedById` registers the end user, or changes what is given.
        """
        allow(backfill=query["backfill"])
        here, sent = desk(), parse(json_bytes(), KIND)
        with bulk.lease(here.log, here.tenant, backfill=query["backfill"]) as import_id:
            answer = here.record([sent], import_id)[0]
        if answer.refusal is not None:
            raise answer.refusal
        return json_response(answer.entry, answer.status, position_header(answer.positions))


@BLUEPRINT.route("/records")
class ChallengeLogBulk(MethodView):
    """Many log entries at once."""

    @requires("logs:write", "logs:backfill")
    @BLUEPRINT.arguments(BackfillQuery, location="query")
    @takes(entry_documents.ENTRIES, example("challenge_log_bulk"))
    @BLUEPRINT.response(200, EntryAnswersSchema, examples=example("challenge_log_bulk_answered"))
    @BLUEPRINT.alt_response(
        200,
        schema=EntryAnswerSchema,
        content_type=LINES,
        examples=example("challenge_log_line_answered"),
        success=True,
    )
    @BLUEPRINT.doc(
        operationId="createChallengeLogs",
        requestBody={
            "content": {LINES: {"schema": {"type": "string"}, "examples": example("challenge_log_lines")}},
        },
    )
    def post(self, query: dict[str, Any]) -> Response:
        """Log many entries.

        An array of at most 1000 entries, or `application/x-ndjson` of any length: one entry a line, and one line of
        answer to each, in order, sent while the rest comes in. A refused entry does not stop the others.
        """
        backfill = query["backfill"]
        allow(backfill=backfill)
        if request.mimetype == LINES:
            return lines(backfill=backfill)
        here, found = desk(), bulk.entries_of(json_bytes())
        with bulk.lease(here.log, here.tenant, backfill=backfill) as import_id:
            answers = [one for batch in bulk.recorded(here, found, KIND, import_id) for one in batch]
        statuses = [one.status for one in answers]
        body = {
            "data": [bulk.item(one) for one in answers],
            "accepted": statuses.count(201),
            "replayed": statuses.count(200),
            "refused": statuses.count(0),
        }
        return json_response(body, 200, position_header(one for answer in answers for one in answer.positions))


@BLUEPRINT.route("/record/<id>")
class ChallengeLogRecord(MethodView):
    """One log entry."""

    @requires("progress:read")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.response(200, ChallengeLogSchema, examples=example("challenge_log"))
    @BLUEPRINT.doc(operationId="getChallengeLog")
    def get(self, path: dict[str, Any]) -> Response:
        """Get a log entry.

        An end user gets their own only.
        """
        return single(RECORDS, path["id"])


@BLUEPRINT.route("/record/<id>/void")
class ChallengeLogVoid(MethodView):
    """Taking a log entry back."""

    @requires("logs:void")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.arguments(VoidSchema, examples=example("challenge_log_void"))
    @BLUEPRINT.response(200, ChallengeLogSchema, examples=example("challenge_log_voided"))
    @BLUEPRINT.doc(operationId="voidChallengeLog")
    def post(self, path: dict[str, Any], body: dict[str, Any]) -> Response:
        """Take a log entry back.

        The entry stays; its effect goes, unless its period is sealed already. Milestones and rewards that were given
        stay. Done twice, it is the same void: the first reason stays.
        """
        caller = state.caller()
        command = VoidEntry(entry_id=path["id"], reason=body["reason"], actor=str(caller.key_id))
        with rewording():
            position = state.progress_log().void_entry(caller.tenant, command, now=state.now())
        row = after(RECORDS, path["id"], position)
        if row is None:
            # Whether this void or an earlier one is the one that holds, only the read table says. Asked again, it will.
            raise Busy("the entry is void, and the read tables do not show it yet")
        return json_response(RECORDS.json(row), 200, position_header([position]))


def lines(*, backfill: bool) -> Response:
    """Record entries line by line, and answer each while the next ones come in."""
    longest = state.settings().max_body_bytes
    request.max_content_length = UNLIMITED
    here, leased = desk(), ExitStack()
    import_id = leased.enter_context(bulk.lease(here.log, here.tenant, backfill=backfill))
    found = bulk.lines_of(request.stream.read, longest)
    outbox = Outbox(takes_more(request.environ))

    def answer() -> Any:
        with leased:
            yield from bulk.answered(bulk.recorded(here, found, KIND, import_id), outbox)

    return Response(stream_with_context(answer()), 200, mimetype=LINES)


def desk() -> Desk:
    """Where the caller's entries are taken."""
    clock = state.state_of(current_app).clock
    return Desk(state.progress_log(), state.reader(), state.caller().tenant, clock)


def allow(*, backfill: bool) -> None:
    """Raises InsufficientScope: history has a scope of its own."""
    needed = "logs:backfill" if backfill else "logs:write"
    if needed not in state.caller().scopes:
        raise InsufficientScope([needed], sorted(state.caller().scopes))
