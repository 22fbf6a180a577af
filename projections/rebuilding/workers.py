"""Worker processes: each takes slices of builds, one after the other, and ends when none is left."""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from threading import Thread

from projections import PROJECTIONS
from projections.change import Projection
from projections.database import connect
from projections.log_reading import decoder
from projections.rebuilding.giving_way import gives_way, server_gives_way
from projections.rebuilding.runner import notice_the_end
from projections.rebuilding.shadow import BUILD, Shadow, advance, described
from projections.refusals import WorkerFailed

POLL_SECONDS = 0.1


def fill_here(database_url: str, projections: Sequence[Projection], tell: Callable[[], object] = lambda: None) -> None:
    """Fill the builds of these projections in this process, up to where the log was when they began.

    `tell` is called after every stretch. Raises UnreadableEvent.
    """
    decode = decoder(database_url)
    known = {projection.name: projection.version for projection in projections}
    with connect(database_url, "milepost rebuild worker", known) as connection:
        notice_the_end(connection)
        server_gives_way(connection)
        for projection in projections:
            shadow = Shadow(projection, BUILD)
            table = described(connection, shadow)
            while advance(connection, decode, shadow, table, to_target=True):
                tell()


def fill_apart(
    database_url: str, projections: Sequence[Projection], workers: int, tell: Callable[[], None] = lambda: None
) -> None:
    """Fill them in processes of their own. `tell` is called now and then.

    The workers end when this process does, however it ends. Raises WorkerFailed when one of them does before its time.
    """
    processes = [_start(database_url, projections) for _ in range(workers)]
    try:
        while _some_at_work(processes):
            tell()
            time.sleep(POLL_SECONDS)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _start(database_url: str, projections: Sequence[Projection]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "projections.rebuilding.workers",
            *(projection.name for projection in projections),
        ],
        env={**os.environ, "DATABASE_URL": database_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # At once, and not by itself: to load what it needs takes a worker longer than many a slice.
    gives_way(process.pid)
    return process


def _some_at_work(processes: Sequence[subprocess.Popen[str]]) -> bool:
    """Whether one of them has not ended yet. Raises WorkerFailed when one has failed, whatever the others do."""
    endings = [process.poll() for process in processes]
    for process, ending in zip(processes, endings, strict=True):
        if ending:
            raise WorkerFailed(_last_words(process))
    return None in endings


def _last_words(process: subprocess.Popen[str]) -> str:
    if process.returncode < 0:
        return f"a worker was ended by signal {-process.returncode}: run it again, and it goes on from where it was"
    lines = process.communicate()[1].strip().splitlines()
    return lines[-1] if lines else f"a worker ended with {process.returncode}"


def _work(names: Sequence[str]) -> None:
    """What a worker does: end with the parent, fill."""
    Thread(target=_end_with_parent, daemon=True).start()
    # A stretch is a great many small objects that all stay until its end: looking for cycles among them again and
    # again would take longer than all the rest.
    gc.disable()
    fill_here(os.environ["DATABASE_URL"], [one for one in PROJECTIONS if one.name in names], gc.collect)


def _end_with_parent() -> None:
    # The parent never writes: the read returns when it is gone, killed or not.
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    try:
        _work(sys.argv[1:])
    except Exception as error:
        sys.exit(" ".join(str(error).split()) or type(error).__name__)
