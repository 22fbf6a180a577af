"""Engagements found in the log itself: those of an owner, and the one that a run belongs to."""

from typing import Any
from uuid import UUID

from domain.engagement import RunStarted
from domain.ids import engagement_id, owner_slice, slice_of
from domain.kinds import GAMES
from domain.streak_events import BreakForeseen
from domain.vocabulary import Slug
from projections.database import Reader

# Every id of an owner begins with the same two bytes: that is a short stretch of the index, whatever the log holds.
OF_OWNER = """
    SELECT originator_id
    FROM streams
    WHERE slice = %(slice)s
      AND originator_id BETWEEN %(first)s AND %(last)s
      AND split_part(topic, '.', 1) = %(topic)s
      AND state::jsonb ->> 'tenant' = %(tenant)s
      AND state::jsonb ->> 'owner_id' = %(owner_id)s
      AND (%(definition_id)s::text IS NULL OR state::jsonb ->> 'definition_id' = %(definition_id)s)
    ORDER BY originator_id
"""

OF_RUN = """
    SELECT DISTINCT originator_id
    FROM events
    WHERE slice = %(slice)s
      AND originator_id BETWEEN %(first)s AND %(last)s
      AND topic = ANY(%(topics)s)
      AND tenant = %(tenant)s
      AND (
          state::jsonb ->> 'run_id' = %(run_id)s
          OR state::jsonb -> 'next' @> jsonb_build_array(jsonb_build_object('id', %(run_id)s::text))
      )
"""

REST_OF_AN_ID = 14 * 8


def of_owner(reader: Reader, tenant: str, owner_id: str, slug: Slug, definition_id: UUID | None = None) -> list[UUID]:
    """The streams of an owner's engagements of a kind, or the one with a definition. A stretch of one slice is read."""
    # Any id of the owner's says where that is.
    any_id = engagement_id(tenant, UUID(int=0), owner_id)
    parameters: dict[str, Any] = {
        "tenant": tenant,
        "owner_id": owner_id,
        "slice": owner_slice(tenant, owner_id, reader.slices),
        "topic": GAMES[slug].kind.topic.partition(".")[0],
        "definition_id": None if definition_id is None else str(definition_id),
        **_stretch(any_id),
    }
    return [row["originator_id"] for row in reader.rows(dict, OF_OWNER, parameters)]


def of_run(reader: Reader, tenant: str, run_id: UUID) -> list[UUID]:
    """The stream that a run belongs to, or belonged to, or was foreseen in; nothing when there was none."""
    parameters: dict[str, Any] = {
        "tenant": tenant,
        "run_id": str(run_id),
        "slice": slice_of(run_id, reader.slices),
        "topics": [RunStarted.TOPIC, BreakForeseen.TOPIC],
        **_stretch(run_id),
    }
    return [row["originator_id"] for row in reader.rows(dict, OF_RUN, parameters)]


def _stretch(identifier: UUID) -> dict[str, UUID]:
    """The ids that begin with the same two bytes."""
    first = identifier.int >> REST_OF_AN_ID << REST_OF_AN_ID
    return {"first": UUID(int=first), "last": UUID(int=first | (1 << REST_OF_AN_ID) - 1)}
