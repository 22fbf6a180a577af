"""The projector: events a second while it catches up, beside COPY of the rows that it writes."""

import time
from pathlib import Path

import psycopg

from benchmarks import copy
from benchmarks.bulk_import import prepared
from benchmarks.figures import Figure, compared
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from projections import PROJECTIONS
from projections.projector import Projector

READ_TABLES = tuple(projection.name for projection in PROJECTIONS)


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Rounds of one catch-up from nothing, and one COPY of what is in the read tables then."""
    ours, floor, events = [], [], 0
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
    note = f"{events:,} events of {sizes.served_entries:,} entries into {len(READ_TABLES)} read tables, from nothing"
    return [Figure("projector", "events/s", ours, [compared("floor", "binary COPY", ours, floor)], note=note)]


def _catch_up(database_url: str) -> float:
    projector = Projector(database_url)
    try:
        began = time.perf_counter()
        projector.catch_up()
        return time.perf_counter() - began
    finally:
        projector.close()
