"""The leaves of a log: content -> leaf hashes, roots of full tiles, and the root; memory does not grow with the log.

A leaf is a line with its newline, or a stretch of a given length, so all leaves together are the content. A large file
of lines is hashed by two processes: the other one counts the lines of the first part, to know the number of its own
first leaf, and then hashes the second part. While it counts it reads ahead for the first, so the disk is read once.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

from auditrail import merkle
from auditrail.errors import UnreadableError
from auditrail.merkle import LEAF, SIZE, TILE, TILE_HEIGHT

# Fits the second level of cache several times over, and is below the size from which the C library maps memory anew for
# each block: blocks of 256 KiB take four times as much time of the system.
BLOCK = 1 << 16
# Below this, starting a process costs more than it saves.
PARALLEL_BYTES = 64 << 20
# The part of the first process: hashing a line takes about ten times as long as counting it.
_FIRST_SHARE = 0.54
_CODE = "import sys; sys.path[:] = sys.argv[5:]; from auditrail.seal.leaves import main; main()"

Sink = Callable[[bytes], object]


class Readable(Protocol):
    """A stream of bytes: `read` returns b"" only at the end."""

    def read(self, n: int, /) -> bytes: ...


class Part(NamedTuple):
    """So many (`size`) consecutive leaves, from number `first` (from 0) on.

    Attributes:
        head: leaf hashes before the first full tile; tiles: roots of full tiles; rest: leaf hashes behind them.
        tail: bytes behind the last leaf: of a line that has not ended. `tail_hash` is their hash as a leaf.
        end: bytes of the content up to the end of the last leaf.
    """

    first: int
    size: int
    head: bytes
    tiles: bytes
    rest: bytes
    end: int
    tail: int = 0
    tail_hash: bytes = b""


class Range:
    """The bytes of a file from `begin` to `end`, whatever is written behind them meanwhile."""

    def __init__(self, path: Path, begin: int, end: int) -> None:
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise UnreadableError(f"cannot open {path}: {error.strerror or error}") from error
        self._file.seek(begin)
        self._left = end - begin

    def read(self, n: int, /) -> bytes:
        try:
            block = self._file.read(min(n, self._left))
        except OSError as error:
            raise UnreadableError(f"reading stopped: {error.strerror or error}") from error
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._file.close()


class _Tiles:
    """Leaf hashes in order -> roots of full tiles, and what is left at both ends."""

    def __init__(self, first: int, sink: Sink | None) -> None:
        self.count = 0
        self.head = b""
        self._wanted = -first % TILE * SIZE
        self._made: list[bytes] = []
        self._rest = bytearray()
        self._sink = sink

    def add(self, hashes: bytes) -> None:
        if self._sink is not None:
            self._sink(hashes)
        self.count += len(hashes) // SIZE
        if self._wanted:
            self.head += hashes[: self._wanted]
            taken = min(self._wanted, len(hashes))
            self._wanted -= taken
            hashes = hashes[taken:]
        self._rest += hashes
        full = len(self._rest) // (TILE * SIZE) * TILE * SIZE
        if full:
            self._made.append(merkle.fold(bytes(self._rest[:full]), TILE_HEIGHT))
            del self._rest[:full]

    def part(self, first: int, end: int, tail: int = 0, tail_hash: bytes = b"") -> Part:
        return Part(first, self.count, self.head, b"".join(self._made), bytes(self._rest), end, tail, tail_hash)


def lines(stream: Readable, first: int = 0, begin: int = 0, sink: Sink | None = None) -> Part:
    """Hashes the lines of a stream; `begin` is where it begins in the content, `first` the number of its first line."""
    tiles = _Tiles(first, sink)
    hasher = sha256(LEAF)  # of the line that is open: however long it is, it is never held
    position, opened = begin, begin
    while block := stream.read(BLOCK):
        position += len(block)
        # Every line but the first comes with the prefix of a leaf: put there at once, and not line by line.
        # `readlines` looks for newlines five times as fast as `split`, and `replace` than `count`.
        pieces = io.BytesIO(block.replace(b"\n", b"\n\x00")).readlines()
        hasher.update(pieces[0])
        if len(pieces) == 1:
            continue
        last = pieces.pop()
        pieces[0] = hasher.digest()
        pieces[1:] = [sha256(piece).digest() for piece in pieces[1:]]
        tiles.add(b"".join(pieces))
        hasher = sha256(last)
        opened = position - len(last) + 1
    tail = position - opened
    return tiles.part(first, opened, tail, hasher.digest() if tail else b"")


def stretches(stream: Readable, lengths: Iterable[int], sink: Sink | None = None, *, to_end: bool = True) -> Part:
    """Hashes stretches of these lengths, one behind the other; the content may end before the last.

    With `to_end`, what lies behind them is hashed as the tail; else it is not read.
    """
    tiles = _Tiles(0, sink)
    block, at, end = b"", 0, 0
    made: list[bytes] = []
    for length in lengths:
        hasher = sha256(LEAF)
        missing = length
        while len(block) - at < missing:
            hasher.update(block[at:])
            missing -= len(block) - at
            at = 0
            block = stream.read(BLOCK)
            if not block:
                break
        if len(block) - at < missing:
            tail = length - missing
            tiles.add(b"".join(made))
            return tiles.part(0, end, tail, hasher.digest() if tail else b"")
        hasher.update(block[at : at + missing])
        at += missing
        made.append(hasher.digest())
        end += length
        if len(made) >= TILE:
            tiles.add(b"".join(made))
            made.clear()
    tiles.add(b"".join(made))
    hasher, tail, rest = sha256(LEAF), 0, block[at:]
    while rest or (to_end and (rest := stream.read(BLOCK))):
        hasher.update(rest)
        tail += len(rest)
        rest = b""
    return tiles.part(0, end, tail, hasher.digest() if tail else b"")


def digest(stream: Readable, length: int) -> bytes | None:
    """The hash, as of a leaf, of the first `length` bytes of a stream; None if it ends before."""
    hasher = sha256(LEAF)
    while length > 0:
        block = stream.read(min(BLOCK, length))
        if not block:
            return None
        hasher.update(block)
        length -= len(block)
    return hasher.digest()


class Tree(NamedTuple):
    """The tree of a whole log.

    `tiles` are the roots of all full tiles, one behind the other; `end`, `tail` and `tail_hash` as in `Part`.
    """

    size: int
    root: bytes
    tiles: bytes
    end: int
    tail: int
    tail_hash: bytes


def tree(parts: Iterable[Part]) -> Tree:
    """The tree of parts that follow one another."""
    frontier = merkle.Frontier()
    tiles: list[bytes] = []
    seam = b""  # hashes of a tile that lies in two parts
    last: Part | None = None
    for part in parts:
        seam += part.head
        _add(frontier, part.head)
        if len(seam) == TILE * SIZE:
            tiles.append(merkle.fold(seam, TILE_HEIGHT))
            seam = b""
        if part.tiles and seam:
            raise ValueError("parts do not follow one another")
        for at in range(0, len(part.tiles), SIZE):
            frontier.add_node(part.tiles[at : at + SIZE], TILE_HEIGHT)
        tiles.append(part.tiles)
        _add(frontier, part.rest)
        seam += part.rest
        last = part
    end, tail, tail_hash = (last.end, last.tail, last.tail_hash) if last else (0, 0, b"")
    return Tree(frontier.size, frontier.root(), b"".join(tiles), end, tail, tail_hash)


def _add(frontier: merkle.Frontier, hashes: bytes) -> None:
    for at in range(0, len(hashes), SIZE):
        frontier.add(hashes[at : at + SIZE])


def final(first: int, hashed: bytes, end: int) -> Part:
    """One more leaf: the last line of a log that is finished, though no newline ends it."""
    starts = first % TILE == 0
    return Part(first, 1, b"" if starts else hashed, b"", hashed if starts else b"", end)


def lines_of(path: Path, size: int, out: Path | None = None) -> list[Part]:
    """The lines of the first `size` bytes of a file that is not compressed.

    Args:
        path: the file.
        size: bytes to read.
        out: an existing file for the leaf hashes, or None.

    Raises:
        UnreadableError: the file cannot be read.
    """
    middle = _line_start(path, int(size * _FIRST_SHARE), size) if size >= PARALLEL_BYTES and _cores() > 1 else None
    if middle is None or middle >= size:
        return [_lines_part(path, 0, size, 0, out)]
    helper = _start(path, middle, size, out)
    first = _lines_part(path, 0, middle, 0, out)
    second = _answer(helper, first.size) if helper else None
    if second is None:
        second = _lines_part(path, middle, size, first.size, out)
    return [first, second]


def count_lines(path: Path, begin: int, end: int) -> int:
    """How many newlines there are between two places of a file."""
    return sum(len(block.replace(b"\n", b"\n\n")) - len(block) for block in _blocks(path, begin, end))


def _blocks(path: Path, begin: int, end: int) -> Iterator[bytes]:
    stream = Range(path, begin, end)
    try:
        while block := stream.read(BLOCK):
            yield block
    finally:
        stream.close()


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _line_start(path: Path, at: int, size: int) -> int | None:
    """The first place behind `at` at which a line begins, if one does before long."""
    block = next(_blocks(path, at, min(size, at + BLOCK)), b"")
    found = block.find(b"\n")
    return at + found + 1 if found >= 0 else None


def _lines_part(path: Path, begin: int, end: int, first: int, out: Path | None) -> Part:
    stream = Range(path, begin, end)
    try:
        if out is None:
            return lines(stream, first, begin)
        with out.open("r+b") as file:
            file.seek(first * SIZE)
            return lines(stream, first, begin, file.write)
    finally:
        stream.close()


def _start(path: Path, middle: int, size: int, out: Path | None) -> subprocess.Popen[bytes] | None:
    words = [str(path.absolute()), str(middle), str(size), str(out.absolute()) if out else ""]
    try:
        return subprocess.Popen(  # noqa: S603 - our own code; `-P`: modules beside the evidence are never run
            [sys.executable, "-P", "-c", _CODE, *words, *sys.path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
    except OSError:
        return None


def _answer(helper: subprocess.Popen[bytes], expected: int) -> Part | None:
    """What the other process found; None if it failed, or counted other lines than were hashed here."""
    with helper:
        data = helper.stdout.read() if helper.stdout else b""
    if helper.returncode != 0:
        return None
    first, size, end, tail, *sizes = (int.from_bytes(data[at : at + 8], "little") for at in range(0, 56, 8))
    at = 56
    pieces: list[bytes] = []
    for length in (*sizes, SIZE if tail else 0):
        pieces.append(data[at : at + length])
        at += length
    head, tiles, rest, tail_hash = pieces
    return Part(first, size, head, tiles, rest, end, tail, tail_hash) if (first, at) == (expected, len(data)) else None


def main() -> None:
    """The other process: counts the lines before its part, hashes its part, and writes what it found."""
    path, middle, size, out = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    first = count_lines(path, 0, middle)
    part = _lines_part(path, middle, size, first, Path(out) if out else None)
    pieces = (part.head, part.tiles, part.rest)
    numbers = (part.first, part.size, part.end, part.tail, *map(len, pieces))
    for piece in (*(number.to_bytes(8, "little") for number in numbers), *pieces, part.tail_hash):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
