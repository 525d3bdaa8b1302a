"""A case from a folder of logs, for tests of rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auditrail import case, config
from auditrail.correlate.settle import settle
from auditrail.gaps import configured
from auditrail.gaps.engine import Question
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader
from auditrail.report import inventory
from auditrail.report.gap_types import GapsReport
from auditrail.report.gaps import Judging, gaps

_INVENTORY, _SETTINGS = "expected-runs.csv", "auditrail.toml"
# What stands in a fixture folder beside the logs.
NO_LOGS = frozenset({"expected.json", "README.md", _INVENTORY, _SETTINGS})


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


def judging_of(folder: Path) -> Judging:
    """What the folder is judged by: its `auditrail.toml` and its `expected-runs.csv`, where there are such."""
    settings, listed = folder / _SETTINGS, folder / _INVENTORY
    return Judging(
        settings=configured.read(config.load(settings if settings.exists() else None)),
        expected=inventory.read(listed) if listed.exists() else None,
    )


def report_of(folder: Path, question: Question | None = None) -> GapsReport:
    """The gaps of the logs of a folder."""
    with loaded(folder) as connection:
        return gaps(connection, question or Question(), judging_of(folder))
