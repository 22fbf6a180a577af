"""ProgressLog: a command in, events appended, positions and outcomes out."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError

from domain import rewards, user
from domain.assignment import Assignment
from domain.batch import Batch
from domain.catalogue import CatalogueItem
from domain.challenge import Challenge
from domain.commands import ChangeReward, Entry, KeepUser, VoidEntry
from domain.definition import DefinitionCommand
from domain.errors import NotFound, Refused
from domain.events import Recorded
from domain.ids import engagement_id, owner_stream_id, slice_of, user_id
from domain.kinds import DEFINABLE, GAMES
from domain.outcomes import Logged, Position
from domain.retrying import answering, retried
from domain.streak import Streak
from domain.streams import LogRecorder, Streams, ids_of, stream_of
from domain.team import Team
from domain.user import PersonalData
from domain.vocabulary import Slug
from domain.voids import History

Numbered = list[tuple[int, Entry]]
Definition = Challenge | Streak | CatalogueItem | Team | Assignment
Outcomes = dict[int, Logged | Refused]


class ProgressLog(Application[UUID]):
    """Everything that may be asked of the domain. Every method takes the time as an argument.

    A method reads the streams that it needs, lets the domain decide, and appends. When somebody else wrote to one of
    the streams first, it reads and decides again. Raises the refusals of `domain.errors`; Busy when others kept
    writing first or the log did not answer in time.
    """

    name = "progress_log"

    def __init__(self, database_url: str, **settings: str) -> None:
        super().__init__({"PERSISTENCE_MODULE": "eventstore", "DATABASE_URL": database_url, **settings})
        self.mapper.envelope = Recorded  # type: ignore[attr-defined]
        self.log_recorder: LogRecorder = self.recorder  # type: ignore[assignment]

    def log_entries(
        self,
        tenant: str,
        entries: Sequence[Entry],
        *,
        now: datetime,
        import_id: UUID | None = None,
        brief: bool = False,
    ) -> list[Logged | Refused]:
        """Record entries in order; a refused one does not stop the others. `import_id` marks a backfill.

        A `brief` answer to an entry that came before says that it did, and leaves out the run and the milestones: to
        find them again takes the history of each stream.
        """
        attempt = partial(self._attempt, tenant, now=now, import_id=import_id, brief=brief)
        outcomes = self._log(tenant, list(enumerate(entries)), attempt)
        return [outcomes[index] for index in range(len(entries))]

    def log_entry(self, tenant: str, entry: Entry, *, now: datetime, import_id: UUID | None = None) -> Logged:
        """Record one entry. Raises what it is refused for."""
        outcome = self.log_entries(tenant, [entry], now=now, import_id=import_id)[0]
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def void_entry(self, tenant: str, command: VoidEntry, *, now: datetime) -> Position:
        """Take an entry back (RULES 7). Done twice, it is the same void."""

        def attempt() -> Position:
            found = self.log_recorder.find_entries([command.entry_id]).get(command.entry_id)
            if found is None or found.tenant != tenant:
                raise NotFound(f"there is no log entry {command.entry_id}")
            recorded: Any = self.mapper.to_domain_event(found)
            entry: Entry = recorded.event.entry
            if command.slug not in (None, entry.slug):
                raise NotFound(f"there is no {command.slug} log entry {command.entry_id}")
            streams = self.streams(tenant, ids_of(tenant, [entry]), now)
            decision = streams.engagement(entry)
            definition, _ = streams.defined(entry)
            # The history is read after the state: what others wrote in between makes the append fail, not the tally.
            history = History(self.history(found.originator_id))
            GAMES[entry.slug].void(decision, command, history, definition)
            return self.append(streams) or self.position_of(found.originator_id, found.position)

        return retried(attempt)

    def define(
        self, tenant: str, definition: UUID | str, *commands: DefinitionCommand, now: datetime, dry_run: bool = False
    ) -> tuple[Definition, Position | None]:
        """Make or change a definition and its milestones: every command, or none when one is refused.

        The position is None when nothing changed, and in a dry run, which writes nothing.
        """
        slug = commands[0].slug

        def attempt() -> tuple[Definition, Position | None]:
            streams = self.streams(tenant, [stream_of(tenant, slug, definition)], now)
            decision = streams.definition(slug, definition)
            for command in commands:
                for event in DEFINABLE[slug].define(decision.state, command, now):
                    decision.record(event)
            if decision.state is None:
                raise NotFound(f"there is no {slug} {definition}")
            return decision.state, None if dry_run else self.append(streams)

        return retried(attempt)

    def definition(self, tenant: str, slug: Slug, definition: UUID | str, *, now: datetime) -> Definition | None:
        """A definition as it stands; None when there is none."""
        with answering():
            streams = self.streams(tenant, [stream_of(tenant, slug, definition)], now)
        found: Definition | None = streams.definition(slug, definition).state
        return found

    def keep_user(self, tenant: str, command: KeepUser, *, now: datetime) -> tuple[str, Position | None]:
        """Create an end user, or change what is given. Answers the user's id; no position when nothing changed."""
        identifier = command.id or self.user_id(tenant, command.external_id or "")
        columns = user.columns(command, now)

        def attempt() -> tuple[str, Position | None]:
            streams = self.streams(tenant, [owner_stream_id(tenant, identifier)], now)
            decision = streams.user(identifier)
            event = user.decide(decision.state, identifier, command)
            if event is None:
                return identifier, None
            decision.record(event)
            person = PersonalData(tenant=tenant, id=identifier, columns=columns)
            return identifier, self.append(streams, people=[person])

        return retried(attempt)

    @staticmethod
    def user_id(tenant: str, external_id: str) -> str:
        """The id that an end user gets who is created without one."""
        return str(user_id(tenant, external_id))

    def change_reward(self, tenant: str, command: ChangeReward, *, now: datetime) -> Position | None:
        """Note a coupon code or an expiry on a reward. Raises NotFound."""
        stream = engagement_id(tenant, command.definition_id, command.owner_id, command.slug)

        def attempt() -> Position | None:
            streams = self.streams(tenant, [stream], now)
            found = streams.engagement_of(stream)
            if found is None:
                raise NotFound(f"there is no reward {command.reward_id}")
            _, decision = found
            event = rewards.decide(self.history(stream), command)
            if event is None:
                return None
            decision.record(event)
            return self.append(streams)

        return retried(attempt)

    def advance(self, tenant: str, engagements: Sequence[UUID], *, now: datetime) -> int:
        """Seal what is due in these engagements (RULES 6). Answers how many events that wrote.

        One that somebody else writes to at the same moment is left to them: every entry seals first.
        """
        try:
            with answering():
                return self._advance(tenant, engagements, now)
        except IntegrityError:
            if len(engagements) == 1:
                return 0
            middle = len(engagements) // 2
            halves = engagements[:middle], engagements[middle:]
            return sum(self.advance(tenant, half, now=now) for half in halves)

    def position_of(self, identifier: UUID, number: int) -> Position:
        """The place in the log of a number in the slice that this id names."""
        return Position(slice_of(identifier, self.log_recorder.slices), number)

    def _advance(self, tenant: str, engagements: Sequence[UUID], now: datetime) -> int:
        streams = self.streams(tenant, engagements, now)
        found = [one for one in map(streams.engagement_of, engagements) if one]
        wanted = {(game.definition, decision.state.definition_id) for game, decision in found}
        definitions = self.streams(tenant, [stream_of(tenant, *one) for one in wanted], now)
        for game, decision in found:
            definition = definitions.definition(game.definition, decision.state.definition_id).state
            if game.advance is not None:
                game.advance(decision, definition.pauses, now)
        self.append(streams)
        return sum(len(decision.events) for _, decision in found)

    def history(self, stream: UUID) -> list[Recorded]:
        """Every event of a stream, in order."""
        mapper: Any = self.mapper
        recorded: list[Recorded] = mapper.history(stream, self.log_recorder.read_stream(stream))
        return recorded

    def _log(self, tenant: str, entries: Numbered, attempt: Callable[[Numbered], Outcomes]) -> Outcomes:
        """Try them all at once; after a conflict, the slices one by one, each until it succeeds."""
        try:
            with answering():
                return attempt(entries)
        except IntegrityError:
            slices: dict[int, Numbered] = {}
            for index, entry in entries:
                stream = entry.engagement_id(tenant)
                slices.setdefault(slice_of(stream, self.log_recorder.slices), []).append((index, entry))
            outcomes: Outcomes = {}
            for part in slices.values():
                outcomes |= retried(partial(attempt, part))
            return outcomes

    def _attempt(self, tenant: str, entries: Numbered, now: datetime, import_id: UUID | None, brief: bool) -> Outcomes:
        streams = self.streams(tenant, ids_of(tenant, (entry for _, entry in entries)), now)
        find = self.log_recorder.find_entries
        told: Any = self.mapper.to_domain_event if brief else None
        batch = Batch(streams, find, self.history, self.position_of, backfill=import_id is not None, brief=told)
        batch.decide(entries)
        events, snapshots = streams.decided()
        stored = [self.mapper.to_stored_event(event) for event in events]
        numbers = self.log_recorder.insert_events(stored, snapshots=snapshots, import_id=import_id)
        return batch.outcomes(events, numbers)

    def streams(self, tenant: str, ids: Sequence[UUID], now: datetime) -> Streams:
        """Streams as they stand, to decide on."""
        return Streams(tenant, self.log_recorder.load_streams(ids), self.history, now)

    def append(self, streams: Streams, people: Iterable[PersonalData] = ()) -> Position | None:
        """Append what was decided on streams of one slice; the last event's position, None when there was nothing."""
        return max(self.append_all(streams, people), default=None)

    def append_all(self, streams: Streams, people: Iterable[PersonalData] = ()) -> list[Position]:
        """Append what was decided; the position of the last event in each slice."""
        events, snapshots = streams.decided()
        if not events:
            return []
        stored = [self.mapper.to_stored_event(event) for event in events]
        numbers = self.log_recorder.insert_events(stored, snapshots=snapshots, people=people)
        placed = (self.position_of(*one) for one in zip((one.originator_id for one in events), numbers, strict=True))
        return list({position.slice: position for position in placed}.values())
