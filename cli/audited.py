"""Whose engagement an audit command is about, and where it is printed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec
from rich.console import Console

from api.audit.asked import Asked, as_known, engagements_of
from cli.context import located, reading
from domain.application import ProgressLog

WIDTH = 200


class Moment(click.ParamType[datetime]):
    """A time with its offset from UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r} is not a time with its offset from UTC: 2026-04-03T10:15:00Z", param, ctx)
        return moment


known_at_option: Callable[[Any], Any] = click.option(
    "--known-at", type=Moment(), help="As it was known then: 2026-04-03T10:15:00Z. The default is now."
)
challenge_index_option: Callable[[Any], Any] = click.option(
    "--challenge-index", type=click.IntRange(0), help="Of a topic: which challenge. The default is all that were tried."
)


class Found(NamedTuple):
    """What was asked for, and the slice of the log that has it."""

    asked: Asked
    slice: int


@contextmanager
def found(
    data_dir: Path, tenant: str, definition: str, owner: str, index: int | None, known_at: datetime | None
) -> Iterator[Found]:
    """The engagements of an owner with what is called so. Raises NotFound when there is none."""
    with located(data_dir) as url, reading(url) as reader, ProgressLog(url) as log:
        pasts = engagements_of(log, reader, tenant, definition, owner, index)
        asked = as_known(pasts, datetime.now(UTC), known_at)
        yield Found(asked, log.position_of(pasts[0].id, 0).slice)


def console() -> Console:
    """Where people read: as wide as the terminal, or wide enough for a line where there is none."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
