"""A decision being made: events recorded one by one, each folded at once so that the next rule sees it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from domain.errors import Refused
from domain.events import Event, Recorded

State = TypeVar("State")


class Decision(Generic[State]):
    """The state of one stream and the events that a command added to it."""

    __slots__ = ("_evolve", "events", "now", "originator_id", "state", "tenant", "version")

    def __init__(
        self,
        *,
        originator_id: UUID,
        tenant: str,
        version: int,
        state: State,
        evolve: Callable[[State, Event, datetime], State],
        now: datetime,
    ) -> None:
        self.originator_id = originator_id
        self.tenant = tenant
        self.version = version
        self.state = state
        self.now = now
        self.events: list[Recorded] = []
        self._evolve = evolve

    @contextmanager
    def or_nothing(self) -> Iterator[None]:
        """What is recorded inside is forgotten when it is refused in the end."""
        version, state, count = self.version, self.state, len(self.events)
        try:
            yield
        except Refused:
            self.version, self.state = version, state
            del self.events[count:]
            raise

    def record(self, event: Event, entry_id: UUID | None = None) -> None:
        """Add an event and fold it."""
        self.version += 1
        self.events.append(
            Recorded(
                originator_id=self.originator_id,
                originator_version=self.version,
                tenant=self.tenant,
                recorded_at=self.now,
                event=event,
                entry_id=entry_id,
            )
        )
        self.state = self._evolve(self.state, event, self.now)
