"""Health and readiness: whether the process runs, and whether it can answer well."""

from collections.abc import Iterator

import structlog
from flask import Response
from flask.views import MethodView
from marshmallow import fields

from api import errors, state
from api.blueprints import Blueprint
from api.documents import headers
from api.fields import Shown, shown
from api.wire import json_response
from domain.errors import Busy
from projections import health
from projections.health import Complaint

BLUEPRINT = Blueprint(
    "health", __name__, records=False, description="For load balancers and supervisors. No credential is needed."
)

log = structlog.get_logger()


class HealthSchema(Shown):
    """That the process, or the service, is well."""

    status = shown(fields.String, "`ok`.")


class ReadinessSchema(HealthSchema):
    """That the service can answer well, and what is going on all the same."""

    notes = fields.List(
        fields.String(), metadata={"description": "What does not harm the answers, in words: a rebuild, for one."}
    )


@BLUEPRINT.route("/healthz")
class Health(MethodView):
    """The process."""

    @BLUEPRINT.response(200, HealthSchema, headers=headers("Request-Id"))
    @BLUEPRINT.doc(operationId="getHealth", security=[])
    def get(self) -> Response:
        """Say that the process runs. Nothing else is looked at."""
        return json_response({"status": "ok"})


@BLUEPRINT.route("/readyz")
class Readiness(MethodView):
    """The service."""

    @BLUEPRINT.response(200, ReadinessSchema, headers=headers("Request-Id"))
    @BLUEPRINT.alt_response(503, response="SERVICE_UNAVAILABLE")
    @BLUEPRINT.doc(operationId="getReadiness", security=[])
    def get(self) -> Response:
        """Say whether the service can answer well.

        503 when the database does not answer within a few seconds or its schema is not that of this version; when a
        read table is poisoned (an event that cannot be applied stops a slice), stalled (events wait and for ten seconds
        none was applied, or the last projector has fallen silent) or behind the log by more than
        `MILEPOST_LAG_BOUND_SECONDS`. `detail` says which and since when. A rebuild does no harm: 200, with a note.
        """
        found = list(complaints())
        if grave := [one.text for one in found if one.grave]:
            return errors.problem(503, "not_ready", "; ".join(grave), headers={"Retry-After": "5"})
        notes = {"notes": [one.text for one in found]} if found else {}
        return json_response({"status": "ok", **notes})


def complaints() -> Iterator[Complaint]:
    """What keeps the service from answering well, and what does not but should be known.

    Asked over connections of its own, which wait for two seconds only: an answer comes while others still hang.
    """
    reader = state.probe()
    try:
        reader.value("SELECT 1")
        if missing := state.missing_migrations():
            yield Complaint(f"the database lacks {', '.join(missing)}: run milepost init")
            return
        yield from health.complaints(reader, state.now(), state.settings().lag_bound_seconds)
    except Busy as error:
        log.warning("not ready", error=error.message)
        yield Complaint("the database does not answer")
