"""`milepost projections versions` and `drop-version`: the versions of read tables that releases have left behind."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from api.exact import exact_moment
from cli.context import data_dir_option, located
from projections.database import connect
from projections.rebuilding import dropping
from projections.versions_held import Held, held_versions

ROW = "{name:<20} {version:<8} {size:>9}  {far:<24} {used}"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line a version.")
@data_dir_option
def versions(as_json: bool, data_dir: Path) -> None:
    """List every version of every read table that is in the database: which this release reads, who else uses it.

    A version is used when a projector that has beaten within the last minute fills it, when it was filled or read
    within the last minute, when it is being rebuilt, or when a transaction has it open. When it was last read is known
    from PostgreSQL 16 on.
    """
    with located(data_dir) as url, connect(url, "milepost versions") as connection:
        found = held_versions(connection)
    for line in map(_json, found) if as_json else _lines(found):
        click.echo(line)


@click.command("drop-version")
@click.argument("name")
@click.argument("version", type=click.IntRange(min=1))
@click.option("--even-so", is_flag=True, help="Drop it although somebody uses it, or it is of a newer release.")
@data_dir_option
def drop_version(name: str, version: int, even_so: bool, data_dir: Path) -> None:
    """Drop VERSION of the read table NAME, which no release reads any more: the table, what was built or kept beside
    it, its checkpoints and the events that were parked for it. All of it or nothing.

    What this release reads is never dropped. The log stays as it is: a release that needs the version after all makes
    it anew when it starts.
    """
    with located(data_dir) as url:
        held = dropping.drop_version(url, name, version, even_so=even_so)
    click.echo(f"{name} v{version}: dropped, {held.size}")


def _lines(found: Sequence[Held]) -> Iterator[str]:
    """A table for people, and what can be done about the versions that nobody needs."""
    yield ROW.format(name="read table", version="version", size="on disk", far="events", used="used by")
    for one in found:
        # Of what this release reads nobody wonders whether it is read: who fills it is enough.
        words = ", ".join(["this release", *one.filled_by]) if one.read_here else "; ".join(one.uses()) or "nobody"
        far = f"{one.position:,} of {one.head:,}"
        yield ROW.format(name=one.projection, version=f"v{one.version}", size=one.size, far=far, used=words)
    if left := [one for one in found if not (one.read_here or one.newer or one.uses())]:
        yield ""
        yield "Nobody needs these any more:"
        yield from (f"  milepost projections drop-version {one.projection} {one.version}" for one in left)


def _json(one: Held) -> str:
    row = {
        "name": one.projection,
        "version": one.version,
        "readHere": one.read_here,
        "position": one.position,
        "head": one.head,
        "bytes": one.bytes,
        "movedAt": exact_moment(one.moved_at),
        "readAt": exact_moment(one.read_at),
        "projectors": [{"id": name, "silentSeconds": round(ago, 3)} for name, ago in one.projectors.items()],
        "rebuiltBy": one.rebuilt_by,
        "transactions": one.transactions,
        "usedBy": one.uses(),
    }
    return json.dumps(row)
