"""How the read tables are doing: what each projection has read, how far it lags, who is at work."""

from datetime import datetime
from typing import Any

import msgspec

from projections import PROJECTIONS
from projections.database import Reader

LEVEL, CATCHING_UP, MISSING = "level", "catching_up", "missing"
STALLED, POISONED, REBUILDING = "stalled", "poisoned", "rebuilding"
STATES = (LEVEL, CATCHING_UP, MISSING, STALLED, POISONED, REBUILDING)

# A process beats every second, and a projector moves a checkpoint with every batch.
SILENCE_SECONDS = 10.0

# Positions of a slice are gapless, so the first event that is still to be read is the one after the checkpoint.
STATUS = """
    SELECT
        wanted.projection,
        wanted.version,
        count(checkpoint.slice)::integer AS slices,
        coalesce(sum(checkpoint.position), 0)::bigint AS position,
        coalesce(sum(slices.head), 0)::bigint AS head,
        min(unread.recorded_at) AS unread_since,
        min(unread.recorded_at) FILTER (WHERE stop.since IS NULL) AS waiting_since,
        extract(epoch FROM clock_timestamp() - max(checkpoint.moved_at))::float8 AS still_seconds,
        count(stop.since)::integer AS poisoned,
        min(stop.since) AS poisoned_since,
        (
            SELECT count(*)
            FROM poison
            WHERE poison.projection = wanted.projection
              AND poison.version = wanted.version
              AND parked_at IS NOT NULL
        )::integer AS parked,
        (
            SELECT coalesce(sum((rates ->> format('%%s_v%%s', wanted.projection, wanted.version))::float8), 0)
            FROM heartbeats
            WHERE beat_at > clock_timestamp() - %(silence)s * interval '1 second'
        ) AS rate,
        (
            SELECT started_at
            FROM builds
            WHERE builds.projection = wanted.projection
              AND builds.version = wanted.version
              AND builds.role = 'build'
        ) AS rebuilding_since
    FROM unnest(%(projections)s::text[], %(versions)s::integer[]) WITH ORDINALITY AS wanted (projection, version, n)
    LEFT JOIN checkpoints AS checkpoint USING (projection, version)
    LEFT JOIN slices
      ON slices.slice = checkpoint.slice
    LEFT JOIN events AS unread
      ON unread.slice = checkpoint.slice
     AND unread.position = checkpoint.position + 1
    LEFT JOIN poison AS stop
      ON stop.slice = checkpoint.slice
     AND stop.projection = checkpoint.projection
     AND stop.version = checkpoint.version
     AND stop.parked_at IS NULL
    GROUP BY wanted.projection, wanted.version, wanted.n
    ORDER BY wanted.n
"""

PROCESSES = """
    SELECT
        process,
        id,
        beat_at,
        detail,
        release,
        greatest(extract(epoch FROM clock_timestamp() - beat_at), 0)::float8 AS silent_seconds,
        (
            SELECT count(*)
            FROM leases
            WHERE leases.release = heartbeats.release
              AND leases.projector = heartbeats.id
              AND expires_at > clock_timestamp()
        )::integer AS leases
    FROM heartbeats
    ORDER BY process, id
"""


class Status(msgspec.Struct, frozen=True):
    """One projection. `unread_since` is when the oldest event was recorded that it has not read.

    `waiting_since` leaves out slices that poison stops. `still_seconds` is how long ago any of its checkpoints moved,
    by the clock of the database; `rate` how many events a second its projectors have lately applied.
    """

    projection: str
    version: int
    slices: int
    position: int
    head: int
    unread_since: datetime | None
    waiting_since: datetime | None
    still_seconds: float | None
    poisoned: int
    poisoned_since: datetime | None
    parked: int
    rate: float
    rebuilding_since: datetime | None

    def state(self, now: datetime) -> str:
        """The first that holds: `missing` (this version has no read table yet), `poisoned` (an event stops a slice),
        `stalled` (events wait and none is applied), `rebuilding`, `level` with the log, `catching_up`.
        """
        if not self.slices:
            return MISSING
        if self.poisoned:
            return POISONED
        if self.stalled(now):
            return STALLED
        if self.rebuilding_since is not None:
            return REBUILDING
        return LEVEL if self.position >= self.head else CATCHING_UP

    def stalled(self, now: datetime) -> bool:
        """Whether events have been waiting for ten seconds in which not one of any slice was applied."""
        still = self.still_seconds or 0.0
        return still > SILENCE_SECONDS and self.waiting_seconds(now) > SILENCE_SECONDS

    @property
    def lag_events(self) -> int:
        """How many events it has still to read."""
        return max(self.head - self.position, 0)

    def lag_seconds(self, now: datetime) -> float:
        """For how long the oldest event that it has not read has been there."""
        return _age(self.unread_since, now)

    def waiting_seconds(self, now: datetime) -> float:
        """The same, but for those that poison stops."""
        return _age(self.waiting_since, now)


class Process(msgspec.Struct, frozen=True):
    """A process beside the api. `detail` holds what it could not do, empty when all is well.

    `silent_seconds` is how long ago it last beat, by the clock of the database; `leases` how many slices a projector
    works on; `release` names the read tables that it fills.
    """

    process: str
    id: str
    beat_at: datetime
    detail: str
    release: str
    silent_seconds: float
    leases: int

    @property
    def silent(self) -> bool:
        """Whether it has missed so many beats that it is taken for gone."""
        return self.silent_seconds > SILENCE_SECONDS


def of_projections(reader: Reader) -> list[Status]:
    """Every projection of this version of Milepost, in the order of the line."""
    parameters: dict[str, Any] = {
        "projections": [projection.name for projection in PROJECTIONS],
        "versions": [projection.version for projection in PROJECTIONS],
        "silence": SILENCE_SECONDS,
    }
    return reader.rows(Status, STATUS, parameters)


def of_processes(reader: Reader) -> list[Process]:
    """The processes that have said that they are there and have not said goodbye, and when they last beat."""
    return reader.rows(Process, PROCESSES, {})


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max((now - moment).total_seconds(), 0.0)
