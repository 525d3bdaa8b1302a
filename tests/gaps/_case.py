"""A case from a folder of logs, for tests of rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auditrail import case
from auditrail.correlate.settle import settle
from auditrail.gaps.engine import Question
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader
from auditrail.report.gap_types import GapsReport
from auditrail.report.gaps import gaps

# What stands in a fixture folder beside the logs.
NO_LOGS = frozenset({"expected.json", "README.md", "expected-runs.csv", "auditrail.toml"})


@contextmanager
def loaded(folder: Path) -> Iterator[Any]:
    """A case in memory that holds every log of the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in NO_LOGS)
    connection = case.memory_case()
    try:
        Loader(connection).load_all(expand(files))
        settle(connection)
        yield connection
    finally:
        connection.close()


def report_of(folder: Path, question: Question | None = None) -> GapsReport:
    """The gaps of the logs of a folder."""
    with loaded(folder) as connection:
        return gaps(connection, question or Question())
