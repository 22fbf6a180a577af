"""The catalogue as it was at a moment, for queries that name `catalogue` (RULES 8)."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection

from projections.change import schema_of
from projections.versions import VERSIONS

# The items as they were at a moment: those that have not changed since, and what the others were, which is given.
EARLIER = f"""
    catalogue AS (
        SELECT id, tenant, kind, content_area, parent_id, total_challenges, items, status, updated_at
        FROM {schema_of("catalogue", VERSIONS["catalogue"])}.catalogue
        WHERE tenant = %(tenant)s
          AND updated_at <= %(at)s::timestamptz
        UNION ALL
        SELECT id, %(tenant)s, kind, content_area, parent_id, total_challenges, items, status, %(at)s::timestamptz
        FROM jsonb_to_recordset(%(earlier)s::jsonb) AS earlier (
            id text,
            kind text,
            content_area text,
            parent_id text,
            total_challenges integer,
            items jsonb,
            status text
        )
    ),
"""


class Earlier(NamedTuple):
    """A moment before the latest changes of the catalogue, and what those items were then, as JSON."""

    at: datetime
    items: str


def changed_since(connection: Connection, tenant: str, moment: datetime) -> list[str]:
    """The items of the catalogue that have changed, or come, after a moment."""
    query = "SELECT id FROM catalogue WHERE tenant = %s AND updated_at > %s ORDER BY id"
    return [row[0] for row in connection.execute(query, (tenant, moment)).fetchall()]


def parameters_of(earlier: Earlier | None) -> dict[str, Any]:
    """The parameters of a moment; without one everything counts that there is."""
    return {"at": earlier.at, "earlier": earlier.items} if earlier else {"at": "infinity"}
