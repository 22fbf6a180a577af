"""`milepost audit verify`: is the log what it was?"""

import json
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click
from psycopg import Connection

from cli.context import data_dir_option, database
from cli.display import Display
from cli.failures import Failed
from cli.trusted import notes_of, public_key
from cli.verifying import Promise, Verified, promises_in, verify_slice
from eventstore import seals
from eventstore.raw_rows import SNAPSHOT, ready
from projections.database import connect
from proofs.checkpoints import log_name
from proofs.merkle import Unfit
from proofs.notes import PublicKey

STRAY = "SELECT slice, position FROM events WHERE slice < 0 OR slice >= %s LIMIT 1"


@click.command()
@click.option(
    "--checkpoints",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Checkpoints that were kept outside the database. May be given several times.",
)
@click.option(
    "--key", "keys", multiple=True, help="A public key that is trusted. The default: those the database names."
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON line.")
@data_dir_option
def verify(files: Sequence[Path], keys: Sequence[str], as_json: bool, data_dir: Path) -> None:
    """Make every hash again from the rows, and hold it against what was stored and signed.

    Names the first row of each slice that does not fit, and exits with 1 when there is one. Whoever can write to the
    database and has the signing key can make rows, hashes and checkpoints fit each other: checkpoints that were kept
    outside, and a key that was, show that too.
    """
    trusted = [public_key(text) for text in keys]
    with database(data_dir) as url, connect(url, "milepost audit") as connection:
        ready(connection)
        log_id = seals.log_id(connection)
        trusted = trusted or [PublicKey.parse(text) for text in seals.public_keys(connection)]
        found = seals.progress(connection)
        outside = _outside(files, trusted, log_id, len(found))
        with Display("verify", "events", sum(one.head for one in found)) as display:
            verified = _verify(connection, log_id, found, trusted, outside, display)
    misfits = [one.misfit for one in verified if one.misfit]
    _summarise(verified, misfits, log_id, display.seconds, as_json)
    if misfits:
        slices = "1 slice does" if len(misfits) == 1 else f"{len(misfits)} slices do"
        raise Failed(f"{slices} not fit what was sealed")


def _verify(
    connection: Connection,
    log_id: UUID,
    found: Sequence[seals.Progress],
    keys: Sequence[PublicKey],
    outside: dict[int, list[Promise]],
    display: Display,
) -> list[Verified]:
    done, verified = 0, []

    def advance(count: int) -> None:
        nonlocal done
        done += count
        display.show(done, done)

    for one in found:
        with connection.transaction():
            connection.execute(SNAPSHOT)
            now = seals.progress_of(connection, one.slice)
            verified.append(verify_slice(connection, log_id, now, keys, outside.get(one.slice, []), advance))
    stray = connection.execute(STRAY, (len(found),)).fetchone()
    if stray:
        misfit = f"slice {stray[0]}, position {stray[1]}: inserted: there is no such slice"
        verified.append(Verified(0, 0, 0, misfit))
    return verified


def _outside(files: Sequence[Path], keys: Sequence[PublicKey], log_id: UUID, slices: int) -> dict[int, list[Promise]]:
    """The checkpoints of the files, by slice. Raises Failed for one that is not this log's."""
    found: dict[int, list[Promise]] = {}
    for file in files:
        try:
            for promise in promises_in(notes_of(file), keys, f"in {file}"):
                checkpoint = promise.checkpoint
                if checkpoint.log_id != log_id or checkpoint.slice >= slices:
                    told = f"slice {checkpoint.slice} of {log_name(checkpoint.log_id)}"
                    raise Unfit(f"a checkpoint of {told} in {file}, and this is {log_name(log_id)} of {slices} slices")
                found.setdefault(checkpoint.slice, []).append(promise)
        except Unfit as error:
            raise Failed(str(error)) from error
    return found


def _summarise(
    verified: Sequence[Verified], misfits: Sequence[str], log_id: UUID, seconds: float, as_json: bool
) -> None:
    rows, promises = sum(one.rows for one in verified), sum(one.promises for one in verified)
    unsealed = sum(max(one.rows - one.sealed, 0) for one in verified)
    if as_json:
        figures = {"events": rows, "unsealed": unsealed, "checkpoints": promises, "misfits": misfits}
        click.echo(json.dumps({"log": log_name(log_id), **figures, "seconds": round(seconds, 1)}))
        return
    for misfit in misfits:
        click.echo(misfit)
    rate = f"{seconds:,.1f} s ({rows / max(seconds, 0.001):,.0f} events/s)"
    fit = "read" if misfits else "fit"
    click.echo(f"{log_name(log_id)}: {rows:,} events {fit}, {promises:,} checkpoints fit, in {rate}")
    if unsealed:
        click.echo(f"{unsealed:,} of them are not sealed yet: nothing is known of those but their order")
