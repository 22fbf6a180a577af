"""`milepost log import` as a user runs it: timed from outside, the memory of its processes sampled while it works."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.history import TENANT
from benchmarks.processes import children

PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.1


class Imported(NamedTuple):
    """How long it took, and the memory of its largest process in MB: the peak, and samples with their seconds."""

    seconds: float
    peak: float
    samples: list[tuple[float, float]]


def run_import(database_url: str, path: Path) -> Imported:
    """Import a file into the tenant of the benchmark. Raises RuntimeError with its output when the command fails."""
    command = [sys.executable, "-m", "cli", "log", "import", str(path), "--backfill", "--tenant", TENANT]
    return _watched(command, {**os.environ, "DATABASE_URL": database_url})


def idle_memory() -> float:
    """What a process takes that only imports the command's modules, in MB."""
    return _watched([sys.executable, "-c", "import cli.log"], dict(os.environ)).peak


def _watched(command: list[str], environment: dict[str, str]) -> Imported:
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        samples = []
        try:
            while process.poll() is None:
                largest = max(map(_resident, (process.pid, *children(process.pid))))
                samples.append((time.perf_counter() - began, largest))
                time.sleep(SAMPLE_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
        seconds = time.perf_counter() - began
        if process.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output.read().decode()}")
    return Imported(seconds, max(memory for _, memory in samples), samples)


def _resident(pid: int) -> float:
    """The resident memory of a process in MB; 0 when it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return _resident_by_ps(pid) if sys.platform == "darwin" else 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _resident_by_ps(pid: int) -> float:
    asked = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return int(asked.stdout or 0) / 1024
