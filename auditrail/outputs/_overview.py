"""An overview as plain values: the JSON document `auditrail.report/1`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditrail.outputs import _gaps, _rows, _when
from auditrail.report.overview_types import Overview, RunLine

# What the document of the gaps says of itself, and what this one says in its own words.
_OWN = ("schema", "generated_by", "not_checked", "notes")


def document(report: Overview) -> dict[str, Any]:
    """The JSON document; the members of `auditrail.gaps/1` stand in it under their own names."""
    told = _gaps.document(report.gaps)
    return {
        "schema": "auditrail.report/1",
        "generated_by": _rows.GENERATOR,
        "not_checked": list(report.not_checked),
        "scope": {**report.scope._asdict(), "runs": list(report.scope.runs), "require": list(report.scope.require)},
        "totals": report.totals._asdict(),
        "sources_digest": report.digest,
        **{("runs_expected" if name == "runs" else name): told[name] for name in told if name not in _OWN},
        "weeks": [row._asdict() for row in report.weeks],
        "agents": [
            {
                **{name: value for name, value in row._asdict().items() if not name.endswith("_ns")},
                "first": _when.iso(row.first_ns),
                "last": _when.iso(row.last_ns),
            }
            for row in report.agents
        ],
        "layers": [row._asdict() for row in report.layers],
        "causes": [{**row._asdict(), "agents": list(row.agents)} for row in report.causes],
        "runs": [run_row(run) for run in report.runs],
        "verdicts": [
            {
                **row._asdict(),
                "uncovered_fields": list(row.uncovered_fields),
                "not_checked": list(row.not_checked),
                "listed": [defect._asdict() for defect in row.listed],
            }
            for row in report.verdicts
        ],
        "sources": [
            {
                **{name: value for name, value in row._asdict().items() if not name.endswith("_ns")},
                "first": _when.iso(row.first_ns),
                "last": _when.iso(row.last_ns),
            }
            for row in report.sources
        ],
        "method": list(report.method),
        "limits": list(report.limits),
        "notes": [*report.gaps.notes, *report.notes],
    }


def run_row(run: RunLine) -> dict[str, Any]:
    """One run of the list; `duration_seconds` is None where begin or end is not known."""
    length = run.duration_ns
    return {
        "id": run.id,
        "id_kind": run.id_kind,
        "agent": run.agent,
        "started_at": _when.iso(run.started_ns),
        "ended_at": _when.iso(run.ended_ns),
        "duration_seconds": None if length is None else length / 1_000_000_000,
        "status": run.status,
        "grade": run.grade,
        "score": run.score,
        "events": run.events,
        "errors": run.errors,
        "denials": run.denials,
        "tokens_in": run.tokens_in,
        "tokens_out": run.tokens_out,
        "layers": list(run.layers),
        "causes": list(run.causes),
        "severity": run.severity,
        "findings": run.findings,
        "integrity": run.integrity,
        "parent_run": run.parent_run,
    }


def encoded(report: Overview) -> Iterator[str]:
    """The document as text."""
    yield _rows.encode(document(report), indent=True)
    yield "\n"
