"""tar archives, read from a stream in one pass: ustar, GNU (long names, base-256 sizes), pax (path, size), and v7.

Header layout after POSIX.1-2017, pax: blocks of 512 bytes; name 0..99, size 124..135, checksum 148..155, type 156,
magic 257, prefix 345..499. A header counts only if its checksum is right, so that no log is taken for an archive.
Links, devices and sparse files are named and not opened; folders and global headers are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from auditrail.containers import limits
from auditrail.containers.records import Readable

BLOCK = 512
_FOLDERS, _FILES, _GLOBAL = b"5D", b"0\x007", b"gVMI"
_LINKS = {b"1": "a hard link, not followed", b"2": "a symbolic link, not followed"}
_DEVICES = b"346"
_PAX = re.compile(rb"(\d{1,20}) ([^=\n]{1,200})=")
_LONGEST_SHOWN = 4096


class TarEntry(NamedTuple):
    """One member; `error` says why its content is not to be read (else None)."""

    name: str
    size: int
    error: str | None


def is_header(block: bytes) -> bool:
    """Whether a block is the header of a tar member."""
    if len(block) < BLOCK or not block[0]:
        return False
    told, summed = block[148:156], sum(block) - sum(block[148:156]) + 8 * ord(" ")
    return _octal(told) == summed and _number(block[124:136]) is not None


class TarReader:
    """The members one after another; between two of them, `read` gives the content of the first.

    Attributes:
        damage: why the archive ends early, or None; known once `entries` has ended.
        defect: why the member that was read last ends early, or None.
    """

    def __init__(self, stream: Readable) -> None:
        self.damage: str | None = None
        self.defect: str | None = None
        self._stream = stream
        self._left = 0
        self._padding = 0

    def read(self, n: int, /) -> bytes:
        block = self._stream.read(min(n, self._left)) if self._left else b""
        if self._left and not block:
            self.defect = "the archive ends inside this member"
            self._left = 0
        self._left -= len(block)
        return block

    def entries(self) -> Iterator[TarEntry]:
        """All members but folders. What was not read of one is left out when the next is asked for."""
        name: bytes | None = None
        size: int | None = None
        while (block := self._header()) is not None:
            kind = block[156:157]
            told = _number(block[124:136]) or 0
            if kind in (b"L", b"K", b"x") and told <= limits.TAR_HEADER:
                self._take(told)
                raw = self._content(told)
                if kind == b"L":
                    name = raw.rstrip(b"\0")
                elif kind == b"x":
                    pax = dict(_pax(raw))
                    name = pax.get(b"path", name)
                    text = pax.get(b"size", b"")
                    size = int(text) if text.isdigit() and len(text) < 20 else size
                    if any(key.startswith(b"GNU.sparse") for key in pax):
                        kind = b"S"
                if kind != b"S":
                    continue
            self._take(size if size is not None else told)
            made = _shown(name if name is not None else _name(block))
            name = size = None
            if kind in _FOLDERS or kind in _GLOBAL:
                continue
            yield TarEntry(made, self._left, _refused(kind))

    def _take(self, size: int) -> None:
        self._left, self._padding = size, -size % BLOCK
        self.defect = None

    def _content(self, size: int) -> bytes:
        parts = []
        while size and (block := self.read(size)):
            parts.append(block)
            size -= len(block)
        return b"".join(parts)

    def _header(self) -> bytes | None:
        while self._left and self.read(1 << 20):
            pass
        cut = self.defect
        self._take(self._padding)
        self._padding = 0
        self._content(self._left)
        self._take(BLOCK)
        block = self._content(BLOCK)
        self.defect = None
        if cut:
            self.damage = "it ends inside a member"
        elif len(block) < BLOCK:
            self.damage = "it ends inside a header" if block else "the blocks that end it are missing"
        elif not block.strip(b"\0"):
            pass
        elif is_header(block):
            return block
        else:
            self.damage = "what stands behind a member is no header"
        return None


def _refused(kind: bytes) -> str | None:
    if kind in _FILES:
        return None
    if kind in _LINKS:
        return _LINKS[kind]
    return "not a regular file" if kind in _DEVICES else "a sparse file, or of a type that is not known: not opened"


def _number(field: bytes) -> int | None:
    """Octal text, or base 256 where the highest bit of the first byte is set; None for what is neither."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    return _octal(field)


def _octal(field: bytes) -> int | None:
    text = field.strip(b" \0")
    try:
        return int(text or b"0", 8) if text[:1] not in (b"-", b"+") and b"_" not in text else None
    except ValueError:
        return None


def _pax(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while match := _PAX.match(raw, at):
        end = at + int(match[1])
        if end <= match.end():
            return
        yield match[2], raw[match.end() : end - 1]
        at = end


def _name(block: bytes) -> bytes:
    name = block[:100].split(b"\0")[0]
    prefix = block[345:500].split(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _shown(name: bytes) -> str:
    return name[:_LONGEST_SHOWN].decode("utf-8", "backslashreplace").replace("\0", "\\x00")
