"""Timesketch, as JSON Lines: the rows of `timesketch` with their values as they are; blank ones are left out."""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.outputs import _rows, _timesketch
from auditrail.outputs._view import View
from auditrail.report.types import Report

NAME = "timesketch-jsonl"
EXTENSION = "jsonl"
REPORTS = ("reconstruction",)


def render(report: Report, view: View) -> Iterator[str]:
    """One object a line, in order of time."""
    for row in _timesketch.rows(report, view):
        kept = {name: row[name] for name in _timesketch.COLUMNS if row.get(name) not in (None, "", [])}
        yield _rows.encode(kept) + "\n"
