"""Finds the files of a call, in sorted order, and reads those in which a word of some kind of configuration stands."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from auditrail import discover
from auditrail.lint import documents
from auditrail.lint.node import MOST_BYTES

_KINDS = "auditrail.lint.kinds"
# Folders that hold what others wrote, or copies: whoever wants one looked at names it.
SKIPPED = frozenset(
    (".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".terraform", ".tox", ".mypy_cache",
     ".ruff_cache", ".pytest_cache", "site-packages")
)  # fmt: skip


class Found(NamedTuple):
    """A file with its bytes; `data` is None where nothing in it configures anything, `reason` says why it is unread."""

    path: str
    data: bytes | None
    reason: str = ""


@cache
def _needles() -> re.Pattern[bytes]:
    words = {word for module in discover.modules(_KINDS).values() for word in module.NEEDLES}
    return re.compile(b"|".join(re.escape(word.encode()) for word in sorted(words)))


def relevant(text: str) -> bool:
    """Whether a text has a word of some kind of configuration."""
    return _needles().search(text.encode("utf-8", "surrogatepass")) is not None


def files(paths: Sequence[str]) -> Iterator[Found]:
    """Every file below the paths once, in sorted order, each path as it was given; links to folders are not followed.

    A file that was named itself is read whatever its name; below a folder prose and source code are left out.
    """
    seen: set[str] = set()
    for path in paths:
        for found, named in _below(path):
            key = os.path.normpath(found)
            if key not in seen:
                seen.add(key)
                if named or documents.may_configure(found):
                    yield _look(found)


def _below(path: str) -> Iterator[tuple[str, bool]]:
    if not os.path.isdir(path):  # noqa: PTH112 - texts, so that paths stay as they were given
        yield path.replace("\\", "/"), True
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(names):
            yield os.path.join(folder, name).replace("\\", "/"), False  # noqa: PTH118


def _look(path: str) -> Found:
    try:
        if not Path(path).is_file():
            return Found(path, None, "no such file" if not os.path.lexists(path) else "not a file")
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        return Found(path, None, (error.strerror or str(error)).lower())
    if _needles().search(data if data[:2] not in (b"\xff\xfe", b"\xfe\xff") else data.replace(b"\x00", b"")) is None:
        return Found(path, None)
    return Found(path, data)
