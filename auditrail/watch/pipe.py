"""Standard input as a log: a thread reads it, and waits while the watch is busy with what it has."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from typing import Any

from auditrail.containers.compression import detect
from auditrail.errors import UsageError
from auditrail.watch.feed import HEAD, Feed, Read
from auditrail.watch.log import Settings

_BLOCK = 256 << 10
_WAITING = 8


class Pipe:
    """Reads a file descriptor to its end. As a log it has no size, no state, and is never behind.

    Attributes:
        ended: all of it was read. ts, ts_last, records: see `eventtime.Timed`.
    """

    def __init__(self, handle: int, settings: Settings, wake: Any) -> None:
        self.shown = self.name = "-"
        self.key = (-1, -1)
        self.feed = Feed("-", "stdin", settings.reader, settings.mapping("-"))
        self.ts = self.ts_last = self.records = 0
        self.error: str | None = None
        self.behind = False
        self.offset = 0
        self.ended = False
        self._begun = b""
        self._blocks: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._wake = wake
        self._thread = threading.Thread(target=self._work, args=(handle,), name="auditrail-stdin", daemon=True)
        self._thread.start()

    def _work(self, handle: int) -> None:
        while True:
            try:
                block = os.read(handle, _BLOCK)
            except OSError:
                block = b""
            self._blocks.put(block or None)
            self._wake()
            if not block:
                return

    def take(self) -> Iterator[Read]:
        """The records of what has come; does not wait.

        Raises:
            UsageError: it is compressed, or one document: nothing in it can be read before its end.
        """
        for _ in range(_WAITING):
            try:
                block = self._blocks.get_nowait()
            except queue.Empty:
                return
            if block is None:
                self.ended = True
                return
            self.offset += len(block)
            yield from self._block(block)

    def _block(self, block: bytes) -> Iterator[Read]:
        if not self.feed.undecided:
            yield from self.feed.take(block)
            return
        self._begun += block
        if detect(self._begun[:64]) is not None:
            raise UsageError("standard input is compressed", hint="unpack it first: zcat LOG.gz | auditrail watch -")
        self.feed.begin(self._begun)
        if self.feed.document:
            raise UsageError("standard input is no log of lines", hint="auditrail ingest - reads whole documents")
        if self.feed.undecided and b"\n" not in self._begun and len(self._begun) < HEAD:
            return
        begun, self._begun = self._begun, b""
        yield from self.feed.take(begun)

    def finish(self) -> Iterator[Read]:
        """What is left at the end: a line without its newline."""
        if self._begun:
            begun, self._begun = self._begun, b""
            self.feed.begin(begun, complete=True)
            yield from self.feed.take(begun)
        yield from self.feed.finish()
