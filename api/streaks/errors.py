"""Errors of the streaks dialect: an envelope with the codes of its source."""

from typing import Any

from flask import Response

from api.errors import Problem
from api.wire import JSON, encode

# By status: the source knows the first six and no finer ones. The others are named as it would name them.
CODES = {
    400: "INVALID_INPUT",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    503: "UNAVAILABLE",
}


def as_envelope(found: Problem) -> Response:
    """A problem as {"error": {"code", "message", "status"}}. Its headers stay."""
    return Response(encode(envelope(found)), found.status, found.headers, content_type=JSON)


def envelope(found: Problem) -> dict[str, Any]:
    """The body of an error; also that of one event inside an answer to many."""
    code = CODES.get(found.status) or found.code.upper()
    return {"error": {"code": code, "message": _message(found), "status": found.status}}


def _message(found: Problem) -> str:
    """What is wrong, in one text: there is no other place for the names of wrong fields."""
    if found.status != 400 or not found.errors:
        return found.detail
    return "; ".join(f"{field}: {', '.join(messages)}" for field, messages in found.errors.items())
