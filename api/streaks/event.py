"""An event as it comes in: plain JSON to a value, or every wrong field by its name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from api.schema.entry_bodies import LARGEST, MAX_ATTRIBUTES
from domain.commands import LogEntry
from domain.errors import InvalidInput, invalid
from domain.numbers import LIMIT, complaint, exact
from domain.vocabulary import Slug

MAX_AHEAD_SECONDS = 300
VALUE = "value"

WITHOUT_NUL = r"^[^\x00]*$"
Text = Annotated[str, Meta(min_length=1, max_length=256, pattern=WITHOUT_NUL)]
UserId = Annotated[str, Meta(min_length=1, max_length=200, pattern=WITHOUT_NUL)]
Attribute = (
    Annotated[str, Meta(max_length=1024, pattern=WITHOUT_NUL)]
    | Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
    | Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
    | bool
    | None
)
VALUE_SCHEMA = {
    "description": "A number here is how much of it was done, which is what sums add up.",
    "type": ["number", "string", "boolean", "null"],
    "minimum": 0,
    "exclusiveMaximum": int(LIMIT),
    "multipleOf": 1e-6,
    "maxLength": 1024,
    "pattern": WITHOUT_NUL,
}


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a user did."""

    event_id: Annotated[Text, Meta(description="Names the event, so that it counts once for its user.")]
    event_type: Annotated[Text, Meta(description="What was done. Every live definition that names it is fed.")]
    user_id: Annotated[UserId, Meta(description="Who did it.")]
    timestamp: Annotated[datetime, Meta(tz=True, description="When it was done; at most 300 s from now.")]
    attributes: Annotated[
        dict[Text, Attribute],
        Meta(
            max_length=MAX_ATTRIBUTES,
            description="What else there is to say.",
            extra_json_schema={"properties": {VALUE: VALUE_SCHEMA}},
        ),
    ] = {}


class Happened(msgspec.Struct, frozen=True):
    """An event that was read, and the exact number under `value` if there is one."""

    event: Event
    value: Decimal | None

    def entry(self, slug: Slug, definition_id: UUID) -> LogEntry:
        """What it is to one of the definitions that it feeds."""
        event = self.event
        return LogEntry(
            definition_id=definition_id,
            owner_id=event.user_id,
            activity_at=event.timestamp,
            unique_identifier=event.event_id,
            activity_id=event.event_type,
            activity_value=self.value,
            attributes=event.attributes,
            slug=slug,
        )


FIELDS = {field.name: field for field in msgspec.structs.fields(Event)}
WANTED = {
    "event_id": "must be a text of 1 to 256 characters without U+0000",
    "event_type": "must be a text of 1 to 256 characters without U+0000",
    "user_id": "must be a text of 1 to 200 characters without U+0000",
    "timestamp": "must be a time with a zone, as 2026-04-03T10:15:00Z",
    "attributes": f"must be an object of at most {MAX_ATTRIBUTES} attributes, named with 1 to 256 characters",
}


def parse(plain: Any, now: datetime) -> Happened:
    """The event that some plain JSON is. Raises InvalidInput that names every wrong field.

    Everything is checked here, so that the log has nothing to say about an event but that a definition needs more.
    """
    if not isinstance(plain, dict):
        raise invalid("body", "must be a JSON object")
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, message in _read(plain, now, values):
        errors.setdefault(name, []).append(message)
    if errors:
        raise InvalidInput("; ".join(f"{name}: {', '.join(found)}" for name, found in errors.items()), errors)
    return Happened(Event(**values), _number(plain))


def _read(plain: dict[str, Any], now: datetime, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Put what is good into `values`; yield the complaints about the rest, by field."""
    yield from ((name[:80], "is not a field") for name in plain if name not in FIELDS)
    for name, field in FIELDS.items():
        if name not in plain:
            if field.required:
                yield name, "is needed"
            continue
        value = plain[name]
        if name == "attributes" and isinstance(value, dict):
            yield from _attribute_complaints(value)
            value = {key: float(one) if isinstance(one, Decimal) else one for key, one in value.items()}
        try:
            values[name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            naive = "timezone" in str(error)
            if name != "attributes" or not isinstance(value, dict) or len(value) > MAX_ATTRIBUTES:
                yield name, "has no time zone: 2026-04-03T10:15:00Z has one" if naive else WANTED[name]
    if "timestamp" in values:
        yield from _moment_complaints(values, now)


def _moment_complaints(values: dict[str, Any], now: datetime) -> Iterator[tuple[str, str]]:
    try:
        moment = values["timestamp"] = values["timestamp"].astimezone(UTC)
    except OverflowError:
        yield "timestamp", "is outside the years 1 to 9999"
        return
    if moment - now > timedelta(seconds=MAX_AHEAD_SECONDS):
        yield "timestamp", f"is more than {MAX_AHEAD_SECONDS} s in the future"


def _attribute_complaints(attributes: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        try:
            msgspec.convert(name, Text)
            msgspec.convert(float(value) if isinstance(value, Decimal) else value, Attribute)
        except msgspec.ValidationError:
            message = f"must be a text of at most 1024 characters, a number up to {LARGEST}, true, false or null"
            yield "attributes", f"{name[:80]!r} {message}"
    number = attributes.get(VALUE)
    if _is_number(number) and (message := complaint(Decimal(number))):
        yield f"attributes.{VALUE}", message


def _number(plain: dict[str, Any]) -> Decimal | None:
    value = plain.get("attributes", {}).get(VALUE)
    return exact(Decimal(value)) if _is_number(value) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
