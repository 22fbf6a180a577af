"""What every request gets: a name, the headers that all answers have, a line in the log, a measurement."""

import re
import secrets
from collections.abc import Callable
from time import perf_counter
from typing import Any

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

ACCEPTABLE_NAME = re.compile(r"[0-9A-Za-z._-]{1,128}", re.ASCII)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

REQUESTS = Counter("milepost_requests", "Requests that were answered.", ("method", "endpoint", "status"))
SECONDS = Histogram("milepost_request_seconds", "How long the answers took.", ("endpoint",), buckets=BUCKETS)


def register(app: Flask, *, access_log: bool) -> None:
    """Begin and finish every request of this app."""
    app.before_request(_begin)
    app.after_request(_finish)
    if access_log:
        app.after_request(_logging(structlog.get_logger().bind()))


def _begin() -> None:
    kept: Any = g._get_current_object()  # type: ignore[attr-defined]
    kept.started = perf_counter()
    sent = request.environ.get("HTTP_REQUEST_ID")
    kept.request_id = sent if sent is not None and ACCEPTABLE_NAME.fullmatch(sent) else secrets.token_hex(8)


def _finish(response: Response) -> Response:
    kept: Any = g._get_current_object()  # type: ignore[attr-defined]
    headers = response.headers
    headers["Request-Id"] = kept.request_id
    headers["X-Content-Type-Options"] = "nosniff"
    standing = kept.get("standing")
    if standing is not None:
        headers.extend(standing.headers())
    _measure(response.status_code, perf_counter() - kept.started)
    return response


def _logging(log: Any) -> Callable[[Response], Response]:
    """Write a line about each request. A logger that is bound once costs a third of one that is bound each time."""

    def logged(response: Response) -> Response:
        kept: Any = g._get_current_object()  # type: ignore[attr-defined]
        caller, environ = kept.get("caller"), request.environ
        log.info(
            "request",
            method=environ["REQUEST_METHOD"],
            path=request.path,
            status=response.status_code,
            milliseconds=round((perf_counter() - kept.started) * 1000, 1),
            request_id=kept.request_id,
            tenant=caller.tenant if caller else None,
            key=caller.key_id if caller else None,
        )
        return response

    return logged


# Looking a label up costs four times what counting does. The labels are few: none of them comes from a client.
_counters: dict[tuple[str, str, int], Counter] = {}
_histograms: dict[str, Histogram] = {}


def _measure(status: int, seconds: float) -> None:
    asked: Any = request._get_current_object()  # type: ignore[attr-defined]
    endpoint = asked.endpoint or "none"
    method = asked.method if asked.endpoint else "any"
    counter = _counters.get((method, endpoint, status))
    if counter is None:
        counter = _counters[method, endpoint, status] = REQUESTS.labels(method, endpoint, status)
    counter.inc()
    histogram = _histograms.get(endpoint)
    if histogram is None:
        histogram = _histograms[endpoint] = SECONDS.labels(endpoint)
    histogram.observe(seconds)
