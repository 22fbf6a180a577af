"""Given, when, then: small words for tests of streaks. Nothing is read from a clock."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from domain import streak as streaks
from domain import streak_clock, streak_decisions
from domain.commands import AddMilestone, ChangeMilestone, Define, LogEntry, Redefine, VoidEntry
from domain.decision import Decision
from domain.definition import DefinitionCommand
from domain.engagement import (
    CompletionRolledBack,
    EntryCounted,
    MilestoneReached,
    RunCompleted,
    RunStarted,
)
from domain.events import Event, Recorded
from domain.ids import engagement_id, entry_id
from domain.streak import Streak
from domain.streak_events import PeriodMet, RunRecounted, RunWithdrawn, StreakBroken
from domain.streak_progress import StreakProgress, evolve
from domain.streak_run import StreakRun
from domain.vocabulary import OwnerStatus, Slug
from domain.voids import History
from tests.domain.given import LONG_AGO, OWNER, TENANT, at, milestone_id

STREAK_ID = UUID("5f2d3c1a-8b7e-4d6c-9a10-2b3c4d5e6f70")

_numbers = count(1)


def fields(**changes: Any) -> dict[str, Any]:
    """The fields of a live daily streak: 50 a day, seven days in a row. It warns nobody."""
    return {
        "name": "Spend 50 a day for a week",
        "status": "live",
        "aggregation_method": "sum",
        "aggregation_period": "daily",
        "aggregation_target_value": Decimal(50),
        "completion_target_value": 7,
        "at_risk_seconds": 0,
        **changes,
    }


def defined(**changes: Any) -> Streak:
    """A streak with these fields."""
    return after(None, Define(id=STREAK_ID, slug=Slug.STREAK, fields=fields(**changes)))


def after(streak: Streak | None, command: DefinitionCommand, now: datetime = LONG_AGO) -> Streak:
    """The streak after a command."""
    for event in streaks.decide(streak, command, now):
        streak = streaks.evolve(streak, event, now)
    assert streak is not None
    return streak


def redefine(**changes: Any) -> Redefine:
    return Redefine(id=STREAK_ID, slug=Slug.STREAK, changes=changes)


def add_milestone(target: object, number: int = 1, **more: Any) -> AddMilestone:
    told = {"target_value": target, **more}
    return AddMilestone(id=milestone_id(number), slug=Slug.STREAK, definition_id=STREAK_ID, fields=told)


def change_milestone(number: int = 1, **changes: Any) -> ChangeMilestone:
    return ChangeMilestone(id=milestone_id(number), slug=Slug.STREAK, definition_id=STREAK_ID, changes=changes)


def entry(activity_at: str | datetime, value: object = None, name: str = "", **attributes: Any) -> LogEntry:
    """An entry, with a uniqueIdentifier of its own unless it is named."""
    return LogEntry(
        definition_id=STREAK_ID,
        owner_id=OWNER,
        activity_at=at(activity_at) if isinstance(activity_at, str) else activity_at,
        unique_identifier=name or f"entry-{next(_numbers)}",
        activity_value=None if value is None else Decimal(str(value)),
        attributes=attributes,
        slug=Slug.STREAK,
    )


class Engagement:
    """One owner on one streak, and every event of it. An entry arrives when it happened, unless `now` is later."""

    def __init__(self, streak: Streak) -> None:
        self.streak = streak
        self.owner = OwnerStatus.LIVE
        self.recorded: list[Recorded] = []
        self.state = empty()

    def log(self, entry: LogEntry, now: str | datetime | None = None, *, backfill: bool = False) -> list[Event]:
        decision = self.begin(entry.activity_at if now is None else now)
        streak_decisions.log_entry(decision, entry, self.streak, self.streak.rules, self.owner, backfill=backfill)
        return self.keep(decision)

    def void(self, name: str, now: str | datetime, reason: str = "refunded") -> list[Event]:
        decision = self.begin(now)
        command = VoidEntry(entry_id=entry_id(self.state.id, name), reason=reason, actor="support")
        streak_decisions.void(decision, command, History(self.recorded), self.streak)
        return self.keep(decision)

    def advance(self, now: str | datetime) -> list[Event]:
        decision = self.begin(now)
        streak_clock.advance(decision, self.streak.pauses, decision.now)
        return self.keep(decision)

    def change(self, now: str | datetime = "2020-01-01", **changes: Any) -> None:
        """Edit the definition."""
        self.streak = after(self.streak, redefine(**changes), at(now) if isinstance(now, str) else now)

    def pause(self, start: str, end: str) -> None:
        """The definition is paused from one moment to another."""
        self.change(start, status="paused")
        self.change(end, status="live")

    @property
    def run(self) -> StreakRun:
        """The only run that is not over."""
        (run,) = self.state.runs
        return run

    def begin(self, now: str | datetime) -> Decision[StreakProgress]:
        return Decision(
            originator_id=self.state.id,
            tenant=TENANT,
            version=len(self.recorded),
            state=self.state,
            evolve=evolve,
            now=at(now) if isinstance(now, str) else now,
        )

    def keep(self, decision: Decision[StreakProgress]) -> list[Event]:
        self.recorded += decision.events
        self.state = decision.state
        return [one.event for one in decision.events]


def empty() -> StreakProgress:
    identifier = engagement_id(TENANT, STREAK_ID, OWNER, "streak")
    return StreakProgress(id=identifier, tenant=TENANT, definition_id=STREAK_ID, owner_id=OWNER)


def given(streak: Streak, *entries: LogEntry) -> Engagement:
    """An engagement that these entries were logged to, each when it happened."""
    engagement = Engagement(streak)
    for one in entries:
        engagement.log(one)
    return engagement


def days(first: str, number: int, value: object = 50) -> list[LogEntry]:
    """One entry a day from the first on, at ten in the morning."""
    start = datetime.fromisoformat(first)
    return [entry(f"{start.replace(day=start.day + day):%Y-%m-%d}T10:00", value) for day in range(number)]


class Record(NamedTuple):
    """What the read side shows of a run."""

    id: UUID
    number: int
    first: str
    status: str
    value: Decimal
    started_at: datetime
    ended_at: datetime | None
    last_contribution_at: datetime | None


def records(engagement: Engagement) -> list[Record]:
    """The progress records that the events tell of, by their numbers. Values are copied."""
    found: dict[UUID, Record] = {}
    for one in engagement.recorded:
        _FOLD.get(type(one.event), _nothing)(found, one.event)
    return sorted(found.values(), key=lambda record: record.number)


def told(engagement: Engagement) -> list[tuple[str, int]]:
    """Status and value of every record, in the order of their numbers."""
    return [(one.status, int(one.value)) for one in records(engagement)]


def rewards(engagement: Engagement) -> list[tuple[UUID, UUID]]:
    """Each milestone that was reached, with its reward."""
    reached = (one.event for one in engagement.recorded if isinstance(one.event, MilestoneReached))
    return [(event.milestone.id, event.reward_id) for event in reached]


Records = dict[UUID, Record]


def _started(found: Records, event: RunStarted) -> None:
    began = event.started_at
    found[event.run_id] = Record(
        event.run_id, event.number, event.window.key, "in_progress", Decimal(0), began, None, began
    )


def _counted(found: Records, event: EntryCounted) -> None:
    _change(found, event.run_id, started_at=event.started_at, last_contribution_at=event.last_contribution_at)


def _met(found: Records, event: PeriodMet) -> None:
    _change(found, event.run_id, value=Decimal(event.value))


def _recounted(found: Records, event: RunRecounted) -> None:
    _change(
        found,
        event.run_id,
        first=event.window.key,
        value=Decimal(event.value),
        started_at=event.started_at,
        last_contribution_at=event.last_contribution_at,
    )


def _completed(found: Records, event: RunCompleted) -> None:
    _change(found, event.run_id, status="completed", ended_at=event.completed_at, value=event.value)


def _rolled_back(found: Records, event: CompletionRolledBack) -> None:
    _change(found, event.run_id, status="in_progress", ended_at=None)


def _broken(found: Records, event: StreakBroken) -> None:
    _change(
        found,
        event.run_id,
        status="broken",
        ended_at=event.broken_at,
        value=Decimal(event.value),
        last_contribution_at=event.last_contribution_at,
    )


def _withdrawn(found: Records, event: RunWithdrawn) -> None:
    del found[event.run_id]


def _nothing(found: Records, event: Event) -> None:
    """Records say nothing of this event."""


def _change(found: Records, run: UUID, **values: Any) -> None:
    found[run] = found[run]._replace(**values)


_FOLD: dict[type[Event], Callable[[Records, Any], None]] = {
    RunStarted: _started,
    EntryCounted: _counted,
    PeriodMet: _met,
    RunRecounted: _recounted,
    RunCompleted: _completed,
    CompletionRolledBack: _rolled_back,
    StreakBroken: _broken,
    RunWithdrawn: _withdrawn,
}
