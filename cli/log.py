"""`milepost log`: log entries from a file."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import click
from eventsourcing.persistence import PersistenceError

from api.schema.entries import ENTRIES
from cli.context import data_dir_option, database, tenant_option
from cli.display import Display
from cli.failures import Failed
from cli.importing import Import, Into
from cli.lines import CutOff, Source, opened
from cli.rejects import Rejects
from cli.writing import LEASE_SECONDS, Target
from domain.application import ProgressLog

MOST_WORKERS = 8


@click.group()
def log() -> None:
    """Bring log entries in."""


@log.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--backfill", is_flag=True, help="History in activity order: windows seal by what was seen.")
@click.option("--kind", type=click.Choice(list(ENTRIES)), help="The log of lines that name no kind.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where refused lines go. The default is FILE.rejects.jsonl.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=lambda: min(os.cpu_count() or 1, MOST_WORKERS),
    help=f"How many processes write a long file.  [default: one a core, {MOST_WORKERS} at most]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON line.")
@tenant_option
@data_dir_option
def import_(
    file: str,
    backfill: bool,
    kind: str | None,
    rejects: Path | None,
    workers: int,
    as_json: bool,
    tenant: str,
    data_dir: Path,
) -> None:
    """Load entries from FILE: one JSON object a line, plain or gzipped; `-` is stdin.

    A line that is refused goes to the rejects file with its number and the reason; the rest is loaded, and the exit
    code is 1. What was loaded before is found again: start a stopped import anew, nothing is loaded twice.
    """
    refused_lines = rejects or Path(f"{'stdin' if file == '-' else file}.rejects.jsonl")
    if file != "-" and refused_lines.exists() and refused_lines.samefile(file):
        raise click.BadParameter("is the file that is loaded", param_hint="--rejects")
    with database(data_dir) as url, ProgressLog(url) as progress_log, opened(file) as source:
        with Rejects(refused_lines) as rejected, _lease(progress_log, tenant, backfill) as import_id:
            work = Import(Into(progress_log, url, Target(tenant, kind, import_id), workers), rejected)
            with Display(Path(file).name, "entries", source.total) as display:
                ending = _load(work, source, display)
        _summarise(work, display.seconds, refused_lines, as_json)
    if ending or work.refused:
        lines = "1 line was" if work.refused == 1 else f"{work.refused:,} lines were"
        raise Failed(ending or f"{lines} refused: {refused_lines} says why")


@contextmanager
def _lease(progress_log: ProgressLog, tenant: str, backfill: bool) -> Iterator[UUID | None]:
    """While a backfill holds its lease, the clock leaves alone what it feeds."""
    if not backfill:
        yield None
        return
    recorder = progress_log.log_recorder
    import_id, ended = recorder.begin_import(tenant, LEASE_SECONDS), Event()

    def renew() -> None:
        # Every batch renews the lease, too, and says so when it cannot. Lines may be long in coming.
        while not ended.wait(LEASE_SECONDS / 3):
            with suppress(PersistenceError):
                recorder.renew_import(import_id, LEASE_SECONDS)

    keeper = Thread(target=renew, name="lease", daemon=True)
    keeper.start()
    try:
        yield import_id
    finally:
        ended.set()
        keeper.join()
        recorder.end_import(import_id)


def _load(work: Import, source: Source, display: Display) -> str | None:
    """Load it all; what cut it off, if something did."""

    def progress() -> None:
        counts = {"loaded": work.loaded, "replayed": work.replayed, "refused": work.refused}
        read = source.done * work.done // work.read
        display.show(read, work.done, **counts, bytes=read, totalBytes=source.total)

    try:
        work.run(source, progress)
    except CutOff as error:
        return str(error)
    except KeyboardInterrupt:
        return "stopped: start it again to load the rest, nothing is loaded twice"
    return None


def _summarise(work: Import, seconds: float, rejects: Path, as_json: bool) -> None:
    figures = {"read": work.read, "loaded": work.loaded, "replayed": work.replayed, "refused": work.refused}
    rate = work.read / max(seconds, 0.001)
    if as_json:
        rejected = str(rejects) if work.refused else None
        click.echo(json.dumps({**figures, "seconds": round(seconds, 1), "rate": round(rate), "rejects": rejected}))
    else:
        counts = ", ".join(f"{name} {count:,}" for name, count in figures.items())
        click.echo(f"{counts} in {seconds:,.1f} s ({rate:,.0f} entries/s)")
