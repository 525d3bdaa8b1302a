"""A source on its way in: its name, its first bytes, and how far it was read."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditrail.containers import limits
from auditrail.containers.records import Readable

_EXTENSIONS = re.compile(
    r"(?:\.(?:jsonl|ndjson|json|log|txt|gz|gzip|zst|zstd|bz2|xz|out|csv|tsv|parquet|pb))+\Z", re.IGNORECASE
)


@dataclass
class Progress:
    """Told how far a load is: `start(shown, size)`, then `advance(bytes)` of the file as found."""

    start: Callable[[str, int], None] = lambda _shown, _size: None
    advance: Callable[[int], None] = lambda _bytes: None


def read_head(stream: Readable) -> bytes:
    """The first bytes of a source, as many as `framing.look` is given."""
    return read_fully(stream, limits.HEAD_BYTES)


def read_fully(stream: Readable, size: int) -> bytes:
    """So many bytes of a stream whose `read` may give fewer; less only at its end."""
    parts: list[bytes] = []
    left = size
    while left > 0 and (block := stream.read(left)):
        parts.append(block)
        left -= len(block)
    return b"".join(parts)


@contextmanager
def uncollected() -> Iterator[None]:
    """Does not look for circles in memory meanwhile: what is parsed has none, and there is a lot of it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def stream_name(shown: str) -> str:
    """The name of a stream where nothing inside names it: the file's name without its extensions."""
    name = Path(shown).name
    return _EXTENSIONS.sub("", name) or name


class Counting:
    """Passes a stream on, counts its bytes, and tells the progress display how much of the file was consumed."""

    def __init__(self, stream: Any, progress: Progress) -> None:
        self._stream = stream
        self._progress = progress
        self._told = 0
        self.count = 0

    def read(self, size: int) -> bytes:
        block: bytes = self._stream.read(size)
        self.count += len(block)
        consumed = self._stream.consumed
        self._progress.advance(consumed - self._told)
        self._told = consumed
        return block
