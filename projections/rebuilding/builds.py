"""The tables that are being built, and those kept from before: how far they are, and who works on them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zlib import crc32

import msgspec

from projections import PROJECTIONS
from projections.database import Reader

# Who works on the tables of a projection holds an advisory lock of this class. It ends with the connection.
LOCK_CLASS = 0x6275696C  # "buil" in ASCII.

BUILDS = """
    SELECT
        projection,
        version,
        role,
        state,
        coalesce(sum(build_slices.position), 0)::bigint AS done,
        coalesce(sum(greatest(slices.head, build_slices.position)), 0)::bigint AS total,
        runner,
        workers,
        started_at,
        resumed_at,
        resumed_from,
        role = 'build' AND EXISTS (
            SELECT
            FROM pg_locks
            WHERE locktype = 'advisory'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND classid = %(class)s
              AND objid = wanted.key
              AND granted
        ) AS at_work,
        statement_timestamp() AS asked_at
    FROM builds
    JOIN unnest(%(projections)s::text[], %(versions)s::integer[], %(keys)s::bigint[]::oid[])
      AS wanted (projection, version, key) USING (projection, version)
    JOIN build_slices USING (projection, version, role)
    JOIN slices USING (slice)
    GROUP BY projection, version, role, wanted.key
    ORDER BY array_position(%(projections)s::text[], projection), role
"""


class Build(msgspec.Struct, frozen=True):
    """A table beside the live one. `runner` is who works on it, or who did last when nobody is `at_work`."""

    projection: str
    version: int
    role: str
    state: str
    done: int
    total: int
    runner: str | None
    workers: int
    started_at: datetime
    resumed_at: datetime
    resumed_from: int
    at_work: bool
    asked_at: datetime

    @property
    def rate(self) -> float | None:
        """Events a second since the one who works on it began; None when nobody reads them now."""
        seconds = (self.asked_at - self.resumed_at).total_seconds()
        if not self.at_work or self.state not in ("filling", "following") or seconds <= 0:
            return None
        return (self.done - self.resumed_from) / seconds

    @property
    def eta_seconds(self) -> float | None:
        """For how much longer events will be read at that rate; None when nobody can tell."""
        return (self.total - self.done) / self.rate if self.rate else None


def of_builds(reader: Reader) -> list[Build]:
    """The builds and the kept tables of the versions that this release reads, in the order of the line."""
    names = [projection.name for projection in PROJECTIONS]
    parameters: dict[str, Any] = {
        "class": LOCK_CLASS,
        "projections": names,
        "versions": [projection.version for projection in PROJECTIONS],
        "keys": [lock_key(name) for name in names],
    }
    return reader.rows(Build, BUILDS, parameters)


def unfinished(reader: Reader) -> dict[str, Build]:
    """The builds that are not live yet, by the name of their projection."""
    return {build.projection: build for build in of_builds(reader) if build.role == "build"}


def done_since_begun(builds: Collection[Build]) -> list[str]:
    """The projections that were switched since the oldest unfinished build began: a rebuild of all has done them."""
    begun = {build.projection: build.started_at for build in builds if build.role == "build"}
    return [
        build.projection
        for build in builds
        if begun and build.projection not in begun and build.started_at > min(begun.values())
    ]


def lock_key(name: str) -> int:
    """The second half of the key of a projection's advisory lock: positive, so that it reads the same in pg_locks."""
    return crc32(name.encode()) & 0x7FFFFFFF
