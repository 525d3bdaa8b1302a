r"""zip archives, read by their directory, or by the headers of their members where the directory is gone.

Structures after PKWARE's APPNOTE 6.3: end of central directory `PK\5\6` (zip64: `PK\6\7` before it leads to
`PK\6\6`), central directory entry `PK\1\2`, local header `PK\3\4`, data descriptor `PK\7\8`. Methods 0
(stored), 8 (deflate), 12 (bzip2) and 93 or 20 (zstd) are read. A crashed writer leaves no directory: then members are
found by their local headers, and a size that stands only behind the data is found by its descriptor.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, Self

from auditrail.containers import limits
from auditrail.containers.compression import open_one

LOCAL = struct.Struct("<4sHHHHHLLLHH")
CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
END = struct.Struct("<4sHHHHLLH")
END64 = struct.Struct("<4sQHHLLQQQQ")
LOCATOR64 = struct.Struct("<4sLQL")
LOCAL_MAGIC = b"PK\x03\x04"
_MAGICS = (LOCAL_MAGIC, b"PK\x05\x06", b"PK\x07\x08")
_LONGEST_COMMENT = 65535
_ALL_ONES = 0xFFFFFFFF
# Places where the directory may end: a comment can feign thousands, and each is followed through the whole directory.
_TRIED = 8
_BLOCK = 1 << 20

STORED, DEFLATE, _BZIP2, _ZSTD = 0, 8, 12, (93, 20)
_METHODS = {1: "shrink", 6: "implode", 9: "deflate64", 14: "LZMA", 95: "xz", 98: "PPMd", 99: "AES encryption"}
_COMPRESSIONS = {DEFLATE: "gzip", _BZIP2: "bzip2", **dict.fromkeys(_ZSTD, "zstd")}
ENCRYPTED, SIZE_BEHIND, _UTF8 = 1, 8, 1 << 11

# Deflated data read as gzip: this header before it, checksum and size behind it.
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


class Entry(NamedTuple):
    """One member: where its data stands, or `error`, why it cannot be read. `crc` is None where it is not known."""

    name: str
    method: int
    start: int
    packed: int
    size: int
    crc: int | None
    error: str | None


def is_zip(first: bytes) -> bool:
    """Whether the first four bytes are those of a zip archive."""
    return first[:4] in _MAGICS


def entries(file: IO[bytes], size: int) -> tuple[Iterator[Entry], bool]:
    """The members without folders, and whether the archive's directory was there to tell them."""
    found = directory(file, size)
    if found is None:
        return _searched(file, size), False
    return _listed(file, size, *found), True


# -- the directory -----------------------------------------------------------------------------------------------


def directory(file: IO[bytes], size: int) -> tuple[int, int, int] | None:
    """Start and end of the directory, and how far all offsets are off (by what was put before the archive)."""
    tail_at = max(0, size - END.size - _LONGEST_COMMENT)
    file.seek(tail_at)
    tail = file.read(size - tail_at)
    at = len(tail)
    tried = 0
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0 and tried < _TRIED:
        tried += 1
        if at + END.size <= len(tail):
            *_, length, offset, _comment = END.unpack_from(tail, at)
            end = tail_at + at
            # A count above 65,535 alone takes it, too: length and offset are then told here as well.
            if found := _directory64(file, end):
                length, offset, end = found
            start = end - length
            if start >= 0 and _is_sound(file, start, end):
                return start, end, start - offset
    return None


def _directory64(file: IO[bytes], end: int) -> tuple[int, int, int] | None:
    raw = _at(file, end - LOCATOR64.size, LOCATOR64.size)
    if len(raw) < LOCATOR64.size or raw[:4] != b"PK\x06\x07":
        return None
    at = LOCATOR64.unpack(raw)[2]
    raw = _at(file, at, END64.size)
    if len(raw) < END64.size or raw[:4] != b"PK\x06\x06":
        return None
    *_, length, offset = END64.unpack(raw)
    return length, offset, at


def _is_sound(file: IO[bytes], at: int, end: int) -> bool:
    """Whether entry follows entry up to the end: a damaged directory is worth less than the members' own headers."""
    while at < end:
        raw = _at(file, at, CENTRAL.size)
        if len(raw) < CENTRAL.size or raw[:4] != b"PK\x01\x02":
            return False
        at += CENTRAL.size + sum(struct.unpack_from("<HHH", raw, 28))
    return at == end


def _listed(file: IO[bytes], size: int, at: int, end: int, shift: int) -> Iterator[Entry]:
    while at < end:
        (_, _, _, flags, method, _, _, crc, packed, unpacked, names, extras, comments, _, _, _, offset) = (
            CENTRAL.unpack(_at(file, at, CENTRAL.size))
        )
        more = _at(file, at + CENTRAL.size, names + extras)
        at += CENTRAL.size + names + extras + comments
        name, extra = decoded(more[:names], flags), more[names:]
        unpacked, packed, offset = wide(extra, unpacked, packed, offset)
        if name.endswith("/") and not unpacked:
            continue
        yield _placed(file, size, name, flags, method, crc, packed, unpacked, offset + shift)


def wide(extra: bytes, *values: int) -> tuple[int, ...]:
    """Sizes and offset: where a 32-bit field is all ones, the zip64 field (1) holds the next of them."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            whole = min(length, len(extra) - at - 4) // 8 * 8
            held = [value for (value,) in struct.iter_unpack("<Q", extra[at + 4 : at + 4 + whole])]
            return tuple(held.pop(0) if value == _ALL_ONES and held else value for value in values)
        at += 4 + length
    return values


def _placed(
    file: IO[bytes], size: int, name: str, flags: int, method: int, crc: int, packed: int, unpacked: int, at: int
) -> Entry:  # fmt: skip
    raw = _at(file, at, LOCAL.size)
    if len(raw) < LOCAL.size or raw[:4] != LOCAL_MAGIC:
        return _failed(name, "the archive has no such member at the place that its directory tells")
    names, extras = LOCAL.unpack(raw)[-2:]
    start = at + LOCAL.size + names + extras
    return Entry(name, method, start, max(0, min(packed, size - start)), unpacked, crc, _refused(flags, method))


def _refused(flags: int, method: int) -> str | None:
    if flags & ENCRYPTED:
        return "the member is encrypted"
    if method != STORED and method not in _COMPRESSIONS:
        return f"compression method {method} ({_METHODS.get(method, 'unknown')}) of the zip member is not supported"
    return None


# -- without a directory -----------------------------------------------------------------------------------------


def _searched(file: IO[bytes], size: int) -> Iterator[Entry]:
    at = 0
    while (at := _find(file, LOCAL_MAGIC, at, size)) >= 0:
        raw = _at(file, at, LOCAL.size)
        if len(raw) < LOCAL.size:
            return
        _, _, flags, method, _, _, crc, packed, unpacked, names, extras = LOCAL.unpack(raw)
        more = _at(file, at + LOCAL.size, names + extras)
        name = decoded(more[:names], flags)
        start = at + LOCAL.size + names + extras
        unpacked, packed = wide(more[names:], unpacked, packed)
        known: int | None = crc
        if flags & SIZE_BEHIND and not packed:
            packed, unpacked, known = _described(file, start, size)
        cut = start + packed > size
        at = min(start + packed, size)
        if not (name.endswith("/") and not unpacked):
            yield Entry(name, method, start, at - start, unpacked, None if cut else known, _refused(flags, method))


def _described(file: IO[bytes], start: int, size: int) -> tuple[int, int, int | None]:
    """Sizes and checksum from the descriptor behind the data; without one, the data reaches to the end."""
    at = start
    while (at := _find(file, b"PK\x07\x08", at, size)) >= 0:
        raw = _at(file, at, 24)
        for form in ("<4sLLL", "<4sLQQ"):
            if len(raw) >= struct.calcsize(form):
                _, crc, packed, unpacked = struct.unpack_from(form, raw)
                if packed == at - start:
                    return packed, unpacked, crc
        at += 4
    return size - start + 1, 0, None  # beyond the end: cut off


def _find(file: IO[bytes], magic: bytes, at: int, size: int) -> int:
    while at < size:
        block = _at(file, at, min(_BLOCK, size - at))
        found = block.find(magic)
        if found >= 0:
            return at + found
        if len(block) <= len(magic):
            return -1
        at += len(block) - len(magic) + 1
    return -1


# -- a member's content ------------------------------------------------------------------------------------------


class Data(io.RawIOBase):
    """A stretch of a file with bytes put before and behind it, readable once."""

    def __init__(self, path: Path, start: int, length: int, before: bytes = b"", behind: bytes = b"") -> None:
        self._file = path.open("rb", buffering=0)
        self._file.seek(start)
        self._left = length
        self._before, self._behind = before, behind

    def read(self, n: int = -1, /) -> bytes:
        if self._before:
            out, self._before = self._before[:n], self._before[n:]
            return out
        if self._left and (block := self._file.read(min(n, self._left))):
            self._left -= len(block)
            return block
        out, self._behind = self._behind[:n], self._behind[n:]
        return out

    def close(self) -> None:
        self._file.close()
        super().close()


class EntryContent:
    """What a member holds, decompressed; its size and checksum are held against what the archive says."""

    def __init__(self, path: Path, entry: Entry, max_expansion: int) -> None:
        self._entry = entry
        self._crc = self._count = 0
        self._done = False
        before = behind = b""
        if entry.method == DEFLATE:
            before = _GZIP_HEADER
            behind = struct.pack("<LL", entry.crc, entry.size & _ALL_ONES) if entry.crc is not None else b""
        length = len(before) + entry.packed + len(behind)
        self._stream = open_one(
            lambda: Data(path, entry.start, entry.packed, before, behind),
            length,
            _COMPRESSIONS.get(entry.method),
            max_expansion,
        )

    @property
    def defect(self) -> str | None:
        if not self._done:
            return None
        if self._stream.defect:
            return self._stream.defect.replace("gzip stream", "deflate stream")
        if self._entry.crc is None:
            return "the archive ends inside this member" if self._count else "the archive ends before its data"
        if self._count != self._entry.size or self._crc != self._entry.crc:
            return "size or checksum differ from what the archive says"
        return None

    def read(self, n: int, /) -> bytes:
        block = self._stream.read(n)
        self._crc = zlib.crc32(block, self._crc)
        self._count += len(block)
        self._done = self._done or not block
        return block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def open_entry(path: Path, entry: Entry, max_expansion: int = limits.MAX_EXPANSION) -> EntryContent:
    """Opens a member that has no `error`.

    Raises:
        OSError: the archive cannot be read.
    """
    return EntryContent(path, entry, max_expansion)


def _failed(name: str, error: str) -> Entry:
    return Entry(name, 0, 0, 0, 0, None, error)


def decoded(raw: bytes, flags: int) -> str:
    """The name of a member, in the encoding that its flags tell."""
    return raw.decode("utf-8", "backslashreplace") if flags & _UTF8 else raw.decode("cp437")


def _at(file: IO[bytes], at: int, length: int) -> bytes:
    if not 0 <= at < 1 << 62:  # zip64 can name places that no file has
        return b""
    file.seek(at)
    return file.read(length)
