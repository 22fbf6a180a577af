"""What is stored of the seals: which log this is, tiles of hashes, checkpoints. What they mean, others know."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

BEGIN = """
    INSERT INTO seals (slice)
    SELECT slice
    FROM slices
    ON CONFLICT DO NOTHING
"""

BEHIND = """
    SELECT slice
    FROM seals
    JOIN slices USING (slice)
    WHERE size < head
       OR (signed_size < size AND (signed_at IS NULL OR signed_at <= clock_timestamp() - make_interval(secs => %s)))
    ORDER BY slice
"""

LOCK = """
    SELECT
        size,
        signed_size,
        signed_at IS NULL OR signed_at <= clock_timestamp() - make_interval(secs => %(seconds)s),
        (SELECT head FROM slices WHERE slices.slice = seals.slice)
    FROM seals
    WHERE slice = %(slice)s
    FOR UPDATE SKIP LOCKED
"""

PUT_TILES = """
    INSERT INTO seal_tiles (slice, level, number, hashes)
    SELECT %s, level, number, hashes
    FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[]) AS tile (level, number, hashes)
    ON CONFLICT (slice, level, number) DO UPDATE SET hashes = excluded.hashes
"""

KEEP_KEY = """
    INSERT INTO log_keys (public_key)
    VALUES (%s)
    ON CONFLICT DO NOTHING
"""

KEEP_CHECKPOINT = """
    INSERT INTO seal_checkpoints (slice, size, note)
    VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING
"""

UNPUBLISHED = """
    SELECT slice, size, note
    FROM seal_checkpoints
    WHERE published_at IS NULL
    ORDER BY signed_at
    LIMIT %s
    FOR UPDATE SKIP LOCKED
"""

PUBLISHED = """
    UPDATE seal_checkpoints
    SET published_at = clock_timestamp()
    FROM unnest(%s::smallint[], %s::bigint[]) AS done (slice, size)
    WHERE seal_checkpoints.slice = done.slice
      AND seal_checkpoints.size = done.size
"""

CHECKPOINTS = """
    SELECT size, note
    FROM seal_checkpoints
    WHERE slice = %s
      AND size > %s
      AND size <= %s
    ORDER BY size
"""

LATEST = """
    SELECT note
    FROM seal_checkpoints
    WHERE slice = %s
    ORDER BY size DESC
    LIMIT 1
"""

PROGRESS = """
    SELECT slices.slice, coalesce(size, 0), coalesce(signed_size, 0), signed_at, head
    FROM slices
    LEFT JOIN seals USING (slice)
"""


class Seal(NamedTuple):
    """How far a slice is sealed: rows hashed, rows under a checkpoint, whether one is due, rows written."""

    size: int
    signed_size: int
    due: bool
    head: int


class Progress(NamedTuple):
    """A row of `seals`, and how many rows its slice has."""

    slice: int
    size: int
    signed_size: int
    signed_at: datetime | None
    head: int


def log_id(connection: Connection) -> UUID:
    """Which log this is."""
    return UUID(str(_value(connection, "SELECT log_id FROM log_identity")))


def begin(connection: Connection) -> None:
    """Make the rows of `seals` that are missing."""
    connection.execute(BEGIN)


def behind(connection: Connection, seconds: float) -> list[int]:
    """The slices that have rows to hash, or a checkpoint to sign because the last is so many seconds old."""
    return [row[0] for row in connection.execute(BEHIND, (seconds,)).fetchall()]


def lock(connection: Connection, slice_number: int, seconds: float) -> Seal | None:
    """Take a slice to seal it; None when somebody else has it."""
    row = connection.execute(LOCK, {"slice": slice_number, "seconds": seconds}).fetchone()
    return Seal(*row) if row else None


def progress(connection: Connection) -> list[Progress]:
    """How far every slice is sealed."""
    return [Progress(*row) for row in connection.execute(f"{PROGRESS} ORDER BY slices.slice").fetchall()]


def progress_of(connection: Connection, slice_number: int) -> Progress:
    """How far one slice is sealed."""
    rows = connection.execute(f"{PROGRESS} WHERE slices.slice = %s", (slice_number,)).fetchall()
    return Progress(*rows[0])


def tile(connection: Connection, slice_number: int, level: int, number: int) -> bytes:
    """The hashes of a tile; empty when there is none."""
    query = "SELECT hashes FROM seal_tiles WHERE slice = %s AND level = %s AND number = %s"
    row = connection.execute(query, (slice_number, level, number), binary=True).fetchone()
    return bytes(row[0]) if row else b""


def tiles(connection: Connection, slice_number: int, level: int, first: int, count: int) -> dict[int, bytes]:
    """The tiles of a level from `first` on, by number."""
    query = """
        SELECT number, hashes
        FROM seal_tiles
        WHERE slice = %s
          AND level = %s
          AND number >= %s
          AND number < %s
    """
    rows = connection.execute(query, (slice_number, level, first, first + count), binary=True)
    return {row[0]: bytes(row[1]) for row in rows}


def put_tiles(connection: Connection, slice_number: int, changed: Mapping[tuple[int, int], bytes], size: int) -> None:
    """Write tiles, and that the slice is sealed up to `size` rows."""
    levels, numbers = [level for level, _ in changed], [number for _, number in changed]
    connection.execute(PUT_TILES, (slice_number, levels, numbers, list(changed.values())))
    connection.execute("UPDATE seals SET size = %s WHERE slice = %s", (size, slice_number))


def put_checkpoint(connection: Connection, slice_number: int, size: int, note: str) -> None:
    """Keep a checkpoint that was signed now."""
    connection.execute(KEEP_CHECKPOINT, (slice_number, size, note))
    connection.execute(
        "UPDATE seals SET signed_size = %s, signed_at = clock_timestamp() WHERE slice = %s", (size, slice_number)
    )


def checkpoint(connection: Connection, slice_number: int, size: int) -> str | None:
    """The note of the checkpoint over so many rows."""
    query = "SELECT note FROM seal_checkpoints WHERE slice = %s AND size = %s"
    note: str | None = _value(connection, query, (slice_number, size))
    return note


def latest_checkpoint(connection: Connection, slice_number: int) -> str | None:
    """The note of the checkpoint over the most rows."""
    note: str | None = _value(connection, LATEST, (slice_number,))
    return note


def checkpoints(connection: Connection, slice_number: int, after: int = 0, upto: int = 2**63 - 1) -> dict[int, str]:
    """The notes of a slice whose sizes are above `after` and at most `upto`, by size."""
    return dict(connection.execute(CHECKPOINTS, (slice_number, after, upto)).fetchall())


def unpublished(connection: Connection, limit: int) -> list[tuple[int, int, str]]:
    """Checkpoints that were not handed to the outside yet, locked: slice, size, note."""
    return connection.execute(UNPUBLISHED, (limit,)).fetchall()


def published(connection: Connection, handed: Sequence[tuple[int, int, str]]) -> None:
    """Note that the outside has these."""
    connection.execute(PUBLISHED, ([one[0] for one in handed], [one[1] for one in handed]))


def public_keys(connection: Connection) -> list[str]:
    """The public keys that checkpoints were ever signed with, the oldest first."""
    return [row[0] for row in connection.execute("SELECT public_key FROM log_keys ORDER BY since, public_key")]


def keep_public_keys(connection: Connection, keys: Iterable[str]) -> None:
    """Remember public keys."""
    for key in keys:
        connection.execute(KEEP_KEY, (key,))


def own_key(connection: Connection, fresh: str) -> str:
    """The signing key that lies in the database: `fresh`, when there was none before."""
    connection.execute("UPDATE log_identity SET signing_key = %s WHERE signing_key IS NULL", (fresh,))
    return str(_value(connection, "SELECT signing_key FROM log_identity"))


def _value(connection: Connection, query: str, arguments: Sequence[Any] = ()) -> Any:
    row = connection.execute(query, arguments).fetchone()
    return row[0] if row else None
