"""Trees and proofs of RFC 6962: known roots, every tree up to 130 leaves, and vectors of other implementations."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import merkle
from auditrail.errors import ProofError
from auditrail.merkle import EMPTY_ROOT, Frontier, Leaves, leaf_hash, node_hash

VECTORS = Path(__file__).parents[2] / "shared" / "chains" / "rfc6962-merkle" / "testdata"
MOST = 130

# Roots of the first leaves of the test data of RFC 6962's own reference implementation (certificate-transparency).
DATA = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def mth(leaves: list[bytes]) -> bytes:
    """The definition, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


LEAVES = [leaf_hash(b"%d" % number) for number in range(MOST)]
NODES = Leaves(b"".join(LEAVES))
TREE = [mth(LEAVES[:size]) for size in range(MOST + 1)]


def test_known_roots() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for data, expected in zip(DATA, ROOTS, strict=True):
        frontier.add(leaf_hash(data))
        assert frontier.root().hex() == expected


def test_every_way_to_a_root_gives_the_same() -> None:
    frontier = Frontier()
    for size in range(1, MOST + 1):
        frontier.add(LEAVES[size - 1])
        assert frontier.size == size
        assert frontier.root() == TREE[size] == merkle.root(NODES, size)


def test_tiles_are_subtrees() -> None:
    many = b"".join(leaf_hash(b"%d" % number) for number in range(3 * merkle.TILE + 5))
    tiles = merkle.fold(many[: 3 * merkle.TILE * 32], merkle.TILE_HEIGHT)
    assert len(tiles) == 3 * 32
    plain, tiled = Leaves(many), Leaves(many, tiles)
    frontier = Frontier()
    for number in range(3):
        frontier.add_node(tiles[number * 32 :][:32], merkle.TILE_HEIGHT)
    for at in range(3 * merkle.TILE * 32, len(many), 32):
        frontier.add(many[at : at + 32])
    size = frontier.size
    assert frontier.root() == merkle.root(plain, size) == merkle.root(tiled, size)
    for index in (0, 255, 256, 511, 600, size - 1):
        assert merkle.inclusion_proof(plain, index, size) == merkle.inclusion_proof(tiled, index, size)
    with pytest.raises(ValueError, match="does not fit"):
        frontier.add_node(tiles[:32], merkle.TILE_HEIGHT)


def test_every_leaf_of_every_tree_is_proven_and_no_other() -> None:
    for size in range(1, MOST + 1, 3):
        for index in range(size):
            proof = merkle.inclusion_proof(NODES, index, size)
            merkle.verify_inclusion(LEAVES[index], index, size, proof, TREE[size])
            for wrong in ((index + 1, size), (index - 1, size)):  # a size is proven by its signature, not by this
                with pytest.raises(ProofError):
                    merkle.verify_inclusion(LEAVES[index], *wrong, proof, TREE[size])


def test_every_tree_grows_from_every_smaller_one() -> None:
    for second in range(MOST + 1):
        for first in range(second + 1):
            proof = merkle.consistency_proof(NODES, first, second)
            if first == 0 < second:
                assert proof == []
                with pytest.raises(ProofError):
                    merkle.verify_consistency(first, second, TREE[first], TREE[second], proof)
                continue
            merkle.verify_consistency(first, second, TREE[first], TREE[second], proof)
            if 0 < first < second:
                for old, new in ((TREE[second], TREE[first]), (TREE[first - 1], TREE[second])):
                    with pytest.raises(ProofError):
                        merkle.verify_consistency(first, second, old, new, proof)
                with pytest.raises(ProofError):
                    merkle.verify_consistency(first, second, TREE[first], TREE[second], proof[:-1])
                with pytest.raises(ProofError):
                    merkle.verify_consistency(first, second, TREE[first], TREE[second], [*proof, proof[0]])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_changed_bit_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, MOST))
    first = data.draw(st.integers(1, size - 1))
    inclusion = merkle.inclusion_proof(NODES, first, size)
    consistency = merkle.consistency_proof(NODES, first, size)
    for proof, check in (
        (inclusion, lambda made: merkle.verify_inclusion(LEAVES[first], first, size, made, TREE[size])),
        (consistency, lambda made: merkle.verify_consistency(first, size, TREE[first], TREE[size], made)),
    ):
        check(proof)
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        changed = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        with pytest.raises(ProofError):
            check([*proof[:at], changed, *proof[at + 1 :]])


def test_hashes_of_another_length_are_refused() -> None:
    left, right = LEAVES[:2]
    with pytest.raises(ProofError, match="32 bytes"):
        merkle.verify_inclusion(left[:31], 0, 2, [right], node_hash(left, right))
    with pytest.raises(ProofError, match="32 bytes"):
        merkle.verify_inclusion(left, 0, 2, [right + b"\0"], node_hash(left, right))
    with pytest.raises(ProofError, match="longer than any tree"):
        merkle.verify_inclusion(left, 0, 2, [right] * 65, node_hash(left, right))


def test_what_can_not_be_proven_is_not_asked_for() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_proof(NODES, index, size)
    with pytest.raises(ValueError, match="grew"):
        merkle.consistency_proof(NODES, 4, 3)


def vectors() -> list[Path]:
    return sorted(VECTORS.rglob("*.json"))


@pytest.mark.corpus
@pytest.mark.skipif(not VECTORS.is_dir(), reason="the vectors are not here")
@pytest.mark.parametrize("path", vectors(), ids=lambda path: "/".join(path.parts[-3:]))
def test_vectors_of_transparency_dev(path: Path) -> None:
    case = json.loads(path.read_text())

    def decoded(name: str) -> bytes:
        return base64.b64decode(case[name] or "")

    proof = [base64.b64decode(item) for item in case["proof"] or ()]
    wrong = case["wantErr"]
    try:
        if "leafIdx" in case:
            merkle.verify_inclusion(decoded("leafHash"), case["leafIdx"], case["treeSize"], proof, decoded("root"))
        else:
            merkle.verify_consistency(case["size1"], case["size2"], decoded("root1"), decoded("root2"), proof)
    except ProofError:
        assert wrong, case["desc"]
    else:
        assert not wrong, case["desc"]


@pytest.mark.corpus
@pytest.mark.skipif(not VECTORS.is_dir(), reason="the vectors are not here")
def test_all_vectors_are_read() -> None:
    assert len(vectors()) == 196
