"""A rebuild as operators run it: events a second beside its floor and its peer, memory, and what readers notice."""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks import bulk_import, history
from benchmarks.figures import Figure, Wanted, compared
from benchmarks.http import project
from benchmarks.latency import reads_while
from benchmarks.processes import children
from benchmarks.projector import library
from benchmarks.server import Server
from benchmarks.sizes import Sizes
from projections.database import connect
from projections.log_reading import BATCH, EVENTS_BETWEEN, passed_over
from projections.rebuilding.rebuild import projection_named
from projections.tables import statements

NAME = "challenge_progress"
WORKERS = 2
FLOOR = f"{NAME}_floor"
PIECE = 1 << 18
SAMPLE_SECONDS = 0.05


def measure(server: Server, sizes: Sizes, folder: Path) -> list[Figure]:
    """Rounds of one rebuild, one run of the floor and one of the peer; then reads without and during a rebuild."""
    path = history.write(folder / "rebuild.jsonl", sizes.rebuild_entries, max(sizes.rebuild_entries // 10, 1))
    with server.migrated() as url:
        bulk_import.load(server, url, path, sizes.rebuild_entries)
        project(url)
        events = _events(url)
        ours, floor, peer, memory = [], [], [], []
        for _ in range(sizes.rounds):
            server.rest()
            seconds, peak = _rebuild(url)
            ours.append(events / seconds)
            memory.append(peak)
            server.rest()
            floor.append(events / _floor(url, folder))
            peer.append(library(server, sizes, [projection_named(NAME)]))
        server.rest()
        quiet, busy = reads_while(url, folder, sizes.rebuild_rounds, lambda: _rebuild(url))
    note = (
        f"`projections rebuild {NAME} --workers {WORKERS}` of {events:,} events: the whole command, its start included"
    )
    comparisons = [
        compared("floor", f"{WORKERS} processes: read, COPY; indexes", ours, floor, Wanted(0.25)),
        compared("peer", "the library's ProjectionRunner", ours, peer, Wanted(50)),
    ]
    read_note = (
        "99th percentile of one progress record by HTTP, from one connection that asks again 2 ms after each answer"
    )
    again = compared("itself", "without a rebuild", busy, quiet, Wanted(3, at_most=True))
    return [
        Figure("rebuild", "events/s", ours, comparisons, note=note),
        Figure("rebuild memory", "MB", memory, [], Wanted(400, at_most=True), "the largest worker at its peak"),
        Figure("read during a rebuild", "ms", busy, [again], note=read_note),
    ]


def _rebuild(url: str) -> tuple[float, float]:
    """How long the command takes, and the peak memory of its largest worker in MB."""
    command = [sys.executable, "-m", "cli", "projections", "rebuild", NAME, "--workers", str(WORKERS)]
    environment = {**os.environ, "DATABASE_URL": url}
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, *(_peak(child) for child in children(process.pid)), 0.0)
        time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - began, peak


def _floor(url: str, folder: Path) -> float:
    """The same events are read and the same rows copied by as many processes, then indexed; nothing is folded."""
    projection = projection_named(NAME)
    with connect(url, "bench") as connection:
        table = Identifier(projection.schema, FLOOR)
        table_ddl, *index_ddl = statements(projection)
        connection.execute(SQL("DROP TABLE IF EXISTS {}").format(table))
        connection.execute(SQL(table_ddl).format(table=table))
        for part in range(WORKERS):
            _export(connection, folder, part)
        with ProcessPoolExecutor(WORKERS, get_context("spawn")) as processes:
            list(processes.map(_ready, range(WORKERS)))
            began = time.perf_counter()
            list(processes.map(_floor_part, [url] * WORKERS, [folder] * WORKERS, range(WORKERS)))
            for statement in index_ddl:
                connection.execute(SQL(statement).format(table=table))
            connection.execute(SQL("VACUUM (ANALYZE) {}").format(table))
            return time.perf_counter() - began


def _export(connection: psycopg.Connection, folder: Path, part: int) -> None:
    statement = f"COPY (SELECT * FROM {NAME} WHERE slice % {WORKERS} = {part}) TO STDOUT (FORMAT binary)"
    with (folder / f"floor-{part}.copy").open("wb") as file, connection.cursor().copy(statement) as pieces:
        file.writelines(pieces)


def _ready(part: int) -> int:
    return part


def _floor_part(url: str, folder: Path, part: int) -> None:
    topics = passed_over(projection_named(NAME).events)
    with connect(url, "bench floor") as connection:
        slices = connection.execute("SELECT slice, head FROM slices WHERE slice %% %s = %s", (WORKERS, part)).fetchall()
        for slice_number, head in slices:
            for begin in range(0, head, BATCH):
                connection.execute(EVENTS_BETWEEN, (slice_number, begin, begin + BATCH, topics), binary=True).fetchall()
        statement = f"COPY {FLOOR} FROM STDIN (FORMAT binary)"
        with (folder / f"floor-{part}.copy").open("rb") as file, connection.cursor().copy(statement) as copy:
            while piece := file.read(PIECE):
                copy.write(piece)


def _events(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT sum(head) FROM slices").fetchone()
        return int(row[0]) if row else 0


def _peak(pid: int) -> float:
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0
