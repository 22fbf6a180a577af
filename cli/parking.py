"""`milepost projections park`, `retry` and `parked`: what to do about an event that cannot be applied."""

import getpass
import json
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from api.read_tables import poison_record
from cli.context import data_dir_option, located, reading
from cli.failures import Failed
from projections import PROJECTIONS
from projections.change import Projection
from projections.database import connect
from projections.following import poison
from projections.following.poison import Poison

ALL = "all"
NAMES = click.Choice([*(projection.name for projection in PROJECTIONS), ALL])
MEND = "rebuild the projection once its code can apply them: milepost projections rebuild NAME"


@click.command()
@click.argument("name", type=NAMES)
@click.argument("slice_number", metavar="SLICE", type=click.IntRange(0, 1023))
@click.option("--reason", required=True, help="Why the read table can do without this event. It is kept for ever.")
@data_dir_option
def park(name: str, slice_number: int, reason: str, data_dir: Path) -> None:
    """Skip the event that stops projection NAME ("all": every projection) in SLICE, and that event only.

    Who has done so, when and why is kept with the event. What it would have changed is missing from the read table
    until that is rebuilt by code that can apply it.
    """
    with located(data_dir) as url, connect(url, "milepost park") as connection:
        found = poison.park(connection, _named(name), slice_number, _who(), reason)
    if not found:
        raise Failed(f"{name}: no event stops slice {slice_number}; milepost projections status lists those that do")
    for one in found:
        click.echo(f"parked    {one.projection} slice {one.slice}: {one.event}")


@click.command()
@click.argument("name", type=NAMES)
@click.argument("slice_number", metavar="[SLICE]", type=click.IntRange(0, 1023), required=False)
@data_dir_option
def retry(name: str, slice_number: int | None, data_dir: Path) -> None:
    """Have the events tried again at once that stop projection NAME ("all": every projection), in SLICE or anywhere.

    They are tried again by themselves, too, at growing intervals of five minutes at most. An event that was parked is
    not: later events have been applied since. A rebuild reads it again, in its order.
    """
    with located(data_dir) as url, connect(url, "milepost retry") as connection, reading(url) as reader:
        found = poison.retry(connection, _named(name), slice_number)
        skipped = [] if found else poison.parked(reader, _named(name))
    if not found:
        hint = f"; {len(skipped)} events are parked, {MEND}" if skipped else ""
        raise Failed(f"{name}: no event stops {'it' if slice_number is None else f'slice {slice_number}'}{hint}")
    for one in found:
        click.echo(f"again     {one.projection} slice {one.slice}: {one.event}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line an event.")
@data_dir_option
def parked(as_json: bool, data_dir: Path) -> None:
    """List the events that were ever parked: which, why they could not be applied, who has parked them and why."""
    with located(data_dir) as url, reading(url) as reader:
        echo_poison(poison.parked(reader, PROJECTIONS), as_json=as_json)


def echo_poison(found: Iterable[Poison], *, as_json: bool) -> None:
    """Print events that could not be applied."""
    for one in found:
        if as_json:
            click.echo(json.dumps(poison_record(one)))
            continue
        tried = f"{one.attempts} attempts since {one.since:%Y-%m-%dT%H:%M:%S}Z"
        click.echo(f"{one.projection} slice {one.slice}: {one.event}, {tried}: {one.error}")
        if one.parked_at is not None:
            click.echo(f"    parked {one.parked_at:%Y-%m-%dT%H:%M:%S}Z by {one.parked_by}: {one.reason}")


def _named(name: str) -> Sequence[Projection]:
    return [one for one in PROJECTIONS if name in (one.name, ALL)]


def _who() -> str:
    """The operator as the machine knows them."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
