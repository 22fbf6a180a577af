"""`milepost projections verify`: the rows of a read table, worked out again from the events."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cli.context import data_dir_option, located
from cli.display import Display
from cli.failures import Failed
from projections import PROJECTIONS
from projections.database import connect
from projections.log_reading import decoder
from projections.rebuilding.rebuild import projection_named
from projections.rebuilding.verifying import Checked, Difference
from projections.rebuilding.verifying import verify as check

SAMPLE = 10_000


@click.command()
@click.argument("name", type=click.Choice([projection.name for projection in PROJECTIONS]))
@click.option(
    "--sample", type=click.IntRange(min=1), default=SAMPLE, show_default=True, help="Stop after so many rows."
)
@click.option("--all", "every", is_flag=True, help="Check every row.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line a difference, and one about all.")
@data_dir_option
def verify(name: str, sample: int, every: bool, as_json: bool, data_dir: Path) -> None:
    """Work out the rows of the read table NAME again from the log, and compare them field by field.

    Nothing is changed, and projectors go on meanwhile. A sample is whole slices of the log, drawn at random until so
    many rows were compared. Exit code 1 when a row is missing, is too many, or differs in any field.
    """
    rows = events = different = 0
    with located(data_dir) as url, Display(f"verifying {name}", "rows", None) as display:
        for number, (checked, slices) in enumerate(_checked(url, name, None if every else sample), 1):
            rows, events, different = rows + checked.rows, events + checked.events, different + checked.different
            done, of = (number, slices) if every else (rows, sample)
            display.show(done, rows, of=of, events=events, different=different)
            _echo(name, checked, as_json)
    if as_json:
        click.echo(json.dumps({"projection": name, "rows": rows, "events": events, "different": different}))
    else:
        counted = "1 row" if rows == 1 else f"{rows:,} rows"
        click.echo(f"{name}: {counted} worked out again from {events:,} events in {display.seconds:,.1f} s")
    if different:
        raise Failed(f"{name}: {different:,} of {rows:,} are not what their events say")


def _checked(url: str, name: str, sample: int | None) -> Iterator[tuple[Checked, int]]:
    with connect(url, "milepost verify") as connection:
        row = connection.execute("SELECT count(*) FROM slices").fetchone()
        for checked in check(connection, decoder(url), projection_named(name), sample=sample):
            yield checked, row[0] if row else 0


def _echo(name: str, checked: Checked, as_json: bool) -> None:
    for one in checked.differences:
        click.echo(json.dumps(_plain(name, one)) if as_json else "\n".join(_lines(one)))
    if not as_json and (more := checked.different - len(checked.differences)):
        click.echo(f"and {more:,} more rows of slice {checked.slice}")


def _lines(one: Difference) -> list[str]:
    events = ", ".join(f"{cause.position} {cause.type}" for cause in one.events) or "none"
    lines = [f"slice {one.slice}, row {' '.join(one.key)}: {one.kind}"]
    lines += [f"  {field}: the events say {said!s}, the table {held!s}" for field, (said, held) in one.fields.items()]
    return [*lines, f"  events: {events}"]


def _plain(name: str, one: Difference) -> dict[str, Any]:
    return {
        "projection": name,
        "slice": one.slice,
        "key": list(one.key),
        "kind": one.kind,
        "fields": {field: {"events": str(said), "table": str(held)} for field, (said, held) in one.fields.items()},
        "events": [cause._asdict() for cause in one.events],
    }
