"""The peer: the same challenges on the `eventsourcing` library as it comes, used the way that it documents."""

import time
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from benchmarks.history import FIELDS, MILESTONES, Entry
from domain.challenge import ChallengeFields
from domain.vocabulary import DefinitionStatus, Method
from domain.windows import window_at

NAMES = {"dbname": "DBNAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}


class Engagement(Aggregate):
    """One owner on one challenge: the tally of a window, its target and its milestones."""

    def __init__(self, challenge: UUID, owner: UUID) -> None:
        self.challenge = challenge
        self.owner = owner
        self.window = ""
        self.value = Decimal(0)
        self.completed_at: datetime | None = None
        self.milestones: list[str] = []

    @staticmethod
    def create_id(challenge: UUID, owner: UUID) -> UUID:
        return uuid5(challenge, str(owner))

    def log(self, entry: Entry) -> None:
        """The rule of the benchmark's challenges; windows are found by the function that Milepost uses."""
        fields = _fields(entry.challenge)
        window = window_at(fields.schedule, entry.at)
        if window is None:
            raise ValueError("the calendars of the challenges have no gaps")
        if window.key != self.window:
            self.start(window.key, window.start, window.end)
        added = Decimal(entry.cents) / 100 if fields.aggregation_method is Method.SUM else Decimal(1)
        self.count(entry.identifier, entry.at, added, self.value + added)
        if self.value >= fields.completion_target_value and self.completed_at is None:
            self.complete(entry.at)
        for challenge, target in MILESTONES:
            if challenge == self.challenge and self.value >= target and str(target) not in self.milestones:
                self.reach(str(target), entry.at)

    @event("Started")
    def start(self, window: str, begin: datetime, end: datetime) -> None:
        self.window = window
        self.value = Decimal(0)
        self.completed_at = None
        self.milestones = []

    @event("Counted")
    def count(self, identifier: str, at: datetime, added: Decimal, value: Decimal) -> None:
        self.value = value

    @event("Completed")
    def complete(self, at: datetime) -> None:
        self.completed_at = at

    @event("Reached")
    def reach(self, target: str, at: datetime) -> None:
        self.milestones.append(target)


class Engagements(Application[UUID]):
    """Gets an aggregate, triggers events, saves it: one entry, one transaction."""

    def log_entry(self, entry: Entry) -> None:
        try:
            engagement: Engagement = self.repository.get(Engagement.create_id(entry.challenge, entry.owner))
        except AggregateNotFoundError:
            engagement = Engagement(challenge=entry.challenge, owner=entry.owner)
        engagement.log(entry)
        self.save(engagement)


def seconds(database_url: str, entries: Sequence[Entry]) -> float:
    """How long the entries take, one by one, on the library's own PostgreSQL module with its default settings."""
    given = conninfo_to_dict(database_url)
    environment = {f"POSTGRES_{ours}": str(given.get(theirs) or "") for theirs, ours in NAMES.items()}
    application = Engagements(env={"PERSISTENCE_MODULE": "eventsourcing.postgres", **environment})
    try:
        began = time.perf_counter()
        for entry in entries:
            application.log_entry(entry)
        return time.perf_counter() - began
    finally:
        application.close()


@cache
def _fields(challenge: UUID) -> ChallengeFields:
    fields: dict[str, Any] = {**FIELDS[challenge], "status": DefinitionStatus.LIVE}
    return ChallengeFields(**fields)
