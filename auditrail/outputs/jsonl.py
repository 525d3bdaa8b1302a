"""JSON Lines: an event, a finding, a row of a listing or a pair of steps a line; `_rows` says what it holds."""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.outputs import _rows
from auditrail.outputs._select import shown
from auditrail.outputs._view import View
from auditrail.report.types import SECTIONED, Comparison, GapsReport, Listing, Report, VerificationReport

NAME = "jsonl"
EXTENSION = "jsonl"


def render(report: Report, view: View) -> Iterator[str]:
    """One compact object a line. Events carry their `run`. A report without rows is empty."""
    if isinstance(report, GapsReport):
        from auditrail.outputs import _gaps

        lines = [_rows.encode(row) for row in _gaps.rows(report)]
    elif isinstance(report, SECTIONED):
        from auditrail.outputs import _sections

        lines = [_rows.encode(row) for row in _sections.words(report).rows(report, view)]
    elif isinstance(report, Comparison):
        from auditrail.outputs import _compare

        lines = [_rows.encode(row) for row in _compare.rows(report, view)]
    elif isinstance(report, VerificationReport):
        from auditrail.outputs import _verification

        lines = [_rows.encode(_verification.row(result)) for result in report.results]
    elif isinstance(report, Listing):
        lines = [_rows.encode(row) for row in _rows.listing_rows(report)]
    else:
        lines = [_rows.encode({"run": report.id, **_rows.event_row(e, view)}) for e in shown(report, view)]
    for line in lines:
        yield line + "\n"
