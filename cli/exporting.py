"""What an export is made of: the rows above a cursor, as they were sealed, and what they come to."""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from psycopg import Connection

from cli.failures import Failed
from eventstore import seals
from eventstore.raw_rows import read_rows
from projections.feed import cursor
from proofs import manifests
from proofs.checkpoints import log_name
from proofs.cloudevents import line_of
from proofs.manifests import Manifest
from proofs.merkle import leaf_hashes
from proofs.rows import parsed
from proofs.tiles import WIDTH, hashes_in
from reactors.stored_trees import tree_of

CHUNK = 16 * WIDTH


class Written(NamedTuple):
    """A file that is on disk: how many pieces it has, its SHA-256 in hex, its length in bytes."""

    pieces: int
    sha256: str
    length: int


class Export:
    """One export: of each slice the rows above `after`, up to its head, in one snapshot of the database."""

    def __init__(self, connection: Connection, after: dict[int, int], heads: dict[int, int]) -> None:
        self._connection = connection
        self._after = after
        self._heads = heads
        self._log_id = seals.log_id(connection)

    def events(self, advance: Callable[[int], None]) -> Iterator[bytes]:
        """The lines. Raises Failed at a row that is not what was sealed."""
        source, done = log_name(self._log_id), 0
        for slice_number, head in self._heads.items():
            for start in range(self._after.get(slice_number, 0), head, CHUNK):
                end = min(start + CHUNK, head)
                rows = list(read_rows(self._connection, slice_number, start, end))
                if leaf_hashes(rows) != self._stored(slice_number, start, end):
                    raise Failed(f"slice {slice_number}: is not what was sealed: run milepost audit verify")
                yield from (line_of(parsed(row), source) for row in rows)
                done += len(rows)
                advance(done)

    def checkpoints(self) -> Iterator[bytes]:
        """The notes, one behind the other."""
        for slice_number, head in self._heads.items():
            notes = seals.checkpoints(self._connection, slice_number, self._after.get(slice_number, 0), head)
            yield from (f"{note}\n".encode() for note in notes.values())

    def manifest(self, since: str, events: Written, checkpoints: Written) -> Manifest:
        """What was written, and what all rows up to the heads come to."""
        return Manifest(
            format=manifests.FORMAT,
            log_id=self._log_id,
            slices=len(self._heads),
            exported_at=datetime.now(UTC),
            since=since,
            cursor=cursor.encode(self._heads),
            events=events.pieces,
            events_bytes=events.length,
            sha256=events.sha256,
            checkpoints_sha256=checkpoints.sha256,
            heads=self._heads,
            roots={one: tree_of(self._connection, one).root(head) for one, head in self._heads.items()},
            keys=seals.public_keys(self._connection),
        )

    def _stored(self, slice_number: int, start: int, end: int) -> list[bytes]:
        first, last = start // WIDTH, (end - 1) // WIDTH
        tiles = seals.tiles(self._connection, slice_number, 0, first, last - first + 1)
        hashes = hashes_in(b"".join(tiles.get(number, b"") for number in range(first, last + 1)))
        return hashes[start - first * WIDTH : end - first * WIDTH]


def write(path: Path, pieces: Iterable[bytes]) -> Written:
    """Write a file that is on disk when this returns."""
    hashed, count = sha256(), 0
    with path.open("wb", buffering=1 << 18) as file:
        for piece in pieces:
            hashed.update(piece)
            file.write(piece)
            count += 1
        file.flush()
        os.fsync(file.fileno())
        return Written(count, hashed.hexdigest(), file.tell())
