"""What is found in evidence, as plain values: what a frozen case expects, and what it is held to.

Contents stand as SHA-256 digests only: an expectation gives nothing away, and still tells one changed letter. Wording
(titles, explanations, remedies) is left out: it may be bettered without a test failing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail import case, times
from auditrail.report.types import Gap, Reconstruction, Result, Step
from auditrail.verify.types import VerificationReport

if TYPE_CHECKING:
    import duckdb


def relative(path: str, root: Path) -> str:
    """A path below a folder as the case knows it; any other stays as it is."""
    start = f"{root}/"
    return path.removeprefix(start).replace("\\", "/")


def digest(text: str | None) -> str | None:
    """What stands for a content; None for none."""
    return None if text is None else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def sources(connection: duckdb.DuckDBPyConnection, root: Path) -> list[dict[str, Any]]:
    """What the loader made of each file."""
    names = ("format", "inner_formats", "layer", "records", "records_with_events", "events", "quarantined", "ignored")
    rows = connection.execute(
        f"SELECT path, {', '.join(names)} FROM sources WHERE format IS NOT NULL ORDER BY path NULLS LAST"
    ).fetchall()
    return [{"path": relative(row[0], root), **dict(zip(names, row[1:], strict=True))} for row in rows]


def run(report: Reconstruction, root: Path) -> dict[str, Any]:
    """What the reconstruction of a run tells."""
    from auditrail.report.steps import steps

    joins = dict.fromkeys(("exact", "linked", "inferred"), 0)
    for event in report.events:
        joins[event.stitched_by.confidence] = joins.get(event.stitched_by.confidence, 0) + 1
    return {
        "id": report.id,
        "agent": report.agent,
        "principal": report.principal,
        "status": report.status,
        "started_at": _iso(report.started_ns),
        "ended_at": _iso(report.ended_ns),
        "grade": report.completeness.grade,
        "score": round(report.completeness.score, 6),
        "events": len(report.events),
        "joins": joins,
        "children": sorted(child.id for child in report.children),
        "steps": [_step(step, root) for step in steps(report) if step.kind != "gap"],
    }


def _step(step: Step, root: Path) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "name": step.name,
        "status": step.status,
        "decision": step.decision,
        "rule": step.rule,
        "at": _iso(step.ts_ns),
        "args": digest(step.args),
        "args_state": step.args_state,
        "result": digest(step.result),
        "result_state": step.result_state,
        "error": digest(step.error),
        "said": digest(step.said),
        "marks": sorted(step.marks),
        "events": len(step.events),
        "at_record": f"{relative(step.path, root)}:{step.record}" if step.path else None,
    }


def gaps(found: Iterable[Gap], root: Path) -> list[dict[str, Any]]:
    """The findings, each with its places."""
    rows = [
        {
            "rule": gap.rule,
            "cause": gap.cause,
            "severity": gap.severity,
            "confidence": gap.confidence,
            "proof": gap.proof,
            "agent": gap.agent,
            "layer": gap.layer,
            "stream": gap.stream,
            "tool": gap.tool,
            "count": gap.count,
            "runs": sorted(gap.runs),
            "seen_at": sorted({_place(e.path, e.record, root) for e in gap.evidence}),
        }
        for gap in found
    ]
    return sorted(rows, key=lambda row: [str(row[name]) for name in ("rule", "cause", "agent", "stream", "tool")])


def _place(path: str, record: int | None, root: Path) -> str:
    return relative(path, root) + (f":{record}" if record is not None else "")


def verification(report: VerificationReport, root: Path) -> list[dict[str, Any]]:
    """The verdicts, each with its defects."""
    rows = [_result(result, root) for result in report.results]
    return sorted(rows, key=lambda row: (row["path"], row["chain"] or ""))


def _result(result: Result, root: Path) -> dict[str, Any]:
    return {
        "path": relative(result.path, root),
        "profile": result.profile,
        "chain": result.chain,
        "verdict": result.verdict,
        "records": result.records,
        "checked": result.checked,
        "head": result.head,
        **({"verified": result.verified} if result.verified else {}),
        "defects": [{"kind": d.kind, "record": d.record, "seq": d.seq, "breaks": d.breaks} for d in result.defects],
    }


def all_of(
    connection: duckdb.DuckDBPyConnection, asked: Iterable[str], checked: VerificationReport, root: Path
) -> dict[str, Any]:
    """Everything that is found in a case about these runs.

    Raises:
        RunNotFoundError, AmbiguousRunError: one of the runs is not there.
    """
    from auditrail.gaps.engine import Question
    from auditrail.report import lookup
    from auditrail.report.gaps import gaps as look
    from auditrail.report.reconstruction import reconstruct

    asked = list(asked)
    keys = tuple(found.run for name in asked if (found := lookup.find(connection, name)).run is not None)
    runs = [run(reconstruct(connection, name), root) for name in asked]
    told = look(connection, Question(runs=keys)) if keys else None
    return {
        "sources": sources(connection, root),
        "runs": runs,
        "gaps": gaps(told.gaps, root) if told is not None else [],
        "verification": verification(checked, root),
    }


def run_of_record(connection: duckdb.DuckDBPyConnection, path: str, record: int) -> str | None:
    """The id of the run that a record's events are of; None if it has none."""
    row = case.one(
        connection,
        "SELECT r.id FROM events e JOIN sources s ON s.source = e.source JOIN run_members m ON m.event = e.event "
        "JOIN runs r ON r.run = m.run WHERE s.path = ? AND e.record = ? ORDER BY r.run LIMIT 1",
        [path, record],
    )
    return None if row is None else str(row[0])


def _iso(ns: int | None) -> str | None:
    return None if ns is None else times.iso(ns, digits=9)
