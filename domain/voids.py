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


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """A window's tally without one entry."""

    tally: Tally = EMPTY
    total: Decimal = ZERO
    started_at: datetime | None = None
    last_at: datetime | None = None


class History:
    """The events of one stream, asked about single entries."""

    def __init__(self, events: Sequence[Recorded]) -> None:
        self.events = events

    def repeats(self, command: VoidEntry) -> bool:
        """Whether the entry was taken back before: nothing follows then. Raises InvalidInput for the reason."""
        if command.entry_id in self._voided():
            return True
        refuse(text_complaints("reason", command.reason, texts.MAX_DESCRIPTION_LENGTH))
        return False

    def entries_without(self, entry_id: UUID) -> list[Recorded]:
        """The entries that were not taken back, less this one too."""
        gone = self._voided() | {entry_id}
        return [one for one in self.events if one.entry_id is not None and one.entry_id not in gone]

    def _voided(self) -> set[UUID]:
        """The entries that were taken back: whatever the kind, an event that voids says when."""
        return {one.event.entry_id for one in self.events if isinstance(one.event, Voided)}

    def counted(self, entry_id: UUID) -> EntryCounted | None:
        """How the entry was counted; None when it was recorded and not counted. Raises NotFound."""
        for one in self.events:
            if one.entry_id == entry_id:
                return one.event if isinstance(one.event, EntryCounted) else None
        raise NotFound(f"there is no log entry {entry_id}")

    def rules(self, counted: EntryCounted | None) -> Rules | None:
        """The rules of the run that counted the entry."""
        for one in self.events:
            if counted and isinstance(one.event, RunStarted) and one.event.run_id == counted.run_id:
                return one.event.rules
        return None

    def without(self, entry_id: UUID, counted: EntryCounted | None, rules: Rules | None) -> Remaining:
        """What the entry's window holds as if the entry had never come."""
        if counted is None or rules is None:
            return Remaining()
        kept = [
            one.event.entry
            for one in self.entries_without(entry_id)
            if isinstance(one.event, EntryCounted) and one.event.window == counted.window
        ]
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
        return tuple(
            one.event.reward_id
            for one in self.events
            if isinstance(one.event, MilestoneReached)
            and one.event.run_id == run_id
            and one.event.milestone.target_value > value
        )
