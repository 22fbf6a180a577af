"""Log entries as they come in: bytes to a command, or every wrong field by its name."""

from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from api.plain_json import plain_json
from api.schema.entry_bodies import ChallengeEntry, Entry, EntryOwner, LearnEntry, PracticeEntry, StreakEntry
from api.schema.entry_complaints import explained, with_whole_numbers
from api.wire import encode
from domain import commands
from domain.commands import KeepUser
from domain.errors import InvalidInput, invalid


class Sent(NamedTuple):
    """An entry, and the user that it came with in place of an owner's id: the entry has no owner until it is known."""

    entry: commands.Entry
    person: KeepUser | None = None


ENTRIES: dict[str, type[Entry]] = {
    f"{entry.slug}_log": entry for entry in (ChallengeEntry, StreakEntry, PracticeEntry, LearnEntry)
}
DECODERS = {kind: msgspec.json.Decoder(entry).decode for kind, entry in ENTRIES.items()}


def parse_entry(raw: bytes | dict[str, Any], kind: str) -> commands.Entry:
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
        return _read_again(raw, kind)


def _read_again(raw: bytes, kind: str) -> Sent:
    """A second, slower look at what was refused. Raises InvalidInput that names every wrong field."""
    plain = plain_json(raw)
    whole = with_whole_numbers(plain)
    if whole is not plain:
        with suppress(msgspec.DecodeError, ArithmeticError, InvalidInput):
            return _sent(DECODERS[kind](encode(whole)), kind)
    raise explained(whole, kind, ENTRIES[kind])


def _sent(entry: Entry, kind: str) -> Sent:
    person = entry.owned_by
    if (entry.kind is not None and entry.kind != kind) or (person is UNSET) is (entry.owned_by_id is UNSET):
        raise invalid("body", "contradicts itself")
    command = entry.told()
    return Sent(command) if person is UNSET else Sent(command, _keep_user(person))


def _keep_user(person: EntryOwner) -> KeepUser:
    given = msgspec.structs.asdict(person)
    personal = {name: value for name, value in given.items() if name != "external_id" and value is not UNSET}
    return KeepUser(external_id=person.external_id, personal=personal)
