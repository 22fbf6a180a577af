"""Practice progress: one row a challenge that an owner has completed. Attempts in flight are never shown."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from domain.events import Recorded
from domain.practice_progress import Completion, PracticeCompleted, PracticeVoided
from projections.change import Change, Projection
from projections.database import Reader
from projections.training import Found, Part, Source, held, of_user
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice            smallint    NOT NULL,
        tenant           text        NOT NULL,
        owner_id         text        NOT NULL,
        topic_id         text        NOT NULL,
        challenge_index  integer     NOT NULL,
        language         text        NOT NULL,
        score            integer     NOT NULL,
        phase1_score     integer     NOT NULL,
        phase2_score     integer     NOT NULL,
        phase1_hint_used boolean     NOT NULL,
        phase2_hint_used boolean     NOT NULL,
        completed_at     timestamptz NOT NULL,
        updated_at       timestamptz NOT NULL,
        PRIMARY KEY (slice, tenant, owner_id, topic_id, challenge_index)
    ) WITH (fillfactor = 90);

    CREATE INDEX ON {table} (tenant, topic_id, challenge_index) INCLUDE (owner_id, completed_at);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case PracticeCompleted() | PracticeVoided():
            key = (recorded.tenant, event.owner_id, event.topic_id, event.challenge_index)
            if event.completion is None:
                yield Change(*key, gone=True)
            else:
                yield _completed(recorded, key, event.completion)


def _completed(recorded: Recorded, key: tuple[str, str, str, int], completion: Completion) -> Change:
    return Change(
        *key,
        language=completion.language,
        score=completion.score,
        phase1_score=completion.phase1_score,
        phase2_score=completion.phase2_score,
        phase1_hint_used=completion.phase1_hint_used,
        phase2_hint_used=completion.phase2_hint_used,
        completed_at=completion.completed_at,
        updated_at=recorded.recorded_at,
    )


PROJECTION = Projection(
    name="practice_progress",
    version=VERSIONS["practice_progress"],
    key=("tenant", "owner_id", "topic_id", "challenge_index"),
    table=TABLE,
    rows=rows,
    events=(PracticeCompleted, PracticeVoided),
)


class Record(msgspec.Struct, frozen=True, gc=False):
    """A challenge that a user has completed."""

    known: bool
    through: datetime
    present: bool | None
    topic_id: str
    challenge_index: int
    language: str
    score: int
    phase1_score: int
    phase2_score: int
    phase1_hint_used: bool
    phase2_hint_used: bool
    completed_at: datetime
    updated_at: datetime


SOURCE = Source(
    row=Record,
    query="""
        SELECT
            topic_id,
            challenge_index,
            language,
            score,
            phase1_score,
            phase2_score,
            phase1_hint_used,
            phase2_hint_used,
            completed_at,
            updated_at
        FROM practice_progress
        WHERE slice = %(slice)s
          AND tenant = %(tenant)s
          AND owner_id = %(owner_id)s
    """,
    order="topic_id, challenge_index",
    behind="(topic_id, challenge_index) > (%(after_topic_id)s, %(after_challenge_index)s)",
    through=held("practice_progress"),
)


def of_owner(reader: Reader, tenant: str, owner_id: str, part: Part) -> Found[Record]:
    """The challenges that a user has completed, by topic and index."""
    return of_user(reader, SOURCE, tenant, owner_id, part)
