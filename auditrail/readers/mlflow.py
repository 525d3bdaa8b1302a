"""MLflow traces: `Trace.to_json`, trace artifacts, and rows of `search_traces` (JSON lines, CSV, Parquet).

Facts: mlflow-skinny 3.17.2 (entities/span.py, entities/trace.py, entities/trace_info.py, tracing/constant.py) and
mlflow/mlflow at 01fa3f8 (span dicts of version 4; the v2 schema with `context`).

- Ids of spans are base64 of their bytes (v3), hex (version 4, with `otel_trace_id`) or hex behind `0x` (v2): all
  become hex. The trace's own name (`tr-...`, formerly `request_id`) is an id `other` of the trace's own event.
- Attribute values are JSON text each; they are decoded. `mlflow.spanInputs` and `mlflow.spanOutputs` are args and
  result, `mlflow.spanType` gives the layer; the name of a TOOL span is the tool, that of an AGENT span the agent.
  Other attributes go through the vocabularies.
- The trace gives one event `log` named `mlflow.trace`: state, request time, metadata, tags. Its attributes
  `spansDeclared` (num_spans of mlflow.trace.sizeStats) and `spansHeld` differ where spans are missing.
- Session and user of the metadata are ids of every span. `mlflow.sourceRun` is a run of an experiment and no agent
  run, so it is an id `other`, too.

Not read: assessments beyond their text, attachments. Tested on the documentation, and on no real file.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.jsontext import dumps
from auditrail.model import Event, Id
from auditrail.readers._contract import Reading
from auditrail.readers._otlp_values import span_id as read_span_id
from auditrail.readers._otlp_values import trace_id as read_trace_id
from auditrail.readers._spans import Moment, Span, events_of, remark_of, text_id, unpacked
from auditrail.times import nanos, parse

NAME = "mlflow"
TITLE = "MLflow traces (trace JSON, artifacts, rows of search_traces)"
LAYER = "agent"
TESTED_ON = "documentation only: entities and tracing constants of mlflow-skinny 3.17.2, older schemas from its source"
NEVER_RECORDS = "Traces that sampling left out; asynchronous logging loses what its queue held when the process ended."
ARRAYS = ("traces",)
IDS = ("trace", "span", "parent_span", "session", "user", "linked_trace", "linked_span", "tool_call", "run", "other")
CAPTURES = {
    "time": "yes: begin and end of every span, in nanoseconds",
    "run": "partly: the trace; mlflow.sourceRun is a run of an experiment",
    "parent": "yes: parent_span_id",
    "call": "partly: in the messages of a model; a tool span has no call id of its own",
    "arguments": "yes: mlflow.spanInputs; the trace's own inputs are cut at 250 characters, those of spans are not",
    "results": "yes: mlflow.spanOutputs",
    "model": "partly: mlflow.llm.model, set by the autologging of newer versions",
    "tokens": "partly: mlflow.chat.tokenUsage, as model",
    "decision": "never: a guardrail is a span like any other",
    "errors": "yes: status and exception events",
    "end": "partly: the root span tells it; a span that never ended is never exported",
}

_CODES = {"OK": "ok", "STATUS_CODE_OK": "ok", "1": "ok", "ERROR": "error", "STATUS_CODE_ERROR": "error", "2": "error"}
_SPAN_USED = frozenset(
    {"trace_id", "otel_trace_id", "span_id", "parent_span_id", "context", "parent_id", "name", "start_time_unix_nano"}
    | {"end_time_unix_nano", "start_time", "end_time", "status", "status_code", "status_message", "attributes"}
    | {"events", "links", "span_dict_version"}
)
_MARKS = ("mlflow.traceRequestId", "mlflow.spanType", "mlflow.spanInputs", "mlflow.spanOutputs")
_LINK = frozenset({"trace_id", "span_id"})
_METADATA = ("trace_metadata", "request_metadata")


def sniff(head: Head) -> float:
    """0.95 for a trace with its info and spans, or spans with attributes of MLflow; 0.9 by the raw text alone."""
    for sample in head.samples:
        if isinstance(sample, dict):
            values = sample["traces"][:3] if isinstance(sample.get("traces"), list) else [sample]
            if any(_is_mlflow(value) for value in values):
                return 0.95
    if not head.samples and not head.keys.isdisjoint(("info", "data", "spans", "traces")):
        return 0.9 if b"mlflow.traceRequestId" in head.raw and b'"span_id"' in head.raw else 0.0
    return 0.0


def _is_mlflow(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    info, spans = value.get("info"), _spans(value)
    if isinstance(info, dict) and spans is not None:
        return not info.keys().isdisjoint(("trace_id", "request_id")) and not info.keys().isdisjoint(
            ("trace_metadata", "request_metadata", "trace_location", "experiment_id", "request_time", "timestamp_ms")
        )
    if spans is None:
        spans = [value]
    return any(
        isinstance(span, dict)
        and isinstance(span.get("attributes"), dict)
        and any(key in span["attributes"] for key in _MARKS)
        for span in spans[:3]
    )


def _spans(value: dict[str, Any]) -> list[Any] | None:
    data = unpacked(value.get("data"))
    spans = unpacked(data.get("spans") if isinstance(data, dict) else value.get("spans"))
    return spans if isinstance(spans, list) else None


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One trace, or one span -> the trace's own event and those of its spans.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a trace is a JSON object")
    inner = unpacked(value.get("trace"))
    if isinstance(inner, dict) and _spans(inner) is not None:  # a row of search_traces has the whole trace as text
        value = {**value, **inner}
        value.pop("trace")
    spans = _spans(value)
    if spans is None and "span_id" not in value and "context" not in value:
        info = value.get("info", value)
        return [_trace(value, info, [], None)] if isinstance(info, dict) and "trace_id" in info else [_odd(value)]
    if spans is None:
        return _span(value, ())
    info = value.get("info")
    info = (
        info if isinstance(info, dict) else {key: held for key, held in value.items() if key not in ("data", "spans")}
    )
    shared = tuple(_group_ids(info))
    events = []
    for span in spans:
        events += _span(span, shared) if isinstance(span, dict) else [_odd({"span": span})]
    trace = next((an_id.value for event in events for an_id in event.ids if an_id.kind == "trace"), None)
    # Spans alone (the artifact `traces.json`) tell nothing of their trace but its id.
    return [_trace(value, info, spans, trace), *events] if info or not events else events


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """A token for a further page of the search's answer."""
    return remark_of(wrapper.header.get("next_page_token"), "next-page-left", "the search goes on behind the token")


def _odd(value: dict[str, Any]) -> Event:
    return Event(ts_source="order", attributes=dumps(value) if value else None)


def _metadata(info: dict[str, Any]) -> dict[str, Any]:
    found: Any = next((unpacked(info[key]) for key in _METADATA if key in info), None)
    if isinstance(found, list):  # the REST API of older versions: a list of key and value
        pairs = [item for item in found if isinstance(item, dict) and isinstance(item.get("key"), str)]
        found = {item["key"]: item.get("value") for item in pairs}
    return found if isinstance(found, dict) else {}


def _group_ids(info: dict[str, Any]) -> list[Id]:
    metadata = _metadata(info)
    return [
        *text_id("session", metadata.get("mlflow.trace.session")),
        *text_id("user", metadata.get("mlflow.trace.user")),
    ]


def _trace(value: dict[str, Any], info: dict[str, Any], spans: list[Any], trace: str | None) -> Event:
    """What the trace says of itself, with the number of spans that it should have."""
    metadata = _metadata(info)
    sizes = unpacked(metadata.get("mlflow.trace.sizeStats"))
    declared = sizes.get("num_spans") if isinstance(sizes, dict) else None
    about = {**info, **{key: inner for key, inner in value.items() if key not in ("info", "data", "spans")}}
    if isinstance(data := unpacked(value.get("data")), dict):
        about |= {f"data.{key}": inner for key, inner in data.items() if key != "spans"}
    about |= {key: metadata for key in _METADATA if key in info}
    if isinstance(declared, int):
        about |= {"spansDeclared": declared, "spansHeld": len(spans)}
    begun = parse(info.get("request_time")) or parse(info.get("timestamp_ms"))
    state = info.get("state", info.get("status"))
    name = info.get("trace_id") or info.get("request_id")
    if trace is None and isinstance(name, str):
        trace = name.removeprefix("tr-")
    user = metadata.get("mlflow.trace.user")
    return Event(
        ts_ns=begun.ns if begun else None,
        ts_source="event" if begun else "order",
        tz_assumed=bool(begun and begun.tz_assumed),
        layer="agent",
        kind="log",
        name="mlflow.trace",
        status=_CODES.get(state, "unknown") if isinstance(state, str) else "unknown",
        principal=user if isinstance(user, str) and user.strip() else None,
        dedupe_key=f"mlflow:trace/{name}/{state}/{len(spans)}" if isinstance(name, str) else None,
        attributes=dumps({key: inner for key, inner in about.items() if inner not in (None, "", [], {})}),
        ids=(
            *text_id("trace", trace),
            *_group_ids(info),
            *text_id("other", name),
            *text_id("other", metadata.get("mlflow.sourceRun")),
        ),
    )


def _span(value: dict[str, Any], shared: tuple[Id, ...]) -> list[Event]:
    context = value.get("context")
    context = context if isinstance(context, dict) else {}
    trace = _id(value.get("otel_trace_id", context.get("trace_id", value.get("trace_id"))), "trace")
    attributes = unpacked(value.get("attributes"))
    attributes = {key: _decoded(inner) for key, inner in attributes.items()} if isinstance(attributes, dict) else {}
    if trace is None and isinstance(name := attributes.get("mlflow.traceRequestId"), str):
        trace = name.removeprefix("tr-")
    kind = attributes.get("mlflow.spanType")
    name = value.get("name")
    if isinstance(kind, str) and isinstance(name, str):
        attributes |= (
            {"gen_ai.tool.name": name} if kind == "TOOL" else {"gen_ai.agent.name": name} if kind == "AGENT" else {}
        )
    usage = attributes.get("mlflow.chat.tokenUsage")
    if isinstance(usage, dict):
        attributes |= {f"gen_ai.usage.{key}": usage[key] for key in ("input_tokens", "output_tokens") if key in usage}
    status = value.get("status")
    code = status.get("code") if isinstance(status, dict) else value.get("status_code", status)
    message = status.get("message") if isinstance(status, dict) else value.get("status_message")
    said = _CODES.get(str(code)) if isinstance(code, (str, int)) else None
    attributes |= {
        f"mlflow.{key}": inner for key, inner in value.items() if key not in _SPAN_USED and inner not in (None, [], {})
    }
    links = unpacked(value.get("links"))
    if links and not (
        isinstance(links, list) and all(isinstance(item, dict) and item.keys() <= _LINK for item in links)
    ):
        attributes["mlflow.links"] = links
    span = Span(
        trace,
        _id(context.get("span_id", value.get("span_id")), "span"),
        _id(value.get("parent_span_id", value.get("parent_id")), "span"),
        name,
        nanos(value.get("start_time_unix_nano", value.get("start_time"))),
        nanos(value.get("end_time_unix_nano", value.get("end_time"))),
        None,
        attributes,
        error=(message if isinstance(message, str) else "") if said == "error" else None,
        ok=said == "ok",
        moments=_moments(value.get("events")),
        links=_links(links),
    )
    return events_of(span, NAME, ids=shared)


def _id(value: Any, kind: str) -> Any:
    """An id of a span or trace in hex, from base64, hex, hex behind `0x`, or MLflow's own name of a trace."""
    if not isinstance(value, str):
        return value
    text = value.removeprefix("tr-").removeprefix("0x")
    made = read_trace_id("trace", text, []) if kind == "trace" else read_span_id("span", text, [])
    return made.value if made is not None else None


def _decoded(value: Any) -> Any:
    """The value in a JSON text; a text that is none stays as it is."""
    if not isinstance(value, str) or value[:1] not in '"{[tfn-0123456789':
        return value
    from auditrail.errors import RecordError as Refused
    from auditrail.jsontext import parse as parse_json

    try:
        made, flags = parse_json(value.encode("utf-8", "surrogatepass"))
    except Refused:
        return value
    return value if flags else made


def _moments(value: Any) -> tuple[Moment, ...]:
    events = unpacked(value)
    made = []
    for item in events if isinstance(events, list) else ():
        if not isinstance(item, dict):
            made.append(Moment(None, None, {"event": item}))
            continue
        name, fields = item.get("name"), unpacked(item.get("attributes"))
        ns = nanos(item.get("time_unix_nano", item.get("timestamp")))
        rest = {
            key: inner
            for key, inner in item.items()
            if key not in ("name", "attributes", "time_unix_nano", "timestamp")
        }
        made.append(
            Moment(
                name if isinstance(name, str) else None, ns, {**(fields if isinstance(fields, dict) else {}), **rest}
            )
        )
    return tuple(made)


def _links(links: Any) -> tuple[tuple[Any, Any], ...]:
    return tuple(
        (_id(item.get("trace_id"), "trace"), _id(item.get("span_id"), "span"))
        for item in (links if isinstance(links, list) else ())
        if isinstance(item, dict)
    )
