"""Tiles: how a tree is kept, 256 hashes a tile and eight levels of the tree a level of tiles (C2SP tlog-tiles)."""

from collections.abc import Callable, Sequence

from proofs.merkle import EMPTY, HASH_BYTES, Unfit, node_hash, root_of, split

WIDTH = 256
HEIGHT = 8
TILE_BYTES = WIDTH * HASH_BYTES

# The hashes of a tile by its level and its number, as many as there are; empty when there is none.
ReadTile = Callable[[int, int], bytes]
Tiles = dict[tuple[int, int], bytes]


def grown(size: int, leaves: Sequence[bytes], read: ReadTile) -> Tiles:
    """The tiles that change when leaves are added to a tree of `size`, by level and number.

    A tile of the next level gets a hash for every tile that is full. Raises Unfit when the tiles that are there do
    not hold `size` leaves.
    """
    changed: Tiles = {}
    level, added = 0, leaves
    while added:
        number, held = divmod(size, WIDTH)
        before = read(level, number)[: held * HASH_BYTES] if held else b""
        if len(before) != held * HASH_BYTES:
            raise Unfit(f"tile {number} of level {level} does not hold {held} hashes")
        content = before + b"".join(added)
        pieces = [content[start : start + TILE_BYTES] for start in range(0, len(content), TILE_BYTES)]
        changed.update({(level, number + offset): piece for offset, piece in enumerate(pieces)})
        added = [root_of(hashes_in(piece)) for piece in pieces if len(piece) == TILE_BYTES]
        level, size = level + 1, size // WIDTH
    return changed


def hashes_in(tile: bytes) -> list[bytes]:
    """The hashes of a tile, in order."""
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]


class TiledTree:
    """A tree that is read from its tiles, each of them once. A proof takes one tile a level, or two."""

    def __init__(self, read: ReadTile) -> None:
        self._read = read
        self._known: Tiles = {}

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves."""
        return self.subtree(0, size) if size else EMPTY

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf."""
        return self.subtree(index, index + 1)

    def subtree(self, start: int, end: int) -> bytes:
        """The hash over the leaves `start` to `end`, not included. Raises Unfit when a tile lacks a hash."""
        count = end - start
        if count & (count - 1) == 0 and start % count == 0:
            return self._complete(start, count)
        middle = start + split(count)
        return node_hash(self.subtree(start, middle), self.subtree(middle, end))

    def _complete(self, start: int, count: int) -> bytes:
        level, rest = divmod(count.bit_length() - 1, HEIGHT)
        number, first = divmod(start >> HEIGHT * level, WIDTH)
        tile = self._tile(level, number)[first * HASH_BYTES : (first + (1 << rest)) * HASH_BYTES]
        if len(tile) != HASH_BYTES << rest:
            raise Unfit(f"tile {number} of level {level} does not hold {first + (1 << rest)} hashes")
        return root_of(hashes_in(tile))

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._known:
            self._known[level, number] = self._read(level, number)
        return self._known[level, number]


class Frontier:
    """A tree that only grows: the roots of its complete subtrees, the largest first."""

    def __init__(self) -> None:
        self.tiles = 0
        self._roots: list[tuple[int, bytes]] = []

    def add_tile(self, hashes: Sequence[bytes]) -> bytes:
        """Add the leaves of a full tile; answer the hash over them."""
        added = root_of(hashes)
        height, root = 0, added
        while self._roots and self._roots[-1][0] == height:
            root = node_hash(self._roots.pop()[1], root)
            height += 1
        self._roots.append((height, root))
        self.tiles += 1
        return added

    def root(self, beyond: Sequence[bytes] = ()) -> bytes:
        """The root over the full tiles and some leaves beyond them, fewer than a tile has."""
        roots = [root for _, root in self._roots]
        if beyond:
            roots.append(root_of(beyond))
        if not roots:
            return EMPTY
        hashed = roots.pop()
        while roots:
            hashed = node_hash(roots.pop(), hashed)
        return hashed
