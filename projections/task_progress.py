"""Task progress of challenges: one row a window of a run."""

from collections.abc import Iterator

from domain.challenge_progress import RunExcused
from domain.engagement import EntryCounted, EntryVoided, RunStarted
from domain.events import Recorded
from domain.numbers import ZERO
from domain.vocabulary import Slug
from projections.change import Change, Projection
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice           smallint    NOT NULL,
        progress_id     uuid        NOT NULL,
        period_key      text        NOT NULL,
        tenant          text        NOT NULL,
        period_start_at timestamptz NOT NULL,
        period_end_at   timestamptz NOT NULL,
        value           numeric     NOT NULL,
        target          numeric     NOT NULL,
        count           integer     NOT NULL,
        PRIMARY KEY (slice, progress_id, period_key)
    ) WITH (fillfactor = 80);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case EntryCounted() if event.entry.slug is Slug.CHALLENGE:
            yield Change(event.run_id, event.window.key, value=event.total, count=event.count)
        case RunStarted() if event.slug is Slug.CHALLENGE:
            yield Change(
                event.run_id,
                event.window.key,
                tenant=recorded.tenant,
                period_start_at=event.window.start,
                period_end_at=event.window.end,
                value=ZERO,
                target=event.rules.target,
                count=0,
            )
        case RunExcused():
            yield Change(event.run_id, event.window.key, gone=True)
        case EntryVoided() if event.slug is Slug.CHALLENGE and event.effective and event.window:
            yield Change(event.run_id, event.window.key, value=event.total, count=event.tally.count)


PROJECTION = Projection(
    name="task_progress",
    version=VERSIONS["task_progress"],
    key=("progress_id", "period_key"),
    table=TABLE,
    rows=rows,
    events=(EntryCounted, RunStarted, RunExcused, EntryVoided),
)
