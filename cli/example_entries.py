"""The examples of the demo: challenges, streaks and training, and entries that are right on every day."""

from datetime import datetime
from importlib.resources import files
from typing import Any

import msgspec

from cli import example_challenges, example_streaks, example_training
from cli.example import Example
from domain.application import ProgressLog
from domain.ids import owner_stream_id


def definitions() -> dict[str, Any]:
    """The definitions with their milestones, and the end users: what `milepost definitions apply` takes."""
    text = files("cli").joinpath("examples", "definitions.json").read_bytes()
    document: dict[str, Any] = msgspec.json.decode(text, type=dict)
    return document


def definitions_for(log: ProgressLog, tenant: str, now: datetime) -> dict[str, Any]:
    """The same without the end users who were erased since: they stay so."""
    document = definitions()
    return {**document, "users": [user for user in document["users"] if not _is_erased(log, tenant, user, now)]}


def _is_erased(log: ProgressLog, tenant: str, user: dict[str, Any], now: datetime) -> bool:
    identifier = user.get("id") or log.user_id(tenant, user["externalId"])
    stream = owner_stream_id(tenant, identifier)
    state = log.streams(tenant, [stream], now).user(identifier).state
    return state is not None and state.erased


def load(log: ProgressLog, tenant: str, now: datetime) -> list[Example]:
    """Log what is missing of the examples at this moment. Run again, nothing is logged twice."""
    parts = (example_challenges, example_streaks, example_training)
    return [example for part in parts for example in part.load(log, tenant, now)]
