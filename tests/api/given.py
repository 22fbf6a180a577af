"""What is in the log when the api is asked: challenges of two tenants, and entries of two end users in each."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.application import ProgressLog
from domain.commands import Define, KeepUser, LogEntry
from domain.outcomes import Logged
from domain.vocabulary import Slug

SPEND, VISITS, STEPS = (UUID(f"c0ffee00-0000-4000-8000-00000000000{number}") for number in (1, 2, 3))
ADA, BOB, EVE = (f"0ada0000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))

RULES: dict[UUID, dict[str, Any]] = {
    SPEND: {"name": "Spend 500 in a month", "aggregation_method": "sum", "completion_target_value": Decimal(500)},
    VISITS: {"name": "Eight visits in a month", "aggregation_method": "count", "completion_target_value": Decimal(8)},
    STEPS: {
        "name": "100,000 steps in a week",
        "aggregation_method": "sum",
        "aggregation_period": "weekly",
        "completion_target_value": Decimal(100_000),
    },
}


class Given:
    """Writes to the log at a time; `Given(...).define(SPEND)`, then `entry(SPEND, ADA, "187.50")`."""

    def __init__(self, log: ProgressLog, clock: Callable[[], datetime], tenant: str = "acme") -> None:
        self.log, self.clock, self.tenant = log, clock, tenant
        self._entries = 0

    def of(self, tenant: str) -> "Given":
        """The same in another tenant."""
        return Given(self.log, self.clock, tenant)

    def define(self, *challenges: UUID, **changes: Any) -> "Given":
        for challenge in challenges:
            fields = {"status": "live", "aggregation_period": "monthly", **RULES[challenge], **changes}
            command = Define(id=challenge, slug=Slug.CHALLENGE, fields=fields)
            self.log.define(self.tenant, challenge, command, now=self.clock())
        return self

    def user(self, owner: str, **personal: str) -> "Given":
        command = KeepUser(id=owner, external_id=f"user-{owner[-1]}", personal=personal)
        self.log.keep_user(self.tenant, command, now=self.clock())
        return self

    def entry(self, challenge: UUID, owner: str, value: str | None = "1", *, at: datetime | None = None) -> Logged:
        self._entries += 1
        entry = LogEntry(
            definition_id=challenge,
            owner_id=owner,
            activity_at=at or self.clock(),
            unique_identifier=f"{owner}-{self._entries}",
            activity_value=None if value is None else Decimal(value),
        )
        return self.log.log_entry(self.tenant, entry, now=self.clock())
