"""Reading the log: events of a slice in the order of their positions, as the domain knows them."""

from collections.abc import Callable, Container, Iterable, Iterator
from functools import lru_cache
from typing import Any

from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.utils import get_topic
from psycopg import Connection

from domain import application
from domain.events import Event, Recorded
from projections.change import Change, Projection
from projections.following.poison import parked_positions
from projections.refusals import UnreadableEvent

BATCH = 2_000  # The server answers readers between two of them: longer ones are hardly quicker.
PART = 64  # Of a batch, decoded at once: whoever takes the events can let others go first before the next.

Decode = Callable[[str, str], Any]

EVENTS = """
    SELECT originator_id, originator_version, topic, state, tenant, recorded_at, entry_id, position
    FROM events
    WHERE slice = %s
      AND position > %s
    ORDER BY position
    LIMIT %s
"""

# Positions are gapless: a stretch of them is cut into batches without looking.
EVENTS_BETWEEN = """
    SELECT originator_id, originator_version, topic, state, tenant, recorded_at, entry_id, position
    FROM events
    WHERE slice = %s
      AND position > %s
      AND position <= %s
      AND topic <> ALL(%s::text[])
    ORDER BY position
"""


def decoder(database_url: str) -> Decode:
    """The event store's own way from JSON to an event, by topic."""
    application.ProgressLog  # noqa: B018 - importing the application registers the topics of all events
    factory: Any = InfrastructureFactory.construct({"PERSISTENCE_MODULE": "eventstore", "DATABASE_URL": database_url})
    decode: Decode = factory.mapper().decode
    factory.close()
    return decode


def read_slice(
    connection: Connection, decode: Decode, slice_number: int, after: int, limit: int = BATCH
) -> list[Recorded]:
    """The next events of a slice, in order."""
    return recorded(connection.execute(EVENTS, (slice_number, after, limit), binary=True), decode)


def changes_between(
    connection: Connection, decode: Decode, projection: Projection, slice_number: int, after: int, upto: int
) -> Iterator[tuple[Recorded, Change]]:
    """What the events of a slice after one position, up to another, change in a projection, in order.

    Events that the projection does not read are left out, and parked ones that still cannot be applied. Raises
    UnreadableEvent with the position.
    """
    parked = parked_positions(connection, projection, slice_number)
    for begin in range(after, upto, BATCH):
        parameters = (slice_number, begin, min(begin + BATCH, upto), passed_over(projection.events))
        rows = connection.execute(EVENTS_BETWEEN, parameters, binary=True).fetchall()
        for first in range(0, len(rows), PART):
            for one in _readable(rows[first : first + PART], decode, slice_number, parked):
                try:
                    for change in projection.rows(one):
                        yield one, change
                except Exception as error:
                    if one.position not in parked:
                        raise _unreadable(slice_number, one.position, error) from error


def recorded(rows: Iterable[tuple[Any, ...]], decode: Decode) -> list[Recorded]:
    """Rows of the log as events, in the order of the columns of EVENTS."""
    return [
        Recorded(
            originator_id=row[0],
            originator_version=row[1],
            event=decode(row[2], row[3]),
            tenant=row[4],
            recorded_at=row[5],
            entry_id=row[6],
            position=row[7],
        )
        for row in rows
    ]


@lru_cache(maxsize=64)
def classes_read(events: tuple[type[Event], ...]) -> frozenset[type[Event]]:
    """The classes of events that a projection of these reads, subclasses too; none when it reads all."""
    return frozenset(one for one in _below(Event) if issubclass(one, events))


@lru_cache(maxsize=64)
def passed_over(events: tuple[type[Event], ...]) -> list[str]:
    """The topics that a projection of these events does not read. A topic of an older name is in no such list."""
    others = _below(Event) - classes_read(events) if events else ()
    return sorted(get_topic(one) for one in others if "TOPIC" in one.__dict__)


def _below(parent: type[Event]) -> frozenset[type[Event]]:
    return frozenset({parent}.union(*(_below(child) for child in parent.__subclasses__())))


def _readable(rows: list[tuple[Any, ...]], decode: Decode, slice_number: int, parked: Container[int]) -> list[Recorded]:
    try:
        return recorded(rows, decode)
    except Exception:
        found = []
        for row in rows:  # One by one only now, because many are decoded faster without looking.
            try:
                found += recorded([row], decode)
            except Exception as error:
                if row[7] not in parked:
                    raise _unreadable(slice_number, row[7], error) from error
        return found


def _unreadable(slice_number: int, position: int, error: Exception) -> UnreadableEvent:
    return UnreadableEvent(f"slice {slice_number}, position {position}: {type(error).__name__}: {error}")
