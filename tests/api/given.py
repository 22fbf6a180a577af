"""What is in the log when the api is asked: challenges and streaks, and entries of end users in them."""

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
DAILY_SPEND, WEEKLY_VISITS, MONTHLY_WORKOUTS = (
    UUID(f"c0ffee00-0000-4000-8000-00000000001{number}") for number in (1, 2, 3)
)
# An id that nothing has; the same in every process of a test run, because it names tests.
UNKNOWN = UUID("5c1f8a34-0d27-4f7b-9a3e-6b2d9e41c7f0")
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
STREAKS: dict[UUID, dict[str, Any]] = {
    DAILY_SPEND: {
        "name": "Spend 50 on each of 7 days",
        "aggregation_method": "sum",
        "aggregation_period": "daily",
        "aggregation_target_value": Decimal(50),
        "completion_target_value": 7,
    },
    WEEKLY_VISITS: {
        "name": "Three visits in each of 4 weeks",
        "aggregation_method": "count",
        "aggregation_period": "weekly",
        "aggregation_target_value": Decimal(3),
        "completion_target_value": 4,
    },
    MONTHLY_WORKOUTS: {
        "name": "Four workouts in each of 3 months",
        "aggregation_method": "count",
        "aggregation_target_value": Decimal(4),
        "completion_target_value": 3,
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

    def define(self, *definitions: UUID, **changes: Any) -> "Given":
        for definition in definitions:
            rules = {**RULES, **STREAKS}[definition]
            fields = {"status": "live", "aggregation_period": "monthly", **rules, **changes}
            command = Define(id=definition, slug=slug_of(definition), fields=fields)
            self.log.define(self.tenant, definition, command, now=self.clock())
        return self

    def user(self, owner: str, **personal: str) -> "Given":
        command = KeepUser(id=owner, external_id=f"user-{owner[-1]}", personal=personal)
        self.log.keep_user(self.tenant, command, now=self.clock())
        return self

    def entry(self, definition: UUID, owner: str, value: str | None = "1", *, at: datetime | None = None) -> Logged:
        self._entries += 1
        entry = LogEntry(
            definition_id=definition,
            owner_id=owner,
            activity_at=at or self.clock(),
            unique_identifier=f"{owner}-{self._entries}",
            activity_value=None if value is None else Decimal(value),
            slug=slug_of(definition),
        )
        return self.log.log_entry(self.tenant, entry, now=self.clock())


def slug_of(definition: UUID) -> Slug:
    """Which kind of definition it is."""
    return Slug.STREAK if definition in STREAKS else Slug.CHALLENGE
