"""What the log stores of an event and of a stream."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from eventsourcing.persistence import StoredEvent


@dataclass(frozen=True, eq=False, init=False)
class LogEvent(StoredEvent):
    """A stored event with what the log keeps beside it. Equal to the plain stored event that it extends."""

    tenant: str
    recorded_at: datetime | None
    entry_id: UUID | None
    position: int

    def __init__(
        self,
        originator_id: UUID | str,
        originator_version: int,
        topic: str,
        state: bytes,
        tenant: str = "",
        recorded_at: datetime | None = None,
        entry_id: UUID | None = None,
        position: int = 0,
    ) -> None:
        # One update of the dictionary: a frozen dataclass sets field by field, which takes three times as long.
        vars(self).update(
            originator_id=originator_id,
            originator_version=originator_version,
            topic=topic,
            state=state,
            tenant=tenant,
            recorded_at=recorded_at,
            entry_id=entry_id,
            position=position,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StoredEvent):
            return NotImplemented
        return all(getattr(self, field.name) == getattr(other, field.name) for field in fields(StoredEvent))

    def __hash__(self) -> int:
        return hash((self.originator_id, self.originator_version))


class Snapshot(Protocol):
    """The state of a stream after an append, kept in `streams`."""

    @property
    def originator_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def due_at(self) -> datetime | None: ...


class Stream(NamedTuple):
    """A row of `streams`."""

    originator_id: UUID
    version: int
    topic: str
    state: str
    due_at: datetime | None = None


class Person(Protocol):
    """Personal data of one end user, kept beside the log. A column that is not given keeps what it holds."""

    @property
    def tenant(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def columns(self) -> dict[str, Any]: ...


Streams = dict[UUID, Stream]
LogEvents = Sequence[LogEvent]
