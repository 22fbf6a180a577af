"""Eight writer processes and a reader at the end of every slice: nothing missed, nothing doubled, no gap."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from eventstore.database import Database
from eventstore.recorders import ApplicationLog
from tests.eventstore.given import event, id_in, snapshot

ROOT = Path(__file__).parents[2]
SLICES = 4
WRITERS = 8
APPENDS = 40

Writer = Callable[[int, list[UUID]], subprocess.Popen[str]]


class Tail:
    """Reads a slice again and again from where it was, while others write."""

    def __init__(self, url: str, slice_number: int) -> None:
        self.entries: list[UUID] = []
        self.jumps: list[tuple[int, int]] = []
        self._url = url
        self._slice = slice_number
        self._last = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def finish(self) -> None:
        """Read what is there now, and stop."""
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        query = "SELECT position, entry_id FROM events WHERE slice = %s AND position > %s ORDER BY position"
        with psycopg.connect(self._url, autocommit=True) as connection:
            over = False
            while not over:
                over = self._over.wait(0.001)
                for position, entry_id in connection.execute(query, (self._slice, self._last), prepare=True):
                    if position != self._last + 1:
                        self.jumps.append((self._last, position))
                    self._last = position
                    self.entries.append(entry_id)


@contextmanager
def followed(url: str) -> Iterator[list[Tail]]:
    tails = [Tail(url, number) for number in range(SLICES)]
    try:
        yield tails
    finally:
        for tail in tails:
            tail.finish()


@pytest.fixture
def writer(database_url: str) -> Iterator[Writer]:
    """Makes a writer process: how many appends, to which streams. What still runs after the test is killed."""
    processes: list[subprocess.Popen[str]] = []

    def writer(appends: int, streams: list[UUID]) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.eventstore.writer", database_url, str(appends), *map(str, streams)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield writer
    for process in processes:
        with process:
            process.kill()


def begin(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def told(processes: list[subprocess.Popen[str]]) -> list[UUID]:
    """Wait for the writers; the entries that they were told are written."""
    lines = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [UUID(entry) for text in lines for entry in text.split()]


def new_streams() -> list[UUID]:
    return [id_in(number) for number in range(SLICES) for _ in range(2)]


@pytest.mark.parametrize("shared", [False, True], ids=["on streams of their own", "on shared streams"])
def test_a_reader_sees_every_position_in_order_and_every_event_once(
    database_url: str, writer: Writer, rows, shared: bool
):
    common = new_streams()
    with followed(database_url) as tails:
        writers = [writer(APPENDS, common if shared else new_streams()) for _ in range(WRITERS)]
        begin(writers)
        written = told(writers)

    read = [entry for tail in tails for entry in tail.entries]
    assert [tail.jumps for tail in tails] == [[]] * SLICES
    assert Counter(read) == Counter(written)
    assert len(written) >= WRITERS * APPENDS
    assert_whole(rows)


def test_a_writer_killed_midway_leaves_no_gap_and_nothing_half_written(database_url: str, writer: Writer, rows):
    common = new_streams()
    with followed(database_url) as tails:
        doomed = writer(100_000, common)
        writers = [writer(APPENDS, common) for _ in range(3)]
        begin([doomed, *writers])
        lines = [doomed.stdout.readline() for _ in range(30)]
        doomed.kill()
        lines += doomed.communicate()[0].splitlines(keepends=True)
        written = told(writers)

    before = [UUID(entry) for line in lines if line.endswith("\n") for entry in line.split()]
    read = Counter(entry for tail in tails for entry in tail.entries)
    assert [tail.jumps for tail in tails] == [[]] * SLICES
    assert Counter(written) + Counter(before) <= read
    assert set(read.values()) == {1}
    assert_whole(rows)


def test_a_writer_killed_before_its_commit_has_written_nothing_and_holds_up_nobody(writer: Writer, log, rows):
    stream = id_in(1)
    log.insert_events([event(stream, 1)], snapshots=[snapshot(stream, 1)])
    process = writer(0, [id_in(0), stream, id_in(2)])
    begin([process])
    assert process.stdout.readline() == "appended\n"

    process.kill()
    process.communicate()
    positions = log.insert_events([event(id_in(0), 1), event(stream, 2), event(id_in(2), 1)])

    assert positions == [1, 2, 1]
    assert_whole(rows)


def test_an_append_does_not_wait_for_vacuum(database_url: str):
    database = Database(database_url, lock_timeout=200)

    with psycopg.connect(database_url) as vacuum:
        # What VACUUM holds on a table for as long as it runs.
        vacuum.execute("LOCK TABLE slices, events, streams IN SHARE UPDATE EXCLUSIVE MODE")
        positions = ApplicationLog(database).insert_events([event(id_in(0), 1), event(id_in(1), 1)])
    database.close()

    assert positions == [1, 1]


def assert_whole(rows) -> None:
    """Gapless slices and streams, heads that agree with them, and appends that are there in full."""
    assert rows("SELECT slice, count(*), max(position) FROM events GROUP BY slice ORDER BY slice") == rows(
        "SELECT slice, head, head FROM slices WHERE head > 0 ORDER BY slice"
    )
    assert (
        rows(
            "SELECT originator_id FROM events GROUP BY originator_id "
            "HAVING count(*) <> max(originator_version) OR min(originator_version) <> 1"
        )
        == []
    )
    assert (
        rows(
            "SELECT state FROM events WHERE topic = 'Written' "
            "GROUP BY state HAVING count(*) <> (state::jsonb ->> 'size')::integer"
        )
        == []
    )
    assert (
        rows(
            "SELECT originator_id, max(originator_version) FROM events WHERE topic = 'Written' "
            "GROUP BY originator_id EXCEPT SELECT originator_id, version FROM streams"
        )
        == []
    )
