"""Lanes: batches of lines on their way into the log, each lane in a process of its own."""

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context, parent_process
from threading import Thread

from cli.failures import Failed
from cli.lines import Line
from cli.writing import Target, Written, write
from domain.application import ProgressLog

BATCH = 5_000
AHEAD = 2  # Batches that a lane has been handed: one that it writes and one that waits.
COLLECT = 20  # Batches between two looks for garbage in cycles: there is next to none.
ENDED = "a process that wrote entries was ended: start the import again, nothing is loaded twice"

Settle = Callable[[Written], None]


class Lane:
    """A process that writes batches, one after the other. It starts when there is a whole batch for it.

    An owner's entries all take the same lane, so they stay in order; two lanes never want the same slice.
    """

    def __init__(self, database_url: str, target: Target, settle: Settle) -> None:
        self.gathered: list[Line] = []
        self._database_url = database_url
        self._target = target
        self._settle = settle
        self._process: ProcessPoolExecutor | None = None
        self._sent: deque[Future[Written]] = deque()

    @property
    def started(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def take(self, line: Line) -> None:
        """Send a line along. Raises what an earlier batch failed with."""
        self.gathered.append(line)
        if len(self.gathered) == BATCH:
            self.send()

    def send(self) -> None:
        """Send what is gathered. Waits while the lane has enough to do; raises what an earlier batch failed with."""
        while len(self._sent) >= AHEAD or (self._sent and self._sent[0].done()):
            self._await_first()
        lines, self.gathered = self.gathered, []
        try:
            self._sent.append(self._started().submit(_write, self._database_url, self._target, lines))
        except BrokenProcessPool:
            raise Failed(ENDED) from None

    def finish(self) -> None:
        """Wait until everything that was sent is written. Raises what a batch failed with."""
        while self._sent:
            self._await_first()

    def close(self) -> None:
        """End the process, after the batch that it is at."""
        if self._process is not None:
            self._process.shutdown(cancel_futures=True)

    def _await_first(self) -> None:
        try:
            written = self._sent[0].result()
        except BrokenProcessPool:
            raise Failed(ENDED) from None
        self._sent.popleft()
        self._settle(written)

    def _started(self) -> ProcessPoolExecutor:
        if self._process is None:
            self._process = ProcessPoolExecutor(1, get_context("spawn"), _begin)
            # Ctrl-C is for the process that reads, which hands on what it has read: the others inherit that.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                self._process.submit(os.getpid)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self._process


def _begin() -> None:
    """What a process does first: end with the one that reads, however that ends, and collect garbage by hand.

    Python would look for cycles many times in every batch, where everything is in use: half of the time would go there.
    """
    Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    gc.disable()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Here:
    """The log as a process beside the one that reads has opened it, and how many batches it has written."""

    def __init__(self, database_url: str) -> None:
        self.log = ProgressLog(database_url)
        self.batches = 0


_here = cache(_Here)


def _write(database_url: str, target: Target, lines: Sequence[Line]) -> Written:
    here = _here(database_url)
    here.batches += 1
    if here.batches % COLLECT == 0:
        gc.collect()
    return write(here.log, target, lines)
