"""Challenges: one row a definition, with the stretches in which it was paused."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from domain.challenge import (
    ChallengeChanged,
    ChallengeDefined,
    ChallengeFields,
    ChallengeMilestoneAdded,
    ChallengeMilestoneChanged,
)
from domain.definitions import Pause
from domain.events import Recorded
from projections.change import Change, Projection

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
        completion_target_value   numeric        NOT NULL,
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
"""


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets. Values are copied, never worked out."""
    event, at = recorded.event, recorded.recorded_at
    match event:
        case ChallengeDefined():
            yield _row(recorded, event.challenge_id, event.fields, (), created_at=at)
        case ChallengeChanged():
            yield _row(recorded, event.challenge_id, event.fields, event.pauses)
        case ChallengeMilestoneAdded() | ChallengeMilestoneChanged():
            yield Change(recorded.tenant, event.challenge_id, version=recorded.originator_version, updated_at=at)


def _row(
    recorded: Recorded, identifier: UUID, fields: ChallengeFields, pauses: tuple[Pause, ...], **more: Any
) -> Change:
    columns: dict[str, Any] = msgspec.structs.asdict(fields)
    columns["event_types"] = msgspec.json.encode(fields.event_types).decode()
    columns["pauses"] = "{" + ",".join(_range(pause) for pause in pauses) + "}"
    return Change(
        recorded.tenant,
        identifier,
        version=recorded.originator_version,
        updated_at=recorded.recorded_at,
        **columns,
        **more,
    )


def _range(pause: Pause) -> str:
    return f"[{pause.start.isoformat()},{pause.end.isoformat() if pause.end else ''})"


PROJECTION = Projection(name="challenge", version=1, key=("tenant", "id"), table=TABLE, rows=rows)
