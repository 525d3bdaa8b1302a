"""OpenTelemetry traces and logs as OTLP/JSON: files of the Collector's `file` exporter, OTLP files, Tempo's API.

Source of the facts: opentelemetry-proto v1.11.0 (trace.proto, logs.proto, common.proto, docs/specification.md "JSON
Protobuf Encoding"), exporter/fileexporter/README.md of opentelemetry-collector-contrib. One record is one object with
`resourceSpans` or `resourceLogs`. Accepted besides: keys in snake_case, names of enums, ids in base64, what was called
`instrumentationLibrary...` before 2022, `batches` and `{"trace": ...}` of Tempo, `{"result": ...}` of Jaeger's API v3.
`attributes.remarks` says so (`base64-ids`, `snake-case-keys`). Where Tempo cut a trace, `attributes.export` has the
`status` PARTIAL and its `message`.

A span gives one event of kind `span` (`decision` where a policy states one):

- `ts_ns`, `end_ns`: startTimeUnixNano, endTimeUnixNano. A time that is 0, missing or beyond 63 bits is None (then
  `ts_source` is `order`); one that can't be held stays in the attributes.
- ids: `trace`, `span`, `parent_span`; then each link as `linked_trace` and `linked_span`; then those of the
  attributes; then those of the resource.
- `status`: error for status.code 2, ok for 1, else unknown. `error`: for status error status.message, else the
  attributes, else the first exception event; otherwise the attributes alone.
- `sampled`: bit 0 of `flags`, where given. Writers that fill in only the bits about the parent leave bit 0 at 0
  although the span was sampled, so that says nothing (None). `attributes.parent_remote` is bit 9 where bit 8 is set.
- `sampling_probability`: `ot=th:` in traceState, else the attributes.
- layer, agent, tool, model, args, result, tokens, decision...: see `_vocabulary`. Where the attributes have no args or
  result, the span's message events (the convention before v1.37) fill them.
- `stream`: service.name of the resource. Agent, version and principal of the resource fill blanks.
- `dedupe_key`: `otlp:<trace>/<span>`: a retry of the exporter sends the same span again.

It is followed by one event per tool call in a model's output (kind `call`, at the span's end) and one per span event
that the vocabularies know (messages, exceptions). Those have the span's ids of run, trace, session..., and
the span itself as `parent_span`. All span events stay in `attributes.events` too.

A log record gives one event of kind `log` (or what the vocabularies say of its name: eventName, else the attribute
event.name, else the body). `ts_ns` is timeUnixNano, else observedTimeUnixNano (`ts_source` observed). Its spanId is the
span that it happened IN, so it is the id `parent_span`. A record without these fields may have the ids in its
attributes or its body (`trace_id`, `otelTraceID`...), and a body that is an object gives further ids. Severity from 17
(ERROR) on is status error.

`attributes`: span attributes under their own keys, and under `resource`, `scope`, `kind`, `events`, `links`... what
OTLP says besides. A span attribute of such a name is found under `attributes.<name>`. What breaks the format is kept:
unknown members in `otherMembers`, entries of no known form as `malformedAttributes`, whole elements that are
no objects as events of kind `log`. So is a resource or scope of more than 64 KiB, once, instead of on all its events.

Not read: metrics and profiles (ignored, and counted by that reason); text of the debug exporter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.jsontext import dumps
from auditrail.model import Event
from auditrail.readers import _otlp_values as values
from auditrail.readers._contract import Ignored
from auditrail.readers._otlp_logs import log
from auditrail.readers._otlp_parts import (
    Scope,
    keep,
)
from auditrail.readers._otlp_spans import span
from auditrail.readers._vocabulary import Vocabulary, vocabulary

TakeSpan = Callable[[dict[str, Any], Scope, Vocabulary, list[Event]], None]

NAME = "otlp"
TITLE = "OpenTelemetry traces and logs (OTLP/JSON), with GenAI, MCP, OpenInference and OpenLLMetry attributes"
LAYER = "other"
TESTED_ON = "real files of opentelemetry-proto and duckdb-otlp; the GenAI vocabularies on their documentation only"
NEVER_RECORDS = "A span that was never ended, because its process was killed, is never exported."
IDS = (
    "trace",
    "span",
    "parent_span",
    "run",
    "session",
    "conversation",
    "request",
    "response",
    "tool_call",
    "decision",
    "message",
    "task",
    "linked_span",
    "linked_trace",
    "parent_run",
    "parent_call",
    "parent_request",
    "user",
    "other",
)
CAPTURES = {
    "time": "yes: start and end, in nanoseconds",
    "run": "partly: the trace; an agent's run may have several",
    "parent": "yes: parent span, and links",
    "call": "partly: since version 1.31 of the GenAI conventions; tool spans of older instrumentations have none",
    "arguments": "opt-in: content capture is off by default, and conventions before 1.38 had no attribute for it",
    "results": "opt-in: as arguments",
    "model": "yes",
    "tokens": "partly: on model spans; streamed answers may have none",
    "decision": "partly: guardrail spans of instrumentations that make them",
    "errors": "yes: status and exception events; a span that never ended is never exported",
    "end": "partly: the root span tells it; a span that never ended is never exported",
}

_SPANS = ("resourceSpans", "resource_spans", "batches")
_LOGS = ("resourceLogs", "resource_logs")
_OTHERS = {
    "resourceMetrics": "metrics",
    "resource_metrics": "metrics",
    "resourceProfiles": "profiles",
    "resource_profiles": "profiles",
}
_TOP = frozenset({*_SPANS, *_LOGS, *_OTHERS})
_WRAPPERS = ("trace", "result")
_SPAN_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans")
_LOG_SCOPES = ("scopeLogs", "scope_logs", "instrumentationLibraryLogs", "instrumentation_library_logs")
_SCOPE = ("scope", "instrumentationLibrary", "instrumentation_library")
_LOG_LISTS = ("logRecords", "log_records", "logs")  # `logs` until opentelemetry-proto 0.14
_SPAN_LISTS = ("spans",)
# Resource and scope are repeated on each of their events, so a large one could make terabytes out of one record.
_MAX_SHARED = 1 << 16
# Columns that a resource may state for everything it sends.
_OF_RESOURCE = ("agent", "agent_version", "principal")


def sniff(head: Head) -> float:
    """0.95 for any of the top-level keys of OTLP; a bare `trace` or `batches` must hold them or scopes too."""
    certain = _TOP - {"batches"}
    if not certain.isdisjoint(head.keys):
        return 0.95
    for sample in head.samples:
        if type(sample) is dict and (not certain.isdisjoint(sample) or _is_tempo(sample)):
            return 0.95
    # One answer that is longer than the head shows only how it begins.
    if not head.samples and not head.keys.isdisjoint(("batches", *_WRAPPERS)):
        scoped = any(f'"{key}"'.encode() in head.raw for key in _SPAN_SCOPES)
        return 0.95 if scoped and b'"spanId"' in head.raw else 0.0
    return 0.0


def _is_tempo(value: dict[str, Any]) -> bool:
    inner = next((value[key] for key in _WRAPPERS if key in value), value)
    if type(inner) is not dict:
        return False
    if inner is not value and not _TOP.isdisjoint(inner):
        return True
    batches = inner.get("batches")
    return type(batches) is list and any(
        type(batch) is dict and any(key in batch for key in _SPAN_SCOPES) for batch in batches[:5]
    )


def read(value: Any, record: Record) -> list[Event] | Ignored:  # noqa: ARG001
    """One export -> its spans and logs, each with its calls and messages.

    Raises:
        RecordError: `not-an-object`, or `too-deep` for what can't be walked.
    """
    return read_with(value, span)


def read_with(value: Any, take: TakeSpan) -> list[Event] | Ignored:
    """As `read`; `take(span, scope, vocabulary, events)` adds the events of a span."""
    if type(value) is not dict:
        raise RecordError("not-an-object", "an OTLP export is a JSON object")
    try:
        return _read(value, take)
    except RecursionError:
        raise RecordError("too-deep", "nested deeper than the reader can follow") from None


def _read(value: dict[str, Any], take: TakeSpan) -> list[Event] | Ignored:
    export = value
    for wrapper in _WRAPPERS if _TOP.isdisjoint(value) else ():
        trace = value.get(wrapper)
        if type(trace) is dict and not _TOP.isdisjoint(trace):
            # Beside the trace, `status` and `message` of Tempo say whether it was cut.
            export = {**trace, **{key: inner for key, inner in value.items() if key != wrapper}}
            break
    if _TOP.isdisjoint(export):
        return [Event(ts_source="order", attributes=dumps(value))] if value else Ignored("empty-export")
    besides = {key: inner for key, inner in export.items() if key not in _TOP}
    events: list[Event] = []
    kept: list[Event] = []
    export_text = _texts({"export": besides}, kept) if besides else {}
    for key in (*_SPANS, *_LOGS):
        if key in export:
            is_log = key in _LOGS
            for resource in _listed(export[key], key, events):
                _resource(resource, key, log if is_log else take, export_text, events)
    others = [key for key in _OTHERS if export.get(key)]
    if not events:
        return Ignored(_OTHERS[others[0]]) if others else _nothing(besides)
    # Beside spans or logs, metrics are kept as they stand: nothing of a record is dropped.
    events += [_kept(key, export[key]) for key in others]
    return events + kept


def _nothing(besides: dict[str, Any]) -> list[Event] | Ignored:
    return [Event(ts_source="order", attributes=dumps(besides))] if besides else Ignored("empty-export")


def _kept(key: str, value: Any) -> Event:
    """What is not of the type that OTLP has in this place, as an event of its own."""
    return Event(ts_source="order", name=key, attributes=dumps({key: value}))


def _listed(value: Any, key: str, events: list[Event]) -> list[dict[str, Any]]:
    """The objects in a repeated field; anything else becomes an event."""
    if value is None:
        return []
    if type(value) is not list:
        events.append(_kept(key, value))
        return []
    events += [_kept(key, item) for item in value if type(item) is not dict]
    return [item for item in value if type(item) is dict]


def _texts(parts: dict[str, Any], events: list[Event]) -> dict[str, str]:
    """JSON text of members that many events share; a very large one is an event of its own, and named there."""
    texts = {key: dumps(value) for key, value in parts.items()}
    for key, text in texts.items():
        if len(text) > _MAX_SHARED:
            events.append(_kept(key, parts[key]))
            texts[key] = '"see the event of this record with that name"'
    return texts


def _resource(
    group: dict[str, Any], key: str, take: TakeSpan, export_text: dict[str, str], events: list[Event]
) -> None:
    words = vocabulary()
    shared: dict[str, Any] = {}
    resource = _part(group.get("resource"), "resource", shared)
    keep(shared, "resourceSchemaUrl", group.get("schemaUrl", group.get("schema_url")))
    shared_text = {**_texts(shared, events), **export_text}
    scopes, lists = (_LOG_SCOPES, _LOG_LISTS) if key in _LOGS else (_SPAN_SCOPES, _SPAN_LISTS)
    known = {"resource", "schemaUrl", "schema_url", *scopes}
    others = {name: inner for name, inner in group.items() if name not in known}
    mapped = words.apply(resource)
    columns = {name: mapped.columns[name] for name in _OF_RESOURCE if name in mapped.columns}
    service = resource.get("service.name")
    stream = service if type(service) is str and service.strip() else None
    for name in scopes:
        for scoped in _listed(group.get(name), name, events):
            parts: dict[str, Any] = {}
            scope_key = next((k for k in _SCOPE if k in scoped), "scope")
            _scope_part(scoped.get(scope_key), parts)
            keep(parts, "scopeSchemaUrl", scoped.get("schemaUrl", scoped.get("schema_url")))
            texts = {**shared_text, **_texts(parts, events)}
            tail = ",".join(f'"{member}":{text}' for member, text in texts.items())
            scope = Scope(stream, tail, mapped.ids, columns)
            for list_name in lists:
                for item in _listed(scoped.get(list_name), list_name, events):
                    take(item, scope, words, events)
            rest = {k: v for k, v in scoped.items() if k not in {scope_key, "schemaUrl", "schema_url", *lists}}
            if rest:
                events.append(_kept(name, rest))
    if others:
        events.append(_kept(key, others))


def _part(value: Any, name: str, shared: dict[str, Any]) -> dict[str, Any]:
    """Attributes of a resource; further members go to `<name>Members`."""
    if type(value) is not dict:
        keep(shared, name, value)
        return {}
    odd: dict[str, Any] = {}
    made = values.attributes(value.get("attributes"), odd)
    odd.update({key: inner for key, inner in value.items() if key != "attributes" and inner not in (None, 0, "", [])})
    keep(shared, name, made)
    keep(shared, f"{name}Members", odd)
    return made


def _scope_part(value: Any, shared: dict[str, Any]) -> None:
    if type(value) is not dict or "attributes" not in value:
        keep(shared, "scope", value)
        return
    odd: dict[str, Any] = {}
    made = {**value, "attributes": values.attributes(value["attributes"], odd)}
    if not made["attributes"]:
        del made["attributes"]
    keep(shared, "scope", made)
    keep(shared, "scopeMembers", odd)
