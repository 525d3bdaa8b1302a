"""Records with a length prefix, as the OpenTelemetry Collector's file exporter writes them.

Source: exporter/fileexporter, README.md and file_writer.go of opentelemetry-collector-contrib: every message is
preceded by its length as 4 bytes, big-endian; with `compression: zstd` each message is a zstd frame of its own.
The message is JSON or, with `format: proto`, Protocol Buffers: a message whose first field is a list of messages.
Nothing marks the start of a frame, so after damage the next frame is one that looks like it (a small length, then JSON,
the zstd magic or such a message) and is followed by another one or by the end.

Besides: `varint-prefixed`, as `writeDelimitedTo` of the libraries of Protocol Buffers writes messages (the length is a
varint), and `message`, the whole source as one message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditrail.containers import compression, wire
from auditrail.containers.records import Readable, Record, Wrapper
from auditrail.containers.stretch import Buffer, Stretch
from auditrail.digest import record_digest
from auditrail.errors import UnreadableError

PREFIX = 4
ZSTD = b"\x28\xb5\x2f\xfd"
# Frames longer than 2^27 bytes are beyond every limit, so the first byte of a length is small.
_FRAME = re.compile(rb"(?s)(?=([\x00-\x07]...)(?:[{\[\x0a]|\x28\xb5\x2f\xfd))")
_MESSAGE = re.compile(rb"[{\[\x0a]|\x28\xb5\x2f\xfd")
_LISTS = 0x0A  # the first byte of a message that begins with its field 1, of wire type 2
_LONGEST_VARINT = 10


class _Splitter:
    """What every splitter here keeps of its stream; see `splitting.Splitter` for the attributes."""

    def __init__(self, stream: Readable, start: int, first_number: int, max_record: int) -> None:
        self.resume_offset: int | None = start
        self.resume_number = first_number - 1
        self.unclosed = False
        self._buffer = Buffer(stream, start)
        self._number = first_number
        self._max_record = max_record

    @property
    def position(self) -> int:
        return self._buffer.end


class FrameSplitter(_Splitter):
    """Splits a stream into frames; see `splitting.Splitter` for the attributes."""

    def __iter__(self) -> Iterator[Record | Wrapper]:
        buffer = self._buffer
        at = buffer.base
        certain = True  # until damage: behind it, where a frame starts is a guess
        while buffer.want(at, 1):
            size = self._size(at)
            if size is not None and buffer.want(at, PREFIX + size):
                payload = buffer.cut(at + PREFIX, at + PREFIX + size)
                yield self._message(at + PREFIX, payload)
                at += PREFIX + size
            else:
                found = self._resync(at)
                record, at = found
                certain = not buffer.eof or at < buffer.end
                yield record
            self._number += 1
            if certain:
                self.resume_offset, self.resume_number = at, self._number - 1

    def _size(self, at: int) -> int | None:
        if not self._buffer.want(at, PREFIX):
            return None
        size = int.from_bytes(self._buffer.cut(at, at + PREFIX), "big")
        return size if size <= self._max_record else None

    def _message(self, offset: int, payload: bytes) -> Record:
        message, defect = payload, None
        if payload.startswith(ZSTD):
            message, defect = self._expand(payload)
        return Record(self._number, offset, len(payload), message, record_digest(payload), defect=defect)

    def _expand(self, payload: bytes) -> tuple[bytes, str | None]:
        blocks: list[bytes] = []
        size = 0
        try:
            with compression.open_memory(payload) as stream:
                while block := stream.read(1 << 20):
                    blocks.append(block)
                    size += len(block)
                    if size > self._max_record:
                        return payload, "oversized"
                defect = stream.defect
        except UnreadableError:
            return payload, "oversized"
        return (payload, "broken-frame") if defect else (b"".join(blocks), None)

    def _resync(self, start: int) -> tuple[Record, int]:
        """A record of the damaged bytes from `start`, and where the next frame begins (or the end)."""
        buffer = self._buffer
        torn = buffer.end - start <= self._max_record and bool(
            _MESSAGE.match(buffer.data, start + PREFIX - buffer.base)
        )
        stretch: Stretch | None = None
        at = start + 1
        while True:
            for match in _FRAME.finditer(buffer.data, at - buffer.base):
                place = buffer.base + match.start()
                if self._plausible(place, int.from_bytes(match[1], "big")):
                    return self._damaged(start, place, stretch, "broken-frame"), place
            at = max(at, buffer.end - PREFIX - len(ZSTD))
            if buffer.end - start > self._max_record:
                stretch = stretch or Stretch(start)
                stretch.take(buffer, at)
            if not buffer.more(stretch.end if stretch else start):
                break
        if torn:
            start += min(PREFIX, buffer.end - start)
        return self._damaged(start, buffer.end, stretch, "torn-tail" if torn else "broken-frame"), buffer.end

    def _plausible(self, place: int, size: int) -> bool:
        """Whether a frame at `place` is followed by another or by the end, as far as the buffer shows."""
        buffer = self._buffer
        end = place + PREFIX + size
        if size > self._max_record:
            return False
        begin = place + PREFIX - buffer.base
        if buffer.data[begin] == _LISTS:
            close = min(begin + size, len(buffer.data))
            if not wire.is_list(buffer.data, begin, close, cut=begin + size > close):
                return False
        if end + PREFIX >= buffer.end:
            return not buffer.eof or end == buffer.end
        return bool(_FRAME.match(buffer.data, end - buffer.base))

    def _damaged(self, start: int, end: int, stretch: Stretch | None, defect: str) -> Record:
        return _cut(self._buffer, start, end, self._number, stretch, defect)


class VarintSplitter(_Splitter):
    """Splits a stream into messages, each behind its length as a varint; see `splitting.Splitter` for the attributes.

    Behind damage no start of a message can be told, so what is left is one record.
    """

    def __iter__(self) -> Iterator[Record | Wrapper]:
        buffer = self._buffer
        at = buffer.base
        while buffer.want(at, 1):
            buffer.want(at, _LONGEST_VARINT)
            try:
                size, begin = wire.varint(buffer.data, at - buffer.base, len(buffer.data))
            except wire.WireError as error:
                yield _rest(buffer, at, self._number, self._max_record, "torn-tail" if error.cut else "broken-frame")
                return
            begin += buffer.base
            if size > self._max_record or not buffer.want(begin, size):
                yield _rest(buffer, begin, self._number, self._max_record, "torn-tail")
                return
            payload = buffer.cut(begin, begin + size)
            yield Record(self._number, begin, size, payload, record_digest(payload))
            at = begin + size
            self.resume_offset, self.resume_number = at, self._number
            self._number += 1


class MessageSplitter(_Splitter):
    """The whole stream as one record; see `splitting.Splitter` for the attributes."""

    def __iter__(self) -> Iterator[Record | Wrapper]:
        self.resume_offset = None  # a message that grew is another one
        start = self._buffer.base
        if self._buffer.want(start, 1):
            yield _rest(self._buffer, start, self._number, self._max_record, None)


def _rest(buffer: Buffer, start: int, number: int, max_record: int, defect: str | None) -> Record:
    """One record of all that is left of a stream."""
    stretch: Stretch | None = None
    while True:
        if buffer.end - start > max_record:
            stretch = stretch or Stretch(start)
            stretch.take(buffer, buffer.end)
        if not buffer.more(stretch.end if stretch else start):
            break
    return _cut(buffer, start, buffer.end, number, stretch, defect)


def _cut(buffer: Buffer, start: int, end: int, number: int, stretch: Stretch | None, defect: str | None) -> Record:
    """A record of all bytes from `start` to `end`, or of the stretch that they were hashed into for their length."""
    if stretch:
        stretch.take(buffer, end)
        return stretch.record(number)
    raw = buffer.cut(start, end)
    return Record(number, start, len(raw), raw, record_digest(raw), defect=defect)
