"""The rows of a run for Timesketch; see `timesketch`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from auditrail import times
from auditrail.outputs import _rows, _when
from auditrail.outputs._select import shown
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import Gap, Reconstruction, Report, RunEventView

_EVENT = (
    "id", "ts", "end_ts", "ts_source", "tz_assumed", "skew_seconds", "stream", "layer", "kind", "name", "agent",
    "principal", "model", "tool", "tool_call_id", "status", "error", "span_id", "parent_span_id", "parent_id", "args",
    "args_state", "result", "result_state", "decision", "policy", "rule", "tokens_in", "tokens_out", "marks",
)  # fmt: skip
_STITCH = ("kind", "value", "confidence", "via")
_SOURCE = ("path", "record", "part", "offset", "length", "blake3")
_GAP = ("severity", "cause", "confidence", "explanation", "remedy")
COLUMNS = (
    "message", "datetime", "timestamp", "timestamp_desc", "data_type", "run", *_EVENT,
    *(f"stitched_by_{name}" for name in _STITCH), *(f"source_{name}" for name in _SOURCE), "attributes", "gap_rule",
    *(f"gap_{name}" for name in _GAP),
)  # fmt: skip
_DESCRIPTIONS = {
    "event": "Event Recorded",
    "observed": "Collector Received",
    "ingest": "Log Store Received",
    "order": "No Time: Placed At The End Of The Run",
}


def rows(report: Report, view: View) -> list[dict[str, Any]]:
    """Events and gaps in order of time."""
    assert isinstance(report, Reconstruction)  # noqa: S101 - REPORTS says so
    words = Words(report, replace(view, width=200, content="digest" if view.content == "digest" else "short"))
    events = shown(report, view)
    known = [event.ts_ns for event in report.events if event.ts_ns is not None]
    last = max(known, default=0)
    made = [
        (event.ts_ns if event.ts_ns is not None else last, _event(event, report, words, view, last)) for event in events
    ]
    by_id = {event.id: event for event in report.events}
    for gap in report.gaps:
        near = by_id.get(gap.after or "")
        at = near.ts_ns if near is not None else gap.first_ns
        if at is not None:
            made.append((at, _gap(gap, report, at)))
    return [row for _, row in sorted(made, key=lambda pair: pair[0])]


def _moment(ns: int) -> dict[str, Any]:
    return {"datetime": times.iso(ns, digits=6), "timestamp": ns // 1_000}


def _event(event: RunEventView, report: Reconstruction, words: Words, view: View, last: int) -> dict[str, Any]:
    fields = _rows.event_row(event, view)
    described = _DESCRIPTIONS.get(event.ts_source, _DESCRIPTIONS["event"])
    return {
        "message": f"[{event.layer}] {''.join(part for part, _ in words.phrase(event))}",
        **_moment(last if event.ts_ns is None else event.ts_ns),
        "timestamp_desc": "Start" if event.ts_source == "event" and event.kind == "span" else described,
        "data_type": "auditrail:event",
        "run": report.id,
        **{name: fields[name] for name in _EVENT},
        **{f"stitched_by_{name}": fields["stitched_by"][name] for name in _STITCH},
        **{f"source_{name}": fields["source"][name] for name in _SOURCE},
        "attributes": fields["attributes"],
    }


def _gap(gap: Gap, report: Reconstruction, at: int) -> dict[str, Any]:
    fields = _rows.gap_row(gap)
    place = gap.evidence[0] if gap.evidence else None
    return {
        "message": f"[missing or in doubt] {gap.title}",
        **_moment(at),
        "timestamp_desc": "Where It Is Missing",
        "data_type": "auditrail:gap",
        "run": report.id,
        "ts": _when.iso(at),
        **{name: fields[name] for name in ("agent", "layer", "stream", "tool")},
        "source_path": place.path if place else None,
        "source_record": place.record if place else None,
        "gap_rule": gap.rule,
        **{f"gap_{name}": fields[name] for name in _GAP},
    }
