"""Who has completed which assignments and is not on record with it: what the reactor asks (RULES 8)."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import args_row

from domain.ids import owner_slice
from projections.assignment_targets import ITEM, UNDER
from projections.earlier_catalogue import EARLIER, Earlier, parameters_of

READ_TABLES = ("catalogue", "practice_progress", "learn_progress", "team_member", "assignment", "assignment_progress")


class Completed(NamedTuple):
    """An owner who has done all `total_items` of an assignment."""

    assignment_id: UUID
    owner_id: str
    completed_at: datetime
    total_items: int


# `practised` and `learned` are read by owner when owners are given, and by item when it is the whole organisation.
COMPLETED = """
    WITH RECURSIVE {catalogue} wanted AS MATERIALIZED (
        SELECT id, content_area, target_type, target_id, assignee_type, assignee_id, created_at
        FROM assignment
        WHERE tenant = %(tenant)s
          AND is_active
          AND id = ANY(%(assignments)s::uuid[])
          AND created_at <= %(at)s::timestamptz
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
          AND updated_at <= %(at)s::timestamptz
    ),
    learned AS {kept} (
        SELECT slice, owner_id, scenario_id, completed_at
        FROM learn_progress
        {of_owners}
        WHERE tenant = %(tenant)s
          AND completed_at IS NOT NULL
          AND updated_at <= %(at)s::timestamptz
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
     AND member.joined_at <= %(at)s::timestamptz
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


def completed(
    connection: Connection,
    tenant: str,
    assignments: Collection[UUID],
    owners: Collection[str] | None,
    slices: int,
    earlier: Earlier | None = None,
) -> list[Completed]:
    """Who has done everything that one of these assignments asks for, now or earlier, and is not on record with it.

    Only these owners are looked at; without owners, all who did anything of it. `completed_at` is the activityAt of
    the owner's latest item, or when the owner was assigned or joined the team, if that was later.
    """
    parameters = {"tenant": tenant, "assignments": list(assignments), **parameters_of(earlier)}
    if owners is not None:
        asked = list(owners)
        parameters |= {"owners": asked, "slices": [owner_slice(tenant, one, slices) for one in asked]}
    with connection.cursor(row_factory=args_row(Completed)) as cursor:
        return cursor.execute(_completed_sql(owners is None, earlier), parameters).fetchall()


def _completed_sql(by_all: bool, earlier: Earlier | None) -> str:
    return COMPLETED.format(
        catalogue=EARLIER if earlier else "",
        under=UNDER,
        item=ITEM,
        kept="NOT MATERIALIZED" if by_all else "MATERIALIZED",
        of_owners="" if by_all else OF_OWNERS,
    )
