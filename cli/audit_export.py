"""`milepost audit export`: the log as it is under signed checkpoints, in files that stand alone."""

import shutil
from pathlib import Path

import click
from psycopg import Connection

from cli.audit_seal import sealed_now
from cli.context import data_dir_option, database
from cli.display import Display
from cli.exporting import Export, write
from cli.failures import Failed
from eventstore import seals
from eventstore.raw_rows import SNAPSHOT, ready
from projections.database import connect
from projections.feed import cursor
from proofs import manifests
from proofs.checkpoints import log_name
from proofs.manifests import CHECKPOINTS, EVENTS, MANIFEST, Manifest


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--since", default="", help="The cursor of the export before this one. The default is everything.")
@data_dir_option
def export(folder: Path, since: str, data_dir: Path) -> None:
    """Write the log into the new folder FOLDER: events as NDJSON (CloudEvents 1.0), checkpoints, a manifest.

    It is sealed and signed first. Prints the cursor that the next export begins at. Personal data is not in the log,
    and so not in the export.
    """
    try:
        after = cursor.decode(since) if since else {}
    except ValueError as error:
        raise Failed(f"--since: {error}") from error
    if folder.exists():
        raise Failed(f"{folder}: is there already")
    with database(data_dir) as url:
        sealed_now(url)
        with connect(url, "milepost audit") as connection, connection.transaction():
            connection.execute(SNAPSHOT)
            ready(connection)
            manifest = _export(connection, folder, after, since)
    click.echo(f"{folder}: {manifest.events:,} events of {log_name(manifest.log_id)}")
    click.echo(f"cursor: {manifest.cursor}")


def _export(connection: Connection, folder: Path, after: dict[int, int], since: str) -> Manifest:
    heads = {one.slice: one.signed_size for one in seals.progress(connection)}
    beyond = [one for one, position in after.items() if position > heads.get(one, -1)]
    if beyond:
        raise Failed(f"--since: is not a cursor of this log: slice {beyond[0]} is not that long")
    partial_folder = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial_folder, ignore_errors=True)
    partial_folder.mkdir(parents=True)
    work = Export(connection, after, heads)
    with Display("export", "events", sum(heads.values()) - sum(after.values())) as display:
        events = write(partial_folder / EVENTS, work.events(lambda done: display.show(done, done)))
    checkpoints = write(partial_folder / CHECKPOINTS, work.checkpoints())
    manifest = work.manifest(since, events, checkpoints)
    write(partial_folder / MANIFEST, [manifests.encoded(manifest)])
    partial_folder.rename(folder)
    return manifest
