"""How far the read tables have read: what an answer holds, and waiting until it holds more."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from projections.database import Reader
from projections.versions import VERSIONS, versions_of

# An event is stamped before it is written, and by any machine's clock: one that is recorded now may become visible
# this much later. A log that is level is therefore vouched for up to this long ago.
WATERMARK_GRACE = timedelta(seconds=5)
WAIT_STEP_SECONDS = 0.01


def through_sql(names: Iterable[str], *, one_slice: bool) -> str:
    """SQL of the time up to which everything recorded is in the read tables, in the statement's own snapshot."""
    wanted = ", ".join(f"('{name}', {version})" for name, version in versions_of(names).items())
    return f"""
        (
            SELECT coalesce(min(
                CASE
                    WHEN checkpoint.position >= slices.head THEN statement_timestamp()
                    ELSE coalesce(checkpoint.through, 'epoch')
                END
            ), 'epoch')
            FROM checkpoints AS checkpoint
            JOIN slices USING (slice)
            WHERE (checkpoint.projection, checkpoint.version) IN ({wanted})
              {"AND checkpoint.slice = %(slice)s" if one_slice else ""}
        )
    """


def through(reader: Reader, names: Iterable[str], slice_number: int | None = None) -> datetime:
    """The time up to which an answer from these read tables holds everything, before the watermark grace."""
    read = list(names)
    if not read:
        query = "SELECT statement_timestamp()"
    else:
        query = f"SELECT {through_sql(read, one_slice=slice_number is not None)}"
    moment: datetime = reader.value(query, {"slice": slice_number})
    return moment


def holds(reader: Reader, positions: dict[int, int], names: Iterable[str] = VERSIONS) -> bool:
    """Whether these projections have read each slice up to the given position, and the log goes that far."""
    query = """
        SELECT NOT EXISTS (
            SELECT
            FROM unnest(%(slices)s::smallint[], %(positions)s::bigint[]) AS wanted (slice, position)
            JOIN slices USING (slice)
            WHERE slices.head < wanted.position
               OR EXISTS (
                    SELECT
                    FROM checkpoints
                    WHERE checkpoints.slice = wanted.slice
                      AND checkpoints.position < wanted.position
                      AND (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
               )
        )
    """
    return bool(reader.value(query, _there(positions, names)))


def stopped_before(reader: Reader, positions: dict[int, int], names: Iterable[str] = VERSIONS) -> bool:
    """Whether an event that cannot be applied keeps one of these projections from reading so far.

    Then waiting is in vain.
    """
    query = """
        SELECT EXISTS (
            SELECT
            FROM unnest(%(slices)s::smallint[], %(positions)s::bigint[]) AS wanted (slice, position)
            JOIN poison USING (slice)
            WHERE poison.position <= wanted.position
              AND parked_at IS NULL
              AND (projection, version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::integer[]))
        )
    """
    return bool(reader.value(query, _there(positions, names)))


def wait_until_level(reader: Reader, seconds: float = 2.0, *, names: Iterable[str] = VERSIONS) -> bool:
    """Wait until these read tables hold everything that is in the log now; False when they do not after `seconds`."""
    heads = reader.rows(dict, "SELECT slice, head FROM slices WHERE head > 0", {})
    return wait_until_held(reader, {row["slice"]: row["head"] for row in heads}, seconds, names=names)


def wait_until_held(
    reader: Reader, positions: dict[int, int], seconds: float = 2.0, *, names: Iterable[str] = VERSIONS
) -> bool:
    """Wait until these read tables hold these positions; False when they still do not after `seconds`, or cannot."""
    if holds(reader, positions, names):
        return True
    if stopped_before(reader, positions, names):
        return False
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(WAIT_STEP_SECONDS)
        if holds(reader, positions, names):
            return True
    return False


def _there(positions: dict[int, int], names: Iterable[str]) -> dict[str, list[Any]]:
    """The parameters of a question about these positions and projections."""
    versions = versions_of(names)
    return {
        "slices": list(positions),
        "positions": list(positions.values()),
        "names": list(versions),
        "versions": list(versions.values()),
    }
