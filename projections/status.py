"""How the read tables are doing: what each projection has read, how far it lags, who is at work."""

from datetime import datetime
from typing import Any

import msgspec

from projections import PROJECTIONS
from projections.database import Reader

LEVEL, CATCHING_UP, MISSING = "level", "catching_up", "missing"

# Positions of a slice are gapless, so the first event that is still to be read is the one after the checkpoint.
STATUS = """
    SELECT
        wanted.projection,
        wanted.version,
        count(checkpoint.slice)::integer AS slices,
        coalesce(sum(checkpoint.position), 0)::bigint AS position,
        coalesce(sum(slices.head), 0)::bigint AS head,
        min(unread.recorded_at) AS unread_since
    FROM unnest(%(projections)s::text[], %(versions)s::integer[]) WITH ORDINALITY AS wanted (projection, version, n)
    LEFT JOIN checkpoints AS checkpoint USING (projection, version)
    LEFT JOIN slices
      ON slices.slice = checkpoint.slice
    LEFT JOIN events AS unread
      ON unread.slice = checkpoint.slice
     AND unread.position = checkpoint.position + 1
    GROUP BY wanted.projection, wanted.version, wanted.n
    ORDER BY wanted.n
"""

PROCESSES = """
    SELECT process, id, beat_at, detail
    FROM heartbeats
    ORDER BY process, id
"""


class Status(msgspec.Struct, frozen=True):
    """One projection. `unread_since` is when the oldest event was recorded that it has not read."""

    projection: str
    version: int
    slices: int
    position: int
    head: int
    unread_since: datetime | None

    @property
    def state(self) -> str:
        """`missing` when this version has no read table yet, else `level` with the log or `catching_up`."""
        if not self.slices:
            return MISSING
        return LEVEL if self.position >= self.head else CATCHING_UP

    @property
    def lag_events(self) -> int:
        """How many events it has still to read."""
        return max(self.head - self.position, 0)

    def lag_seconds(self, now: datetime) -> float:
        """For how long the oldest event that it has not read has been there."""
        return 0.0 if self.unread_since is None else max((now - self.unread_since).total_seconds(), 0.0)


class Process(msgspec.Struct, frozen=True):
    """A projector or a clock. `detail` holds what a projector could not apply, empty when all is well."""

    process: str
    id: str
    beat_at: datetime
    detail: str


def of_projections(reader: Reader) -> list[Status]:
    """Every projection of this version of Milepost, in the order of the line."""
    parameters: dict[str, Any] = {
        "projections": [projection.name for projection in PROJECTIONS],
        "versions": [projection.version for projection in PROJECTIONS],
    }
    return reader.rows(Status, STATUS, parameters)


def of_processes(reader: Reader) -> list[Process]:
    """The processes that have said that they are there, and when they last did."""
    return reader.rows(Process, PROCESSES, {})
