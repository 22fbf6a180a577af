"""Assignments are completed by what is done elsewhere: this follows the log and writes it down, once (RULES 8)."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from threading import Event as Flag
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain import assignments
from domain.application import ProgressLog
from domain.assignment import AssignmentChanged, AssignmentDefined
from domain.catalogue import CatalogueItemChanged, CatalogueItemDefined
from domain.events import Recorded
from domain.learn_progress import ScenarioCompleted
from domain.membership import TeamJoined
from domain.practice_progress import PracticeCompleted
from projections import assignment_completion
from projections.assignment_completion import Assigned
from reactors.following import Follower

NAME = "assignments"
TOPICS = (
    PracticeCompleted.TOPIC,
    ScenarioCompleted.TOPIC,
    TeamJoined.TOPIC,
    AssignmentDefined.TOPIC,
    AssignmentChanged.TOPIC,
    CatalogueItemDefined.TOPIC,
    CatalogueItemChanged.TOPIC,
)


class Causes:
    """What the events of one tenant in a batch may have completed."""

    def __init__(self) -> None:
        self.owners: set[str] = set()
        self.done: set[str] = set()
        self.joined: dict[UUID, set[str]] = {}
        self.assignments: set[UUID] = set()
        self.items: set[str] = set()
        self.moved = False

    def add(self, event: Any) -> None:
        """Note what one event may have completed."""
        match event:
            case PracticeCompleted():
                self.owners.add(event.owner_id)
                self.done.add(event.topic_id)
            case ScenarioCompleted():
                self.owners.add(event.owner_id)
                self.done.add(event.scenario_id)
            case TeamJoined():
                self.joined.setdefault(event.team_id, set()).add(event.owner_id)
            case AssignmentDefined() | AssignmentChanged():
                self.assignments.add(event.assignment_id)
            case CatalogueItemDefined():
                self.items.add(event.item_id)
            case CatalogueItemChanged() if "parent_id" in event.changed:
                # What it lay under before has lost it, and nothing says what that was.
                self.moved = True
            case CatalogueItemChanged() if {"total_challenges", "items", "status"} & set(event.changed):
                self.items.add(event.item_id)


class AssignmentCompletion:
    """Writes down who has completed which assignment. Several may run, and each may be killed at any time.

    Whatever happens last, a completion, a membership, an assignment or a change of the catalogue, is reacted to when
    the read tables hold it: then they hold the rest, too. An assignment is completed once, whoever writes that first.
    """

    def __init__(self, database_url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._log = ProgressLog(database_url)
        self._now = now
        self._follower = Follower(database_url, NAME, TOPICS, assignment_completion.READ_TABLES, self._react)

    @property
    def errors(self) -> dict[int, str]:
        """What stops a slice."""
        return self._follower.errors

    def step(self) -> int:
        """React to what is there now; how many assignments that completed."""
        return self._follower.step()

    def level(self) -> bool:
        """Whether everything in the log was reacted to."""
        return self._follower.level()

    def run(self, stop: Flag, report: Callable[[str], None] = lambda message: None) -> None:
        """Follow the log until `stop` is set."""
        self._follower.run(stop, report)

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._follower.close()
        self._log.close()

    def _react(self, connection: Connection, events: Sequence[Recorded]) -> int:
        causes: dict[str, Causes] = {}
        for one in events:
            causes.setdefault(one.tenant, Causes()).add(one.event)
        return sum(self._settle(connection, tenant, found) for tenant, found in causes.items())

    def _settle(self, connection: Connection, tenant: str, causes: Causes) -> int:
        asked = assignment_completion
        written = 0
        if causes.owners:
            assigned = asked.reaching(connection, tenant, causes.done)
            written += self._complete(connection, tenant, assigned, causes.owners)
        for team, owners in causes.joined.items():
            written += self._complete(connection, tenant, asked.of_teams(connection, tenant, [team]), owners)
        changed = asked.with_ids(connection, tenant, causes.assignments) if causes.assignments else []
        if causes.moved:
            changed += asked.of_tenant(connection, tenant)
        elif causes.items:
            changed += asked.reaching(connection, tenant, causes.items)
        return written + self._complete_for_anybody(connection, tenant, set(changed))

    def _complete_for_anybody(self, connection: Connection, tenant: str, assigned: Collection[Assigned]) -> int:
        """Those of the organisation by what was done of them, the others by whom they are for."""
        everybodys = [one for one in assigned if one.assignee_type == "org"]
        others = [one for one in assigned if one.assignee_type != "org"]
        teams = {one.assignee_id for one in others if one.assignee_type == "team" and one.assignee_id}
        owners = {one.assignee_id for one in others if one.assignee_type == "user" and one.assignee_id}
        if teams:
            owners.update(assignment_completion.members(connection, tenant, teams))
        written = self._complete(connection, tenant, others, owners)
        return written + self._complete(connection, tenant, everybodys, None)

    def _complete(
        self, connection: Connection, tenant: str, assigned: Iterable[Assigned], owners: Collection[str] | None
    ) -> int:
        ids = [one.id for one in assigned]
        if not ids or (owners is not None and not owners):
            return 0
        slices, now = self._log.log_recorder.slices, self._now()
        found = assignment_completion.completed(connection, tenant, ids, owners, slices)
        written = [
            assignments.complete_assignment(
                self._log, tenant, one.assignment_id, one.owner_id, one.completed_at, one.total_items, now=now
            )
            for one in found
        ]
        return sum(position is not None for position in written)
