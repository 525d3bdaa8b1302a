r"""CSV (RFC 4180: CRLF, quotes doubled): one event of a run, or one row of a listing, on each line.

Every record is one line: line breaks inside values are shown as `\n`. Text that a spreadsheet would run as a formula
gets a leading apostrophe. See `_rows` for what contents it holds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from auditrail.outputs import _rows
from auditrail.outputs._select import shown
from auditrail.outputs._view import View
from auditrail.report.types import Comparison, Listing, Report
from auditrail.text import csv_cell

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
    if isinstance(report, Comparison):
        from auditrail.outputs import _compare

        report = _compare.listing(report, view)
    if isinstance(report, Listing):
        names = [column.name for column in report.columns]
        yield _line(names)
        for row in _rows.listing_rows(report):
            yield _line(row.values())
        return
    yield _line(
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
        yield _line(
            [
                report.id,
                *(fields[name] for name in _EVENT_COLUMNS),
                *(stitch[name] for name in _STITCH_COLUMNS),
                *(source[name] for name in _SOURCE_COLUMNS),
                fields["attributes"],
            ]
        )


def _line(values: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_cell(value) for value in values])
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value):
        return csv_cell("; ".join(str(item) for item in value))
    return csv_cell(value if isinstance(value, str) else _rows.encode(value))
