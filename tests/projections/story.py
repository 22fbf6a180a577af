"""A story in which every kind of event happens. What it wrote with an old release is kept in tests/fixtures/logs."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain import assignments
from domain.application import ProgressLog
from domain.commands import (
    AddMilestone,
    ChangeMilestone,
    ChangeReward,
    Define,
    EraseUser,
    KeepUser,
    LogEntry,
    Redefine,
    VoidEntry,
)
from domain.erasure import erase_user
from domain.ids import engagement_id
from domain.outcomes import Logged
from domain.vocabulary import OwnerStatus, Slug
from tests.given_training import Training

ADA, BOB, EVE = (str(UUID(int=number)) for number in (1, 2, 3))
SPEND, VISITS, DAILY, STRICT = (UUID(int=number) for number in (11, 12, 21, 22))
COFFEE, CAKE = UUID(int=31), UUID(int=32)
TEAM, FOR_TEAM = UUID(int=41), UUID(int=51)


def april(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, minute, tzinfo=UTC)


class Story:
    """Tells it to a log."""

    def __init__(self, log: ProgressLog, tenant: str) -> None:
        self.log, self.tenant, self.now = log, tenant, april(1)
        self._said = 0

    def tell(self) -> None:
        """Everything, from April to June."""
        self._users()
        self._challenges()
        self._streaks()
        self._training()
        erase_user(self.log, self.tenant, EraseUser(id=EVE, actor="support"), now=self.now)

    def _users(self) -> None:
        for owner, name in ((ADA, "Ada"), (BOB, "Bob"), (EVE, "Eve")):
            self.log.keep_user(self.tenant, KeepUser(id=owner, personal={"first_name": name}), now=self.now)
        self.log.keep_user(self.tenant, KeepUser(id=EVE, status=OwnerStatus.PAUSED), now=self.now)

    def _challenges(self) -> None:
        rules = {
            "aggregation_method": "sum",
            "completion_target_value": Decimal(500),
            "rollback_after_completion": True,
        }
        self._define(Slug.CHALLENGE, SPEND, {"name": "Spend 500 in a month", **rules})
        visits = {"aggregation_method": "count", "completion_target_value": Decimal(2)}
        self._define(Slug.CHALLENGE, VISITS, {"name": "Two visits", **visits})
        self._milestone(Slug.CHALLENGE, SPEND, COFFEE, Decimal(100))
        self._say(Slug.CHALLENGE, SPEND, EVE, april(2), "9.99")
        self._say(Slug.CHALLENGE, SPEND, ADA, april(3), "187.50")
        over = self._say(Slug.CHALLENGE, SPEND, ADA, april(4), "312.50")
        self._void(over)
        self._say(Slug.CHALLENGE, VISITS, ADA, april(4), None)
        self._say(Slug.CHALLENGE, VISITS, ADA, april(5), None)
        self._say(Slug.CHALLENGE, VISITS, BOB, april(5), None)
        reward = over_reward(self.log, self.tenant)
        change = ChangeReward(reward_id=reward, definition_id=SPEND, owner_id=ADA, changes={"coupon_code": "COFFEE-1"})
        self.log.change_reward(self.tenant, change, now=april(6))
        self._pause(Slug.CHALLENGE, VISITS, april(10), april(11))
        self._advance(april(30, 23), SPEND, VISITS)
        self._advance(datetime(2026, 5, 2, tzinfo=UTC), SPEND, VISITS)

    def _streaks(self) -> None:
        self.now = april(1)
        rules = {"aggregation_method": "sum", "aggregation_period": "daily", "aggregation_target_value": Decimal(50)}
        self._define(Slug.STREAK, DAILY, {"name": "Spend 50 a day", "completion_target_value": None, **rules})
        strict = {"completion_target_value": 2, "late_grace_seconds": 300_000, "rollback_after_completion": True}
        self._define(Slug.STREAK, STRICT, {"name": "Two days in a row", **rules, **strict})
        self._milestone(Slug.STREAK, DAILY, CAKE, 2)
        for day in (1, 2):
            self._say(Slug.STREAK, DAILY, ADA, april(day), "50")
            self._say(Slug.STREAK, DAILY, BOB, april(day, 11), "60")
        self._void(self._say(Slug.STREAK, DAILY, BOB, april(3), "70"))
        self._say(Slug.STREAK, DAILY, ADA, april(3, 12), "50")
        self._advance(april(3, 20, 10), DAILY)
        self._advance(april(4, 0, 10), DAILY)
        self._pause(Slug.STREAK, DAILY, april(4, 9), april(4, 10))
        self._advance(april(4, 20, 10), DAILY)
        for day, value in ((2, "55"), (3, "55"), (4, "55"), (1, "10")):
            self._say(Slug.STREAK, STRICT, ADA, april(day), value, now=april(4, 12))
        for day in (1, 3):
            self._say(Slug.STREAK, STRICT, BOB, april(day), "55", now=april(4, 13))
        self._void(self._say(Slug.STREAK, STRICT, BOB, april(5), "55"))
        self._advance(april(20), DAILY, STRICT)

    def _training(self) -> None:
        self.now = april(21)
        training = Training(self.log, lambda: self.now, self.tenant)
        training.item("databases", "module").topic("sql-injection", 2, "databases").scenario("jwt-tampering", 3)
        training.change("databases", title="All about databases")
        self._define(Slug.TEAM, TEAM, {"name": "red"}, bare=True)
        self._change(Slug.TEAM, TEAM, {"name": "blue"})
        training.join(TEAM, ADA, BOB)
        training.leave(TEAM, BOB)
        training.assign("topic", "sql-injection", TEAM, FOR_TEAM)
        training.reassign(FOR_TEAM, note="until May")
        training.phase(ADA, "sql-injection", 0, 1)
        training.void(training.phase(ADA, "sql-injection", 0, 2, 40))
        training.practise(ADA, "sql-injection", 0, 1)
        training.phase(EVE, "sql-injection", 0, 1)
        training.learn(ADA, "jwt-tampering")
        training.void(training.learn(ADA, "jwt-tampering", 2))
        training.learn(ADA, "jwt-tampering", 3)
        training.learn(EVE, "jwt-tampering", 1)
        assignments.complete_assignment(self.log, self.tenant, FOR_TEAM, ADA, self.now, 2, now=self.now)

    def _define(self, slug: Slug, identifier: UUID, fields: dict[str, Any], *, bare: bool = False) -> None:
        told = fields if bare else {"status": "live", "aggregation_period": "monthly", **fields}
        self.log.define(self.tenant, identifier, Define(id=identifier, slug=slug, fields=told), now=self.now)

    def _change(self, slug: Slug, identifier: UUID, changes: dict[str, Any], now: datetime | None = None) -> None:
        command = Redefine(id=identifier, slug=slug, changes=changes)
        self.log.define(self.tenant, identifier, command, now=now or self.now)

    def _pause(self, slug: Slug, identifier: UUID, since: datetime, until: datetime) -> None:
        self._change(slug, identifier, {"status": "paused"}, since)
        self._change(slug, identifier, {"status": "live"}, until)

    def _milestone(self, slug: Slug, definition: UUID, identifier: UUID, target: Any) -> None:
        fields = {"name": "a first step", "target_value": target, "reward_item_id": "coffee"}
        names = {"id": identifier, "slug": slug, "definition_id": definition}
        self.log.define(self.tenant, definition, AddMilestone(**names, fields=fields), now=self.now)
        changed = ChangeMilestone(**names, changes={"name": "the first step"})
        self.log.define(self.tenant, definition, changed, now=self.now)

    def _say(
        self, slug: Slug, definition: UUID, owner: str, at: datetime, value: str | None, now: datetime | None = None
    ) -> Logged:
        self._said += 1
        entry = LogEntry(
            definition_id=definition,
            owner_id=owner,
            activity_at=at,
            unique_identifier=f"said-{self._said}",
            activity_value=None if value is None else Decimal(value),
            slug=slug,
        )
        return self.log.log_entry(self.tenant, entry, now=now or at)

    def _void(self, logged: Logged) -> None:
        command = VoidEntry(entry_id=logged.id, reason="refunded", actor="support")
        self.log.void_entry(self.tenant, command, now=logged.recorded_at)

    def _advance(self, now: datetime, *definitions: UUID) -> None:
        for definition in definitions:
            slug = Slug.STREAK if definition in (DAILY, STRICT) else Slug.CHALLENGE
            engagements = [engagement_id(self.tenant, definition, owner, slug) for owner in (ADA, BOB, EVE)]
            self.log.advance(self.tenant, engagements, now=now)


def over_reward(log: ProgressLog, tenant: str) -> UUID:
    """The reward that Ada got for her first hundred."""
    history = log.history(engagement_id(tenant, SPEND, ADA))
    return next(one.event.reward_id for one in history if hasattr(one.event, "reward_id"))
