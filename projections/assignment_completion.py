"""Who has completed which assignments and is not on record with it: what the reactor asks (RULES 8)."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import args_row

from domain.ids import owner_slice
from projections.assignment_targets import ITEM, UNDER

READ_TABLES = ("catalogue", "practice_progress", "learn_progress", "team_member", "assignment", "assignment_progress")


class Assigned(NamedTuple):
    """An active assignment, and whom it is for."""

    id: UUID
    assignee_type: str
    assignee_id: str | None


class Completed(NamedTuple):
    """An owner who has done all `total_items` of an assignment."""

    assignment_id: UUID
    owner_id: str
    completed_at: datetime
    total_items: int


# Upwards from items: what they lie under and the custom courses that hold them. A moved item is under its new parent.
REACHING = """
    WITH RECURSIVE above AS (
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

# `practised` and `learned` are read by owner when owners are given, and by item when it is the whole organisation.
COMPLETED = """
    WITH RECURSIVE wanted AS MATERIALIZED (
        SELECT id, content_area, target_type, target_id, assignee_type, assignee_id, created_at
        FROM assignment
        WHERE tenant = %(tenant)s
          AND is_active
          AND id = ANY(%(assignments)s::uuid[])
    ),
    {under},
    {item},
    target AS (
        SELECT target_id, sum(total_items)::integer AS total_items
        FROM item
        GROUP BY target_id
        HAVING sum(total_items) > 0
    ),
    practised AS {kept} (
        SELECT slice, owner_id, topic_id, challenge_index, completed_at
        FROM practice_progress
        {of_owners}
        WHERE tenant = %(tenant)s
    ),
    learned AS {kept} (
        SELECT slice, owner_id, scenario_id, completed_at
        FROM learn_progress
        {of_owners}
        WHERE tenant = %(tenant)s
          AND completed_at IS NOT NULL
    ),
    done AS (
        SELECT item.target_id, practised.slice, practised.owner_id, practised.completed_at
        FROM item
        JOIN practised
          ON practised.topic_id = item.id
         AND practised.challenge_index < item.total_items
        WHERE item.kind = 'topic'
        UNION ALL
        SELECT item.target_id, learned.slice, learned.owner_id, learned.completed_at
        FROM item
        JOIN learned
          ON learned.scenario_id = item.id
        WHERE item.kind = 'scenario'
          AND item.total_items = 1
    ),
    finished AS (
        SELECT done.target_id, done.slice, done.owner_id, max(done.completed_at) AS completed_at, target.total_items
        FROM done
        JOIN target USING (target_id)
        GROUP BY done.target_id, done.slice, done.owner_id, target.total_items
        HAVING count(*) = target.total_items
    )
    SELECT
        wanted.id,
        finished.owner_id,
        greatest(finished.completed_at, wanted.created_at, member.joined_at),
        finished.total_items
    FROM wanted
    JOIN catalogue AS root
      ON root.tenant = %(tenant)s
     AND root.id = wanted.target_id
     AND root.kind = wanted.target_type
     AND root.content_area = wanted.content_area
    JOIN finished
      ON finished.target_id = root.id
    LEFT JOIN team_member AS member
      ON member.slice = finished.slice
     AND member.tenant = %(tenant)s
     AND member.owner_id = finished.owner_id
     AND wanted.assignee_type = 'team'
     AND wanted.assignee_id = member.team_id::text
    LEFT JOIN assignment_progress AS progress
      ON progress.slice = finished.slice
     AND progress.tenant = %(tenant)s
     AND progress.owner_id = finished.owner_id
     AND progress.assignment_id = wanted.id
    WHERE progress.assignment_id IS NULL
      AND (
          wanted.assignee_type = 'org'
          OR (wanted.assignee_type = 'user' AND wanted.assignee_id = finished.owner_id)
          OR member.team_id IS NOT NULL
      )
    ORDER BY finished.slice, finished.owner_id, wanted.id
"""

OF_OWNERS = "JOIN unnest(%(slices)s::smallint[], %(owners)s::text[]) AS asked (slice, owner_id) USING (slice, owner_id)"

BY_ALL = COMPLETED.format(under=UNDER, item=ITEM, kept="NOT MATERIALIZED", of_owners="")
BY_OWNERS = COMPLETED.format(under=UNDER, item=ITEM, kept="MATERIALIZED", of_owners=OF_OWNERS)


def reaching(connection: Connection, tenant: str, items: Collection[str]) -> list[Assigned]:
    """The active assignments that these items of the catalogue count for."""
    return _assigned(connection, REACHING, {"tenant": tenant, "items": list(items)})


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


def completed(
    connection: Connection, tenant: str, assignments: Collection[UUID], owners: Collection[str] | None, slices: int
) -> list[Completed]:
    """Who has done everything that one of these assignments asks for now, and is not on record with it.

    Only these owners are looked at; without owners, all who did anything of it. `completed_at` is the activityAt of
    the owner's latest item, or when the owner was assigned or joined the team, if that was later.
    """
    parameters = {"tenant": tenant, "assignments": list(assignments)}
    if owners is not None:
        asked = list(owners)
        parameters |= {"owners": asked, "slices": [owner_slice(tenant, one, slices) for one in asked]}
    with connection.cursor(row_factory=args_row(Completed)) as cursor:
        return cursor.execute(BY_ALL if owners is None else BY_OWNERS, parameters).fetchall()


def _assigned(connection: Connection, query: str, parameters: dict[str, object]) -> list[Assigned]:
    with connection.cursor(row_factory=args_row(Assigned)) as cursor:
        return cursor.execute(query, parameters).fetchall()
