"""Assignments of one user: made for the user, a team or the organisation, and how far the user is, in one statement."""

from datetime import datetime
from uuid import UUID

import msgspec

from projections.assignment_targets import ITEM, UNDER
from projections.consistency import through_sql
from projections.database import Reader
from projections.training import Found, Part, Source, held, of_user

# What of the user's slice is read, and what of all slices: anybody's changes may be behind it.
OF_THE_USER = ("practice_progress", "learn_progress", "team_member", "assignment_progress")
OF_THE_TENANT = ("catalogue", "assignment")
READ_TABLES = (*OF_THE_USER, *OF_THE_TENANT)

COLUMNS = "assignment.id, content_area, target_type, target_id, deadline, is_mandatory, note, created_at"

WANTED = f"""
    wanted AS MATERIALIZED (
        SELECT {COLUMNS}, updated_at
        FROM assignment
        WHERE tenant = %(tenant)s
          AND assignee_type = 'org'
          AND is_active
        UNION ALL
        SELECT {COLUMNS}, updated_at
        FROM assignment
        WHERE tenant = %(tenant)s
          AND assignee_type = 'user'
          AND assignee_id = %(owner_id)s
          AND is_active
        UNION ALL
        SELECT {COLUMNS}, greatest(updated_at, member.joined_at)
        FROM team_member AS member
        JOIN assignment
          ON assignment.tenant = member.tenant
         AND assignee_type = 'team'
         AND assignee_id = member.team_id::text
         AND is_active
        WHERE member.slice = %(slice)s
          AND member.tenant = %(tenant)s
          AND member.owner_id = %(owner_id)s
    )
"""

# What the user has completed of each item. A challenge that the topic no longer has does not count.
DONE = """
    done AS MATERIALIZED (
        SELECT
            practice.topic_id AS id,
            count(*) AS items,
            max(practice.updated_at) AS updated_at
        FROM practice_progress AS practice
        JOIN catalogue AS topic
          ON topic.tenant = practice.tenant
         AND topic.id = practice.topic_id
         AND topic.total_challenges > practice.challenge_index
        WHERE practice.slice = %(slice)s
          AND practice.tenant = %(tenant)s
          AND practice.owner_id = %(owner_id)s
        GROUP BY practice.topic_id
        UNION ALL
        SELECT
            scenario_id,
            1,
            updated_at
        FROM learn_progress
        WHERE slice = %(slice)s
          AND tenant = %(tenant)s
          AND owner_id = %(owner_id)s
          AND completed_at IS NOT NULL
    )
"""

COUNTED = """
    counted AS (
        SELECT
            item.target_id,
            sum(item.total_items) AS total_items,
            sum(least(coalesce(done.items, 0), item.total_items)) AS completed_items,
            max(greatest(item.updated_at, done.updated_at)) AS updated_at
        FROM item
        LEFT JOIN done USING (id)
        GROUP BY item.target_id
    )
"""

RESOLVED = """
    resolved AS (
        SELECT
            wanted.*,
            coalesce(target.title, wanted.target_id) AS target_title,
            coalesce(counted.total_items, 0)::integer AS total_items,
            coalesce(counted.completed_items, 0)::integer AS completed_items,
            (
                progress.completed_at IS NOT NULL
                OR coalesce(counted.total_items > 0 AND counted.completed_items = counted.total_items, false)
            ) AS is_completed,
            greatest(wanted.updated_at, counted.updated_at, progress.recorded_at) AS changed_at
        FROM wanted
        LEFT JOIN catalogue AS target
          ON target.tenant = %(tenant)s
         AND target.id = wanted.target_id
         AND target.kind = wanted.target_type
         AND target.content_area = wanted.content_area
        LEFT JOIN counted
          ON counted.target_id = target.id
        LEFT JOIN assignment_progress AS progress
          ON progress.slice = %(slice)s
         AND progress.tenant = %(tenant)s
         AND progress.owner_id = %(owner_id)s
         AND progress.assignment_id = wanted.id
    )
"""

QUERY = """
    SELECT
        id,
        content_area,
        target_type,
        target_id,
        target_title,
        deadline,
        is_mandatory,
        deadline <= %(now)s AND NOT is_completed AS is_overdue,
        is_completed,
        total_items,
        completed_items,
        note,
        created_at,
        greatest(changed_at, CASE WHEN deadline <= %(now)s AND NOT is_completed THEN deadline END) AS updated_at
    FROM resolved
"""


class Record(msgspec.Struct, frozen=True, gc=False):
    """An assignment as it stands for a user. One without a deadline is never overdue: `is_overdue` is None then."""

    known: bool
    through: datetime
    present: bool | None
    id: UUID
    content_area: str
    target_type: str
    target_id: str
    target_title: str
    deadline: datetime | None
    is_mandatory: bool
    is_overdue: bool | None
    is_completed: bool
    total_items: int
    completed_items: int
    note: str | None
    created_at: datetime
    updated_at: datetime


SOURCE = Source(
    row=Record,
    with_=f"WITH RECURSIVE {', '.join((WANTED, UNDER, ITEM, DONE, COUNTED, RESOLVED))}",
    query=QUERY,
    order="created_at, id",
    behind="(created_at, id) > (%(after_created_at)s, %(after_id)s)",
    through=f"""
        least(
            {held(*OF_THE_USER)},
            {through_sql(OF_THE_TENANT, one_slice=False)}
        )
    """,
)


def of_owner(reader: Reader, tenant: str, owner_id: str, part: Part, *, now: datetime) -> Found[Record]:
    """The active assignments of a user as they stand at `now` (RULES 8), the earliest made first."""
    return of_user(reader, SOURCE, tenant, owner_id, part, now=now)
