"""Whose engagement an audit command is about, and where it is printed."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec
from rich.console import Console

from api.audit.asked import Asked, as_it_was, engagements_of
from cli.context import data_dir_option, located, reading, tenant_option
from domain.application import ProgressLog
from domain.past import Past
from projections.time_travel import When

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
        if moment > datetime.now(UTC):
            self.fail(f"{value!r} is in the future", param, ctx)
        return moment


OPTIONS: Sequence[Callable[[Any], Any]] = (
    click.argument("definition"),
    click.argument("owner"),
    click.option(
        "--challenge-index",
        type=click.IntRange(0),
        help="Of a topic: which challenge. The default is all that were tried.",
    ),
    click.option("--as-of", type=Moment(), help="As it was then, with all that is known. The default is now."),
    click.option("--known-at", type=Moment(), help="As it was known then: 2026-04-03T10:15:00Z. The default is now."),
    tenant_option,
    data_dir_option,
)


def engagement_options(command: Any) -> Any:
    """What names an engagement and a moment on a command line: the arguments of `found`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


class Found(NamedTuple):
    """What was asked for, and the slice of the log that has it."""

    asked: Asked
    slice: int


@contextmanager
def found(
    *,
    definition: str,
    owner: str,
    challenge_index: int | None,
    as_of: datetime | None,
    known_at: datetime | None,
    tenant: str,
    data_dir: Path,
) -> Iterator[Found]:
    """The engagements of an owner with what is called so. Raises NotFound when there is none."""
    when = When(as_of, known_at)
    with located(data_dir) as url, reading(url) as reader, ProgressLog(url) as log:
        pasts = engagements_of(log, reader, tenant, definition, owner, challenge_index)
        asked = as_it_was(pasts, datetime.now(UTC), None if when == (None, None) else when)
        yield Found(asked, log.position_of(pasts[0].id, 0).slice)


def title_of(past: Past) -> str:
    """An engagement as people know it: what the definition is called, which one it is, and whose it is."""
    about, fields = past.about, getattr(past.definition, "fields", None)
    called = getattr(fields, "name", None) or getattr(fields, "title", None)
    index = "" if about.challenge_index is None else f", challenge {about.challenge_index}"
    name = f"{called}: " if called else ""
    return f"{name}{about.slug} {about.definition_id}{index}, owner {about.owner_id}"


def console() -> Console:
    """Where people read: as wide as the terminal, or wide enough for a line where there is none."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
