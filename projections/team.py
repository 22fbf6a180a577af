"""Teams: one row a team."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from domain.events import Recorded
from domain.team import TeamChanged, TeamDefined, TeamFields
from projections.change import Change, Projection, another_version
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice      smallint    NOT NULL,
        id         uuid        NOT NULL,
        tenant     text        NOT NULL,
        version    integer     NOT NULL,
        name       text        NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (slice, tenant, id)
    );

    CREATE INDEX ON {table} (tenant, created_at, id);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case TeamDefined():
            yield _team(recorded, event.team_id, event.fields, created_at=recorded.recorded_at)
        case TeamChanged():
            yield _team(recorded, event.team_id, event.fields)


def _team(recorded: Recorded, identifier: UUID, fields: TeamFields, **more: datetime) -> Change:
    return another_version(recorded, identifier, name=fields.name, **more)


PROJECTION = Projection(
    name="team",
    version=VERSIONS["team"],
    key=("tenant", "id"),
    table=TABLE,
    rows=rows,
    events=(TeamDefined, TeamChanged),
)
