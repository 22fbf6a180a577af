"""A gunicorn of its own for the time of a measurement, as `milepost serve` starts it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.load import HOST, TIMEOUT_SECONDS, Connection, request
from cli.process_group import PARENT_PIPE

ROOT = Path(__file__).parent.parent
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "python:cli.gunicorn_conf")
PRODUCT, BARE = "wsgi:app", "benchmarks.bare:app"
WORKERS, THREADS = 1, 8  # The defaults of the product's settings.


@contextmanager
def served(app: str, database_url: str, folder: Path) -> Iterator[int]:
    """The port of an app that answers. Raises RuntimeError with its log when it does not start."""
    log = folder / f"{app.partition(':')[0]}.log"
    with socket.create_server((HOST, 0), backlog=2048) as listener, log.open("wb") as output, _pipe() as pipe:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [*GUNICORN, "-b", f"fd://{listener.fileno()}", app],
            cwd=ROOT,
            env={**_environment(database_url, port), PARENT_PIPE: str(pipe)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno(), pipe],
        )
        try:
            _await(process, port, log)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _pipe() -> Iterator[int]:
    """A pipe that nobody writes to: gunicorn ends when it closes, should this process be killed."""
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(ours)
        os.close(theirs)


def _environment(database_url: str, port: int) -> dict[str, str]:
    settings = {"HOST": HOST, "PORT": port, "WORKERS": WORKERS, "THREADS": THREADS}
    milepost = {f"MILEPOST_{name}": str(value) for name, value in settings.items()}
    return {**os.environ, "DATABASE_URL": database_url, **milepost}


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with closing(Connection(port)) as connection:
                connection.ask(request("GET", "/"))
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"gunicorn did not start:\n{log.read_text()}")
