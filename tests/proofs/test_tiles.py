"""A tree kept in tiles is the same tree, however it grew."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs.merkle import Unfit, consistency_path, inclusion_path, leaf_hash, root_of
from proofs.tiles import WIDTH, Frontier, TiledTree, grown

# Two levels of tiles are full in a tree of this size, and a third begins.
MANY = [leaf_hash(number.to_bytes(4)) for number in range(WIDTH * WIDTH + 3 * WIDTH + 5)]


def planted(leaves, *steps):
    """Tiles that grew step by step."""
    tiles, size = {}, 0

    def read(level, number):
        return tiles.get((level, number), b"")

    for step in [*steps, len(leaves)]:
        if size < step <= len(leaves):
            tiles.update(grown(size, leaves[size:step], read))
            size = step
    return tiles


@settings(max_examples=20)
@given(size=st.integers(1, 3 * WIDTH), steps=st.lists(st.integers(1, 3 * WIDTH), max_size=4), data=st.data())
def test_a_tree_that_grew_in_any_steps_is_the_tree_of_its_leaves(size, steps, data):
    leaves = MANY[:size]
    tiles = planted(leaves, *sorted(steps))
    older = data.draw(st.integers(1, size))
    tree = TiledTree(lambda level, number: tiles.get((level, number), b""))

    def subtree(start, end):
        return root_of(leaves[start:end])

    assert tiles == planted(leaves)
    assert tree.root(older) == root_of(leaves[:older])
    assert tree.leaf(older - 1) == leaves[older - 1]
    assert inclusion_path(older - 1, size, tree.subtree) == inclusion_path(older - 1, size, subtree)
    assert consistency_path(older, size, tree.subtree) == consistency_path(older, size, subtree)


def test_a_proof_in_a_large_tree_takes_few_tiles():
    tiles, read = planted(MANY, 100, 70_000), []

    def tile(level, number):
        read.append((level, number))
        return tiles.get((level, number), b"")

    tree = TiledTree(tile)
    path = inclusion_path(1_000, len(MANY), tree.subtree)

    assert path == inclusion_path(1_000, len(MANY), lambda start, end: root_of(MANY[start:end]))
    assert len(read) == len(set(read)) <= 6
    assert sorted({level for level, _ in tiles}) == [0, 1, 2]


def test_a_tile_that_lost_hashes_cannot_be_grown_or_read():
    tiles = planted(MANY[:10])
    tiles[0, 0] = tiles[0, 0][:-1]

    with pytest.raises(Unfit, match="tile 0 of level 0 does not hold 10 hashes"):
        grown(10, MANY[10:12], lambda level, number: tiles[level, number])
    with pytest.raises(Unfit, match="tile 0 of level 0 does not hold 10 hashes"):
        TiledTree(lambda level, number: tiles[level, number]).root(10)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 3 * WIDTH, 7 * WIDTH + 9])
def test_a_frontier_has_the_root_of_all_that_was_added(size):
    frontier = Frontier()
    for start in range(0, size - size % WIDTH, WIDTH):
        frontier.add_tile(MANY[start : start + WIDTH])

    assert frontier.root(MANY[size - size % WIDTH : size]) == root_of(MANY[:size])
    assert frontier.tiles == size // WIDTH
