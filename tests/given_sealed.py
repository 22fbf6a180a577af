"""A log with entries of two owners and two tenants, and what a test does to its rows behind our back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from domain.application import ProgressLog
from domain.commands import Define, LogEntry
from domain.vocabulary import DefinitionStatus, Method, Period, Slug
from proofs.notes import SigningKey

MAY_1 = datetime(2026, 5, 1, 9, tzinfo=UTC)
CHALLENGE = UUID("0a31a1de-44c6-4a43-a0d7-5b8e2a7f9d01")
# The first is the same in every process of a test.
KEY, STRANGER = SigningKey("acme.example", bytes(range(32))), SigningKey.new("acme.example")
OWNERS = [str(UUID(int=number)) for number in range(1, 9)]
FIELDS = {
    "name": "Spend 500 in a month",
    "aggregation_method": Method.SUM,
    "aggregation_period": Period.MONTHLY,
    "completion_target_value": Decimal(500),
    "status": DefinitionStatus.LIVE,
}


def define(log: ProgressLog) -> None:
    """The challenge, in two tenants."""
    for tenant in ("default", "other"):
        log.define(tenant, CHALLENGE, Define(id=CHALLENGE, slug=Slug.CHALLENGE, fields=FIELDS), now=MAY_1)


def grow(log: ProgressLog, first: int, count: int, tenant: str = "default") -> None:
    """Entries with numbers, each of the next owner."""
    entries = [
        LogEntry(
            definition_id=CHALLENGE,
            owner_id=OWNERS[number % len(OWNERS)],
            activity_at=MAY_1 + timedelta(seconds=number),
            unique_identifier=f"order-{number}",
            activity_value=Decimal("1.50"),
        )
        for number in range(first, first + count)
    ]
    log.log_entries(tenant, entries, now=MAY_1 + timedelta(hours=1))


class Tampering:
    """Somebody who can write to the database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def heads(self) -> dict[int, int]:
        return dict(self.rows("SELECT slice, head FROM slices"))

    def fullest(self) -> tuple[int, int]:
        """The slice with the most rows, and how many."""
        found = self.rows("SELECT slice, head FROM slices ORDER BY head DESC, slice LIMIT 1")
        return found[0]

    def change(self, slice_number: int, position: int) -> None:
        query = "UPDATE events SET state = state || ' ' WHERE slice = %(slice)s AND position = %(position)s"
        self.rows(query, slice=slice_number, position=position)

    def shift(self, slice_number: int, first: int, by: int) -> None:
        """Move all rows from a position on, in two steps because positions are unique."""
        query = "UPDATE events SET position = -position - %(by)s WHERE slice = %(slice)s AND position >= %(first)s"
        self.rows(query, slice=slice_number, first=first, by=by)
        self.rows("UPDATE events SET position = -position WHERE slice = %(slice)s AND position < 0", slice=slice_number)
        self.head(slice_number, by)

    def head(self, slice_number: int, by: int) -> None:
        self.rows("UPDATE slices SET head = head + %(by)s WHERE slice = %(slice)s", slice=slice_number, by=by)

    def remove(self, slice_number: int, position: int) -> None:
        query = "DELETE FROM events WHERE slice = %(slice)s AND position = %(position)s"
        self.rows(query, slice=slice_number, position=position)

    def insert(self, slice_number: int, position: int) -> None:
        """A row that looks like the one before it, of a stream of its own."""
        query = """
            INSERT INTO events
            SELECT slice, %(position)s, gen_random_uuid(), 1, topic, state, NULL, tenant, recorded_at
            FROM events
            WHERE slice = %(slice)s
              AND position = %(position)s - 1
        """
        self.rows(query, slice=slice_number, position=position)

    def swap(self, slice_number: int, one: int, other: int) -> None:
        query = "UPDATE events SET position = %(to)s WHERE slice = %(slice)s AND position = %(at)s"
        for at, to in ((one, 0), (other, one), (0, other)):
            self.rows(query, slice=slice_number, at=at, to=to)

    def seal_anew(self, slice_number: int) -> None:
        """Forget all hashes and checkpoints of a slice; the next seal makes others that fit the rows."""
        for table in ("seal_tiles", "seal_checkpoints", "seals"):
            self.rows(f"DELETE FROM {table} WHERE slice = %(slice)s", slice=slice_number)
