"""Errors of the training dialect: a code in words, and what helps to mend it."""

from typing import Any

from flask import Response

from api.errors import Problem
from api.wire import JSON, camel, encode

# By status, where the source or HTTP has one word for all of them.
CODES = {400: "invalid_input", 401: "unauthorized", 404: "not_found", 429: "rate_limited", 503: "unavailable"}
# These say everything with their code.
BARE = (403, 404, 429)


def as_code(found: Problem) -> Response:
    """A problem as {"error": …}. Its headers stay."""
    return Response(encode(body(found)), found.status, found.headers, content_type=JSON)


def body(found: Problem) -> dict[str, Any]:
    """The body of an error."""
    told: dict[str, Any] = {"error": CODES.get(found.status, found.code)}
    if "required" in found.more:
        # Every view of this dialect wants one scope.
        return {**told, "required": " ".join(found.more["required"]), "present": found.more["present"]}
    if found.status not in BARE:
        told["message"] = found.detail
    if found.status == 400 and found.errors:
        told["errors"] = {camel(field): list(messages) for field, messages in found.errors.items()}
    return told
