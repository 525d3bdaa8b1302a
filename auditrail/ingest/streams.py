"""A source on its way in: its name, its first bytes, and how far it was read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditrail.containers import limits

_EXTENSIONS = re.compile(r"(?:\.(?:jsonl|ndjson|json|log|txt|gz|gzip|zst|zstd|bz2|xz|out))+\Z", re.IGNORECASE)


@dataclass
class Progress:
    """Told how far a load is: `start(shown, size)`, then `advance(bytes)` of the file as found."""

    start: Callable[[str, int], None] = lambda _shown, _size: None
    advance: Callable[[int], None] = lambda _bytes: None


def read_head(stream: Any) -> bytes:
    """The first bytes of a source, as many as `framing.look` is given."""
    parts: list[bytes] = []
    left = limits.HEAD_BYTES
    while left > 0:
        block = stream.read(left)
        if not block:
            break
        parts.append(block)
        left -= len(block)
    return b"".join(parts)


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
