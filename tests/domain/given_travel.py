"""Lives of engagements, drawn at random: entries early and late, voids, pauses and a clock, all of it recorded."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from msgspec.structs import replace

from domain.commands import AddMilestone, Define, Redefine
from domain.engagement import EntryCounted, EntryNotCounted
from domain.events import Recorded
from domain.ids import definition_id
from domain.kinds import DEFINABLE
from domain.vocabulary import DefinitionStatus, Slug
from tests.domain import given, given_streak
from tests.domain.given import LONG_AGO, TENANT, at, milestone_id

START = at("2026-03-02T00:00")
HOUR = timedelta(hours=1)
GAMES = {
    Slug.CHALLENGE: (given, given.CHALLENGE_ID, {"completion_target_value": 3}),
    Slug.STREAK: (given_streak, given_streak.STREAK_ID, {"aggregation_target_value": 2, "completion_target_value": 3}),
}
EDITS: dict[Slug, list[dict[str, Any]]] = {
    Slug.CHALLENGE: [{"aggregation_period": "daily"}, {"completion_target_value": 2}, {"late_grace_seconds": 60}],
    Slug.STREAK: [{"aggregation_period": "daily"}, {"aggregation_target_value": 1}, {"late_grace_seconds": 60}],
}
RULES: dict[str, Any] = {"aggregation_period": "hourly", "aggregation_method": "count", "late_grace_seconds": 5400}


class Life:
    """One owner on one definition from day to day. What is told takes place at `now`, which `pass_time` moves."""

    def __init__(self, slug: Slug, **rules: Any) -> None:
        self.slug, self.now = slug, START
        self.words, self.definition_id, told = GAMES[slug]
        self.definition: list[Recorded] = []
        self.names: list[str] = []
        fields = self.words.fields(**{**RULES, **told, **rules})
        self.define(Define(id=self.definition_id, slug=slug, fields=fields), LONG_AGO)
        for number, target in enumerate((1, 2), start=1):
            told = {"target_value": target, "repeatable": number == 1}
            self.define(
                AddMilestone(id=milestone_id(number), slug=slug, definition_id=self.definition_id, fields=told),
                LONG_AGO,
            )
        self.engagement = self.words.Engagement(self.defined)

    @property
    def events(self) -> list[Recorded]:
        return self.engagement.recorded

    @property
    def defined(self) -> Any:
        state = None
        for one in self.definition:
            state = DEFINABLE[self.slug].kind.evolve(state, one.event, one.recorded_at)
        return state

    def define(self, command: Any, now: datetime) -> None:
        stream = definition_id(TENANT, self.slug, self.definition_id)
        for event in DEFINABLE[self.slug].define(self.defined if self.definition else None, command, now):
            version = len(self.definition) + 1
            self.definition.append(
                Recorded(originator_id=stream, originator_version=version, tenant=TENANT, recorded_at=now, event=event)
            )

    def pass_time(self, minutes: int) -> datetime:
        self.now += timedelta(minutes=minutes)
        return self.now

    def enter(self, late: int = 0, *, backfill: bool = False) -> None:
        name = f"n-{len(self.names)}"
        self.names.append(name)
        one = self.words.entry(self.now - timedelta(minutes=late), 1, name)
        self.engagement.log(one, self.now, backfill=backfill)

    def void(self, index: int) -> None:
        if self.names:
            self.engagement.void(self.names[-1 - index % len(self.names)], self.now)

    def advance(self) -> None:
        self.engagement.advance(self.now)

    def twin(self) -> "Life":
        """An engagement that nothing was logged to yet, with the same definition, its pauses too, where all counts."""
        twin, defined = Life(self.slug), self.defined
        live = replace(defined, fields=replace(defined.fields, status=DefinitionStatus.LIVE))
        twin.engagement.challenge = twin.engagement.streak = live
        return twin

    def advance_to(self, moment: datetime) -> None:
        """Let a clock that is never late do what is due by then."""
        while (due := self.engagement.state.due_at) is not None and due <= moment:
            self.engagement.advance(due)

    def change(self, **changes: Any) -> None:
        self.define(Redefine(id=self.definition_id, slug=self.slug, changes=changes), self.now)
        self.engagement.challenge = self.engagement.streak = self.defined


def steps(
    *, orderly: bool = False, voids: bool = True, edits: bool = True
) -> st.SearchStrategy[list[tuple[str, int, int]]]:
    """What happens, after how many minutes, and how late (for a void: which entry, from the last one back)."""
    kinds = ["enter"] * 6 + ["advance"] * 2 + ["pause", "resume"] + ["void"] * (2 if voids else 0) + ["edit"] * edits
    late = st.just(0) if orderly else st.one_of(st.just(0), st.integers(-4, 170))
    minutes = st.one_of(st.integers(1, 25), st.integers(1, 130))
    return st.lists(st.tuples(st.sampled_from(kinds), minutes, late), min_size=1, max_size=30)


def live(life: Life, told: Iterable[tuple[str, int, int]]) -> Life:
    """The life after these steps."""
    for kind, minutes, number in told:
        life.pass_time(minutes)
        match kind:
            case "enter":
                life.enter(number)
            case "advance":
                life.advance()
            case "void":
                life.void(abs(number))
            case "edit":
                life.change(**EDITS[life.slug][number % 3])
            case _:
                status = DefinitionStatus.PAUSED if kind == "pause" else DefinitionStatus.LIVE
                life.change(status=status)
    return life


def counted(events: Iterable[Recorded]) -> dict[UUID | None, bool]:
    """The entries, and whether each was counted."""
    entries = (one for one in events if isinstance(one.event, EntryCounted | EntryNotCounted))
    return {one.entry_id: isinstance(one.event, EntryCounted) for one in entries}
