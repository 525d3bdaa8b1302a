"""What the paths on a command line name: files in sorted order, folders walked, `-` for standard input.

An archive stands for its members: each is an input of its own, shown as `<archive>!<member>`.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from auditrail.containers import archives, limits
from auditrail.errors import UnreadableError

# Files that no log producer writes and every folder may hold.
_SKIPPED_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_GROWN = "grow to more than --max-expansion allows"
_SKIPPED_FOLDERS = frozenset({".git", "__pycache__"})


class Input(NamedTuple):
    """One file to read: `shown` is the path as it is recorded, `error` says why it can't be read (else None).

    `defect` says why a member of an archive is not whole, though what there is of it can be read.
    `remarks` are (code, detail) pairs on where it comes from, kept with the source.
    """

    shown: str
    path: Path
    size: int
    error: str | None = None
    defect: str | None = None
    remarks: tuple[tuple[str, str], ...] = ()


class Place(Protocol):
    """What an address names, see `remote`."""

    def inputs(self) -> Iterator[Input]: ...


def expand(paths: Iterable[Path | Place], *, skip: frozenset[Path] = frozenset()) -> Iterator[Input]:
    """Every file that the paths name, folders walked in sorted order, each once; a place gives its own inputs.

    Links to folders are not followed inside a walk (they may run in circles); links to files are. Pipes, sockets
    and devices are named as unreadable. `skip` holds resolved paths that are no evidence (the case itself).
    """
    seen: set[Path] = set()
    for path in paths:
        for item in _walk(path) if isinstance(path, Path) else path.inputs():
            resolved = Path(os.path.realpath(item.path))  # `resolve` gives up on a link that leads to itself
            if resolved in seen or resolved in skip:
                continue
            seen.add(resolved)
            yield item


def _walk(path: Path) -> Iterator[Input]:
    if not os.path.isdir(path):  # noqa: PTH112 - `Path.is_dir` raises where a folder above can't be searched
        yield _one(path)
        return
    failed: list[OSError] = []
    for root, folders, files in os.walk(path, onerror=failed.append):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        for name in sorted(files):
            if name not in _SKIPPED_NAMES:
                yield _one(Path(root) / name)
    for error in failed:
        folder = Path(os.fsdecode(error.filename))
        yield Input(_shown(folder), folder, 0, f"folder not readable: {_reason(error)}")


def _one(path: Path) -> Input:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return Input(_shown(path), path, 0, "not a regular file")
        with path.open("rb"):
            pass
    except OSError as error:
        return Input(_shown(path), path, 0, _reason(error))
    return Input(_shown(path), path, status.st_size)


def _shown(path: Path) -> str:
    """The path as text that can be stored: a name need not be UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


@contextmanager
def standard_input(
    paths: Sequence[Path | Place], beside: Path
) -> Iterator[tuple[Sequence[Path | Place], dict[Path, str]]]:
    """Replaces `-` by a file that holds what standard input gave; the file is removed on leaving.

    Returns the paths, and the name to show for the replaced one (`-`). Input is spooled to disk beside the case,
    since a source is hashed before it is read, and may be larger than memory.
    """
    if Path("-") not in paths:
        yield paths, {}
        return
    folder = Path(tempfile.mkdtemp(prefix=".auditrail-stdin-", dir=beside if beside.is_dir() else None))
    try:
        spool = folder / "stdin"
        with spool.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out, 1 << 20)
        yield [spool if path == Path("-") else path for path in paths], {spool: "-"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def open_archives(
    items: Iterable[Input],
    beside: Path,
    *,
    max_expansion: int = limits.MAX_EXPANSION,
    closed: Callable[[Input], bool] = lambda _: False,
) -> Iterator[Iterator[Input]]:
    """Replaces every archive by its members, each spooled to a file that is there until the next input is asked for.

    Spooled beside the case, since a source is hashed before it is read, and may be larger than memory. A member is
    written under a name of ours, never under its own. Archives for which `closed` is true stay as they are.
    """
    with ExitStack() as stack:

        def folder() -> Path:
            made = tempfile.mkdtemp(prefix=".auditrail-archive-", dir=beside if beside.is_dir() else None)
            stack.callback(shutil.rmtree, made, ignore_errors=True)
            return Path(made)

        yield _opened(items, _Spools(folder, max_expansion), limits.ARCHIVE_LEVELS, closed)


class _Spools:
    """Where members are written to, one folder made when the first archive is met."""

    def __init__(self, folder: Callable[[], Path], max_expansion: int) -> None:
        self.max_expansion = max_expansion
        self._make = folder
        self._folder: Path | None = None

    def file(self, level: int) -> Path:
        if self._folder is None:
            self._folder = self._make()
        return self._folder / str(level)


def _opened(items: Iterable[Input], spools: _Spools, level: int, closed: Callable[[Input], bool]) -> Iterator[Input]:
    for item in items:
        kind = None if item.error is not None or closed(item) else archives.kind_of(item.path, item.size)
        if kind is None:
            yield item
        elif level == 0:
            yield item._replace(error=f"an archive ({kind}) inside an archive inside an archive: not opened")
        else:
            yield from _opened(_members(item, kind, spools, spools.file(level)), spools, level - 1, closed)


def _members(archive: Input, kind: str, spools: _Spools, spool: Path) -> Iterator[Input]:
    seen: Counter[str] = Counter()
    allowed = max(limits.EXPANSION_FLOOR, spools.max_expansion * archive.size)
    spent = 0
    failure = archive.defect
    try:
        for member in archives.members(archive.path, archive.size, kind, max_expansion=spools.max_expansion):
            if member.name == "":
                failure = member.error
                continue
            seen[member.name] += 1
            # A name that stands twice is two sources: the second is no later version of the first.
            again = f"#{seen[member.name]}" if seen[member.name] > 1 else ""
            made = Input(f"{archive.shown}!{member.name}{again}", spool, 0, member.error, remarks=archive.remarks)
            if member.content is not None:
                made = _spooled(made, member.content, allowed - spent)
                spent += made.size
            yield made
            if spent > allowed:
                failure = f"its members {_GROWN}: those behind were not opened"
                break
    except UnreadableError as error:
        failure = error.message
    except OSError as error:
        failure = _reason(error)
    spool.unlink(missing_ok=True)
    if failure is not None or not seen:
        yield Input(archive.shown, archive.path, archive.size, failure or f"the {kind} archive holds no files")


def _spooled(item: Input, content: archives.Content, allowed: int) -> Input:
    """The input with its bytes written to its path: what could be read of it, and why not all could."""
    size = 0
    defect: str | None = None
    with item.path.open("wb") as out:
        try:
            while block := content.read(1 << 20):
                size += len(block)
                if size > allowed:
                    return item._replace(size=size, error=f"the archive's members {_GROWN}")
                out.write(block)
            defect = content.defect
        except UnreadableError as error:
            return item._replace(size=size, error=error.message)
    return item._replace(size=size, error=defect if not size else None, defect=defect)
