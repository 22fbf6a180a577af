"""The clock at midnight: streaks that all break at the same boundary, closed by one process."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import psycopg

from benchmarks.figures import Figure, Wanted, compared
from benchmarks.history import TENANT
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from domain.application import ProgressLog
from domain.commands import Define, LogEntry
from domain.vocabulary import DefinitionStatus, Method, Period, Slug
from reactors.clock import Clock

STREAK = uuid5(NAMESPACE_URL, "urn:milepost:bench:streak")
MET_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
WARNED_AT = MIDNIGHT - timedelta(hours=4)
SEALED_AT = MIDNIGHT + timedelta(seconds=300)
BATCH = 1_000
WANTED = Wanted(3_000)

# The same rows written by the database alone: an event more for every stream, and a new snapshot of it.
FLOOR = """
    WITH appended AS (
        INSERT INTO events (
            slice, position, originator_id, originator_version, topic, state, tenant, recorded_at, entry_id
        )
        SELECT
            streams.slice,
            slices.head + row_number() OVER (PARTITION BY streams.slice),
            streams.originator_id,
            streams.version + 1,
            last.topic,
            last.state,
            last.tenant,
            last.recorded_at,
            NULL
        FROM streams
        JOIN slices USING (slice)
        JOIN events AS last
          ON last.slice = streams.slice
         AND last.originator_id = streams.originator_id
         AND last.originator_version = streams.version
        WHERE streams.due_at IS NOT NULL
        RETURNING slice, originator_id
    )
    UPDATE streams
    SET version = version + 1, state = state || ' ', due_at = NULL
    FROM appended
    WHERE streams.slice = appended.slice
      AND streams.originator_id = appended.originator_id
"""


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Rounds of one midnight that the clock works off, and one that a single statement writes."""
    ours, floor = [], []
    for _ in range(sizes.rounds):
        with server.migrated() as url:
            _in_progress(url, sizes.breaks)
            server.rest()
            ours.append(sizes.breaks / _worked_off(url, sizes.breaks))
        with server.migrated() as url:
            _in_progress(url, sizes.breaks)
            server.rest()
            floor.append(sizes.breaks / _written(url, sizes.breaks))
    note = f"{sizes.breaks:,} daily streaks, met on the day before, warned, not met since; one clock process, 64 slices"
    comparison = compared("floor", "one INSERT and UPDATE", ours, floor)
    return [Figure("breaks at one midnight", "streaks/s", ours, [comparison], WANTED, note)]


def _in_progress(database_url: str, count: int) -> None:
    """So many owners who met the first day of a streak, and were warned on the second."""
    with ProgressLog(database_url) as log:
        fields = {
            "name": "Every day",
            "aggregation_method": Method.COUNT,
            "aggregation_period": Period.DAILY,
            "aggregation_target_value": Decimal(1),
            "status": DefinitionStatus.LIVE,
        }
        log.define(TENANT, STREAK, Define(id=STREAK, slug=Slug.STREAK, fields=fields), now=MET_AT)
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            log.log_entries(TENANT, [_entry(number) for number in numbers], now=MET_AT)
    _step(database_url, WARNED_AT)


def _entry(number: int) -> LogEntry:
    owner = f"owner-{number:06d}"
    return LogEntry(
        slug=Slug.STREAK, definition_id=STREAK, owner_id=owner, activity_at=MET_AT, unique_identifier=f"{owner}-1"
    )


def _step(database_url: str, now: datetime) -> float:
    clock = Clock(database_url)
    try:
        began = time.perf_counter()
        clock.step(now)
        return time.perf_counter() - began
    finally:
        clock.close()


def _worked_off(database_url: str, count: int) -> float:
    seconds = _step(database_url, SEALED_AT)
    with psycopg.connect(database_url) as connection:
        _expect(connection, "SELECT count(*) FROM events WHERE topic = 'StreakBroken'", count)
    return seconds


def _written(database_url: str, count: int) -> float:
    with psycopg.connect(database_url) as connection:
        began = time.perf_counter()
        connection.execute(FLOOR)
        connection.commit()
        seconds = time.perf_counter() - began
        _expect(connection, "SELECT count(*) FROM streams WHERE state LIKE '% '", count)
    return seconds


def _expect(connection: psycopg.Connection, query: str, count: int) -> None:
    row = connection.execute(query).fetchone()  # type: ignore[call-overload]
    if row is None or row[0] != count:
        raise RuntimeError(f"{row} of {count} were closed")
