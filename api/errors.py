"""Problems: every error of the schema and operations dialects as RFC 9457 says."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response

from api.wire import encode

PROBLEM = "application/problem+json"


def problem_body(
    status: int, code: str, detail: str, errors: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A problem as it is written; also one entry's, inside an answer to many."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return body


def problem(
    status: int,
    code: str,
    detail: str,
    errors: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error answer. `code` is for programs, `detail` for people, `errors` names input fields."""
    return Response(encode(problem_body(status, code, detail, errors)), status, headers, mimetype=PROBLEM)
