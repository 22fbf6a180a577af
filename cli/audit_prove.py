"""`milepost audit prove`: an event was in the log, and nothing under a checkpoint was changed since."""

import re
from pathlib import Path
from uuid import UUID

import click
from psycopg import Connection

from cli.context import data_dir_option, database
from cli.failures import Failed
from cli.trusted import notes_of
from domain.ids import slice_of
from eventstore import seals
from eventstore.raw_rows import ready, row_at
from projections.database import connect
from proofs.checkpoints import Checkpoint, told
from proofs.documents import Consistency, Inclusion, Step, encoded, plain
from proofs.merkle import Unfit, consistency_path, inclusion_path, leaf_hash
from proofs.rows import parsed
from proofs.tiles import TiledTree
from reactors.stored_trees import tree_of

EVENT = re.compile(r"(?P<slice>\d{1,4}):(?P<position>\d{1,18})|(?P<id>[0-9a-fA-F-]{36})(?:@(?P<version>\d{1,9}))?")


@click.command()
@click.argument("event", required=False)
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of checkpoints: prove that the log goes on from the latest of each slice.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to. The default is stdout.")
@data_dir_option
def prove(event: str | None, since: Path | None, output: Path | None, data_dir: Path) -> None:
    """Prove that EVENT is under the latest signed checkpoint, or with --since that nothing was changed since.

    EVENT is a position (`SLICE:NUMBER`), a stream's id and a version (`ID@VERSION`) or the id of a log entry. The proof
    is JSON that `milepost audit check-proof` checks offline. With both, the event is proved under the checkpoint of its
    slice in the file.
    """
    if event is None and since is None:
        raise click.UsageError("EVENT or --since is needed")
    with database(data_dir) as url, connect(url, "milepost audit") as connection:
        ready(connection)
        try:
            kept = _latest(since) if since else None
            document = _inclusion(connection, event, kept) if event else _consistency(connection, kept or {})
        except Unfit as error:
            raise Failed(str(error)) from error
    if output:
        output.write_bytes(encoded(document))
    else:
        click.echo(encoded(document), nl=False)


def _inclusion(connection: Connection, event: str, kept: dict[int, str] | None) -> Inclusion:
    slice_number, position = _place(connection, event)
    row = row_at(connection, slice_number, position)
    if row is None:
        raise Failed(f"{event}: there is no such event")
    note = kept.get(slice_number) if kept is not None else seals.latest_checkpoint(connection, slice_number)
    checkpoint = told(note) if note else None
    if note is None or checkpoint is None or checkpoint.size < position:
        where = "in the file" if kept is not None else "yet: milepost audit seal signs one now"
        raise Failed(f"{slice_number}:{position} is under no signed checkpoint {where}")
    tree = _tree(connection, checkpoint)
    path = inclusion_path(position - 1, checkpoint.size, tree.subtree)
    if tree.leaf(position - 1) != leaf_hash(row):
        raise Unfit(f"{slice_number}:{position} is not what was sealed: run milepost audit verify")
    return Inclusion(row=plain(parsed(row)), canonical=row, leaf=leaf_hash(row), path=path, checkpoint=note)


def _consistency(connection: Connection, kept: dict[int, str]) -> Consistency:
    steps = []
    for slice_number, older in sorted(kept.items()):
        newer = seals.latest_checkpoint(connection, slice_number)
        before, after = told(older), told(newer) if newer else None
        if newer is None or after is None or before.log_id != after.log_id:
            raise Failed(f"{before.text.splitlines()[0]} is not signed in this database")
        tree = _tree(connection, after)
        path = consistency_path(before.size, after.size, tree.subtree)
        if tree.root(before.size) != before.root:
            raise Unfit(f"slice {slice_number} does not go on from the checkpoint over {before.size} rows")
        steps.append(Step(older=older, newer=newer, path=path))
    return Consistency(proofs=steps)


def _tree(connection: Connection, checkpoint: Checkpoint) -> TiledTree:
    tree = tree_of(connection, checkpoint.slice)
    if tree.root(checkpoint.size) != checkpoint.root:
        raise Unfit(f"slice {checkpoint.slice}: the stored hashes do not fit the checkpoint: run milepost audit verify")
    return tree


def _latest(file: Path) -> dict[int, str]:
    """The checkpoint over the most rows of each slice in a file."""
    latest: dict[int, str] = {}
    for note in sorted(notes_of(file), key=lambda one: told(one).size):
        latest[told(note).slice] = note
    return latest


def _place(connection: Connection, event: str) -> tuple[int, int]:
    found = EVENT.fullmatch(event)
    if found is None:
        raise click.UsageError(f"{event}: is no SLICE:NUMBER, ID@VERSION or id of a log entry")
    if found["position"]:
        return int(found["slice"]), int(found["position"])
    identifier = UUID(found["id"])
    slice_number = slice_of(identifier, len(seals.progress(connection)))
    if found["version"]:
        query = "SELECT position FROM events WHERE slice = %s AND originator_id = %s AND originator_version = %s"
        row = connection.execute(query, (slice_number, identifier, int(found["version"]))).fetchone()
    else:
        query = "SELECT position FROM events WHERE slice = %s AND entry_id = %s"
        row = connection.execute(query, (slice_number, identifier)).fetchone()
    if row is None:
        raise Failed(f"{event}: there is no such event")
    return slice_number, row[0]
