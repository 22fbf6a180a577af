"""The read tables: how far each projection has read the log."""

from datetime import datetime

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from api.fields import Shown, shown
from api.schema.examples import example
from api.wire import exact_moment, json_response
from projections import status

BLUEPRINT = Blueprint(
    "projections",
    __name__,
    records=False,
    url_prefix="/operations",
    description="The read tables, and the processes that fill them.",
)


class ProjectionSchema(Shown):
    """One projection: what fills one read table."""

    name = shown(fields.String, "The read table.")
    version = shown(fields.Integer, "The version of its shape.")
    state = shown(
        fields.String,
        "`level` with the log, `catching_up`, or `missing`: this version has no table yet.",
        validate=validate.OneOf([status.LEVEL, status.CATCHING_UP, status.MISSING]),
    )
    position = shown(fields.Integer, "How many events it has read, over all slices.")
    head = shown(fields.Integer, "How many events there are, over all slices.")
    lag_events = shown(fields.Integer, "How many it has still to read.")
    lag_seconds = shown(fields.Float, "For how long the oldest of those has been there.")


class ProcessSchema(Shown):
    """A process that works beside the api."""

    process = shown(fields.String, "`projector`, `clock`, `assignments` or `sealing`.")
    id = shown(fields.String, "Its machine and its process id.")
    beat_at = shown(fields.DateTime, "When it last said that it is there.")
    detail = shown(fields.String, "What it could not do, slice by slice; empty when all is well.")


class ProjectionsSchema(Shown):
    """The read tables and the processes beside the api."""

    projections = shown(fields.List, "In the order of the line.", cls_or_instance=fields.Nested(ProjectionSchema))
    processes = shown(fields.List, "Those that ever were.", cls_or_instance=fields.Nested(ProcessSchema))


@BLUEPRINT.route("/projections")
class Projections(MethodView):
    """The state of the read tables."""

    @requires("operations")
    @BLUEPRINT.response(200, ProjectionsSchema, examples=example("projections"))
    @BLUEPRINT.doc(operationId="getProjections")
    def get(self) -> Response:
        """Say how far the read tables are.

        An answer of the api is as old as the read tables that it comes from. A lag that grows, or a process whose
        last beat is old, is what to look at first.
        """
        now, reader = state.now(), state.reader()
        return json_response(
            {
                "projections": [_projection(found, now) for found in status.of_projections(reader)],
                "processes": [
                    {"process": one.process, "id": one.id, "beatAt": exact_moment(one.beat_at), "detail": one.detail}
                    for one in status.of_processes(reader)
                ],
            }
        )


def _projection(found: status.Status, now: datetime) -> dict[str, object]:
    return {
        "name": found.projection,
        "version": found.version,
        "state": found.state,
        "position": found.position,
        "head": found.head,
        "lagEvents": found.lag_events,
        "lagSeconds": round(found.lag_seconds(now), 3),
    }
