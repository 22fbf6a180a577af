"""Assignments of one user at a moment: what reads them, with the catalogue, the teams and the progress of that time."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from domain.ids import membership_id, owner_slice
from domain.streams import stream_of
from domain.vocabulary import Slug
from projections import assignment, assignment_progress, catalogue, learn_progress, practice_progress, team_member
from projections.change import Projection
from projections.consistency import through_sql
from projections.database import Reader
from projections.memory_tables import Row, rows_of, select
from projections.time_travel import History, PastReader, When, tables_of, then_known

READ_TABLES = ("catalogue", "assignment", "assignment_progress")
PROGRESS = (practice_progress.PROJECTION.name, learn_progress.PROJECTION.name)

# Of what is everybody's, rows that have not changed since are read as they are; what came later was not there.
OF_THE_CATALOGUE = "tenant = %(tenant)s AND created_at <= %(at)s"
OF_ASSIGNMENTS = f"{OF_THE_CATALOGUE} AND (assignee_type = 'org' OR assignee_id = ANY(%(assignees)s))"

# It is completed once, and for ever: the row says what its event said.
OF_COMPLETIONS = """
    slice = %(slice)s
    AND tenant = %(tenant)s
    AND owner_id = %(owner_id)s
    AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
    AND (%(as_of)s::timestamptz IS NULL OR completed_at <= %(as_of)s)
"""


def reader_of(
    reader: Reader, history: History, tenant: str, owner_id: str, engagements: Iterable[UUID], when: When
) -> PastReader:
    """What reads the assignments of a user as they were then. `engagements` are all that the user practised or learned.

    The catalogue and the assignments are found in their read tables: it holds what those held when it was made.
    """
    through: datetime = reader.value(f"SELECT {through_sql(READ_TABLES, one_slice=False)}")
    teams = rows_of(
        team_member.PROJECTION,
        then_known(history(membership_id(tenant, owner_id)), when),
        owner_slice(tenant, owner_id, reader.slices),
    )
    asked = {
        "tenant": tenant,
        "at": min(moment for moment in when if moment),
        "assignees": [owner_id, *(str(row["team_id"]) for row in teams)],
        "owner_id": owner_id,
        "slice": owner_slice(tenant, owner_id, reader.slices),
        "as_of": when.as_of,
        "known_at": when.known_at,
    }
    items: list[Row] = reader.rows(dict, select(catalogue.PROJECTION, OF_THE_CATALOGUE), asked)
    assignments: list[Row] = reader.rows(dict, select(assignment.PROJECTION, OF_ASSIGNMENTS), asked)
    completed: list[Row] = reader.rows(dict, select(assignment_progress.PROJECTION, OF_COMPLETIONS), asked)
    tables: dict[Projection, list[Row]] = {
        **tables_of(reader, history, engagements, when, PROGRESS),
        team_member.PROJECTION: teams,
        catalogue.PROJECTION: list(_as_then(catalogue.PROJECTION, items, Slug.CATALOGUE, history, when)),
        assignment.PROJECTION: list(_as_then(assignment.PROJECTION, assignments, Slug.ASSIGNMENT, history, when)),
        assignment_progress.PROJECTION: completed,
    }
    return PastReader(reader, tables, through)


def _as_then(projection: Projection, rows: Iterable[Row], slug: Slug, history: History, when: When) -> Iterator[Row]:
    """Rows as they were: those that have changed since are made again from their streams."""
    at = min(moment for moment in when if moment)
    for row in rows:
        if row["updated_at"] <= at:
            yield row
        else:
            events = history(stream_of(row["tenant"], slug, row["id"]))
            yield from rows_of(projection, then_known(events, when), row["slice"])
