"""Explaining a long engagement, beside reading its rows from the log and doing nothing with them."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from api.access import keys
from api.app import create_app
from api.settings import Settings
from api.state import state_of
from benchmarks.figures import Figure, Wanted, compared
from benchmarks.history import BEGIN, END, TENANT
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from domain.application import ProgressLog
from domain.commands import Define, LogEntry
from domain.ids import engagement_id, slice_of
from domain.vocabulary import DefinitionStatus, Method, Period, Slug

OWNER = "zealous"
BATCH = 1_000
NO_LIMIT = keys.MAX_PER_HOUR
WANTED = Wanted(10, at_most=True)
TARGETS: dict[Slug, dict[str, Any]] = {
    Slug.CHALLENGE: {"completion_target_value": Decimal(10**9), "aggregation_period": Period.MONTHLY},
    Slug.STREAK: {"aggregation_target_value": Decimal(1_000), "aggregation_period": Period.DAILY},
}

RAW = """
    SELECT originator_id, originator_version, topic, state, tenant, recorded_at, entry_id, position
    FROM events
    WHERE slice = %s
      AND originator_id = %s
    ORDER BY originator_version
"""


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """A challenge and a streak, each with many entries; the whole answer in turn with the rows alone."""
    with server.migrated() as url:
        with ProgressLog(url) as log:
            for slug in TARGETS:
                _define(log, slug)
                _fill(log, slug, sizes.long_stream)
            slices = log.log_recorder.slices
        server.rest()
        app = create_app(Settings(database_url=url, log_level="error", access_log=False))
        try:
            return [_figure(app, url, slug, slices, sizes) for slug in TARGETS]
        finally:
            state_of(app).close()


def _figure(app: Any, url: str, slug: Slug, slices: int, sizes: Sizes) -> Figure:
    limits = {"per_minute": NO_LIMIT, "per_hour": NO_LIMIT}
    key = keys.create(state_of(app).reader, tenant=TENANT, name="bench", scopes=("audit:read",), **limits).key
    client, path = app.test_client(), f"/audit/engagements/{_definition(slug)}/{OWNER}/explain"
    stream = engagement_id(TENANT, _definition(slug), OWNER, slug)
    ours, floor = [], []
    with psycopg.connect(url, autocommit=True) as connection:

        def raw() -> int:
            rows = connection.execute(RAW, (slice_of(stream, slices), stream), binary=True, prepare=True)
            return len(rows.fetchall())

        def explain() -> int:
            return len(client.get(path, headers={"X-API-Key": key}).get_data())

        for number in range(sizes.http_rounds + 1):
            turns = [(ours, explain), (floor, raw)]
            for seconds, work in turns if number % 2 else reversed(turns):
                seconds.append(_milliseconds(work))
        events, size = raw(), explain()
    note = f"{sizes.long_stream:,} entries, {events:,} events; the api's whole answer of {size:,} bytes, in process"
    comparison = compared("floor", "SELECT of its rows", ours[1:], floor[1:], WANTED)
    return Figure(f"explain a {slug}", "ms", ours[1:], [comparison], note=note)


def _milliseconds(work: Callable[[], int]) -> float:
    began = time.perf_counter()
    if not work():
        raise RuntimeError("nothing was read")
    return (time.perf_counter() - began) * 1e3


def _definition(slug: Slug) -> UUID:
    return uuid5(NAMESPACE_URL, f"urn:milepost:bench:explained:{slug}")


def _define(log: ProgressLog, slug: Slug) -> None:
    fields = {
        "name": "As much as you can",
        "aggregation_method": Method.SUM,
        "status": DefinitionStatus.LIVE,
        **TARGETS[slug],
    }
    definition = _definition(slug)
    log.define(TENANT, definition, Define(id=definition, slug=slug, fields=fields), now=BEGIN)


def _fill(log: ProgressLog, slug: Slug, length: int) -> None:
    """Entries over some months, one after the other. A streak meets most days and misses some."""
    step = (END - timedelta(days=1) - BEGIN) / length
    import_id = log.log_recorder.begin_import(TENANT)
    entries = [_entry(slug, number, BEGIN + step * (number + 1)) for number in range(length)]
    for start in range(0, length, BATCH):
        log.log_entries(TENANT, entries[start : start + BATCH], now=END, import_id=import_id)
    log.log_recorder.end_import(import_id)


def _entry(slug: Slug, number: int, at: datetime) -> LogEntry:
    return LogEntry(
        definition_id=_definition(slug),
        owner_id=OWNER,
        activity_at=at,
        unique_identifier=f"entry-{number}",
        activity_id="made_a_purchase",
        activity_value=Decimal("12.5") if at.day % 5 else Decimal("1.25"),
        slug=slug,
    )
