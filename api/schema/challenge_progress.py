"""Challenge progress: one run of an end user on a challenge. Records are read, never written."""

from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state
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
from api.schema.challenge_progress_record import STATUSES, ChallengeProgressSchema, record_json, record_of_run
from api.schema.examples import example
from domain.errors import NotFound
from projections import challenge_progress
from projections.challenge_progress import Record
from projections.consistency import through
from projections.listing import Listed, Page

__all__ = ["BLUEPRINT", "record_json", "record_of_run"]

BLUEPRINT = Blueprint(
    "challenge_progress",
    __name__,
    url_prefix="/schema/challenge_progress",
    description="How far end users are with challenges. Log entries make and change these records.",
)

SORTS: Sorts = {
    "createdAt": Sort("created_at"),
    "updatedAt": Sort("updated_at"),
    "currentProgressValue": Sort("value", Decimal),
}
EXAMPLES = ("challenge_progress_in_progress", "challenge_progress_completed", "challenge_progress_failed")
FILTERS = ("definition_id", "status", "updated_since", "ends_before")

# What an answer is made of, less what only follows from the time of the question. Whatever moves another field moves
# one of these.
facts = attrgetter("id", "status", "value", "count", "updated_at", "user_updated_at", "erased_at")


class ChallengeProgressQuery(ListQuery):
    """Which challenge progress records to list, and how."""

    definition_id = Id(data_key="challengeId", metadata={"description": "Runs on this challenge only."})
    owner_id = Id(data_key="ownedById", metadata={"description": "Runs of this end user only."})
    status = fields.String(
        data_key="challengeProgressStatus",
        validate=validate.OneOf(STATUSES, error="must be one of: {choices}"),
        metadata={"description": "Runs that read so at the time of the question."},
    )
    updated_since = Moment(data_key="updatedSince", metadata={"description": "Runs that changed then or later."})
    ends_before = Moment(data_key="endsBefore", metadata={"description": "Runs whose period ends before then."})
    sort_by = sorted_by(SORTS)
    wanted = some_of(ChallengeProgressSchema)


@BLUEPRINT.route("/record")
class ChallengeProgressRecords(MethodView):
    """The list of challenge progress records."""

    @requires("progress:read")
    @BLUEPRINT.arguments(ChallengeProgressQuery, location="query")
    @BLUEPRINT.response(200, envelope(ChallengeProgressSchema), examples=example("challenge_progress_list"))
    @BLUEPRINT.doc(operationId="listChallengeProgress")
    def get(self, query: dict[str, Any]) -> Response:
        """List challenge progress records.

        Each record holds the progress of its current period as `taskProgress`. An end user gets their own records only.
        """
        caller, now = state.caller(), state.now()
        asked = page(query, SORTS)
        owner_id = str(query["owner_id"]) if "owner_id" in query else caller.owner_id
        if caller.owner_id not in (None, owner_id):
            held = through(state.reader(), challenge_progress.READ_TABLES)
            return listing_response(NOTHING, asked, query, [], through=held)
        filters = {name: query[name] for name in FILTERS if name in query}
        listed, held = _listed(filters, asked, now, owner_id)
        data = [record_json(record, now) for record in listed.rows]
        return listing_response(listed, asked, query, data, through=held, tag=[facts(record) for record in listed.rows])


def _listed(
    filters: dict[str, Any], asked: Page, now: datetime, owner_id: str | None
) -> tuple[Listed[Record], datetime]:
    """A page, and up to when it holds everything. A row says that itself; an empty page has to be read again."""
    reader, tenant = state.reader(), state.caller().tenant
    listed = challenge_progress.of_tenant(reader, tenant, filters, asked, now=now, owner_id=owner_id)
    if listed.rows:
        return listed, listed.rows[0].through
    held = through(reader, challenge_progress.READ_TABLES)
    return challenge_progress.of_tenant(reader, tenant, filters, asked, now=now, owner_id=owner_id), held


@BLUEPRINT.route("/record/<id>")
class ChallengeProgressRecord(MethodView):
    """One challenge progress record."""

    @requires("progress:read")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.response(200, ChallengeProgressSchema, examples=example(*EXAMPLES))
    @BLUEPRINT.doc(operationId="getChallengeProgress")
    def get(self, path: dict[str, Any]) -> Response:
        """Get a challenge progress record.

        Its status is that of the moment of the question: a period that has just ended with the target unmet reads
        `failed`. An end user gets their own records only.
        """
        caller, now = state.caller(), state.now()
        record = challenge_progress.one(state.reader(), caller.tenant, path["id"], now=now, owner_id=caller.owner_id)
        if record is None:
            raise NotFound(f"there is no challenge progress record {path['id']}")
        return conditional(record_json(record, now), through=record.through, tag=facts(record))
