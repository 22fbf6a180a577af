"""Whose engagement it is: of which owner a record tells on which definition, and which challenges an owner tried."""

from uuid import UUID

import msgspec

from domain.ids import owner_slice, slice_of
from projections.database import Reader

OF_RECORD = """
    SELECT 'challenge' AS slug, definition_id, owner_id
    FROM challenge_progress
    WHERE slice = %(slice)s
      AND id = %(id)s
      AND tenant = %(tenant)s
    UNION ALL
    SELECT 'streak', definition_id, owner_id
    FROM streak_progress
    WHERE slice = %(slice)s
      AND id = %(id)s
      AND tenant = %(tenant)s
"""

CHALLENGES_TRIED = """
    SELECT DISTINCT challenge_index
    FROM training_log
    WHERE slice = %(slice)s
      AND tenant = %(tenant)s
      AND owner_id = %(owner_id)s
      AND slug = 'practice'
      AND topic_id = %(topic_id)s
    ORDER BY challenge_index
"""


class Engaged(msgspec.Struct, frozen=True):
    """An owner on a definition of a kind."""

    slug: str
    definition_id: UUID
    owner_id: str


def of_record(reader: Reader, tenant: str, progress_id: UUID) -> Engaged | None:
    """The engagement that a progress record belongs to; None when the tenant has no such record. Reads one slice."""
    parameters = {"slice": slice_of(progress_id, reader.slices), "id": progress_id, "tenant": tenant}
    return reader.row(Engaged, OF_RECORD, parameters)


def challenges_tried(reader: Reader, tenant: str, owner_id: str, topic_id: str) -> list[int]:
    """The challenges of a topic, by index, that an owner has log entries on. Reads one slice."""
    place = owner_slice(tenant, owner_id, reader.slices)
    parameters = {"slice": place, "tenant": tenant, "owner_id": owner_id, "topic_id": topic_id}
    return [row["challenge_index"] for row in reader.rows(dict, CHALLENGES_TRIED, parameters)]
