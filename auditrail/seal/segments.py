"""Segments of a sealed log on the disk: their names, how one is found again, and plain writing."""

from __future__ import annotations

import os
import re
from pathlib import Path

from auditrail.errors import SealError
from auditrail.seal import records

_BLOCK = 1 << 20


def segment_path(path: Path, segment: int) -> Path:
    """Where a finished segment lies: `audit.jsonl` becomes `audit.000001.jsonl`."""
    return path.with_name(f"{path.stem}.{segment:06d}{path.suffix}")


def last_segment(path: Path) -> tuple[str, records.Entry] | None:
    """Name and last record of the newest finished segment; None if there is none.

    Raises:
        SealError: it does not end as a segment ends.
    """
    name = re.compile(re.escape(path.stem) + r"\.\d{6}" + re.escape(path.suffix), re.ASCII)
    found = sorted(other for other in path.parent.iterdir() if name.fullmatch(other.name))
    if not found:
        return None
    with found[-1].open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _BLOCK, 0))
        raw = file.read().removesuffix(b"\n").rpartition(b"\n")[2]
    last = records.entry(raw)
    if last is None or last.kind != records.ROTATED:
        raise SealError(f"{found[-1]} does not end as a segment does", hint="look at it with: auditrail verify")
    return found[-1].name, last


def is_same(handle: int, path: Path) -> bool:
    """Whether a path still leads to the file that is open."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(handle)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def write_all(handle: int, data: bytes) -> None:
    """Writes at the end of a file that was opened to append; a part may be there when it fails."""
    while data:
        data = data[os.write(handle, data) :]


def overwrite(path: Path, place: int, data: bytes, behind: int) -> None:
    """Writes over the last `behind` bytes of a file, which begin at `place`, and cuts off what is longer."""
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)  # without O_APPEND, which would move the write
    try:
        done = 0
        while done < len(data):
            done += os.pwrite(handle, data[done:], place + done)
        if behind > len(data):
            os.ftruncate(handle, place + len(data))
    finally:
        os.close(handle)
