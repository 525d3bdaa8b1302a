"""A gaps report as plain values: the JSON document, its findings one by one, and flat rows."""

from __future__ import annotations

from typing import Any

from auditrail.outputs import _rows, _when
from auditrail.report.baseline import fingerprint
from auditrail.report.gap_types import GapsReport
from auditrail.report.types import Column, Evidence, Gap, Listing


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
            "note": report.period.note,
        },
        "held": {"from": _when.iso(report.held[0]), "to": _when.iso(report.held[1])},
        "runs": {
            "expected": report.runs_expected,
            "expected_from": report.expected_from,
            "seen": report.runs_seen,
            "complete": report.runs_complete,
        },
        "coverage": [{**item._asdict(), "days_silent": list(item.days_silent)} for item in report.coverage],
        "coverage_days": [item._asdict() for item in report.days],
        "grades": [
            {**item._asdict(), "reasons": [{"reason": reason, "runs": runs} for reason, runs in item.reasons]}
            for item in report.grades
        ],
        "estimates": [item._asdict() for item in report.estimates],
        "gaps": rows(report),
        "retention": [
            {
                "framework": item.framework,
                "clause": item.clause,
                "required_days": item.required_days,
                "stream": item.stream,
                "oldest": _when.iso(item.oldest_ns),
                "held_days": item.held_days,
                "status": item.status,
                "required_since": _when.iso(item.required_since_ns),
            }
            for item in report.retention
        ],
        "fields": [item._asdict() for item in report.fields],
        "deletions": [
            {"group": item.group, "days": item.days, "deletes_from": _when.iso(item.deletes_from_ns), "note": item.note}
            for item in report.deletions
        ],
        "waived": [
            {"gap": row(entry.gap), "reason": entry.reason, "until": entry.until, "expired": entry.expired}
            for entry in report.waived
        ],
        "known": report.known,
        "rules": [
            {"id": card.id, "title": card.title, "judged": card.judged, "reason": card.reason} for card in report.rules
        ],
        "notes": list(report.notes),
    }


def rows(report: GapsReport) -> list[dict[str, Any]]:
    """One object for each finding: the members of `gaps[]`, with the fingerprint."""
    return [row(gap) for gap in report.gaps]


def row(gap: Gap) -> dict[str, Any]:
    """A finding; its `fingerprint` is the same from report to report."""
    return {**_rows.gap_row(gap), "fingerprint": fingerprint(gap)}


def listing(report: GapsReport) -> Listing:
    """The findings as flat rows: for CSV. Runs and places stand in one cell each, separated by semicolons."""
    names = (
        "severity", "cause", "confidence", "proof", "rule", "title", "agent", "layer", "stream", "tool", "first", "last",
        "count", "runs_touched", "runs", "evidence", "explanation", "remedy", "controls", "fingerprint",
    )  # fmt: skip
    made = []
    for gap in report.gaps:
        fields = row(gap)
        fields["runs_touched"] = len(gap.runs)
        fields["evidence"] = [place_of(place) for place in gap.evidence]
        made.append(tuple(fields[name] for name in names))
    return Listing("gaps", "gaps", "What is missing", tuple(Column(name, name) for name in names), tuple(made))


def place_of(place: Evidence) -> str:
    """`path:record note`."""
    at = place.path if place.record is None else f"{place.path}:{place.record}"
    return f"{at} {place.note}".rstrip()
