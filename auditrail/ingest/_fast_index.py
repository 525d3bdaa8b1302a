r"""A block of whole lines as arrays: where lines begin and end, where strings are quoted, and which lines are odd.

The lines of a block that are not `good` hold what the vectorised reader does not judge itself: control characters,
bytes that are not UTF-8, escapes other than `\" \\ \n \r \t \b \f`.
"""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

# Bytes behind the end that may be looked at: a word of 8 bytes at any place, some words further.
_PAD = 1024
_ESCAPES = np.zeros(256, bool)
_ESCAPES[list(b'"\\nrtbf')] = True


class Block(NamedTuple):
    """Lines and their marks; all positions are in `data` (and `bytes`, a copy that may be written to, with padding).

    Attributes:
        eights, wides: the 8 and the 32 bytes from each place on (see `word` and `wide`).
        quotes: positions of all quotes that begin or end a string, then a few beyond the end.
        first_quote, last_quote: for each line the indexes into `quotes` of its first, and behind its last.
        slashed: whether a line has a backslash.
        cuts: where `_fast_columns.marks` found the word `truncated`, once it was asked.
    """

    data: bytes
    bytes: Bytes
    eights: Any
    wides: Any
    starts: Ints
    ends: Ints
    quotes: Ints
    first_quote: Ints
    last_quote: Ints
    good: Bools
    slashed: Bools
    cuts: list[Ints]

    def word(self, places: Ints) -> Words:
        """The eight bytes from each place on, as a little-endian number."""
        found: Words = self.eights[places].view("<u8")
        return found

    def wide(self, places: Ints) -> Words:
        """The 32 bytes from each place on, as four little-endian numbers."""
        found: Words = self.wides[places].view("<u8").reshape(-1, 4)
        return found

    def line(self, row: int) -> builtins.bytes:
        """The bytes of a line, without its end."""
        return self.data[self.starts[row] : self.ends[row]]


def index(data: bytes) -> Block:
    """Looks at lines joined by newlines, without the last one."""
    size = len(data)
    buffer = bytearray(size + _PAD)
    buffer[:size] = data
    buffer[size] = 10
    whole = np.frombuffer(buffer, np.uint8)
    # Views that overlap; of type `void`, since numpy picks unaligned numbers at half the speed.
    eights = np.ndarray((size + _PAD - 32,), "V8", buffer, strides=(1,))
    wides = np.ndarray((size + _PAD - 32,), "V32", buffer, strides=(1,))
    seen = whole[: size + 1]
    low = np.flatnonzero(seen < 32)
    newlines = seen[low] == 10
    ends = low[newlines]
    starts = np.concatenate(([0], ends[:-1] + 1))
    good = np.ones(len(ends), bool)
    if len(low) != len(ends):
        ends = _low(seen, low[~newlines], starts, ends, good)
    if not data.isascii() and not _is_utf8(data):
        for row in range(len(starts)):
            good[row] = good[row] and _is_utf8(data[starts[row] : ends[row]])
    quoted = seen == 34
    slashed = np.zeros(len(ends), bool)
    if b"\\" in data:
        _escapes(seen, starts, quoted, good, slashed)
    quotes = np.flatnonzero(quoted)
    return Block(
        data, whole, eights, wides, starts, ends, np.concatenate((quotes, np.full(8, size + 8))),
        np.searchsorted(quotes, starts), np.searchsorted(quotes, ends), good, slashed, [],
    )  # fmt: skip


def _low(seen: Bytes, places: Ints, starts: Ints, ends: Ints, good: Bools) -> Ints:
    """Takes a carriage return off the end of each line; marks lines with other control characters."""
    rows = np.searchsorted(starts, places, side="right") - 1
    returns = (seen[places] == 13) & (places == ends[rows] - 1)
    good[rows[~returns]] = False
    ends = ends.copy()
    ends[rows[returns]] -= 1
    return ends


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _escapes(seen: Bytes, starts: Ints, quoted: Bools, good: Bools, slashed: Bools) -> None:
    """Takes escaped quotes out of `quoted`; marks lines."""
    places = np.flatnonzero(seen == 92)
    begins = np.ones(len(places), bool)
    begins[1:] = np.diff(places) != 1
    order = np.arange(len(places))
    inside = order - np.maximum.accumulate(np.where(begins, order, 0))
    escaping = places[inside % 2 == 0]
    rows = np.searchsorted(starts, escaping, side="right") - 1
    escaped = np.minimum(escaping + 1, len(seen) - 1)
    slashed[rows] = True
    good[rows[~_ESCAPES[seen[escaped]]]] = False
    quoted[escaped] = False


def slices(block: Block, starts: Ints, ends: Ints) -> list[bytes]:
    """The bytes between pairs of positions."""
    data = block.data
    return [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def distinct(codes: Any) -> tuple[Ints, Ints]:
    """(index of one row of each value, number of its value for each row)."""
    if not len(codes):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if int(codes.min()) == int(codes.max()):
        return np.zeros(1, np.int64), np.zeros(len(codes), np.int64)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return first, inverse
