"""Metrics for Prometheus: requests, and the lag of the read tables."""

import os

from flask import Response
from flask.views import MethodView
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from projections import status

BLUEPRINT = Blueprint("metrics", __name__, records=False, description="For Prometheus.")

# Where the workers of one gunicorn keep their numbers, so that any of them can add them up.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@BLUEPRINT.route("/metrics")
class Metrics(MethodView):
    """The metrics of all workers."""

    @requires("operations")
    @BLUEPRINT.response(
        200, {"type": "string"}, content_type=CONTENT_TYPE_LATEST, description="The text format of Prometheus."
    )
    @BLUEPRINT.doc(operationId="getMetrics")
    def get(self) -> Response:
        """Get the metrics of all workers.

        Requests by endpoint, method and status, how long they took, and the lag of every read table.
        """
        lags = _lags()
        requests = REGISTRY
        if os.environ.get(FOLDER):
            requests = CollectorRegistry()
            MultiProcessCollector(requests)
        return Response(generate_latest(requests) + generate_latest(lags), content_type=CONTENT_TYPE_LATEST)


def _lags() -> CollectorRegistry:
    """The lag of every read table as it is now; the same whichever worker is asked."""
    registry = CollectorRegistry()
    events = Gauge("milepost_projection_lag_events", "Events still to be read.", ("projection",), registry=registry)
    seconds = Gauge("milepost_projection_lag_seconds", "Age of the oldest of them.", ("projection",), registry=registry)
    now = state.now()
    for found in status.of_projections(state.reader()):
        events.labels(found.projection).set(found.lag_events)
        seconds.labels(found.projection).set(found.lag_seconds(now))
    return registry
