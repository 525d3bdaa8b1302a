"""The bytes that splitters work on: a sliding buffer, and a stretch that is hashed because it is too long to hold."""

from __future__ import annotations

from blake3 import blake3

from auditrail.containers import limits
from auditrail.containers.records import Readable, Record

BLOCK = 1 << 20
# How much white space before a byte is looked at: for its indentation, and for what stands before it.
LOOK_BACK = 256
BOM = b"\xef\xbb\xbf"
# A buffer that keeps much reads in larger steps, so that growing it stays linear; not beyond this, to bound memory.
_LARGEST_STEP = 16 << 20


class Buffer:
    """A window on a stream. All positions are offsets in the source; `base` is that of `data[0]`."""

    __slots__ = ("_stream", "base", "data", "end", "eof")

    def __init__(self, stream: Readable, base: int) -> None:
        self._stream = stream
        self.base = base
        self.end = base
        self.data = b""
        self.eof = False

    def more(self, keep: int) -> bool:
        """Lets go of what lies before `keep` and reads on; False at the end of the stream."""
        if self.eof:
            return False
        kept = self.data[max(keep - self.base, 0) :]
        size = min(max(BLOCK, len(kept)), _LARGEST_STEP)
        blocks = [kept]
        while size > 0 and (block := self._stream.read(size)):
            blocks.append(block)
            size -= len(block)
        self.base = self.end - len(kept)
        self.data = b"".join(blocks)
        self.end = self.base + len(self.data)
        self.eof = size > 0
        return len(blocks) > 1

    def want(self, start: int, size: int) -> bool:
        """Whether `size` bytes from `start` are there, after reading on as far as needed."""
        while self.end - start < size and self.more(start):
            pass
        return self.end - start >= size

    def cut(self, start: int, end: int) -> bytes:
        return self.data[start - self.base : end - self.base]


class Stretch:
    """A record too long to hold: its first bytes, its length and its digest."""

    __slots__ = ("_hasher", "end", "head", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start
        self.head = b""
        self._hasher = blake3()

    def add(self, data: bytes) -> None:
        if len(self.head) < limits.QUARANTINE_HEAD:
            self.head += data[: limits.QUARANTINE_HEAD - len(self.head)]
        self._hasher.update(data)
        self.end += len(data)

    def take(self, buffer: Buffer, end: int) -> None:
        """Adds what the buffer holds, up to `end`."""
        if end > self.end:
            self.add(buffer.cut(self.end, end))

    def record(self, number: int, *, last_unterminated: bool = False) -> Record:
        return Record(
            number,
            self.start,
            self.end - self.start,
            self.head,
            self._hasher.digest(),
            defect="oversized",
            last_unterminated=last_unterminated,
        )
