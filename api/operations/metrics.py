"""Metrics for Prometheus: requests, the read tables, and the processes that fill them."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from flask import Response
from flask.views import MethodView
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from projections import status
from projections.rebuilding import builds

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
        how many slices they work on; and how far rebuilds are.
        """
        progress = CollectorRegistry(auto_describe=False)
        progress.register(_Progress())
        requests = REGISTRY
        if os.environ.get(FOLDER):
            requests = CollectorRegistry()
            MultiProcessCollector(requests)
        return Response(generate_latest(requests) + generate_latest(progress), content_type=CONTENT_TYPE_LATEST)


class _Progress:
    """The read tables and those who fill them as they are now; the same whichever worker is asked.

    Not a Gauge: in a server of several workers, that would be kept for ever as what one of them once saw.
    """

    def collect(self) -> Iterator[Metric]:
        """What Prometheus calls for."""
        now, reader = state.now(), state.reader()
        found, processes = status.of_projections(reader), status.of_processes(reader)
        for name, (text, measured) in OF_PROJECTIONS.items():
            values = {(one.projection,): measured(one, now) for one in found}
            yield _gauge(f"projection_{name}", text, ("projection",), values)
        states = {(one.projection, word): one.state(now) == word for one in found for word in status.STATES}
        yield _gauge("projection_state", "1 for the state that it is in.", ("projection", "state"), states)
        ages = {(one.process, one.id): one.silent_seconds for one in processes}
        yield _gauge("heartbeat_age_seconds", "How long ago a process last beat.", ("process", "id"), ages)
        leases = {(one.id,): one.leases for one in processes if one.process == "projector"}
        yield _gauge("projector_leases", "Slices that a projector works on.", ("id",), leases)
        built = builds.unfinished(reader)
        done = {(name,): build.done for name, build in built.items()}
        yield _gauge("rebuild_events_done", "Events that a rebuild has read.", ("projection",), done)
        total = {(name,): build.total for name, build in built.items()}
        yield _gauge("rebuild_events_total", "Events that it has to read.", ("projection",), total)


def _gauge(name: str, text: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(f"milepost_{name}", text, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
