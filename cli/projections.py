"""`milepost projections`: what can be read, and how it follows the log."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from api.read_tables import projection_record
from cli import parking
from cli.builds import line_of
from cli.context import data_dir_option, database, located, reading
from cli.failures import Failed
from cli.health import echo_processes, lag_bound_option, process_complaints, processes_at_work
from cli.process_group import run_until_told
from cli.projections_verify import verify
from cli.projections_versions import drop_version, versions
from cli.rebuilding import rebuild
from projections import PROJECTIONS, health
from projections.following import poison
from projections.following.projector import Projector
from projections.rebuilding.builds import of_builds, unfinished
from projections.status import Status, of_projections


@click.group()
def projections() -> None:
    """Keep the read tables level with the log."""


@projections.command()
@data_dir_option
def run(data_dir: Path) -> None:
    """Follow the log until it is told to stop. Several may run: they share the slices."""
    with database(data_dir) as url:
        projector = Projector(url)
        try:
            run_until_told(lambda stop: projector.run(stop, lambda text: click.echo(f"projector: {text}", err=True)))
        finally:
            projector.close()


@projections.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line a projection, poison event and process.")
@click.option("--healthy", is_flag=True, help="Exit with 1 unless a projector is at work and the read tables are well.")
@lag_bound_option
@data_dir_option
def status(as_json: bool, healthy: bool, lag_bound: int, data_dir: Path) -> None:
    """Show how far each projection has read the log, what stops it, and who is at work."""
    now = datetime.now(UTC)
    with located(data_dir) as url, reading(url) as reader:
        found, processes = of_projections(reader), processes_at_work(reader, "projector")
        stopped, built = poison.stopped(reader, PROJECTIONS), unfinished(reader)
        lines = [line_of(build) for build in of_builds(reader)]
        complaints = [one.text for one in health.complaints(reader, now, lag_bound) if one.grave]
    complaints += process_complaints(processes, "projector")
    for one in found:
        record = projection_record(one, now, built.get(one.projection))
        click.echo(json.dumps(record) if as_json else _line(one, now))
    for line in () if as_json else lines:
        click.echo(line)
    parking.echo_poison(stopped, as_json=as_json)
    echo_processes(processes, as_json=as_json)
    if healthy and complaints:
        raise Failed("; ".join(complaints))


def _line(one: Status, now: datetime) -> str:
    parked = f", {one.parked:,} parked" if one.parked else ""
    behind = f"{one.lag_events:,} of {one.head:,} behind, {one.lag_seconds(now):,.1f} s, {one.rate:,.0f}/s"
    return f"{one.projection:<20} v{one.version:<3} {one.state(now):<12} {behind}{parked}"


for command in (rebuild, verify, versions, drop_version, parking.park, parking.retry, parking.parked):
    projections.add_command(command)
