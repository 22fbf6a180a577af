"""How values are written on the wire: times in milliseconds, numbers exact, names in camelCase."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from flask import Response

JSON = "application/json"

encode = msgspec.json.Encoder(decimal_format="number").encode


def moment(value: datetime | None) -> str | None:
    """A moment in UTC, cut to milliseconds: 2026-04-30T23:59:59.123Z."""
    return None if value is None else value.isoformat(timespec="milliseconds")[:23] + "Z"


def exact_moment(value: datetime | None) -> str | None:
    """A moment in UTC with its microseconds: 2026-04-30T23:59:59.123456Z."""
    return None if value is None else value.isoformat(timespec="microseconds")[:26] + "Z"


def camel(name: str) -> str:
    """The wire name of a field: completion_target_value is completionTargetValue. Paths keep their dots and indexes."""
    return re.sub(r"_+([a-zA-Z0-9])", lambda found: found[1].upper(), name)


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A ready answer: what a view returns."""
    return Response(encode(value), status, headers, mimetype=JSON)
