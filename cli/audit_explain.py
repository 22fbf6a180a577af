"""`milepost audit explain`: why an engagement is as it is, drawn as a timeline, or as JSON."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import click
from rich.text import Text

from api.audit.explanation_record import explained, written
from api.wire import encode
from cli.audited import console, engagement_options, found, title_of
from domain.explanation import ExplainedEntry, ExplainedRun, ExplainedWindow, Explanation
from domain.vocabulary import Outcome
from domain.words import local

BAR = 20
SHOWN = 5
MARKS = {
    Outcome.MET: ("●", "green"),
    Outcome.MISSED: ("○", "red"),
    Outcome.EXCUSED: ("◌", "yellow"),
    Outcome.OPEN: ("◐", "cyan"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line with everything.")
@engagement_options
def explain(as_json: bool, **asked: Any) -> None:
    """Draw what became of OWNER on DEFINITION (a challenge, streak, topic or scenario) and why, window by window.

    Times are those of the definition's time zone. Of the entries that counted the first ones of a window are shown;
    those that did not count or were voided are all there.
    """
    with found(**asked) as (told, _):
        if as_json:
            click.echo(encode(written(told)).decode())
            return
        for one in explained(told):
            console().print(Text(title_of(one.past), "bold"))
            for line in _lines(one.explanation):
                console().print(line, soft_wrap=True)


def _lines(told: Explanation) -> Iterator[Text]:
    yield Text(told.summary)
    if told.windows:
        zones = dict.fromkeys(one.timezone for one in told.windows)
        yield Text(f"All times are those of {' and '.join(zones)}.", "dim")
    drawn = None
    for window in told.windows:
        run = next((run for run in told.runs if run.id == window.run_id), None)
        if run is not None and run.id != drawn:
            drawn = run.id
            yield from _run(run)
        yield from _window(window)
        for gap in told.left_out:
            if gap.start == window.window.end:
                ended = local(gap.end, window.timezone)
                yield Text(f"  ┊ no entry up to {ended:%Y-%m-%d %H:%M}: more windows like this one", "dim")
    if told.entries:
        yield Text("entries outside of all windows (times are UTC):" if told.windows else "entries:", "bold")
        yield from _entries(told.entries, "UTC")


def _run(run: ExplainedRun) -> Iterator[Text]:
    yield Text("")
    yield Text(f"run {run.number} ({run.id}) ", "bold").append(run.summary, "none")
    for one in run.milestones:
        again = ", which a void took back: the reward may be clawed back" if one.listed else ""
        yield Text(f"  ★ {one.name or one.milestone_id} reached in {one.period_key}{again}", "magenta")


def _window(one: ExplainedWindow) -> Iterator[Text]:
    mark, style = MARKS[one.outcome]
    start, end = local(one.window.start, one.timezone), local(one.window.end, one.timezone)
    line = Text(f"  {mark} ", style).append(f"{one.window.key:<14}", "bold").append(_bar(one.total, one.target), style)
    line.append(f"  {one.why}").append(f"  ({start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M})", "dim")
    if one.run_id and not one.sealed and one.outcome is not Outcome.OPEN:
        line.append(f"  late entries count until {local(one.seals_at, one.timezone):%Y-%m-%d %H:%M:%S}", "dim")
    yield line
    yield from _entries(one.entries, one.timezone)


def _bar(total: Decimal, target: Decimal) -> str:
    filled = int(min(total / target, Decimal(1)) * BAR) if target else BAR
    return "█" * filled + "░" * (BAR - filled)


def _entries(entries: Sequence[ExplainedEntry], timezone: str) -> Iterator[Text]:
    plain = [one for one in entries if one.counted and one.void is None]
    shown = {one.id for one in entries} - {one.id for one in plain[SHOWN:]}
    for one in entries:
        if one.id in shown:
            yield _entry(one, timezone)
    if len(plain) > SHOWN:
        yield Text(f"  │   … and {len(plain) - SHOWN:,} more that counted; --json has them all", "dim")


def _entry(one: ExplainedEntry, timezone: str) -> Text:
    mark, style = ("✓", "green") if one.counted and one.void is None else ("✗", "red")
    at = local(one.activity_at, timezone)
    line = Text("  │   ").append(f"{mark} ", style).append(f"{at:%Y-%m-%d %H:%M:%S}  ", "dim")
    line.append(f"{one.unique_identifier}  {one.why}")
    if one.void is not None:
        line.append(f"; voided by {one.void.actor} ({one.void.reason}): {one.void.effect}", "red")
    return line
