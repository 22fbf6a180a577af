"""The past of an engagement: its events, its definition's, and what they led to, as they were at a moment."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain import ids
from domain.application import ProgressLog
from domain.engagement import first_entry
from domain.events import Recorded
from domain.kinds import DEFINABLE, GAME_OF, GAMES
from domain.streams import fold, stream_of
from domain.time_travel import as_it_was, known_by
from domain.vocabulary import Slug


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which engagement: an owner on a challenge, a streak, a scenario, or a challenge of a topic."""

    slug: Slug
    definition_id: str
    owner_id: str
    challenge_index: int | None = None

    def stream(self, tenant: str) -> UUID:
        """The engagement's own stream."""
        match self.slug:
            case Slug.PRACTICE:
                return ids.practice_id(tenant, self.owner_id, self.definition_id, self.challenge_index or 0)
            case Slug.LEARN:
                return ids.learn_id(tenant, self.owner_id, self.definition_id)
        return ids.engagement_id(tenant, UUID(self.definition_id), self.owner_id, self.slug)

    def engaged(self) -> dict[str, Any]:
        """What its state is made with."""
        match self.slug:
            case Slug.PRACTICE:
                about: dict[str, Any] = {"topic_id": self.definition_id, "challenge_index": self.challenge_index}
            case Slug.LEARN:
                about = {"scenario_id": self.definition_id}
            case _:
                about = {"definition_id": UUID(self.definition_id)}
        return {"owner_id": self.owner_id, **about}


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """The events of an engagement in order, and those of its definition: all, or those of a moment."""

    id: UUID
    tenant: str
    about: About
    events: Sequence[Recorded]
    of_definition: Sequence[Recorded] = ()

    @property
    def slug(self) -> Slug:
        """The kind of engagement."""
        return self.about.slug

    @property
    def definition(self) -> Any:
        """The definition as its events tell it."""
        kind = DEFINABLE[GAMES[self.slug].definition].kind
        return fold(kind, None, self.of_definition)

    @property
    def began_as(self) -> Any:
        """The state before the first event."""
        return GAMES[self.slug].state(id=self.id, tenant=self.tenant, **self.about.engaged())

    @property
    def state(self) -> Any:
        """The state after all events."""
        return fold(GAMES[self.slug].kind, self.began_as, self.events)

    def states(self) -> Iterator[tuple[Recorded, Any]]:
        """Each event, and the state after it."""
        state, evolve = self.began_as, GAMES[self.slug].kind.evolve
        for recorded in self.events:
            state = evolve(state, recorded.event, recorded.recorded_at)
            yield recorded, state

    def as_it_was(self, *, as_of: datetime | None, known_at: datetime | None) -> "Past":
        """The past as it was at a moment, as far as it had been recorded by another; each may be left out."""
        return msgspec.structs.replace(
            self,
            events=as_it_was(self.events, self.of_definition, as_of=as_of, known_at=known_at),
            of_definition=known_by(self.of_definition, known_at),
        )


def pasts(log: ProgressLog, tenant: str, candidates: Iterable[About]) -> list[Past]:
    """Those of these engagements that there are, in the order in which they began."""
    streams = {one.stream(tenant): one for one in candidates}
    known = log.log_recorder.load_streams(list(streams))
    found = [_past(log, tenant, stream, streams[stream], log.history(stream)) for stream in known]
    return sorted(found, key=lambda past: past.events[0].position)


def past_of(log: ProgressLog, tenant: str, stream: UUID) -> Past | None:
    """The engagement that is this stream; None when the tenant has no such stream, or it is something else."""
    row = log.log_recorder.load_streams([stream]).get(stream)
    game = GAME_OF.get(row.topic.partition(".")[0]) if row else None
    events = log.history(stream) if game else []
    if game is None or not events or events[0].tenant != tenant:
        return None
    return _past(log, tenant, stream, _about(game.slug, first_entry(events)), events)


def _past(log: ProgressLog, tenant: str, stream: UUID, about: About, events: Sequence[Recorded]) -> Past:
    return Past(id=stream, tenant=tenant, about=about, events=events, of_definition=_defined(log, tenant, about))


def _defined(log: ProgressLog, tenant: str, about: About) -> Sequence[Recorded]:
    definition = GAMES[about.slug].definition
    if definition is Slug.CATALOGUE:
        return log.history(stream_of(tenant, definition, about.definition_id))
    return log.history(stream_of(tenant, definition, UUID(about.definition_id)))


def _about(slug: Slug, entry: Any) -> About:
    definition = str(getattr(entry, entry.NAMED_BY))
    index = getattr(entry, "challenge_index", None)
    return About(slug=slug, definition_id=definition, owner_id=entry.owner_id, challenge_index=index)
