"""What is wrong with a log entry: every mistake at once, by field, for the one who sent it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from api.schema.entry_bodies import LARGEST, MAX_ATTRIBUTES, MAX_CHALLENGES, Attribute, Entry, EntryOwner, Text
from domain.errors import InvalidInput, invalid
from domain.numbers import LIMIT, complaint
from domain.training import MAX_PHASE_SCORE, MAX_STEP

# What the fields of every kind must be, in words: a refused entry is told all of its mistakes at once.
WANTED = {
    "challengeId": "must be a UUID",
    "streakId": "must be a UUID",
    "ownedById": "must be a UUID",
    "activityAt": "must be a time with a zone, as 2026-04-03T10:15:00Z",
    "uniqueIdentifier": "must be a text of 1 to 256 characters without U+0000",
    "activityId": "must be a text of at most 256 characters without U+0000, or null",
    "attributes": f"must be an object of at most {MAX_ATTRIBUTES} attributes",
    "topicId": "must be a text of 1 to 256 characters without U+0000",
    "challengeIndex": f"must be a whole number from 0 to {MAX_CHALLENGES - 1}",
    "phase": "must be 1 (identify) or 2 (patch)",
    "score": f"must be a whole number from 0 to {MAX_PHASE_SCORE}",
    "language": "must be a text of 1 to 256 characters without U+0000",
    "hintUsed": "must be true or false",
    "scenarioId": "must be a text of 1 to 256 characters without U+0000",
    "step": f"must be a whole number from 1 to {MAX_STEP}, or null",
    "kind": "must be the name of the log",
    "externalId": "must be a text of 1 to 256 characters without U+0000",
    "firstName": "must be a text of at most 256 characters without U+0000, or null",
    "lastName": "must be a text of at most 256 characters without U+0000, or null",
    "email": "must be an e-mail address of at most 256 characters, or null",
    "phoneNumber": "must be a phone number as +43123456789 (E.164), or null",
}


def with_whole_numbers(plain: Any) -> Any:
    """The same with 3 in place of 3.0, which is a whole number as well; the very same if there is none."""
    if not isinstance(plain, dict):
        return plain
    # 1e999999999 is a number, too: nothing is worked out with what is out of any range.
    decimals = {name: one for name, one in plain.items() if isinstance(one, Decimal) and abs(one) < LIMIT}
    whole = {name: int(one) for name, one in decimals.items() if one == int(one)}
    return {**plain, **whole} if whole else plain


def explained(plain: Any, kind: str, body: type[Entry]) -> InvalidInput:
    """Every complaint about an entry, by field."""
    if not isinstance(plain, dict):
        return invalid("body", "must be a JSON object")
    if plain.get("kind", kind) not in (kind, None):
        return invalid("kind", f"{plain['kind']!r} is sent to {kind}")
    errors = {name: [message] for name, message in (*_complaints(plain, body), *_owner_complaints(plain))}
    text = "; ".join(f"{name}: {messages[0]}" for name, messages in errors.items())
    return InvalidInput(text or "the body cannot be read", errors or {"body": ["cannot be read"]})


def _complaints(plain: dict[str, Any], body: Any, path: str = "") -> Iterator[tuple[str, str]]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(body)}
    yield from ((f"{path}{name}", "is not a field") for name in plain if name not in fields)
    for name, field in fields.items():
        if name in plain:
            yield from _value_complaints(name, plain[name], field.type, f"{path}{name}")
        elif field.required:
            yield f"{path}{name}", "is needed"


def _value_complaints(name: str, value: Any, type_: Any, path: str) -> Iterator[tuple[str, str]]:
    if name == "activityValue":
        yield from _number_complaints(value)
    elif name == "ownedBy" and isinstance(value, dict):
        yield from _complaints(value, EntryOwner, "ownedBy.")
    elif name == "attributes" and isinstance(value, dict) and len(value) <= MAX_ATTRIBUTES:
        yield from _attribute_complaints(value)
    else:
        try:
            moment = msgspec.convert(value, type_)
            if isinstance(moment, datetime):
                moment.astimezone(UTC)
        except msgspec.ValidationError as error:
            naive = "timezone" in str(error)
            yield path, "has no time zone: 2026-04-03T10:15:00Z has one" if naive else WANTED.get(name, "is wrong")
        except OverflowError:
            yield path, "is outside the years 1 to 9999"


def _number_complaints(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | None):
        yield "activityValue", "must be a number, or null"
    elif value is not None and (message := complaint(Decimal(value))):
        yield "activityValue", message


def _attribute_complaints(attributes: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        try:
            msgspec.convert(name, Text)
            msgspec.convert(float(value) if isinstance(value, Decimal) else value, Attribute)
        except msgspec.ValidationError:
            message = f"must be a text of at most 1024 characters, a number up to {LARGEST}, true, false or null"
            yield "attributes", f"{name[:80]!r} {message}"


def _owner_complaints(plain: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "ownedBy" in plain and "ownedById" in plain:
        yield "ownedBy", "must not be given together with ownedById"
    elif "ownedBy" not in plain and "ownedById" not in plain:
        yield "ownedById", "is needed, or ownedBy in its place"
    elif not isinstance(plain.get("ownedBy", {}), dict):
        yield "ownedBy", "must be an object"
