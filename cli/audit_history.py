"""`milepost audit history`: the events of an engagement as a table, or as JSON lines."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
from rich import box
from rich.table import Table
from rich.text import Text

from api.audit.history_record import history as history_of
from api.wire import encode
from cli.audited import console, engagement_options, found, title_of
from domain.past import Past
from domain.streak_events import BreakForeseen
from domain.words import number

COLUMNS = ("position", "version", "recorded", "activity", "event", "what", "state after it")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line an event, with payload and state.")
@engagement_options
def history(as_json: bool, **asked: Any) -> None:
    """Print what happened to OWNER on DEFINITION (a challenge, streak, topic or scenario), event by event.

    Times are UTC. A position is a place in the log (slice and number), a version one in the stream.
    """
    with found(**asked) as (told, place):
        if as_json:
            for event in history_of(told, place)["events"]:
                click.echo(encode(event).decode())
            return
        for past in told.pasts:
            console().print(_table(past, place))


def _table(past: Past, place: int) -> Table:
    table = Table(title=Text(title_of(past)), box=box.SIMPLE, title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in ("position", "version") else "left", overflow="fold")
    for recorded, state in past.states():
        entry = getattr(recorded.event, "entry", None)
        row = (
            f"{place}:{recorded.position}",
            str(recorded.originator_version),
            _time(recorded.recorded_at),
            _time(entry.activity_at) if entry else "",
            recorded.event.TOPIC,
            " ".join(_what(recorded.event)),
            "; ".join(_state(state)),
        )
        # What others sent is shown as it is, whatever looks like a style in it.
        table.add_row(*map(Text, row))
    return table


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _what(event: Any) -> Iterator[str]:
    """What an event says, as far as it is short."""
    entry, window = getattr(event, "entry", None), getattr(event, "window", None)
    if entry is not None:
        value = getattr(entry, "activity_value", None)
        yield entry.unique_identifier if value is None else f"{entry.unique_identifier} ({number(value)})"
    if window is not None:
        yield window.key
    for name in ("reason", "actor", "outcome"):
        if (said := getattr(event, name, None)) is not None:
            yield str(said)
    for name in ("total", "value"):
        if (said := getattr(event, name, None)) is not None:
            yield f"= {number(said)}"
    if (milestone := getattr(event, "milestone", None)) is not None:
        yield milestone.name or str(milestone.id)
    for one in event.next if isinstance(event, BreakForeseen) else ():
        yield f"{one.window.key} = {one.value} if {one.missed[-1].key} is missed"


def _state(state: Any) -> Iterator[str]:
    """Where an engagement stands, as far as it is short."""
    for run in getattr(state, "runs", ()):
        yield f"{run.window.key} {run.status} {number(run.value)}"
    for one in getattr(state, "foreseen", ()):
        yield f"{one.window.key} foreseen {one.value}"
    for window in getattr(state, "windows", ()):
        yield f"{window.window.key}: {window.tally.count}{' met' if window.met_at else ''}"
    if (steps := getattr(state, "steps", None)) is not None:
        yield f"step {steps.current_step} of {steps.total_steps}"
    if (phase := getattr(state, "phase1", None)) is not None:
        yield f"phase 1 scored {phase.score}"
    if (completion := getattr(state, "completion", None)) is not None:
        yield f"completed with {completion.score}"
