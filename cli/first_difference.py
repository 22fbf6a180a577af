"""The first row that is not what was sealed: what happened to it, as far as the stored hashes tell."""

from collections.abc import Iterator

from psycopg import Connection

from eventstore import seals
from eventstore.raw_rows import read_rows, row_at
from proofs.merkle import Unfit, leaf_hash
from proofs.rows import moved, parsed, position_of
from proofs.tiles import WIDTH, hashes_in
from reactors.stored_trees import tree_of

CHUNK = 1 << 14


def what_happened(connection: Connection, slice_number: int, position: int, sealed: int) -> str:
    """One sentence: changed, removed, inserted or reordered, and where. It reads the slice once or twice more."""
    here = row_at(connection, slice_number, position) or b""
    where = f"slice {slice_number}, position {position}"
    tree = tree_of(connection, slice_number)
    try:
        wanted = tree.leaf(position - 1)
    except Unfit:
        return f"{where}: the stored hashes end here, and {sealed:,} rows were sealed"
    rows = _rows(connection, slice_number)
    now_at = next((position_of(row) for row in rows if leaf_hash(moved(row, position)) == wanted), None)
    stored = _stored(connection, slice_number, sealed)
    came_from = next((at for at, leaf in enumerate(stored, 1) if leaf == leaf_hash(moved(here, at))), None)
    if now_at and came_from:
        return f"{where}: reordered: its row is at {now_at} now, and what stands here was sealed at {came_from}"
    if now_at:
        return f"{where}: inserted: what stands here was never sealed, and what was sealed here is at {now_at}"
    if came_from:
        return f"{where}: removed: what was sealed here is gone, and what stands here was sealed at {came_from}"
    row = parsed(here)
    event = f"{row.topic}, version {row.originator_version} of {row.originator_id}"
    return f"{where}: changed: {event}, is not what was sealed"


def _rows(connection: Connection, slice_number: int) -> Iterator[bytes]:
    """All rows, read in pieces: a COPY that is left in the middle would hold the connection."""
    query = "SELECT coalesce(max(position), 0) FROM events WHERE slice = %s"
    row = connection.execute(query, (slice_number,)).fetchone()
    for start in range(0, row[0] if row else 0, CHUNK):
        yield from list(read_rows(connection, slice_number, start, start + CHUNK))


def _stored(connection: Connection, slice_number: int, sealed: int) -> Iterator[bytes]:
    for number in range((sealed + WIDTH - 1) // WIDTH):
        yield from hashes_in(seals.tile(connection, slice_number, 0, number))
