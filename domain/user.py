"""An end user. The stream says that and when something changed; personal data is kept beside the log (erasable)."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from domain import texts
from domain.commands import KeepUser
from domain.definitions import refuse, text_complaints
from domain.events import Event
from domain.vocabulary import OwnerStatus

PERSONAL_FIELDS = ("first_name", "last_name", "email", "phone_number")
E164 = re.compile(r"\+[1-9][0-9]{1,14}\Z")


class UserRegistered(Event, frozen=True, kw_only=True):
    """An end user became known."""

    TOPIC = "UserRegistered"
    user_id: str
    status: OwnerStatus = OwnerStatus.LIVE


class UserChanged(Event, frozen=True, kw_only=True):
    """Some fields of an end user changed. Their names are recorded, what they hold is not."""

    TOPIC = "UserChanged"
    user_id: str
    changed: tuple[str, ...]
    status: OwnerStatus


class User(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the rules need to know of an end user: whether entries of theirs count."""

    id: str
    status: OwnerStatus = OwnerStatus.LIVE


class PersonalData(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a user's row that a command sets."""

    tenant: str
    id: str
    columns: dict[str, Any]


def decide(user: User | None, user_id: str, command: KeepUser) -> Event | None:
    """What follows from keeping a user; None when there is nothing new to say. Raises InvalidInput by field."""
    refuse(_complaints(user_id, command))
    if user is None:
        return UserRegistered(user_id=user_id, status=command.status or OwnerStatus.LIVE)
    status = command.status or user.status
    changed = [*command.personal, *(["status"] if status != user.status else [])]
    if command.id is not None and command.external_id is not None:
        changed.append("external_id")
    if not changed:
        return None
    return UserChanged(user_id=user_id, changed=tuple(sorted(changed)), status=status)


def evolve(user: User | None, event: Event, recorded_at: datetime) -> User | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case UserRegistered() | UserChanged():
            return User(id=event.user_id, status=event.status)
    return user


def _complaints(user_id: str, command: KeepUser) -> Iterator[tuple[str, str]]:
    yield from text_complaints("id", user_id, texts.MAX_OWNER_LENGTH, 1)
    if command.id is None and not command.external_id:
        yield "external_id", "is needed when there is no id"
    yield from text_complaints("external_id", command.external_id or "", texts.MAX_NAME_LENGTH)
    for name, value in command.personal.items():
        if name not in PERSONAL_FIELDS:
            yield name, "is not a field"
        yield from text_complaints(name, value or "", texts.MAX_NAME_LENGTH)
        if name == "phone_number" and value is not None and not E164.match(value):
            yield name, "must be a phone number as +43123456789 (E.164)"
