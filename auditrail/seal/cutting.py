"""Where the leaves of a log end. What is decided here is written into the seal, so a verifier never decides again.

- `lines`: after each newline of the content. What stands behind the last newline is no leaf yet (see `statement`).
- `records`: after each record of the format (elements of an array, rows of a table, frames...), as ingest counts them.
  A leaf begins where the one before ended, so brackets, commas and headers belong to the record behind them. The
  lengths stand in the seal: no later change of how a format is read can move them.
- `chunks`: every 65,536 bytes of the file as it lies there: archives, Parquet, damaged compression, binary files.

Content is the file's bytes after decompression, but for chunks, which are cut from the file itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from auditrail.containers import archives, framing, limits
from auditrail.containers.compression import detect, open_bytes
from auditrail.containers.records import Record
from auditrail.containers.splitting import split
from auditrail.containers.table import DELIMITERS
from auditrail.seal.leaves import Range, Readable

LINES, RECORDS, CHUNKS = "lines", "records", "chunks"
KINDS = (LINES, RECORDS, CHUNKS)
CHUNK = 1 << 16
# A tail of these bytes alone closes what was opened before the last record: it moves on when a record is added.
_CLOSING = b" \t\r\n,]}\x1e"


class Cut(NamedTuple):
    """How a log is cut: one of `KINDS`; framing and arrays (see `containers.splitting`) are for `records` alone."""

    kind: str
    framing: str = ""
    arrays: tuple[str, ...] = ()


def choose(path: Path, size: int) -> Cut:
    """How to cut the first `size` bytes of a file, by its content.

    Raises:
        UnreadableError: the file cannot be read.
    """
    if archives.kind_of(path, size) is not None:
        return Cut(CHUNKS)
    with open_bytes(path, size=size) as stream:
        raw = _head(stream)
        if stream.defect is not None or "parquet" in (stream.compression or ""):
            return Cut(CHUNKS)
    head = framing.look(raw, complete=len(raw) < limits.HEAD_BYTES)
    if head.framing == "lines" and not any(_holds_list(sample) for sample in head.samples):
        # Lines that hold no lists are lines to every reader; and to load the readers takes a quarter of a second.
        return Cut(CHUNKS) if b"\0" in raw[: 1 << 16] else Cut(LINES)
    from auditrail.ingest import choose as readers

    choice = readers.choose(head)
    if choice is not None:
        return Cut(LINES) if choice.framing == "lines" else Cut(RECORDS, choice.framing, choice.arrays)
    if head.framing == "values":
        return Cut(RECORDS, head.framing)
    # No reader knows it: what could be a table is lines, and what could be binary records is only bytes.
    return Cut(LINES) if head.framing in ("lines", *DELIMITERS) else Cut(CHUNKS)


def _holds_list(value: Any, depth: int = 3) -> bool:
    """Whether records may stand in an array inside of a line: such arrays lie at the top, or in an object there."""
    if isinstance(value, dict) and depth:
        return any(_holds_list(item, depth - 1) for item in value.values())
    return isinstance(value, list)


def _head(stream: Readable) -> bytes:
    parts: list[bytes] = []
    left = limits.HEAD_BYTES
    while left and (block := stream.read(left)):
        parts.append(block)
        left -= len(block)
    return b"".join(parts)


class Content:
    """The bytes that are cut: a stream, and why a compressed one ended early (None: it did not)."""

    def __init__(self, path: Path, size: int, kind: str) -> None:
        self._stream = Range(path, 0, size) if kind == CHUNKS else open_bytes(path, size=size)

    def read(self, n: int, /) -> bytes:
        return self._stream.read(n)

    @property
    def defect(self) -> str | None:
        return getattr(self._stream, "defect", None)

    def close(self) -> None:
        self._stream.close()


@contextmanager
def content(path: Path, size: int, kind: str) -> Iterator[Content]:
    """Opens the content of the first `size` bytes of a file.

    Raises:
        UnreadableError: the file cannot be opened.
    """
    made = Content(path, size, kind)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def content_behind(path: Path, size: int, kind: str, begin: int) -> Iterator[Readable]:
    """The content from a place on: found at once where the content is the file, else read up to there.

    Raises:
        UnreadableError, OSError: the file cannot be opened or read.
    """
    if kind == CHUNKS or is_plain(path):
        stream = Range(path, begin, size)
        try:
            yield stream
        finally:
            stream.close()
        return
    with content(path, size, kind) as opened:
        while begin and (block := opened.read(min(begin, 1 << 20))):
            begin -= len(block)
        yield opened


def is_plain(path: Path) -> bool:
    """Whether the content of a file is its bytes: then it can be read from any place.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return detect(file.read(16)) is None


def lengths(stream: Readable, cut: Cut, size: int, after: int = 0) -> Iterator[int]:
    """Lengths of the leaves of records or chunks that end behind `after`; the first begins there.

    Args:
        stream: the content from its start (not read for chunks).
        cut: how it is cut.
        size: bytes of the file, for chunks.
        after: where the leaves end that have been sealed before.
    """
    if cut.kind == CHUNKS:
        while after < size:
            yield min(CHUNK, size - after)
            after += CHUNK
        return
    waiting = 0  # a record that is not whole may be completed later: it counts when another follows
    for record in split(stream, cut.framing, arrays=cut.arrays):
        if not isinstance(record, Record):
            continue
        if waiting:
            yield waiting - after
            after, waiting = waiting, 0
        end = record.offset + record.length
        if end <= after:
            continue
        if record.last_unterminated or record.defect == "torn-tail":
            waiting = end
            continue
        yield end - after
        after = end


def closes(tail: bytes) -> bool:
    """Whether the bytes behind the last record only close what was opened: brackets and white space."""
    return not tail.strip(_CLOSING)
