"""An incident report in words, as plain values, and as flat rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from auditrail import text
from auditrail.outputs import _rows, _verification, _when
from auditrail.outputs._sections import Document, Section, Table
from auditrail.outputs._view import View
from auditrail.outputs._wording import Contents
from auditrail.report.incident_types import AGENT, Attachment, Deadline, IncidentReport, IncidentRun, Moment
from auditrail.report.types import Column, Gap, Listing

_MINUTE = 60_000_000_000
_DETAIL = 160
_PLACES = 3
_DIGEST = "digest"
_SENT = {
    "sent": "sent", "sent-late": "sent after it was due", "due": "due", "unknown-start": "nothing to count from yet",
    "no-number": "without undue delay",
}  # fmt: skip


def document(report: IncidentReport, view: View) -> dict[str, Any]:
    """The JSON document `auditrail.incident/1`."""
    return {
        "schema": "auditrail.incident/1",
        "generated_by": _rows.GENERATOR,
        "not_checked": list(report.not_checked),
        "generated_at": _when.iso(report.generated_ns),
        "incident": {
            "id": report.id,
            "title": report.title,
            "status": report.status,
            "operators": list(report.operators),
            "opened_at": _when.iso(report.opened_ns),
            "aware_at": _when.iso(report.aware_ns),
            "classified_at": _when.iso(report.classified_ns),
            "closed_at": _when.iso(report.closed_ns),
            "cause": report.cause,
            "changed": list(report.changed),
        },
        "runs": [_run_row(run) for run in report.runs],
        "timeline": rows(report, view),
        "timeline_left_out": report.timeline_left_out,
        "gaps": [_rows.gap_row(gap) for gap in report.gaps],
        "attachments": [_attachment_row(item) for item in report.attachments],
        "deadlines": [_deadline_row(item) for item in report.deadlines],
        "deadlines_as_of": report.deadlines_as_of,
        "ledger": [_verification.row(result) for result in report.ledger.results],
        "ledger_lines_unread": report.unread,
        "notes": list(report.notes),
    }


def _run_row(run: IncidentRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "asked": run.asked,
        "agent": run.agent,
        "principal": run.principal,
        "started_at": _when.iso(run.started_ns),
        "ended_at": _when.iso(run.ended_ns),
        "status": run.status,
        "completeness": {"grade": run.grade, "score": run.score, "reasons": list(run.reasons)},
        "events": run.events,
        "steps": run.steps,
        "failed": run.failed,
        "denied": run.denied,
        "story": list(run.story),
        "streams": list(run.streams),
        "missing": run.missing,
    }


def _attachment_row(item: Attachment) -> dict[str, Any]:
    made = item._asdict()
    return {**made, "at": _when.iso(made.pop("at_ns"))}


def _deadline_row(item: Deadline) -> dict[str, Any]:
    made = item._asdict()
    for name in ("start", "due", "sent"):
        made[f"{name}_at"] = _when.iso(made.pop(f"{name}_ns"))
    return made


def rows(report: IncidentReport, view: View) -> list[dict[str, Any]]:
    """The timeline, a row for each moment; contents of the agent become digests where they are hidden."""
    hide = view.content == _DIGEST
    made = []
    for one in report.timeline:
        content = hide and one.side == AGENT
        made.append(
            {
                "at": _when.iso(one.at_ns),
                "side": one.side,
                "kind": one.kind,
                "what": one.what,
                "detail": text.digest(one.detail, digits=64) if content and one.detail else one.detail,
                "error": _rows.hidden_error(one.error) if content else one.error,
                "who": one.who,
                "status": one.status,
                "run": one.run,
                "ref": one.ref,
                "recorded_at": _when.iso(one.recorded_ns),
                "recorded": None if one.recorded_ns is None else "given" if one.given else "clock",
            }
        )
    return made


def listing(report: IncidentReport, view: View) -> Listing:
    """The timeline as flat rows: for CSV."""
    flat = rows(report, view)
    names = (
        "at", "side", "kind", "what", "detail", "error", "who", "status", "run", "ref", "recorded_at", "recorded",
    )  # fmt: skip
    columns = tuple(Column(name, name) for name in names)
    return Listing("incident", "timeline", report.title, columns, tuple(tuple(row[n] for n in names) for row in flat))


def told(report: IncidentReport, view: View) -> Document:
    """The report for people."""
    words = Contents(replace(view, content=_DIGEST if view.content == _DIGEST else "short"))
    closed = f", closed {_stamp(report.closed_ns, view)}" if report.closed_ns is not None else ""
    verdict = f"{report.status}: opened {_stamp(report.opened_ns, view)}{closed}"
    return Document(
        f"Incident {report.id}: {report.title}",
        verdict,
        "good" if report.status == "closed" else "warn",
        (
            Section("At a glance", table=Table(("", ""), tuple(_facts(report, view)))),
            *(_run(run, view) for run in report.runs),
            _timeline(report, view, words),
            _gaps(report.gaps),
            Section("Root cause", (report.cause or "not recorded yet: auditrail incident close --cause",)),
            Section("What changed", (), report.changed),
            _deadlines(report, view),
            Section(
                "Attachments",
                table=Table(
                    ("file", "bytes", "sha256", "state", "by"),
                    tuple((a.name, f"{a.bytes:,}", a.sha256, a.state, a.operator) for a in report.attachments),
                    frozenset({1}),
                    frozenset({2}),
                ),
            ),
            Section("Notes", (), report.notes),
            Section("Not checked", (), report.not_checked),
        ),
    )


def _facts(report: IncidentReport, view: View) -> Iterator[tuple[str, str]]:
    yield "status", report.status
    yield "operators", ", ".join(report.operators)
    yield "runs", ", ".join(run.id for run in report.runs) or "none named"
    yield f"known since ({view.tz})", _stamp(report.aware_ns, view)
    if report.classified_ns is not None:
        yield "classified", _stamp(report.classified_ns, view)
    starts = [run.started_ns for run in report.runs if run.started_ns is not None]
    if starts:
        yield "first act of the agent", _stamp(min(starts), view)
        yield "until known", _when.duration(report.aware_ns - min(starts))
    if report.closed_ns is not None:
        yield "from known to closed", _when.duration(report.closed_ns - report.aware_ns)
    if report.generated_ns is not None:
        yield "report made", _stamp(report.generated_ns, view)


def _run(run: IncidentRun, view: View) -> Section:
    title = f"What happened: run {run.id}"
    if run.missing:
        return Section(title, (f"Nothing can be told of it: {run.missing}",))
    took = f", took {_when.duration(run.ended_ns - run.started_ns)}" if run.started_ns and run.ended_ns else ""
    began = f"began {_stamp(run.started_ns, view)}{took}" if run.started_ns is not None else "began at no known time"
    first = (
        f"{run.agent or 'An agent without a name'}{f' for {run.principal}' if run.principal else ''}, status "
        f"{run.status}, {began}. {run.steps:,} steps from {run.events:,} events: {run.failed:,} failed, {run.denied:,} "
        f"denied. Held: {run.grade} (score {run.score:.2f})."
    )
    return Section(title, (first, *(f"Not whole: {reason}" for reason in run.reasons)), run.story)


def _timeline(report: IncidentReport, view: View, words: Contents) -> Section:
    several = len([run for run in report.runs if not run.missing]) > 1
    left = report.timeline_left_out
    more = f" {left:,} further steps of the agent are left out: auditrail reconstruct." if left else ""
    return Section(
        "Timeline: the agent and the response",
        table=Table(
            (f"time ({view.tz})", "side", "who", "where", "what"),
            tuple(
                (_stamp(one.at_ns, view), one.side, one.who, _ref(one, several), _phrase(one, view, words))
                for one in report.timeline
            ),
            mono=frozenset({3}),
        ),
        note=f"Times of the response are those that operators gave for what happened.{more}",
    )


def _ref(one: Moment, several: bool) -> str:
    place = one.ref.rpartition("/")[2]
    return f"{place} ({one.run})" if several and one.run else place


def _phrase(one: Moment, view: View, words: Contents) -> str:
    parts = [one.what]
    if one.detail:
        if one.side == AGENT:
            parts.append(text.shorten(words.compact(one.detail), _DETAIL))
        else:
            parts.append(one.detail)
    if one.error:
        parts.append(words.error(one.error))
    told = ": ".join(parts)
    if one.recorded_ns is not None and one.at_ns is not None and abs(one.recorded_ns - one.at_ns) >= _MINUTE:
        told += f" [written down {_stamp(one.recorded_ns, view)}{', a time that was given' if one.given else ''}]"
    return told


def _gaps(gaps: tuple[Gap, ...]) -> Section:
    return Section(
        "What hindered the answer",
        table=Table(
            ("severity", "cause", "seen at", "what", "change"),
            tuple(
                (
                    gap.severity,
                    gap.cause,
                    ", ".join(
                        e.path.rpartition("/")[2] + (f":{e.record}" if e.record is not None else "")
                        for e in gap.evidence[:_PLACES]
                    )
                    + (f" and {len(gap.evidence) - _PLACES} more" if len(gap.evidence) > _PLACES else ""),
                    gap.title,
                    gap.remedy,
                )
                for gap in gaps
            ),
        ),
    )


def _deadlines(report: IncidentReport, view: View) -> Section:
    return Section(
        "Deadlines",
        table=Table(
            (f"due ({view.tz})", "framework", "clause", "state", "what"),
            tuple(
                (
                    _stamp(item.due_ns, view) if item.due_ns is not None else "",
                    item.framework,
                    item.clause,
                    _SENT[item.status] + (f" {_stamp(item.sent_ns, view)}" if item.sent_ns is not None else ""),
                    _asked(item),
                )
                for item in report.deadlines
            ),
        ),
        note=f"Periods as of {report.deadlines_as_of}, not compared with the cited texts, which alone count: reading "
        "aids, no legal advice.",
    )


def _asked(item: Deadline) -> str:
    when = f" (if: {item.when})" if item.when else ""
    return f"{item.what}{when}; counted from {item.counted_from}; {item.note}. Source: {item.source}"


def _stamp(ns: int | None, view: View) -> str:
    return "" if ns is None else _when.stamp(ns, view.tz)
