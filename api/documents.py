"""The OpenAPI documents: one a dialect, with the headers, problems and credentials that all views share."""

from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

import flask_smorest
import msgspec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response
from marshmallow import Schema, fields

from api.examples import example
from api.fields import Shown

PROBLEM = "application/problem+json"
OPENAPI = "3.1.0"
MEANINGS = {
    400: "The input is not good. `errors` says what is wrong with which field or parameter.",
    401: "There is no credential, or one that opens nothing.",
    403: "The credential is good for other things: its scopes do not suffice.",
    404: "There is no such record, or it is somebody else's.",
    409: "Something else is there already under this id or `uniqueIdentifier`.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    429: "The limit of the credential is used up; `Retry-After` says for how many seconds.",
    500: "Something went wrong here. It is logged under the `Request-Id`.",
    503: "The database did not answer in time, or the read tables do not hold `If-Position` yet; try again.",
}


class ProblemSchema(Shown):
    """An error, as RFC 9457 says."""

    type = fields.String(required=True, metadata={"description": "about:blank: `status` and `code` say it all."})
    title = fields.String(required=True, metadata={"description": "The HTTP status in words."})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    code = fields.String(required=True, metadata={"description": "What is wrong, for programs."})
    detail = fields.String(required=True, metadata={"description": "What is wrong, for people."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "For wrong input: complaints by field or parameter."},
    )
    needed = fields.List(
        fields.String(),
        data_key="required",
        metadata={"description": "For a scope that is missing: those of which one is needed."},
    )
    present = fields.List(
        fields.String(), metadata={"description": "For a scope that is missing: those that the credential has."}
    )


class ErrorForm(NamedTuple):
    """How the errors of a dialect are documented: their schema, their media type, what a status means, examples."""

    schema: type[Schema]
    media_type: str
    example: Callable[[int], dict[str, Any]]
    meanings: Mapping[int, str] = MEANINGS


PROBLEMS = ErrorForm(ProblemSchema, PROBLEM, lambda status: example(f"problem_{status}"))


def _text(description: str, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": {"type": "string", **schema}}


HEADERS: dict[str, dict[str, Any]] = {
    "Request-Id": _text("Names this request in our logs. The one that was sent, else a new one.", True),
    "Consistent-Through": _text(
        "Everything that was recorded before this time is in the answer.", True, format="date-time"
    ),
    "ETag": _text("Changes when the answer changes; not with each second that ticks.", True),
    "Link": _text('The next page, if there is one: `<…>; rel="next"`.'),
    "Position": _text("Where in the log the write is, `slice:number`, for `If-Position`. Several have commas."),
    "X-RateLimit-Limit": _text("How many requests the nearest limit allows.", pattern="^[0-9]+$"),
    "X-RateLimit-Remaining": _text("How many of them are left.", pattern="^[0-9]+$"),
    "X-RateLimit-Reset": _text("When they are all there again, in Unix seconds.", pattern="^[0-9]+$"),
    "Retry-After": _text("For how many seconds to wait.", True, pattern="^[0-9]+$"),
    "WWW-Authenticate": _text("How to show a credential.", True),
}
FOR_END_USERS = "progress:read"
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
OF_STATUS = {401: ("WWW-Authenticate",), 429: (*LIMITS, "Retry-After"), 503: ("Retry-After",)}

PARAMETERS: dict[str, dict[str, Any]] = {
    "RequestId": {
        "name": "Request-Id",
        "description": "A name for this request, to find it in our logs: at most 128 letters, digits, dots, hyphens "
        "and underscores. Another one is not taken, and the answer has a new one.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "description": "The `ETag` of an answer that is there already: 304 when it still holds.",
        "schema": {"type": "string"},
    },
    "IfPosition": {
        "name": "If-Position",
        "description": "The `Position` of a write: the answer waits, two seconds at most, until it holds that write.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,4}:[0-9]{1,18}(, *[0-9]{1,4}:[0-9]{1,18})*$"},
    },
}

SECURITY = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
    "bearerKey": {"type": "http", "scheme": "bearer", "bearerFormat": "mp_live_…", "description": "An API key."},
    "endUserToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token for one end user: HS256, header `kid` = the id of an API key, signed with that key's "
        "token secret; `sub` = the end user's id; `exp` at most 24 hours ahead. Reads that user's records alone.",
    },
    "signingTenant": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Tenant-Id",
        "description": "The tenant that signs the request.",
    },
    "signingTime": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Timestamp",
        "description": "When it is signed, in Unix seconds: at most 300 from our time.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "`hmac-sha256=` and, in hexadecimal digits, the HMAC-SHA256 of method, path (as it is sent, "
        "without host and query), `X-Timestamp` and body, a line feed between them, keyed with a signing secret of "
        "the tenant. A signature is accepted once.",
    },
}
SIGNED: dict[str, list[str]] = {"signingTenant": [], "signingTime": [], "signature": []}


class Api(flask_smorest.Api):
    """The OpenAPI document of one dialect."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask, prefix: str, title: str, description: str, errors: ErrorForm = PROBLEMS) -> None:
        self._errors = errors
        name = prefix.strip("/").upper()
        app.config[f"{name}_OPENAPI_URL_PREFIX"] = prefix
        super().__init__(
            app,
            config_prefix=name,
            spec_kwargs={
                "title": title,
                "version": "1",
                "openapi_version": OPENAPI,
                "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=schema_name),
                "info": {"description": description},
                "servers": [{"url": "/", "description": "This server."}],
            },
        )
        self._body = cache(lambda: msgspec.json.format(msgspec.json.encode(self.spec.to_dict()), indent=2))

    def _register_error_handlers(self) -> None:
        """None: `api.errors` has one handler for all dialects, and the last one registered would win."""

    def _register_pagination_header(self) -> None:
        """None: pages say where they are in their bodies."""

    def _register_responses(self) -> None:
        for name, header in HEADERS.items():
            self.spec.components.header(name, header, lazy=True)
        for name, parameter in PARAMETERS.items():
            self.spec.components.parameter(name, "header", parameter, lazy=True)
        for name, scheme in SECURITY.items():
            self.spec.components.security_scheme(name, scheme)
        form = self._errors
        for status in HTTPStatus:
            described: dict[str, Any] = {"description": form.meanings.get(status, status.phrase)}
            if status >= 400:
                examples = form.example(status.value) if status in form.meanings else {}
                described["content"] = {form.media_type: {"schema": form.schema, "examples": examples}}
                described["headers"] = headers("Request-Id", *OF_STATUS.get(status, ()))
            self.spec.components.response(status.name, described, lazy=True)

    def _openapi_json(self) -> Response:
        return Response(self._body(), mimetype="application/json")


def schema_name(schema: Any) -> str | None:
    """The name of a schema in the document. One that is cut down to some fields has a name of its own."""
    instance = schema() if isinstance(schema, type) else schema
    name = type(instance).__name__.removesuffix("Schema")
    return f"{name}Fields" if instance.partial else name


def headers(*names: str) -> dict[str, str]:
    """References to headers, as a response documents them."""
    return {name: name for name in names}


def of_access(
    doc: dict[str, Any], info: dict[str, Any], *, method: str, records: bool, **context: Any
) -> dict[str, Any]:
    """What every view that `requires` a scope takes and answers beside its own."""
    scopes = info.get("access")
    if scopes is None:
        return doc
    reading = records and method in ("get", "head")
    asked = info.get("arguments", {}).get("parameters", ())
    paged = any({"cursor", "after"} & set(getattr(one["schema"], "_declared_fields", ())) for one in asked)
    of_reading = ("Consistent-Through", "ETag", *(["Link"] if paged else []))
    moved = of_reading if reading else ("Position",) if records else ()
    responses = doc.setdefault("responses", {})
    for status, response in responses.items():
        if int(status) < 300:
            response["headers"] = {**headers("Request-Id", *LIMITS, *moved), **response.get("headers", {})}
    more = {401, 403, 429, 500, 503} | ({404} if any(one["in"] == "path" for one in asked) else set())
    for status in sorted(more | ({413, 415} if "requestBody" in doc else set())):
        responses.setdefault(status, HTTPStatus(status).name)
    if reading:
        responses.setdefault(304, {"description": "The answer is still the one with this `ETag`."})
    doc.setdefault("parameters", []).extend(["RequestId", *(["IfNoneMatch", "IfPosition"] if reading else [])])
    of_end_users: list[dict[str, list[str]]] = [{"endUserToken": []}] if FOR_END_USERS in scopes else []
    doc["security"] = [{"apiKey": []}, {"bearerKey": []}, *of_end_users, SIGNED]
    doc["x-scopes"] = list(scopes)
    return doc
