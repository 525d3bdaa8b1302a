"""Columns of events, and their Arrow batches; texts are views on the bytes of a block."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from auditrail import schema
from auditrail.ingest._fast_index import Block, Bools, Ints
from auditrail.ingest._fast_values import MASKS, constant_views

# Up to so many stretches of a line are put together as attributes by the engine.
PIECES = 6
_PIECE_NAMES = tuple(f"piece_{number}" for number in range(PIECES))


@cache
def stream_schema() -> Any:
    """As the table `events`, with texts as views, and attributes in pieces."""
    import pyarrow as pa

    fields = []
    for field in schema.arrow("events"):
        if field.name == "attributes":
            fields += [pa.field(name, pa.string_view()) for name in _PIECE_NAMES]
        elif field.type == pa.string():
            fields.append(pa.field(field.name, pa.string_view()))
        elif field.type == pa.binary():
            fields.append(pa.field(field.name, pa.binary(32)))
        else:
            fields.append(pa.field(field.name, field.type))
    return pa.schema(fields)


def insert_statement(source: str) -> str:
    """Inserts what stands in a table of `stream_schema`."""
    joined = f"CASE WHEN piece_1 IS NULL THEN piece_0 ELSE concat({', '.join(_PIECE_NAMES)}) END"
    names = [joined if column.name == "attributes" else column.name for column in schema.columns("events")]
    return f"INSERT INTO events SELECT {', '.join(names)} FROM {source}"


class Columns:
    """Columns of some lines: values, and which are there (None: all).

    Attributes:
        lines: the line of each row, in its block.
        texts: name -> views (two words each).
        numbers: name -> numbers, truth values or doubles.
        more: (row, kind, value) of further ids.
    """

    def __init__(self, lines: Ints) -> None:
        self.lines = lines
        self.texts: dict[str, tuple[Any, Bools | None]] = {}
        self.numbers: dict[str, tuple[Any, Bools | None]] = {}
        self.more: list[tuple[int, str, str]] = []

    def constant(self, name: str, values: list[Any], codes: Ints, side: bytearray) -> None:
        """Adds a column that holds one of a few values."""
        if all(value is None for value in values):
            return
        valid = np.array([value is not None for value in values])
        there = None if valid.all() else valid[codes]
        if any(isinstance(value, str) for value in values):
            made = constant_views([(value or "").encode() for value in values], side, 1)
            self.texts[name] = made[codes], there
        else:
            self.numbers[name] = np.array([value or 0 for value in values])[codes], there


def batch(parts: list[Columns], place: dict[str, Any], block: Block, side: bytes, blanks: dict[str, Any]) -> Any:
    """An Arrow batch of all rows.

    Args:
        parts: what is in it.
        place: columns of `model.Provenance`, in the order of the rows of all parts.
        block: whose bytes the views are on.
        side: the bytes of the second buffer.
        blanks: column -> text where a part has none.
    """
    import pyarrow as pa

    size = sum(len(part.lines) for part in parts)
    buffers = [pa.py_buffer(block.bytes), pa.py_buffer(side)]
    arrays = []
    for field in stream_schema():
        name = field.name
        if name in place:
            made = place[name]
        elif field.type == pa.string_view():
            made = _texts(parts, name, size, buffers, blanks.get(name))
        else:
            made = _numbers(parts, name, size, field.type)
        arrays.append(made)
    return pa.RecordBatch.from_arrays(arrays, schema=stream_schema())


def _valid(parts: list[Columns], columns: list[Any]) -> Any:
    """(number of nulls, bitmap or None)."""
    import pyarrow as pa

    if all(column is not None and column[1] is None for column in columns):
        return 0, None
    whole = np.concatenate([
        np.zeros(len(part.lines), bool) if column is None
        else np.ones(len(part.lines), bool) if column[1] is None else column[1]
        for part, column in zip(parts, columns, strict=True)
    ])  # fmt: skip
    return len(whole) - int(np.count_nonzero(whole)), pa.py_buffer(np.packbits(whole, bitorder="little"))


def _texts(parts: list[Columns], name: str, size: int, buffers: list[Any], blank: Any) -> Any:
    import pyarrow as pa

    columns = [part.texts.get(name) for part in parts]
    if blank is not None:
        columns = [
            (np.tile(blank, (len(part.lines), 1)), None) if column is None
            else column if column[1] is None else (np.where(column[1][:, None], column[0], blank), None)
            for part, column in zip(parts, columns, strict=True)
        ]  # fmt: skip
    if all(column is None for column in columns):
        return pa.nulls(size, pa.string_view())
    nulls, bitmap = _valid(parts, columns)
    values = np.concatenate([
        np.zeros((len(part.lines), 2), np.uint64) if column is None else column[0]
        for part, column in zip(parts, columns, strict=True)
    ])  # fmt: skip
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.string_view(), size, [bitmap, pa.py_buffer(values), *buffers], nulls)


def _numbers(parts: list[Columns], name: str, size: int, kind: Any) -> Any:
    import pyarrow as pa

    columns = [part.numbers.get(name) for part in parts]
    if all(column is None for column in columns):
        return pa.nulls(size, kind)
    nulls, bitmap = _valid(parts, columns)
    dtype = {pa.int64(): np.int64, pa.float64(): np.float64, pa.bool_(): np.bool_}[kind]
    values = np.concatenate([
        np.zeros(len(part.lines), dtype) if column is None else np.asarray(column[0], dtype)
        for part, column in zip(parts, columns, strict=True)
    ])  # fmt: skip
    if kind == pa.bool_():
        values = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(kind, size, [bitmap, pa.py_buffer(values)], nulls)


# --- marks of redaction -----------------------------------------------------------------------------------------

# 1: a string that begins so may be one of the words; 2: it may be, depending on what follows.
_FIRST = np.zeros(256, np.uint8)
_FIRST[list(b"_[<(*{\\")] = 1
_FIRST[0:33] = 1
_FIRST[[*b"nrRhHxX", 0xC2, 0xE1, 0xE2, 0xE3]] = 2
_LOWER = 0x2020202020202020
# (bits to set, bytes): words that begin with a letter, and blanks beyond ASCII.
_BEGINNINGS = [
    *((_LOWER, word) for word in (b"redacted", b"hidden_d", b"xxxxx")),
    *((0, blank.encode()) for blank in "\x85\xa0\u1680\u205f\u3000"),
    (0, b"\xe2\x80"),
    (0, b"null"),
]
_CUT = b"truncated"


def marks(block: Block, starts: Ints, ends: Ints) -> Bools:
    """Which of the stretches of a block hold what may say that a value is redacted, cut short or empty.

    That are strings which begin as such words do (see `auditrail.content`), and the word `truncated` anywhere.
    """
    first, last = np.searchsorted(block.quotes, starts), np.searchsorted(block.quotes, ends)
    counts = last - first
    bounds = np.cumsum(counts)
    within = np.arange(int(bounds[-1]) if len(bounds) else 0) + np.repeat(first - bounds + counts, counts)
    behind = block.quotes[within] + 1
    kinds = _FIRST[block.bytes[behind]]
    hits = kinds == 1
    places = np.flatnonzero(kinds == 2)
    words = block.word(behind[places])
    fits = np.zeros(len(places), bool)
    for bits, text in _BEGINNINGS:
        wanted = int.from_bytes(text, "little") | bits & (1 << 8 * len(text)) - 1
        fits |= (words | np.uint64(bits)) & MASKS[len(text)] == np.uint64(wanted)
    hits[places[fits]] = True
    found: Bools = np.zeros(len(starts), bool)
    found[np.searchsorted(bounds, np.flatnonzero(hits), side="right")] = True
    cuts = _cuts(block)
    return found | (np.searchsorted(cuts, starts) < np.searchsorted(cuts, ends))


def _cuts(block: Block) -> Ints:
    """Places of the word `truncated` in a block, in letters of any case."""
    if not block.cuts:
        lower = (block.bytes | 0x20).tobytes()
        made = []
        at = lower.find(_CUT)
        while at >= 0:
            made.append(at)
            at = lower.find(_CUT, at + 1)
        block.cuts.append(np.array(made, np.int64))
    return block.cuts[0]
