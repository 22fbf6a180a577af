"""Examples in the documents: answers of the running app, which tests make again and compare."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parent / "schema" / "examples"


def example(*names: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Examples by name, as an OpenAPI document holds them."""
    return {name: _read(folder / f"{name}.json") for name in names}


@cache
def _read(path: Path) -> dict[str, Any]:
    raw = msgspec.json.decode(path.read_bytes())
    return {"summary": raw["summary"], "value": raw["value"]}
