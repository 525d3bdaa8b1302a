"""One followed log: an open file, how far it was read, and its feed.

The file stays open, so that what is written to it after it was renamed or removed is still read. It is read by place
(`pread`), and never written to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auditrail.containers.compression import detect
from auditrail.errors import UnreadableError
from auditrail.watch import feed
from auditrail.watch.feed import Feed, Read
from auditrail.watch.marks import WINDOW, Mark

# Bytes read at once: enough to be fast, few enough that other logs have their turn soon.
BLOCK = 256 << 10
# What rotation puts behind a name: `.1`, `.1.gz`, `-20260917`, `.2026-09-17-10`, `.000012`.
# A short number behind a dash is the writer's own: `agent-07.jsonl` is a log, and not the seventh of `agent.jsonl`.
_DATED = r"[.-](?:\d{6,14}|\d{4}-\d{2}-\d{2})(?:[-T.]\d{1,6}){0,4}"
_ROTATED = re.compile(rf"(?:\.\d{{1,5}}|{_DATED})?(?:\.(?:gz|zst|bz2|xz))?\Z")
_SUFFIXED = re.compile(rf"{_DATED}(?=\.(?:jsonl|ndjson|json|log|txt)\Z)")

Key = tuple[int, int]


def lineage(shown: str) -> str:
    """The name that a log had before rotation: `app.log.2.gz` and `app-20260917.log` were `app.log`."""
    folder, slash, name = shown.rpartition("/")
    base = _ROTATED.sub("", name, count=1) or name
    return folder + slash + (_SUFFIXED.sub("", base) or base)


class Settings:
    """How logs are read: the reader's name (None: by content) and the configuration's mappings for a path."""

    def __init__(self, reader: str | None = None, mappings: Any = None) -> None:
        self.reader = reader
        self._mappings = mappings

    def mapping(self, shown: str) -> tuple[Any, ...]:
        return () if self._mappings is None else tuple(self._mappings(shown))


class Log:
    """One log.

    Attributes:
        key: device and inode. shown: the path as it is told. name: what it was called before rotation.
        offset: bytes that were handed to the feed. size: bytes there are.
        finished: no more will be written to it: its last line is taken as it is. document: read as a whole.
        ts, ts_last, records: see `eventtime.Timed`.
    """

    def __init__(self, path: Path, settings: Settings, *, offset: int = 0, name: str | None = None) -> None:
        self.path = path
        self.shown = str(path).encode("utf-8", "backslashreplace").decode()
        self.name = name or lineage(self.shown)
        self.handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(self.handle)
        self.key: Key = (status.st_dev, status.st_ino)
        self.size = status.st_size
        self.mtime = status.st_mtime_ns
        self.offset = offset
        self.finished = False
        self.ts = self.ts_last = 0
        self.records = 0
        self.changed_at = 0.0
        self._stalled = -1  # size at which it held no whole line
        self.rested = -1  # size at which a document was read last
        self.error: str | None = None
        self._head = os.pread(self.handle, min(WINDOW, offset), 0) if offset else b""
        self._tail = b""
        self.feed = Feed(self.shown, feed.name_of(self.name), settings.reader, settings.mapping(self.shown), offset)
        self.compression = detect(os.pread(self.handle, 64, 0))
        if offset:
            self._tail = os.pread(self.handle, min(WINDOW, offset), max(offset - WINDOW, 0))

    @property
    def document(self) -> bool:
        return self.feed.document or self.compression is not None

    @property
    def behind(self) -> bool:
        """Whether there is more to read than was read."""
        return self.rested != self.size if self.document else self.offset < self.size != self._stalled

    def look(self) -> None:
        """Looks how large it is now."""
        status = os.fstat(self.handle)
        self.size, self.mtime = status.st_size, status.st_mtime_ns

    def was_cut(self) -> bool:
        """Whether what was read does not stand there any more: it is shorter, or begins or ends otherwise there."""
        if self.size < self.offset:
            return True
        if self.document or not self._tail:
            return False
        now = os.pread(self.handle, len(self._tail), self.offset - len(self._tail))
        return now != self._tail or os.pread(self.handle, len(self._head), 0) != self._head

    def mark(self) -> Mark:
        """How far it was read, in whole records."""
        # A line that is not whole yet, and records that wait to be joined, are read again by whoever goes on from here.
        place, number = self.feed.resume
        beyond = self.offset - place
        tail = self._tail[: len(self._tail) - beyond] if 0 < beyond < len(self._tail) else b"" if beyond else self._tail
        if beyond and not tail and place and self.handle >= 0:
            tail = os.pread(self.handle, min(WINDOW, place), max(place - WINDOW, 0))
        return Mark.of(self._head[:place], tail, place, number, self.name)

    def place(self, offset: int, size: int) -> bytes:
        """Bytes at a place of the file."""
        return os.pread(self.handle, size, offset) if offset >= 0 else b""

    def read(self) -> Iterator[Read]:
        """The next block of records.

        Raises:
            OSError, UnreadableError: it can't be read.
        """
        block = os.pread(self.handle, min(BLOCK, self.size - self.offset), self.offset)
        if not block:
            self.size = self.offset  # it was cut between two looks: the next one sees it
            return
        if self.feed.undecided and self.offset == self.feed.offset and not self._begin():
            return
        if len(self._head) < WINDOW:
            self._head += block[: WINDOW - len(self._head)]
        self.offset += len(block)
        self._tail = (self._tail + block)[-WINDOW:] if len(block) < WINDOW else block[-WINDOW:]
        yield from self.feed.take(block)

    def _begin(self) -> bool:
        """Chooses the reader. False: the log is not read line by line, or there is no whole line yet."""
        head = os.pread(self.handle, feed.HEAD, 0)
        if self.feed.begin(head):
            self._warm()
            return True
        if self.feed.document:
            return False
        if b"\n" in head:
            return True  # no reader knows it: its records are counted as such, and further lines may tell
        if len(head) < feed.HEAD:
            self._stalled = self.size  # no whole line: there is nothing to read before there is more
            return False
        self.feed.document = True
        return False

    def _warm(self) -> None:
        """After a restart: shows what joins records the beginning, and the stretch before this place."""
        if not self.offset:
            return
        begin = max(self.offset - feed.WARM, 0)
        lines = os.pread(self.handle, self.offset - begin, begin)
        if begin:
            lines = lines[lines.find(b"\n") + 1 :]
            head = os.pread(self.handle, min(feed.HEAD, begin), 0)
            lines = head[: head.rfind(b"\n") + 1] + lines
        self.feed.warm(lines)

    def whole(self) -> Iterator[Read]:
        """Reads a document from its start, and gives the records that were not given before.

        Raises:
            UnreadableError: it can't be read.
        """
        from auditrail.watch.documents import records

        size = self.size
        yield from records(self, size)
        self.rested = size

    def finish(self) -> Iterator[Read]:
        """What is left of it where no more will come."""
        self.finished = True
        yield from self.feed.finish()

    def cut(self) -> None:
        """It was emptied or written anew: it is read from its start."""
        self.offset = 0
        self._head = self._tail = b""
        old = self.feed
        self.feed = Feed(self.shown, old.stream, old._wanted, old._mapping)  # noqa: SLF001 - the same settings
        self.compression = detect(os.pread(self.handle, 64, 0))
        self.rested = -1

    def renamed(self, path: Path) -> None:
        """It is called otherwise now; its stream keeps its name."""
        self.path = path
        self.shown = self.feed.shown = str(path).encode("utf-8", "backslashreplace").decode()

    def close(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


__all__ = ["Key", "Log", "Settings", "UnreadableError", "lineage"]
