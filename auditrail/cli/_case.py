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
    path = _settled(option)
    connection = case.open_read(path)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def analysing(option: Path | None) -> Iterator[Any]:
    """The same for a command that makes large temporary tables: they may spill to a folder that is removed.

    Raises:
        CaseMissingError, CaseLockedError, CaseDamagedError.
    """
    with case.open_analysis(_settled(option)) as connection:
        yield connection


def _settled(option: Path | None) -> Path:
    """The case file, after its runs were put together if a load was cut short before that."""
    path = case.locate(option)
    connection = case.open_read(path)
    done = case.is_settled(connection)
    connection.close()
    if not done:
        say(f"the last load into {path} was cut short: putting its runs together first")
        from auditrail.correlate.settle import settle

        with case.open_write(path) as writer:
            settle(writer)
    return path
