"""Events, streams and ids whose slice a test chooses."""

from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from eventstore.stored import LogEvent, Stream

APRIL_3 = datetime(2026, 4, 3, 10, tzinfo=UTC)

_numbers = count(1)


def id_in(slice_number: int) -> UUID:
    """A new id of a slice: the first two bytes name it."""
    return UUID(int=slice_number << 112 | next(_numbers))


def event(stream: UUID, version: int, *, entry_id: UUID | None = None, state: bytes = b'{"value":12.50}') -> LogEvent:
    return LogEvent(stream, version, "Tested", state, tenant="acme", recorded_at=APRIL_3, entry_id=entry_id)


def snapshot(stream: UUID, version: int, state: str = "{}", due_at: datetime | None = None) -> Stream:
    return Stream(stream, version, "Tested.1", state, due_at)
