"""Challenge progress: one run of an end user on a challenge."""

from operator import attrgetter
from typing import Any

from api.schema.challenge_progress_record import STATUSES, ChallengeProgress, ChallengeProgressSchema, record_json
from api.schema.progress import ProgressKind, blueprint_of
from domain.vocabulary import Slug
from projections import challenge_progress
from projections.challenge_progress import Record

kept = attrgetter("id", "status", "value", "count", "updated_at", "user_updated_at", "erased_at")


def facts(record: Record, shown: ChallengeProgress) -> Any:
    """What the record is made of."""
    return kept(record)


KIND = ProgressKind(
    slug=Slug.CHALLENGE,
    read_model=challenge_progress,
    schema=ChallengeProgressSchema,
    statuses=STATUSES,
    json=record_json,
    facts=facts,
    about="How far end users are with challenges. Log entries make and change these records.",
    never_stale="Its status is that of the moment of the question: a period that has just ended with the target unmet "
    "reads `failed`.",
)
BLUEPRINT = blueprint_of(KIND)
