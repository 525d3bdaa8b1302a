"""OTLP/JSON: a run as traces and logs that other tools show, and that auditrail loads again into the same run.

Source of the format: opentelemetry-proto v1.11.0 (trace.proto, logs.proto, docs/specification.md "JSON Protobuf
Encoding") and OpenTelemetry's "File Exporter": JSON Lines. What has a length is a span, all else a log record.

- One line for each record of the evidence, in the order of the evidence: what stood together stays together. A line may
  hold `resourceSpans` and `resourceLogs`: a receiver of one kind passes over members that it does not know, as the
  encoding demands, and the Collector's `otlpjsonfile` receiver takes from each line what its pipeline carries. A file
  for a tool that wants traces alone is made by: jq -c 'del(.resourceLogs) | select(.resourceSpans)'
- Resource: `service.name` is the stream; `auditrail.run`, `auditrail.run_kind` name the run.
- Trace id: the run's own, if it has exactly one of 32 hex digits; else the first 32 digits of sha256 of the run's id,
  and `auditrail.trace_id_derived` says so. Span id: the span's own, if it is one of 16 hex digits; else derived in the
  same way from run and event, and the event's own ids stand in its attributes.
- Parent: the span under which the event stands in the tree; for one whose parent is missing, the parent it names.
- Attributes: every column of the event under `auditrail.<column>`; `auditrail.source.*` is where it stands in the
  evidence, `auditrail.stitched_by.*` how it was joined. A few `gen_ai.*` repeat columns for viewers that know them.
- Times are as stored, to the nanosecond. What OTLP can't hold (no time, a span without an end) is said in attributes.

With `--hide-content`, contents are digests, and their state is `hashed`. Not exported: gaps and other conclusions, to
which a case that holds the export comes by itself; copies, sampling, sequence numbers, ids of further kinds. What
stands under what is derived anew: an event that was joined over an id to one without a span may stand elsewhere.
A case that holds both the evidence and its export holds each event twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from auditrail import __version__
from auditrail.outputs import _rows
from auditrail.outputs._select import shown
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import Reconstruction, Report, RunEventView

NAME = "otlp"
EXTENSION = "jsonl"
REPORTS = ("reconstruction",)

_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}").fullmatch
_SPAN = re.compile(r"(?!0{16})[0-9a-f]{16}").fullmatch
_INT64_MAX = (1 << 63) - 1
_ERROR, _INFO = 17, 9
_STATUS_CODES = {"ok": 1, "error": 2, "denied": 2}
# Columns that stand in attributes under their own names.
COLUMNS = (
    "layer", "kind", "name", "agent", "principal", "model", "tool", "status", "error", "args", "args_state", "result",
    "result_state", "decision", "policy", "rule", "tokens_in", "tokens_out", "flags", "span_id", "parent_span_id",
    "tool_call_id", "request_id", "response_id", "decision_id", "task_id",
)  # fmt: skip
_FOR_VIEWERS = (
    ("gen_ai.agent.name", "agent"),
    ("gen_ai.request.model", "model"),
    ("gen_ai.tool.name", "tool"),
    ("gen_ai.tool.call.id", "tool_call_id"),
    ("gen_ai.usage.input_tokens", "tokens_in"),
    ("gen_ai.usage.output_tokens", "tokens_out"),
)


def render(report: Report, view: View) -> Iterator[str]:
    """One line for each record of the evidence."""
    assert isinstance(report, Reconstruction)  # noqa: S101 - REPORTS says so
    export = _Export(report, view)
    records: dict[tuple[str, str, int], list[RunEventView]] = {}
    for event in sorted(shown(report, view), key=lambda event: event.key):
        records.setdefault((event.id.partition(":")[0], event.source.path, event.source.record), []).append(event)
    for members in records.values():
        yield _rows.encode(export.line(members)) + "\n"


def trace_id(report: Reconstruction) -> tuple[str, bool]:
    """The trace id of the run, and whether it is derived."""
    own = [value for kind, value in report.aliases if kind == "trace" and _TRACE(value)]
    if len(own) == 1:
        return own[0], False
    return _digest(report.id)[:32], True


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class _Export:
    def __init__(self, report: Reconstruction, view: View) -> None:
        self.report, self.view = report, view
        self.words = Words(
            report, replace(view, width=120, unicode=True, content="digest" if view.content == "digest" else "short")
        )
        self.trace, derived = trace_id(report)
        self._by_id = {event.id: event for event in report.events}
        shared: dict[str, Any] = {
            "auditrail.export": 1,
            "auditrail.run": report.id,
            "auditrail.run_kind": report.id_kind,
            "auditrail.parent_run": report.parent_run,
            "auditrail.trace_id_derived": derived or None,
        }
        for kind in ("session", "conversation"):
            shared[f"auditrail.{kind}s"] = [value for name, value in report.aliases if name == kind] or None
        self._shared = shared

    def line(self, events: list[RunEventView]) -> dict[str, Any]:
        """What one record of the evidence gave, as an export of traces, logs, or both."""
        made: dict[str, Any] = {}
        for stream in dict.fromkeys(event.stream for event in events):
            members = [event for event in events if event.stream == stream]
            resource = {"attributes": _attributes({"service.name": stream, **self._shared})}
            scope = {"name": "auditrail", "version": __version__}
            spans = [self._span(event) for event in members if _is_span(event)]
            logs = [self._log(event) for event in members if not _is_span(event)]
            if spans:
                group = {"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}
                made.setdefault("resourceSpans", []).append(group)
            if logs:
                group = {"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": logs}]}
                made.setdefault("resourceLogs", []).append(group)
        return made

    def _span(self, event: RunEventView) -> dict[str, Any]:
        columns = self._columns(event)
        made: dict[str, Any] = {"traceId": self.trace, "spanId": self._span_id(event)}
        parent = self._parent(event)
        if parent:
            made["parentSpanId"] = parent
        made["name"] = event.name or event.tool or event.kind
        made["kind"] = 1
        made["startTimeUnixNano"] = str(event.ts_ns)
        made["endTimeUnixNano"] = str(event.ts_ns if event.end_ns is None else event.end_ns)
        made["attributes"] = _attributes({**columns, "auditrail.open": event.end_ns is None or None})
        status: dict[str, Any] = {"code": _STATUS_CODES.get(event.status, 0)}
        if columns["auditrail.error"]:
            status["message"] = columns["auditrail.error"]
        made["status"] = status
        return made

    def _log(self, event: RunEventView) -> dict[str, Any]:
        columns = self._columns(event)
        failed = event.status in ("error", "denied") or event.decision == "deny"
        made: dict[str, Any] = {}
        if _fits(event.ts_ns):
            made["timeUnixNano"] = str(event.ts_ns)
        else:
            columns["auditrail.ts_ns"] = event.ts_ns
        columns["auditrail.end_ns"] = event.end_ns
        made["severityNumber"] = _ERROR if failed else _INFO
        made["severityText"] = "ERROR" if failed else "INFO"
        made["body"] = {"stringValue": "".join(part for part, _ in self.words.phrase(event))}
        made["attributes"] = _attributes(columns)
        made["traceId"] = self.trace
        above = self._parent(event)
        if above:
            made["spanId"] = above
        if event.name:
            made["eventName"] = event.name
        return made

    def _columns(self, event: RunEventView) -> dict[str, Any]:
        row = _rows.event_row(event, self.view)
        made = {f"auditrail.{name}": getattr(event, name) for name in COLUMNS}
        attributes = event.attributes
        if self.view.content == "digest":
            for side in ("args", "result"):
                made[f"auditrail.{side}"] = row[side]
                if row[side] is not None:
                    made[f"auditrail.{side}_state"] = "hashed"
            made["auditrail.error"] = row["error"]
            attributes = None if row["attributes"] is None else _rows.encode(row["attributes"])
        stitch, place = event.stitched_by, event.source
        return {
            **made,
            "auditrail.ts_source": None if event.ts_source == "event" else event.ts_source,
            "auditrail.tz_assumed": event.tz_assumed or None,
            "auditrail.attributes": attributes,
            "auditrail.event": event.id,
            **{f"auditrail.source.{name}": value for name, value in place._asdict().items()},
            **{f"auditrail.stitched_by.{name}": value for name, value in stitch._asdict().items()},
            **{name: getattr(event, column) for name, column in _FOR_VIEWERS},
        }

    def _span_id(self, event: RunEventView) -> str:
        if event.kind == "span" and event.span_id and _SPAN(event.span_id):
            return event.span_id
        return _digest(self.report.id, event.id)[:16]

    def _parent(self, event: RunEventView) -> str | None:
        """The span above the event in the tree; the one that it names, if that one is missing."""
        above = self._by_id.get(event.parent_id or "")
        while above is not None:
            if _is_span(above):
                return self._span_id(above)
            above = self._by_id.get(above.parent_id or "")
        named = event.parent_span_id
        return named if named and _SPAN(named) else None


def _is_span(event: RunEventView) -> bool:
    """Whether it has a length, or would have one: OTLP wants begin and end of a span."""
    return _fits(event.ts_ns) and (_fits(event.end_ns) or (event.kind == "span" and event.end_ns is None))


def _fits(ns: int | None) -> bool:
    return ns is not None and 0 < ns <= _INT64_MAX


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": str(value)}
