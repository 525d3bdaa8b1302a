"""Cuts the decompressed bytes of a source into records.

Invariant, for every framing and any bytes: records come in order, do not overlap, and `raw` is
`data[offset:offset + length]` (but for oversized records, frames and rows of tables, see `records.Record`). What lies
outside of all records is only: a byte order mark at the start; line ends; white space, commas and record separators
(RFC 7464) between values; the brackets of arrays that were taken apart; the braces and other members of wrapper
objects; the bytes of a length prefix; the header of a table. So no byte of content is lost, however damaged the
source is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from auditrail.containers import limits
from auditrail.containers.frames import FrameSplitter, MessageSplitter, VarintSplitter
from auditrail.containers.lines import LineSplitter
from auditrail.containers.records import Readable, Record, Wrapper
from auditrail.containers.table import DELIMITERS, RowSplitter
from auditrail.containers.values import ValueSplitter


class Splitter(Protocol):
    """Iterates once over the records of a source; the attributes are final when the iteration has ended.

    Attributes:
        resume_offset: offset behind the last record that was certainly complete, where a later load of the grown
            source may begin; None if the source must be read again from its start.
        resume_number: records before `resume_offset`, counted from the start of the source.
        position: bytes read so far, from the start of the source: at the end, its size after decompression.
        unclosed: the source ends inside an array or wrapper object, perhaps between two records.
    """

    resume_offset: int | None
    resume_number: int
    unclosed: bool

    @property
    def position(self) -> int: ...

    def __iter__(self) -> Iterator[Record | Wrapper]: ...


def split(
    stream: Readable,
    framing: str,
    *,
    arrays: tuple[str, ...] = (),
    start: int = 0,
    first_number: int = 1,
    max_record: int = limits.MAX_RECORD,
) -> Splitter:
    """Splits a stream into records.

    Args:
        stream: the decompressed bytes from the start of the source.
        framing: as `framing.look` tells.
        arrays: members of a wrapper object whose elements are the records; dots lead into inner objects. With framing
            `lines`, a line that is such an object is taken apart, too.
        start: bytes to leave out at the start (a grown source is read on at its `resume_offset`).
        first_number: number of the first record.
        max_record: a longer record is hashed and given with defect `oversized`, not held in memory.

    Raises:
        ValueError: unknown framing.
        UnreadableError: from the stream.
    """
    if framing in DELIMITERS:
        return RowSplitter(stream, framing, first_number, max_record)
    left = start
    while left and (block := stream.read(min(left, 1 << 20))):
        left -= len(block)
    begin = start - left
    if framing == "lines":
        return LineSplitter(stream, arrays, begin, first_number, max_record)
    if framing == "values":
        return ValueSplitter(stream, arrays, begin, first_number, max_record)
    if framing == "length-prefixed":
        return FrameSplitter(stream, begin, first_number, max_record)
    if framing == "varint-prefixed":
        return VarintSplitter(stream, begin, first_number, max_record)
    if framing == "message":
        return MessageSplitter(stream, begin, first_number, max_record)
    raise ValueError(f"unknown framing: {framing}")
