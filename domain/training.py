"""What is logged of training: one phase of a practice challenge scored, one step of a scenario reached (RULES 8)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain import texts
from domain.definitions import refuse, text_complaints
from domain.engagement import refuse_ahead
from domain.ids import catalogue_id, learn_id, practice_id
from domain.vocabulary import Slug

MAX_PHASE_SCORE = 50
MAX_STEP = 100_000


class PracticeEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """This owner scored one phase of a challenge, then: 1 identifies the vulnerability, 2 selects the patch."""

    slug: ClassVar[Slug] = Slug.PRACTICE
    NAMED_BY: ClassVar[str] = "topic_id"
    owner_id: str
    topic_id: str
    challenge_index: int
    phase: int
    score: int
    language: str
    activity_at: datetime
    unique_identifier: str
    hint_used: bool = False

    def engagement_id(self, tenant: str) -> UUID:
        """The stream of this owner on this challenge."""
        return practice_id(tenant, self.owner_id, self.topic_id, self.challenge_index)

    def stream_of_definition(self, tenant: str) -> UUID:
        """The stream of the topic."""
        return catalogue_id(tenant, self.topic_id)

    def engaged(self) -> dict[str, Any]:
        """What an engagement that begins with this entry is about."""
        return {"owner_id": self.owner_id, "topic_id": self.topic_id, "challenge_index": self.challenge_index}


class LearnEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """This owner opened a scenario, or reached a step of it, then."""

    slug: ClassVar[Slug] = Slug.LEARN
    NAMED_BY: ClassVar[str] = "scenario_id"
    owner_id: str
    scenario_id: str
    activity_at: datetime
    unique_identifier: str
    step: int | None = None

    def engagement_id(self, tenant: str) -> UUID:
        """The stream of this owner on this scenario."""
        return learn_id(tenant, self.owner_id, self.scenario_id)

    def stream_of_definition(self, tenant: str) -> UUID:
        """The stream of the scenario."""
        return catalogue_id(tenant, self.scenario_id)

    def engaged(self) -> dict[str, Any]:
        """What an engagement that begins with this entry is about."""
        return {"owner_id": self.owner_id, "scenario_id": self.scenario_id}


def refuse_impossible(entry: PracticeEntry | LearnEntry, now: datetime) -> None:
    """Refuse an activityAt of more than 300 s after `now`, a score outside 0..50, a phase other than 1 and 2, a step
    below 1, and text that no table can keep. Raises InvalidInput.
    """
    refuse_ahead(entry.activity_at, now)
    refuse(_complaints(entry))


def _complaints(entry: PracticeEntry | LearnEntry) -> Iterator[tuple[str, str]]:
    yield from text_complaints("owner_id", entry.owner_id, texts.MAX_OWNER_LENGTH, 1)
    yield from text_complaints("unique_identifier", entry.unique_identifier, texts.MAX_NAME_LENGTH, 1)
    if isinstance(entry, LearnEntry):
        yield from text_complaints("scenario_id", entry.scenario_id, texts.MAX_NAME_LENGTH, 1)
        if entry.step is not None and not 1 <= entry.step <= MAX_STEP:
            yield "step", f"must be from 1 to {MAX_STEP}"
        return
    yield from text_complaints("topic_id", entry.topic_id, texts.MAX_NAME_LENGTH, 1)
    yield from text_complaints("language", entry.language, texts.MAX_NAME_LENGTH, 1)
    if entry.phase not in (1, 2):
        yield "phase", "must be 1 (identify) or 2 (patch)"
    if not 0 <= entry.score <= MAX_PHASE_SCORE:
        yield "score", f"must be from 0 to {MAX_PHASE_SCORE}"
