"""Reports as plain values for programs: what JSON, JSON Lines and CSV write. Keys and their order are the contract's.

Programs get whole contents, whatever `--show-content` says: a value that was cut looks like evidence and is none. Only
`--hide-content` changes them: arguments, results, error messages and the values of attributes become blake3 digests.
Filters (`--layer`, `--since`, `--until`, `--depth`) choose events here as they do for people.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import __version__, jsontext, text
from auditrail.errors import RecordError
from auditrail.outputs import _when
from auditrail.outputs._select import hidden, shown
from auditrail.outputs._view import View
from auditrail.report.types import Gap, Listing, Reconstruction, RunEventView

# `TimeoutError`, `refused_by_policy`, `http_503`: a word, with too few digits for an account or a card.
_ERROR_TYPE = re.compile(r"[A-Za-z_.]{1,60}\d{0,3}")
GENERATOR = {"name": "auditrail", "version": __version__}


def document(report: Reconstruction | Listing, view: View) -> dict[str, Any]:
    """The whole JSON document of a report."""
    if isinstance(report, Listing):
        return {
            "schema": f"auditrail.{report.kind}/1",
            "generated_by": GENERATOR,
            "not_checked": list(report.not_checked),
            report.key: listing_rows(report),
            **{key: plain(value) for key, value in report.extra.items()},
            "notes": list(report.notes),
        }
    left_out = hidden(report, view)
    return {
        "schema": "auditrail.reconstruction/1",
        "generated_by": GENERATOR,
        "not_checked": list(report.not_checked),
        "run": _run(report),
        "events": [event_row(event, view) for event in shown(report, view)],
        "gaps": [gap_row(gap) for gap in report.gaps],
        "clock_skew": [{"stream": s.stream, "seconds": s.seconds, "pairs": s.pairs} for s in report.clock_skew],
        "integrity": [{"path": path, "verdict": verdict} for path, verdict in report.integrity],
        "remarks": list(report.remarks),
        **({"events_hidden": left_out} if left_out else {}),
    }


def _run(report: Reconstruction) -> dict[str, Any]:
    done = report.completeness
    return {
        "id": report.id,
        "id_kind": report.id_kind,
        "asked": report.asked,
        "aliases": [{"kind": kind, "value": value} for kind, value in report.aliases],
        "agent": report.agent,
        "principal": report.principal,
        "started_at": _when.iso(report.started_ns),
        "ended_at": _when.iso(report.ended_ns),
        "status": report.status,
        "layers": list(report.layers),
        "parent_run": report.parent_run,
        "usage": report.usage._asdict() if report.usage else None,
        "parent_event": report.parent_event,
        "children": [
            {"id": c.id, "agent": c.agent, "status": c.status, "events": c.events, "event": c.event}
            for c in report.children
        ],
        "completeness": {"grade": done.grade, "score": done.score, "reasons": list(done.reasons)},
        "streams": [
            {
                "path": s.path,
                "stream": s.stream,
                "format": s.format,
                "layer": s.layer,
                "events": s.events,
                "records": s.records,
                "exact": s.exact,
                "linked": s.linked,
                "inferred": s.inferred,
            }
            for s in report.streams
        ],
    }


def event_row(event: RunEventView, view: View) -> dict[str, Any]:
    """One event; times in ISO 8601, UTC, as they are stored (`skew_seconds` is what a view adds)."""
    hide = view.content == "digest"
    stitch, place = event.stitched_by, event.source
    return {
        "id": event.id,
        "ts": _when.iso(event.ts_ns),
        "end_ts": _when.iso(event.end_ns),
        "ts_source": event.ts_source,
        "tz_assumed": event.tz_assumed,
        "skew_seconds": event.skew_ns / 1_000_000_000,
        "stream": event.stream,
        "layer": event.layer,
        "kind": event.kind,
        "name": event.name,
        "agent": event.agent,
        "principal": event.principal,
        "model": event.model,
        "tool": event.tool,
        "tool_call_id": event.tool_call_id,
        "status": event.status,
        "error": hidden_error(event.error) if hide else event.error,
        "span_id": event.span_id,
        "parent_span_id": event.parent_span_id,
        "parent_id": event.parent_id,
        "depth": event.depth,
        "args": _content(event.args, hide=hide),
        "args_state": event.args_state,
        "result": _content(event.result, hide=hide),
        "result_state": event.result_state,
        "decision": event.decision,
        "policy": event.policy,
        "rule": event.rule,
        "tokens_in": event.tokens_in,
        "tokens_out": event.tokens_out,
        "marks": list(event.marks),
        "copies": event.copies,
        "flags": event.flags.split(",") if event.flags else [],
        "stitched_by": {
            "kind": stitch.kind,
            "value": stitch.value,
            "confidence": stitch.confidence,
            "via": stitch.via,
        },
        "source": {
            "path": place.path,
            "record": place.record,
            "part": place.part,
            "offset": place.offset,
            "length": place.length,
            "blake3": place.blake3,
        },
        "attributes": _attributes(event.attributes, hide=hide),
    }


def hidden_error(error: str | None) -> str | None:
    """An error for `--hide-content`: the name of a type stays; a message may quote content and becomes a digest."""
    if error is None or _ERROR_TYPE.fullmatch(error):
        return error
    return text.digest(error, digits=64)


def _content(value: str | None, *, hide: bool) -> str | None:
    return text.digest(value, digits=64) if hide and value is not None else value


def _attributes(source: str | None, *, hide: bool) -> Any:
    """The parsed object; text that is no JSON stays text, so that nothing is lost."""
    if source is None:
        return None
    try:
        value, _ = jsontext.parse(source.encode("utf-8", "surrogatepass"))
    except RecordError:
        value = source
    if not hide:
        return value
    if isinstance(value, dict):
        return {key: text.digest(jsontext.content(item) or "", digits=64) for key, item in value.items()}
    return text.digest(source, digits=64)


def gap_row(gap: Gap) -> dict[str, Any]:
    """One gap, as in `auditrail.gaps/1`; `after` is the event behind which a view shows it."""
    return {
        "rule": gap.rule,
        "cause": gap.cause,
        "severity": gap.severity,
        "confidence": gap.confidence,
        "title": gap.title,
        "explanation": gap.explanation,
        "remedy": gap.remedy,
        "agent": gap.agent,
        "layer": gap.layer,
        "stream": gap.stream,
        "tool": gap.tool,
        "first": _when.iso(gap.first_ns),
        "last": _when.iso(gap.last_ns),
        "count": gap.count,
        "runs": list(gap.runs),
        "evidence": [{"path": e.path, "record": e.record, "note": e.note} for e in gap.evidence],
        "controls": list(gap.controls),
        "after": gap.after,
        "proof": gap.proof,
        **({"set_at": [{"path": e.path, "line": e.record, "note": e.note} for e in gap.set_at]} if gap.set_at else {}),
    }


def listing_rows(report: Listing) -> list[dict[str, Any]]:
    """The rows of a listing as objects; columns of times hold ISO 8601 or None."""
    return [
        {
            column.name: _when.iso(value) if column.show == "time" and isinstance(value, int) else plain(value)
            for column, value in zip(report.columns, row, strict=True)
        }
        for row in report.rows
    ]


def plain(value: Any) -> Any:
    """A value as JSON can hold it: bytes as hex, sets and tuples as lists, what else there is as its text."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    return str(value)


def encode(value: Any, *, indent: bool = False) -> str:
    """JSON text of plain values, with nothing in it that acts on a terminal; integers of any size stay exact."""
    import orjson

    try:
        made = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None).decode()
    except (TypeError, ValueError, RecursionError):
        # Integers beyond 64 bits and lone surrogates: Python's writer escapes the latter.
        import json

        made = json.dumps(value, indent=2 if indent else None, separators=(",", ": " if indent else ":"), default=str)
    return text.json_safe(made)
