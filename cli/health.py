"""Whether the processes beside the api are at work, and how far behind they are."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import click

from projections.database import Reader
from projections.status import MISSING, Process, Status, of_processes

# A process beats every second; while it works off a backlog it may take a while to come round.
SILENCE_SECONDS = 30
FORGET_SECONDS = 3600

lag_bound_option: Callable[[Any], Any] = click.option(
    "--lag-bound",
    type=click.IntRange(min=1),
    envvar="MILEPOST_LAG_BOUND_SECONDS",
    default=60,
    show_default=True,
    help="How many seconds a projection may be behind.",
)


def processes_at_work(reader: Reader, kind: str) -> list[Process]:
    """The projectors or clocks that have beaten, the latest first."""
    found = [process for process in of_processes(reader) if process.process == kind]
    return sorted(found, key=lambda process: process.beat_at, reverse=True)


def process_complaints(processes: Sequence[Process], kind: str, now: datetime) -> Iterator[str]:
    """What is wrong with the processes of a kind."""
    at_work = [process for process in processes if _silence(process, now) <= SILENCE_SECONDS]
    if not at_work:
        yield f"no {kind} is at work"
    yield from (f"{kind} {process.id}: {process.detail}" for process in at_work if process.detail)


def lag_complaints(projections: Sequence[Status], bound: int, now: datetime) -> Iterator[str]:
    """What is wrong with how far the projections are."""
    missing = [one.projection for one in projections if one.state == MISSING]
    if missing:
        yield f"there is no read table of this version for {', '.join(missing)}: run milepost init"
    slowest = max(projections, key=lambda one: one.lag_seconds(now))
    lag = slowest.lag_seconds(now)
    if lag > bound:
        yield f"{slowest.projection} is {slowest.lag_events:,} events and {lag:,.0f} s behind: {bound} s are allowed"


def echo_processes(processes: Sequence[Process], now: datetime, *, as_json: bool) -> None:
    """Print those that have beaten within the hour."""
    for one in processes:
        silence = _silence(one, now)
        if silence > FORGET_SECONDS:
            continue
        if as_json:
            row = {"process": one.process, "id": one.id, "beatAt": one.beat_at.isoformat(), "detail": one.detail}
            click.echo(json.dumps(row))
        else:
            click.echo(f"{one.process} {one.id}: last beat {silence:,.0f} s ago{one.detail and f', {one.detail}'}")


def _silence(process: Process, now: datetime) -> float:
    return max((now - process.beat_at).total_seconds(), 0)
