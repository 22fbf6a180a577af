"""Practice progress: one owner's engagement with one challenge of a topic (RULES 8)."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.events import Event, Voided
from domain.training import PracticeEntry
from domain.vocabulary import Reason


class Phase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first phase of an attempt in flight."""

    score: int
    activity_at: datetime
    hint_used: bool = False


class Completion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Both phases of an attempt, scored: `completed_at` is the later one's activityAt."""

    language: str
    phase1_score: int
    phase2_score: int
    completed_at: datetime
    phase1_hint_used: bool = False
    phase2_hint_used: bool = False

    @property
    def score(self) -> int:
        """Out of 100."""
        return self.phase1_score + self.phase2_score


class PhaseScored(Event, frozen=True, kw_only=True):
    """A phase of an attempt was scored. Phase 1 begins an attempt."""

    TOPIC = "PhaseScored"
    entry: PracticeEntry
    backfill: bool = False


class PracticeNotCounted(Event, frozen=True, kw_only=True):
    """A practice entry was recorded and changed nothing else."""

    TOPIC = "PracticeNotCounted"
    entry: PracticeEntry
    reason: Reason
    backfill: bool = False


class PracticeCompleted(Event, frozen=True, kw_only=True):
    """An attempt has both phases. The latest completion counts."""

    TOPIC = "PracticeCompleted"
    owner_id: str
    topic_id: str
    challenge_index: int
    completion: Completion
    backfill: bool = False


class PracticeVoided(Voided, frozen=True, kw_only=True):
    """An entry was taken back. `completion` is what counts without it: the one before, or none."""

    TOPIC = "PracticeVoided"
    owner_id: str
    topic_id: str
    challenge_index: int
    phase1: Phase | None = None
    completion: Completion | None = None


class PracticeProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One owner on one challenge: the attempt in flight, which is never shown, and the completion that counts."""

    id: UUID
    tenant: str
    owner_id: str
    topic_id: str
    challenge_index: int
    phase1: Phase | None = None
    completion: Completion | None = None


def evolve(progress: PracticeProgress, event: Event, recorded_at: datetime) -> PracticeProgress:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case PhaseScored(entry=entry):
            phase1 = Phase(score=entry.score, activity_at=entry.activity_at, hint_used=entry.hint_used)
            return replace(progress, phase1=phase1 if entry.phase == 1 else None)
        case PracticeCompleted():
            return replace(progress, completion=event.completion)
        case PracticeVoided():
            return replace(progress, phase1=event.phase1, completion=event.completion)
    return progress
