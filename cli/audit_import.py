"""`milepost audit import`: a log that was exported, in an empty store: the same rows, roots and answers."""

from collections.abc import Sequence
from pathlib import Path

import click

from cli.context import data_dir_option, database
from cli.display import Display
from cli.exported import parts_in, refuse_unfit
from cli.failures import Failed
from cli.restoring import NotEmpty, restore
from cli.trusted import public_key
from domain.refolding import Unfoldable
from eventstore.raw_rows import ready
from projections.database import connect
from proofs.checkpoints import log_name
from proofs.merkle import Unfit


@click.command("import")
@click.argument("exports", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--key", "keys", multiple=True, help="A key that is trusted. The default: those the manifest names.")
@data_dir_option
def import_(exports: Sequence[Path], keys: Sequence[str], data_dir: Path) -> None:
    """Load EXPORTS, folders or their manifests, into an empty store: the first complete, each next from its cursor on.

    Everything is checked before anything is written, and all or nothing is. The read tables follow as for any other
    events. Users come along without what says who they are: personal data is not in the log.
    """
    parts = parts_in(exports, [public_key(text) for text in keys])
    manifest = parts[-1].manifest
    total = sum(part.manifest.events for part in parts)
    with Display("check", "events", total) as display:
        refuse_unfit(parts, lambda done: display.show(done, done))
    with database(data_dir, slices=manifest.slices) as url, connect(url, "milepost audit") as connection:
        ready(connection)
        try:
            with connection.transaction():
                streams = restore(connection, parts)
        except (NotEmpty, Unfoldable, Unfit) as error:
            raise Failed(f"nothing was imported: {error}") from error
    click.echo(f"{log_name(manifest.log_id)}: {total:,} events in {streams:,} streams, with the same roots")
    click.echo("Personal data is not in the log: users came along without names, addresses and external ids.")
