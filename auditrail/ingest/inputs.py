"""What the paths on a command line name: files in sorted order, folders walked, `-` for standard input."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

# Files that no log producer writes and every folder may hold.
_SKIPPED_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_SKIPPED_FOLDERS = frozenset({".git", "__pycache__"})


class Input(NamedTuple):
    """One file to read: `shown` is the path as it is recorded, `error` says why it can't be read (else None)."""

    shown: str
    path: Path
    size: int
    error: str | None = None


def expand(paths: Iterable[Path], *, skip: frozenset[Path] = frozenset()) -> Iterator[Input]:
    """Every file that the paths name, folders walked in sorted order, each once.

    Links to folders are not followed inside a walk (they may run in circles); links to files are. Pipes, sockets
    and devices are named as unreadable. `skip` holds resolved paths that are no evidence (the case itself).
    """
    seen: set[Path] = set()
    for path in paths:
        for item in _walk(path):
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
def standard_input(paths: list[Path], beside: Path) -> Iterator[tuple[list[Path], dict[Path, str]]]:
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
