"""A gaps report as plain values, and as a listing."""

from __future__ import annotations

from typing import Any

from auditrail.outputs import _rows, _when
from auditrail.report.gap_types import GapsReport
from auditrail.report.types import Column, Listing


def document(report: GapsReport) -> dict[str, Any]:
    """The JSON document `auditrail.gaps/1`."""
    return {
        "schema": "auditrail.gaps/1",
        "generated_by": _rows.GENERATOR,
        "not_checked": list(report.not_checked),
        "period": {
            "from": _when.iso(report.period.from_ns),
            "to": _when.iso(report.period.to_ns),
            "label": report.period.label,
        },
        "held": {"from": _when.iso(report.held[0]), "to": _when.iso(report.held[1])},
        "runs": {
            "expected": report.runs_expected,
            "expected_from": report.expected_from,
            "seen": report.runs_seen,
            "complete": report.runs_complete,
        },
        "coverage": [{**row._asdict(), "days_silent": list(row.days_silent)} for row in report.coverage],
        "coverage_days": [row._asdict() for row in report.days],
        "grades": [
            {**row._asdict(), "reasons": [{"reason": reason, "runs": runs} for reason, runs in row.reasons]}
            for row in report.grades
        ],
        "estimates": [row._asdict() for row in report.estimates],
        "gaps": [_rows.gap_row(gap) for gap in report.gaps],
        "retention": [
            {
                "framework": row.framework,
                "clause": row.clause,
                "required_days": row.required_days,
                "stream": row.stream,
                "oldest": _when.iso(row.oldest_ns),
                "held_days": row.held_days,
                "status": row.status,
                "required_since": _when.iso(row.required_since_ns),
            }
            for row in report.retention
        ],
        "deletions": [
            {"group": row.group, "days": row.days, "deletes_from": _when.iso(row.deletes_from_ns), "note": row.note}
            for row in report.deletions
        ],
        "waived": [
            {"gap": _rows.gap_row(row.gap), "reason": row.reason, "until": row.until, "expired": row.expired}
            for row in report.waived
        ],
        "known": report.known,
        "notes": list(report.notes),
    }


def listing(report: GapsReport) -> Listing:
    """The findings as a table."""
    names = ("severity", "cause", "confidence", "rule", "agent", "stream", "tool", "count", "runs", "title")
    columns = tuple(Column(name, name, "count" if name == "count" else "text") for name in names)
    rows = tuple(
        tuple(len(gap.runs) if name == "runs" else getattr(gap, name) for name in names) for gap in report.gaps
    )
    return Listing("gaps", "gaps", "What is missing", columns, rows, not_checked=report.not_checked)
