"""Log entries as they come in: bytes to a command, or every wrong field by its name."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from api.plain_json import plain_json
from api.wire import encode
from domain.commands import KeepUser, LogEntry
from domain.errors import InvalidInput, invalid
from domain.numbers import LIMIT, complaint, exact
from domain.vocabulary import Slug

# In Python `$` also matches before a line feed at the end, and `\s` is not quite what it is in JavaScript.
_PART = r"[^@\s\x00-\x1f\x85\ufeff]+"
EMAIL = rf"^{_PART}@{_PART}\.{_PART}$(?!\n)"
PHONE_NUMBER = r"^\+[1-9][0-9]{1,14}$(?!\n)"
MAX_ATTRIBUTES = 64
LARGEST = 2**53 - 1  # Larger whole numbers are not exact in most languages, and too large ones cannot be written.

# U+0000 is documented here and refused by the domain: a pattern would cost every entry of a bulk load a search.
NO_NUL = {"pattern": r"^[^\u0000]*$"}
Text = Annotated[str, Meta(min_length=1, max_length=256, extra_json_schema=NO_NUL)]
OptionalText = Annotated[str, Meta(max_length=256, extra_json_schema=NO_NUL)] | None
Attribute = (
    Annotated[str, Meta(max_length=1024, extra_json_schema=NO_NUL)]
    | Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
    | Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
    | bool
    | None
)

VALUE = {
    "description": "How much of it was done. What sums values needs it.",
    "type": ["number", "null"],
    "minimum": 0,
    "exclusiveMaximum": int(LIMIT),
    "multipleOf": 1e-6,
}

# A user is kept after the entry is recorded, so everything about it is checked here.
PlainText = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Meta(max_length=256, pattern=r"^[^\x00]*$")] | UnsetType | None


class EntryOwner(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """An end user by the tenant's own id: created, or changed in what is given."""

    external_id: Annotated[PlainText, Meta(description="The tenant's own id of the end user.")]
    first_name: Name = UNSET
    last_name: Name = UNSET
    email: Annotated[str, Meta(max_length=256, pattern=EMAIL)] | UnsetType | None = UNSET
    phone_number: Annotated[str, Meta(max_length=16, pattern=PHONE_NUMBER)] | UnsetType | None = UNSET


class Entry(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """One activity of an end user. What it is an activity in, each kind of entry says by itself."""

    slug: ClassVar[Slug]
    definition_id: UUID
    activity_at: Annotated[datetime, Meta(tz=True, description="When it was done; at most 300 s from now.")]
    unique_identifier: Annotated[Text, Meta(description="Names the entry, so that it counts once.")]
    owned_by_id: Annotated[UUID, Meta(description="Who did it.")] | UnsetType = UNSET
    owned_by: EntryOwner | UnsetType = UNSET
    activity_id: OptionalText = None
    activity_value: Annotated[Raw, Meta(extra_json_schema=VALUE)] = msgspec.field(default_factory=Raw)
    attributes: Annotated[dict[Text, Attribute], Meta(max_length=MAX_ATTRIBUTES)] = {}
    kind: str | None = None


class ChallengeEntry(Entry, kw_only=True):
    """One activity of an end user in a challenge: what was done, when, and how much of it."""

    slug = Slug.CHALLENGE
    definition_id: Annotated[UUID, Meta(description="The challenge.")] = msgspec.field(name="challengeId")
    kind: Annotated[str, Meta(extra_json_schema={"const": "challenge_log"})] | None = None


class StreakEntry(Entry, kw_only=True):
    """One activity of an end user in a streak: what was done, when, and how much of it."""

    slug = Slug.STREAK
    definition_id: Annotated[UUID, Meta(description="The streak.")] = msgspec.field(name="streakId")
    kind: Annotated[str, Meta(extra_json_schema={"const": "streak_log"})] | None = None


class Sent(NamedTuple):
    """An entry, and the user that it came with in place of an owner's id: the entry has no owner until it is known."""

    entry: LogEntry
    person: KeepUser | None = None


ENTRIES: dict[str, type[Entry]] = {"challenge_log": ChallengeEntry, "streak_log": StreakEntry}
DECODERS = {kind: msgspec.json.Decoder(entry).decode for kind, entry in ENTRIES.items()}

# What the fields of every kind must be, in words: a refused entry is told all of its mistakes at once.
WANTED = {
    "challengeId": "must be a UUID",
    "streakId": "must be a UUID",
    "ownedById": "must be a UUID",
    "activityAt": "must be a time with a zone, as 2026-04-03T10:15:00Z",
    "uniqueIdentifier": "must be a text of 1 to 256 characters without U+0000",
    "activityId": "must be a text of at most 256 characters without U+0000, or null",
    "attributes": f"must be an object of at most {MAX_ATTRIBUTES} attributes",
    "kind": "must be the name of the log",
    "externalId": "must be a text of 1 to 256 characters without U+0000",
    "firstName": "must be a text of at most 256 characters without U+0000, or null",
    "lastName": "must be a text of at most 256 characters without U+0000, or null",
    "email": "must be an e-mail address of at most 256 characters, or null",
    "phoneNumber": "must be a phone number as +43123456789 (E.164), or null",
}


def parse_entry(raw: bytes | dict[str, Any], kind: str) -> LogEntry:
    """The command that an entry of the log `kind` is. Raises InvalidInput that names every wrong field."""
    sent = parse(raw if isinstance(raw, bytes) else encode(raw), kind)
    if sent.person is not None:
        raise invalid("ownedBy", "is not taken here: ownedById is needed")
    return sent.entry


def parse(raw: bytes, kind: str) -> Sent:
    """An entry as it was sent, with the user that may come with it. Raises InvalidInput as `parse_entry` does."""
    if kind not in ENTRIES:
        raise invalid("kind", f"{kind!r} is not a log that takes entries")
    try:
        return _sent(DECODERS[kind](raw), kind)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError, InvalidInput):
        raise _explained(raw, kind) from None


def _sent(entry: Entry, kind: str) -> Sent:
    person = entry.owned_by
    if (entry.kind is not None and entry.kind != kind) or (person is UNSET) is (entry.owned_by_id is UNSET):
        raise invalid("body", "contradicts itself")
    at = entry.activity_at
    command = LogEntry(
        definition_id=entry.definition_id,
        owner_id="" if entry.owned_by_id is UNSET else str(entry.owned_by_id),
        activity_at=at if at.tzinfo is UTC else at.astimezone(UTC),
        unique_identifier=entry.unique_identifier,
        activity_id=entry.activity_id,
        activity_value=_decimal(bytes(entry.activity_value)),
        attributes=entry.attributes,
        slug=entry.slug,
    )
    return Sent(command) if person is UNSET else Sent(command, _keep_user(person))


def _decimal(text: bytes) -> Decimal | None:
    """The exact decimal that a JSON number says. A string or anything else is no number."""
    if not text or text == b"null":
        return None
    if text[0] not in b"-0123456789":
        raise invalid("activityValue", "must be a number, or null")
    value = Decimal(text.decode())
    if text.isdigit() and value < LIMIT:
        return value
    if message := complaint(value):
        raise invalid("activityValue", message)
    return exact(value)


def _keep_user(person: EntryOwner) -> KeepUser:
    given = msgspec.structs.asdict(person)
    personal = {name: value for name, value in given.items() if name != "external_id" and value is not UNSET}
    return KeepUser(external_id=person.external_id, personal=personal)


def _explained(raw: bytes, kind: str) -> InvalidInput:
    """Every complaint about an entry, by field; a second, slower look at what was refused."""
    try:
        plain = plain_json(raw)
    except InvalidInput as error:
        return error
    if not isinstance(plain, dict):
        return invalid("body", "must be a JSON object")
    if plain.get("kind", kind) not in (kind, None):
        return invalid("kind", f"{plain['kind']!r} is sent to {kind}")
    errors = {name: [message] for name, message in (*_complaints(plain, ENTRIES[kind]), *_owner_complaints(plain))}
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
