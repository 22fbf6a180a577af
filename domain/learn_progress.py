"""Learn progress: one owner's engagement with one scenario (RULES 8)."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.events import Event, Voided
from domain.training import LearnEntry
from domain.vocabulary import Reason


class Steps(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far an owner is in a scenario. `completed_at` is the activityAt of the entry that reached the last step."""

    current_step: int
    total_steps: int
    started_at: datetime
    last_access_at: datetime
    completed_at: datetime | None = None


class ScenarioAccessed(Event, frozen=True, kw_only=True):
    """A scenario was opened, or a step of it reached. `steps` is how far the owner is after it."""

    TOPIC = "ScenarioAccessed"
    entry: LearnEntry
    steps: Steps
    backfill: bool = False


class ScenarioCompleted(Event, frozen=True, kw_only=True):
    """The last step was reached."""

    TOPIC = "ScenarioCompleted"
    owner_id: str
    scenario_id: str
    completed_at: datetime
    backfill: bool = False


class LearnNotCounted(Event, frozen=True, kw_only=True):
    """A learn entry was recorded and changed nothing else."""

    TOPIC = "LearnNotCounted"
    entry: LearnEntry
    reason: Reason
    backfill: bool = False


class LearnVoided(Voided, frozen=True, kw_only=True):
    """An entry was taken back. `steps` is how far the owner is without it; none when it was the only one."""

    TOPIC = "LearnVoided"
    owner_id: str
    scenario_id: str
    steps: Steps | None = None


class LearnProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One owner on one scenario."""

    id: UUID
    tenant: str
    owner_id: str
    scenario_id: str
    steps: Steps | None = None


def evolve(progress: LearnProgress, event: Event, recorded_at: datetime) -> LearnProgress:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    match event:
        case ScenarioAccessed() | LearnVoided():
            return replace(progress, steps=event.steps)
    return progress
