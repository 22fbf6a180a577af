"""What the application answers: where it wrote, and what came of it."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.challenge_progress import Run
from domain.definitions import Pause
from domain.engagement import MilestoneReached
from domain.learn_progress import Steps
from domain.practice_progress import Completion
from domain.streak_reading import missed_by
from domain.streak_run import OpenWindow, StreakRun
from domain.windows import Window


class Position(NamedTuple):
    """A place in the log: a slice and a number in it."""

    slice: int
    number: int

    def __str__(self) -> str:
        return f"{self.slice}:{self.number}"


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """One entry in the log: how it was recorded, the run after it, the milestones that it reached.

    `windows` are those of a streak that are not sealed, as they are after the entry; `pauses` are those of its
    definition.
    """

    id: UUID
    tenant: str
    recorded_at: datetime
    event: Any
    counted: bool
    run: Run | StreakRun | Completion | Steps | None
    reached: tuple[MilestoneReached, ...]
    position: Position | None = None
    replayed: bool = False
    windows: tuple[OpenWindow, ...] = ()
    pauses: tuple[Pause, ...] = ()

    def missed(self, now: datetime) -> Window | None:
        """The window that a streak's run has missed by now, whether or not that is written: then it is broken."""
        return missed_by(self.run, self.pauses, now) if isinstance(self.run, StreakRun) else None
