"""The benchmarks at their smallest: every figure is measured, beside what it is compared with. No time is judged."""

import json
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rich.console import Console

from benchmarks import report
from benchmarks.figures import Comparison, Figure, Wanted, met
from benchmarks.run import measure
from benchmarks.sizes import TINY

BESIDE = {
    "bulk import": ["floor", "peer"],
    "import memory": ["floor", "itself"],
    "one more entry": ["floor"],
    "one log entry by HTTP": ["floor"],
    "single read": ["floor"],
    "list of 100": ["floor"],
    "projector": ["floor", "peer"],
    "rebuild": ["floor", "peer"],
    "rebuild memory": [],
    "read during a rebuild": ["itself"],
    "breaks at one midnight": ["floor"],
    "training import": [],
    "practice-progress": ["floor"],
    "learn-progress": ["floor"],
    "assignments": ["floor"],
    "explain a challenge": ["floor"],
    "explain a streak": ["floor"],
    "sealing": ["floor"],
    "audit verify": ["floor"],
}


@pytest.fixture(scope="module")
def run(fast_folder: Path | None):
    with TemporaryDirectory(prefix="milepost-bench-", dir=fast_folder) as folder:
        return measure(TINY, Path(folder))


def test_every_figure_stands_beside_its_floor_and_its_peer(run):
    figures, _ = run

    found = {figure.name: [comparison.role for comparison in figure.comparisons] for figure in figures}

    assert found == BESIDE


def test_every_figure_has_a_measure_and_a_ratio(run):
    figures, _ = run

    measures = [value for figure in figures for value in figure.values]
    comparisons = [comparison for figure in figures for comparison in figure.comparisons]

    assert all(value > 0 for value in measures)
    assert all(comparison.ratios and min(comparison.ratios) > 0 for comparison in comparisons)
    assert all(comparison.values and min(comparison.values) > 0 for comparison in comparisons)


def test_the_table_and_the_json_hold_every_figure_and_the_settings(run, tmp_path):
    figures, settings = run
    printed = StringIO()

    report.show(Console(file=printed, width=200), figures, settings)
    report.keep(tmp_path / "build" / "bench.json", figures, settings)

    kept = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert [figure["name"] for figure in kept["figures"]] == list(BESIDE)
    assert all(comparison["ratio"]["median"] for figure in kept["figures"] for comparison in figure["comparisons"])
    assert all(name in printed.getvalue() for name in BESIDE)
    assert "fsync on" in kept["settings"]["database"]
    assert "fsync on" in printed.getvalue()


def test_a_bound_is_met_by_the_median():
    assert met(Wanted(0.5), [0.1, 0.5, 0.9]) is True
    assert met(Wanted(0.5), [0.1, 0.4, 0.9]) is False
    assert met(Wanted(1.2, at_most=True), [1.0, 1.2, 9.0]) is True
    assert met(None, [1.0]) is None


def test_a_bound_that_is_not_met_is_told_and_fails_nothing(tmp_path):
    slow = Figure("slow", "entries/s", [1.0], [Comparison("floor", "fast", [10.0], [0.1], Wanted(0.5))])
    printed = StringIO()

    report.show(Console(file=printed, width=200), [slow], {})
    report.keep(tmp_path / "bench.json", [slow], {})

    kept = json.loads((tmp_path / "bench.json").read_text())
    assert "not met" in printed.getvalue()
    assert kept["figures"][0]["comparisons"][0]["wanted"] == {"bound": "≥ 0.5", "met": False}
