"""One projection apart from the others: everything before the event that it cannot apply, and that event by name.

Slow, and only taken when a batch has failed.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import Connection

from domain.events import Recorded
from projections.change import Change, Projection
from projections.following import poison
from projections.following.checkpoints import locked, move
from projections.log_reading import classes_read, passed_over

Write = Callable[[Iterable[Change]], None]


class Unreadable(NamedTuple):
    """An event that no code could read from its row."""

    position: int
    recorded_at: datetime
    topic: str
    error: Exception


Event = Recorded | Unreadable


def apply_apart(
    connection: Connection,
    projection: Projection,
    slice_number: int,
    read: Callable[[int], Sequence[Event]],
    write: Write,
) -> int:
    """Apply the next events of a slice up to the first that cannot be, which is noted; how many were applied.

    `read` answers the events after a position. One transaction.
    """
    with connection.transaction():
        held = locked(connection, slice_number, [projection]).get(projection.name)
        if held is None:
            return 0
        events = read(held.position)
        wanted = [one for one in events if one.position not in held.parked and not _passed_over(projection, one)]
        good, error = _longest(connection, projection, wanted, write)
        if error is None:
            passed = events
            poison.forget(connection, [projection], slice_number)
        else:
            bad = wanted[good].position
            passed = [one for one in events if one.position < bad]
            poison.forget(connection, [projection], slice_number, bad)
            poison.note(connection, projection, slice_number, bad, error)
        if passed:
            move(connection, slice_number, [projection], passed[-1].position, passed[-1].recorded_at)
        return len(passed)


def _longest(
    connection: Connection, projection: Projection, events: Sequence[Event], write: Write
) -> tuple[int, Exception | None]:
    """Apply as many events from the first on as can be: how many, and what the next one raised."""
    classes = classes_read(projection.events)
    readable: list[Recorded] = []
    unreadable = None
    for one in events:
        if isinstance(one, Unreadable):
            unreadable = one.error
            break
        readable.append(one)

    def attempt(count: int, keep: bool) -> Exception | None:
        try:
            with connection.transaction():
                wanted = (one for one in readable[:count] if not classes or type(one.event) in classes)
                write(change for one in wanted for change in projection.rows(one))
                if not keep:
                    raise psycopg.Rollback
        except Exception as error:
            if lost(connection, error):
                raise
            return error
        return None

    return _bisected(len(readable), attempt, unreadable)


def _bisected(
    count: int, attempt: Callable[[int, bool], Exception | None], unreadable: Exception | None
) -> tuple[int, Exception | None]:
    """Half, and half again: the longest beginning that can be applied is."""
    error = attempt(count, True)
    if error is None:
        return count, unreadable
    good, bad = 0, count
    while bad - good > 1:
        middle = (good + bad) // 2
        found = attempt(middle, False)
        if found is None:
            good = middle
        else:
            bad, error = middle, found
    if good:
        attempt(good, True)
    return good, error


def _passed_over(projection: Projection, event: Event) -> bool:
    """Whether an event cannot be read, and the projection would not have looked at it."""
    return isinstance(event, Unreadable) and event.topic in passed_over(projection.events)


def lost(connection: Connection | None, error: Exception) -> bool:
    """Whether an error speaks of the database and not of an event: that is no poison, and is tried again as it is."""
    return connection is None or connection.closed or isinstance(error, psycopg.OperationalError)


def readable(row: Any, recorded: Callable[[Iterable[Any]], list[Recorded]]) -> Event:
    """A row of the log as an event, if that can be."""
    try:
        return recorded([row])[0]
    except Exception as error:
        return Unreadable(position=row[7], recorded_at=row[5], topic=row[2], error=error)
