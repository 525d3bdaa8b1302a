"""Timesketch, as CSV: one row for each event and for each gap that has a time.

Columns that Timesketch requires (docs/guides/user/import-from-json-csv.md of google/timesketch): `message`, `datetime`
(ISO 8601, microseconds, UTC) and `timestamp_desc`; it reads `timestamp` (microseconds since the epoch) besides. All
further columns are those of `csv`, `data_type` says event or gap, as plaso does.

`datetime` is the time as stored, cut to microseconds; `ts` has it whole, and `skew_seconds` is what a view would add.
An event without a time stands at the end of the run, and `timestamp_desc` says so: Timesketch takes no row without one.
Text is neutralised, and what a spreadsheet would run as a formula gets an apostrophe; `timesketch-jsonl` has values
as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.outputs import _timesketch
from auditrail.outputs._csv import line
from auditrail.outputs._view import View
from auditrail.report.types import Report

NAME = "timesketch"
EXTENSION = "csv"
REPORTS = ("reconstruction",)


def render(report: Report, view: View) -> Iterator[str]:
    """A line of column names, then the rows in order of time."""
    yield line(_timesketch.COLUMNS)
    for row in _timesketch.rows(report, view):
        yield line(row.get(name) for name in _timesketch.COLUMNS)
