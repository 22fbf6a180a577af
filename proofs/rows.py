"""The canonical form of a row of the log: every column, each led by its length, in one order for ever."""

import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from proofs.merkle import Unfit

COLUMNS = 9
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts microseconds from here.
MICROSECOND = timedelta(microseconds=1)
NULL = b"\xff\xff\xff\xff"
BEFORE_POSITION = 12  # The number of columns (2 bytes), the slice (4 + 2), the length of the position (4).

_place = struct.Struct("!hihiq")
_stream = struct.Struct("!i16sii")
_length = struct.Struct("!i")
_recorded_at = struct.Struct("!iq")


class Row(NamedTuple):
    """A row of `events`; `state` is the JSON text as it is stored, in UTF-8."""

    slice: int
    position: int
    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    entry_id: UUID | None
    tenant: str
    recorded_at: datetime


def canonical(row: Row) -> bytes:
    """The bytes that are hashed: the number of columns, then every column led by its length; docs/audit.md, Rows."""
    topic, tenant = row.topic.encode(), row.tenant.encode()
    entry_id = _length.pack(16) + row.entry_id.bytes if row.entry_id else NULL
    return b"".join(
        (
            _place.pack(COLUMNS, 2, row.slice, 8, row.position),
            _stream.pack(16, row.originator_id.bytes, 4, row.originator_version),
            _length.pack(len(topic)) + topic,
            _length.pack(len(row.state)) + row.state,
            entry_id,
            _length.pack(len(tenant)) + tenant,
            _recorded_at.pack(8, (row.recorded_at - EPOCH) // MICROSECOND),
        )
    )


def parsed(content: bytes) -> Row:
    """The row with this canonical form. Raises Unfit for anything else."""
    try:
        row = _parsed(content)
        if canonical(row) == content:
            return row
    except (struct.error, ValueError, OverflowError, TypeError):
        pass
    raise Unfit("not the canonical form of a row")


def position_of(content: bytes) -> int:
    """The position that the canonical form of a row names."""
    return int.from_bytes(content[BEFORE_POSITION : BEFORE_POSITION + 8])


def moved(content: bytes, position: int) -> bytes:
    """The same row at another position."""
    return content[:BEFORE_POSITION] + position.to_bytes(8) + content[BEFORE_POSITION + 8 :]


def _parsed(content: bytes) -> Row:
    values: list[bytes | None] = []
    at = 2
    while at < len(content):
        (length,) = _length.unpack_from(content, at)
        values.append(content[at + 4 : at + 4 + length] if length >= 0 else None)
        at += 4 + max(length, 0)
    slice_number, position, stream, version, topic, state, entry_id, tenant, recorded_at = values
    return Row(
        int.from_bytes(slice_number or b"", signed=True),
        int.from_bytes(position or b"", signed=True),
        UUID(bytes=stream),
        int.from_bytes(version or b"", signed=True),
        (topic or b"").decode(),
        state or b"",
        UUID(bytes=entry_id) if entry_id is not None else None,
        (tenant or b"").decode(),
        EPOCH + int.from_bytes(recorded_at or b"", signed=True) * MICROSECOND,
    )
