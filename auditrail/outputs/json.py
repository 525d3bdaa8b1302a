"""JSON: one document per report, indented, keys in the order of the contract; `_rows` says what contents it holds."""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.outputs import _rows
from auditrail.outputs._view import View
from auditrail.report.types import SECTIONED, Comparison, GapsReport, Report, VerificationReport

NAME = "json"
EXTENSION = "json"


def render(report: Report, view: View) -> Iterator[str]:
    """The document; the same report gives the same bytes."""
    if isinstance(report, GapsReport):
        from auditrail.outputs import _gaps

        yield _rows.encode(_gaps.document(report), indent=True)
        yield "\n"
        return
    if isinstance(report, SECTIONED):
        from auditrail.outputs import _sections

        yield _rows.encode(_sections.words(report).document(report, view), indent=True)
    elif isinstance(report, Comparison):
        from auditrail.outputs import _compare

        yield _rows.encode(_compare.document(report, view), indent=True)
    elif isinstance(report, VerificationReport):
        from auditrail.outputs import _verification

        yield _rows.encode(_verification.document(report), indent=True)
    else:
        yield _rows.encode(_rows.document(report, view), indent=True)
    yield "\n"
