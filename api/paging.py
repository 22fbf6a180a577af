"""Lists: the query parameters that all of them take, cursors, and the envelope that they answer with."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from flask import Response, request
from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from api.headers import conditional
from domain.errors import invalid
from projections.listing import Listed, Page

MAX_LIMIT = 1000
MAX_OFFSET = 2**31 - 1


class Sort(NamedTuple):
    """A column that a list may be sorted by, and the type of what it holds."""

    column: str
    type: type = datetime


Sorts = Mapping[str, Sort]

BY_TIME: Sorts = {"createdAt": Sort("created_at"), "updatedAt": Sort("updated_at")}


class WholeNumber(fields.Integer):
    """Digits and nothing else: no sign, no underscore, no digits of other scripts."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not (isinstance(value, str) and value.isascii() and value.isdigit()):
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **kwargs)


class Flag(fields.Boolean):
    """`true` or `false`."""

    truthy = {"true"}
    falsy = {"false"}


class Query(Schema):
    """Query parameters. One that is not known is refused by its name."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "is not a parameter of this query"}


class ListQuery(Query):
    """What every list takes. A list adds `sort_by` (see `sorted_by`), `wanted` (see `some_of`) and its filters."""

    limit = WholeNumber(
        load_default=20,
        validate=validate.Range(1, MAX_LIMIT),
        metadata={"description": "How many records a page holds."},
    )
    offset = WholeNumber(
        validate=validate.Range(0, MAX_OFFSET),
        metadata={"description": "How many records to pass over. Not together with `cursor`.", "default": 0},
    )
    cursor = fields.String(
        validate=validate.Length(1, 1000),
        metadata={
            "description": "`paging.nextCursor` of the page before. Pages stay in step while records change, and "
            "cost the same however far they are. Holds for the same `sortBy` only."
        },
    )
    with_total = Flag(
        data_key="fetchTotalCount",
        load_default=False,
        metadata={"description": "Count all records that match; `paging.totalCount` is null otherwise."},
    )

    @validates_schema
    def _one_way_to_page(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "cursor" in data and "offset" in data:
            raise ValidationError("must not be given together with cursor", "offset")


def sorted_by(sorts: Sorts) -> fields.String:
    """The `sortBy` parameter of a list."""
    choices = [sign + name for name in sorts for sign in ("", "-")]
    return fields.String(
        data_key="sortBy",
        load_default="-createdAt",
        validate=validate.OneOf(choices),
        metadata={"description": "What to sort by; a `-` in front sorts the largest or latest first."},
    )


class Names(fields.String):
    """A comma list of names, each one of those that a record has."""

    def __init__(self, names: Iterable[str], **kwargs: Any) -> None:
        self.names = tuple(names)
        one = "|".join(self.names)
        super().__init__(
            metadata={
                "description": "Comma list of the fields that each record is cut down to.",
                "pattern": f"^({one})(,({one}))*$",
                "example": ",".join(self.names[:2]),
            },
            **kwargs,
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        wanted = str(super()._deserialize(value, *args, **kwargs)).split(",")
        if unknown := [name for name in wanted if name not in self.names]:
            raise ValidationError(f"{', '.join(map(repr, unknown))}: not a field of the record")
        return wanted


def some_of(record: type[Schema]) -> Names:
    """The `fields` parameter of a list of these records."""
    return Names((field.data_key or name for name, field in record().fields.items()), data_key="fields")


def page(arguments: Mapping[str, Any], sorts: Sorts, id_type: type = UUID) -> Page:
    """The page that the query asks for. Raises InvalidInput for a cursor that is broken or of another `sortBy`."""
    wire = arguments["sort_by"]
    sort = sorts[wire.removeprefix("-")]
    cursor = arguments.get("cursor")
    return Page(
        sort=sort.column,
        descending=wire.startswith("-"),
        limit=arguments["limit"],
        offset=arguments.get("offset", 0),
        after=None if cursor is None else decoded(cursor, wire, sort.type, id_type),
        with_total=arguments["with_total"],
    )


def encoded(wire: str, value: Any, identifier: UUID | str) -> str:
    """The cursor that stands behind a row: what the list is sorted by, the row's value of it and its id."""
    return urlsafe_b64encode(msgspec.json.encode([wire, value, identifier])).decode().rstrip("=")


def decoded(cursor: str, wire: str, value_type: type, id_type: type) -> tuple[Any, Any]:
    """The value and the id that a cursor holds."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        found, value, identifier = msgspec.json.decode(raw, type=tuple[str, value_type, id_type])  # type: ignore[valid-type]
    except (ValueError, NotBase64, msgspec.DecodeError):
        raise invalid("cursor", "is not a cursor of this list") from None
    if found != wire:
        raise invalid("cursor", f"was made for sortBy={found}")
    return value, identifier


def listing_response(
    listed: Listed[Any],
    page: Page,
    arguments: Mapping[str, Any],
    data: list[dict[str, Any]],
    *,
    through: datetime,
    tag: Any = None,
) -> Response:
    """`{"data", "paging"}` with Link, Consistent-Through and ETag.

    `data` are the rows as they are written; `tag` is what the ETag is made from when something in them ticks.
    """
    cursor = None
    if listed.more:
        last = listed.rows[-1]
        read = last.__getitem__ if isinstance(last, dict) else last.__getattribute__
        cursor = encoded(arguments["sort_by"], read(page.sort), read("id"))
    paging = {"limit": page.limit, "offset": page.offset, "totalCount": listed.total, "nextCursor": cursor}
    if wanted := arguments.get("wanted"):
        data = [{name: row[name] for name in wanted} for row in data]
    headers = {"Link": f'<{_next(cursor)}>; rel="next"'} if cursor else None
    seen = None if tag is None else (tag, listed.total, listed.more)
    return conditional({"data": data, "paging": paging}, through=through, tag=seen, headers=headers)


def _next(cursor: str) -> str:
    parameters = {name: value for name, value in request.args.items() if name not in ("cursor", "offset")}
    return f"{request.path}?{urlencode({**parameters, 'cursor': cursor})}"
