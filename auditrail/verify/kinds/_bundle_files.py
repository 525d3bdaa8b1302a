"""The files of a bundle, in a folder or in a ZIP: which there are, what is odd about them, and their digests.

Nothing is unpacked: members are hashed as they are inflated, several at a time, in bounded memory.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from blake3 import blake3

from auditrail.bundle import format as form
from auditrail.containers import zip_layout
from auditrail.containers.zip_layout import Fault, Member
from auditrail.errors import UnreadableError

_BLOCK = 1 << 20
# More threads than this only wait for one another's blocks.
_MOST_THREADS = 16


class Held(NamedTuple):
    """A file that is there: its name in the bundle, its size, and why it can't be read (None: it can)."""

    name: str
    size: int
    error: str | None = None
    path: Path | None = None
    member: Member | None = None


class Digest(NamedTuple):
    """What a file holds. Without `sha256` and `blake3` it was not read to its end, and `error` says why."""

    size: int
    sha256: str | None = None
    blake3: str | None = None
    error: str | None = None
    damaged: bool = False


class _Reader(Protocol):
    defect: str | None

    def read(self, n: int, /) -> bytes: ...

    def close(self) -> None: ...


class _File:
    """A file of a folder."""

    defect: str | None = None

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)

    def read(self, n: int, /) -> bytes:
        return self._file.read(n)

    def close(self) -> None:
        self._file.close()


@dataclass
class Holding:
    """All files of a bundle.

    Attributes:
        path: the folder or the archive. join: what stands between its path and the names of files when shown.
        files: in the order found. faults, forms: see `zip_layout.Layout`. prefix: the folder that all of it lies in.
    """

    path: Path
    join: str
    files: list[Held] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    prefix: str = ""

    def find(self, name: str) -> Held | None:
        """The first file of that name."""
        return next((held for held in self.files if held.name == name), None)

    def read(self, held: Held, limit: int) -> bytes | None:
        """What a short file holds; None: more than `limit` bytes.

        Raises:
            UnreadableError: it can't be read, or not to its end.
        """
        parts, left = [], limit + 1
        with _opened(self, held) as reader:
            while left > 0 and (block := reader.stream.read(min(left, _BLOCK))):
                parts.append(block)
                left -= len(block)
            if left > 0 and reader.stream.defect:
                raise UnreadableError(reader.stream.defect)
        return b"".join(parts) if left > 0 else None


class _opened:  # noqa: N801 - reads as the function that it stands for
    """A file to be read; what the system says of it becomes an `UnreadableError`."""

    stream: _Reader

    def __init__(self, holding: Holding, held: Held) -> None:
        if held.error is not None:
            raise UnreadableError(held.error)
        try:
            if held.member is not None:
                self.stream = zip_layout.Content(holding.path, held.member)
            else:
                assert held.path is not None  # noqa: S101 - a file lies in a folder or in an archive
                self.stream = _File(held.path)
        except OSError as error:
            raise UnreadableError((error.strerror or str(error)).lower()) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.stream.close()
        if isinstance(error, OSError):
            raise UnreadableError((error.strerror or str(error)).lower()) from error


def look(path: Path, max_expansion: int) -> Holding:
    """The files of a bundle.

    Raises:
        OSError: the archive or the folder can't be read.
    """
    made = _folder(path) if path.is_dir() else _archive(path, max_expansion)
    _strip(made)
    return made


def _folder(path: Path) -> Holding:
    made = Holding(path, "/")

    def fail(error: OSError) -> None:
        raise error

    for root, folders, names in os.walk(path, onerror=fail):
        folders.sort()
        # A link to a folder stands among the folders, and is not walked into.
        linked = [name for name in folders if (Path(root) / name).is_symlink()]
        for name in sorted([*names, *linked]):
            place = Path(root) / name
            status = place.lstat()
            shown = place.relative_to(path).as_posix().encode("utf-8", "surrogateescape")
            error = None
            if stat.S_ISLNK(status.st_mode):
                error = "it is a link: what it leads to is no part of the bundle"
            elif not stat.S_ISREG(status.st_mode):
                error = "it is no regular file"
            made.files.append(Held(shown.decode("utf-8", "backslashreplace"), status.st_size, error, place))
    made.files.sort(key=lambda held: form.order(held.name))
    return made


def _archive(path: Path, max_expansion: int) -> Holding:
    layout = zip_layout.layout(path, path.stat().st_size, max_expansion)
    files = [Held(member.name, member.size, member.error, None, member) for member in layout.members]
    return Holding(path, "!", files, layout.faults, layout.forms)


def _strip(made: Holding) -> None:
    """Takes off the one folder that all files lie in, where a bundle's folder was packed from outside."""
    top = made.files[0].name.partition("/")[0] + "/" if made.files else ""
    if made.join == "!" and len(top) > 1 and all(held.name.startswith(top) for held in made.files):
        inner = {held.name.removeprefix(top) for held in made.files}
        if inner & form.UNLISTED:
            made.prefix = top
            made.files = [held._replace(name=held.name.removeprefix(top)) for held in made.files]
            made.faults = [fault._replace(name=fault.name.removeprefix(top)) for fault in made.faults]
            made.forms.append("a folder around all files")


def digests(holding: Holding, wanted: Iterable[tuple[Held, int | None]], threads: int) -> Iterator[Digest]:
    """The digests of files, in their order.

    Args:
        holding: the bundle.
        wanted: each file with the size it should have: of a longer one not more is read than shows that. None: any.
        threads: how many files to hash at a time; both hashes, inflating and reading let go of the interpreter.
    """
    tasks = list(wanted)
    # The largest first: the others fill up the time that it takes.
    order = sorted(range(len(tasks)), key=lambda at: -tasks[at][0].size)
    with ThreadPoolExecutor(min(max(threads, 1), _MOST_THREADS)) as pool:
        futures = {at: pool.submit(_digest, holding, *tasks[at]) for at in order}
        for at in range(len(tasks)):
            yield futures.pop(at).result()


def _digest(holding: Holding, held: Held, expected: int | None) -> Digest:
    one, other, size = hashlib.sha256(), blake3(), 0
    try:
        with _opened(holding, held) as reader:
            while block := reader.stream.read(_BLOCK):
                size += len(block)
                if expected is not None and size > expected:
                    return Digest(held.size, error="it is longer than it should be", damaged=True)
                one.update(block)
                other.update(block)
            if reader.stream.defect:
                return Digest(size, error=reader.stream.defect, damaged=True)
    except UnreadableError as error:
        return Digest(held.size, error=error.message)
    return Digest(size, one.hexdigest(), other.hexdigest())
