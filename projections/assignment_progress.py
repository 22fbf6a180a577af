"""Assignment progress: one row an assignment that an owner has completed. It stays, even if the catalogue grows."""

from collections.abc import Iterator

from domain.assignment_progress import AssignmentCompleted
from domain.events import Recorded
from projections.change import Change, Projection
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice         smallint    NOT NULL,
        tenant        text        NOT NULL,
        owner_id      text        NOT NULL,
        assignment_id uuid        NOT NULL,
        completed_at  timestamptz NOT NULL,
        total_items   integer     NOT NULL,
        recorded_at   timestamptz NOT NULL,
        PRIMARY KEY (slice, tenant, owner_id, assignment_id)
    );

    CREATE INDEX ON {table} (tenant, assignment_id, owner_id);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case AssignmentCompleted():
            yield Change(
                recorded.tenant,
                event.owner_id,
                event.assignment_id,
                completed_at=event.completed_at,
                total_items=event.total_items,
                recorded_at=recorded.recorded_at,
            )


PROJECTION = Projection(
    name="assignment_progress",
    version=VERSIONS["assignment_progress"],
    key=("tenant", "owner_id", "assignment_id"),
    table=TABLE,
    rows=rows,
    events=(AssignmentCompleted,),
)
