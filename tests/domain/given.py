"""Given, when, then: small words for tests of challenges. Nothing is read from a clock."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from domain import challenge as challenges
from domain import challenge_decisions
from domain.challenge import Challenge, DefinitionCommand
from domain.challenge_progress import ChallengeProgress, Run, RunExcused, RunFailed, evolve
from domain.commands import AddMilestone, ChangeMilestone, Define, LogEntry, Redefine, VoidEntry
from domain.decision import Decision
from domain.engagement import (
    CompletionRolledBack,
    EntryCounted,
    EntryVoided,
    MilestoneReached,
    RunCompleted,
    RunStarted,
)
from domain.events import Event, Recorded
from domain.ids import engagement_id, entry_id
from domain.vocabulary import OwnerStatus, Slug
from domain.voids import History

TENANT, OWNER = "acme", "ana"
CHALLENGE_ID = UUID("0b8f1f10-5f0e-4c59-9d6e-1f2a3b4c5d6e")
GRACE = timedelta(seconds=300)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

E = TypeVar("E", bound=Event)
_numbers = count(1)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fields(**changes: Any) -> dict[str, Any]:
    """The fields of a live monthly challenge: 500 in a month."""
    return {
        "name": "Spend 500 in a month",
        "status": "live",
        "aggregation_method": "sum",
        "aggregation_period": "monthly",
        "completion_target_value": Decimal(500),
        **changes,
    }


def defined(**changes: Any) -> Challenge:
    """A challenge with these fields."""
    return after(None, Define(id=CHALLENGE_ID, slug=Slug.CHALLENGE, fields=fields(**changes)))


def after(challenge: Challenge | None, command: DefinitionCommand, now: datetime = LONG_AGO) -> Challenge:
    """The challenge after a command."""
    for event in challenges.decide(challenge, command, now):
        challenge = challenges.evolve(challenge, event, now)
    assert challenge is not None
    return challenge


def redefine(**changes: Any) -> Redefine:
    return Redefine(id=CHALLENGE_ID, slug=Slug.CHALLENGE, changes=changes)


def milestone_id(number: int) -> UUID:
    return UUID(int=number, version=4)


def add_milestone(target: object, number: int = 1, **more: Any) -> AddMilestone:
    told = {"target_value": target, **more}
    return AddMilestone(id=milestone_id(number), slug=Slug.CHALLENGE, definition_id=CHALLENGE_ID, fields=told)


def change_milestone(number: int = 1, **changes: Any) -> ChangeMilestone:
    return ChangeMilestone(id=milestone_id(number), slug=Slug.CHALLENGE, definition_id=CHALLENGE_ID, changes=changes)


def entry(activity_at: str | datetime, value: object = None, name: str = "", **attributes: Any) -> LogEntry:
    """An entry, with a uniqueIdentifier of its own unless it is named."""
    return LogEntry(
        definition_id=CHALLENGE_ID,
        owner_id=OWNER,
        activity_at=at(activity_at) if isinstance(activity_at, str) else activity_at,
        unique_identifier=name or f"entry-{next(_numbers)}",
        activity_value=None if value is None else Decimal(str(value)),
        attributes=attributes,
    )


class Engagement:
    """One owner on one challenge, and every event of it. An entry arrives when it happened, unless `now` is later."""

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self.owner = OwnerStatus.LIVE
        self.recorded: list[Recorded] = []
        self.state = empty()

    def log(self, entry: LogEntry, now: str | datetime | None = None, *, backfill: bool = False) -> list[Event]:
        decision = self.begin(entry.activity_at if now is None else now)
        challenge_decisions.log_entry(
            decision, entry, self.challenge, self.challenge.rules, self.owner, backfill=backfill
        )
        return self.keep(decision)

    def void(self, name: str, now: str | datetime, reason: str = "refunded") -> list[Event]:
        decision = self.begin(now)
        command = VoidEntry(entry_id=entry_id(self.state.id, name), reason=reason, actor="support")
        challenge_decisions.void(decision, command, History(self.recorded), self.challenge)
        return self.keep(decision)

    def advance(self, now: str | datetime) -> list[Event]:
        decision = self.begin(now)
        challenge_decisions.advance(decision, self.challenge.pauses, decision.now)
        return self.keep(decision)

    def change(self, now: str = "2020-01-01", **changes: Any) -> None:
        """Edit the definition."""
        self.challenge = after(self.challenge, redefine(**changes), at(now))

    @property
    def run(self) -> Run:
        """The only unsealed run."""
        (run,) = self.state.runs
        return run

    def begin(self, now: str | datetime) -> Decision[ChallengeProgress]:
        return Decision(
            originator_id=self.state.id,
            tenant=TENANT,
            version=len(self.recorded),
            state=self.state,
            evolve=evolve,
            now=at(now) if isinstance(now, str) else now,
        )

    def keep(self, decision: Decision[ChallengeProgress]) -> list[Event]:
        self.recorded += decision.events
        self.state = decision.state
        return [one.event for one in decision.events]


def empty() -> ChallengeProgress:
    identifier = engagement_id(TENANT, CHALLENGE_ID, OWNER)
    return ChallengeProgress(id=identifier, tenant=TENANT, definition_id=CHALLENGE_ID, owner_id=OWNER)


def given(challenge: Challenge, *entries: LogEntry) -> Engagement:
    """An engagement that these entries were logged to, each when it happened."""
    engagement = Engagement(challenge)
    for one in entries:
        engagement.log(one)
    return engagement


def kinds(events: Iterable[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def every(events: Iterable[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def last(events: Iterable[Event], kind: type[E]) -> E:
    return every(events, kind)[-1]


class Record(NamedTuple):
    """What the read side shows of a run."""

    id: UUID
    key: str
    status: str
    value: Decimal
    started_at: datetime
    ended_at: datetime | None = None


def records(engagement: Engagement) -> dict[str, Record]:
    """The progress records that the events tell of, by the keys of their windows. Values are copied."""
    found: dict[UUID, Record] = {}
    for one in engagement.recorded:
        event = one.event
        match event:
            case RunStarted(run_id=run):
                found[run] = Record(run, event.window.key, "in_progress", Decimal(0), event.started_at)
            case EntryCounted(run_id=run):
                found[run] = found[run]._replace(value=event.total, started_at=event.started_at)
            case RunCompleted(run_id=run):
                found[run] = found[run]._replace(status="completed", ended_at=event.completed_at)
            case CompletionRolledBack(run_id=run):
                found[run] = found[run]._replace(status="in_progress", ended_at=None)
            case RunFailed(run_id=run):
                found[run] = found[run]._replace(status="failed", ended_at=event.failed_at)
            case RunExcused(run_id=run):
                del found[run]
            case EntryVoided(run_id=run) if event.effective and run:
                started_at = event.started_at or found[run].started_at
                found[run] = found[run]._replace(value=event.total, started_at=started_at)
    return {record.key: record for record in found.values()}


def rewards(engagement: Engagement) -> list[tuple[UUID, UUID]]:
    """Each milestone that was reached, with its reward."""
    reached = (one.event for one in engagement.recorded if isinstance(one.event, MilestoneReached))
    return [(event.milestone.id, event.reward_id) for event in reached]
