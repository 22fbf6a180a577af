"""Cursors: where a list goes on, as text that a URL takes as it is, and the Link that names the next part."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import request

from domain.errors import invalid


def encoded(values: Sequence[Any]) -> str:
    """The cursor that holds these values of a row."""
    return urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def decoded(cursor: str, values: Any) -> Any:
    """What a cursor holds, of the type `values`. Raises InvalidInput."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=values)
    except ValueError:
        raise invalid("cursor", "is not a cursor of this list") from None


def link(cursor: str, parameter: str = "cursor") -> dict[str, str]:
    """The header that names the next part: what was asked for, from the cursor on, which a parameter takes."""
    parameters = {name: value for name, value in request.args.items() if name not in (parameter, "offset")}
    return {"Link": f'<{request.path}?{urlencode({**parameters, parameter: cursor})}>; rel="next"'}
