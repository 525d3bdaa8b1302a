r"""CSV (RFC 4180: CRLF, quotes doubled): one event of a run, or one row of a listing, on each line.

Every record is one line: line breaks inside values are shown as `\n`. Text that a spreadsheet would run as a formula
gets a leading apostrophe. See `_rows` for what contents it holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.outputs import _rows
from auditrail.outputs._csv import line
from auditrail.outputs._select import shown
from auditrail.outputs._view import View
from auditrail.report.types import SECTIONED, Comparison, GapsReport, Listing, Report, VerificationReport

NAME = "csv"
EXTENSION = "csv"

_EVENT_COLUMNS = (
    "id", "ts", "end_ts", "ts_source", "tz_assumed", "skew_seconds", "stream", "layer", "kind", "name", "agent",
    "principal", "model", "tool", "tool_call_id", "status", "error", "span_id", "parent_span_id", "parent_id", "depth",
    "args", "args_state", "result", "result_state", "decision", "policy", "rule", "tokens_in", "tokens_out", "marks",
    "copies", "flags",
)  # fmt: skip
_STITCH_COLUMNS = ("kind", "value", "confidence", "via")
_SOURCE_COLUMNS = ("path", "record", "part", "offset", "length", "blake3")


def render(report: Report, view: View) -> Iterator[str]:
    """A line of column names, then the lines."""
    if isinstance(report, GapsReport):
        from auditrail.outputs import _gaps

        report = _gaps.listing(report)
    if isinstance(report, SECTIONED):
        from auditrail.outputs import _sections

        flat: Listing = _sections.words(report).listing(report, view)
        report = flat
    if isinstance(report, Comparison):
        from auditrail.outputs import _compare

        report = _compare.listing(report, view)
    if isinstance(report, VerificationReport):
        from auditrail.outputs import _verification

        yield line(_verification.CSV_COLUMNS)
        for made in _verification.flat(report):
            yield line(made.get(name) for name in _verification.CSV_COLUMNS)
        return
    if isinstance(report, Listing):
        names = [column.name for column in report.columns]
        yield line(names)
        for row in _rows.listing_rows(report):
            yield line(row.values())
        return
    yield line(
        [
            "run",
            *_EVENT_COLUMNS,
            *(f"stitched_by_{name}" for name in _STITCH_COLUMNS),
            *(f"source_{name}" for name in _SOURCE_COLUMNS),
            "attributes",
        ]
    )
    for event in shown(report, view):
        fields = _rows.event_row(event, view)
        stitch, source = fields["stitched_by"], fields["source"]
        yield line(
            [
                report.id,
                *(fields[name] for name in _EVENT_COLUMNS),
                *(stitch[name] for name in _STITCH_COLUMNS),
                *(source[name] for name in _SOURCE_COLUMNS),
                fields["attributes"],
            ]
        )
