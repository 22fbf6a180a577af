"""What the tables of challenges and streaks have in common: most columns, and how events set them."""

from typing import Any
from uuid import UUID

import msgspec

from domain.definitions import DefinitionFields, Pause
from domain.events import Recorded
from projections.change import Change, another_version, ranges

TABLE = """
    CREATE TABLE {table} (
        slice                     smallint       NOT NULL,
        id                        uuid           NOT NULL,
        tenant                    text           NOT NULL,
        version                   integer        NOT NULL,
        name                      text           NOT NULL,
        description               text           NOT NULL,
        status                    text           NOT NULL,
        aggregation_method        text           NOT NULL,
        aggregation_period        text           NOT NULL,
        {own}
        timezone                  text           NOT NULL,
        reset_time                text           NOT NULL,
        week_start                text           NOT NULL,
        starts_at                 timestamptz,
        ends_at                   timestamptz,
        rolling_seconds           integer,
        late_grace_seconds        integer        NOT NULL,
        event_types               jsonb          NOT NULL,
        distinct_by               text,
        rollback_after_completion boolean        NOT NULL,
        pauses                    tstzmultirange NOT NULL,
        created_at                timestamptz    NOT NULL,
        updated_at                timestamptz    NOT NULL,
        PRIMARY KEY (slice, tenant, id)
    );

    CREATE INDEX ON {table} (tenant, created_at, id);
    CREATE INDEX ON {table} (tenant, id);
    CREATE INDEX ON {table} (tenant, name, id) WHERE status = 'live';
"""


def table(own: str) -> str:
    """The DDL of a kind of definition: `own` are the columns that only it has."""
    return TABLE.format(table="{table}", own=own.strip())


def row(
    recorded: Recorded, identifier: UUID, fields: DefinitionFields, pauses: tuple[Pause, ...] = (), **more: Any
) -> Change:
    """The columns that the fields of a definition set."""
    columns: dict[str, Any] = msgspec.structs.asdict(fields)
    columns["event_types"] = msgspec.json.encode(fields.event_types).decode()
    columns["pauses"] = ranges((pause.start, pause.end) for pause in pauses)
    return another_version(recorded, identifier, **columns, **more)
