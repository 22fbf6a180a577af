"""Verifying: every hash of a slice made again from its rows, beside those that were stored and signed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection

from cli.first_difference import what_happened
from eventstore import seals
from eventstore.raw_rows import read_rows
from proofs.checkpoints import Checkpoint, told, trusted
from proofs.merkle import HASH_BYTES, Unfit, leaf_hashes, root_of
from proofs.notes import PublicKey
from proofs.tiles import WIDTH, Frontier, hashes_in

CHUNK = 64 * WIDTH


class Promise(NamedTuple):
    """A checkpoint that the rows are held against, and where it was kept."""

    checkpoint: Checkpoint
    place: str

    @property
    def size(self) -> int:
        """How many rows it covers."""
        return self.checkpoint.size

    def __str__(self) -> str:
        return f"the checkpoint over {self.size:,} rows that was kept {self.place}"


class Misfit(Exception):
    """The first thing in a slice that does not fit: its text says what and where."""


class Verified(NamedTuple):
    """What was held against what in a slice, or its first misfit."""

    rows: int
    sealed: int
    promises: int
    misfit: str | None


def verify_slice(
    connection: Connection,
    log_id: UUID,
    progress: seals.Progress,
    keys: Sequence[PublicKey],
    outside: Sequence[Promise],
    advance: Callable[[int], None],
) -> Verified:
    """Hold the rows of one slice against everything that was ever stored or signed of them, in one snapshot."""
    work = _Slice(connection, log_id, progress, advance)
    misfit = None
    try:
        promises = [*work.signed_inside(keys), *outside]
        work.hold(sorted(promises, key=lambda one: one.size))
    except Misfit as error:
        misfit = str(error)
    return Verified(work.rows, progress.size, work.kept, misfit)


def promises_in(notes: Iterable[str], keys: Sequence[PublicKey], place: str) -> Iterator[Promise]:
    """The checkpoints of these notes. Raises Unfit, which names the first that nobody who is trusted has signed."""
    for note in notes:
        try:
            yield Promise(trusted(note, keys), place)
        except Unfit as error:
            raise Unfit(f"{_named(note)}, kept {place}: {error}") from error


class _Slice:
    """One slice while it is read."""

    def __init__(
        self, connection: Connection, log_id: UUID, progress: seals.Progress, advance: Callable[[int], None]
    ) -> None:
        self.rows = 0
        self.kept = 0
        self._connection = connection
        self._log_id = log_id
        self._slice, self._sealed, self._signed = progress.slice, progress.size, progress.signed_size
        self._head = progress.head
        self._advance = advance
        self._tree = Frontier()
        self._above: list[bytes] = []
        self._suspect: int | None = None
        self._last_kept = 0

    def signed_inside(self, keys: Sequence[PublicKey]) -> list[Promise]:
        """The checkpoints that the database holds. Raises Misfit when one is gone, or is signed by nobody trusted."""
        notes = seals.checkpoints(self._connection, self._slice)
        if self._signed and self._signed not in notes:
            raise Misfit(f"slice {self._slice}: the checkpoint over {self._signed:,} rows is gone from the database")
        try:
            promises = list(promises_in(notes.values(), keys, "in the database"))
        except Unfit as error:
            raise Misfit(str(error)) from error
        for size, promise in zip(notes, promises, strict=True):
            if (promise.checkpoint.log_id, promise.checkpoint.slice, promise.size) != (self._log_id, self._slice, size):
                raise Misfit(f"slice {self._slice}: in place of the checkpoint over {size:,} rows there is another")
        return promises

    def hold(self, promises: Sequence[Promise]) -> None:
        """Read the rows once, in order, and hold them against everything."""
        waiting = list(reversed(promises))
        self._refuse_strays("position < 1")
        for start in range(0, self._head, CHUNK):
            leaves = self._leaves(start)
            self._compare_leaves(start, leaves)
            for at in range(0, len(leaves), WIDTH):
                tile = leaves[at : at + WIDTH]
                while waiting and waiting[-1].size <= start + at + len(tile):
                    self._keep(waiting.pop(), tile, start + at)
                if len(tile) == WIDTH:
                    self._above.append(self._tree.add_tile(tile))
        if self._suspect is not None:
            raise Misfit(what_happened(self._connection, self._slice, self._suspect, self._sealed))
        self._refuse_a_cut(waiting)
        self._refuse_strays("position > %(head)s")
        self._compare_tiles_above()

    def _leaves(self, start: int) -> list[bytes]:
        upto = min(start + CHUNK, self._head)
        leaves = leaf_hashes(read_rows(self._connection, self._slice, start, upto))
        if len(leaves) < upto - start:
            query = "SELECT position FROM events WHERE slice = %s AND position > %s AND position <= %s"
            rows = self._connection.execute(query, (self._slice, start, upto))
            missing = min(set(range(start + 1, upto + 1)) - {row[0] for row in rows})
            # Where others moved up into the gap, the first that does not fit stands before the place that is empty.
            self._compare_leaves(start, leaves[: missing - start - 1])
            if self._suspect is not None:
                raise Misfit(what_happened(self._connection, self._slice, self._suspect, self._sealed))
            raise Misfit(f"slice {self._slice}, position {missing}: removed: there is no row")
        self.rows += len(leaves)
        self._advance(len(leaves))
        return leaves

    def _refuse_strays(self, where: LiteralString) -> None:
        """Rows that no position was handed out for. Those behind the head are the last that can be out of place."""
        query = f"SELECT min(position) FROM events WHERE slice = %(slice)s AND {where}"
        row = self._connection.execute(query, {"slice": self._slice, "head": self._head}).fetchone()
        if row and row[0] is not None:
            raise Misfit(f"slice {self._slice}, position {row[0]}: inserted: the slice has {self._head:,} rows")

    def _refuse_a_cut(self, waiting: Sequence[Promise]) -> None:
        """Fewer rows than were sealed, or than a checkpoint covers. What does not fit before the cut comes first."""
        where = f"slice {self._slice}, position {self._head + 1}: removed, and all behind it"
        if self._sealed > self._head:
            raise Misfit(f"{where}: {self._sealed:,} rows were sealed")
        if waiting:
            raise Misfit(f"{where}: {waiting[-1]} says so")

    def _compare_leaves(self, start: int, leaves: Sequence[bytes]) -> None:
        """Note the first row whose stored hash is another. Whose fault it is, the next checkpoint says."""
        if self._suspect is not None:
            return
        count = min(start + len(leaves), self._sealed) - start
        stored = seals.tiles(self._connection, self._slice, 0, start // WIDTH, CHUNK // WIDTH)
        for at in range(0, count, WIDTH):
            ours = b"".join(leaves[at : min(at + WIDTH, count)])
            theirs = stored.get((start + at) // WIDTH, b"")[: len(ours)]
            if ours != theirs:
                pairs = zip(hashes_in(ours), hashes_in(theirs.ljust(len(ours), b"\0")), strict=True)
                self._suspect = start + at + next(n for n, (our, their) in enumerate(pairs, 1) if our != their)
                return

    def _keep(self, promise: Promise, tile: Sequence[bytes], before: int) -> None:
        """Raise Misfit unless the rows up to some leaf of this tile have the root that was promised."""
        where = f"slice {self._slice}, position{'' if self._suspect else 's'}"
        fits = promise.checkpoint.root == self._tree.root(tile[: promise.size - before])
        if self._suspect is not None and self._suspect <= promise.size:
            if fits:
                raise Misfit(f"{where} {self._suspect}: the stored hash was changed; the row fits {promise}")
            raise Misfit(what_happened(self._connection, self._slice, self._suspect, self._sealed))
        if not fits:
            raise Misfit(
                f"{where} {self._last_kept + 1} to {promise.size}: something here was changed, and the stored hashes "
                f"with it: the rows do not fit {promise}"
            )
        self._last_kept = promise.size
        self.kept += 1

    def _compare_tiles_above(self) -> None:
        """The hashes over full tiles, which proofs are read from."""
        level, hashes = 1, self._above[: self._sealed // WIDTH]
        while hashes:
            stored = seals.tiles(self._connection, self._slice, level, 0, len(hashes) // WIDTH + 1)
            theirs = b"".join(stored.get(number, b"") for number in range(len(hashes) // WIDTH + 1))
            if theirs[: len(hashes) * HASH_BYTES] != b"".join(hashes):
                raise Misfit(f"slice {self._slice}: the stored hashes of level {level} were changed; the rows fit")
            level, hashes = level + 1, _roots(hashes)


def _roots(hashes: Sequence[bytes]) -> list[bytes]:
    full = range(0, len(hashes) - len(hashes) % WIDTH, WIDTH)
    return [root_of(hashes[start : start + WIDTH]) for start in full]


def _named(note: str) -> str:
    try:
        checkpoint = told(note)
    except Unfit:
        return "a note that is no checkpoint"
    return f"slice {checkpoint.slice}: the checkpoint over {checkpoint.size:,} rows"
