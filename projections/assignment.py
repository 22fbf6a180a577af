"""Assignments: one row an assignment, as it was made for a user, a team or the organisation."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from domain.assignment import AssignmentChanged, AssignmentDefined, AssignmentFields
from domain.events import Recorded
from projections.change import Change, Projection, another_version
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice         smallint    NOT NULL,
        id            uuid        NOT NULL,
        tenant        text        NOT NULL,
        version       integer     NOT NULL,
        content_area  text        NOT NULL,
        target_type   text        NOT NULL,
        target_id     text        NOT NULL,
        assignee_type text        NOT NULL,
        assignee_id   text,
        deadline      timestamptz,
        is_mandatory  boolean     NOT NULL,
        note          text,
        is_active     boolean     NOT NULL,
        created_at    timestamptz NOT NULL,
        updated_at    timestamptz NOT NULL,
        PRIMARY KEY (slice, tenant, id)
    );

    CREATE INDEX ON {table} (tenant, created_at, id);
    CREATE INDEX ON {table} (tenant, id);
    CREATE INDEX ON {table} (tenant, assignee_type, assignee_id, is_active);
    CREATE INDEX ON {table} (tenant, target_id) WHERE is_active;
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case AssignmentDefined():
            yield _assignment(recorded, event.assignment_id, event.fields, created_at=recorded.recorded_at)
        case AssignmentChanged():
            yield _assignment(recorded, event.assignment_id, event.fields)


def _assignment(recorded: Recorded, identifier: UUID, fields: AssignmentFields, **more: datetime) -> Change:
    return another_version(
        recorded,
        identifier,
        content_area=fields.content_area.value,
        target_type=fields.target_type.value,
        target_id=fields.target_id,
        assignee_type=fields.assignee_type.value,
        assignee_id=fields.assignee_id,
        deadline=fields.deadline,
        is_mandatory=fields.is_mandatory,
        note=fields.note,
        is_active=fields.is_active,
        **more,
    )


PROJECTION = Projection(
    name="assignment",
    version=VERSIONS["assignment"],
    key=("tenant", "id"),
    table=TABLE,
    rows=rows,
    events=(AssignmentDefined, AssignmentChanged),
)
