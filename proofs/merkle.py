"""The Merkle tree of RFC 6962: hashes of leaves and nodes, roots, inclusion and consistency proofs."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY = sha256(b"").digest()

# The hash over the leaves `start` to `end` (not included) of a tree: of a complete subtree, or of the whole.
Subtree = Callable[[int, int], bytes]


class Unfit(ValueError):
    """What was computed is not what was promised. The text says what does not fit."""


def leaf_hash(content: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(b"\x00" + content).digest()


def leaf_hashes(contents: Iterable[bytes]) -> list[bytes]:
    """The hashes of many leaves, in order."""
    hashed = sha256
    return [hashed(b"\x00" + content).digest() for content in contents]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two others."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over these hashes of leaves, or of complete subtrees of one height."""
    if not hashes:
        return EMPTY
    row, hashed = list(hashes), sha256
    while len(row) > 1:
        pairs = iter(row)
        above = [hashed(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        if len(row) % 2:  # The last one has no neighbour: it stands a row higher as it is.
            above.append(row[-1])
        row = above
    return row[0]


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The hashes that lead from leaf `index` (from 0) to the root of a tree of `size` leaves (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise Unfit(f"leaf {index} is not in a tree of {size}")
    return _path(index, 0, size, subtree)


def consistency_path(older: int, size: int, subtree: Subtree) -> list[bytes]:
    """The hashes that show that a tree of `size` leaves begins with that of `older` leaves (RFC 6962, 2.1.2)."""
    if not 0 <= older <= size:
        raise Unfit(f"a tree of {size} leaves does not go on from one of {older}")
    if older in (0, size):
        return []
    return _proof(older, 0, size, subtree, whole=True)


def refuse_wrong_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise Unfit unless the path leads from this leaf to this root."""
    if not 0 <= index < size:
        raise Unfit(f"leaf {index} is not in a tree of {size}")
    hashed, place, last = leaf, index, size - 1
    for step in path:
        if last == 0:
            raise Unfit("the path is too long")
        if place % 2 or place == last:
            hashed = node_hash(step, hashed)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        place, last = place >> 1, last >> 1
    if last:
        raise Unfit("the path is too short")
    if hashed != root:
        raise Unfit("the path does not lead to the root")


def refuse_wrong_consistency(older: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Raise Unfit unless the path shows that the tree with `root` begins with the tree with `old_root`."""
    if not 0 <= older <= size:
        raise Unfit(f"a tree of {size} leaves does not go on from one of {older}")
    if older in (0, size):
        if path:
            raise Unfit("the path is too long")
        if old_root != (root if older else EMPTY):
            raise Unfit("two roots of one size differ" if older else "the root of the empty tree is another")
        return
    # An older tree that is a complete subtree of the newer one is where the path begins.
    steps = [old_root, *path] if older & (older - 1) == 0 else list(path)
    _follow(steps, older, old_root, size, root)


def _follow(steps: list[bytes], older: int, old_root: bytes, size: int, root: bytes) -> None:
    if not steps:
        raise Unfit("the path is too short")
    place, last = older - 1, size - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Unfit("the path is too long")
        if place % 2 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    if last:
        raise Unfit("the path is too short")
    if old != old_root:
        raise Unfit("the path does not lead to the older root")
    if new != root:
        raise Unfit("the path does not lead to the newer root")


def split(size: int) -> int:
    """The largest power of two below `size`: how many leaves are left of the root."""
    return 1 << (size - 1).bit_length() - 1


def _path(index: int, start: int, end: int, subtree: Subtree) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*_path(index, start, middle, subtree), subtree(middle, end)]
    return [*_path(index, middle, end, subtree), subtree(start, middle)]


def _proof(older: int, start: int, end: int, subtree: Subtree, *, whole: bool) -> list[bytes]:
    if older == end:
        return [] if whole else [subtree(start, end)]
    middle = start + split(end - start)
    if older <= middle:
        return [*_proof(older, start, middle, subtree, whole=whole), subtree(middle, end)]
    return [*_proof(older, middle, end, subtree, whole=False), subtree(start, middle)]
