"""The projector: events a second while it catches up, beside COPY of the rows that it writes."""

import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from benchmarks import copy, projection_runner
from benchmarks.bulk_import import prepared
from benchmarks.figures import Figure, Wanted, compared
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from eventstore.migrations import migrate
from projections import PROJECTIONS
from projections.change import Projection
from projections.following.projector import Projector
from projections.schema import prepare

READ_TABLES = tuple(projection.name for projection in PROJECTIONS)


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Rounds of one catch-up from nothing, and one COPY of what is in the read tables then."""
    ours, floor, peer, events = [], [], [], 0
    for _ in range(sizes.rounds):
        with server.migrated() as url:
            prepared(server, url, sizes, folder)
            with psycopg.connect(url) as connection:
                row = connection.execute("SELECT count(*) FROM events").fetchone()
                events = int(row[0]) if row else 0
            server.rest()
            ours.append(events / _catch_up(url))
            files = copy.export(url, READ_TABLES, folder)
        with server.migrated() as url:
            server.rest()
            floor.append(events / copy.load(url, files))
        peer.append(library(server, sizes, PROJECTIONS))
    note = f"{events:,} events of {sizes.served_entries:,} entries into {len(READ_TABLES)} read tables, from nothing"
    comparisons = [
        compared("floor", "binary COPY", ours, floor),
        compared("peer", "the library's ProjectionRunner", ours, peer, Wanted(20)),
    ]
    return [Figure("projector", "events/s", ours, comparisons, note=note)]


def library(server: Server, sizes: Sizes, projections: Sequence[Projection]) -> float:
    """Events a second of the library's runner, which does the upserts of the same tables, on fewer events."""
    with server.empty() as url:
        migrate(url, slices=1)
        prepare(url)
        events = projection_runner.load(url, sizes.peer_entries, max(sizes.peer_entries // 10, 1))
        server.rest()
        return events / projection_runner.seconds(url, projections, events)


def _catch_up(database_url: str) -> float:
    projector = Projector(database_url)
    try:
        began = time.perf_counter()
        projector.catch_up()
        return time.perf_counter() - began
    finally:
        projector.close()
