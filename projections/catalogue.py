"""The catalogue: one row an item, with what it lies under and what it holds."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from domain.catalogue import CatalogueFields, CatalogueItemChanged, CatalogueItemDefined
from domain.events import Recorded
from projections.change import Change, Projection, another_version
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice            smallint    NOT NULL,
        id               text        NOT NULL,
        tenant           text        NOT NULL,
        version          integer     NOT NULL,
        kind             text        NOT NULL,
        content_area     text        NOT NULL,
        title            text        NOT NULL,
        parent_id        text,
        total_challenges integer,
        total_steps      integer,
        items            jsonb       NOT NULL,
        status           text        NOT NULL,
        created_at       timestamptz NOT NULL,
        updated_at       timestamptz NOT NULL,
        PRIMARY KEY (slice, tenant, id)
    );

    CREATE INDEX ON {table} (tenant, created_at, id);
    CREATE INDEX ON {table} (tenant, id);
    CREATE INDEX ON {table} (tenant, parent_id);
    CREATE INDEX ON {table} USING gin (items) WHERE kind = 'custom-course';
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case CatalogueItemDefined():
            yield _item(recorded, event.item_id, event.fields, created_at=recorded.recorded_at)
        case CatalogueItemChanged():
            yield _item(recorded, event.item_id, event.fields)


def _item(recorded: Recorded, identifier: str, fields: CatalogueFields, **more: datetime) -> Change:
    return another_version(
        recorded,
        identifier,
        kind=fields.kind.value,
        content_area=fields.area.value,
        title=fields.title,
        parent_id=fields.parent_id,
        total_challenges=fields.total_challenges,
        total_steps=fields.total_steps,
        items=msgspec.json.encode(fields.items).decode(),
        status=fields.status.value,
        **more,
    )


PROJECTION = Projection(
    name="catalogue",
    version=VERSIONS["catalogue"],
    key=("tenant", "id"),
    table=TABLE,
    rows=rows,
    events=(CatalogueItemDefined, CatalogueItemChanged),
)
