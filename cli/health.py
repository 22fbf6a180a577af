"""Whether the processes beside the api are at work, and how far behind they are."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from api.read_tables import process_record
from projections.database import Reader
from projections.status import Process, of_processes

lag_bound_option: Callable[[Any], Any] = click.option(
    "--lag-bound",
    type=click.IntRange(min=1),
    envvar="MILEPOST_LAG_BOUND_SECONDS",
    default=60,
    show_default=True,
    help="How many seconds a projection may be behind.",
)


def processes_at_work(reader: Reader, kind: str) -> list[Process]:
    """The projectors or clocks that have not said goodbye, the latest beat first."""
    found = [process for process in of_processes(reader) if process.process == kind]
    return sorted(found, key=lambda process: process.silent_seconds)


def process_complaints(processes: Sequence[Process], kind: str) -> Iterator[str]:
    """What is wrong with the processes of a kind."""
    at_work = [process for process in processes if not process.silent]
    if not at_work:
        last = f": the last beat, of {processes[0].id}, was {_ago(processes[0])}" if processes else ""
        yield f"no {kind} is at work{last}"
    yield from (f"{kind} {process.id}: {process.detail}" for process in at_work if process.detail)


def echo_processes(processes: Sequence[Process], *, as_json: bool) -> None:
    """Print them: those that are silent have not said goodbye, so something has happened to them."""
    for one in processes:
        if as_json:
            click.echo(json.dumps(process_record(one)))
        else:
            leases = f", {one.leases} slices" if one.process == "projector" else ""
            click.echo(f"{one.process} {one.id}: last beat {_ago(one)}{leases}{one.detail and f', {one.detail}'}")


def _ago(process: Process) -> str:
    return f"{process.silent_seconds:,.0f} s ago"
