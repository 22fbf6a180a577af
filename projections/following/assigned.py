"""Which assignments a change concerns, and whom they are for: what the reactor asks (RULES 8)."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import args_row

from projections.earlier_catalogue import EARLIER, Earlier, parameters_of


class Assigned(NamedTuple):
    """An active assignment, and whom it is for."""

    id: UUID
    assignee_type: str
    assignee_id: str | None


# Upwards from items: what they lie under and the custom courses that hold them. A moved item is under its new parent.
REACHING = """
    WITH RECURSIVE {catalogue} above AS (
        SELECT unnest(%(items)s::text[]) AS id
        UNION
        SELECT higher.id
        FROM above
        CROSS JOIN LATERAL (
            SELECT parent_id AS id
            FROM catalogue
            WHERE tenant = %(tenant)s
              AND id = above.id
              AND parent_id IS NOT NULL
            UNION ALL
            SELECT id
            FROM catalogue
            WHERE tenant = %(tenant)s
              AND kind = 'custom-course'
              AND items ? above.id
        ) AS higher
    )
    SELECT id, assignee_type, assignee_id
    FROM assignment
    WHERE tenant = %(tenant)s
      AND is_active
      AND target_id IN (SELECT above.id FROM above)
"""

ACTIVE = """
    SELECT id, assignee_type, assignee_id
    FROM assignment
    WHERE tenant = %(tenant)s
      AND is_active
      AND {condition}
"""

MEMBERS = """
    SELECT DISTINCT owner_id
    FROM team_member
    WHERE tenant = %(tenant)s
      AND team_id::text = ANY(%(teams)s::text[])
"""


def reaching(
    connection: Connection, tenant: str, items: Collection[str], earlier: Earlier | None = None
) -> list[Assigned]:
    """The active assignments that these items of the catalogue count for, or did count for earlier."""
    query = REACHING.format(catalogue=EARLIER if earlier else "")
    return _assigned(connection, query, {"tenant": tenant, "items": list(items), **parameters_of(earlier)})


def with_ids(connection: Connection, tenant: str, ids: Collection[UUID]) -> list[Assigned]:
    """Those of these assignments that are active."""
    query = ACTIVE.format(condition="id = ANY(%(ids)s::uuid[])")
    return _assigned(connection, query, {"tenant": tenant, "ids": list(ids)})


def of_teams(connection: Connection, tenant: str, teams: Collection[UUID]) -> list[Assigned]:
    """The active assignments of these teams."""
    query = ACTIVE.format(condition="assignee_type = 'team' AND assignee_id = ANY(%(teams)s::text[])")
    return _assigned(connection, query, {"tenant": tenant, "teams": [str(one) for one in teams]})


def of_tenant(connection: Connection, tenant: str) -> list[Assigned]:
    """All active assignments."""
    return _assigned(connection, ACTIVE.format(condition="true"), {"tenant": tenant})


def members(connection: Connection, tenant: str, teams: Collection[str]) -> list[str]:
    """The owners who belong to one of these teams."""
    return [row[0] for row in connection.execute(MEMBERS, {"tenant": tenant, "teams": list(teams)})]


def _assigned(connection: Connection, query: str, parameters: dict[str, object]) -> list[Assigned]:
    with connection.cursor(row_factory=args_row(Assigned)) as cursor:
        return cursor.execute(query, parameters).fetchall()
