"""An engagement decided again, in the order in which its entries arrived, without what happened after a moment."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.commands import VoidEntry
from domain.decision import Decision
from domain.definitions import Rules
from domain.engagement import EntryCounted, RewardChanged, RunStarted, happened_at, later
from domain.errors import Refused
from domain.events import Event, Recorded, Voided
from domain.kinds import DEFINABLE, GAMES
from domain.learn_progress import ScenarioAccessed
from domain.practice_progress import PhaseScored
from domain.streams import fold
from domain.vocabulary import DefinitionStatus, OwnerStatus
from domain.voids import History
from domain.windows import Window


def replayed(known: Sequence[Recorded], definition: Sequence[Recorded], as_of: datetime) -> list[Recorded]:
    """The events as they would be had only that been logged which had happened by `as_of`, the rest being known.

    Entries and voids come in the order of the log, each with the clock that it had, though never past `as_of`; then
    everything seals that is due by then. What was not counted stays so, and a void that changed no outcome changes
    none. When nothing happened after `as_of`, the answer is the log.
    """
    return _Replay(known, definition, as_of).events()


class _Replay:
    def __init__(self, known: Sequence[Recorded], definition: Sequence[Recorded], as_of: datetime) -> None:
        first = next(one for one in known if one.entry_id is not None)
        entry = first.event.entry  # type: ignore[attr-defined]
        self.known, self.as_of, self.game = known, as_of, GAMES[entry.slug]
        self.definition = fold(DEFINABLE[self.game.definition].kind, None, definition)
        self.rules = dict(_rules(known))
        self.kept: set[UUID] = set()
        self.decision: Decision[Any] = Decision(
            originator_id=first.originator_id,
            tenant=first.tenant,
            version=0,
            state=self.game.state(id=first.originator_id, tenant=first.tenant, **entry.engaged()),
            evolve=self.game.kind.evolve,
            now=as_of,
        )
        self.history = History(self.decision.events)

    def events(self) -> list[Recorded]:
        """Write by write: what one command recorded has one moment."""
        found: list[Recorded] = []
        for recorded_at, group in groupby(self.known, attrgetter("recorded_at")):
            written, before = list(group), len(self.decision.events)
            self.decision.now = min(recorded_at, self.as_of)
            self._again(written)
            found += _placed(self.decision.events[before:], _Written(written), recorded_at)
        before = len(self.decision.events)
        self._pass_time()
        passed = self.decision.events[before:]
        written_then = _Written(self.known if passed else ())
        for one in passed:
            found += _placed([one], written_then, one.recorded_at)
        return found

    def _again(self, written: Sequence[Recorded]) -> None:
        causes = [one for one in written if one.entry_id or isinstance(one.event, Voided | RewardChanged)]
        if not causes and written[0].recorded_at <= self.as_of:
            self._advance(self.decision.now)
        for one in causes:
            if isinstance(one.event, Voided):
                if one.event.entry_id in self.kept:
                    self._void(one.event)
            elif isinstance(one.event, RewardChanged):
                if one.recorded_at <= self.as_of:
                    self.decision.record(one.event)
            elif happened_at(one) <= self.as_of:
                self._log(one)

    def _log(self, one: Recorded) -> None:
        event: Any = one.event
        identifier, rules = one.entry_id, self.rules.get(one.entry_id)
        self.kept.add(one.entry_id)  # type: ignore[arg-type]
        if getattr(event, "reason", None) is None:
            try:
                self.game.log_entry(
                    self.decision,
                    event.entry,
                    _counting(self.definition, event, rules),
                    rules,
                    OwnerStatus.LIVE,
                    identifier=identifier,
                    backfill=event.backfill,
                )
            except Refused:
                # Its definition was changed so much since that the run which holds its moment cannot gather it.
                self.decision.record(event, identifier)
            return
        at = event.entry.activity_at
        seen_until = getattr(self.decision.state, "seen_until", None)
        self._advance(later(seen_until, at) if event.backfill else self.decision.now)
        self.decision.record(event, identifier)

    def _void(self, voided: Voided) -> None:
        if getattr(voided, "effective", True):
            command = VoidEntry(entry_id=voided.entry_id, reason=voided.reason, actor=voided.actor)
            self.game.void(self.decision, command, self.history, self.definition)
        else:
            self._advance(self.decision.now)
            self.decision.record(voided)

    def _advance(self, clock: datetime) -> None:
        if self.game.advance is not None:
            self.game.advance(self.decision, self.definition.pauses, clock)

    def _pass_time(self) -> None:
        """Do what is due by the end, each at its own deadline: a clock that was late is not part of what was true."""
        due = getattr(self.decision.state, "due_at", None)
        while due is not None and due <= self.as_of:
            self.decision.now = due
            self._advance(due)
            due = self.decision.state.due_at


def _rules(known: Sequence[Recorded]) -> Iterator[tuple[UUID | None, Rules]]:
    """The rules that each counted entry was judged by: those of its run."""
    runs: dict[UUID, Rules] = {}
    for one in known:
        if isinstance(one.event, RunStarted):
            runs[one.event.run_id] = one.event.rules
        elif isinstance(one.event, EntryCounted):
            yield one.entry_id, runs[one.event.run_id]


def _counting(definition: Any, event: Event, rules: Rules | None) -> Any:
    """The definition as it let this entry count, whatever has become of it."""
    changes: dict[str, Any] = {"status": DefinitionStatus.LIVE}
    match event:
        case EntryCounted() if rules is not None:
            changes["ends_at"] = rules.schedule.ends_at
        case PhaseScored():
            changes["total_challenges"] = max(definition.fields.total_challenges or 0, event.entry.challenge_index + 1)
        case ScenarioAccessed():
            changes["total_steps"] = event.steps.total_steps
    return replace(definition, fields=replace(definition.fields, **changes))


class _Written:
    """What the log has, to be found by what it says: each event is taken once."""

    def __init__(self, written: Iterable[Recorded]) -> None:
        self._left: dict[Hashable, list[Recorded]] = {}
        for one in written:
            self._left.setdefault(_key(one), []).append(one)

    def take(self, decided: Recorded) -> Recorded | None:
        """The event that says the same or, of one that tells or takes back an entry, that is about this entry."""
        left = self._left.get(_key(decided), [])
        named = decided.entry_id is not None or isinstance(decided.event, Voided)
        index = next((index for index, old in enumerate(left) if named or old.event == decided.event), None)
        return None if index is None else left.pop(index)


def _key(one: Recorded) -> Hashable:
    """What two events that say the same have in common, and few others share."""
    if one.entry_id is not None:
        return one.entry_id
    if isinstance(one.event, Voided):
        return Voided, one.event.entry_id
    window: Window | None = getattr(one.event, "window", None)
    return type(one.event), getattr(one.event, "run_id", None), window and window.start


def _placed(decided: Sequence[Recorded], written: _Written, recorded_at: datetime) -> Iterator[Recorded]:
    """What was decided again, with its place in the log where the log has it so, or has its entry."""
    for one in decided:
        event, place = one.event, written.take(one)
        if place is None:
            yield replace(one, recorded_at=recorded_at, originator_version=0)
            continue
        if isinstance(event, Voided):
            event = replace(event, voided_at=place.event.voided_at)  # type: ignore[attr-defined]
        yield place if place.event == event else replace(place, event=event)
