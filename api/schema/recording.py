"""Recording: entries into the log, the users that came with them beside it, and what is answered to each."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from api.schema.entries import Sent
from api.schema.entry_log_record import LogKind, answer_json
from api.schema.wording import reworded
from domain.application import Logged, Position, ProgressLog
from domain.commands import Entry, KeepUser
from domain.errors import Busy, Erased, Refused
from projections import records
from projections.database import Reader
from projections.records import ACCOUNT_USER, Row


class Answer(NamedTuple):
    """What became of one entry: 201 or 200 with the entry, or why it was refused."""

    entry: dict[str, Any] | None = None
    refusal: Refused | None = None
    positions: tuple[Position, ...] = ()

    @property
    def status(self) -> int:
        """201 recorded, 200 recorded before; 0 refused, because what a problem's status is, `api.errors` says."""
        if self.entry is None:
            return 0
        return 200 if self.entry["replayed"] else 201


class Desk(NamedTuple):
    """Where one tenant's entries of one kind are taken, outside of any request: an answer may be streamed after it."""

    log: ProgressLog
    reader: Reader
    tenant: str
    clock: Callable[[], datetime]
    kind: LogKind

    def record(self, sent: Sequence[Sent | Refused], import_id: UUID | None = None) -> list[Answer]:
        """Record entries in order, each with its user. One that is refused does not stop the others."""
        now = self.clock()
        people = People(self, [one.person for one in sent if isinstance(one, Sent) and one.person])
        entries = [people.with_owner(one) for one in sent if isinstance(one, Sent)]
        outcomes = iter(self._logged(entries, now, import_id))
        results: list[Logged | Refused] = []
        kept: list[Position | None] = []
        for one in sent:
            result, position = (next(outcomes), None) if isinstance(one, Sent) else (one, None)
            if isinstance(one, Sent) and one.person and isinstance(result, Logged):
                result, position = self._with_user(people, one.person, result, now)
            results.append(result)
            kept.append(position)
        return self._answers(results, kept)

    def _with_user(
        self, people: "People", person: KeepUser, logged: Logged, now: datetime
    ) -> tuple[Logged | Refused, Position | None]:
        """Keep the user of an entry that is recorded. When that fails, the same entry sent again does it."""
        try:
            return logged, people.keep(person, now)
        except Refused as refusal:
            return refusal, None

    def _logged(self, entries: list[Entry], now: datetime, import_id: UUID | None) -> Sequence[Logged | Refused]:
        if not entries:
            return []
        try:
            return self.log.log_entries(self.tenant, entries, now=now, import_id=import_id)
        except Busy as error:
            return [error] * len(entries)

    def _answers(self, results: list[Logged | Refused], kept: list[Position | None]) -> list[Answer]:
        logged = [one for one in results if isinstance(one, Logged)]
        users = records.with_ids(self.reader, ACCOUNT_USER, self.tenant, {one.event.entry.owner_id for one in logged})
        again = {one.id for one in logged if one.replayed}
        voids = records.with_ids(self.reader, self.kind.records.kind, self.tenant, again)
        return [
            Answer(refusal=reworded(one, self.kind.names))
            if isinstance(one, Refused)
            else Answer(
                answer_json(self.kind, one, users.get(one.event.entry.owner_id), voids.get(one.id)),
                positions=tuple(filter(None, (one.position, position))),
            )
            for one, position in zip(results, kept, strict=True)
        ]


class People:
    """The users that come with entries: found by the tenant's own ids, kept after their entries are recorded."""

    def __init__(self, desk: Desk, sent: Iterable[KeepUser]) -> None:
        self._desk = desk
        external_ids = {one.external_id for one in sent if one.external_id}
        self._rows: dict[str, Row] = records.users_named(desk.reader, desk.tenant, external_ids)

    def with_owner(self, sent: Sent) -> Entry:
        """The entry under the id of the user that came with it."""
        if sent.person is None:
            return sent.entry
        return replace(sent.entry, owner_id=self._id_of(sent.person))

    def keep(self, person: KeepUser, now: datetime) -> Position | None:
        """Create the user, or change what differs. None when nothing does, or when the user was erased.

        Entries may be old, or sent by programs that know of no erasure: they bring nobody back.
        """
        external_id = person.external_id or ""
        row = self._rows.get(external_id)
        if row is None:
            command = person
        else:
            changed = {name: value for name, value in person.personal.items() if row[name] != value}
            if not changed:
                return None
            command = KeepUser(id=row["id"], personal=changed)
        try:
            identifier, position = self._desk.log.keep_user(self._desk.tenant, command, now=now)
        except Erased:
            return None
        nobody = dict.fromkeys(("first_name", "last_name", "email", "phone_number"))
        self._rows[external_id] = {**nobody, **(row or {}), **person.personal, "id": identifier}
        return position

    def _id_of(self, person: KeepUser) -> str:
        external_id = person.external_id or ""
        row = self._rows.get(external_id)
        return row["id"] if row else self._desk.log.user_id(self._desk.tenant, external_id)
