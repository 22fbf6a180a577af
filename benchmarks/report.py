"""What is printed and kept of a run: a table on the terminal, and JSON."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Comparison, Figure, Wanted, met

COLUMNS = ("figure", "milepost", "beside", "", "ratio", "min to max", "wanted", "")


def show(console: Console, figures: Sequence[Figure], settings: Mapping[str, Any]) -> None:
    """Print the settings, one line per comparison, and the notes."""
    for name, value in settings.items():
        console.print(f"[dim]{name}: {value}[/dim]", highlight=False)
    table = Table(title="Milepost beside floors and peers of the same run: medians")
    for index, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if index in (1, 3, 4, 5) else "left")
    for figure in figures:
        for row in _rows(figure):
            table.add_row(*row)
        table.add_section()
    console.print(table)
    for figure in figures:
        if figure.note:
            console.print(f"{figure.name}: {figure.note}", highlight=False)


def keep(path: Path, figures: Sequence[Figure], settings: Mapping[str, Any]) -> None:
    """Write everything that was measured as JSON."""
    document = {"settings": settings, "figures": [_plain(figure) for figure in figures]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def _rows(figure: Figure) -> list[list[str]]:
    name, ours = figure.name, f"{_number(median(figure.values))} {figure.unit}"
    rows = []
    if figure.wanted or not figure.comparisons:
        verdict = _verdict(figure.wanted, figure.values)
        rows.append([name, ours, "", "", "", "", str(figure.wanted or ""), verdict])
        name, ours = "", ""
    for one in figure.comparisons:
        spread = f"{_ratio(min(one.ratios))} to {_ratio(max(one.ratios))}"
        rows.append(
            [
                name,
                ours,
                f"{one.role}: {one.what}",
                f"{_number(median(one.values))} {figure.unit}",
                _ratio(median(one.ratios)),
                spread,
                str(one.wanted or ""),
                _verdict(one.wanted, one.ratios),
            ]
        )
        name, ours = "", ""
    return rows


def _plain(figure: Figure) -> dict[str, Any]:
    return {
        **figure._asdict(),
        "median": median(figure.values),
        "wanted": _bound(figure.wanted, figure.values),
        "comparisons": [_plain_comparison(one) for one in figure.comparisons],
    }


def _plain_comparison(one: Comparison) -> dict[str, Any]:
    ratio = {"min": min(one.ratios), "median": median(one.ratios), "max": max(one.ratios)}
    return {**one._asdict(), "ratio": ratio, "wanted": _bound(one.wanted, one.ratios)}


def _bound(wanted: Wanted | None, values: Sequence[float]) -> dict[str, Any] | None:
    return {"bound": str(wanted), "met": met(wanted, values)} if wanted else None


def _verdict(wanted: Wanted | None, values: Sequence[float]) -> str:
    kept = met(wanted, values)
    return "" if kept is None else "[green]met[/green]" if kept else "[red]not met[/red]"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"
