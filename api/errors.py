"""Errors: every refusal as one Problem, written in the form of the dialect that was asked."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from api.access.refusals import AccessRefused
from api.wire import camel, encode
from domain import errors as domain

PROBLEM = "application/problem+json"

STATUSES: tuple[tuple[type[domain.Refused], int], ...] = (
    (domain.NotFound, 404),
    (domain.AlreadyExists, 409),
    (domain.EntryConflict, 409),
    (domain.Erased, 409),
    (domain.Busy, 503),
    (domain.Refused, 400),
)
CODES = {400: "invalid_input", 413: "body_too_large"}
DETAILS = {404: "there is no such path", 405: "the path has no such method; Allow names those that it has"}

log = structlog.get_logger()


class Problem(msgspec.Struct, frozen=True):
    """An error: `code` is for programs, `detail` for people, `errors` names wrong fields, `more` is its own."""

    status: int
    code: str
    detail: str
    errors: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    more: Mapping[str, Any] = {}


def problem_body(found: Problem) -> dict[str, Any]:
    """A problem as RFC 9457 says; also that of one entry inside an answer to many."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(found.status).phrase,
        "status": found.status,
        "code": found.code,
        "detail": found.detail,
        **found.more,
    }
    if found.errors:
        body["errors"] = {camel(field): list(messages) for field, messages in found.errors.items()}
    return body


def problem(
    status: int,
    code: str,
    detail: str,
    errors: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A ready error answer of the schema dialect."""
    return _as_problem(Problem(status, code, detail, errors or {}, headers or {}))


def _as_problem(found: Problem) -> Response:
    return Response(encode(problem_body(found)), found.status, found.headers, content_type=PROBLEM)


# How the errors at and below a path are written. The longest path decides; a dialect with a form of its own is added
# where the app is put together.
RENDERERS: dict[str, Callable[[Problem], Response]] = {"": _as_problem}


def problem_of(error: Exception) -> Problem:
    """What is said of an exception. One that nobody foresaw says nothing of itself."""
    match error:
        case domain.Busy():
            # What the database said is for the log, not for the world.
            log.warning("busy", error=error.message, request_id=g.get("request_id"))
            detail = "the database did not answer in time, or others kept writing; try again"
            return Problem(503, error.code, detail, headers={"Retry-After": "1"})
        case domain.Refused():
            status = next(status for kind, status in STATUSES if isinstance(error, kind))
            return Problem(status, error.code, error.message, error.errors)
        case AccessRefused():
            return Problem(error.status, error.code, error.message, headers=error.headers, more=error.more)
        case HTTPException() if (error.code or 500) < 500:
            return _of_http(error)
    return Problem(500, "internal_error", f"something went wrong here; it is logged as {g.get('request_id')}")


def _of_http(error: HTTPException) -> Problem:
    """What Flask and Werkzeug refuse by themselves. Allow, Retry-After and the like stay."""
    status = error.code or 500
    code = CODES.get(status) or HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    detail = DETAILS.get(status) or error.description or HTTPStatus(status).phrase
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        detail = f"the body is larger than {current_app.config['MAX_CONTENT_LENGTH']} bytes"
    return Problem(status, code, detail, headers=headers)


def answer(error: Exception) -> Response:
    """The error as the dialect of the path writes it."""
    if isinstance(error, RequestRedirect):
        return error.get_response()
    found = problem_of(error)
    if found.status == 500:
        log.error("unexpected", request_id=g.get("request_id"), path=request.path, exc_info=_cause(error))
    prefix = max((one for one in RENDERERS if f"{request.path}/".startswith(f"{one}/")), key=len)
    return RENDERERS[prefix](found)


def _cause(error: Exception) -> BaseException:
    return getattr(error, "original_exception", None) or error


def register(app: Flask) -> None:
    """One handler for everything, whatever path it came from."""
    for kind in (domain.Refused, AccessRefused, HTTPException, Exception):
        app.register_error_handler(kind, answer)
