"""What is kept in files and is what the code does: examples of the documents, rows of old logs."""

import os
from pathlib import Path
from typing import Any

import msgspec

from api.wire import encode


def assert_example(folder: Path, name: str, summary: str, value: Any) -> None:
    """An example of a document is this answer."""
    assert_kept(folder / f"{name}.json", {"summary": summary, "value": value})


def assert_kept(path: Path, found: Any, indent: int = 2) -> None:
    """A file holds this as JSON. WRITE_EXAMPLES=1 writes it anew."""
    text = encode(found)
    if os.environ.get("WRITE_EXAMPLES"):
        path.write_bytes(msgspec.json.format(text, indent=indent) + b"\n")
    assert msgspec.json.decode(text) == msgspec.json.decode(path.read_bytes())
