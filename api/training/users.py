"""Whose progress is asked for, which part of it, and the bare array that answers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from flask import Response, g
from marshmallow import fields, validate

from api import cursors, state, time_travel
from api.blueprints import Blueprint
from api.fields import Moment, Query, WholeNumber
from api.headers import conditional
from api.streaks.paths import Name
from domain.errors import NotFound
from projections.training import Found, Part

PREFIX = "/api/public/v1"
MAX_LIMIT = 1000
MAX_CURSOR_LENGTH = 2000

# The attribute is called like the path parameter: a path is read field by field.
UserPath: Any = Query.from_dict({"userId": Name("The user, as log entries call them.")}, name="UserPath")

WINDOW_HEADER = {
    "X-RateLimit-Window": {
        "description": "How many seconds the nearest limit counts.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    }
}


class PartQuery(Query):
    """Which part of an array; all of it when nothing is given."""

    updated_since = Moment(
        data_key="updatedSince",
        metadata={
            "description": "Only rows that changed at this time or later. That a row was taken back, only the array "
            "without it shows."
        },
    )
    limit = WholeNumber(
        validate=validate.Range(1, MAX_LIMIT, error="must be {min} to {max}"),
        metadata={"description": "How many rows to answer at most. Without it, all of them."},
    )
    cursor = fields.String(
        validate=validate.Length(1, MAX_CURSOR_LENGTH, error="is not a cursor of this list"),
        metadata={
            "description": "Where to go on: follow `Link`, which has it. Pages stay in step while rows change.",
            "format": "cursor",
        },
    )


PartOfThenQuery: Any = PartQuery.from_dict(time_travel.moments(), name="PartOfThenQuery")


class Keyset(NamedTuple):
    """What a cursor holds: the names of the columns that a list is sorted by, and the type of their values."""

    names: tuple[str, ...]
    type: Any


Id = msgspec.Meta(max_length=256, pattern=r"^[^\x00]*$")


def asked_owner(path: dict[str, Any]) -> str:
    """The user of the path. Raises NotFound for anybody but the end user whose token asks."""
    asked: str = path["userId"]
    if state.caller().owner_id not in (None, asked):
        raise NotFound("there is no such user")
    return asked


def part_of(query: dict[str, Any], keyset: Keyset) -> Part:
    """The part that the query asks for. Raises InvalidInput for a cursor that is none of this list."""
    after = None
    if "cursor" in query:
        values = cursors.decoded(query["cursor"], keyset.type)
        after = {f"after_{name}": value for name, value in zip(keyset.names, values, strict=True)}
    return Part(updated_since=query.get("updated_since"), after=after, limit=query.get("limit"))


def array(found: Found[Any], keyset: Keyset, written: Callable[[Any], dict[str, Any]]) -> Response:
    """The rows as a bare array, with Link when others follow. Raises NotFound for a user that the tenant has not."""
    if not found.known:
        raise NotFound("there is no such user")
    headers = None
    if found.more:
        last = [getattr(found.rows[-1], name) for name in keyset.names]
        headers = cursors.link(cursors.encoded(last))
    return conditional([written(one) for one in found.rows], through=found.through, headers=headers)


def blueprint(name: str, import_name: str, description: str) -> Blueprint:
    """A group of views below the users of this dialect. Every answer says which window its limit has."""
    made = Blueprint(name, import_name, url_prefix=f"{PREFIX}/users", description=description)
    made.after_request(_with_window)
    return made


def _with_window(response: Response) -> Response:
    standing = g.get("standing")
    if standing is not None:
        response.headers["X-RateLimit-Window"] = str(standing.window_seconds)
    return response
