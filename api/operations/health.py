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
from projections import status

BLUEPRINT = Blueprint(
    "health", __name__, records=False, description="For load balancers and supervisors. No credential is needed."
)

log = structlog.get_logger()


class HealthSchema(Shown):
    """That the process, or the service, is well."""

    status = shown(fields.String, "`ok`.")


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

    @BLUEPRINT.response(200, HealthSchema, headers=headers("Request-Id"))
    @BLUEPRINT.alt_response(503, response="SERVICE_UNAVAILABLE")
    @BLUEPRINT.doc(operationId="getReadiness", security=[])
    def get(self) -> Response:
        """Say whether the service can answer well.

        The database answers, its schema is that of this version, and the read tables are not further behind the log
        than `MILEPOST_LAG_BOUND_SECONDS`. Otherwise 503, and `detail` says what is wrong.
        """
        for complaint in complaints():
            return errors.problem(503, "not_ready", complaint, headers={"Retry-After": "5"})
        return json_response({"status": "ok"})


def complaints() -> Iterator[str]:
    """What keeps the service from answering well; each is looked for only when the one before is not there."""
    try:
        state.reader().value("SELECT 1")
        if missing := state.missing_migrations():
            yield f"the database lacks {', '.join(missing)}: run milepost init"
            return
        yield from _complaints_of_read_tables()
    except Busy as error:
        log.warning("not ready", error=error.message)
        yield "the database does not answer"


def _complaints_of_read_tables() -> Iterator[str]:
    found = status.of_projections(state.reader())
    if absent := [one.projection for one in found if one.state == status.MISSING]:
        yield f"there is no read table of this version for {', '.join(absent)}: run milepost init"
    now, bound = state.now(), state.settings().lag_bound_seconds
    slowest = max(found, key=lambda one: one.lag_seconds(now))
    lag = slowest.lag_seconds(now)
    if lag > bound:
        yield f"{slowest.projection} is {lag:.0f} s and {slowest.lag_events} events behind; {bound} s are allowed"
