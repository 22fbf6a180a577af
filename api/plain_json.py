"""JSON that comes in: plain values with exact numbers, or what is broken and where."""

import json
from decimal import Decimal
from typing import Any

import msgspec

from domain.errors import InvalidInput, invalid

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def plain_json(raw: bytes) -> Any:
    """The values, numbers as int or Decimal. Raises InvalidInput that says what is broken, and where."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise invalid("body", f"is not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start}") from None
    try:
        return _decode(text)
    except RecursionError:
        raise invalid("body", "is nested too deeply") from None
    except (msgspec.DecodeError, ArithmeticError) as error:
        raise _broken(text, error) from None


def _broken(text: str, found: Exception) -> InvalidInput:
    """A second, slower look with the standard library: it says where."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return invalid("body", f"is not JSON: {error.msg} at character {error.pos}")
    except (ValueError, RecursionError):
        return invalid("body", f"cannot be read: {found}")
    if "\\ud" in text.lower():
        return invalid("body", "holds half of a character (a lone surrogate)")
    return invalid("body", "holds a number that is too large")
