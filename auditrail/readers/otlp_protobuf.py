"""OpenTelemetry traces and logs as OTLP in Protocol Buffers: files of the Collector's `file` exporter, saved exports.

Source of the facts: trace.proto, logs.proto, common.proto and resource.proto of opentelemetry-proto v1.11.0;
exporter/fileexporter (README.md, file_writer.go) of opentelemetry-collector-contrib. A record is one TracesData or
LogsData, which is the same on the wire as an ExportTraceServiceRequest or ExportLogsServiceRequest. Framings:

- the exporter's `format: proto`: each message behind its length, 4 bytes big-endian; with `compression: zstd` each
  message is a zstd frame, and with whole-file compression the stream around all of them is;
- messages behind their lengths as varints (`writeDelimitedTo`);
- one message that fills the file, as a client sends it in the body of a request.

Nothing on the wire says whether a message holds spans or log records; `_otlp_wire.signal` tells it from their fields,
message by message. It is then decoded to the objects of OTLP/JSON and read by the reader `otlp`, whose docstring
says what becomes of them. Fields that are in no message of that version are counted in `attributes.export`.

Not read: metrics (counted as ignored), profiles, groups of proto2. A message that breaks off gives nothing.
Tested on two real messages of duckdb-otlp, and on JSON exports encoded to the same fields.
"""

from __future__ import annotations

import io
from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.containers.splitting import split
from auditrail.errors import RecordError
from auditrail.readers import _otlp_wire as otlp_wire
from auditrail.readers import otlp
from auditrail.readers._contract import Reading

NAME = "otlp-protobuf"
TITLE = "OpenTelemetry traces and logs (OTLP in Protocol Buffers), with the attributes that OTLP/JSON is read for"
LAYER = "other"
TESTED_ON = "real files of duckdb-otlp (one message each); the Collector's frames on their documentation only"
NEVER_RECORDS = "A span that was never ended, because its process was killed, is never exported."
INPUT = "text"
IDS = (
    "run", "trace", "span", "parent_span", "session", "conversation", "request", "response", "tool_call", "message",
    "task", "parent_run", "linked_span", "linked_trace", "user", "other",
)  # fmt: skip
CAPTURES = {
    "time": "yes: begin and end of every span; a log record may have only the time at which it was observed",
    "run": "partly: the trace; a run id only where the application sets one as an attribute",
    "parent": "yes: every span names its parent, a log record the span that it happened in",
    "call": "opt-in: gen_ai.tool.call.id and its like, as far as the instrumentation sets them",
    "arguments": "opt-in: content is off by default in most instrumentations, without a mark where it is missing",
    "results": "opt-in: as arguments",
    "model": "partly: where the instrumentation follows GenAI, OpenInference or OpenLLMetry",
    "tokens": "partly: as model",
    "decision": "partly: only where a policy engine or guardrail writes spans or logs with its verdict",
    "errors": "yes: the status of a span, exception events, the severity of a log record",
    "end": "partly: the root span tells it; a span that never ended is never exported",
}

_FRAMINGS = ("length-prefixed", "varint-prefixed", "message")
_RECORDS = 5


def sniff(head: Head) -> float:
    """0.95 for a message that holds spans, log records or metrics; text and JSON in frames never."""
    if head.framing not in _FRAMINGS or head.samples:
        return 0.0
    seen = 0
    for record in split(io.BytesIO(head.raw), head.framing):
        if not isinstance(record, Record):
            continue
        cut = not head.complete or record.defect == "torn-tail"
        if record.defect in (None, "torn-tail") and otlp_wire.signal(record.raw, cut=cut or seen == 0):
            return 0.95
        seen += 1
        if seen >= _RECORDS:
            break
    return 0.0


def read(value: Any, record: Record) -> Reading:
    """One message -> its spans and logs, each with its calls and messages.

    Raises:
        RecordError: `malformed` for what is no whole message of spans or logs, `too-deep`.
    """
    if not isinstance(value, bytes):
        raise RecordError("malformed", "a message of Protocol Buffers is bytes")
    found = otlp_wire.signal(value)
    if found is None:
        made = otlp_wire.decode(value, otlp_wire.TRACES)
        if not _is_bare(made):
            raise RecordError("malformed", "the message holds neither spans nor log records")
        return otlp.read(made, record)
    if found == otlp_wire.METRICS:
        return otlp.read({"resourceMetrics": [{}]}, record)
    return otlp.read(otlp_wire.decode(value, found), record)


def _is_bare(export: dict[str, Any]) -> bool:
    """Whether there is no span in it at all: resources and scopes alone, which are the same in every signal."""
    resources = export.get("resourceSpans", [])
    return "unknownFields" not in export and not any(
        scope.get("spans") for resource in resources for scope in resource.get("scopeSpans", [])
    )
