"""Periods of streaks: one row a window of an engagement, with what it gathered."""

from collections.abc import Iterator

import msgspec

from domain.engagement import EntryCounted, EntryVoided
from domain.events import Recorded
from domain.vocabulary import Slug
from projections.change import Change, Projection
from projections.versions import VERSIONS

# Windows belong to the engagement, not to a run: an entry that comes late may move them from one run to another.
TABLE = """
    CREATE TABLE {table} (
        slice           smallint    NOT NULL,
        engagement_id   uuid        NOT NULL,
        period_start_at timestamptz NOT NULL,
        period_key      text        NOT NULL,
        tenant          text        NOT NULL,
        period_end_at   timestamptz NOT NULL,
        value           numeric     NOT NULL,
        count           integer     NOT NULL,
        distinct_values jsonb       NOT NULL,
        PRIMARY KEY (slice, engagement_id, period_start_at)
    ) WITH (fillfactor = 80);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case EntryCounted() if event.entry.slug is Slug.STREAK:
            yield Change(
                recorded.originator_id,
                event.window.start,
                period_key=event.window.key,
                tenant=recorded.tenant,
                period_end_at=event.window.end,
                value=event.total,
                count=event.count,
                distinct_values=_json(event.distinct),
            )
        case EntryVoided() if event.slug is Slug.STREAK and event.effective and event.window:
            yield Change(
                recorded.originator_id,
                event.window.start,
                value=event.total,
                count=event.tally.count,
                distinct_values=_json(event.tally.distinct),
            )


def _json(values: tuple[str, ...]) -> str:
    return msgspec.json.encode(values).decode() if values else "[]"


PROJECTION = Projection(
    name="streak_period",
    version=VERSIONS["streak_period"],
    key=("engagement_id", "period_start_at"),
    table=TABLE,
    rows=rows,
    events=(EntryCounted, EntryVoided),
)
