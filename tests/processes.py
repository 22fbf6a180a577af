"""Programs as the shell starts them, for tests that talk to one, or have to kill it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MILEPOST = (sys.executable, "-P", "-m", "cli")
PATIENCE_SECONDS = 60


class Running:
    """A command that serves: the process, which leads a group of its own, and what it printed when it was ready."""

    def __init__(self, process: subprocess.Popen[bytes], printed: list[str]) -> None:
        self.process = process
        self.printed = printed

    def tell(self, number: int) -> None:
        """Send a signal to the whole group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def members(self) -> list[int]:
        """Every process of the group that is alive."""
        return [pid for pid, group, state in _processes() if group == self.process.pid and state != "Z"]


def start(
    *arguments: object,
    database_url: str | None,
    folder: Path,
    stderr: BinaryIO | int = subprocess.PIPE,
    **variables: str,
) -> subprocess.Popen[bytes]:
    """Start the command line in a group of its own; without a database it uses an embedded one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    environment.pop("DATABASE_URL", None)
    if database_url is not None:
        environment["DATABASE_URL"] = database_url
    return subprocess.Popen(
        [*MILEPOST, *map(str, arguments)],
        cwd=folder,
        env={**environment, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


@contextmanager
def running(*arguments: object, database_url: str | None, folder: Path, last: str = "") -> Iterator[Running]:
    """A command that serves, from the moment on when it has printed a line that holds `last`.

    Whatever is left of it at the end is killed.
    """
    with (folder / "stderr.txt").open("w+b") as told:
        with start(*arguments, database_url=database_url, folder=folder, stderr=told) as process:
            try:
                printed = [process.stdout.readline().decode()]
                while printed[-1] and last not in printed[-1]:
                    printed.append(process.stdout.readline().decode())
                assert printed[-1], (folder / "stderr.txt").read_text()
                yield Running(process, [line.rstrip("\n") for line in printed])
            finally:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(PATIENCE_SECONDS)
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def eventually(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until the condition is true, and answer it. Fails when it never is."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def ask(url: str, headers: dict[str, str] | None = None, body: Any = None) -> tuple[int, Any]:
    """Ask over HTTP, with a body by POST: the status and the JSON of the answer, or its text."""
    data = json.dumps(body).encode() if body is not None else None
    request = Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    try:
        with urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            status, text = answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            status, text = error.code, error.read().decode()
    return status, json.loads(text) if text.startswith(("{", "[")) else text


def _processes() -> Iterator[tuple[int, int, str]]:
    """The pid, the group and the state of every process."""
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,state="], check=True, capture_output=True, text=True)
        for line in listed.stdout.splitlines():
            pid, group, state = line.split()
            yield int(pid), int(group), state[:1]
        return
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            yield int(folder.name), int(group), state
