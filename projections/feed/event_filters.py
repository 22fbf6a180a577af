"""Filters of the feed: which of a tenant's events are asked for, and which streams they can be in."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.ids import catalogue_id, definition_id, owner_stream_id
from domain.vocabulary import Slug
from projections.database import Reader


class Filters(NamedTuple):
    """Which events: of one owner, about one definition, of some types, recorded from `since` on and before `until`."""

    owner_id: str | None = None
    definition_id: str | None = None
    types: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None


# Most states do not hold the id at all: to look for its text first takes a tenth of the time that reading them does.
ABOUT_DEFINITION = """
    CASE
        WHEN strpos(streams.state, %(definition_text)s) > 0 THEN
            %(definition_id)s IN (
                streams.state::jsonb ->> 'definition_id',
                streams.state::jsonb ->> 'topic_id',
                streams.state::jsonb ->> 'scenario_id',
                streams.state::jsonb ->> 'assignment_id'
            )
        ELSE FALSE
    END
"""

# Asked for each event that is looked at, of one stream each: they are never all read.
OF_DEFINITION = f"""
    (
        event.originator_id = ANY(%(defining)s)
        OR (
            SELECT {ABOUT_DEFINITION}
            FROM streams
            WHERE streams.slice = event.slice
              AND streams.originator_id = event.originator_id
        )
    )
"""

# A stream of the owner begins with the owner's two bytes, which others may share; its state says whose it is.
STREAMS_OF_OWNER = """
    SELECT originator_id
    FROM streams
    WHERE slice = %(slice)s
      AND originator_id BETWEEN %(first)s AND %(last)s
      AND (originator_id = %(user)s OR state::jsonb ->> 'owner_id' = %(owner_id)s)
      AND {about}
"""


def conditions(tenant: str, filters: Filters) -> tuple[str, dict[str, Any]]:
    """SQL that follows a WHERE on `event`, and its parameters. The owner's streams are found beforehand."""
    asked = ["event.tenant = %(tenant)s"]
    parameters: dict[str, Any] = {"tenant": tenant}
    if filters.types:
        asked.append("event.topic = ANY(%(types)s)")
        parameters["types"] = list(filters.types)
    if filters.since is not None:
        asked.append("event.recorded_at >= %(since)s")
        parameters["since"] = filters.since
    if filters.until is not None:
        asked.append("event.recorded_at < %(before)s")
        parameters["before"] = filters.until
    if filters.definition_id is not None and filters.owner_id is None:
        asked.append(OF_DEFINITION)
        parameters |= _named(filters.definition_id)
        parameters["defining"] = _defining(tenant, filters.definition_id)
    return " AND ".join(asked), parameters


def streams_of_owner(reader: Reader, tenant: str, filters: Filters, slice_number: int) -> list[UUID]:
    """The streams of the owner that is asked for; with a definition, those that are about it."""
    user = owner_stream_id(tenant, filters.owner_id or "")
    prefix = user.bytes[:2]
    parameters = {
        "slice": slice_number,
        "first": UUID(bytes=prefix + bytes(14)),
        "last": UUID(bytes=prefix + b"\xff" * 14),
        "user": user,
        "owner_id": filters.owner_id,
        **_named(filters.definition_id or ""),
    }
    about = "TRUE" if filters.definition_id is None else ABOUT_DEFINITION
    rows = reader.rows(dict, STREAMS_OF_OWNER.format(about=about), parameters)
    return [row["originator_id"] for row in rows]


def _named(identifier: str) -> dict[str, str]:
    """The id of a definition, and as states write it."""
    return {"definition_id": identifier, "definition_text": msgspec.json.encode(identifier).decode()}


def _defining(tenant: str, identifier: str) -> list[UUID]:
    """The streams that a definition of this id may have: only items of the catalogue have other ids than UUIDs."""
    item = catalogue_id(tenant, identifier)
    try:
        named = UUID(identifier)
    except ValueError:
        return [item]
    slugs = (Slug.CHALLENGE, Slug.STREAK, Slug.TEAM, Slug.ASSIGNMENT)
    return [item, *(definition_id(tenant, slug, named) for slug in slugs)]
