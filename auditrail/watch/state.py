"""What survives a restart, in one file: where each log is read on, and what the rules remember.

Written whole beside the target, synced, and renamed onto it: it is the old one or the new one, whenever the program
dies. It is as of the end of a round, so that offsets and memories fit each other; what was read since is read again,
and gives the same alerts, which the journal knows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from auditrail import __version__
from auditrail.errors import UsageError

SCHEMA = "auditrail.watch-state/1"


def read(path: Path) -> dict[str, Any] | None:
    """The state; None if there is none yet.

    Raises:
        UsageError: it can't be read, or is no state of this version.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"--state {path}: {(error.strerror or str(error)).lower()}") from None
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise UsageError(
            f"--state {path}: no state of this version",
            hint="move it away to begin anew: all logs are then read from their start",
        )
    return value


def write(path: Path, value: dict[str, Any]) -> None:
    """Replaces the state.

    Raises:
        UsageError: it can't be written.
    """
    data = orjson.dumps({"schema": SCHEMA, "version": __version__, **value}, default=_plain)
    part = path.with_name(path.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise UsageError(f"--state {path} can't be written: {(error.strerror or str(error)).lower()}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):  # a NamedTuple, which orjson does not take for a list
        return list(value)
    raise TypeError(type(value).__name__)
