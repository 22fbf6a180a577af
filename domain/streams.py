"""Streams read for a command: each becomes a decision when it is first asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from domain.commands import Entry
from domain.decision import Decision
from domain.engagement import first_entry
from domain.errors import DefinitionNotFound
from domain.events import Recorded
from domain.ids import catalogue_id, definition_id, owner_stream_id
from domain.kinds import DEFINABLE, GAME_OF, GAMES, KINDS, Game, Kind
from domain.user import PersonalData, User
from domain.vocabulary import OwnerStatus, Slug

_encode = msgspec.json.Encoder(decimal_format="number").encode


class StreamRow(Protocol):
    """The latest snapshot of a stream, as the log keeps it."""

    @property
    def version(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def state(self) -> str: ...


class Snapshot(NamedTuple):
    """The state of a stream after what was decided."""

    originator_id: UUID
    version: int
    topic: str
    state: str
    due_at: datetime | None


class LogRecorder(Protocol):
    """What the sliced log adds to the library's recorder."""

    @property
    def slices(self) -> int: ...
    def read_stream(self, originator_id: UUID) -> list[tuple[Any, ...]]: ...
    def load_streams(self, ids: Sequence[UUID]) -> dict[UUID, StreamRow]: ...
    def find_entries(self, entry_ids: Sequence[UUID]) -> dict[UUID, Any]: ...
    def insert_events(
        self,
        stored_events: Sequence[Any],
        *,
        snapshots: Iterable[Snapshot] = (),
        people: Iterable[PersonalData] = (),
        import_id: UUID | None = None,
    ) -> Sequence[int]: ...
    def due_slices(self, now: datetime) -> list[int]: ...
    def due_streams(self, slice_number: int, now: datetime, limit: int = 500) -> list[Any]: ...
    def begin_import(self, tenant: str, seconds: int = 60) -> UUID: ...
    def renew_import(self, import_id: UUID, seconds: int = 60) -> None: ...
    def end_import(self, import_id: UUID) -> None: ...
    def forget_imports(self) -> None: ...


class Streams:
    """The streams of one command or batch, and the decisions made on them."""

    def __init__(
        self,
        tenant: str,
        rows: Mapping[UUID, StreamRow],
        history: Callable[[UUID], Iterable[Recorded]],
        now: datetime,
    ) -> None:
        self.tenant = tenant
        self.now = now
        self._rows = rows
        self._history = history
        self._decisions: dict[UUID, Decision[Any]] = {}
        self._rules: dict[UUID, tuple[Any, Any]] = {}
        self._owners: dict[str, OwnerStatus] = {}

    def engagement(self, entry: Entry, stream: UUID | None = None) -> Decision[Any]:
        """The owner of an entry on what the entry is about; new when nothing was logged yet."""
        stream = stream or entry.engagement_id(self.tenant)
        known = self._decisions.get(stream)
        if known is not None:
            return known
        game = GAMES[entry.slug]
        return self._decision(stream, game.kind, game.state(id=stream, tenant=self.tenant, **entry.engaged()))

    def engagement_of(self, stream: UUID) -> tuple[Game, Decision[Any]] | None:
        """The engagement that is this stream; None when there is no such stream, or it is something else."""
        row = self._rows.get(stream)
        game = GAME_OF.get(row.topic.partition(".")[0]) if row else None
        if row is None or game is None:
            return None
        if row.topic == game.kind.topic:
            return game, self._decision(stream, game.kind, None)
        # An older snapshot is folded anew.
        return game, self.engagement(first_entry(self._history(stream)), stream)

    def definition(self, slug: Slug, identifier: UUID | str) -> Decision[Any]:
        """A definition; its state is None when there is none."""
        return self._decision(stream_of(self.tenant, slug, identifier), DEFINABLE[slug].kind, None)

    def defined(self, entry: Entry) -> tuple[Any, Any]:
        """The definition of an entry, and the rules of runs that start now. Raises DefinitionNotFound."""
        stream = entry.stream_of_definition(self.tenant)
        known = self._rules.get(stream)
        if known is None:
            game = GAMES[entry.slug]
            found = self._decision(stream, DEFINABLE[game.definition].kind, None).state
            if found is None:
                noun = entry.slug if entry.NAMED_BY == "definition_id" else entry.NAMED_BY.removesuffix("_id")
                message = f"there is no {noun} {getattr(entry, entry.NAMED_BY)}"
                raise DefinitionNotFound(message, {entry.NAMED_BY: [message]})
            known = self._rules[stream] = (found, found.rules)
        return known

    def kept(self, state: type[Any], stream: UUID, **about: Any) -> Decision[Any]:
        """A stream of an owner that nothing is logged to; its state is new when there is none."""
        return self._decision(stream, KINDS[state], state(id=stream, **about))

    def user(self, owner_id: str) -> Decision[User | None]:
        """An end user; the state is None for one that was never registered."""
        return self._decision(owner_stream_id(self.tenant, owner_id), KINDS[User], None)

    def owner_status(self, owner_id: str) -> OwnerStatus:
        """Whether the owner's entries count. An owner that was never registered is live."""
        status = self._owners.get(owner_id)
        if status is None:
            registered = owner_stream_id(self.tenant, owner_id) in self._rows
            known = self.user(owner_id).state if registered else None
            status = self._owners[owner_id] = known.status if known else OwnerStatus.LIVE
        return status

    def decided(self) -> tuple[list[Recorded], list[Snapshot]]:
        """Everything that was recorded, and the states after it."""
        changed = [decision for decision in self._decisions.values() if decision.events]
        events = [event for decision in changed for event in decision.events]
        return events, [snapshot(decision) for decision in changed]

    def _decision(self, stream: UUID, kind: Kind, empty: Any) -> Decision[Any]:
        decision = self._decisions.get(stream)
        if decision is None:
            version, state = self._state(stream, kind, empty)
            decision = self._decisions[stream] = Decision(
                originator_id=stream, tenant=self.tenant, version=version, state=state, evolve=kind.evolve, now=self.now
            )
        return decision

    def _state(self, stream: UUID, kind: Kind, empty: Any) -> tuple[int, Any]:
        row = self._rows.get(stream)
        if row is None:
            return 0, empty
        if row.topic == kind.topic:
            return row.version, kind.decode(row.state)
        return row.version, fold(kind, empty, self._history(stream))


def fold(kind: Kind, state: Any, events: Iterable[Recorded]) -> Any:
    """The state that events lead to."""
    for recorded in events:
        state = kind.evolve(state, recorded.event, recorded.recorded_at)
    return state


def ids_of(tenant: str, entries: Iterable[Entry]) -> Sequence[UUID]:
    """The streams that entries touch or ask."""
    ids = set()
    for entry in entries:
        ids |= {
            entry.engagement_id(tenant),
            entry.stream_of_definition(tenant),
            owner_stream_id(tenant, entry.owner_id),
        }
    return list(ids)


def stream_of(tenant: str, slug: Slug, identifier: UUID | str) -> UUID:
    """The stream of a definition. Items of the catalogue have names for ids."""
    if isinstance(identifier, UUID):
        return definition_id(tenant, slug, identifier)
    return catalogue_id(tenant, identifier)


def snapshot(decision: Decision[Any]) -> Snapshot:
    state = decision.state
    kind = KINDS[type(state)]
    return Snapshot(
        decision.originator_id, decision.version, kind.topic, _encode(state).decode(), getattr(state, "due_at", None)
    )
