"""Cursors: how far each slice of the log was read, as text that a URL takes as it is."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from functools import lru_cache

FORM = 1
REMEMBERED = 1 << 14  # From one event of a feed to the next, one number of a cursor changes.
MAX_SLICE, MAX_POSITION = 2**15 - 1, 2**63 - 1


def encode(positions: Mapping[int, int]) -> str:
    """The positions as text: the same positions are always the same text."""
    data, before = bytearray([FORM]), -1
    for slice_number, position in sorted(positions.items()):
        data += _number(slice_number - before - 1) + _number(position)
        before = slice_number
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> dict[int, int]:
    """The positions that a text names. Raises ValueError when it is no cursor."""
    try:
        data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        raise ValueError("is not a cursor") from None
    positions: dict[int, int] = {}
    try:
        numbers, slice_number = _numbers(data), -1
        form = next(numbers)
        for gap, position in zip(numbers, numbers, strict=True):
            slice_number += gap + 1
            positions[slice_number] = position
    except (ValueError, StopIteration):
        raise ValueError("is not a cursor") from None
    # Only what encode made: a text has no second form, and none of its characters is passed over.
    if form != FORM or slice_number > MAX_SLICE or max(positions.values(), default=0) > MAX_POSITION:
        raise ValueError("is not a cursor")
    if encode(positions) != text:
        raise ValueError("is not a cursor")
    return positions


@lru_cache(maxsize=REMEMBERED)
def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last byte have their highest bit set."""
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def _numbers(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0
    if shift:
        raise ValueError("ends in the middle of a number")
