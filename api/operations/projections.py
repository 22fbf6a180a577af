"""The read tables: how far each projection has read the log."""

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from api.fields import Shown, shown
from api.operations.rebuilds import RebuildSchema
from api.read_tables import poison_record, process_record, projection_record
from api.schema.examples import example
from api.wire import json_response
from projections import PROJECTIONS, status
from projections.following import poison
from projections.rebuilding import builds

BLUEPRINT = Blueprint(
    "projections",
    __name__,
    records=False,
    url_prefix="/operations",
    description="The read tables, and the processes that fill them.",
)


class PoisonSchema(Shown):
    """An event that could not be applied."""

    projection = shown(fields.String, "The read table that it does not get into.")
    version = shown(fields.Integer, "The version of its shape.")
    slice = shown(fields.Integer, "Where in the log it is: the slice.")
    position = shown(fields.Integer, "Where in the log it is: the position in the slice.")
    topic = shown(fields.String, "What kind of event it is.")
    originator_id = shown(fields.UUID, "The stream that it is in.")
    originator_version = shown(fields.Integer, "Its version in that stream.")
    tenant = shown(fields.String, "Whose event it is.")
    error = shown(fields.String, "Why it could not be applied, the last time.")
    since = shown(fields.DateTime, "When it was first tried.")
    attempts = shown(fields.Integer, "How often it was tried.")
    parked_at = shown(
        fields.DateTime, "When it was parked: it is skipped since. Null while it stops its slice.", allow_none=True
    )
    parked_by = shown(fields.String, "Who has parked it.", allow_none=True)
    reason = shown(fields.String, "Why it was parked.", allow_none=True)


class ProjectionSchema(Shown):
    """One projection: what fills one read table."""

    name = shown(fields.String, "The read table.")
    version = shown(fields.Integer, "The version of its shape.")
    state = shown(
        fields.String,
        "The first that holds of: `missing` (this version has no table yet), `poisoned` (an event that cannot be "
        "applied stops a slice), `stalled` (events wait, and for ten seconds none was applied), `rebuilding`, `level` "
        "with the log, `catching_up`.",
        validate=validate.OneOf(status.STATES),
    )
    position = shown(fields.Integer, "How many events it has read, over all slices.")
    head = shown(fields.Integer, "How many events there are, over all slices.")
    lag_events = shown(fields.Integer, "How many it has still to read.")
    lag_seconds = shown(fields.Float, "For how long the oldest of those has been there.")
    rate = shown(
        fields.Float,
        "Events a second that were applied: what each projector counted in the ten seconds before its last beat, "
        "added up over those that are at work.",
    )
    poisoned = shown(fields.Integer, "How many slices are stopped by an event.")
    parked = shown(fields.Integer, "How many events were ever parked, and so are missing from the table.")
    rebuild = shown(
        fields.Nested,
        "The table that is being built beside it; null when none is.",
        nested=RebuildSchema,
        allow_none=True,
    )


class ProcessSchema(Shown):
    """A process that works beside the api."""

    process = shown(fields.String, "`projector`, `clock`, `assignments` or `sealing`.")
    id = shown(fields.String, "Its machine and its process id.")
    beat_at = shown(fields.DateTime, "When it last said that it is there.")
    silent_seconds = shown(fields.Float, "How long ago that is, by the clock of the database.")
    leases = shown(fields.Integer, "How many slices it works on; 0 for those that are no projector.")
    release = shown(fields.String, "For projectors: those with the same one fill the same tables and share the slices.")
    detail = shown(fields.String, "What it could not do, slice by slice; empty when all is well.")


class ProjectionsSchema(Shown):
    """The read tables and the processes beside the api."""

    projections = shown(fields.List, "In the order of the line.", cls_or_instance=fields.Nested(ProjectionSchema))
    processes = shown(fields.List, "Those that have not said goodbye.", cls_or_instance=fields.Nested(ProcessSchema))
    poison = shown(
        fields.List,
        "The events that stop slices now, and those that were parked.",
        cls_or_instance=fields.Nested(PoisonSchema),
    )


@BLUEPRINT.route("/projections")
class Projections(MethodView):
    """The state of the read tables."""

    @requires("operations")
    @BLUEPRINT.response(200, ProjectionsSchema, examples=example("projections", "projections_poisoned"))
    @BLUEPRINT.doc(operationId="getProjections")
    def get(self) -> Response:
        """Say how far the read tables are.

        An answer of the api is as old as the read tables that it comes from. A lag that grows, a process whose last
        beat is old, or poison is what to look at first.
        """
        now, reader = state.now(), state.reader()
        events = [*poison.stopped(reader, PROJECTIONS), *poison.parked(reader, PROJECTIONS)]
        built = builds.unfinished(reader)
        return json_response(
            {
                "projections": [
                    projection_record(found, now, built.get(found.projection))
                    for found in status.of_projections(reader)
                ],
                "processes": [process_record(one) for one in status.of_processes(reader)],
                "poison": [poison_record(one) for one in events],
            }
        )
