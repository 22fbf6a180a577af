"""Log entries of practice and learn: one row an entry, counted or not."""

from collections.abc import Iterator
from typing import Any

from domain.events import Recorded
from domain.learn_progress import LearnNotCounted, LearnVoided, ScenarioAccessed
from domain.practice_progress import PhaseScored, PracticeNotCounted, PracticeVoided
from domain.training import LearnEntry, PracticeEntry
from projections.change import Change, Projection
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice             smallint    NOT NULL,
        id                uuid        NOT NULL,
        tenant            text        NOT NULL,
        slug              text        NOT NULL,
        owner_id          text        NOT NULL,
        topic_id          text,
        challenge_index   integer,
        phase             integer,
        score             integer,
        hint_used         boolean,
        language          text,
        scenario_id       text,
        step              integer,
        activity_at       timestamptz NOT NULL,
        unique_identifier text        NOT NULL,
        recorded_at       timestamptz NOT NULL,
        counted           boolean     NOT NULL,
        reason            text,
        voided_at         timestamptz,
        void_reason       text,
        PRIMARY KEY (slice, id)
    );

    CREATE INDEX ON {table} (tenant, slug, recorded_at, id);
    CREATE INDEX ON {table} (slice, tenant, owner_id, recorded_at, id);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case PhaseScored() | ScenarioAccessed():
            yield _entry(recorded, event.entry, None)
        case PracticeNotCounted() | LearnNotCounted():
            yield _entry(recorded, event.entry, event.reason.value)
        case PracticeVoided() | LearnVoided():
            yield Change(event.entry_id, voided_at=event.voided_at, void_reason=event.reason)


def _entry(recorded: Recorded, entry: PracticeEntry | LearnEntry, reason: str | None) -> Change:
    return Change(
        recorded.entry_id,
        tenant=recorded.tenant,
        slug=entry.slug.value,
        owner_id=entry.owner_id,
        activity_at=entry.activity_at,
        unique_identifier=entry.unique_identifier,
        recorded_at=recorded.recorded_at,
        counted=reason is None,
        reason=reason,
        **_told(entry),
    )


def _told(entry: PracticeEntry | LearnEntry) -> dict[str, Any]:
    """What only one of the two kinds says."""
    if isinstance(entry, LearnEntry):
        return {"scenario_id": entry.scenario_id, "step": entry.step}
    return {
        "topic_id": entry.topic_id,
        "challenge_index": entry.challenge_index,
        "phase": entry.phase,
        "score": entry.score,
        "hint_used": entry.hint_used,
        "language": entry.language,
    }


PROJECTION = Projection(
    name="training_log",
    version=VERSIONS["training_log"],
    key=("id",),
    table=TABLE,
    rows=rows,
    events=(PhaseScored, ScenarioAccessed, PracticeNotCounted, LearnNotCounted, PracticeVoided, LearnVoided),
)
