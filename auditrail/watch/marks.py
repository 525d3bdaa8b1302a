"""How a log is recognised when it comes back under another name, cut, copied or compressed.

A `Mark` says how far a log was read, and by which bytes it is known again: the first ones (at most 1 KiB) and the last
ones before that place. Only their hashes are kept, so a state file holds nothing of a log's content. A file that begins
with the same bytes, and has the same bytes before that place, was read up to there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from blake3 import blake3

from auditrail.errors import AuditrailError
from auditrail.watch.bounded import Lru

WINDOW = 1024
_BLOCK = 1 << 20


class Mark(NamedTuple):
    """How far a log was read (`offset`, `number` records), and how it is known again. `name`: what it was called."""

    offset: int
    number: int
    head_size: int
    head: str
    tail_size: int
    tail: str
    name: str

    @classmethod
    def of(cls, head: bytes, tail: bytes, offset: int, number: int, name: str) -> Self:
        """The mark of a log that was read up to `offset`, of its first bytes and those before that place."""
        return cls(offset, number, len(head), digest(head), len(tail), digest(tail), name)

    def fits(self, read: Callable[[int, int], bytes]) -> bool:
        """Whether a file holds the bytes that were read; `read(offset, size)` gives bytes of it."""
        return digest(read(0, self.head_size)) == self.head and (
            digest(read(self.offset - self.tail_size, self.tail_size)) == self.tail
        )

    def begins(self, read: Callable[[int, int], bytes]) -> bool:
        """Whether a file begins with the same bytes, and ends before the place that was read up to."""
        return digest(read(0, self.head_size)) == self.head and not read(self.offset - 1, 1)


def digest(data: bytes) -> str:
    """Hex of 16 bytes of blake3."""
    return blake3(data).hexdigest(length=16)


class Marks:
    """Marks of logs that are gone, were cut or were renamed out of sight; the oldest are forgotten."""

    def __init__(self, limit: int = 4096) -> None:
        self._known: Lru[str, Mark] = Lru(limit)

    def add(self, mark: Mark) -> None:
        if mark.offset > 0:
            self._known.put(f"{mark.head}:{mark.head_size}:{mark.offset}", mark)

    def all(self) -> list[Mark]:
        return [mark for _, mark in self._known.items()]

    def save(self) -> list[Any]:
        return [list(mark) for mark in self.all()]

    def load(self, saved: Any) -> None:
        for item in saved:
            self.add(Mark(*item))


def best(marks: list[Mark], read: Callable[[int, int], bytes], size: int | None) -> Mark | None:
    """Of several marks the furthest one that a file fits; None if it fits none."""
    heads: dict[int, str] = {}
    for mark in sorted(marks, key=lambda item: -item.offset):
        if size is not None and size < mark.offset:
            continue
        if mark.head_size not in heads:
            heads[mark.head_size] = digest(read(0, mark.head_size))
        if heads[mark.head_size] == mark.head and mark.fits(read):
            return mark
    return None


class Unpacked:
    """Reads places of a compressed file, whose bytes come only in order: it is unpacked again to go back."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at a place of the content; fewer where it ends, or is damaged."""
        kept = b""
        at = 0
        for block in unpacked(self._path, self._size):
            if at + len(block) > offset:
                kept += block[max(offset - at, 0) :]
                if len(kept) >= size:
                    break
            at += len(block)
        return kept[:size]


def unpacked(path: Path, size: int) -> Iterator[bytes]:
    """The content of a file, decompressed; ends where it is damaged."""
    from auditrail.containers.compression import open_bytes

    try:
        with open_bytes(path, size=size) as stream:
            while block := stream.read(_BLOCK):
                yield block
    except (AuditrailError, OSError):
        return
