"""Archives: one file that holds many. Each member is a source of its own; this module tells what they are.

Known by their bytes, never by a name: zip (`zips`), and tar (`tars`), plain or inside any compression that
`compression` opens. A member's name is text to show; nothing is ever written under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from auditrail.containers import limits, tars, zips
from auditrail.containers.compression import open_bytes
from auditrail.errors import UnreadableError


class Content(Protocol):
    """The bytes of a member as they come. `defect` says why they end early; it is known once `read` gave b""."""

    @property
    def defect(self) -> str | None: ...

    def read(self, n: int, /) -> bytes: ...


class Member(NamedTuple):
    """One member: `content` to be read before the next member is asked for, or `error`, why there is none.

    A `name` of "" speaks of the archive itself: what is wrong with it as a whole.
    """

    name: str
    content: Content | None = None
    error: str | None = None


def kind_of(path: Path, size: int) -> str | None:
    """`zip`, `tar`, or None where the file is no archive (or cannot be read: whoever reads it says why)."""
    try:
        with path.open("rb") as file:
            if zips.is_zip(file.read(4)):
                return "zip"
        with open_bytes(path, size=size) as stream:
            first = b""
            while len(first) < tars.BLOCK and (more := stream.read(tars.BLOCK - len(first))):
                first += more
            return "tar" if tars.is_header(first) else None
    except (OSError, UnreadableError):
        return None


def members(path: Path, size: int, kind: str, *, max_expansion: int = limits.MAX_EXPANSION) -> Iterator[Member]:
    """The members of an archive in its order, without folders; at most `limits.MEMBERS`.

    Raises:
        OSError, UnreadableError: the file cannot be read, or it is a decompression bomb.
    """
    found = _zip_members(path, size, max_expansion) if kind == "zip" else _tar_members(path, size, max_expansion)
    for number, member in enumerate(found):
        if number >= limits.MEMBERS:
            yield Member("", None, f"members behind the first {limits.MEMBERS} were not opened")
            return
        yield member


def _zip_members(path: Path, size: int, max_expansion: int) -> Iterator[Member]:
    with path.open("rb") as file:
        entries, whole = zips.entries(file, size)
        for entry in entries:
            if entry.error is not None:
                yield Member(entry.name, None, entry.error)
                continue
            with zips.open_entry(path, entry, max_expansion) as content:
                yield Member(entry.name, content)
        if not whole:
            yield Member("", None, "the archive is cut off or damaged: its directory is missing, members were searched")


def _tar_members(path: Path, size: int, max_expansion: int) -> Iterator[Member]:
    with open_bytes(path, size=size, max_expansion=max_expansion) as stream:
        reader = tars.TarReader(stream)
        for entry in reader.entries():
            yield Member(entry.name, None if entry.error else reader, entry.error)
        if defect := reader.damage or stream.defect:
            yield Member("", None, f"the archive is cut off or damaged: {defect}")
