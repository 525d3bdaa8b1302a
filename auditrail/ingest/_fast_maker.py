"""Blocks of lines -> Arrow batches of events: steps 1 to 4 of `fast_jsonl`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import orjson
from blake3 import blake3

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.ingest import rows as plain_rows
from auditrail.ingest._fast_columns import Columns, batch, stream_schema
from auditrail.ingest._fast_index import Block, Ints, index, slices
from auditrail.ingest._fast_outcome import CONSTANTS, Outcome
from auditrail.ingest._fast_rows import Group
from auditrail.ingest._fast_values import constant_views
from auditrail.ingest._fast_walk import Matched, Template, template_of, walk
from auditrail.ingest.plain import Batch, SourceReader, Tally
from auditrail.jsontext import parse
from auditrail.readers import jsonl

# Lines that fail to match are looked at one by one, up to so many of a block; the rest is taken to be like them.
MAX_LOOKS = 32
_MAX_TEMPLATES = 256
_LAYER, _SOURCE_OF_STREAM, _ASSUMED = (CONSTANTS.index(name) for name in ("layer", "stream", "tz_assumed"))


class Lines(NamedTuple):
    """Whole lines, joined by newlines and without the last one."""

    data: bytes
    offset: int
    number: int


def maker(source: int, stream: str) -> Callable[[Lines], Any]:
    """What makes batches of lines, in a process of its own."""
    here = Maker(source, stream)

    def make(lines: Lines) -> tuple[list[Any], Batch, Tally]:
        made = list(here.block(lines)), here.waiting, here.tally
        here.waiting, here.tally = Batch.empty(), Tally()
        return made

    return make


class Maker:
    """Turns blocks of lines into Arrow batches; `waiting` are the rows of other tables, `tally` is the account."""

    def __init__(self, source: int, stream: str) -> None:
        self.tally = Tally()
        self.waiting = Batch.empty()
        self._source = source
        self._stream = stream
        self._templates: list[Template] = []
        self._shapes: set[Any] = set()

    def taken(self, batches: list[Any], waiting: Batch, tally: Tally) -> list[Any]:
        """The batches of another maker; the rest of what it made is added to what this one has."""
        for own, more in zip(self.waiting, waiting, strict=True):
            own.extend(more)
        self.tally.add(tally)
        return batches

    def block(self, lines: Lines) -> Iterator[Any]:
        """Batches of the events of lines."""
        block = index(lines.data)
        raw = slices(block, block.starts, block.ends) if b"\r" in lines.data else lines.data.split(b"\n")
        digests = [made.digest() for made in map(blake3, raw)]
        fast = _Fast(self, lines, block, digests)
        matched, others = self._match(block, np.flatnonzero(block.good & (block.ends - block.starts > 2)))
        left = set(np.flatnonzero(~block.good | (block.ends - block.starts <= 2)).tolist())
        made, rejected = fast.batch(block, matched, np.arange(len(raw)))
        yield from made
        left.update(rejected)
        again, texts = [], []
        for row in sorted({*others, *np.flatnonzero(~block.good).tolist()}):
            text = _compact(raw[row])
            if text is None or text == raw[row]:
                left.add(row)
            else:
                again.append(row)
                texts.append(text)
                left.discard(row)
        if again:
            block = index(b"\n".join(texts))
            numbers = np.array(again)
            matched, others = self._match(block, np.flatnonzero(block.good & (block.ends - block.starts > 2)))
            made, rejected = fast.batch(block, matched, numbers)
            yield from made
            left.update(rejected)
            left.update(numbers[others].tolist())
            left.update(numbers[~block.good | (block.ends - block.starts <= 2)].tolist())
        yield from self.plain([fast.record(row, raw[row]) for row in sorted(left)])

    def _match(self, block: Block, rows: Ints) -> tuple[list[tuple[Template, Matched]], list[int]]:
        """Lines by template, and those that match none; unknown shapes are learned."""
        found: list[tuple[Template, Matched]] = []
        for template in self._templates:
            if not len(rows):
                return found, []
            if (matched := walk(block, template, rows)) is not None:
                found.append((template, matched))
                rows = np.setdiff1d(rows, matched.lines, assume_unique=True)
        found.sort(key=lambda pair: -len(pair[1].lines))
        others: list[int] = []
        while len(rows) and len(others) < MAX_LOOKS and len(self._templates) < _MAX_TEMPLATES:
            row = int(rows[0])
            if (new := self._learn(block.line(row))) is not None and (matched := walk(block, new, rows)) is not None:
                found.append((new, matched))
                rows = np.setdiff1d(rows, matched.lines, assume_unique=True)
            if len(rows) and rows[0] == row:
                others.append(row)
                rows = rows[1:]
        first = [template for template, _ in found]
        self._templates = first + [template for template in self._templates if template not in first]
        return found, others + rows.tolist()

    def _learn(self, line: bytes) -> Template | None:
        try:
            value, flags = parse(line)
        except RecordError:
            return None
        if flags or type(value) is not dict:
            return None
        made = template_of(value)
        if made is None or made.shape in self._shapes:
            return None
        self._shapes.add(made.shape)
        self._templates.append(made)
        return made

    def plain(self, records: list[Record]) -> Iterator[Any]:
        """Batches of what the plain reader makes of records."""
        if not records:
            return
        reader = SourceReader(self._source, jsonl, iter(records), stream=self._stream)
        for made in reader.batches():
            self.waiting.ids_more.extend(made.ids_more)
            self.waiting.quarantine.extend(made.quarantine)
            self.waiting.remarks.extend(made.remarks)
            if made.events:
                yield _as_stream(plain_rows.table("events", made.events))
        self.tally.add(reader.tally)

    def count(self, outcomes: list[Outcome], numbers: Ints, columns: Columns) -> None:
        """Counts rows of one layout."""
        tally = Tally(records=len(numbers), records_with_events=len(numbers), events=len(numbers))
        for one, count in zip(outcomes, np.bincount(numbers, minlength=len(outcomes)).tolist(), strict=True):
            if count:
                tally.layers[one.constants[_LAYER]] += count
                tally.streams[one.constants[_SOURCE_OF_STREAM] or self._stream] += count
                tally.tz_assumed += count * bool(one.constants[_ASSUMED])
        moments = columns.numbers.get("ts_ns")
        if moments is not None:
            tally.first_ts, tally.last_ts = int(moments[0].min()), int(moments[0].max())
        self.tally.add(tally)

    @property
    def source(self) -> int:
        return self._source

    @property
    def stream(self) -> str:
        return self._stream


class _Fast:
    """The lines of one block, as they stand in the source."""

    def __init__(self, maker: Maker, lines: Lines, block: Block, digests: list[bytes]) -> None:
        self._maker = maker
        self._number = lines.number
        self._offsets = block.starts + lines.offset
        self._lengths = block.ends - block.starts
        self._digests = digests

    def record(self, row: int, raw: bytes) -> Record:
        """A line for the plain reader."""
        return Record(self._number + row, int(self._offsets[row]), len(raw), raw, self._digests[row])

    def batch(
        self, block: Block, matched: list[tuple[Template, Matched]], numbers: Ints
    ) -> tuple[list[Any], list[int]]:
        """(batches, rows that are left to the plain reader); `numbers` are the rows of the lines of `block`."""
        side = bytearray()
        parts: list[Columns] = []
        rejected: list[Ints] = []
        for template, lines in matched:
            group = Group(block, template, lines, side)
            group.judge()
            outcomes, by_row = group.outcomes()
            layouts = list(dict.fromkeys(one.layout for one in outcomes))
            layout_of = np.array([layouts.index(one.layout) for one in outcomes] + [-1])
            for place, layout in enumerate(layouts):
                rows = np.flatnonzero(group.good & (layout_of[by_row] == place))
                backwards = group.backwards(layout, rows)
                if backwards.any():
                    group.good[rows[backwards]] = False
                    rows = rows[~backwards]
                if len(rows):
                    made = group.columns(layout, rows, outcomes, by_row[rows])
                    self._maker.count(outcomes, by_row[rows], made)
                    parts.append(made)
            rejected.append(lines.lines[~group.good])
        left = numbers[np.concatenate(rejected)].tolist() if rejected else []
        return ([self._assembled(parts, block, side, numbers)] if parts else []), left

    def _assembled(self, parts: list[Columns], block: Block, side: bytearray, numbers: Ints) -> Any:
        import pyarrow as pa

        rows = numbers[np.concatenate([part.lines for part in parts])]
        offsets = self._offsets[rows]
        events = offsets + plain_rows.event_key(self._maker.source, 0, 0)
        at = 0
        for part in parts:
            for row, kind, value in part.more:
                self._maker.waiting.ids_more.append((int(events[at + row]), kind, value))
            at += len(part.lines)
        size = len(rows)
        digests = b"".join([self._digests[row] for row in rows.tolist()])
        place = {
            "event": pa.array(events),
            "source": pa.array(np.full(size, self._maker.source)),
            "record": pa.array(rows + self._number),
            "part": pa.array(np.zeros(size, np.int64)),
            "byte_offset": pa.array(offsets),
            "byte_length": pa.array(self._lengths[rows]),
            "blake3": pa.Array.from_buffers(pa.binary(32), size, [None, pa.py_buffer(digests)]),
        }
        blanks = {"stream": constant_views([self._maker.stream.encode()], side, 1)[0]}
        return batch(parts, place, block, bytes(side), blanks)


def _compact(raw: bytes) -> bytes | None:
    """An object that the parser has nothing to say of, in compact form; else None."""
    try:
        value, flags = parse(raw)
        return orjson.dumps(value) if type(value) is dict and not flags else None
    except (RecordError, TypeError, ValueError):
        return None


def _as_stream(table: Any) -> Any:
    """A batch of `stream_schema` with the rows of a table of events."""
    import pyarrow as pa

    arrays = []
    for field in stream_schema():
        name = "attributes" if field.name == "piece_0" else field.name
        if name in table.column_names:
            arrays.append(table.column(name).combine_chunks().cast(field.type))
        else:
            arrays.append(pa.nulls(table.num_rows, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=stream_schema())
