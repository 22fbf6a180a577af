"""Streams read for a command: each becomes a decision when it is first asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from domain import challenge as challenges
from domain import challenge_decisions, challenge_progress, streak_clock, streak_decisions, streak_progress, user
from domain import streak as streaks
from domain.challenge import Challenge
from domain.challenge_progress import ChallengeProgress
from domain.decision import Decision
from domain.definition import DefinitionCommand
from domain.definitions import Pause, Rules
from domain.errors import DefinitionNotFound
from domain.events import Event, Recorded
from domain.ids import definition_id, engagement_id, owner_stream_id
from domain.streak import Streak
from domain.streak_progress import StreakProgress
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


class Kind(NamedTuple):
    """How a kind of stream is folded and kept. A changed state gets another topic and is folded anew."""

    topic: str
    decode: Callable[[str], Any]
    evolve: Callable[[Any, Event, datetime], Any]


CHALLENGE = Kind("Challenge.1", msgspec.json.Decoder(Challenge).decode, challenges.evolve)
CHALLENGE_PROGRESS = Kind(
    "ChallengeProgress.1", msgspec.json.Decoder(ChallengeProgress).decode, challenge_progress.evolve
)
STREAK = Kind("Streak.1", msgspec.json.Decoder(Streak).decode, streaks.evolve)
STREAK_PROGRESS = Kind("StreakProgress.1", msgspec.json.Decoder(StreakProgress).decode, streak_progress.evolve)
USER = Kind("User.1", msgspec.json.Decoder(User).decode, user.evolve)
KINDS: dict[type, Kind] = {
    Challenge: CHALLENGE,
    ChallengeProgress: CHALLENGE_PROGRESS,
    Streak: STREAK,
    StreakProgress: STREAK_PROGRESS,
    User: USER,
}


class Game(NamedTuple):
    """What may be played: the kind of its definitions and of an owner's progress, and what each decides."""

    slug: Slug
    definition: Kind
    progress: Kind
    state: Callable[..., Any]
    define: Callable[[Any, DefinitionCommand, datetime], Iterable[Event]]
    log_entry: Callable[..., None]
    void: Callable[..., None]
    advance: Callable[[Any, tuple[Pause, ...], datetime], None]


GAMES: dict[Slug, Game] = {
    Slug.CHALLENGE: Game(
        slug=Slug.CHALLENGE,
        definition=CHALLENGE,
        progress=CHALLENGE_PROGRESS,
        state=ChallengeProgress,
        define=challenges.decide,
        log_entry=challenge_decisions.log_entry,
        void=challenge_decisions.void,
        advance=challenge_decisions.advance,
    ),
    Slug.STREAK: Game(
        slug=Slug.STREAK,
        definition=STREAK,
        progress=STREAK_PROGRESS,
        state=StreakProgress,
        define=streaks.decide,
        log_entry=streak_decisions.log_entry,
        void=streak_decisions.void,
        advance=streak_clock.advance,
    ),
}
GAME_OF = {game.progress.topic.partition(".")[0]: game for game in GAMES.values()}


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
        self._rules: dict[tuple[Slug, UUID], tuple[Any, Rules]] = {}
        self._owners: dict[str, OwnerStatus] = {}

    def engagement(self, slug: Slug, definition: UUID, owner_id: str, stream: UUID | None = None) -> Decision[Any]:
        """One owner on one definition; new when nothing was logged yet."""
        stream = stream or engagement_id(self.tenant, definition, owner_id, slug)
        known = self._decisions.get(stream)
        if known is not None:
            return known
        game = GAMES[slug]
        empty = game.state(id=stream, tenant=self.tenant, definition_id=definition, owner_id=owner_id)
        return self._decision(stream, game.progress, empty)

    def engagement_of(self, stream: UUID) -> tuple[Game, Decision[Any]] | None:
        """The engagement that is this stream; None when there is no such stream, or it is something else."""
        row = self._rows.get(stream)
        game = GAME_OF.get(row.topic.partition(".")[0]) if row else None
        if row is None or game is None:
            return None
        if row.topic == game.progress.topic:
            return game, self._decision(stream, game.progress, None)
        # An older snapshot is folded anew, and an engagement begins with an entry or with the run that it starts.
        first: Any = next(iter(self._history(stream))).event
        told = getattr(first, "entry", first)
        return game, self.engagement(game.slug, told.definition_id, told.owner_id, stream)

    def definition(self, slug: Slug, identifier: UUID) -> Decision[Any]:
        """A definition; its state is None when there is none."""
        return self._decision(definition_id(self.tenant, slug, identifier), GAMES[slug].definition, None)

    def defined(self, slug: Slug, identifier: UUID) -> tuple[Any, Rules]:
        """A definition and the rules of runs that start now. Raises DefinitionNotFound."""
        known = self._rules.get((slug, identifier))
        if known is None:
            found = self.definition(slug, identifier).state
            if found is None:
                message = f"there is no {slug} {identifier}"
                raise DefinitionNotFound(message, {"definition_id": [message]})
            known = self._rules[slug, identifier] = (found, found.rules)
        return known

    def user(self, owner_id: str) -> Decision[User | None]:
        """An end user; the state is None for one that was never registered."""
        return self._decision(owner_stream_id(self.tenant, owner_id), USER, None)

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
        return events, [_snapshot(decision) for decision in changed]

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


def ids_of(tenant: str, named: Iterable[tuple[Slug, UUID, str]]) -> Sequence[UUID]:
    """The streams that entries of these (kind, definition, owner) touch or ask."""
    named = set(named)
    ids = [engagement_id(tenant, definition, owner, slug) for slug, definition, owner in named]
    ids += [definition_id(tenant, *one) for one in {(slug, definition) for slug, definition, _ in named}]
    ids += [owner_stream_id(tenant, owner) for owner in {owner for *_, owner in named}]
    return ids


def _snapshot(decision: Decision[Any]) -> Snapshot:
    state = decision.state
    kind = KINDS[type(state)]
    return Snapshot(
        decision.originator_id, decision.version, kind.topic, _encode(state).decode(), getattr(state, "due_at", None)
    )
