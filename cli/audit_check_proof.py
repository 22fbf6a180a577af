"""`milepost audit check-proof`: offline, with nothing but a proof and a public key."""

from collections.abc import Sequence
from pathlib import Path

import click

from cli.failures import Failed
from cli.trusted import public_key
from proofs.documents import checked, decoded
from proofs.merkle import Unfit


@click.command("check-proof")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, required=True, help="The log's public key. May be given several times.")
def check_proof(file: Path, keys: Sequence[str]) -> None:
    """Check a proof that `milepost audit prove` made. Needs no database, and asks none."""
    trusted = [public_key(text) for text in keys]
    try:
        for sentence in checked(decoded(file.read_bytes()), trusted):
            click.echo(f"proved: {sentence}")
    except Unfit as error:
        raise Failed(f"{file}: proves nothing: {error}") from error
