"""Checkpoints: how far each projection has read each slice. Who has locked the row may move it, and nobody else."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection

from projections.change import Projection

# What stops `checkpoint` is to be tried again, and not yet.
RESTING = """
    EXISTS (
        SELECT
        FROM poison
        WHERE poison.slice = checkpoint.slice
          AND poison.projection = checkpoint.projection
          AND poison.version = checkpoint.version
          AND poison.parked_at IS NULL
          AND poison.retry_at > clock_timestamp()
    )
"""

# A slice that an event has stopped is left alone until it is time to try again.
BEHIND = f"""
    SELECT DISTINCT slice
    FROM slices
    JOIN checkpoints AS checkpoint USING (slice)
    WHERE (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
      AND position < head
      AND (%(slices)s::smallint[] IS NULL OR slice = ANY(%(slices)s))
      AND NOT {RESTING}
    ORDER BY slice
"""

LOCK = f"""
    SELECT
        projection,
        position,
        EXISTS (
            SELECT
            FROM poison
            WHERE poison.slice = checkpoint.slice
              AND poison.projection = checkpoint.projection
              AND poison.version = checkpoint.version
              AND poison.parked_at IS NULL
        ) AS stopped,
        ARRAY(
            SELECT poison.position
            FROM poison
            WHERE poison.slice = checkpoint.slice
              AND poison.projection = checkpoint.projection
              AND poison.version = checkpoint.version
              AND poison.parked_at IS NOT NULL
        ) AS parked
    FROM checkpoints AS checkpoint
    WHERE slice = %(slice)s
      AND (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
      AND NOT {RESTING}
    ORDER BY projection
    FOR UPDATE OF checkpoint SKIP LOCKED
"""

MOVE = """
    UPDATE checkpoints
    SET position = %(position)s,
        through = %(through)s,
        moved_at = clock_timestamp()
    WHERE slice = %(slice)s
      AND (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
      AND position < %(position)s
"""


class Held(NamedTuple):
    """A checkpoint that this transaction has locked: everything up to `position` was read.

    `stopped` when an event could not be applied the last time; the events at the positions `parked` are skipped.
    """

    position: int
    stopped: bool
    parked: frozenset[int]


def behind(connection: Connection, projections: Iterable[Projection], slices: Collection[int] | None) -> list[int]:
    """The slices that any of these projections has still to read; of all slices, or of some."""
    asked = {**_wanted(projections), "slices": None if slices is None else list(slices)}
    return [row[0] for row in connection.execute(BEHIND, asked).fetchall()]


def locked(connection: Connection, slice_number: int, projections: Iterable[Projection]) -> dict[str, Held]:
    """Lock the checkpoints of these projections, but for those that others hold or that wait to be tried again."""
    rows = connection.execute(LOCK, {**_wanted(projections), "slice": slice_number})
    return {name: Held(position, stopped, frozenset(parked)) for name, position, stopped, parked in rows}


def move(
    connection: Connection,
    slice_number: int,
    projections: Iterable[Projection],
    position: int,
    through: datetime | None,
) -> None:
    """Everything up to this position was read, the last of it recorded at `through`."""
    asked = {**_wanted(projections), "slice": slice_number, "position": position, "through": through}
    connection.execute(MOVE, asked)


def neighbours(held: Mapping[str, Held], reach: int) -> Iterator[dict[str, Held]]:
    """The checkpoints in groups that are read together, the foremost first: nobody waits for one that is far behind."""
    group: dict[str, Held] = {}
    for name, one in sorted(held.items(), key=lambda item: -item[1].position):
        if group and next(iter(group.values())).position - one.position >= reach:
            yield group
            group = {}
        group[name] = one
    if group:
        yield group


def _wanted(projections: Iterable[Projection]) -> dict[str, object]:
    wanted = list(projections)
    return {"names": [one.name for one in wanted], "versions": [one.version for one in wanted]}
