"""The cost of one more entry on a long stream, beside one on a short stream."""

import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from uuid import UUID, uuid5

from benchmarks.figures import Figure, Wanted, compared
from benchmarks.history import BEGIN, END, TENANT
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from domain.application import ProgressLog
from domain.commands import Define, LogEntry
from domain.vocabulary import DefinitionStatus, Method, Period, Slug

CHALLENGE = uuid5(UUID(int=0), "urn:milepost:bench:long")
SHORT = 10
BATCH = 1_000
PAIRS_OF_A_ROUND = 50
PAIRS_OF_AN_OWNER = 5  # A short stream stays short: after these, another owner's is taken.


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Pairs of one entry each, in turn; a round is the median of 50 pairs."""
    with server.migrated() as url, ProgressLog(url) as log:
        _define(log)
        owners = [f"short-{number}" for number in range(-(-sizes.stream_pairs // PAIRS_OF_AN_OWNER))]
        for owner, length in [("long", sizes.long_stream), *((owner, SHORT) for owner in owners)]:
            _fill(log, owner, length)
        server.rest()
        long: list[float] = []
        short: list[float] = []
        for number in range(sizes.stream_pairs):
            pair = [(long, "long"), (short, owners[number // PAIRS_OF_AN_OWNER])]
            for seconds, owner in pair if number % 2 else reversed(pair):
                seconds.append(_log_one(log, owner, number) * 1e6)
    ours, others = _medians(long), _medians(short)
    comparison = compared("floor", f"on a stream of {SHORT}", ours, others, Wanted(1.2, at_most=True))
    note = f"ProgressLog.log_entry, commit included, on a stream of {sizes.long_stream:,}; {sizes.stream_pairs} pairs"
    return [Figure("one more entry", "µs", ours, [comparison], note=note)]


def _define(log: ProgressLog) -> None:
    fields = {
        "name": "As much as you can in a month",
        "aggregation_method": Method.SUM,
        "aggregation_period": Period.MONTHLY,
        "completion_target_value": Decimal(10**9),
        "status": DefinitionStatus.LIVE,
    }
    log.define(TENANT, CHALLENGE, Define(id=CHALLENGE, slug=Slug.CHALLENGE, fields=fields), now=BEGIN)


def _fill(log: ProgressLog, owner: str, length: int) -> None:
    """Entries over some months, the last of them in the month that the pairs are logged in."""
    step = (END - timedelta(days=1) - BEGIN) / length
    import_id = log.log_recorder.begin_import(TENANT)
    entries = [_entry(owner, f"before-{number}", BEGIN + step * (number + 1)) for number in range(length)]
    for start in range(0, length, BATCH):
        log.log_entries(TENANT, entries[start : start + BATCH], now=END, import_id=import_id)
    log.log_recorder.end_import(import_id)


def _log_one(log: ProgressLog, owner: str, number: int) -> float:
    now = END - timedelta(hours=1)
    entry = _entry(owner, f"pair-{number}", now)
    began = time.perf_counter()
    log.log_entry(TENANT, entry, now=now)
    return time.perf_counter() - began


def _entry(owner: str, identifier: str, at: datetime) -> LogEntry:
    return LogEntry(
        definition_id=CHALLENGE,
        owner_id=owner,
        activity_at=at,
        unique_identifier=identifier,
        activity_id="made_a_purchase",
        activity_value=Decimal("12.5"),
    )


def _medians(seconds: list[float]) -> list[float]:
    return [median(seconds[start : start + PAIRS_OF_A_ROUND]) for start in range(0, len(seconds), PAIRS_OF_A_ROUND)]
