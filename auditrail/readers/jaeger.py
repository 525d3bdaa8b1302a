"""Jaeger traces as its UI and API give them, and as it stores spans in Elasticsearch.

Facts: jaegertracing/jaeger, model/json/model.go (Trace, Span, Reference, Process, KeyValue, Log; times in
microseconds) and plugin/storage/es/spanstore/dbmodel (`process` inline, `startTimeMillis`, `tag` as an object whose
keys have `@` for `.`). Shapes: `{"data": [trace...]}` or `{"data": trace}` (test data of jaeger-ui), a bare trace
`{traceID, spans, processes, warnings}`, spans as documents (`_source` or bare).

- Parent: the first CHILD_OF reference of the same trace, else the first FOLLOWS_FROM of it (as Jaeger itself takes
  it). Every other reference is a link; `attributes."jaeger.references"` has their kinds. Older spans have
  `parentSpanID`.
- Ids lose leading zeros in some versions: they are padded to 32 and 16 digits.
- Tags go through the vocabularies under their own keys; a number that was written as text, because JavaScript cannot
  hold it, is a number again. Tags of the process are `attributes.resource`.
- Every log is in `attributes.events`, and an event `log` (or what the vocabularies know under its name: exceptions,
  messages); its name is the field `event`.
- `warnings` of a span are `attributes."jaeger.warnings"`. Those of a trace give one event `log` each, named
  `jaeger.warning`: Jaeger says there that parents are missing, or that it moved clocks.
- Two spans may have one id (client's and server's half in Zipkin's model, or a fault): no copies unless name, service,
  kind and begin are equal too.
- Error: tag `error` true, or `otel.status_code` ERROR. `sampled` is bit 0 of `flags` where it is set.

The API v3 gives OTLP, which the reader `otlp` reads. Tested on a real answer among Jaeger's own test data.

Not read: answers on dependencies and sampling, and dumps of Cassandra or Badger.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.jsontext import dumps
from auditrail.model import Event
from auditrail.readers._contract import Ignored, Reading
from auditrail.readers._spans import Moment, Span, events_of, micros, span_id, text_id, trace_id

NAME = "jaeger"
TITLE = "Jaeger traces (UI and API JSON, Elasticsearch documents)"
LAYER = "other"
TESTED_ON = "real files of Jaeger's test data (an answer of its API); documents of Elasticsearch on their source only"
NEVER_RECORDS = "A span that was never ended, because its process was killed, is never reported."
ARRAYS = ("data",)
IDS = (
    "trace", "span", "parent_span", "linked_trace", "linked_span", "run", "session", "conversation", "request",
    "response", "tool_call", "user",
)  # fmt: skip
CAPTURES = {
    "time": "yes: begin and duration of every span, in microseconds; the UI may show them moved by clock skew",
    "run": "partly: the trace; a run id only where the application sets one as a tag",
    "parent": "yes: references; a parent that is missing is named in `warnings`",
    "call": "opt-in: gen_ai.tool.call.id and its like, as far as the instrumentation sets them",
    "arguments": "opt-in: only as tags of the instrumentation; a collector or storage may cut long ones",
    "results": "opt-in: as arguments",
    "model": "partly: where the instrumentation follows GenAI, OpenInference or OpenLLMetry",
    "tokens": "partly: as model",
    "decision": "partly: only where a policy engine writes spans with its verdict as a tag",
    "errors": "yes: tag `error`, otel.status_code, and exceptions among the logs",
    "end": "partly: the root span tells it; a span that never ended is never exported",
}

_KNOWN = frozenset(
    {"traceID", "spanID", "parentSpanID", "operationName", "references", "startTime", "startTimeMillis", "duration"}
    | {"tags", "tag", "logs", "processID", "process", "warnings", "flags"}
)
_KINDS = ("client", "server", "producer", "consumer", "internal")
_SAMPLED, _DEBUG = 1, 2


def sniff(head: Head) -> float:
    """0.95 for traces or spans in Jaeger's spelling (`traceID`, `spanID`); 0.9 where only the raw text shows it."""
    for sample in head.samples:
        data = sample.get("data") if isinstance(sample, dict) else None
        traces = data[:3] if isinstance(data, list) else [data]
        if _is_jaeger(sample) or any(_is_jaeger(trace) for trace in traces):
            return 0.95
    if not head.samples and not head.keys.isdisjoint(("data", "traceID", "spans")):
        return 0.9 if all(word in head.raw for word in (b'"traceID"', b'"spanID"', b'"operationName"')) else 0.0
    return 0.0


def _is_jaeger(value: Any) -> bool:
    if isinstance(value, dict) and isinstance(value.get("_source"), dict):
        value = value["_source"]
    if not isinstance(value, dict) or not isinstance(value.get("traceID"), str):
        return False
    if isinstance(value.get("spans"), list):
        return "processes" in value or any(isinstance(span, dict) and "spanID" in span for span in value["spans"][:3])
    return isinstance(value.get("spanID"), str) and "operationName" in value


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One trace, or one span -> its events.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a trace is a JSON object")
    if _is_jaeger(value.get("data")) and "traceID" not in value:
        found = _trace(value["data"])
        beside = {key: inner for key, inner in value.items() if key != "data"}
        odd = [Event(ts_source="order", attributes=dumps(beside))] if beside else []
        return found + odd if isinstance(found, list) else odd or found
    if isinstance(value.get("data"), list) and "traceID" not in value:
        found = []
        for trace in value["data"]:
            read_trace = _trace(trace) if isinstance(trace, dict) else [_odd(trace)]
            found += [] if isinstance(read_trace, Ignored) else read_trace
        return found or Ignored("no-traces")
    return _trace(value)


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """What an answer of the API says beside its traces: errors, and a total above what it holds."""
    found = []
    errors = wrapper.header.get("errors")
    if isinstance(errors, list) and errors:
        found.append(("answer-has-errors", dumps(errors)[:500]))
    total = wrapper.header.get("total")
    if isinstance(total, int) and not isinstance(total, bool) and total > wrapper.elements:
        found.append(("answer-is-partial", f"the answer holds {wrapper.elements} of {total} traces"))
    return found


def _odd(value: Any) -> Event:
    return Event(ts_source="order", name="trace", attributes=dumps({"trace": value}))


def _trace(value: dict[str, Any]) -> list[Event] | Ignored:
    source = value.get("_source")
    if isinstance(source, dict) and "traceID" in source:
        about = {key: inner for key, inner in value.items() if key in ("_index", "_id")}
        return _span(source, source.get("process"), {f"elasticsearch{key}": inner for key, inner in about.items()})
    spans = value.get("spans")
    if not isinstance(spans, list):
        if "traceID" in value or "spanID" in value:
            return _span(value, value.get("process"), {})
        return [Event(ts_source="order", attributes=dumps(value) if value else None)]
    processes = value.get("processes")
    processes = processes if isinstance(processes, dict) else {}
    events: list[Event] = []
    for span in spans:
        if not isinstance(span, dict):
            events.append(_odd(span))
            continue
        held = span.get("process")
        process = span.get("processID")
        events += _span(
            span, held if held is not None else processes.get(process) if isinstance(process, str) else None, {}
        )
    for warning in _texts(value.get("warnings")):
        events.append(
            Event(
                ts_source="order",
                name="jaeger.warning",
                attributes=dumps({"message": warning}),
                ids=text_id("trace", trace_id(value.get("traceID"))),
            )
        )
    left = {key: inner for key, inner in value.items() if key not in ("traceID", "spans", "processes", "warnings")}
    if left:
        events.append(Event(ts_source="order", name="trace", attributes=dumps(left)))
    return events or Ignored("empty-trace")


def _texts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _span(value: dict[str, Any], process: Any, about: dict[str, Any]) -> list[Event]:
    start = micros(value.get("startTime"))
    if start is None and (millis := micros(value.get("startTimeMillis"))) is not None:
        start = millis * 1000
    duration = 0 if value.get("duration") == 0 else micros(value.get("duration"))
    attributes = _tags(value.get("tags"), value.get("tag"))
    process_tags = _tags(process.get("tags"), process.get("tag")) if isinstance(process, dict) else {}
    service = process.get("serviceName") if isinstance(process, dict) else None
    resource = {"service.name": service, **process_tags} if isinstance(service, str) and service else process_tags
    error = _error(attributes)
    parent, links, odd = _references(value)
    flags = value.get("flags")
    left = {key: inner for key, inner in value.items() if key not in _KNOWN}
    if odd or links:  # what kind each of several was, is said there alone
        left["references"] = value["references"]
    if warnings := value.get("warnings"):
        left["warnings"] = warnings
    if not isinstance(process, dict):
        left |= {key: value[key] for key in ("process", "processID") if value.get(key) is not None}
    for key, read_as in (("startTime", start), ("duration", duration), ("flags", flags in (None, 0, 1))):
        if key in value and value[key] is not None and (read_as is None or read_as is False):
            left[key] = value[key]
    logs = value.get("logs")
    if logs is not None and not isinstance(logs, list):
        left["logs"] = logs
    kind = attributes.get("span.kind")
    known = kind.lower() if isinstance(kind, str) and kind.lower() in _KINDS else None
    bits = flags if isinstance(flags, int) and not isinstance(flags, bool) else 0
    span = Span(
        trace_id(value.get("traceID")),
        span_id(value.get("spanID")),
        span_id(parent),
        value.get("operationName"),
        start,
        start + duration if start is not None and duration is not None else None,
        known,
        {**attributes, **{f"jaeger.{key}": inner for key, inner in left.items()}, **about},
        resource,
        error=error,
        ok=attributes.get("otel.status_code") == "OK",
        moments=tuple(map(_moment, logs)) if isinstance(logs, list) else (),
        links=links,
        sampled=True if bits & (_SAMPLED | _DEBUG) else None,
        key="/".join(
            str(part)
            for part in (known or "-", service or "-", value.get("operationName") or "-", value.get("startTime") or "-")
        ),
    )
    return events_of(span, NAME, logs=True)


def _tags(listed: Any, by_name: Any) -> dict[str, Any]:
    """Tags by key; of a key that stands twice the last value counts, the others stay in `jaeger.otherTags`."""
    made: dict[str, Any] = {}
    odd = []
    for item in listed if isinstance(listed, list) else [] if listed is None else [listed]:
        key = item.get("key") if isinstance(item, dict) else None
        if not isinstance(key, str):
            odd.append(item)
            continue
        if key in made:
            odd.append({"key": key, "value": made.pop(key)})
        made[key] = _value(item)
    if isinstance(by_name, dict):
        for key, inner in by_name.items():
            made.setdefault(key.replace("@", "."), inner)
    if odd:
        made["jaeger.otherTags"] = odd
    return made


def _value(item: dict[str, Any]) -> Any:
    value = item.get("value")
    kind = item.get("type")
    if isinstance(value, str) and isinstance(kind, str):
        if (
            kind == "int64"
            and value.removeprefix("-").isascii()
            and value.removeprefix("-").isdigit()
            and len(value) < 21
        ):
            return int(value)
        if kind == "bool" and value in ("true", "false"):
            return value == "true"
        if kind == "float64":
            try:
                return float(value)
            except ValueError:
                return value
    return value


def _error(attributes: dict[str, Any]) -> str | None:
    said = attributes.get("error")
    if attributes.get("otel.status_code") == "ERROR" or said not in (None, False, "false", ""):
        texts = (attributes.get("otel.status_description"), said)
        return next((text for text in texts if isinstance(text, str) and text not in ("", "true")), "")
    return None


def _references(value: dict[str, Any]) -> tuple[Any, tuple[tuple[Any, Any], ...], list[Any]]:
    """The parent, the links, and what is no reference."""
    listed = value.get("references")
    odd = [] if listed is None or isinstance(listed, list) else [listed]
    references = []
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(item.get("spanID"), str):
            references.append(item)
        else:
            odd.append(item)
    own = trace_id(value.get("traceID"))
    mine = [item for item in references if trace_id(item.get("traceID", own)) == own]
    chosen = next((item for item in mine if item.get("refType") != "FOLLOWS_FROM"), mine[0] if mine else None)
    links = tuple((trace_id(item.get("traceID")), span_id(item["spanID"])) for item in references if item is not chosen)
    parent = chosen["spanID"] if chosen is not None else None
    return parent or value.get("parentSpanID"), links, odd


def _moment(log: Any) -> Moment:
    if not isinstance(log, dict):
        return Moment(None, None, {"log": log})
    fields = _tags(log.get("fields"), log.get("field"))
    left = {f"jaeger.{key}": inner for key, inner in log.items() if key not in ("timestamp", "fields", "field")}
    name = fields.get("event")
    if not isinstance(name, str) or not name:
        return Moment(None, micros(log.get("timestamp")), {**fields, **left})
    rest = {key: inner for key, inner in fields.items() if key != "event"}
    return Moment(name, micros(log.get("timestamp")), {**rest, **left})
