"""A ZIP that is the same for the same files: sorted, all of 1980-01-01, no extra fields, each size in its own header.

Files are deflated in pieces, on all cores: a piece ends at a byte (as `pigz` does it), so pieces put one behind the
other are one stream. What is compressed already (Parquet, PDF) is stored. ZIP64 stands only where a size needs it.
The format is that of PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

_LEVEL = 2
_PIECE = 1 << 20
_STORED, _DEFLATED = 0, 8
_COMPRESSED = (".parquet", ".pdf", ".gz", ".zst", ".bz2", ".xz", ".zip", ".png")
_UTF8 = 1 << 11
# 1980-01-01, the first day that MS-DOS knows, at midnight.
_TIME, _DATE = 0, (0 << 9) | (1 << 5) | 1
_MADE_BY = (3 << 8) | 45  # Unix: the attributes below are a mode
_MODE = 0o100644 << 16
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_MOST, _MOST_FILES = 0xFFFFFFFF, 0xFFFF


class Packed(NamedTuple):
    """A file made ready for an archive: how, its CRC-32, its sizes packed and whole, and where the packed bytes are."""

    method: int
    crc: int
    packed: int
    size: int
    body: Path


class _Member(NamedTuple):
    name: bytes
    file: Packed
    at: int


def pack(name: str, path: Path, target: Path, pool: ThreadPoolExecutor) -> Packed:
    """Deflates a file into `target`, or leaves it where it would not get smaller.

    Args:
        name: its path in the archive.
        path: the file.
        target: a file that is made if need be.
        pool: deflates the pieces.
    """
    size = path.stat().st_size
    crc = packed = 0
    if name.endswith(_COMPRESSED) or size == 0:
        with path.open("rb") as file:
            while block := file.read(_PIECE):
                crc = zlib.crc32(block, crc)
        return Packed(_STORED, crc, size, size, path)
    with path.open("rb") as file, target.open("wb") as out:
        for block, piece in _pieces(pool, file):
            crc = zlib.crc32(block, crc)
            packed += out.write(piece)
    return Packed(_DEFLATED, crc, packed, size, target)


def write(out: BinaryIO, files: Iterable[tuple[str, Packed]]) -> None:
    """Writes an archive.

    Args:
        out: where to.
        files: path in the archive, and what `pack` made of the file, in the order of the archive.
    """
    members: list[_Member] = []
    at = 0
    for name, file in files:
        member = _Member(name.encode(), file, at)
        header = _local(member)
        out.write(header)
        with file.body.open("rb") as body:
            while block := body.read(_PIECE):
                out.write(block)
        at += len(header) + file.packed
        members.append(member)
    central = b"".join(_central(member) for member in members)
    out.write(central)
    out.write(_end(len(members), len(central), at))


def _pieces(pool: ThreadPoolExecutor, file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    waiting: deque[tuple[bytes, Future[bytes]]] = deque()
    block = file.read(_PIECE)
    while block:
        behind = file.read(_PIECE)
        waiting.append((block, pool.submit(_deflate, block, not behind)))
        block = behind
        if len(waiting) > 8:
            first, made = waiting.popleft()
            yield first, made.result()
    for first, made in waiting:
        yield first, made.result()


def _deflate(block: bytes, last: bool) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    return packer.compress(block) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


def _local(one: _Member) -> bytes:
    file = one.file
    large = file.size >= _MOST or file.packed >= _MOST
    extra = struct.pack("<2H2Q", 1, 16, file.size, file.packed) if large else b""
    sizes = (_MOST, _MOST) if large else (file.packed, file.size)
    head = _LOCAL.pack(
        b"PK\x03\x04",
        45 if large else 20,
        _UTF8,
        file.method,
        _TIME,
        _DATE,
        file.crc,
        *sizes,
        len(one.name),
        len(extra),
    )
    return head + one.name + extra


def _central(one: _Member) -> bytes:
    file = one.file
    large = file.size >= _MOST or file.packed >= _MOST
    far = one.at >= _MOST
    values = [*((file.size, file.packed) if large else ()), *((one.at,) if far else ())]
    extra = struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    sizes = (_MOST, _MOST) if large else (file.packed, file.size)
    head = _CENTRAL.pack(
        b"PK\x01\x02", _MADE_BY, 45 if values else 20, _UTF8, file.method, _TIME, _DATE, file.crc, *sizes,
        len(one.name), len(extra), 0, 0, 0, _MODE, _MOST if far else one.at,
    )  # fmt: skip
    return head + one.name + extra


def _end(count: int, size: int, at: int) -> bytes:
    made = b""
    if count >= _MOST_FILES or size >= _MOST or at >= _MOST:
        made = _END64.pack(b"PK\x06\x06", 44, _MADE_BY, 45, 0, 0, count, count, size, at)
        made += _LOCATOR.pack(b"PK\x06\x07", 0, at + size, 1)
    few = min(count, _MOST_FILES)
    return made + _END.pack(b"PK\x05\x06", 0, 0, few, few, min(size, _MOST), min(at, _MOST), 0)
