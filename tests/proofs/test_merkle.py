"""RFC 6962: the known vectors of certificate transparency, and agreement with the definitions for any tree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs.merkle import (
    EMPTY,
    Unfit,
    consistency_path,
    inclusion_path,
    leaf_hash,
    leaf_hashes,
    node_hash,
    refuse_wrong_consistency,
    refuse_wrong_inclusion,
    root_of,
)
from tests.proofs import naive

# The leaves and roots that implementations of certificate transparency have shared since 2013.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def subtree_of(hashes):
    return lambda start, end: root_of(hashes[start:end])


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS)))
def test_the_known_roots_of_trees_of_0_to_8_leaves(size, root):
    assert root_of(leaf_hashes(LEAVES[:size])).hex() == root


def test_a_leaf_and_a_node_are_hashed_apart():
    assert EMPTY.hex() == ROOTS[0]
    assert leaf_hash(LEAVES[0]).hex() == ROOTS[1]
    assert node_hash(leaf_hash(LEAVES[0]), leaf_hash(LEAVES[1])).hex() == ROOTS[2]


@pytest.mark.parametrize(("place", "known"), INCLUSIONS.items(), ids=str)
def test_the_known_inclusion_paths(place, known):
    index, size = place
    hashes = leaf_hashes(LEAVES)

    path = inclusion_path(index, size, subtree_of(hashes))

    assert [step.hex() for step in path] == known
    refuse_wrong_inclusion(hashes[index], index, size, path, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("sizes", "known"), CONSISTENCIES.items(), ids=str)
def test_the_known_consistency_paths(sizes, known):
    older, size = sizes
    path = consistency_path(older, size, subtree_of(leaf_hashes(LEAVES)))

    assert [step.hex() for step in path] == known
    refuse_wrong_consistency(older, bytes.fromhex(ROOTS[older]), size, bytes.fromhex(ROOTS[size]), path)


@settings(max_examples=60)
@given(size=st.integers(1, 70), data=st.data())
def test_any_tree_agrees_with_the_definitions_and_every_proof_proves_only_what_it_says(size, data):
    leaves = [bytes([number]) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    older = data.draw(st.integers(1, size))
    hashes = leaf_hashes(leaves)
    root, old_root = naive.tree(leaves), naive.tree(leaves[:older])

    inclusion = inclusion_path(index, size, subtree_of(hashes))
    consistency = consistency_path(older, size, subtree_of(hashes))

    assert root_of(hashes) == root
    assert inclusion == naive.path(index, leaves)
    assert consistency == naive.proof(older, leaves)
    refuse_wrong_inclusion(hashes[index], index, size, inclusion, root)
    refuse_wrong_consistency(older, old_root, size, root, consistency)
    for path in altered(inclusion):
        with pytest.raises(Unfit):
            refuse_wrong_inclusion(hashes[index], index, size, path, root)
    for path in altered(consistency):
        with pytest.raises(Unfit):
            refuse_wrong_consistency(older, old_root, size, root, path)
    if size > 1:
        with pytest.raises(Unfit):
            refuse_wrong_inclusion(hashes[index], (index + 1) % size, size, inclusion, root)
    with pytest.raises(Unfit):
        refuse_wrong_consistency(older, leaf_hash(b"another"), size, root, consistency)
    with pytest.raises(Unfit):
        refuse_wrong_consistency(older, old_root, size, leaf_hash(b"another"), consistency)


def altered(path):
    """The path with a step more, a step less, and each step changed."""
    yield [*path, leaf_hash(b"more")]
    if path:
        yield path[:-1]
    for place in range(len(path)):
        yield [*path[:place], leaf_hash(b"other"), *path[place + 1 :]]


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index, size):
    with pytest.raises(Unfit, match="is not in a tree of"):
        inclusion_path(index, size, subtree_of([]))
    with pytest.raises(Unfit, match="is not in a tree of"):
        refuse_wrong_inclusion(EMPTY, index, size, [], EMPTY)


def test_nothing_shows_that_a_tree_shrank():
    with pytest.raises(Unfit, match="does not go on from one of 4"):
        consistency_path(4, 3, subtree_of([]))
    with pytest.raises(Unfit, match="does not go on from one of 4"):
        refuse_wrong_consistency(4, EMPTY, 3, EMPTY, [])
