"""Log entries as they come in: bytes to a command, or every wrong field by its name."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Raw

from domain.commands import LogEntry
from domain.errors import InvalidInput
from domain.numbers import complaint, exact

Text = Annotated[str, Meta(min_length=1, max_length=256)]
Attribute = str | int | float | bool | None


class ChallengeEntry(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The body of `POST /schema/challenge_log/record`."""

    challenge_id: UUID
    owned_by_id: UUID
    activity_at: Annotated[datetime, Meta(tz=True)]
    unique_identifier: Text
    activity_id: Annotated[str, Meta(max_length=256)] | None = None
    activity_value: Raw = Raw(b"")
    attributes: Annotated[dict[Text, Attribute], Meta(max_length=64)] = {}
    kind: str | None = None


_decode = msgspec.json.Decoder(ChallengeEntry).decode


def parse_challenge_entry(raw: bytes) -> LogEntry:
    """The command that a JSON body is. Raises InvalidInput that names every wrong field."""
    try:
        entry = _decode(raw)
        return _command(entry)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidInput) as error:
        raise _explained(raw, error) from None


def _command(entry: ChallengeEntry) -> LogEntry:
    return LogEntry(
        definition_id=entry.challenge_id,
        owner_id=str(entry.owned_by_id),
        activity_at=entry.activity_at.astimezone(UTC),
        unique_identifier=entry.unique_identifier,
        activity_id=entry.activity_id,
        activity_value=_decimal(entry.activity_value),
        attributes=entry.attributes,
    )


def _decimal(raw: Raw) -> Decimal | None:
    """The exact decimal that a JSON number says. A string or anything else is no number."""
    text = bytes(raw)
    if text in (b"", b"null"):
        return None
    if text[:1] not in b"-0123456789":
        raise _wrong("activityValue", "must be a number")
    value = Decimal(text.decode())
    message = complaint(value)
    if message:
        raise _wrong("activityValue", message)
    return exact(value)


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field}: {message}", {field: [message]})


def _explained(raw: bytes, error: Exception) -> InvalidInput:
    """Every complaint about a body, by field; a second, slower look at what was refused."""
    try:
        plain = _plain(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        return InvalidInput(f"the body is not JSON: {broken}", {"body": [f"is not JSON: {broken}"]})
    if not isinstance(plain, dict):
        return _wrong("body", "must be a JSON object")
    errors = {name: [message] for name, message in _complaints(plain)}
    if not errors and isinstance(error, InvalidInput):
        return error
    text = "; ".join(f"{name}: {messages[0]}" for name, messages in errors.items())
    return InvalidInput(text or str(error), errors or {"body": [str(error)]})


_plain: Callable[[bytes], Any] = msgspec.json.Decoder(float_hook=Decimal).decode


def _complaints(plain: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(ChallengeEntry)}
    found += [(name, "is not a field of this log") for name in plain if name not in fields]
    for name, field in fields.items():
        if name not in plain:
            if field.required:
                found.append((name, "is needed"))
            continue
        try:
            _check(name, plain[name], field.type)
        except (msgspec.ValidationError, InvalidInput) as error:
            found.append((name, error.errors[name][0] if isinstance(error, InvalidInput) else str(error)))
    return found


def _check(name: str, value: Any, type_: Any) -> None:
    if name == "activityValue":
        if isinstance(value, bool) or not isinstance(value, int | Decimal | None):
            raise _wrong(name, "must be a number")
        message = complaint(Decimal(value)) if value is not None else None
        if message:
            raise _wrong(name, message)
        return
    msgspec.convert(value, type_)
