"""The examples of the demo: challenges, streaks and training, and entries that are right on every day."""

from datetime import datetime
from importlib.resources import files
from typing import Any

import msgspec

from cli import example_challenges, example_streaks, example_training
from cli.example import Example
from domain.application import ProgressLog


def definitions() -> dict[str, Any]:
    """The definitions with their milestones, and the end users: what `milepost definitions apply` takes."""
    text = files("cli").joinpath("examples", "definitions.json").read_bytes()
    document: dict[str, Any] = msgspec.json.decode(text, type=dict)
    return document


def load(log: ProgressLog, tenant: str, now: datetime) -> list[Example]:
    """Log what is missing of the examples at this moment. Run again, nothing is logged twice."""
    parts = (example_challenges, example_streaks, example_training)
    return [example for part in parts for example in part.load(log, tenant, now)]
