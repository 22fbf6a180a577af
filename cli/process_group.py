"""Processes that belong together: a child ends when its parent does, however that ends."""

import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from types import FrameType

PARENT_PIPE = "MILEPOST_PARENT_PIPE"
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STEP_SECONDS = 0.2


class Told:
    """Whether a signal has told this process to stop. From its making on, such a signal does nothing else."""

    def __init__(self) -> None:
        self.stop = False
        for number in STOPPING:
            _handle(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.stop = True


def interrupt_on_signals() -> None:
    """Let every signal that means "stop" do what Ctrl-C does: end the command in good order."""
    for number in STOPPING:
        _handle(number, _interrupt)


def run_until_told(work: Callable[[Event], None]) -> None:
    """Do work that follows a flag until Ctrl-C, SIGTERM or the end of the parent. Raises what the work raises.

    The work has a thread of its own, so that no signal cuts it off in the middle of a transaction.
    """
    stop, failures = Event(), []

    def body() -> None:
        try:
            work(stop)
        except Exception as error:
            failures.append(error)

    told = Told()
    end_with_parent()
    thread = Thread(target=body, name="work")
    thread.start()
    while thread.is_alive():
        thread.join(STEP_SECONDS)
        if told.stop:
            stop.set()
    if failures:
        raise failures[0]


def end_with_parent() -> None:
    """Send this process SIGTERM when the parent that named a pipe in MILEPOST_PARENT_PIPE is gone, killed or not."""
    descriptor = os.environ.get(PARENT_PIPE, "")
    if descriptor.isdecimal():
        Thread(target=_await_end, args=(int(descriptor),), name="parent", daemon=True).start()


def _await_end(descriptor: int) -> None:
    # The parent never writes: the read returns when the last copy of the other end is closed.
    with suppress(OSError):
        if os.read(descriptor, 1) == b"":
            os.kill(os.getpid(), signal.SIGTERM)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # A statement that is cut off cannot be rolled back: psycopg closes its connection, and says so where nobody asked.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    raise KeyboardInterrupt


def _handle(number: int, handler: Callable[[int, FrameType | None], object]) -> None:
    # What was started with nohup goes on when the terminal is closed. Ctrl-C ends even what a script started with `&`,
    # which the shell has told to ignore it: otherwise only SIGTERM would.
    if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, handler)
