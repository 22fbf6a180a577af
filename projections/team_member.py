"""Team members: one row a team of an owner, in the owner's slice. Who has left has none."""

from collections.abc import Iterator

from domain.events import Recorded
from domain.membership import TeamJoined, TeamLeft
from projections.change import Change, Projection
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice     smallint    NOT NULL,
        tenant    text        NOT NULL,
        owner_id  text        NOT NULL,
        team_id   uuid        NOT NULL,
        joined_at timestamptz NOT NULL,
        PRIMARY KEY (slice, tenant, owner_id, team_id)
    );

    CREATE INDEX ON {table} (tenant, team_id, owner_id);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case TeamJoined():
            yield Change(recorded.tenant, event.owner_id, event.team_id, joined_at=event.joined_at)
        case TeamLeft():
            yield Change(recorded.tenant, event.owner_id, event.team_id, gone=True)


PROJECTION = Projection(
    name="team_member",
    version=VERSIONS["team_member"],
    key=("tenant", "owner_id", "team_id"),
    table=TABLE,
    rows=rows,
    events=(TeamJoined, TeamLeft),
)
