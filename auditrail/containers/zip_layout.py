"""The layout of a zip archive, strictly: whether it holds its members and nothing else, and one reading of each.

`zips` reads what can be read of any archive. Where an archive is evidence itself, two more things matter: that no bytes
lie in it that no member accounts for (before, between, behind, in comments), and that programs which read the
directory, and programs which read the headers of the members, see the same (PKWARE's APPNOTE 6.3, section 4.3).

1. The end of the directory stands at the end of the file, without a comment, and counts the members right.
2. The local header of each member says what the directory says of it.
3. Members, descriptors and the directory fill the file from its first byte on, without holes or shared bytes.

What other programs write otherwise without hiding anything (extra fields, times, descriptors, entries for folders) is
no fault; it is told, since it shows that the archive was packed again.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from auditrail.containers import limits, zips
from auditrail.containers.zips import CENTRAL, DEFLATE, ENCRYPTED, END, END64, LOCAL, LOCATOR64, SIZE_BEHIND, STORED
from auditrail.errors import UnreadableError

_BLOCK = 1 << 20
_DESCRIPTORS = (("<4sLLL", True), ("<4sLQQ", True), ("<LLL", False), ("<LQQ", False))
_VERSIONS = frozenset({20, 45})  # 45: it takes zip64


class Fault(NamedTuple):
    """What is wrong with the archive: at which member ("": with the archive itself), and a sentence."""

    name: str
    note: str


class Member(NamedTuple):
    """One member: where its data stands. `error`: why it can't be read."""

    name: str
    method: int
    start: int
    packed: int
    size: int
    crc: int
    error: str | None = None


@dataclass
class Layout:
    """What an archive consists of.

    Attributes:
        members: in the order of the directory, those that are folders left out.
        faults: what hides something or can be read in two ways.
        forms: sentences on what other programs than a plain writer leave behind.
        whole: whether there is a directory; without one, members were searched.
    """

    members: list[Member] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    whole: bool = True


class _Header(NamedTuple):
    """A member's entry of the directory."""

    name: str
    raw_name: bytes
    version: int
    made_by: int
    flags: int
    method: int
    stamp: tuple[int, int]
    crc: int
    packed: int
    size: int
    extra: bytes
    comment: bytes
    inner: int
    outer: int
    offset: int


def layout(path: Path, size: int, max_expansion: int = limits.MAX_EXPANSION) -> Layout:
    """The layout of an archive.

    Raises:
        OSError: the file cannot be read.
    """
    made = Layout()
    with path.open("rb") as file:
        found = zips.directory(file, size)
        if found is None:
            return _searched(file, size, made)
        begin, end, shift = found
        count = _closed(file, size, begin, end, shift, made)  # 1
        headers = list(_headers(file, begin, end))
        if count is not None and count != len(headers):
            made.faults.append(Fault("", f"its end counts {count} member(s), and its directory has {len(headers)}"))
        spans = [_member(file, header, shift, made) for header in headers]  # 2
    _holes(spans, begin, [header.name for header in headers], made)  # 3
    _forms(headers, made)
    _bound(made, size, max_expansion)
    return made


def _searched(file: IO[bytes], size: int, made: Layout) -> Layout:
    """Without a directory: what the members' own headers say."""
    made.whole = False
    made.faults.append(Fault("", "it is cut off or damaged: its directory is missing, and members were searched"))
    for entry in zips.entries(file, size)[0]:
        crc = -1 if entry.crc is None else entry.crc  # -1: the archive ends inside it, and no checksum fits
        made.members.append(Member(entry.name, entry.method, entry.start, entry.packed, entry.size, crc, entry.error))
    return made


def _closed(file: IO[bytes], size: int, begin: int, end: int, shift: int, made: Layout) -> int | None:
    """Step 1: what stands behind the directory; how many members that counts."""
    file.seek(end)
    tail = file.read(size - end)
    at, wide = 0, None
    if tail[:4] == b"PK\x06\x06" and len(tail) >= END64.size + LOCATOR64.size:
        wide = END64.unpack_from(tail)
        locator = LOCATOR64.unpack_from(tail, END64.size)
        if wide[1] != END64.size - 12 or locator != (b"PK\x06\x07", 0, end, 1) or wide[4:6] != (0, 0):
            made.faults.append(Fault("", "the zip64 end of its directory is not as a plain writer makes it"))
        at = END64.size + LOCATOR64.size
    if tail[at : at + 4] != b"PK\x05\x06" or len(tail) < at + END.size:
        made.faults.append(Fault("", f"bytes stand between its directory and its end (at byte {end:,})"))
        return None
    _, disk, first, here, count, length, offset, comment = END.unpack_from(tail, at)
    behind = len(tail) - at - END.size
    if comment:
        made.faults.append(Fault("", f"it has a comment of {min(comment, behind)} byte(s), which nothing covers"))
    if behind > comment:
        made.faults.append(Fault("", f"{behind - comment:,} byte(s) stand behind its end"))
    if behind < comment:
        made.faults.append(Fault("", "it is cut off inside its comment"))
    if shift:
        made.faults.append(Fault("", f"{shift:,} byte(s) stand before it"))
    told = (disk, first, here, count, length, offset)
    if wide is not None:
        here64, count64, length64, offset64 = wide[6:]
        if {wide[2] & 0xFF, wide[3]} - _VERSIONS:
            made.forms.append("other versions")
        said = (0, 0, here64, count64, length64, offset64)
        agree = all(one == other or one in (0xFFFF, 0xFFFFFFFF) for one, other in zip(told, said, strict=True))
        here, count, length, offset = here64, count64, length64, offset64
    else:
        agree = (disk, first) == (0, 0)
    if not agree or here != count or length != end - begin or offset + shift != begin:
        made.faults.append(Fault("", "the end of its directory contradicts itself"))
    return int(count)


def _headers(file: IO[bytes], begin: int, end: int) -> Iterator[_Header]:
    at = begin
    while at < end:
        file.seek(at)
        (_, made_by, version, flags, method, time, date, crc, packed, size, names, extras, comments, disk, inner, outer,
         offset) = CENTRAL.unpack(file.read(CENTRAL.size))  # fmt: skip
        more = file.read(names + extras + comments)
        at += CENTRAL.size + names + extras + comments
        raw, extra = more[:names], more[names : names + extras]
        size, packed, offset = zips.wide(extra, size, packed, offset)
        # A disk is no bit of the inner attributes, but as odd as any there.
        yield _Header(
            zips.decoded(raw, flags), raw, version, made_by, flags, method, (time, date), crc, packed, size, extra,
            more[names + extras :], inner | disk << 16, outer, offset,
        )  # fmt: skip


def _member(file: IO[bytes], header: _Header, shift: int, made: Layout) -> tuple[int, int]:
    """Step 2, and the bytes that the member takes: from its header to the end of its data or descriptor."""
    at = header.offset + shift
    raw = _at(file, at, LOCAL.size)
    if len(raw) < LOCAL.size or raw[:4] != zips.LOCAL_MAGIC:
        made.faults.append(Fault(header.name, "the directory tells a place where there is no such member"))
        made.members.append(Member(header.name, 0, 0, 0, 0, 0, "there is no such member at the place it is said to be"))
        return at, at
    _, version, flags, method, time, date, crc, packed, unpacked, names, extras = LOCAL.unpack(raw)
    more = _at(file, at + LOCAL.size, names + extras)
    start = at + LOCAL.size + names + extras
    unpacked, packed = zips.wide(more[names:], unpacked, packed)
    behind = 0
    here: tuple[int, ...] = (crc, packed, unpacked)
    if flags & SIZE_BEHIND:
        behind, here = _descriptor(file, start + header.packed, header)
    pairs = {
        "name": (more[:names], header.raw_name),
        "version": (version, header.version),
        "flags": (flags, header.flags),
        "method": (method, header.method),
        "time": ((time, date), header.stamp),
        "checksum or sizes": (here, (header.crc, header.packed, header.size)),
    }
    differing = [what for what, (one, other) in pairs.items() if one != other]
    if differing:
        note = f"its header and the directory of the archive tell different things: {', '.join(differing)}"
        made.faults.append(Fault(header.name, note))
    error = None
    if header.flags & ENCRYPTED:
        error = "it is encrypted"
    elif header.method not in (STORED, DEFLATE):
        error = f"its compression (method {header.method}) is not one that bundles are written in"
    if not (header.name.endswith("/") and not header.size and not header.packed):
        made.members.append(Member(header.name, header.method, start, header.packed, header.size, header.crc, error))
    return at, start + header.packed + behind


def _descriptor(file: IO[bytes], at: int, header: _Header) -> tuple[int, tuple[int, ...]]:
    """Length and content of the descriptor behind the data, in whichever of its forms fits."""
    raw = _at(file, at, 24)
    wanted = (header.crc, header.packed, header.size)
    for form, marked in _DESCRIPTORS:
        length = struct.calcsize(form)
        if len(raw) >= length:
            found = struct.unpack_from(form, raw)
            if (not marked or found[0] == b"PK\x07\x08") and found[-3:] == wanted:
                return length, wanted
    return 0, ()


def _holes(spans: list[tuple[int, int]], directory: int, names: list[str], made: Layout) -> None:
    """Step 3."""
    at, shared = 0, set()
    last = ""
    for (begin, end), name in sorted(zip(spans, names, strict=True)):
        if begin > at:
            made.faults.append(Fault("", f"{begin - at:,} byte(s) at {at:,} belong to no member"))
        elif begin < at and begin != end:
            shared |= {last, name}
            made.faults.append(Fault(name, f"it shares bytes with {last!r}: one of them is read into the other"))
        if end > at:
            at, last = end, name
    if at < directory:
        made.faults.append(Fault("", f"{directory - at:,} byte(s) at {at:,} belong to no member"))
    elif at > directory:
        shared.add(last)
        made.faults.append(Fault(last, "it reaches into the directory of the archive"))
    # Members inside one another are how an archive of a few bytes holds any amount: none of them is unpacked.
    made.members = [
        one._replace(error="it shares bytes with another member") if one.name in shared else one for one in made.members
    ]


def _forms(headers: list[_Header], made: Layout) -> None:
    for header in headers:
        if header.comment:
            made.faults.append(Fault(header.name, "its entry has a comment, which nothing covers"))
    told = {
        "extra fields": any(_plain(header.extra) for header in headers),
        "sizes behind the data": any(header.flags & SIZE_BEHIND for header in headers),
        "entries for folders": any(header.name.endswith("/") for header in headers),
        "differing times or attributes": len({(h.stamp, h.made_by >> 8, h.inner, h.outer) for h in headers}) > 1,
        "other versions": any({h.version, h.made_by & 0xFF} - _VERSIONS for h in headers),
    }
    made.forms = list(dict.fromkeys([*made.forms, *(what for what, here in told.items() if here)]))


def _plain(extra: bytes) -> bool:
    """Whether extra fields are others than the one of zip64."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind != 1:
            return True
        at += 4 + length
    return at != len(extra)


def _bound(made: Layout, size: int, max_expansion: int) -> None:
    """Refuses members beyond what an archive of this size may grow to."""
    left = max(limits.EXPANSION_FLOOR, max_expansion * size)
    for number, member in enumerate(made.members):
        left -= member.size if member.error is None else 0
        if left < 0 or number >= limits.MEMBERS:
            refused = "the archive's members grow to more than --max-expansion allows"
            made.members[number:] = [one._replace(error=one.error or refused) for one in made.members[number:]]
            return


def _at(file: IO[bytes], at: int, length: int) -> bytes:
    if not 0 <= at < 1 << 62:  # zip64 can name places that no file has
        return b""
    file.seek(at)
    return file.read(length)


class Content:
    """What a member holds, once. `defect` is known when `read` has given b""."""

    def __init__(self, path: Path, member: Member) -> None:
        self.defect: str | None = None
        self._file = path.open("rb")
        self._file.seek(member.start)
        self._member = member
        self._left = member.packed
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == DEFLATE else None
        self._waiting = b""
        self._crc = self._count = 0

    def read(self, n: int = _BLOCK, /) -> bytes:
        """At most `n` bytes; b"" at the end.

        Raises:
            UnreadableError: the file can't be read.
        """
        try:
            block = self._file.read(min(n, self._left)) if self._inflate is None else self._inflated(n)
        except OSError as error:
            raise UnreadableError(f"reading stopped: {error.strerror or error}") from error
        if self._inflate is None:
            self._left -= len(block)
        self._crc = zlib.crc32(block, self._crc)
        self._count += len(block)
        if not block and self.defect is None:
            self.defect = self._ending()
        return block

    def _inflated(self, n: int) -> bytes:
        assert self._inflate is not None  # noqa: S101 - the caller asked
        while not self._inflate.eof:
            if not self._waiting and self._left:
                self._waiting = self._file.read(min(_BLOCK >> 2, self._left))
                self._left -= len(self._waiting)
                if not self._waiting:
                    break
            given = self._waiting
            try:
                block = self._inflate.decompress(given, n)
            except zlib.error as error:
                self.defect = f"its compressed data is damaged ({str(error).rpartition(': ')[2]})"
                return b""
            self._waiting = self._inflate.unconsumed_tail
            if block:
                return block
            if not given:
                break
        return b""

    def _ending(self) -> str | None:
        if self._inflate is not None and not self._inflate.eof:
            return "its compressed data ends early"
        if self._left or self._waiting or (self._inflate is not None and self._inflate.unused_data):
            return "bytes stand behind its compressed data"
        if (self._count, self._crc) != (self._member.size, self._member.crc):
            return "size or checksum differ from what the archive says"
        return None

    def close(self) -> None:
        self._file.close()
