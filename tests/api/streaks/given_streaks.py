"""What is in the log when the streaks dialect is asked: streaks, their milestones, and what users did."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from domain.application import ProgressLog
from domain.commands import AddMilestone, Define, LogEntry, Redefine
from domain.outcomes import Logged
from domain.vocabulary import Slug

LOGINS, SPEND, MODES = (UUID(f"5eed0000-0000-4000-8000-00000000000{number}") for number in (1, 2, 3))
ADA, BOB = "ada", "bob@example.com"

RULES: dict[UUID, dict[str, Any]] = {
    LOGINS: {"name": "Daily logins", "aggregation_method": "count", "event_types": ["user.login"]},
    SPEND: {
        "name": "Spend every day",
        "aggregation_method": "sum",
        "aggregation_target_value": Decimal("500"),
        "event_types": ["order.paid"],
    },
    MODES: {
        "name": "All modes",
        "aggregation_method": "distinct",
        "distinct_by": "mode",
        "aggregation_target_value": Decimal(3),
        "event_types": ["game.played"],
    },
}


class GivenStreaks:
    """Writes to the log at a time: `given.define(LOGINS).entry(LOGINS, ADA)`."""

    def __init__(self, log: ProgressLog, clock: Callable[[], datetime], tenant: str = "acme") -> None:
        self.log, self.clock, self.tenant = log, clock, tenant
        self._entries = 0

    def of(self, tenant: str) -> "GivenStreaks":
        """The same in another tenant."""
        return GivenStreaks(self.log, self.clock, tenant)

    def define(self, streak: UUID, thresholds: Iterable[int] = (), **changes: Any) -> "GivenStreaks":
        known = RULES.get(streak, RULES[LOGINS])
        daily = {"status": "live", "aggregation_period": "daily", "aggregation_target_value": Decimal(1)}
        command = Define(id=streak, slug=Slug.STREAK, fields={**daily, **known, **changes})
        self.log.define(self.tenant, streak, command, now=self.clock())
        for threshold in thresholds:
            self.milestone(streak, threshold)
        return self

    def redefine(self, streak: UUID, **changes: Any) -> "GivenStreaks":
        command = Redefine(id=streak, slug=Slug.STREAK, changes=changes)
        self.log.define(self.tenant, streak, command, now=self.clock())
        return self

    def milestone(self, streak: UUID, threshold: Any, **fields: Any) -> "GivenStreaks":
        identifier = uuid5(streak, str(threshold))
        told = {"target_value": Decimal(threshold), **fields}
        command = AddMilestone(id=identifier, slug=Slug.STREAK, definition_id=streak, fields=told)
        self.log.define(self.tenant, streak, command, now=self.clock())
        return self

    def entry(
        self, streak: UUID, owner: str, value: str | None = None, *, at: datetime | None = None, **attributes: Any
    ) -> Logged:
        self._entries += 1
        entry = LogEntry(
            definition_id=streak,
            owner_id=owner,
            activity_at=at or self.clock(),
            unique_identifier=f"entry-{self._entries}",
            activity_value=None if value is None else Decimal(value),
            attributes=attributes,
            slug=Slug.STREAK,
        )
        return self.log.log_entry(self.tenant, entry, now=self.clock())
