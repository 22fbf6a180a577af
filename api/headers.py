"""Headers: how far an answer has read, whether it changed, where a write went."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from flask import Response, request

from api import state
from api.access.refusals import NotYetHeld
from api.exact import exact_moment
from api.wire import JSON, encode
from domain.errors import invalid
from projections.consistency import WATERMARK_GRACE, stopped_before, wait_until_held

MAX_POSITIONS = 1024
EPOCH = datetime.fromtimestamp(0, UTC)


def conditional(
    value: Any, *, through: datetime, tag: Any = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer to a read, with Consistent-Through and a weak ETag; 304 when the asker has it already.

    `tag` is what the ETag is made from; without one, the answer itself. Give one when something in it ticks.
    """
    body = None if tag is not None else encode(value)
    etag = f'W/"{blake2b(body if body is not None else encode(tag), digest_size=12).hexdigest()}"'
    sent = {
        "Consistent-Through": consistent_through(through),
        "ETag": etag,
        "Cache-Control": "private, no-cache",
    }
    if headers:
        sent.update(headers)
    known = request.environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and _matches(known, etag):
        return Response(None, 304, sent)
    return Response(encode(value) if body is None else body, 200, sent, mimetype=JSON)


def consistent_through(through: datetime) -> str:
    """The time before which everything is in an answer that has read the log up to `through`."""
    return exact_moment(max(through - WATERMARK_GRACE, EPOCH)) or ""


def position_header(positions: Iterable[Any]) -> dict[str, str]:
    """The Position header of a write: the last position of each slice that it went to."""
    last: dict[int, int] = {}
    for slice_number, number in filter(None, positions):
        last[slice_number] = max(number, last.get(slice_number, 0))
    return {"Position": ", ".join(f"{one}:{number}" for one, number in sorted(last.items()))} if last else {}


def await_position(wanted: str, names: Iterable[str]) -> None:
    """Wait until these read tables hold what If-Position names. Raises NotYetHeld when they still do not."""
    positions = _positions(wanted)
    if not wait_until_held(state.reader(), positions, names=names):
        raise NotYetHeld(wanted, stopped=stopped_before(state.reader(), positions, names))


def _positions(text: str) -> dict[int, int]:
    """The positions that a header names: 3:42, or several with commas."""
    positions: dict[int, int] = {}
    for part in text.split(",", MAX_POSITIONS):
        slice_text, colon, number_text = part.strip().partition(":")
        digits = slice_text + number_text
        if not (colon and slice_text and number_text and digits.isascii() and digits.isdigit() and len(digits) < 24):
            raise invalid("If-Position", "must be <slice>:<number>, or several with commas between")
        slice_number, number = int(slice_text), int(number_text)
        if slice_number >= state.reader().slices or number >= 2**63:
            raise invalid("If-Position", f"{part.strip()}: there is no such position")
        positions[slice_number] = max(number, positions.get(slice_number, 0))
    return positions


def _matches(known: str, etag: str) -> bool:
    """Weak comparison (RFC 9110, 8.8.3.2)."""
    opaque = etag.removeprefix("W/")
    return any(one.strip() in ("*", etag, opaque) for one in known.split(","))
