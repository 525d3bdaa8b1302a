"""Hashes of evidence: blake3 of records and files."""

from __future__ import annotations

from pathlib import Path

from blake3 import blake3

_CHUNK = 1 << 22


def record_digest(raw: bytes | bytearray | memoryview) -> bytes:
    """The 32 bytes of blake3 over a record."""
    return blake3(raw).digest()


def file_digest(path: Path, size: int) -> str:
    """Hex blake3 over the first `size` bytes of a file (a log may grow while it is read).

    Raises:
        OSError: the file cannot be read.
    """
    hasher = blake3(max_threads=blake3.AUTO)
    left = size
    with path.open("rb") as stream:
        while left > 0:
            block = stream.read(min(_CHUNK, left))
            if not block:
                break
            hasher.update(block)
            left -= len(block)
    return hasher.hexdigest()
