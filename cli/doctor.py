"""`milepost doctor`: plain checks, one line each."""

import platform
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click
import psycopg

from cli.context import data_dir_option, located, named_database, reading
from cli.failures import Failed, text_of
from cli.health import lag_bound_option, process_complaints, processes_at_work
from eventstore.migrations import pending
from projections import PROJECTIONS
from projections.database import Reader, connect
from projections.following import poison
from projections.health import complaints
from projections.status import of_projections

Check = tuple[bool, str]


@click.command()
@lag_bound_option
@data_dir_option
def doctor(lag_bound: int, data_dir: Path) -> None:
    """Check the database, its migrations, the read tables and the processes beside the api. Changes nothing."""
    wrong = 0
    for good, text in _checks(data_dir, lag_bound):
        click.echo(f"{'ok  ' if good else 'BAD '} {text}")
        wrong += not good
    if wrong:
        raise Failed(f"{wrong} of the checks failed")


def _checks(data_dir: Path, lag_bound: int) -> Iterator[Check]:
    """Each check is good or bad, with a line about it. A database that does not answer ends them."""
    yield True, f"Milepost {version('milepost')} on Python {platform.python_version()}"
    with ExitStack() as stack:
        try:
            url = stack.enter_context(located(data_dir))
            server = stack.enter_context(connect(url, "milepost doctor")).info.server_version
        except (Failed, psycopg.Error, OSError) as error:
            yield False, f"database: {text_of(error)}"
            return
        where = "the one that DATABASE_URL names" if named_database() else f"embedded in {data_dir}"
        yield True, f"database: PostgreSQL {server // 10_000}.{server % 10_000}, {where}"
        missing = pending(url)
        lacking = f"{', '.join(missing)} missing: run milepost init"
        yield not missing, f"migrations: {lacking if missing else 'all applied'}"
        if not missing:
            yield from _checks_of_data(stack.enter_context(reading(url)), lag_bound)


def _checks_of_data(reader: Reader, lag_bound: int) -> Iterator[Check]:
    now = datetime.now(UTC)
    yield reader.slices > 0, f"log: {reader.slices} slices, {reader.value('SELECT sum(head) FROM slices'):,} events"
    behind = max(one.lag_events for one in of_projections(reader))
    found = complaints(reader, now, lag_bound)
    grave = any(one.grave for one in found)
    yield not grave, f"read tables: {'; '.join(one.text for one in found) or f'{behind:,} events behind'}"
    for one in poison.stopped(reader, PROJECTIONS):
        yield False, f"poison: {one.projection} slice {one.slice}: {one.event}: {one.error}"
    if skipped := poison.parked(reader, PROJECTIONS):
        yield True, f"poison: {len(skipped):,} events are parked; a rebuild reads them again"
    for kind in ("projector", "clock", "assignments", "sealing"):
        wrong = list(process_complaints(processes_at_work(reader, kind), kind))
        yield not wrong, f"{kind}: {'; '.join(wrong) or 'at work'}"
