"""Examples in the documents: answers of the running app, which tests make again and compare."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parent / "schema" / "examples"


def example(*names: str) -> dict[str, Any]:
    """Examples by name, as an OpenAPI document holds them."""
    return {name: _read(name) for name in names}


@cache
def _read(name: str) -> dict[str, Any]:
    raw = msgspec.json.decode((FOLDER / f"{name}.json").read_bytes())
    return {"summary": raw["summary"], "value": raw["value"]}
