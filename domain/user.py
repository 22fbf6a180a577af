"""An end user. The stream says that and when something changed; personal data is kept beside the log (erasable)."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain import texts
from domain.commands import EraseUser, KeepUser
from domain.definitions import refuse, text_complaints
from domain.errors import Erased, NotFound
from domain.events import Event, Recorded
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


class UserErased(Event, frozen=True, kw_only=True):
    """The personal data of an end user was erased. That it happened is recorded, and on whose word; no data is."""

    TOPIC = "UserErased"
    user_id: str
    actor: str


class User(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the rules need to know of an end user: whether entries of theirs count, and whether they were erased.

    Snapshots from before there was erasure lack `erased`, and were none.
    """

    id: str
    status: OwnerStatus = OwnerStatus.LIVE
    erased: bool = False


class PersonalData(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a user's row that a command sets."""

    tenant: str
    id: str
    columns: dict[str, Any]


def decide(user: User | None, user_id: str, command: KeepUser) -> Event | None:
    """What follows from keeping a user; None when there is nothing new to say.

    Raises InvalidInput by field, and Erased for one who was erased, unless they are registered `anew`.
    """
    refuse(_complaints(user_id, command))
    if user is None or (user.erased and command.anew):
        return UserRegistered(user_id=user_id, status=command.status or OwnerStatus.LIVE)
    if user.erased:
        raise Erased(f"the personal data of user {user_id} was erased: only registering them again brings new data in")
    status = command.status or user.status
    changed = [*command.personal, *(["status"] if status != user.status else [])]
    if command.id is not None and command.external_id is not None:
        changed.append("external_id")
    if not changed:
        return None
    return UserChanged(user_id=user_id, changed=tuple(sorted(changed)), status=status)


def columns(command: KeepUser, now: datetime) -> dict[str, Any]:
    """What a command sets in the user's row. What it does not say stays as it is."""
    said: dict[str, Any] = {**command.personal, "created_at": now, "updated_at": now}
    if command.external_id is not None:
        said["external_id"] = command.external_id
    if command.status is not None:
        said["status"] = command.status
    return {"status": OwnerStatus.LIVE, **said, "erased_at": None} if command.anew else said


def row_told(history: Sequence[Recorded]) -> PersonalData | None:
    """What the whole stream of a user says of their row: all but what says who they are. None for another stream."""
    first, last = history[0], history[-1]
    user = None
    for one in history:
        user = evolve(user, one.event, one.recorded_at)
    if user is None:
        return None
    said: dict[str, Any] = {"created_at": first.recorded_at, "updated_at": last.recorded_at, "status": user.status}
    if user.erased:
        said["erased_at"] = next(one.recorded_at for one in reversed(history) if isinstance(one.event, UserErased))
    return PersonalData(tenant=first.tenant, id=user.id, columns=said)


def erase(user: User | None, command: EraseUser) -> Event | None:
    """What follows from erasing a user; None when that is done already. Raises NotFound."""
    if user is None:
        raise NotFound(f"there is no user {command.id}")
    return None if user.erased else UserErased(user_id=command.id, actor=command.actor)


def erased_columns(now: datetime) -> dict[str, Any]:
    """What erasure leaves in the user's row of what says who they are: nothing. What is left is when it happened."""
    said = dict.fromkeys(("external_id", *PERSONAL_FIELDS))
    return {**said, "created_at": now, "updated_at": now, "erased_at": now}


def evolve(user: User | None, event: Event, recorded_at: datetime) -> User | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case UserRegistered() | UserChanged():
            return User(id=event.user_id, status=event.status)
        case UserErased():
            return User(id=event.user_id, status=user.status if user else OwnerStatus.LIVE, erased=True)
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
