"""`milepost clock`: windows seal by themselves, and somebody has to write that down."""

from datetime import UTC, datetime
from pathlib import Path

import click

from cli.context import data_dir_option, database, located, reading
from cli.failures import Failed
from cli.health import echo_processes, process_complaints, processes_at_work
from cli.process_group import run_until_told
from cli.seal_settings import signing
from cli.together import together
from reactors import clock as reactor
from reactors.assignments import AssignmentCompletion
from reactors.sealing import Sealing


@click.group()
def clock() -> None:
    """Seal what is due, or see what is."""


@clock.command()
@data_dir_option
def run(data_dir: Path) -> None:
    """Seal windows as they become due, complete assignments and sign the log, until told to stop. Several may run."""
    with database(data_dir) as url:
        ticking, completing, sealing = reactor.Clock(url), AssignmentCompletion(url), Sealing(url, signing())
        try:
            run_until_told(together(clock=ticking.run, assignments=completing.run, sealing=sealing.run))
        finally:
            for one in (ticking, completing, sealing):
                one.close()


@clock.command()
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@data_dir_option
def due(limit: int, data_dir: Path) -> None:
    """List what is due and not written yet: deadline, tenant, engagement; the earliest first."""
    with database(data_dir) as url:
        for moment, tenant, engagement in reactor.due(url, datetime.now(UTC), limit):
            click.echo(f"{moment.isoformat().replace('+00:00', 'Z')}\t{tenant}\t{engagement}")


@clock.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line a process.")
@click.option("--healthy", is_flag=True, help="Exit with 1 unless a clock is at work.")
@data_dir_option
def status(as_json: bool, healthy: bool, data_dir: Path) -> None:
    """Show the clocks that are at work."""
    with located(data_dir) as url, reading(url) as reader:
        processes = processes_at_work(reader, "clock")
    echo_processes(processes, as_json=as_json)
    complaints = list(process_complaints(processes, "clock"))
    if healthy and complaints:
        raise Failed("; ".join(complaints))
