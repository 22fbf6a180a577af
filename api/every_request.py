"""What every request gets: a name, the headers that all answers have, a line in the log, a measurement."""

import re
import secrets
from time import perf_counter

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

ACCEPTABLE_NAME = re.compile(r"[0-9A-Za-z._-]{1,128}", re.ASCII)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

REQUESTS = Counter("milepost_requests", "Requests that were answered.", ("method", "endpoint", "status"))
SECONDS = Histogram("milepost_request_seconds", "How long the answers took.", ("endpoint",), buckets=BUCKETS)

log = structlog.get_logger()


def register(app: Flask, *, access_log: bool) -> None:
    """Begin and finish every request of this app."""
    app.before_request(_begin)
    app.after_request(_finish_logged if access_log else _finish)


def _begin() -> None:
    g.started = perf_counter()
    sent = request.environ.get("HTTP_REQUEST_ID")
    g.request_id = sent if sent is not None and ACCEPTABLE_NAME.fullmatch(sent) else secrets.token_hex(8)


def _finish(response: Response) -> Response:
    headers = response.headers
    headers["Request-Id"] = g.request_id
    headers["X-Content-Type-Options"] = "nosniff"
    standing = g.get("standing")
    if standing is not None:
        headers.extend(standing.headers())
    _measure(response.status_code, perf_counter() - g.started)
    return response


def _finish_logged(response: Response) -> Response:
    _finish(response)
    caller = g.get("caller")
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=round((perf_counter() - g.started) * 1000, 1),
        request_id=g.request_id,
        tenant=caller.tenant if caller else None,
        key=caller.key_id if caller else None,
    )
    return response


# Looking a label up costs four times what counting does. The labels are few: none of them comes from a client.
_counters: dict[tuple[str, str, int], Counter] = {}
_histograms: dict[str, Histogram] = {}


def _measure(status: int, seconds: float) -> None:
    endpoint = request.endpoint or "none"
    method = request.method if request.endpoint else "any"
    counter = _counters.get((method, endpoint, status))
    if counter is None:
        counter = _counters[method, endpoint, status] = REQUESTS.labels(method, endpoint, status)
    counter.inc()
    histogram = _histograms.get(endpoint)
    if histogram is None:
        histogram = _histograms[endpoint] = SECONDS.labels(endpoint)
    histogram.observe(seconds)
