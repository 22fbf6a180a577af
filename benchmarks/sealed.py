"""Sealing and verifying: events a second, beside reading the same rows and hashing each of them once."""

import time
from hashlib import sha256
from pathlib import Path

import psycopg

from benchmarks.bulk_import import prepared
from benchmarks.figures import Figure, Wanted, compared
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from cli.verifying import verify_slice
from eventstore import seals
from eventstore.raw_rows import read_rows, ready
from proofs.notes import PublicKey, SigningKey
from reactors.sealing import Sealing, Signing

SEALED, VERIFIED = Wanted(20_000), Wanted(100_000)

# Copies of the imported events, so that what a step costs by itself does not weigh too much.
MORE = """
    INSERT INTO events (
        slice, position, originator_id, originator_version, topic, state, entry_id, tenant, recorded_at
    )
    SELECT
        slice, position + copy * head, originator_id, originator_version + copy * 1000000, topic, state, NULL, tenant,
        recorded_at
    FROM events
    JOIN slices USING (slice)
    CROSS JOIN generate_series(1, %s) AS copy
"""
COPIES = 9


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Rounds of one sealing from nothing, one verification of that, and one reading with a hash for each row."""
    sealing, verifying, floor, events = [], [], [], 0
    with server.migrated() as url:
        prepared(server, url, sizes, folder)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(MORE, (COPIES,))
            connection.execute("UPDATE slices SET head = head * %s", (COPIES + 1,))
            connection.execute("VACUUM ANALYZE events")
            ready(connection)
            heads = dict(connection.execute("SELECT slice, head FROM slices").fetchall())
            events = sum(heads.values())
            for _ in range(sizes.rounds):
                connection.execute("TRUNCATE seals, seal_tiles, seal_checkpoints")
                server.rest()
                sealing.append(events / _seal(url))
                floor.append(events / _hash(connection, heads))
                verifying.append(events / _verify(connection, events))
    note = f"{events:,} events in {len(heads)} slices, from nothing, every slice signed"
    beside = "reading the rows, SHA-256 of each"
    return [
        Figure("sealing", "events/s", sealing, [compared("floor", beside, sealing, floor)], SEALED, note),
        Figure("audit verify", "events/s", verifying, [compared("floor", beside, verifying, floor)], VERIFIED, note),
    ]


def _seal(database_url: str) -> float:
    sealing = Sealing(database_url, Signing(key=SigningKey.new("bench"), seconds=0))
    try:
        began = time.perf_counter()
        sealing.seal_all()
        return time.perf_counter() - began
    finally:
        sealing.close()


def _hash(connection: psycopg.Connection, heads: dict[int, int]) -> float:
    began = time.perf_counter()
    for slice_number, head in heads.items():
        for row in read_rows(connection, slice_number, 0, head):
            sha256(row).digest()
    return time.perf_counter() - began


def _verify(connection: psycopg.Connection, events: int) -> float:
    began = time.perf_counter()
    log_id, keys = seals.log_id(connection), [PublicKey.parse(text) for text in seals.public_keys(connection)]
    found = [verify_slice(connection, log_id, one, keys, [], lambda count: None) for one in seals.progress(connection)]
    seconds = time.perf_counter() - began
    if sum(one.rows for one in found) != events or any(one.misfit for one in found):
        raise RuntimeError("the log that was sealed is not what it was")
    return seconds
