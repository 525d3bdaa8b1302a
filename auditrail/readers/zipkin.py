"""Zipkin traces: spans of the v2 API and of files, as one array, as an array of traces, or one span per line.

Facts: zipkin-api, zipkin2-api.yaml (fields of Span, Endpoint and Annotation; times and durations in microseconds; an
error is said by a tag `error`), and openzipkin/b3-propagation (a server may share the span id of its client).

- The client's and the server's half of a call may carry ONE span id (`shared` on the server's). They are two records of
  two processes, no copies: the dedupe key has kind, service, address and time beside the ids. One id may even
  stand for several servers that received one message.
- Ids of 64 bits are padded to the length of 128 (trace) with zeros on the left, as OpenTelemetry does.
- `tags` go through the vocabularies; annotations are in `attributes.events`, and an event `log` each.
- `status` is error where a tag `error` stands, whatever its text (but `false`); else it is not known.
- `sampled` is true where `debug` is; anything else says nothing.

v1 is brought to v2: `binaryAnnotations` are tags, the core annotations (`cs`, `cr`, `sr`, `ss`, `ms`, `mr`) give the
kind, and where the span has no time of its own, its begin and duration; the service is that of the first annotation.
Tested on real traces of the Zipkin UI's tests; v1 on its documentation.

Not read: dependencies, and the Thrift and protobuf encodings.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.jsontext import dumps
from auditrail.model import Event
from auditrail.readers._contract import Ignored, Reading
from auditrail.readers._spans import Moment, Span, events_of, micros, span_id, trace_id

NAME = "zipkin"
TITLE = "Zipkin v2 spans (JSON arrays and lines)"
LAYER = "other"
TESTED_ON = "real files of the Zipkin UI's test data (messaging, clock skew, an OAuth call of 175 spans)"
NEVER_RECORDS = "Structured arguments: tags are short texts, and the spec has no way to say that a span was dropped."
IDS = ("trace", "span", "parent_span", "run", "session", "conversation", "request", "tool_call", "user")
CAPTURES = {
    "time": "partly: a span that was reported before its end has no time or no duration",
    "run": "partly: the trace; a run id only where the application sets one as a tag",
    "parent": "yes: parentId; a server may share the id of its client's span",
    "call": "opt-in: only as a tag that the application sets",
    "arguments": "opt-in: only as tags, which are text",
    "results": "opt-in: only as tags, which are text",
    "model": "opt-in: only as tags of an instrumentation for GenAI",
    "tokens": "opt-in: only as tags of an instrumentation for GenAI",
    "decision": "never: the format has no place for one",
    "errors": "partly: the tag `error`; a span without it may have failed all the same",
    "end": "partly: the root span tells it; a span that never ended is never exported",
}

_KINDS = ("CLIENT", "SERVER", "PRODUCER", "CONSUMER")
_CORE = {"cs": "CLIENT", "cr": "CLIENT", "sr": "SERVER", "ss": "SERVER", "ms": "PRODUCER", "mr": "CONSUMER"}
_KNOWN = frozenset(
    {"traceId", "id", "parentId", "name", "kind", "timestamp", "duration", "tags", "annotations", "debug"}
)


def sniff(head: Head) -> float:
    """0.95 for spans with an endpoint of Zipkin, 0.8 for those that only have its kind of times and tags."""
    best = 0.0
    for sample in head.samples:
        spans = sample[:3] if isinstance(sample, list) else [sample]
        best = max([best, *map(_score, spans)])
    if not head.samples and head.keys >= {"traceId", "id"}:  # a trace that is longer than the head
        return 0.9 if b'"localEndpoint"' in head.raw or b'"remoteEndpoint"' in head.raw else 0.0
    return best


def _score(value: Any) -> float:
    if not isinstance(value, dict) or not (isinstance(value.get("traceId"), str) and isinstance(value.get("id"), str)):
        return 0.0
    if any(_is_endpoint(value.get(key)) for key in ("localEndpoint", "remoteEndpoint")):
        return 0.95
    if _listed(value.get("binaryAnnotations")) and _listed(value.get("annotations")):
        return 0.95
    timed = micros(value.get("timestamp")) is not None
    tagged = isinstance(value.get("tags"), dict) or isinstance(value.get("annotations"), list)
    if timed and (value.get("kind") in _KINDS or (tagged and "name" in value) or "duration" in value):
        return 0.8
    return 0.0


def _is_endpoint(value: Any) -> bool:
    return isinstance(value, dict) and (
        not value.keys().isdisjoint(("serviceName", "ipv4", "ipv6", "port")) or value == {}
    )


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One span, or the array of a trace's spans -> their events.

    Raises:
        RecordError: `not-an-object`.
    """
    if isinstance(value, list):
        found = [event for item in value for event in (_span(item) if isinstance(item, dict) else [_odd(item)])]
        return found or Ignored("empty-trace")
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a span is a JSON object")
    return _span(value)


def _odd(value: Any) -> Event:
    return Event(ts_source="order", name="span", attributes=dumps({"span": value}))


def _from_v1(value: dict[str, Any]) -> dict[str, Any]:
    """A span of v1 in the shape of v2; what v2 has no place for stays under its own name."""
    notes = (
        [item for item in value.get("annotations") or () if isinstance(item, dict)]
        if _listed(value.get("annotations"))
        else []
    )
    binary = value["binaryAnnotations"] if _listed(value["binaryAnnotations"]) else []
    made = {key: inner for key, inner in value.items() if key != "binaryAnnotations" or not _listed(inner)}
    named = {item["value"]: item.get("timestamp") for item in notes if isinstance(item.get("value"), str)}
    core = {name: at for name, at in named.items() if name in _CORE}
    kinds = {_CORE[name] for name in core}
    if len(kinds) == 1 and "kind" not in made:
        made["kind"] = kinds.pop()
    tags = made["tags"] = dict(made["tags"]) if isinstance(made.get("tags"), dict) else {}
    odd = []
    for item in binary:
        key = item.get("key")
        if key in ("ca", "sa") and isinstance(item.get("endpoint"), dict) and "remoteEndpoint" not in made:
            made["remoteEndpoint"] = item["endpoint"]
        elif isinstance(key, str) and key not in tags and "value" in item:
            tags[key] = item["value"]
        else:
            odd.append(item)
    if odd:
        made["binaryAnnotations"] = odd
    endpoints = [item["endpoint"] for item in (*notes, *binary) if isinstance(item.get("endpoint"), dict)]
    if endpoints:
        made.setdefault("localEndpoint", endpoints[0])
    for begin, end in (("cs", "cr"), ("sr", "ss"), ("ms", "mr")):
        start, stop = micros(core.get(begin)), micros(core.get(end))
        if start is not None and micros(made.get("timestamp")) is None:
            made["timestamp"] = core[begin]
            if stop is not None and made.get("duration") is None:
                made["duration"] = (stop - start) // 1000
    return made


def _span(value: dict[str, Any]) -> list[Event]:
    if "binaryAnnotations" in value:
        value = _from_v1(value)
    if "traceId" not in value and "id" not in value:
        return [Event(ts_source="order", attributes=dumps(value) if value else None)]
    start, duration = micros(value.get("timestamp")), micros(value.get("duration"))
    if duration is None and value.get("duration") == 0:
        duration = 0
    tags = value.get("tags")
    attributes: dict[str, Any] = dict(tags) if isinstance(tags, dict) else {}
    kind = value.get("kind")
    known = kind.lower() if isinstance(kind, str) and kind.upper() in _KINDS else None
    local = value.get("localEndpoint")
    service = local.get("serviceName") if isinstance(local, dict) else None
    left = {key: inner for key, inner in value.items() if key not in _KNOWN}
    if isinstance(local, dict) and local.keys() <= {"serviceName"}:
        del left["localEndpoint"]
    left |= {
        key: value[key]
        for key, said in (
            ("tags", isinstance(tags, dict)),
            ("kind", known),
            ("timestamp", start),
            ("duration", start is not None and duration is not None),
            ("annotations", _listed(value.get("annotations"))),
            ("debug", isinstance(value.get("debug"), bool)),
        )
        if key in value and not said and value[key] not in (None, {}, [])
    }
    attributes |= {f"zipkin.{key}": inner for key, inner in left.items()}
    error = attributes.get("error")
    failed = "error" in attributes and error not in (False, "false", None)
    span = Span(
        trace_id(value.get("traceId")),
        span_id(value.get("id")),
        span_id(value.get("parentId")),
        value.get("name"),
        start,
        start + duration if start is not None and duration is not None else None,
        known,
        attributes,
        {"service.name": service} if isinstance(service, str) and service else {},
        error=(error if isinstance(error, str) and error != "true" else "") if failed else None,
        moments=tuple(_moments(value.get("annotations"))),
        sampled=True if value.get("debug") is True else None,
        key=_key(value, known, local),
    )
    return events_of(span, NAME, logs=True)


def _listed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _moments(value: Any) -> list[Moment]:
    if not _listed(value):
        return []
    made = []
    for item in value:
        name, ns = item.get("value"), micros(item.get("timestamp"))
        rest = {key: inner for key, inner in item.items() if key not in ("value", "timestamp")}
        if not isinstance(name, str):
            rest, name = dict(item), None
        made.append(Moment(name, ns, rest))
    return made


def _key(value: dict[str, Any], kind: str | None, local: Any) -> str:
    """What tells the halves of a call, and several receivers of one message, from each other."""
    place = [local.get(key) for key in ("serviceName", "ipv4", "ipv6")] if isinstance(local, dict) else []
    parts = [kind or "-", *place, value.get("timestamp")]
    return "/".join(str(part) for part in parts if isinstance(part, (str, int)))
