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
from projections.assignment_completion import READ_TABLES, completed
from projections.earlier_catalogue import Earlier
from projections.following.assigned import Assigned, members, of_teams, of_tenant, reaching, with_ids
from projections.following.going_on import Report, report_nothing
from reactors.at_work import STATEMENT_MILLISECONDS
from reactors.earlier_catalogue import before_changes
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

    def __init__(self, events: Iterable[Recorded]) -> None:
        self.owners: set[str] = set()
        self.done: set[str] = set()
        self.joined: dict[UUID, set[str]] = {}
        self.assignments: set[UUID] = set()
        self.items: set[str] = set()
        self.moved = False
        for one in events:
            self._add(one.event)

    def _add(self, event: Any) -> None:
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
    the read tables hold it: then they hold the rest, too. If the catalogue has changed since, it is looked at as it was
    as well. An assignment is completed once, whoever writes that first.
    """

    def __init__(self, database_url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._log = ProgressLog(database_url, DATABASE_STATEMENT_TIMEOUT=STATEMENT_MILLISECONDS)
        self._now = now
        self._follower = Follower(database_url, NAME, TOPICS, READ_TABLES, self._react)

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

    def run(self, stop: Flag, report: Report = report_nothing) -> None:
        """Follow the log until `stop` is set."""
        self._follower.run(stop, report)

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._follower.close()
        self._log.close()

    def _react(self, connection: Connection, events: Sequence[Recorded]) -> int:
        written = 0
        for tenant in {one.tenant: None for one in events}:
            own = [one for one in events if one.tenant == tenant]
            for some, earlier in before_changes(self._log, connection, tenant, own):
                written += self._settle(connection, tenant, Causes(some), earlier)
            written += self._settle(connection, tenant, Causes(own))
        return written

    def _settle(self, connection: Connection, tenant: str, causes: Causes, earlier: Earlier | None = None) -> int:
        written = 0
        if causes.owners:
            assigned = reaching(connection, tenant, causes.done, earlier)
            written += self._complete(connection, tenant, assigned, causes.owners, earlier)
        for team, owners in causes.joined.items():
            assigned = of_teams(connection, tenant, [team])
            written += self._complete(connection, tenant, assigned, owners, earlier)
        changed = with_ids(connection, tenant, causes.assignments) if causes.assignments else []
        if causes.moved:
            changed += of_tenant(connection, tenant)
        elif causes.items:
            changed += reaching(connection, tenant, causes.items, earlier)
        return written + self._complete_for_anybody(connection, tenant, set(changed), earlier)

    def _complete_for_anybody(
        self, connection: Connection, tenant: str, assigned: Collection[Assigned], earlier: Earlier | None
    ) -> int:
        """Those of the organisation by what was done of them, the others by whom they are for."""
        everybodys = [one for one in assigned if one.assignee_type == "org"]
        others = [one for one in assigned if one.assignee_type != "org"]
        teams = {one.assignee_id for one in others if one.assignee_type == "team" and one.assignee_id}
        owners = {one.assignee_id for one in others if one.assignee_type == "user" and one.assignee_id}
        if teams:
            owners.update(members(connection, tenant, teams))
        written = self._complete(connection, tenant, others, owners, earlier)
        return written + self._complete(connection, tenant, everybodys, None, earlier)

    def _complete(
        self,
        connection: Connection,
        tenant: str,
        assigned: Iterable[Assigned],
        owners: Collection[str] | None,
        earlier: Earlier | None,
    ) -> int:
        ids = [one.id for one in assigned]
        if not ids or (owners is not None and not owners):
            return 0
        slices, now = self._log.log_recorder.slices, self._now()
        found = completed(connection, tenant, ids, owners, slices, earlier)
        written = [
            assignments.complete_assignment(
                self._log, tenant, one.assignment_id, one.owner_id, one.completed_at, one.total_items, now=now
            )
            for one in found
        ]
        return sum(position is not None for position in written)
