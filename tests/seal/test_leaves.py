"""Hashing of leaves: the same from any block size, from two processes, and from a file or a stream."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import merkle
from auditrail.merkle import SIZE
from auditrail.seal import leaves


def expected(data: bytes) -> tuple[list[bytes], bytes]:
    """The hashes of the lines, word for word, and the tail."""
    whole, newline, tail = data.rpartition(b"\n")
    lines = whole.split(b"\n") if newline else []
    return [merkle.leaf_hash(line + b"\n") for line in lines], tail


class Dripping:
    """Gives a stream in pieces of the sizes asked for, over and over."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._stream = io.BytesIO(data)
        self._sizes = sizes
        self._turn = 0

    def read(self, n: int, /) -> bytes:
        self._turn += 1
        return self._stream.read(min(n, self._sizes[self._turn % len(self._sizes)]))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([b"\n", b"a", b"\0", b"\r\n", b"line\n", b"\n\n\n"]), max_size=900).map(b"".join),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
    st.integers(0, 600),
)
def test_lines_in_any_pieces(data: bytes, sizes: list[int], first: int) -> None:
    written: list[bytes] = []
    part = leaves.lines(Dripping(data, sizes), first, 100, written.append)
    hashes, tail = expected(data)
    assert b"".join(written) == b"".join(hashes)
    assert (part.first, part.size) == (first, len(hashes))
    assert part.end == 100 + len(data) - len(tail)
    assert (part.tail, part.tail_hash) == (len(tail), merkle.leaf_hash(tail) if tail else b"")
    assert len(part.head) + len(part.rest) + len(part.tiles) * 256 == len(hashes) * SIZE


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=2000),
    st.lists(st.integers(0, 40), max_size=600),
    st.lists(st.integers(1, 50), min_size=1, max_size=5),
)
def test_stretches_in_any_pieces(data: bytes, lengths: list[int], sizes: list[int]) -> None:
    written: list[bytes] = []
    part = leaves.stretches(Dripping(data, sizes), lengths, written.append)
    made, at = [], 0
    for length in lengths:
        if at + length > len(data):
            break
        made.append(merkle.leaf_hash(data[at : at + length]))
        at += length
    assert b"".join(written) == b"".join(made)
    assert (part.size, part.end, part.tail) == (len(made), at, len(data) - at) or len(made) < len(lengths)
    if len(made) == len(lengths):
        assert part.tail_hash == (merkle.leaf_hash(data[at:]) if at < len(data) else b"")
        assert leaves.stretches(Dripping(data, sizes), lengths, to_end=False).end == at


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=4), st.booleans())
def test_parts_make_one_tree(sizes: list[int], finished: bool) -> None:
    hashes = [merkle.leaf_hash(b"%d\n" % number) for number in range(sum(sizes))]
    parts, first = [], 0
    for size in sizes:
        lines = b"".join(b"%d\n" % number for number in range(first, first + size))
        parts.append(leaves.lines(io.BytesIO(lines), first))
        first += size
    if finished:
        parts.append(leaves.final(first, merkle.leaf_hash(b"last"), 0))
        hashes.append(merkle.leaf_hash(b"last"))
    tree = leaves.tree(parts)
    joined = b"".join(hashes)
    assert (tree.size, tree.root) == (len(hashes), merkle.root(merkle.Leaves(joined), len(hashes)))
    assert tree.tiles == merkle.fold(joined[: len(hashes) // 256 * 256 * SIZE], 8)


@pytest.mark.parametrize("tail", [b"", b"half"])
def test_two_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tail: bytes) -> None:
    log, out = tmp_path / "a log, with blanks", tmp_path / "hashes"
    data = b"".join(b"%d %s\n" % (number, b"x" * (number % 300)) for number in range(20_000)) + tail
    log.write_bytes(data)
    one = leaves.tree(leaves.lines_of(log, len(data)))
    monkeypatch.setattr(leaves, "PARALLEL_BYTES", 1)
    monkeypatch.setattr(leaves, "_cores", lambda: 2)
    out.touch()
    parts = leaves.lines_of(log, len(data), out)
    assert len(parts) == 2
    assert leaves.tree(parts) == one
    assert out.read_bytes() == b"".join(expected(data)[0])


def test_without_a_second_process_all_is_hashed_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"line\n" * 3000)
    one = leaves.tree(leaves.lines_of(log, 15_000))
    monkeypatch.setattr(leaves, "PARALLEL_BYTES", 1)
    monkeypatch.setattr(leaves, "_cores", lambda: 2)
    for code in ("import sys; sys.exit(3)", "print('something else')", "import nothing_of_that_name"):
        monkeypatch.setattr(leaves, "_CODE", code)
        assert leaves.tree(leaves.lines_of(log, 15_000)) == one


def test_what_is_written_later_is_not_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"a\nb\nc\n")
    (part,) = leaves.lines_of(log, 4)
    assert (part.size, part.end, part.tail) == (2, 4, 0)


def test_digest_of_a_stretch() -> None:
    assert leaves.digest(io.BytesIO(b"0123456789"), 4) == merkle.leaf_hash(b"0123")
    assert leaves.digest(io.BytesIO(b"0123456789"), 11) is None
    assert leaves.digest(io.BytesIO(b""), 0) == merkle.leaf_hash(b"")
