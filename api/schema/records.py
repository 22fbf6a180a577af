"""Records that are shown as they are kept: a row of a read table, written under the names of its schema."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from marshmallow import Schema, fields

from api import state
from api.fields import Shown, shown
from api.headers import conditional
from api.paging import BY_TIME, NOTHING, RecordPath, listing_response, page
from api.wire import camel, moment
from domain.errors import Busy, NotFound
from domain.numbers import exact
from projections import records
from projections.consistency import wait_until_held, wait_until_level
from projections.records import Kind

Row = Mapping[str, Any]


class Identified(Shown):
    """Something with an id. None of its fields is ever missing."""

    id = shown(fields.UUID, "The record's id.")

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        field_obj.data_key = field_obj.data_key or camel(field_name)
        field_obj.required = True


class Record(Identified):
    """What every record has."""

    created_at = shown(fields.DateTime, "When the record came to be.")
    updated_at = shown(fields.DateTime, "When it last changed.")


class Records(NamedTuple):
    """A kind of record: the rows that it is read from, the schema that names their columns, and what it is called."""

    kind: Kind
    schema: type[Schema]
    noun: str
    id_type: type = UUID
    path: type[Schema] = RecordPath

    def key(self, identifier: UUID | str) -> UUID | str:
        """The id as the column has it."""
        return identifier if isinstance(identifier, self.id_type) else str(identifier)

    def json(self, row: Row) -> dict[str, Any]:
        """The row as it is written."""
        return {wire: written(row[column]) for wire, column in wire_names(self.schema)}


@cache
def wire_names(schema: type[Schema]) -> tuple[tuple[str, str], ...]:
    """The fields of a record: the name on the wire, and the column that it is read from."""
    return tuple((field.data_key or name, name) for name, field in schema().fields.items())


def written(value: Any) -> Any:
    """A value as it is written: times in milliseconds, numbers in their shortest form, words as text."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Decimal):
        return exact(value)
    return str(value) if isinstance(value, StrEnum) else value


def listing(of: Records, query: dict[str, Any]) -> Response:
    """A page of the tenant's records; an end user's own where a record has an owner."""
    reader, caller = state.reader(), state.caller()
    asked = page(query, BY_TIME, of.id_type)
    through = records.held_through(reader, of.kind)
    owner_id = str(query["owner_id"]) if "owner_id" in query else caller.owner_id
    if of.kind.owner is not None and caller.owner_id not in (None, owner_id):
        return listing_response(NOTHING, asked, query, [], through=through)
    filters = {name: query[name] for name in of.kind.filters if name in query}
    listed = records.of_tenant(reader, of.kind, caller.tenant, filters, asked, owner_id=owner_id)
    return listing_response(listed, asked, query, [of.json(row) for row in listed.rows], through=through)


def single(of: Records, identifier: UUID | str) -> Response:
    """One record of the tenant; an end user's own where a record has an owner. Raises NotFound."""
    reader, caller = state.reader(), state.caller()
    through = records.held_through(reader, of.kind)
    row = records.one(reader, of.kind, caller.tenant, of.key(identifier), owner_id=caller.owner_id)
    if row is None:
        raise missing(of, identifier)
    return conditional(of.json(row), through=through)


def current(of: Records, identifier: UUID | str) -> dict[str, Any]:
    """The row that a write needs to know. Raises NotFound once the read tables hold the whole log, else Busy."""
    reader, tenant = state.reader(), state.caller().tenant
    row = records.one(reader, of.kind, tenant, of.key(identifier))
    if row is None:
        if not wait_until_level(reader, names=of.kind.projections):
            raise Busy("the read tables are behind the log")
        row = records.one(reader, of.kind, tenant, of.key(identifier))
    if row is None:
        raise missing(of, identifier)
    return row


def after(of: Records, identifier: UUID | str, position: tuple[int, int]) -> dict[str, Any] | None:
    """The row once the read tables hold a write; None if they do not in time."""
    reader = state.reader()
    if not wait_until_held(reader, dict([position]), names=of.kind.projections):
        return None
    return records.one(reader, of.kind, state.caller().tenant, of.key(identifier))


def await_read_tables(*positions: tuple[int, int] | None) -> None:
    """Wait a while until the read tables hold a write to a definition: events find those that they feed there.

    Nothing fails for it: the write is in the log, and the read tables will hold it.
    """
    # Of several in one slice the last is the last.
    last = dict(sorted(filter(None, positions)))
    if last:
        with suppress(Busy):
            wait_until_held(state.reader(), last)


def missing(of: Records, identifier: UUID | str) -> NotFound:
    """There is no such record, or it is not the caller's."""
    return NotFound(f"there is no {of.noun} {identifier}")
