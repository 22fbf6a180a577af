"""`milepost projections rebuild`: a read table built anew beside the live one, and what is kept of the one before."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

import click

from cli.context import data_dir_option, database, reading
from cli.display import SECOND, Display
from cli.failures import Failed
from cli.process_group import interrupt_on_signals
from projections import PROJECTIONS
from projections.rebuilding import rebuild as rebuilding
from projections.rebuilding.builds import done_since_begun, of_builds
from projections.rebuilding.kept import discard_build, drop_old, switch_back

NAMES = [projection.name for projection in PROJECTIONS]

Step = Callable[[str, str], None]


@click.command()
@click.argument("name", type=click.Choice(NAMES), required=False)
@click.option("--all", "every", is_flag=True, help="Rebuild all read tables, together.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    help="How many processes fill the tables.  [default: one a core]",
)
@click.option(
    "--switch-back", "step", flag_value="switch_back", help="Make the table live again that was before the last switch."
)
@click.option("--drop-old", "step", flag_value="drop_old", help="Drop the table from before the last switch.")
@click.option("--discard", "step", flag_value="discard", help="Drop what a rebuild has begun and not finished.")
@data_dir_option
def rebuild(name: str | None, every: bool, workers: int, step: str | None, data_dir: Path) -> None:
    """Build the read table NAME anew from the log, beside the live one, and switch.

    Readers and projectors go on meanwhile. The new table is filled, indexed, brought level with the log and verified
    in a sample before it takes the place of the live one, which is kept: --switch-back returns to it, --drop-old drops
    it. A rebuild that is stopped (Ctrl-C) or killed goes on from where it was when it is started again. No webhook is
    sent and no command issued because of it.
    """
    if every == (name is not None):
        raise click.UsageError("name one read table, or say --all")
    names = NAMES if name is None else [name]
    interrupt_on_signals()
    try:
        with database(data_dir) as url:
            if step is None:
                _rebuild(url, _left(url) if every else names, workers)
            else:
                for one in names:
                    STEPS[step](url, one)
    except KeyboardInterrupt:
        raise Failed("stopped; start it again, and it goes on from where it was") from None


def _left(url: str) -> list[str]:
    """All read tables, or those that a rebuild of all that was stopped has not come to."""
    with reading(url) as reader:
        done = done_since_begun(of_builds(reader))
    if done:
        click.echo(f"done before it was stopped: {', '.join(done)}", err=True)
    return [name for name in NAMES if name not in done]


def _rebuild(url: str, names: Sequence[str], workers: int) -> None:
    title = names[0] if len(names) == 1 else f"{len(names)} read tables"
    with Display(title, "events", None) as display, _Shown(display, title) as shown:
        count = rebuilding.rebuild(url, *names, workers=workers, tell=shown.tell)
    click.echo(f"{title}: rebuilt from {count:,} events in {display.seconds:,.1f} s")


class _Shown:
    """A rebuild on a display: shown when it tells, and again every second while a step of it takes long."""

    def __init__(self, display: Display, title: str) -> None:
        self._display = display
        self._title = title
        self._begun = 0
        self._latest: rebuilding.Progress | None = None
        self._over = Event()
        self._thread = Thread(target=self._repeat, daemon=True)

    def __enter__(self) -> "_Shown":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def tell(self, progress: rebuilding.Progress) -> None:
        """Show how far it is."""
        if self._latest is None:
            self._begun = progress.done
        self._latest = progress
        self._display.show(
            progress.done,
            progress.done - self._begun,
            of=progress.total,
            begun=self._begun,
            title=f"{self._title}: {progress.state}",
            eventsDone=progress.done,
            eventsTotal=progress.total,
            state=progress.state,
            projection=progress.projection,
        )

    def _repeat(self) -> None:
        while not self._over.wait(SECOND):
            if self._latest is not None:
                self.tell(self._latest)


def _switch_back(url: str, name: str) -> None:
    switch_back(url, name)
    click.echo(f"{name}: the table from before the last switch is live again, the other one is kept")


def _drop_old(url: str, name: str) -> None:
    drop_old(url, name)
    click.echo(f"{name}: the table from before the last switch is dropped")


def _discard(url: str, name: str) -> None:
    discard_build(url, name)
    click.echo(f"{name}: the unfinished rebuild is dropped")


STEPS: dict[str, Step] = {"switch_back": _switch_back, "drop_old": _drop_old, "discard": _discard}
