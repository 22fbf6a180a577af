"""Streak progress: one run of an end user on a streak."""

from operator import attrgetter
from typing import Any

from api.schema.progress import ProgressKind, blueprint_of
from api.schema.streak_progress_record import STATUSES, StreakProgress, StreakProgressSchema, record_json
from domain.vocabulary import Slug
from projections import streak_progress
from projections.streak_progress import Record

kept = attrgetter("id", "status", "value", "updated_at", "user_updated_at", "erased_at")


def facts(record: Record, shown: StreakProgress) -> Any:
    """What the record is made of. A period that follows on one that was met begins without anything being written."""
    return *kept(record), shown.task_progress.period_key


KIND = ProgressKind(
    slug=Slug.STREAK,
    read_model=streak_progress,
    schema=StreakProgressSchema,
    statuses=STATUSES,
    json=record_json,
    facts=facts,
    about="How far end users are with streaks. Log entries and the passing of time make and change these records.",
    never_stale="Its status and its current period are those of the moment of the question: a period that has just "
    "ended unmet reads `broken`, and one that was met makes room for the next.",
)
BLUEPRINT = blueprint_of(KIND)
