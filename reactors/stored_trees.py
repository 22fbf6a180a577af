"""The tree of a slice as it is stored: read from its tiles, and grown by leaves."""

from collections.abc import Sequence
from functools import partial

from psycopg import Connection

from eventstore import seals
from proofs.tiles import TiledTree, grown


def tree_of(connection: Connection, slice_number: int) -> TiledTree:
    """The tree that the stored hashes of a slice make."""
    return TiledTree(partial(seals.tile, connection, slice_number))


def add_leaves(connection: Connection, slice_number: int, size: int, leaves: Sequence[bytes]) -> None:
    """Store the hashes of the rows behind the first `size`, which are stored. Raises Unfit when those are not."""
    changed = grown(size, leaves, partial(seals.tile, connection, slice_number))
    seals.put_tiles(connection, slice_number, changed, size + len(leaves))
