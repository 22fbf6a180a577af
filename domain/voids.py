"""What is left of a run when one of its entries is taken back, worked out from the stream's history."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain import texts
from domain.commands import VoidEntry
from domain.definitions import Rules, refuse, text_complaints
from domain.engagement import (
    EntryCounted,
    MilestoneReached,
    RunStarted,
    attribute_of,
)
from domain.errors import NotFound
from domain.events import Recorded, Voided
from domain.numbers import ZERO
from domain.tally import EMPTY, Tally, add
from domain.windows import Window


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """A window's tally without one entry."""

    tally: Tally = EMPTY
    total: Decimal = ZERO
    started_at: datetime | None = None
    last_at: datetime | None = None


class History:
    """The events of one stream, asked about single entries. Each is read once, also while the stream grows."""

    def __init__(self, events: Sequence[Recorded]) -> None:
        self.events = events
        self._read = 0
        self._entries: dict[UUID, Recorded] = {}
        self._of_window: dict[Window, dict[UUID, EntryCounted]] = {}
        self._voided: set[UUID] = set()
        self._rules: dict[UUID, Rules] = {}
        self._reached: dict[UUID, list[MilestoneReached]] = {}

    def repeats(self, command: VoidEntry) -> bool:
        """Whether the entry was taken back before: nothing follows then. Raises InvalidInput for the reason."""
        self._read_on()
        if command.entry_id in self._voided:
            return True
        refuse(text_complaints("reason", command.reason, texts.MAX_DESCRIPTION_LENGTH))
        return False

    def entries_without(self, entry_id: UUID) -> list[Recorded]:
        """The entries that were not taken back, less this one too."""
        self._read_on()
        return [one for key, one in self._entries.items() if key != entry_id and key not in self._voided]

    def counted(self, entry_id: UUID) -> EntryCounted | None:
        """How the entry was counted; None when it was recorded and not counted. Raises NotFound."""
        self._read_on()
        found = self._entries.get(entry_id)
        if found is None:
            raise NotFound(f"there is no log entry {entry_id}")
        return found.event if isinstance(found.event, EntryCounted) else None

    def rules(self, counted: EntryCounted | None) -> Rules | None:
        """The rules of the run that counted the entry."""
        self._read_on()
        return self._rules.get(counted.run_id) if counted else None

    def without(self, entry_id: UUID, counted: EntryCounted | None, rules: Rules | None) -> Remaining:
        """What the entry's window holds as if the entry had never come."""
        if counted is None or rules is None:
            return Remaining()
        self._read_on()
        beside = self._of_window.get(counted.window, {}).items()
        kept = [one.entry for key, one in beside if key != entry_id and key not in self._voided]
        tally = EMPTY
        for entry in kept:
            tally = add(tally, rules.method, entry.activity_value, attribute_of(entry, rules))
        moments = [entry.activity_at for entry in kept]
        return Remaining(
            tally=tally,
            total=tally.total(rules.method),
            started_at=min(moments, default=None),
            last_at=max(moments, default=None),
        )

    def rewards_above(self, run_id: UUID | None, value: Decimal) -> tuple[UUID, ...]:
        """The rewards of a run whose milestones it no longer reaches."""
        self._read_on()
        reached = self._reached.get(run_id, ()) if run_id else ()
        return tuple(one.reward_id for one in reached if one.milestone.target_value > value)

    def _read_on(self) -> None:
        for one in self.events[self._read :]:
            event = one.event
            if one.entry_id is not None:
                self._entries.setdefault(one.entry_id, one)
                if isinstance(event, EntryCounted):
                    self._of_window.setdefault(event.window, {})[one.entry_id] = event
            # Whatever the kind, an event that voids says when.
            elif isinstance(event, Voided):
                self._voided.add(event.entry_id)
            elif isinstance(event, RunStarted):
                self._rules.setdefault(event.run_id, event.rules)
            elif isinstance(event, MilestoneReached):
                self._reached.setdefault(event.run_id, []).append(event)
        self._read = len(self.events)
