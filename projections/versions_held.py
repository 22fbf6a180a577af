"""Which versions of the read tables the database holds, and who is at work on each of them."""

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import args_row

from projections.change import schema_of
from projections.versions import VERSIONS

# For so long a version counts as being used: an api that reads it is not asked every second.
LATELY_SECONDS = 60.0

# When a table was last read, PostgreSQL notes from version 16 on: the column is missing before.
HELD = """
    WITH held AS (
        SELECT projection, version FROM checkpoints
        UNION
        SELECT projection, version FROM builds
        UNION
        SELECT projection, version FROM poison
        UNION
        SELECT projection, substring(nspname FROM '[0-9]+$')::integer
        FROM pg_namespace
        JOIN unnest(%(projections)s::text[]) AS known (projection)
          ON nspname ~ format('^%%s_v[0-9]{1,9}$', projection)
    )
    SELECT
        projection,
        version,
        coalesce(far.position, 0)::bigint,
        coalesce(far.head, 0)::bigint,
        far.moved_at,
        coalesce(lies.bytes, 0)::bigint,
        pg_size_pretty(coalesce(lies.bytes, 0)::bigint),
        lies.read_at,
        ARRAY(
            SELECT format('%%s (pid %%s)', coalesce(nullif(application_name, ''), 'a client'), pid)
            FROM pg_stat_activity
            WHERE backend_type = 'client backend'
              AND pid <> pg_backend_pid()
              AND pid IN (
                SELECT pid
                FROM pg_locks
                WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace(schema))
                  AND granted
              )
            ORDER BY pid
        ) AS transactions,
        (
            SELECT coalesce(jsonb_object_agg(id, extract(epoch FROM statement_timestamp() - beat_at)), '{}')
            FROM heartbeats
            WHERE process = 'projector'
              AND rates ? schema
        ) AS projectors,
        (
            SELECT runner
            FROM builds
            JOIN pg_stat_activity
              ON application_name = left('milepost rebuild by ' || runner, 63)
             AND datname = current_database()
            WHERE (builds.projection, builds.version, role) = (held.projection, held.version, 'build')
            LIMIT 1
        ) AS rebuilt_by,
        statement_timestamp() AS asked_at
    FROM held
    CROSS JOIN LATERAL format('%%s_v%%s', projection, version) AS schema
    LEFT JOIN LATERAL (
        SELECT sum(position) AS position, sum(head) AS head, max(moved_at) AS moved_at
        FROM checkpoints
        JOIN slices USING (slice)
        WHERE (checkpoints.projection, checkpoints.version) = (held.projection, held.version)
    ) AS far ON true
    LEFT JOIN LATERAL (
        SELECT
            sum(pg_total_relation_size(relid)) AS bytes,
            max(
                greatest(
                    (to_jsonb(known) ->> 'last_seq_scan')::timestamptz,
                    (to_jsonb(known) ->> 'last_idx_scan')::timestamptz
                )
            ) AS read_at
        FROM pg_stat_user_tables AS known
        WHERE schemaname = schema
    ) AS lies ON true
    ORDER BY array_position(%(projections)s::text[], projection), projection, version
"""


class Held(msgspec.Struct, frozen=True):
    """A version of a read table: `position` of `head` events are in it, `bytes` it takes on disk (`size`, in words).

    `projectors` have said that they fill it, each so many seconds ago, and no goodbye; `transactions` have it open,
    `rebuilt_by` builds it anew. `read_at` is known from PostgreSQL 16 on.
    """

    projection: str
    version: int
    position: int
    head: int
    moved_at: datetime | None
    bytes: int
    size: str
    read_at: datetime | None
    transactions: list[str]
    projectors: dict[str, float]
    rebuilt_by: str | None
    asked_at: datetime

    @property
    def schema(self) -> str:
        """The schema of the database that it lies in."""
        return schema_of(self.projection, self.version)

    @property
    def read_here(self) -> bool:
        """Whether this release reads it."""
        return VERSIONS.get(self.projection) == self.version

    @property
    def newer(self) -> bool:
        """Whether it is of a release that comes after this one."""
        return self.version > VERSIONS.get(self.projection, self.version)

    @property
    def filled_by(self) -> dict[str, float]:
        """The projectors that fill it and have beaten within the last minute: each so many seconds ago."""
        return {name: ago for name, ago in sorted(self.projectors.items()) if ago < LATELY_SECONDS}

    def uses(self) -> list[str]:
        """Who is at work on it or was so within the last minute, in words."""
        filled = [f"projector {name} fills it, last beat {ago:,.0f} s ago" for name, ago in self.filled_by.items()]
        if not filled and self._lately(self.moved_at):
            filled = [f"it was filled {self._ago(self.moved_at)}"]
        rebuilt = [f"{self.rebuilt_by} rebuilds it"] if self.rebuilt_by else []
        read = [f"it was read {self._ago(self.read_at)}"] if self._lately(self.read_at) else []
        return [*filled, *rebuilt, *(f"{name} has it in a transaction" for name in self.transactions), *read]

    def _lately(self, moment: datetime | None) -> bool:
        return moment is not None and (self.asked_at - moment).total_seconds() < LATELY_SECONDS

    def _ago(self, moment: datetime | None) -> str:
        return f"{max((self.asked_at - (moment or self.asked_at)).total_seconds(), 0):,.0f} s ago"


def held_versions(connection: Connection) -> list[Held]:
    """Every version of every read table that the database holds, in the order of the line.

    Read tables that this release does not know any more come last.
    """
    asked: dict[str, Any] = {"projections": list(VERSIONS)}
    with connection.cursor(row_factory=args_row(Held)) as cursor:
        return cursor.execute(HELD, asked).fetchall()
