"""Learn progress: one row a scenario that an owner has opened."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from domain.events import Recorded
from domain.learn_progress import LearnVoided, ScenarioAccessed, Steps
from projections.change import Change, Projection
from projections.database import Reader
from projections.training import Found, Part, Source, held, of_user
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice          smallint    NOT NULL,
        tenant         text        NOT NULL,
        owner_id       text        NOT NULL,
        scenario_id    text        NOT NULL,
        current_step   integer     NOT NULL,
        total_steps    integer     NOT NULL,
        started_at     timestamptz NOT NULL,
        completed_at   timestamptz,
        last_access_at timestamptz NOT NULL,
        updated_at     timestamptz NOT NULL,
        PRIMARY KEY (slice, tenant, owner_id, scenario_id)
    ) WITH (fillfactor = 80);

    CREATE INDEX ON {table} (tenant, scenario_id) INCLUDE (owner_id, completed_at) WHERE completed_at IS NOT NULL;
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out: the steps say that all are done, too."""
    event = recorded.event
    match event:
        case ScenarioAccessed():
            yield _reached(recorded, event.entry.owner_id, event.entry.scenario_id, event.steps)
        case LearnVoided(steps=steps):
            gone = Change(recorded.tenant, event.owner_id, event.scenario_id, gone=True)
            yield gone if steps is None else _reached(recorded, event.owner_id, event.scenario_id, steps)


def _reached(recorded: Recorded, owner_id: str, scenario_id: str, steps: Steps) -> Change:
    return Change(
        recorded.tenant,
        owner_id,
        scenario_id,
        current_step=steps.current_step,
        total_steps=steps.total_steps,
        started_at=steps.started_at,
        completed_at=steps.completed_at,
        last_access_at=steps.last_access_at,
        updated_at=recorded.recorded_at,
    )


PROJECTION = Projection(
    name="learn_progress",
    version=VERSIONS["learn_progress"],
    key=("tenant", "owner_id", "scenario_id"),
    table=TABLE,
    rows=rows,
    events=(ScenarioAccessed, LearnVoided),
)


class Record(msgspec.Struct, frozen=True, gc=False):
    """A scenario that a user has opened."""

    known: bool
    through: datetime
    present: bool | None
    scenario_id: str
    current_step: int
    total_steps: int
    started_at: datetime
    completed_at: datetime | None
    last_access_at: datetime
    updated_at: datetime


SOURCE = Source(
    row=Record,
    query="""
        SELECT
            scenario_id,
            current_step,
            total_steps,
            started_at,
            completed_at,
            last_access_at,
            updated_at
        FROM learn_progress
        WHERE slice = %(slice)s
          AND tenant = %(tenant)s
          AND owner_id = %(owner_id)s
    """,
    order="scenario_id",
    behind="scenario_id > %(after_scenario_id)s",
    through=held("learn_progress"),
)


def of_owner(reader: Reader, tenant: str, owner_id: str, part: Part) -> Found[Record]:
    """The scenarios that a user has opened, by id."""
    return of_user(reader, SOURCE, tenant, owner_id, part)
