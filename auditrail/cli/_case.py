"""Opens the case for a command that reads: what a killed load left unfinished is finished first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auditrail import case
from auditrail.cli._options import say


@contextmanager
def reading(option: Path | None) -> Iterator[Any]:
    """A read-only connection to the case, with runs that are up to date.

    Raises:
        CaseMissingError, CaseLockedError, CaseDamagedError.
    """
    path = case.locate(option)
    connection = case.open_read(path)
    if not case.is_settled(connection):
        connection.close()
        say(f"the last load into {path} was cut short: putting its runs together first")
        from auditrail.correlate.settle import settle

        with case.open_write(path) as writer:
            settle(writer)
        connection = case.open_read(path)
    try:
        yield connection
    finally:
        connection.close()
