"""Merkle roots over the hashes of a chain's records, as producers publish them beside their logs; in bounded memory.

- `rfc6962`: leaf SHA-256(0x00 || hash), node SHA-256(0x01 || left || right), split at the largest power of two
  (RFC 6962, 2.1); over the raw bytes of the records' hashes (auditchain 0.3.0).
- `agt`: node SHA-256(left || right) over hex texts, a level of an odd number filled up with 64 zeros, the leaf itself
  is the record's hash (agent-governance-toolkit-core 5.0.0, governance/audit.py; its root and proof reproduced).
"""

from __future__ import annotations

import hashlib

from auditrail.verify.plan import decode
from auditrail.verify.profile import Digest

FORMS = ("rfc6962", "agt")
_FILLER = b"0" * 64


class Tree:
    """A tree that grows by one leaf after another; holds one node for each power of two."""

    def __init__(self, form: str, digest: Digest) -> None:
        self.form = form
        self.size = 0
        self._digest = digest
        self._stack: list[tuple[int, bytes]] = []

    def add(self, text: str) -> None:
        """Appends the hash of a record, as the log writes it."""
        self.size += 1
        node = (1, self._leaf(text))
        while self._stack and self._stack[-1][0] == node[0]:
            size, left = self._stack.pop()
            node = (2 * size, self._node(left, node[1]))
        self._stack.append(node)

    def root(self) -> str:
        """The root over all leaves so far, in hex."""
        if not self._stack:
            return hashlib.sha256(b"").hexdigest()
        stack = list(self._stack)
        size, node = stack.pop()
        if self.form == "agt":
            while stack:
                joins = stack[-1][0] == size
                node = self._node(stack.pop()[1], node) if joins else self._node(node, _FILLER)
                size *= 2
            return node.decode()
        while stack:
            node = self._node(stack.pop()[1], node)
        return node.hex()

    def _leaf(self, text: str) -> bytes:
        if self.form == "agt":
            return text.encode()
        return hashlib.sha256(b"\0" + (decode(text, self._digest) or text.encode())).digest()

    def _node(self, left: bytes, right: bytes) -> bytes:
        if self.form == "agt":
            return hashlib.sha256(left + right).hexdigest().encode()
        return hashlib.sha256(b"\1" + left + right).digest()
