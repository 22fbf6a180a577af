"""The append: events and snapshots sorted into slices, one call of `append_events` a slice."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import Connection

from domain.ids import slice_of
from eventstore.arrays import integers, moments, texts, uuids, words
from eventstore.stored import Snapshot

APPEND = """
    SELECT append_events(
        %b::smallint, %b::timestamptz,
        %b::uuid[], %b::integer[], %b::text[], %b::text[], %b::uuid[], %b::text[],
        %b::uuid[], %b::integer[], %b::text[], %b::text[], %b::timestamptz[], %b::uuid
    )
"""


class Part(NamedTuple):
    """What one slice gets."""

    slice: int
    indexes: list[int]
    events: list[StoredEvent]
    snapshots: list[Snapshot]


def parts(events: Sequence[StoredEvent], snapshots: Iterable[Snapshot], slices: int) -> list[Part]:
    """One part a slice, slices in ascending order: two appends that touch the same slices cannot block each other."""
    found: dict[int, Part] = {}
    for index, event in enumerate(events):
        number = slice_of(cast(UUID, event.originator_id), slices)
        part = found.get(number) or found.setdefault(number, Part(number, [], [], []))
        part.indexes.append(index)
        part.events.append(event)
    for snapshot in snapshots:
        number = slice_of(snapshot.originator_id, slices)
        part = found.get(number) or found.setdefault(number, Part(number, [], [], []))
        part.snapshots.append(snapshot)
    return [found[number] for number in sorted(found)]


def append(
    connection: Connection, work: Sequence[Part], moment: datetime, import_id: UUID | None, count: int
) -> list[int]:
    """Write the parts; answer the position of each of the `count` events in its slice.

    Several parts are sent one behind the other without waiting: the server writes one while the next is made.
    """
    if len(work) < 2:
        lasts = [_send(connection, part, moment, import_id).fetchone() for part in work]
    else:
        with connection.pipeline():
            cursors = [_send(connection, part, moment, import_id) for part in work]
            lasts = [cursor.fetchone() for cursor in cursors]
    positions = [0] * count
    for part, row in zip(work, lasts, strict=True):
        first = (row[0] if row else 0) - len(part.indexes) + 1
        for position, index in enumerate(part.indexes, first):
            positions[index] = position
    return positions


def _send(connection: Connection, part: Part, moment: datetime, import_id: UUID | None) -> Any:
    return connection.execute(APPEND, _arguments(part, moment, import_id), prepare=True)


def _arguments(part: Part, moment: datetime, import_id: UUID | None) -> tuple[Any, ...]:
    events, snapshots = part.events, part.snapshots
    return (
        part.slice,
        moment,
        uuids([cast(UUID, event.originator_id) for event in events]),
        integers([event.originator_version for event in events]),
        words([event.topic for event in events]),
        texts([event.state for event in events]),
        uuids([getattr(event, "entry_id", None) for event in events]),
        words([getattr(event, "tenant", "") for event in events]),
        uuids([snapshot.originator_id for snapshot in snapshots]),
        integers([snapshot.version for snapshot in snapshots]),
        words([snapshot.topic for snapshot in snapshots]),
        texts([snapshot.state.encode() for snapshot in snapshots]),
        moments([snapshot.due_at for snapshot in snapshots]),
        import_id,
    )
