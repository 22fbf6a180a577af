"""Read tables that are shown as they are: definitions, log entries, rewards, users, the catalogue, teams."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.ids import owner_slice, slice_of
from domain.vocabulary import Slug
from projections.consistency import through
from projections.database import Reader
from projections.listing import Listed, Page, listed
from projections.streak_reading import there

Row = dict[str, Any]


class Kind(NamedTuple):
    """A table and how it is asked: what makes a row one of this kind, whose it is, which filters there are.

    `slice_of_id` finds the slice of a row from its id; without it all slices are asked.
    """

    projections: tuple[str, ...]
    source: str
    owner: str | None = None
    filters: Mapping[str, str] = {}
    slice_of_id: Callable[[str, Any, int], int] | None = None


def _slice_of_id(tenant: str, identifier: UUID, slices: int) -> int:
    return slice_of(identifier, slices)


def _entries_of(slug: Slug, table: str, named_by: str) -> Kind:
    return Kind(
        projections=(table,),
        source=f"""
            SELECT *, recorded_at AS created_at, greatest(recorded_at, voided_at) AS updated_at
            FROM {table}
            WHERE tenant = %(tenant)s
              AND slug = '{slug}'
        """,
        owner="owner_id",
        filters={named_by: f"{named_by} = %({named_by})s", "counted": "counted = %(counted)s"},
        slice_of_id=_slice_of_id,
    )


CHALLENGE = Kind(
    projections=("challenge",),
    source="SELECT * FROM challenge WHERE tenant = %(tenant)s",
    filters={"status": "status = %(status)s"},
)

STREAK = Kind(
    projections=("streak",),
    source="SELECT * FROM streak WHERE tenant = %(tenant)s",
    filters={"status": "status = %(status)s"},
)

MILESTONE = Kind(
    projections=("milestone",),
    source="SELECT * FROM milestone WHERE tenant = %(tenant)s",
    filters={
        "slug": "slug = %(slug)s",
        "definition_id": "definition_id = %(definition_id)s",
        "status": "status = %(status)s",
    },
)

CATALOGUE = Kind(
    projections=("catalogue",),
    source="SELECT * FROM catalogue WHERE tenant = %(tenant)s",
    filters={
        "kind": "kind = %(kind)s",
        "content_area": "content_area = %(content_area)s",
        "parent_id": "parent_id = %(parent_id)s",
        "status": "status = %(status)s",
    },
)

TEAM = Kind(
    projections=("team", "team_member"),
    source="""
        SELECT
            team.*,
            ARRAY(
                SELECT member.owner_id
                FROM team_member AS member
                WHERE member.tenant = team.tenant
                  AND member.team_id = team.id
                ORDER BY member.owner_id
            ) AS members
        FROM team
        WHERE team.tenant = %(tenant)s
    """,
)

ASSIGNMENT = Kind(
    projections=("assignment",),
    source="SELECT * FROM assignment WHERE tenant = %(tenant)s",
    filters={
        "content_area": "content_area = %(content_area)s",
        "target_id": "target_id = %(target_id)s",
        "assignee_type": "assignee_type = %(assignee_type)s",
        "assignee_id": "assignee_id = %(assignee_id)s",
        "is_active": "is_active = %(is_active)s",
    },
)

CHALLENGE_LOG = _entries_of(Slug.CHALLENGE, "entry_log", "definition_id")
# Entries that come late, and breaks, give a window to another run than the one that counted the entry at first.
STREAK_LOG = Kind(
    projections=("entry_log", "streak_progress", "streak"),
    source=f"""
        SELECT
            entry.slice,
            entry.id,
            entry.tenant,
            entry.definition_id,
            entry.owner_id,
            entry.activity_at,
            entry.activity_id,
            entry.unique_identifier,
            entry.activity_value,
            entry.attributes,
            entry.recorded_at,
            entry.counted,
            entry.reason,
            entry.period_key,
            CASE WHEN entry.counted THEN coalesce(
                (
                    SELECT run.id
                    FROM streak_progress AS run
                    WHERE run.slice = entry.slice
                      AND run.tenant = entry.tenant
                      AND run.owner_id = entry.owner_id
                      AND run.definition_id = entry.definition_id
                      AND run.first_period_start_at <= entry.activity_at
                      AND {there("run", "statement_timestamp()")}
                    ORDER BY run.number DESC
                    LIMIT 1
                ),
                entry.progress_id
            ) END AS progress_id,
            entry.voided_at,
            entry.void_reason,
            entry.recorded_at AS created_at,
            greatest(entry.recorded_at, entry.voided_at) AS updated_at
        FROM entry_log AS entry
        WHERE entry.tenant = %(tenant)s
          AND entry.slug = 'streak'
    """,
    owner="owner_id",
    filters={"definition_id": "definition_id = %(definition_id)s", "counted": "counted = %(counted)s"},
    slice_of_id=_slice_of_id,
)
PRACTICE_LOG = _entries_of(Slug.PRACTICE, "training_log", "topic_id")
LEARN_LOG = _entries_of(Slug.LEARN, "training_log", "scenario_id")

REWARD_LOG = Kind(
    projections=("reward_log",),
    source="SELECT * FROM reward_log WHERE tenant = %(tenant)s",
    owner="owner_id",
    filters={
        "slug": "slug = %(slug)s",
        "definition_id": "definition_id = %(definition_id)s",
        "milestone_id": "milestone_id = %(milestone_id)s",
    },
    slice_of_id=_slice_of_id,
)

ACCOUNT_USER = Kind(
    projections=(),
    source="SELECT * FROM account_user WHERE tenant = %(tenant)s",
    owner="id",
    filters={"status": "status = %(status)s", "external_id": "external_id = %(external_id)s"},
    slice_of_id=owner_slice,
)


def one(reader: Reader, kind: Kind, tenant: str, identifier: UUID | str, *, owner_id: str | None = None) -> Row | None:
    """One row; None when the tenant (or the owner, if one is given) has none with this id."""
    parameters: dict[str, Any] = {"tenant": tenant, "id": identifier}
    conditions = ["id = %(id)s"]
    if kind.slice_of_id is not None:
        conditions.append("slice = %(slice)s")
        parameters["slice"] = kind.slice_of_id(tenant, identifier, reader.slices)
    if owner_id is not None and kind.owner is not None:
        conditions.append(f"{kind.owner} = %(owner_id)s")
        parameters["owner_id"] = owner_id
    return reader.row(dict, f"SELECT * FROM ({kind.source}) AS record WHERE {' AND '.join(conditions)}", parameters)


def with_ids(
    reader: Reader, kind: Kind, tenant: str, identifiers: Collection[UUID] | Collection[str]
) -> dict[Any, Row]:
    """The rows of several ids that the tenant has, by id."""
    if not identifiers:
        return {}
    parameters: dict[str, Any] = {"tenant": tenant, "ids": list(identifiers)}
    conditions = ["id = ANY(%(ids)s)"]
    if kind.slice_of_id is not None:
        conditions.append("slice = ANY(%(slices)s::smallint[])")
        parameters["slices"] = [*{kind.slice_of_id(tenant, one, reader.slices) for one in identifiers}]
    query = f"SELECT * FROM ({kind.source}) AS record WHERE {' AND '.join(conditions)}"
    return {row["id"]: row for row in reader.rows(dict, query, parameters)}


def users_named(reader: Reader, tenant: str, external_ids: Collection[str]) -> dict[str, Row]:
    """The end users that the tenant knows by these ids of its own, by external id."""
    if not external_ids:
        return {}
    query = f"{ACCOUNT_USER.source} AND external_id = ANY(%(external_ids)s)"
    parameters = {"tenant": tenant, "external_ids": list(external_ids)}
    return {row["external_id"]: row for row in reader.rows(dict, query, parameters)}


def of_tenant(
    reader: Reader, kind: Kind, tenant: str, filters: dict[str, Any], page: Page, *, owner_id: str | None = None
) -> Listed[Row]:
    """A page of rows. With an owner, one slice is read; `filters` has keys of `kind.filters`."""
    parameters: dict[str, Any] = {"tenant": tenant, **filters}
    conditions = [kind.filters[name] for name in filters]
    if owner_id is not None and kind.owner is not None:
        conditions += ["slice = %(slice)s", f"{kind.owner} = %(owner_id)s"]
        parameters |= {"slice": owner_slice(tenant, owner_id, reader.slices), "owner_id": owner_id}
    return listed(reader, dict, kind.source, conditions, parameters, page)


def held_through(reader: Reader, kind: Kind) -> datetime:
    """The time up to which these rows hold everything, before the watermark grace."""
    return through(reader, kind.projections)
