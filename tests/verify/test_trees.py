"""Merkle roots that grow leaf by leaf against their definitions."""

from __future__ import annotations

import hashlib

import pytest

from auditrail.verify.profile import Digest
from auditrail.verify.trees import Tree


def rfc6962(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + rfc6962(leaves[:split]) + rfc6962(leaves[split:])).digest()


def agt(leaves: list[str]) -> str:
    level = list(leaves)
    while len(level) > 1:
        level += ["0" * 64] * (len(level) % 2)
        level = [hashlib.sha256((a + b).encode()).hexdigest() for a, b in zip(level[::2], level[1::2], strict=True)]
    return level[0]


@pytest.mark.parametrize("count", range(1, 70))
def test_a_root_is_that_of_the_definition(count: int) -> None:
    hashes = [hashlib.sha256(str(number).encode()) for number in range(count)]
    one, other = Tree("rfc6962", Digest()), Tree("agt", Digest())
    for leaf in hashes:
        one.add(leaf.hexdigest())
        other.add(leaf.hexdigest())
    assert one.root() == rfc6962([leaf.digest() for leaf in hashes]).hex()
    assert other.root() == agt([leaf.hexdigest() for leaf in hashes])
