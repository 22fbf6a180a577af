"""Given, when, then for training: items of the catalogue, and one owner's practice and learn engagements."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from domain import catalogue, learn_decisions, practice_decisions
from domain.catalogue import CatalogueItem
from domain.commands import Define, VoidEntry
from domain.decision import Decision
from domain.events import Event, Recorded
from domain.ids import entry_id
from domain.learn_progress import LearnProgress
from domain.learn_progress import evolve as evolve_learn
from domain.practice_progress import PracticeProgress
from domain.practice_progress import evolve as evolve_practice
from domain.training import LearnEntry, PracticeEntry
from domain.vocabulary import OwnerStatus, Slug
from domain.voids import History
from tests.domain.given import OWNER, TENANT, at

_numbers = count(1)
LONG_AGO = at("2020-01-01")


def item(identifier: str = "sql-injection", **fields: Any) -> CatalogueItem:
    """An item of the catalogue; a topic of five challenges unless something else is said."""
    told = {"kind": "topic", "title": "SQL Injection", **fields}
    if told["kind"] == "topic":
        told.setdefault("total_challenges", 5)
    found = None
    for event in catalogue.decide(None, Define(id=identifier, slug=Slug.CATALOGUE, fields=told), LONG_AGO):
        found = catalogue.evolve(found, event, LONG_AGO)
    assert found is not None
    return found


def scenario(steps: int = 7) -> CatalogueItem:
    return item("jwt-tampering", kind="scenario", title="JWT Tampering", total_steps=steps)


def scored(phase: int, score: int, activity_at: str, name: str = "", **more: Any) -> PracticeEntry:
    """A phase of the first challenge of a topic."""
    return PracticeEntry(
        **{
            "owner_id": OWNER,
            "topic_id": "sql-injection",
            "challenge_index": 0,
            "phase": phase,
            "score": score,
            "language": "python",
            "activity_at": at(activity_at),
            "unique_identifier": name or f"entry-{next(_numbers)}",
            **more,
        }
    )


def opened(activity_at: str, step: int | None = None, name: str = "", **more: Any) -> LearnEntry:
    """A scenario opened, or a step of it reached."""
    return LearnEntry(
        **{
            "owner_id": OWNER,
            "scenario_id": "jwt-tampering",
            "step": step,
            "activity_at": at(activity_at),
            "unique_identifier": name or f"entry-{next(_numbers)}",
            **more,
        }
    )


class _Engagement:
    """One owner on one item, and every event of it. An entry arrives when it happened, unless `now` is later."""

    log_entry: Callable[..., None]
    take_back: Callable[..., None]
    evolve: Callable[..., Any]

    def __init__(self, about: CatalogueItem, state: Any) -> None:
        self.about, self.state = about, state
        self.owner = OwnerStatus.LIVE
        self.recorded: list[Recorded] = []

    def log(self, *entries: Any, now: str | None = None) -> list[Event]:
        """Log entries; the events of the last one."""
        events: list[Event] = []
        for entry in entries:
            decision = self._begin(at(now) if now else entry.activity_at)
            identifier = entry_id(self.state.id, entry.unique_identifier)
            type(self).log_entry(decision, entry, self.about, None, self.owner, identifier=identifier)
            events = self._keep(decision)
        return events

    def void(self, name: str, now: str = "2026-12-31", reason: str = "a mistake") -> list[Event]:
        decision = self._begin(at(now))
        command = VoidEntry(entry_id=entry_id(self.state.id, name), reason=reason, actor="support")
        type(self).take_back(decision, command, History(self.recorded), self.about)
        return self._keep(decision)

    def replayed(self) -> Any:
        """The state that the events lead to from nothing."""
        state = type(self.state)(**{name: getattr(self.state, name) for name in self.about_whom})
        for one in self.recorded:
            state = type(self).evolve(state, one.event, one.recorded_at)
        return state

    @property
    def about_whom(self) -> tuple[str, ...]:
        own = ("topic_id", "challenge_index") if isinstance(self.state, PracticeProgress) else ("scenario_id",)
        return ("id", "tenant", "owner_id", *own)

    def _begin(self, now: datetime) -> Decision[Any]:
        return Decision(
            originator_id=self.state.id,
            tenant=TENANT,
            version=len(self.recorded),
            state=self.state,
            evolve=type(self).evolve,
            now=now,
        )

    def _keep(self, decision: Decision[Any]) -> list[Event]:
        self.recorded += decision.events
        self.state = decision.state
        return [one.event for one in decision.events]


class Practice(_Engagement):
    """One owner on one challenge of a topic."""

    log_entry = practice_decisions.log_entry
    take_back = practice_decisions.void
    evolve = evolve_practice

    def __init__(self, topic: CatalogueItem | None = None) -> None:
        about = scored(1, 0, "2026-01-01")
        super().__init__(
            topic or item(), PracticeProgress(id=about.engagement_id(TENANT), tenant=TENANT, **about.engaged())
        )


class Learn(_Engagement):
    """One owner on one scenario."""

    log_entry = learn_decisions.log_entry
    take_back = learn_decisions.void
    evolve = evolve_learn

    def __init__(self, about: CatalogueItem | None = None) -> None:
        entry = opened("2026-01-01")
        super().__init__(
            about or scenario(), LearnProgress(id=entry.engagement_id(TENANT), tenant=TENANT, **entry.engaged())
        )
