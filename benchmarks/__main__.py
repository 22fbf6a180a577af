"""`python -m benchmarks [NAMES...] [--quick]`: measure, print, keep."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks import report
from benchmarks.run import FIGURES, measure
from benchmarks.sizes import FULL, QUICK
from cli.process_group import interrupt_on_signals

KEPT = Path("build/bench.json")


def main() -> None:
    """Exit 0 however the figures come out: a slow machine is no error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(FIGURES)}")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, about a minute in all")
    given = parser.parse_args()
    if unknown := set(given.names) - FIGURES.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    interrupt_on_signals()
    console = Console(width=None if sys.stdout.isatty() else 160)
    sizes = QUICK if given.quick else FULL
    with TemporaryDirectory(prefix="milepost-bench-") as folder:
        figures, settings = measure(sizes, Path(folder), given.names, tell=lambda name: console.print(f"{name} ..."))
    report.show(console, figures, settings)
    report.keep(KEPT, figures, settings)
    console.print(f"kept in {KEPT}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
