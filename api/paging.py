"""Lists: the query parameters that all of them take, and the envelope that they answer with."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from flask import Response
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api import cursors
from api.fields import Flag, Id, Names, Query, Shown, WholeNumber, shown
from api.headers import conditional
from domain.errors import invalid
from projections.listing import Listed, Page

MAX_LIMIT = 1000
MAX_OFFSET = 2**31 - 1
MAX_CURSOR_LENGTH = 1000
NOTHING: Listed[Any] = Listed([], more=False, total=0)


class Sort(NamedTuple):
    """A column that a list may be sorted by, and the type of what it holds."""

    column: str
    type: type = datetime


Sorts = Mapping[str, Sort]

BY_TIME: Sorts = {"createdAt": Sort("created_at"), "updatedAt": Sort("updated_at")}


class RecordPath(Query):
    """The id in the path of one record."""

    id = Id(required=True, metadata={"description": "The record's id."})


class ListQuery(Query):
    """What every list takes. A list adds `sort_by` (see `sorted_by`), `wanted` (see `some_of`) and its filters."""

    limit = WholeNumber(
        load_default=20,
        validate=validate.Range(1, MAX_LIMIT, error="must be {min} to {max}"),
        metadata={"description": "How many records a page holds at most."},
    )
    offset = WholeNumber(
        validate=validate.Range(0, MAX_OFFSET, error="must be {min} to {max}"),
        metadata={"description": "How many records to pass over. Not together with `cursor`."},
    )
    cursor = fields.String(
        validate=validate.Length(1, MAX_CURSOR_LENGTH, error="is not a cursor of this list"),
        metadata={
            "description": "`paging.nextCursor` of the page before, with the same `sortBy`. Pages stay in step while "
            "records change, and cost the same however far they are.",
            "format": "cursor",
        },
    )
    with_total = Flag(
        data_key="fetchTotalCount",
        load_default=False,
        metadata={"description": "Whether to count all records that match; `paging.totalCount` is null otherwise."},
    )

    @validates_schema
    def _one_way_to_page(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "cursor" in data and "offset" in data:
            raise ValidationError("must not be given together with offset", "cursor")


class PagingSchema(Shown):
    """Which part of the list an answer is."""

    limit = shown(fields.Integer, "How many records a page holds at most.")
    offset = shown(fields.Integer, "How many records were passed over.")
    total_count = shown(fields.Integer, "How many there are, if that was asked for.", allow_none=True)
    next_cursor = shown(fields.String, "The `cursor` of the next page; null on the last.", allow_none=True)


def envelope(record: type[Schema]) -> type[Schema]:
    """The schema of a page of these records; `fields` may cut them down, so none of their fields is promised."""
    rows = fields.List(fields.Nested(record(partial=True)), required=True)
    paging = fields.Nested(PagingSchema, required=True)
    name = f"{record.__name__.removesuffix('Schema')}Page"
    return Shown.from_dict({"data": rows, "paging": paging}, name=name)


def sorted_by(sorts: Sorts) -> fields.String:
    """The `sortBy` parameter of a list."""
    choices = [sign + name for name in sorts for sign in ("", "-")]
    return fields.String(
        data_key="sortBy",
        load_default="-createdAt",
        validate=validate.OneOf(choices, error="must be one of: {choices}"),
        metadata={"description": "What to sort by; with a `-` the largest or latest comes first."},
    )


def some_of(record: type[Schema]) -> Names:
    """The `fields` parameter of a list of these records."""
    return Names((field.data_key or name for name, field in record().fields.items()), data_key="fields")


def page(query: Mapping[str, Any], sorts: Sorts, id_type: type = UUID) -> Page:
    """The page that the query asks for. Raises InvalidInput for a cursor that is broken or of another `sortBy`."""
    wire = query["sort_by"]
    sort = sorts[wire.removeprefix("-")]
    cursor = query.get("cursor")
    return Page(
        sort=sort.column,
        descending=wire.startswith("-"),
        limit=query["limit"],
        offset=query.get("offset", 0),
        after=None if cursor is None else decoded(cursor, wire, sort.type, id_type),
        with_total=query["with_total"],
    )


def encoded(wire: str, value: Any, identifier: UUID | str) -> str:
    """The cursor behind a row: what the list is sorted by, the row's value of it and the row's id."""
    return cursors.encoded([wire, value, identifier])


def decoded(cursor: str, wire: str, value_type: type, id_type: type) -> tuple[Any, Any]:
    """The value and the id that a cursor holds."""
    found, value, identifier = cursors.decoded(cursor, tuple[str, value_type, id_type])  # type: ignore[valid-type]
    if found != wire:
        raise invalid("cursor", f"belongs to sortBy={found}")
    return value, identifier


def listing_response(
    listed: Listed[Any],
    page: Page,
    query: Mapping[str, Any],
    data: list[Any],
    *,
    through: datetime,
    tag: Any = None,
) -> Response:
    """`{"data", "paging"}` with Link, Consistent-Through and ETag.

    `data` are the rows as they are written, dicts or structs; `through` must have been read with them or before,
    never after. `tag` is what the ETag is made from; give one when something in `data` ticks.
    """
    cursor = None
    if listed.more:
        last = listed.rows[-1]
        read = last.__getitem__ if isinstance(last, dict) else last.__getattribute__
        cursor = encoded(query["sort_by"], read(page.sort), read("id"))
    total = listed.total if page.with_total else None
    paging = {"limit": page.limit, "offset": page.offset, "totalCount": total, "nextCursor": cursor}
    if wanted := query.get("wanted"):
        data = [cut_down(row, wanted) for row in data]
    seen = None if tag is None else (tag, total, cursor)
    headers = cursors.link(cursor) if cursor else None
    return conditional({"data": data, "paging": paging}, through=through, tag=seen, headers=headers)


def cut_down(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """Some fields of a row, by their names on the wire."""
    if isinstance(row, dict):
        return {name: row[name] for name in names}
    attributes = _attributes(type(row))
    return {name: getattr(row, attributes[name]) for name in names}


@cache
def _attributes(struct: type[msgspec.Struct]) -> dict[str, str]:
    return {field.encode_name: field.name for field in msgspec.structs.fields(struct)}
