"""Child processes: started together, restarted after a crash, stopped together."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cli.failures import Failed
from cli.process_group import PARENT_PIPE

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_SECONDS = 60
PATIENCE_SECONDS = 15
POLL_SECONDS = 0.05


class Program(NamedTuple):
    """What to run, with which environment; `descriptors` are handed down to it."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None
    descriptors: Sequence[int] = ()


class _Child:
    """A program, its process, and when it may be started again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.pause = 0.0
        self.starts_at = 0.0
        self.started_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None


class Children:
    """The children of this process.

    They hold a pipe whose other end is here: when it closes, they stop by themselves.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._children: list[_Child] = []
        self._their_end, self._our_end = os.pipe()

    def start(self, program: Program) -> None:
        """Start a program. What it prints goes to stderr."""
        child = _Child(program)
        self._children.append(child)
        self._launch(child)

    def refuse_ended(self) -> None:
        """Raise Failed when a child has ended; for the time in which none may end."""
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                raise Failed(f"the {child.program.name} ended too early, with {_ending(child.process)}")

    def restart_crashed(self) -> None:
        """Start those again that have ended, each after a pause that doubles while it keeps ending."""
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._note_crash(child, child.process)
            elif child.process is None and time.monotonic() >= child.starts_at:
                self._launch(child)

    def stop(self) -> None:
        """Stop them all: they are asked first, and killed when they do not hear."""
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and any(process.poll() is None for process in running):
            time.sleep(POLL_SECONDS)
        for process in running:
            process.kill()
            process.wait()
        self._children.clear()

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._our_end)
        os.close(self._their_end)

    def _launch(self, child: _Child) -> None:
        program = child.program
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(
            program.arguments,
            env={**program.environment, PARENT_PIPE: str(self._their_end)},
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=[self._their_end, *program.descriptors],
        )

    def _note_crash(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        now = time.monotonic()
        steady = now - child.started_at >= STEADY_SECONDS
        child.pause = SHORTEST_PAUSE if steady or not child.pause else min(child.pause * 2, LONGEST_PAUSE)
        child.process, child.starts_at = None, now + child.pause
        self._report(f"the {child.program.name} ended with {_ending(process)}; it starts again in {child.pause:g} s")


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"signal {-code}" if code < 0 else f"exit code {code}"
