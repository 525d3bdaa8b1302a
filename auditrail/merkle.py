r"""Merkle trees of RFC 6962 (section 2.1) and RFC 9162 (section 2.1): roots, inclusion and consistency proofs.

    MTH({})     = SHA-256()
    MTH({d})    = SHA-256(0x00 || d)                      a leaf
    MTH(D[0:n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))   k: the largest power of two below n

The prefixes keep a leaf from being passed off as an inner node. Hashes are 32 bytes; many of them are one `bytes`, one
behind the other, as in the tiles of C2SP tlog-tiles. An index counts from 0.

Proofs are made from `Nodes`, which give the hash of a complete subtree: from leaf hashes in memory or in a file
(`Leaves`), or from tiles. Proofs are checked with nothing but the numbers and hashes that are given.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Protocol

from auditrail.errors import ProofError

SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
LEAF, NODE = b"\x00", b"\x01"
# A tile of C2SP tlog-tiles is a subtree of this height, with so many hashes for its leaves.
TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT
# Sizes are counted in 64 bits, so no path is longer; a longer proof is refused before any of it is hashed.
MOST_LEVELS = 64

_PAIR = struct.Struct("64s")


class Nodes(Protocol):
    """Hashes of complete subtrees: `node(level, index)` is MTH(D[index * 2**level : (index + 1) * 2**level])."""

    def node(self, level: int, index: int) -> bytes: ...


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf with this content."""
    return sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(NODE + left + right).digest()


def fold(hashes: bytes, levels: int = 1) -> bytes:
    """The hashes `levels` higher up, of as many complete pairs as there are.

    Args:
        hashes: a multiple of `SIZE << levels` bytes.
        levels: how often neighbours are joined.
    """
    for _ in range(levels):
        hashes = b"".join([sha256(NODE + pair).digest() for (pair,) in _PAIR.iter_unpack(hashes)])
    return hashes


class Frontier:
    """A tree that only grows, in memory of O(log n): the roots of its complete subtrees, largest first.

    RFC 9162 section 2.1.2 describes the same stack; transparency-dev/merkle calls it a compact range.
    """

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[bytes] = []

    def copy(self) -> Frontier:
        """A tree like this one, that grows on its own."""
        made = Frontier()
        made.size, made._stack = self.size, list(self._stack)
        return made

    def add(self, leaf: bytes) -> None:
        """Appends a leaf by its hash."""
        self.add_node(leaf, 0)

    def add_node(self, node: bytes, level: int) -> None:
        """Appends a complete subtree of `2**level` leaves; the size must be a multiple of that.

        Raises:
            ValueError: the subtree does not fit at the end of the tree.
        """
        if self.size & ((1 << level) - 1):
            raise ValueError(f"a subtree of level {level} does not fit behind {self.size} leaves")
        before = self.size >> level
        while before & 1:
            node = node_hash(self._stack.pop(), node)
            before >>= 1
        self._stack.append(node)
        self.size += 1 << level

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        if not self._stack:
            return EMPTY_ROOT
        made = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            made = node_hash(left, made)
        return made


class Sliced(Protocol):
    """Bytes, or anything that gives bytes for a slice with both ends."""

    def __getitem__(self, place: slice, /) -> bytes | memoryview: ...


class Leaves:
    """Nodes from leaf hashes that lie one behind the other, with the roots of full tiles if they are there.

    Args:
        hashes: the leaf hashes.
        tiles: the roots of the full tiles (level 8), or None: then they are computed when asked for.
    """

    def __init__(self, hashes: Sliced, tiles: Sliced | None = None) -> None:
        self._hashes = hashes
        self._tiles = tiles
        self._high: dict[tuple[int, int], bytes] = {}

    def node(self, level: int, index: int) -> bytes:
        """See `Nodes`."""
        if level == 0:
            return bytes(self._hashes[index * SIZE : (index + 1) * SIZE])
        if level < TILE_HEIGHT or (level == TILE_HEIGHT and self._tiles is None):
            begin = (index << level) * SIZE
            return fold(bytes(self._hashes[begin : begin + (SIZE << level)]), level)
        if level == TILE_HEIGHT and self._tiles is not None:
            return bytes(self._tiles[index * SIZE : (index + 1) * SIZE])
        made = self._high.get((level, index))
        if made is None:
            made = node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))
            self._high[level, index] = made
        return made


def _complete(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that make up D[begin:end], from left to right, as (level, index)."""
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        yield level, begin >> level
        begin += 1 << level


def root(nodes: Nodes, size: int, begin: int = 0) -> bytes:
    """MTH(D[begin:size]); `begin` is 0 or a place at which RFC 6962 splits a tree of that size."""
    if begin >= size:
        return EMPTY_ROOT
    parts = [nodes.node(level, index) for level, index in _complete(begin, size)]
    made = parts.pop()
    while parts:
        made = node_hash(parts.pop(), made)
    return made


def _split(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """PATH(index, D[0:size]) of RFC 6962 section 2.1.1: the hashes beside the way up, the leaf's sibling first.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    made: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            made.append(root(nodes, end, middle))
            end = middle
        else:
            made.append(root(nodes, middle, begin))
            begin = middle
    return made[::-1]


def consistency_proof(nodes: Nodes, first: int, second: int) -> list[bytes]:
    """PROOF(first, D[0:second]) of RFC 6962 section 2.1.2; nothing if `first` is 0 or both are equal.

    Raises:
        ValueError: `first` is larger than `second`, or negative.
    """
    if not 0 <= first <= second:
        raise ValueError(f"no tree of {second} leaves grew from one of {first}")
    if first in (0, second):
        return []
    made: list[bytes] = []
    begin, end = 0, second
    while end != first:
        middle = begin + _split(end - begin)
        if first <= middle:
            made.append(root(nodes, end, middle))
            end = middle
        else:
            made.append(root(nodes, middle, begin))
            begin = middle
    if begin:  # the old tree is not itself a node of the new one, so its last part has to be told
        made.append(root(nodes, end, begin))
    return made[::-1]


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2).

    Raises:
        ProofError: index and size do not belong together, or the proof has not the length that they ask for.
    """
    # 1. The index must lie inside the tree: else the numbers below could be made to fit any proof.
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    _hashes(proof, leaf)
    place, last = index, size - 1
    made = leaf
    for sibling in proof:
        # 2. At the root, nothing may be left of the proof.
        if last == 0:
            raise ProofError("the proof goes on above the root")
        if place & 1 or place == last:
            made = node_hash(sibling, made)
            # 3. Without a right neighbour, a node goes up unchanged until it is one itself.
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            made = node_hash(made, sibling)
        place >>= 1
        last >>= 1
    # 4. The proof must have reached the root.
    if last:
        raise ProofError("the proof ends below the root")
    return made


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Checks that the leaf with this hash is leaf `index` of the tree of `size` leaves with the root `expected`.

    Raises:
        ProofError: it is not proven.
    """
    if root_of_inclusion(leaf, index, size, proof) != expected:
        raise ProofError("the proof leads to another root")


def verify_consistency(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> None:
    """Checks that the tree of `second` leaves with root `new` is the one of `first` with root `old`, grown.

    RFC 9162 section 2.1.4.2; as there, the empty tree is no `first`, for any other tree grew from it.

    Raises:
        ProofError: it is not proven.
    """
    _hashes(proof)
    # 1. A tree does not shrink.
    if not 0 <= first <= second:
        raise ProofError(f"a tree of {second} leaves did not grow from one of {first}")
    # 2. Nothing has to be proven between equal sizes: then there is no proof, only roots to compare.
    if first == second:
        _same(first, old, new, proof)
        return
    # 3. Any tree grew from the empty one: what proves nothing must not look like a proof.
    if first == 0:
        raise ProofError("there is no proof from the empty tree")
    _hashes((), old, new)
    # 4. An old tree that is one complete subtree is a node of the new one, and is not told again.
    path = list(proof) if first & (first - 1) else [old, *proof]
    if not proof:
        raise ProofError("the proof is empty")
    place, last = first - 1, second - 1
    while place & 1:
        place >>= 1
        last >>= 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        # 5. At the new root, nothing may be left of the proof.
        if last == 0:
            raise ProofError("the proof goes on above the root")
        if place & 1 or place == last:
            from_old = node_hash(sibling, from_old)
            from_new = node_hash(sibling, from_new)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            from_new = node_hash(from_new, sibling)
        place >>= 1
        last >>= 1
    # 6. One way up leads to both roots.
    if last:
        raise ProofError("the proof ends below the root")
    if from_old != old:
        raise ProofError("the proof leads to another old root")
    if from_new != new:
        raise ProofError("the proof leads to another new root")


def _same(size: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofError("a proof where there is nothing to prove")
    if old != new or (size == 0 and old != EMPTY_ROOT):
        raise ProofError("two roots for one size")


def _hashes(proof: Sequence[bytes], *others: bytes) -> None:
    """Refuses what is no list of hashes: one of another length could be cut at another place, and hash alike."""
    if len(proof) > MOST_LEVELS:
        raise ProofError(f"a proof of {len(proof)} hashes is longer than any tree is high")
    if any(len(item) != SIZE for item in (*proof, *others)):
        raise ProofError(f"a hash has {SIZE} bytes")
