"""One run: every figure in turn, on one server."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from benchmarks import breaks, bulk_import, explaining, http, long_streams, projector, rebuild, sealed, training
from benchmarks.figures import Figure
from benchmarks.server import Server
from benchmarks.sizes import Sizes

FIGURES: dict[str, Callable[[Server, Sizes, Path], list[Figure]]] = {
    "import": bulk_import.measure,
    "memory": bulk_import.measure_memory,
    "stream": long_streams.measure,
    "write": http.measure_writes,
    "read": http.measure_reads,
    "projector": projector.measure,
    "rebuild": rebuild.measure,
    "breaks": breaks.measure,
    "training": training.measure,
    "explain": explaining.measure,
    "sealing": sealed.measure,
}


def measure(
    sizes: Sizes, folder: Path, names: Collection[str] = (), tell: Callable[[str], None] = lambda name: None
) -> tuple[list[Figure], Mapping[str, Any]]:
    """The figures with these names, or all, and the settings that they depend on."""
    figures: list[Figure] = []
    with Server(folder / "data") as server:
        counts = ", ".join(f"{name} {value:,}" for name, value in sizes._asdict().items())
        settings = {"sizes": counts, **server.settings()}
        for name, figure in FIGURES.items():
            if not names or name in names:
                tell(name)
                figures += figure(server, sizes, folder)
    return figures, settings
