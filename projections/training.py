"""Training of one user: rows, whether the tenant has such a user, and how far the answer goes, all in one statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from domain.ids import owner_slice
from projections.change import schema_of
from projections.consistency import through_sql
from projections.database import Reader
from projections.versions import VERSIONS

# A user whom the tenant registered, put into a team or assigned something to, or of whom something was logged: today,
# whatever moment is asked about, so that the tables of a moment are not to take these names.
KNOWN = f"""
    (
        EXISTS (
            SELECT
            FROM account_user
            WHERE slice = %(slice)s
              AND tenant = %(tenant)s
              AND id = %(owner_id)s
        )
        OR EXISTS (
            SELECT
            FROM training_log
            WHERE slice = %(slice)s
              AND tenant = %(tenant)s
              AND owner_id = %(owner_id)s
        )
        OR EXISTS (
            SELECT
            FROM {schema_of("team_member", VERSIONS["team_member"])}.team_member
            WHERE slice = %(slice)s
              AND tenant = %(tenant)s
              AND owner_id = %(owner_id)s
        )
        OR EXISTS (
            SELECT
            FROM {schema_of("assignment", VERSIONS["assignment"])}.assignment
            WHERE tenant = %(tenant)s
              AND assignee_type = 'user'
              AND assignee_id = %(owner_id)s
        )
    )
"""


class Asked(Protocol):
    """What every row says beside its own. A user without rows has one that says nothing else."""

    @property
    def known(self) -> bool: ...
    @property
    def through(self) -> datetime: ...
    @property
    def present(self) -> bool | None: ...


Row = TypeVar("Row", bound=Asked)


class Part(NamedTuple):
    """Which rows of a user: changed since a moment, behind a row, at most so many. All of them when nothing is said."""

    updated_since: datetime | None = None
    after: Mapping[str, Any] | None = None
    limit: int | None = None


class Found(NamedTuple, Generic[Row]):
    """Rows of a user; `more` when others follow; `known` when the tenant has such a user."""

    rows: list[Row]
    more: bool
    known: bool
    through: datetime


class Source(NamedTuple, Generic[Row]):
    """How rows of a user are found: in which order, and behind which row a part begins.

    `query` is a SELECT with the columns of `row` after the first three, and `updated_at`; `with_` are its common
    table expressions.
    """

    row: type[Row]
    query: str
    order: str
    behind: str
    through: str
    with_: str = ""


def held(*projections: str) -> str:
    """SQL of the time up to which these projections hold everything of the user's slice."""
    return through_sql(projections, one_slice=True)


def of_user(reader: Reader, source: Source[Row], tenant: str, owner_id: str, part: Part, **more: Any) -> Found[Row]:
    """The rows of a user. What is the user's is read in one slice."""
    conditions, parameters = [], {"tenant": tenant, "owner_id": owner_id, **more}
    parameters["slice"] = owner_slice(tenant, owner_id, reader.slices)
    parameters["limit"] = None if part.limit is None else part.limit + 1
    if part.updated_since is not None:
        conditions.append("updated_at >= %(updated_since)s")
        parameters["updated_since"] = part.updated_since
    if part.after is not None:
        conditions.append(source.behind)
        parameters |= part.after
    asked = reader.rows(source.row, _statement(source, conditions), parameters)
    rows = [one for one in asked if one.present]
    more_follow = part.limit is not None and len(rows) > part.limit
    return Found(rows[: part.limit], more_follow, asked[0].known, asked[0].through)


def _statement(source: Source[Any], conditions: list[str]) -> str:
    return f"""
        {source.with_}
        SELECT asked.known, asked.through, found.*
        FROM (SELECT {KNOWN} AS known, {source.through} AS through) AS asked
        LEFT JOIN (
            SELECT true AS present, record.*
            FROM ({source.query}) AS record
            {"WHERE " + " AND ".join(conditions) if conditions else ""}
            ORDER BY {source.order}
            LIMIT %(limit)s
        ) AS found ON true
        ORDER BY {source.order}
    """
