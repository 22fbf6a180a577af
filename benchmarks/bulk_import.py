"""Bulk import: entries a second, beside COPY of the rows it writes and beside the stock library."""

from pathlib import Path

import psycopg

from benchmarks import copy, history, stock
from benchmarks.command import idle_memory, run_import
from benchmarks.figures import Figure, Wanted, compared
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from domain.application import ProgressLog

WRITTEN = ("events", "streams")


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Rounds of one import, one COPY of what it wrote, and one run of the peer."""
    path = history.write(folder / "import.jsonl", sizes.entries, sizes.owners)
    # As many owners for each entry as in the import, so that the peer's streams are as long.
    peer_owners = max(sizes.stock_entries * sizes.owners // sizes.entries, 1)
    peer_entries = list(history.entries(sizes.stock_entries, peer_owners))
    ours, floor, peer, events = [], [], [], 0
    for _ in range(sizes.rounds):
        with server.migrated() as url:
            ours.append(sizes.entries / load(server, url, path, sizes.entries))
            files = copy.export(url, WRITTEN, folder)
            events = _count(url, "SELECT count(*) FROM events")
        with server.migrated() as url:
            server.rest()
            floor.append(sizes.entries / copy.load(url, files))
        with server.empty() as url:
            server.rest()
            peer.append(len(peer_entries) / stock.seconds(url, peer_entries))
    note = (
        f"{sizes.entries:,} entries of {sizes.owners:,} owners on 2 challenges, {events:,} events; "
        "the whole command, its start included. The floor copies the same rows of events and streams; "
        f"the peer logs {len(peer_entries):,} entries"
    )
    comparisons = [
        compared("floor", "binary COPY", ours, floor, Wanted(0.15)),
        compared("peer", "stock library", ours, peer, Wanted(15)),
    ]
    return [Figure("bulk import", "entries/s", ours, comparisons, note=note)]


def measure_memory(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """The resident memory of one long import, at its peak and over its course."""
    path = history.write(folder / "memory.jsonl", sizes.memory_entries, sizes.owners)
    with server.migrated() as url:
        _define(url)
        server.rest()
        imported = run_import(url, path)
        _refuse_incomplete(url, sizes.memory_entries)
    path.unlink()
    quarter = max(memory for at, memory in imported.samples if at <= imported.seconds * 0.25)
    idle = idle_memory()
    comparisons = [
        compared("floor", "a process that only imports the modules", [imported.peak], [idle]),
        compared("itself", "peak of the first quarter", [imported.peak], [quarter], Wanted(1.15, at_most=True)),
    ]
    note = (
        f"resident memory of the largest process of an import of {sizes.memory_entries:,} entries, "
        f"in {imported.seconds:,.0f} s"
    )
    wanted = Wanted(250, at_most=True)
    return [Figure("import memory", "MB", [imported.peak], comparisons, wanted, note)]


def prepared(server: Server, database_url: str, sizes: Sizes, folder: Path) -> None:
    """Define the challenges and import the smaller history that other figures start from."""
    owners = max(sizes.served_entries // 10, 1)
    path = history.write(folder / "served.jsonl", sizes.served_entries, owners)
    load(server, database_url, path, sizes.served_entries)


def load(server: Server, database_url: str, path: Path, count: int) -> float:
    """Define the challenges and import a history; how many seconds the command takes."""
    _define(database_url)
    server.rest()
    seconds = run_import(database_url, path).seconds
    _refuse_incomplete(database_url, count)
    return seconds


def _define(database_url: str) -> None:
    with ProgressLog(database_url) as log:
        history.define(log)


def _refuse_incomplete(database_url: str, count: int) -> None:
    loaded = _count(database_url, "SELECT count(*) FROM events WHERE topic = 'EntryCounted'")
    if loaded != count:
        raise RuntimeError(f"{loaded:,} of {count:,} entries were counted")


def _count(database_url: str, query: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0
