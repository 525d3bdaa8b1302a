r"""Records that are lines: JSON lines and plain text.

A line ends with `\n`; one `\r` before it belongs to the line end. A record is a line, whatever stands on it: two
objects on one line (writers that raced) are one record that does not parse. Lines are numbered with the blank ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from auditrail.containers.records import Readable, Record, Wrapper
from auditrail.containers.stretch import BOM, Stretch
from auditrail.containers.values import ValueSplitter, is_wrapper
from auditrail.digest import record_digest

_BLOCK = 1 << 21


class LineSplitter:
    """Splits a stream into lines; see `splitting.Splitter` for the attributes."""

    def __init__(
        self, stream: Readable, arrays: tuple[str, ...], start: int, first_number: int, max_record: int
    ) -> None:
        self.resume_offset: int | None = start
        self.resume_number = first_number - 1
        self.unclosed = False
        self.position = start
        self._stream = stream
        self._arrays = arrays
        self._names = tuple(b'"' + name.rpartition(".")[2].encode() + b'"' for name in arrays)
        self._number = first_number
        self._max_record = max_record

    def __iter__(self) -> Iterator[Record | Wrapper]:
        parts: list[bytes] = []  # of a line that has not ended yet; joined once, so a long line costs linear time
        size = 0
        offset = self.position
        oversized: _LongLine | None = None
        bom = self.position == 0
        while block := self._stream.read(_BLOCK):
            self.position += len(block)
            if bom:
                while len(block) < len(BOM) and (more := self._stream.read(_BLOCK)):
                    self.position += len(more)
                    block += more
                if block.startswith(BOM):
                    block = block[len(BOM) :]
                    self.resume_offset = offset = len(BOM)
                bom = False
            if oversized:
                end = block.find(b"\n")
                oversized.add(block if end < 0 else block[:end])
                if end < 0:
                    continue
                yield oversized.record(self._number, last_unterminated=False)
                self._number += 1
                offset = oversized.behind + 1
                self._resume(offset)
                oversized = None
                block = block[end + 1 :]
            if not block:
                continue
            end = block.rfind(b"\n")
            if end < 0:
                parts.append(block)
                size += len(block)
                if size > self._max_record + 1:  # one more for a carriage return
                    oversized = _LongLine(offset, parts)
                    parts, size = [], 0
                continue
            head, tail = b"".join([*parts, block[:end]]), block[end + 1 :]
            yield from self._lines(head, offset)
            offset += len(head) + 1
            self._resume(offset)
            parts, size = ([tail], len(tail)) if tail else ([], 0)
            if size > self._max_record + 1:
                oversized = _LongLine(offset, parts)
                parts, size = [], 0
        if oversized:
            yield oversized.record(self._number, last_unterminated=True)
        elif parts:
            for item in self._lines(b"".join(parts), offset):
                yield item._replace(last_unterminated=True) if isinstance(item, Record) else item

    def _resume(self, offset: int) -> None:
        self.resume_offset = offset
        self.resume_number = self._number - 1

    def _lines(self, data: bytes, offset: int) -> Iterator[Record | Wrapper]:
        """The records of whole lines, joined by newlines and without the last one."""
        if self._names and any(name in data for name in self._names):
            yield from self._wrapped_lines(data, offset)
            return
        number, largest = self._number, self._max_record
        plain = b"\r" not in data
        for line in data.split(b"\n"):
            length = len(line)
            raw = line if plain or line[-1:] != b"\r" else line[:-1]
            if length <= largest:
                yield Record(number, offset, len(raw), raw, record_digest(raw))
            else:
                yield self._whole(number, offset, raw)
            number += 1
            offset += length + 1
        self._number = number

    def _whole(self, number: int, offset: int, raw: bytes) -> Record:
        if len(raw) <= self._max_record:
            return Record(number, offset, len(raw), raw, record_digest(raw))
        stretch = Stretch(offset)
        stretch.add(raw)
        return stretch.record(number)

    def _wrapped_lines(self, data: bytes, offset: int) -> Iterator[Record | Wrapper]:
        for line in data.split(b"\n"):
            raw = line.removesuffix(b"\r")
            if len(raw) <= self._max_record and self._is_wrapper(raw):
                inner = ValueSplitter(_Once(raw), self._arrays, offset, self._number, self._max_record)
                yield from inner
                self._number = inner.number
            else:
                yield self._whole(self._number, offset, raw)
                self._number += 1
            offset += len(line) + 1

    def _is_wrapper(self, raw: bytes) -> bool:
        if not any(name in raw for name in self._names):
            return False
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return False
        return is_wrapper(value, self._arrays)


class _LongLine:
    """A line beyond the limit, hashed as it comes; one carriage return at its end is not part of it."""

    def __init__(self, offset: int, parts: list[bytes]) -> None:
        self._stretch = Stretch(offset)
        self._return = False
        for part in parts:
            self.add(part)

    def add(self, data: bytes) -> None:
        if not data:
            return
        if self._return:
            self._stretch.add(b"\r")
        self._return = data.endswith(b"\r")
        self._stretch.add(data[:-1] if self._return else data)

    @property
    def behind(self) -> int:
        """Offset of what stands behind the line: its newline."""
        return self._stretch.end + self._return

    def record(self, number: int, *, last_unterminated: bool) -> Record:
        return self._stretch.record(number, last_unterminated=last_unterminated)


class _Once:
    """Bytes in memory as a stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, n: int, /) -> bytes:
        out, self._data = self._data[:n], self._data[n:]
        return out
