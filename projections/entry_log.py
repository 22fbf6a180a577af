"""Log entries of challenges and streaks: one row an entry, counted or not."""

from collections.abc import Iterator
from typing import Any

import msgspec

from domain.commands import LogEntry
from domain.engagement import EntryCounted, EntryNotCounted, EntryVoided
from domain.events import Recorded
from projections.change import Change, Projection
from projections.versions import VERSIONS

TABLE = """
    CREATE TABLE {table} (
        slice             smallint    NOT NULL,
        id                uuid        NOT NULL,
        tenant            text        NOT NULL,
        slug              text        NOT NULL,
        definition_id     uuid        NOT NULL,
        owner_id          text        NOT NULL,
        activity_at       timestamptz NOT NULL,
        activity_id       text,
        unique_identifier text        NOT NULL,
        activity_value    numeric,
        attributes        jsonb       NOT NULL,
        recorded_at       timestamptz NOT NULL,
        counted           boolean     NOT NULL,
        reason            text,
        period_key        text,
        progress_id       uuid,
        voided_at         timestamptz,
        void_reason       text,
        PRIMARY KEY (slice, id)
    );

    CREATE INDEX ON {table} (tenant, slug, recorded_at, id);
    CREATE INDEX ON {table} (slice, tenant, owner_id, recorded_at, id);
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event = recorded.event
    match event:
        case EntryCounted():
            yield _entry(
                recorded, event.entry, counted=True, reason=None, period_key=event.window.key, progress_id=event.run_id
            )
        case EntryNotCounted():
            key = event.window.key if event.window else None
            yield _entry(
                recorded, event.entry, counted=False, reason=event.reason.value, period_key=key, progress_id=None
            )
        case EntryVoided():
            yield Change(event.entry_id, voided_at=event.voided_at, void_reason=event.reason)


def _entry(recorded: Recorded, entry: LogEntry, **outcome: Any) -> Change:
    return Change(
        recorded.entry_id,
        tenant=recorded.tenant,
        slug=entry.slug.value,
        definition_id=entry.definition_id,
        owner_id=entry.owner_id,
        activity_at=entry.activity_at,
        activity_id=entry.activity_id,
        unique_identifier=entry.unique_identifier,
        activity_value=entry.activity_value,
        attributes=msgspec.json.encode(entry.attributes).decode() if entry.attributes else "{}",
        recorded_at=recorded.recorded_at,
        **outcome,
    )


PROJECTION = Projection(
    name="entry_log",
    version=VERSIONS["entry_log"],
    key=("id",),
    table=TABLE,
    rows=rows,
    events=(EntryCounted, EntryNotCounted, EntryVoided),
)
