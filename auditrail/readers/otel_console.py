"""Spans and log records as the console exporters of OpenTelemetry's Python SDK print them, mostly indented JSON.

Facts: open-telemetry/opentelemetry-python, opentelemetry-sdk `sdk/trace/__init__.py` (ReadableSpan.to_json, Event,
Link, Resource.to_json) and `sdk/_logs/_internal/__init__.py` (LogRecord.to_json):

- A span `{name, context {trace_id, span_id, trace_state}, kind, parent_id, start_time, end_time, status {status_code,
  description}, attributes, events [{name, timestamp, attributes}], links [{context, attributes}], resource {attributes,
  schema_url}}`. Ids are hex behind `0x`, which other exporters leave out; so does this reader. `kind` is
  `SpanKind.INTERNAL`, as Python names it. Times are ISO 8601 in UTC, with microseconds.
- A log record `{body, severity_number, severity_text, attributes, dropped_attributes, timestamp, observed_timestamp,
  trace_id, span_id, trace_flags, resource, event_name}`. Its span is the one that it happened in: `parent_span`.

What they mean is what `otlp` says of the same attributes. Not read: metrics, and output of the application between the
objects. Tested on records of that form that were written for the test.
"""

from __future__ import annotations

from typing import Any

from auditrail import times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.jsontext import dumps
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Ignored, Reading
from auditrail.readers._otlp_parts import join_ids
from auditrail.readers._spans import Moment, Span, events_of, text_id
from auditrail.readers._vocabulary import vocabulary

NAME = "otel-console"
TITLE = "Console output of OpenTelemetry's Python SDK (spans and log records)"
LAYER = "other"
TESTED_ON = "documentation only: to_json of spans and log records in opentelemetry-sdk for Python"
NEVER_RECORDS = "A span that was never ended, because its process was killed, is never printed."
IDS = (
    "trace", "span", "parent_span", "linked_trace", "linked_span", "run", "session", "conversation", "request",
    "response", "tool_call", "decision", "message", "task", "user", "parent_run", "parent_call", "parent_request",
    "other",
)  # fmt: skip
CAPTURES = {
    "time": "yes: start and end, in microseconds",
    "run": "partly: the trace; an agent's run may have several",
    "parent": "yes: parent span, and links",
    "call": "partly: since version 1.31 of the GenAI conventions; tool spans of older instrumentations have none",
    "arguments": "opt-in: content capture is off by default",
    "results": "opt-in: as arguments",
    "model": "yes",
    "tokens": "partly: on model spans; streamed answers may have none",
    "decision": "partly: guardrail spans of instrumentations that make them",
    "errors": "yes: status and exception events; a span that never ended is never printed",
    "end": "yes: every span has its end, and no other span is printed",
}

_SPAN = frozenset({"name", "context", "kind", "parent_id", "start_time", "end_time", "status", "attributes"})
_SPAN_USED = _SPAN | {"events", "links", "resource"}
_LOG = frozenset({"body", "severity_number", "trace_id", "span_id", "trace_flags"})
_LOG_USED = frozenset({"body", "timestamp", "observed_timestamp", "trace_id", "span_id", "attributes", "resource"})
_ERROR_SEVERITY = 17


def sniff(head: Head) -> float:
    """0.95 for a span with a kind as Python names it, or a log record with ids behind `0x`."""
    for sample in head.samples[:10]:
        if isinstance(sample, dict) and (_is_span(sample) or _is_log(sample)):
            return 0.95
    return 0.0


def _is_span(value: dict[str, Any]) -> bool:
    kind = value.get("kind")
    named = isinstance(kind, str) and kind.startswith("SpanKind.")
    return named and value.keys() >= _SPAN and isinstance(value["context"], dict) and "trace_id" in value["context"]


def _is_log(value: dict[str, Any]) -> bool:
    trace = value.get("trace_id")
    return value.keys() >= _LOG and isinstance(trace, str) and trace.startswith("0x")


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One span with what is in it, or one log record.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a span or log record is a JSON object")
    if isinstance(value.get("context"), dict):
        return _span(value, value["context"])
    if "body" in value or "severity_number" in value:
        return [_log(value)]
    if "resource_metrics" in value:
        return Ignored("metrics")
    return [Event(ts_source="order", attributes=dumps(value) if value else None)]


def _span(value: dict[str, Any], context: dict[str, Any]) -> list[Event]:
    start, end = times.parse(value.get("start_time")), times.parse(value.get("end_time"))
    held, status = value.get("attributes"), value.get("status")
    attributes = dict(held) if isinstance(held, dict) else {}
    code = gateway.member(status, "status_code")
    told = gateway.member(status, "description")
    kind = value.get("kind")
    rest = {key: item for key, item in value.items() if key not in _SPAN_USED}
    rest |= {key: value[key] for key, at in (("start_time", start), ("end_time", end)) if value.get(key) and at is None}
    if held is not None and not isinstance(held, dict):
        rest["attributes"] = held
    if context.get("trace_state") not in (None, "", "[]", []):
        rest["trace_state"] = context["trace_state"]
    if told and code != "ERROR":
        rest["status"] = status
    if any(gateway.member(link, "attributes") for link in _listed(value.get("links"))):
        rest["links"] = value["links"]
    span = Span(
        _hex(context.get("trace_id")),
        _hex(context.get("span_id")),
        _hex(value.get("parent_id")),
        value.get("name"),
        start.ns if start else None,
        end.ns if end else None,
        kind.rpartition(".")[2].lower() if isinstance(kind, str) else None,
        attributes | {f"otel.{key}": item for key, item in rest.items()},
        resource=_resource(value),
        error=(told if isinstance(told, str) else "") if code == "ERROR" else None,
        ok=code == "OK",
        moments=tuple(_moment(item) for item in _listed(value.get("events"))),
        links=tuple(
            (_hex(gateway.member(link, "context", "trace_id")), _hex(gateway.member(link, "context", "span_id")))
            for link in _listed(value.get("links"))
        ),
        tz_assumed=bool((start and start.tz_assumed) or (end and end.tz_assumed)),
    )
    return events_of(span, NAME)


def _moment(item: Any) -> Moment:
    at = times.parse(gateway.member(item, "timestamp"))
    name, fields = gateway.member(item, "name"), gateway.member(item, "attributes")
    held = dict(fields) if isinstance(fields, dict) else {"event": item}
    return Moment(name if isinstance(name, str) else None, at.ns if at else None, held)


def _log(value: dict[str, Any]) -> Event:
    written, seen = times.parse(value.get("timestamp")), times.parse(value.get("observed_timestamp"))
    at = written or seen
    held = value.get("attributes")
    mapped = vocabulary().apply(held if isinstance(held, dict) else {})
    ids: list[Id] = [
        *text_id("trace", _hex(value.get("trace_id"))),
        *text_id("parent_span", _hex(value.get("span_id"))),
    ]
    join_ids(ids, [], mapped.ids)
    severity = gateway.whole(value.get("severity_number"))
    failed = severity is not None and severity >= _ERROR_SEVERITY
    resource = _resource(value)
    body = value.get("body")
    rest: dict[str, Any] = {"body": body} if body is not None else {}
    rest |= held if isinstance(held, dict) else {"attributes": held} if held is not None else {}
    rest |= {key: item for key, item in value.items() if key not in _LOG_USED and item is not None}
    rest |= {"resource": resource} if resource else {}
    service = resource.get("service.name")
    return Event(
        ts_ns=at.ns if at else None,
        observed_ns=seen.ns if seen and written else None,
        ts_source="event" if written else "observed" if seen else "order",
        tz_assumed=bool(at and at.tz_assumed),
        stream=service if gateway.is_text(service) else None,
        kind="log",
        name=value["event_name"] if gateway.is_text(value.get("event_name")) else None,
        status="error" if failed else "unknown",
        error=str(body)[:300] if failed and gateway.is_text(body) else None,
        attributes=dumps(rest),
        ids=tuple(ids),
    )


def _hex(value: Any) -> Any:
    """An id without `0x`; none for the zeros that stand for no id."""
    text = value.removeprefix("0x") if isinstance(value, str) else value
    return None if isinstance(text, str) and not text.strip("0") else text


def _resource(value: dict[str, Any]) -> dict[str, Any]:
    resource = value.get("resource")
    held = gateway.member(resource, "attributes")
    if isinstance(held, dict):
        return held
    return resource if isinstance(resource, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
