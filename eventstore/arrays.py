"""Columns of many rows as PostgreSQL's binary arrays, made whole: value by value, the driver takes twice as long."""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts microseconds from here.
MICROSECOND = timedelta(microseconds=1)
NULL = b"\xff\xff\xff\xff"
UUID_LENGTH = b"\x00\x00\x00\x10"

_header = struct.Struct("!5i").pack
_length = struct.Struct("!i").pack
_small = struct.Struct("!ih").pack
_integer = struct.Struct("!ii").pack
_moment = struct.Struct("!iq").pack


class Smallints(bytes):
    """A smallint[]."""

    element = types["int2"].oid


class Integers(bytes):
    """An integer[]."""

    element = types["int4"].oid


class Uuids(bytes):
    """A uuid[]."""

    element = types["uuid"].oid


class Texts(bytes):
    """A text[]."""

    element = types["text"].oid


class Moments(bytes):
    """A timestamptz[]."""

    element = types["timestamptz"].oid


Array = TypeVar("Array", Smallints, Integers, Uuids, Texts, Moments)


def smallints(values: Sequence[int]) -> Smallints:
    return _array(Smallints, [_small(2, value) for value in values])


def integers(values: Sequence[int]) -> Integers:
    return _array(Integers, [_integer(4, value) for value in values])


def uuids(values: Sequence[UUID | None]) -> Uuids:
    return _array(Uuids, [UUID_LENGTH + value.int.to_bytes(16) if value else NULL for value in values])


def texts(values: Sequence[bytes]) -> Texts:
    """Texts that are UTF-8 already."""
    return _array(Texts, [_length(len(value)) + value for value in values])


def words(values: Sequence[str]) -> Texts:
    """Texts of which most are the same: each is encoded once."""
    encoded = {value: _length(len(text := value.encode())) + text for value in set(values)}
    return _array(Texts, [encoded[value] for value in values])


def moments(values: Sequence[datetime | None]) -> Moments:
    return _array(Moments, [_moment(8, (value - EPOCH) // MICROSECOND) if value else NULL for value in values])


def _array(kind: type[Array], elements: Sequence[bytes]) -> Array:
    """One dimension that begins at 1. Announcing NULLs where there are none does no harm."""
    return kind(_header(1, 1, kind.element, len(elements), 1) + b"".join(elements))


class ArrayDumper(Dumper):
    """Hands the driver what is in PostgreSQL's form already."""

    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


def _register(kind: type[Smallints | Integers | Uuids | Texts | Moments]) -> None:
    array = types[kind.element].array_oid
    psycopg.adapters.register_dumper(kind, type(f"{kind.__name__}Dumper", (ArrayDumper,), {"oid": array}))


for _kind in (Smallints, Integers, Uuids, Texts, Moments):
    _register(_kind)
