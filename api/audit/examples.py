"""Examples of the audit dialect: answers of the running app."""

from pathlib import Path
from typing import Any

from api import examples

FOLDER = Path(__file__).parent / "examples"


def example(*names: str) -> dict[str, Any]:
    """Examples by name, as an OpenAPI document holds them."""
    return examples.example(*names, folder=FOLDER)
