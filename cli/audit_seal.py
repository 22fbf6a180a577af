"""`milepost audit key` and `seal`: whose signature is under the checkpoints, and a checkpoint now."""

from pathlib import Path

import click

from cli.context import data_dir_option, database
from cli.failures import Failed
from cli.seal_settings import signing
from eventstore import seals
from projections.database import connect
from proofs.checkpoints import log_name
from proofs.merkle import Unfit
from proofs.notes import SigningKey
from reactors.publishing import PublishingFailed
from reactors.sealing import BESIDE_THE_DATA, Sealing, signing_key_of


@click.command()
@click.option("--new", is_flag=True, help="Make a signing key and print it. Nothing is kept: it is yours to hide.")
@click.option("--name", help="What the new key is called. The default is milepost.")
@data_dir_option
def key(new: bool, name: str | None, data_dir: Path) -> None:
    """Print the public key that checkpoints are signed with: what an auditor needs to check them.

    A signing key that is not given in MILEPOST_SIGNING_KEY or MILEPOST_SIGNING_KEY_FILE is made, and kept in the
    database.
    """
    if new:
        made = SigningKey.new(name or "milepost")
        click.echo(str(made))
        click.echo(f"its public key: {made.public}", err=True)
        return
    given = signing().key
    if given is None:
        with database(data_dir) as url, connect(url, "milepost audit") as connection:
            given = signing_key_of(connection)
        click.echo(f"warning: {BESIDE_THE_DATA}", err=True)
    click.echo(str(given.public))


@click.command()
@data_dir_option
def seal(data_dir: Path) -> None:
    """Hash what is in the log now, sign a checkpoint of every slice that has grown, and publish them."""
    with database(data_dir) as url:
        sealed_now(url)
        with connect(url, "milepost audit") as connection:
            found = seals.progress(connection)
            name = log_name(seals.log_id(connection))
    signed = sum(one.signed_size for one in found)
    click.echo(f"{name}: {signed:,} events in {len(found)} slices are under signed checkpoints")


def sealed_now(url: str) -> None:
    """Seal, sign and publish everything that is in the log."""
    sealing = Sealing(url, signing())
    try:
        sealing.seal_all()
        sealing.publish()
    except (Unfit, PublishingFailed) as error:
        raise Failed(str(error)) from error
    finally:
        sealing.close()
