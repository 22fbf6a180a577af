"""Metrics for Prometheus: requests, the read tables, and the processes that fill them."""

import os
from collections.abc import Callable
from datetime import datetime

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


OF_PROJECTIONS: dict[str, tuple[str, Callable[[status.Status, datetime], float]]] = {
    "lag_events": ("Events still to be read.", lambda one, now: one.lag_events),
    "lag_seconds": ("Age of the oldest of them.", lambda one, now: one.lag_seconds(now)),
    "events_per_second": ("Events applied, lately, by all projectors at work.", lambda one, now: one.rate),
    "poisoned_slices": ("Slices that an event stops.", lambda one, now: one.poisoned),
    "parked_events": ("Events that were parked, and are missing.", lambda one, now: one.parked),
}


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

        Requests by endpoint, method and status and how long they took; of every read table its lag, state, rate,
        poisoned slices and parked events; of every process beside the api the age of its last beat, and of projectors
        how many slices they work on.
        """
        progress = _progress()
        requests = REGISTRY
        if os.environ.get(FOLDER):
            requests = CollectorRegistry()
            MultiProcessCollector(requests)
        return Response(generate_latest(requests) + generate_latest(progress), content_type=CONTENT_TYPE_LATEST)


def _progress() -> CollectorRegistry:
    """The read tables and those who fill them as they are now; the same whichever worker is asked."""
    registry, now, reader = CollectorRegistry(), state.now(), state.reader()
    of_projection = {
        name: Gauge(f"milepost_projection_{name}", text, ("projection",), registry=registry)
        for name, (text, _) in OF_PROJECTIONS.items()
    }
    labels = ("projection", "state")
    states = Gauge("milepost_projection_state", "1 for the state that it is in.", labels, registry=registry)
    for found in status.of_projections(reader):
        for name, (_, measured) in OF_PROJECTIONS.items():
            of_projection[name].labels(found.projection).set(measured(found, now))
        for one in status.STATES:
            states.labels(found.projection, one).set(found.state(now) == one)
    labels = ("process", "id")
    age = Gauge("milepost_heartbeat_age_seconds", "How long ago a process last beat.", labels, registry=registry)
    leases = Gauge("milepost_projector_leases", "Slices that a projector works on.", ("id",), registry=registry)
    for process in status.of_processes(reader):
        age.labels(process.process, process.id).set(process.silent_seconds)
        if process.process == "projector":
            leases.labels(process.id).set(process.leases)
    return registry
