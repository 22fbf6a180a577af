"""Many entries decided together: what came before is found first, the rest is decided in order (RULES 4.1)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.commands import Entry
from domain.definitions import Pause
from domain.engagement import CompletionRolledBack, MilestoneReached, RunCompleted
from domain.errors import EntryConflict, Refused
from domain.events import Recorded
from domain.ids import entry_id
from domain.kinds import GAMES, Game
from domain.learn_progress import ScenarioCompleted
from domain.outcomes import Logged, Position
from domain.practice_progress import PracticeCompleted
from domain.streak_events import BreakForeseen, PeriodMet, RunRecounted, RunWithdrawn
from domain.streams import Streams

# What an entry may bring about, recorded after it. A run that starts, and all that time does, comes before an entry.
FOLLOWING = (
    PeriodMet,
    RunWithdrawn,
    RunRecounted,
    RunCompleted,
    CompletionRolledBack,
    MilestoneReached,
    BreakForeseen,
    PracticeCompleted,
    ScenarioCompleted,
)


class Batch:
    """Entries on their way into the log."""

    def __init__(
        self,
        streams: Streams,
        find_entries: Callable[[Sequence[UUID]], dict[UUID, Any]],
        history: Callable[[UUID], Iterable[Recorded]],
        position_of: Callable[[UUID, int], Position],
        *,
        backfill: bool,
        brief: Callable[[Any], Recorded] | None = None,
    ) -> None:
        self._streams = streams
        self._find_entries = find_entries
        self._history = history
        self._position_of = position_of
        self._backfill = backfill
        self._brief = brief
        self._results: dict[int, Logged | Refused] = {}
        self._before: Mapping[UUID, Any] = {}
        self._answers: dict[UUID, dict[UUID, Logged]] = {}
        self._first: dict[UUID, int] = {}
        self._repeats: dict[int, int] = {}

    def decide(self, entries: Sequence[tuple[int, Entry]]) -> None:
        """Decide each entry, in order. A refused one is remembered with its reason and leaves no trace."""
        named = [(index, entry, *self._ids(entry)) for index, entry in entries]
        self._before = self._find_entries([identifier for *_, identifier in named])
        for index, entry, stream, identifier in named:
            try:
                if identifier in self._before:
                    self._results[index] = self._replay(entry, stream, identifier)
                elif identifier in self._first:
                    self._repeat(index, entry, self._first[identifier])
                else:
                    self._results[index] = self._record(entry, stream, identifier)
                    self._first[identifier] = index
            except Refused as refusal:
                # A traceback holds this very frame, and with it the whole batch.
                self._results[index] = refusal.with_traceback(None)

    def outcomes(self, events: Sequence[Recorded], numbers: Sequence[int]) -> dict[int, Logged | Refused]:
        """What came of each entry, once the events are written and have these numbers in their slices."""
        last = _last_numbers(events, numbers)
        placed: dict[int, Logged | Refused] = {}
        for index, result in self._results.items():
            if isinstance(result, Logged) and result.position is None:
                result = replace(result, position=self._position_of(result.id, last[result.id]))
            placed[index] = result
        for index, first in self._repeats.items():
            again = placed[first]
            placed[index] = replace(again, replayed=True) if isinstance(again, Logged) else again
        return placed

    def _ids(self, entry: Entry) -> tuple[UUID, UUID]:
        stream = entry.engagement_id(self._streams.tenant)
        return stream, entry_id(stream, entry.unique_identifier)

    def _record(self, entry: Entry, stream: UUID, identifier: UUID) -> Logged:
        definition, rules = self._streams.defined(entry)
        decision = self._streams.engagement(entry, stream)
        before = len(decision.events)
        owner = self._streams.owner_status(entry.owner_id)
        game = GAMES[entry.slug]
        game.log_entry(decision, entry, definition, rules, owner, identifier=identifier, backfill=self._backfill)
        return _logged(decision.events[before:], game, decision.state, _pauses_of(definition))

    def _repeat(self, index: int, entry: Entry, first: int) -> None:
        """The same entry twice in one batch: the first answer again."""
        before = self._results[first]
        if not isinstance(before, Logged) or before.event.entry != entry:
            raise _conflict(entry)
        self._repeats[index] = first

    def _replay(self, entry: Entry, stream: UUID, identifier: UUID) -> Logged:
        """An entry that the log holds already: the first answer again."""
        if self._brief is not None:
            recorded = self._brief(self._before[identifier])
            logged = replace(
                _logged([recorded], GAMES[entry.slug], None), position=self._position_of(stream, recorded.position)
            )
        else:
            if stream not in self._answers:
                self._answers[stream] = self._first_answers(entry, stream)
            logged = self._answers[stream][identifier]
        if logged.event.entry != entry:
            raise _conflict(entry)
        return replace(logged, replayed=True)

    def _first_answers(self, entry: Entry, stream: UUID) -> dict[UUID, Logged]:
        """What was answered to the entries of one stream that came before: its history is folded once for all."""
        game, tenant = GAMES[entry.slug], self._streams.tenant
        state = game.state(id=stream, tenant=tenant, **entry.engaged())
        # A pause that began after an answer touches no window that was over by then: the first answer stays the same.
        pauses = _pauses_of(self._streams.defined(entry)[0])
        answers: dict[UUID, Logged] = {}
        followed: list[Recorded] = []
        for recorded in self._history(stream):
            if not isinstance(recorded.event, FOLLOWING):
                followed = []
            if followed or recorded.entry_id in self._before:
                followed.append(recorded)
            state = game.kind.evolve(state, recorded.event, recorded.recorded_at)
            if followed:
                logged = _logged(followed, game, state, pauses)
                position = self._position_of(stream, recorded.position)
                answers[logged.id] = replace(logged, position=position)
        return answers


def _logged(events: Sequence[Recorded], game: Game, state: Any, pauses: tuple[Pause, ...] = ()) -> Logged:
    """The answer to the one entry among these events. Without a state it names no run."""
    recorded, identifier = next((one, one.entry_id) for one in events if one.entry_id is not None)
    event: Any = recorded.event
    counted = getattr(event, "reason", None) is None
    return Logged(
        id=identifier,
        tenant=recorded.tenant,
        recorded_at=recorded.recorded_at,
        event=event,
        counted=counted,
        run=game.outcome(state, event, pauses, recorded.recorded_at) if counted and state is not None else None,
        pauses=pauses,
        windows=getattr(state, "windows", ()),
        reached=tuple([one.event for one in events if isinstance(one.event, MilestoneReached)]),
    )


def _pauses_of(definition: Any) -> tuple[Pause, ...]:
    """The pauses of what can be paused."""
    return getattr(definition, "pauses", ())


def _conflict(entry: Entry) -> EntryConflict:
    message = f"{entry.unique_identifier!r} came before with other content"
    return EntryConflict(message, {"unique_identifier": [message]})


def _last_numbers(events: Sequence[Recorded], numbers: Sequence[int]) -> dict[UUID, int]:
    """For each entry the position of the last event that followed from it: whoever has read that has read all."""
    last: dict[UUID, int] = {}
    entry = stream = None
    for event, number in zip(events, numbers, strict=True):
        if event.entry_id is not None or event.originator_id != stream:
            entry, stream = event.entry_id, event.originator_id
        if entry is not None:
            last[entry] = number
    return last
