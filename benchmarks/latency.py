"""What one reader notices: the 99th percentile of its answers, while nothing else happens and while something does."""

import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread

from benchmarks.http import READ, key_header, some_records
from benchmarks.load import Connection, request
from benchmarks.serving import PRODUCT, served

WARM_UP = 200
REST_SECONDS = 0.002  # Between an answer and the next question: a server that is never at rest has no quiet times.


def reads_while(
    database_url: str, folder: Path, rounds: int, work: Callable[[], object]
) -> tuple[list[float], list[float]]:
    """Milliseconds, round by round: for as long as the work takes without it, and during it."""
    quiet, busy = [], []
    with served(PRODUCT, database_url, folder) as port, closing(Connection(port)) as connection:
        header = key_header(database_url)
        requests = cycle([request("GET", f"{READ}/{one}", [header]) for one in some_records(database_url)])

        def ask() -> None:
            status, body = connection.ask(next(requests))
            if status != 200:
                raise ConnectionError(f"answered {status}: {body[:500]!r}")

        for _ in range(WARM_UP):
            ask()
        for _ in range(rounds):
            times, seconds = _during(ask, work)
            busy.append(_p99(times))
            quiet.append(_p99(_during(ask, partial(time.sleep, seconds))[0]))
    return quiet, busy


def _during(ask: Callable[[], None], work: Callable[[], object]) -> tuple[list[float], float]:
    """How long each answer took while the work was done, and how long that took."""
    done, times, errors = Event(), [], []

    def body() -> None:
        try:
            work()
        except Exception as error:
            errors.append(error)
        finally:
            done.set()

    thread, began = Thread(target=body), time.perf_counter()
    thread.start()
    while not done.is_set():
        asked = time.perf_counter()
        ask()
        times.append(time.perf_counter() - asked)
        time.sleep(REST_SECONDS)
    thread.join()
    if errors:
        raise errors[0]
    return times, time.perf_counter() - began


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98] * 1000
