"""Training as tests tell it: a catalogue, teams, assignments, and what owners practise and learn."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from domain import assignments
from domain.application import ProgressLog
from domain.commands import Define, KeepUser, Redefine, VoidEntry
from domain.outcomes import Logged
from domain.training import LearnEntry, PracticeEntry
from domain.vocabulary import Slug

_numbers = count(1)


class Training:
    """A tenant's training. Everything is recorded at the clock's time, and was done then unless a time is given."""

    def __init__(self, log: ProgressLog, clock: Callable[[], datetime], tenant: str = "acme") -> None:
        self.log, self.clock, self.tenant = log, clock, tenant

    def of(self, tenant: str) -> "Training":
        """The same in another tenant."""
        return Training(self.log, self.clock, tenant)

    def item(self, identifier: str, kind: str, under: str | None = None, **fields: Any) -> "Training":
        told = {"kind": kind, "title": identifier.replace("-", " ").title(), "parent_id": under, **fields}
        self._define(Slug.CATALOGUE, identifier, told)
        return self

    def topic(self, identifier: str, challenges: int, under: str | None = None, **fields: Any) -> "Training":
        return self.item(identifier, "topic", under, total_challenges=challenges, **fields)

    def scenario(self, identifier: str, steps: int = 1, under: str | None = None, **fields: Any) -> "Training":
        return self.item(identifier, "scenario", under, total_steps=steps, **fields)

    def change(self, identifier: str, **changes: Any) -> None:
        """Edit an item of the catalogue."""
        self._redefine(Slug.CATALOGUE, identifier, changes)

    def team(self, *members: str) -> UUID:
        identifier = uuid4()
        self._define(Slug.TEAM, identifier, {"name": "a team"})
        self.join(identifier, *members)
        return identifier

    def join(self, team: UUID, *members: str) -> None:
        assignments.keep_members(self.log, self.tenant, team, joining=members, now=self.clock())

    def leave(self, team: UUID, *members: str) -> None:
        assignments.keep_members(self.log, self.tenant, team, leaving=members, now=self.clock())

    def user(self, owner: str) -> None:
        self.log.keep_user(self.tenant, KeepUser(id=owner), now=self.clock())

    def assign(
        self, target_type: str, target: str, to: str | UUID | None = None, identifier: UUID | None = None, **fields: Any
    ) -> UUID:
        """Assign something: to a user, to a team by its UUID, else to the organisation."""
        identifier = identifier or uuid4()
        kind = "org" if to is None else "team" if isinstance(to, UUID) else "user"
        area = "learn" if target_type in ("course", "scenario") else "practice"
        told = {"content_area": area, "target_type": target_type, "target_id": target, "assignee_type": kind, **fields}
        self._define(Slug.ASSIGNMENT, identifier, {**told, "assignee_id": None if to is None else str(to)})
        return identifier

    def reassign(self, assignment: UUID, **changes: Any) -> None:
        """Edit an assignment."""
        self._redefine(Slug.ASSIGNMENT, assignment, changes)

    def phase(
        self,
        owner: str,
        topic: str,
        index: int,
        phase: int,
        score: int = 50,
        *,
        at: datetime | None = None,
        **more: Any,
    ) -> Logged:
        told = {"hint_used": False, "language": "python", **more}
        import_id = told.pop("import_id", None)
        entry = PracticeEntry(
            owner_id=owner,
            topic_id=topic,
            challenge_index=index,
            phase=phase,
            score=score,
            activity_at=at or self.clock(),
            unique_identifier=f"entry-{next(_numbers)}",
            **told,
        )
        return self.log.log_entry(self.tenant, entry, now=self.clock(), import_id=import_id)

    def practise(self, owner: str, topic: str, *indexes: int, at: datetime | None = None, **more: Any) -> "Training":
        """Complete challenges of a topic."""
        for index in indexes:
            for phase in (1, 2):
                self.phase(owner, topic, index, phase, at=at, **more)
        return self

    def learn(self, owner: str, scenario: str, step: int | None = None, *, at: datetime | None = None) -> Logged:
        entry = LearnEntry(
            owner_id=owner,
            scenario_id=scenario,
            step=step,
            activity_at=at or self.clock(),
            unique_identifier=f"entry-{next(_numbers)}",
        )
        return self.log.log_entry(self.tenant, entry, now=self.clock())

    def void(self, logged: Logged) -> None:
        self.log.void_entry(
            self.tenant, VoidEntry(entry_id=logged.id, reason="a mistake", actor="support"), now=self.clock()
        )

    def _define(self, slug: Slug, identifier: str | UUID, fields: dict[str, Any]) -> None:
        command = Define(id=identifier, slug=slug, fields=fields)
        self.log.define(self.tenant, identifier, command, now=self.clock())

    def _redefine(self, slug: Slug, identifier: str | UUID, changes: dict[str, Any]) -> None:
        command = Redefine(id=identifier, slug=slug, changes=changes)
        self.log.define(self.tenant, identifier, command, now=self.clock())
