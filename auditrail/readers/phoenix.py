"""Spans of Arize Phoenix and Arize AX, flat: dataframes written as JSON lines, CSV or Parquet, and pages of the API.

Facts: arize-phoenix-client 3.5.0 (__generated__/v1: Span, SpansResponseBody; types/spans.py: names of columns), the
columns of `get_spans_dataframe`, and openinference-semantic-conventions 0.1.42. A span has `context.trace_id` and
`context.span_id` (or an object `context`), `parent_id`, `span_kind`, `start_time`, `end_time`, `status_code`,
`status_message`, `events`, and attributes: columns `attributes.<key>`, or an object `attributes`, nested or not.

- Attributes are brought back to their dotted keys, messages to `llm.input_messages.<n>.message...`, and read by the
  vocabularies; `span_kind` is `openinference.span.kind` where that is not given.
- A column that is null is absent: a dataframe has every column in every row.
- Cells of a CSV that hold lists or objects are read where they are JSON; pandas writes them as Python text, which
  stays text.

Not read: annotations and evaluations, which are files of their own. Tested on the documentation, and on no real file.
"""

from __future__ import annotations

from typing import Any

from auditrail import times
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.jsontext import dumps
from auditrail.model import Event
from auditrail.readers._contract import Reading
from auditrail.readers._spans import Moment, Span, events_of, remark_of, unpacked

NAME = "phoenix"
TITLE = "Arize Phoenix spans (OpenInference; JSON lines, CSV, Parquet, API pages)"
LAYER = "other"
TESTED_ON = "documentation only: arize-phoenix-client 3.5.0 and openinference-semantic-conventions 0.1.42"
NEVER_RECORDS = "Messages that an OPENINFERENCE_HIDE_ setting removed: lists of messages vanish without a mark."
ARRAYS = ("data",)
IDS = ("trace", "span", "parent_span", "session", "user", "tool_call", "run", "conversation", "request")
CAPTURES = {
    "time": "yes: begin and end of every span",
    "run": "partly: the trace; a run id only where the application sets one as an attribute",
    "parent": "yes: parent_id",
    "call": "partly: ids of calls in a model's messages; tool.id on a tool span where it is set",
    "arguments": "yes: input.value and the messages, unless a setting hides them",
    "results": "yes: output.value and the messages, unless a setting hides them",
    "model": "yes: llm.model_name",
    "tokens": "yes: llm.token_count",
    "decision": "partly: a GUARDRAIL span, without a word for its verdict",
    "errors": "yes: status_code, status_message and exception events",
    "end": "partly: the root span tells it; a span that never ended is never exported",
}

_KINDS = frozenset(
    {"LLM", "CHAIN", "TOOL", "AGENT", "RETRIEVER", "EMBEDDING", "RERANKER", "GUARDRAIL", "EVALUATOR", "PROMPT"}
    | {"DECISION", "UNKNOWN"}
)
_USED = frozenset(
    {"name", "context", "context.trace_id", "context.span_id", "trace_id", "span_id", "parent_id", "start_time"}
    | {"end_time", "status_code", "status_message", "events", "attributes"}
)
_PREFIX = "attributes."
# Lists of messages are spread over keys, as instrumentations send them; any other list is one value.
_LISTS = ("llm.input_messages", "llm.output_messages")
# Objects that are content and no namespace.
_WHOLE = frozenset({"metadata", "input.value", "output.value", "tool.parameters", "llm.invocation_parameters"})
_DEEPEST = 8
_SPREAD = 10_000


def sniff(head: Head) -> float:
    """0.95 for a span with the context of one and a kind or attributes of OpenInference; 0.9 by the raw text alone."""
    for sample in head.samples:
        values = sample["data"][:3] if isinstance(sample, dict) and isinstance(sample.get("data"), list) else [sample]
        if any(_is_span(value) for value in values):
            return 0.95
    if not head.samples and "data" in head.keys:
        return 0.9 if all(word in head.raw for word in (b'"span_kind"', b'"context"', b'"span_id"')) else 0.0
    return 0.0


def _is_span(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    context = unpacked(value.get("context"))
    inside = isinstance(context, dict) and "span_id" in context and "trace_id" in context
    if not inside and "context.span_id" not in value:
        return False
    kind = value.get("span_kind", value.get("attributes.openinference.span.kind"))
    if isinstance(kind, str) and kind.upper() in _KINDS:
        return True
    return any(isinstance(key, str) and key.startswith("attributes.openinference.") for key in value)


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One span -> its events.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a span is a JSON object")
    context = unpacked(value.get("context"))
    context = context if isinstance(context, dict) else {}
    trace = value.get("context.trace_id", context.get("trace_id", value.get("trace_id")))
    own = value.get("context.span_id", context.get("span_id", value.get("span_id")))
    if trace is None and own is None:
        return [Event(ts_source="order", attributes=dumps(value) if value else None)]
    start, end = times.parse(value.get("start_time")), times.parse(value.get("end_time"))
    code = value.get("status_code")
    message = value.get("status_message")
    failed = isinstance(code, str) and code.upper() == "ERROR"
    attributes = _attributes(value)
    for key, moment in (("start_time", start), ("end_time", end)):
        if value.get(key) is not None and moment is None:
            attributes[f"phoenix.{key}"] = value[key]
    if not failed and isinstance(message, str) and message:
        attributes["phoenix.status_message"] = message
    span = Span(
        trace,
        own,
        value.get("parent_id"),
        value.get("name"),
        start.ns if start else None,
        end.ns if end else None,
        None,
        attributes,
        error=(message if isinstance(message, str) else "") if failed else None,
        ok=isinstance(code, str) and code.upper() == "OK",
        moments=_moments(value.get("events")),
        tz_assumed=bool((start and start.tz_assumed) or (end and end.tz_assumed)),
    )
    return events_of(span, NAME)


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """A cursor to a further page of the API's answer."""
    return remark_of(wrapper.header.get("next_cursor"), "next-page-left", "the answer goes on behind the cursor")


def _attributes(value: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    held = unpacked(value.get("attributes"))
    if isinstance(held, dict):
        _spread("", held, made, 0)
    elif held is not None:
        made["phoenix.attributes"] = held
    for key, inner in value.items():
        if key.startswith(_PREFIX) and inner is not None:
            _spread(key.removeprefix(_PREFIX), unpacked(inner), made, 0)
    kind = value.get("span_kind")
    if isinstance(kind, str) and kind:
        made.setdefault("openinference.span.kind", kind)
    layer = str(made.get("openinference.span.kind")).upper()
    name = value.get("name")
    if layer == "TOOL" and isinstance(name, str):
        made.setdefault("tool.name", name)
    elif layer == "AGENT" and isinstance(name, str):
        made.setdefault("agent.name", name)
    for key, inner in value.items():
        if key not in _USED and key != "span_kind" and not key.startswith(_PREFIX) and inner not in (None, "", [], {}):
            made[f"phoenix.{key}"] = inner
    return made


def _spread(key: str, value: Any, made: dict[str, Any], level: int) -> None:
    """Puts a value under its dotted keys; null is absent."""
    if value is None or len(made) > _SPREAD:
        if len(made) > _SPREAD:
            made.setdefault("phoenix.more", []).append({key: value})
        return
    if isinstance(value, dict) and value and key not in _WHOLE and level < _DEEPEST:
        for step, inner in value.items():
            _spread(f"{key}.{step}" if key else step, inner, made, level + 1)
    elif (
        isinstance(value, list)
        and key.startswith(_LISTS)
        and level < _DEEPEST
        and any(isinstance(i, dict) for i in value)
    ):
        for number, inner in enumerate(value):
            _spread(f"{key}.{number}", inner, made, level + 1)
    elif key:
        made[key] = value


def _moments(value: Any) -> tuple[Moment, ...]:
    events = unpacked(value)
    made = []
    for item in events if isinstance(events, list) else ():
        if not isinstance(item, dict):
            made.append(Moment(None, None, {"event": item}))
            continue
        name, fields, moment = item.get("name"), unpacked(item.get("attributes")), times.parse(item.get("timestamp"))
        rest = {key: inner for key, inner in item.items() if key not in ("name", "attributes", "timestamp")}
        made.append(
            Moment(
                name if isinstance(name, str) else None,
                moment.ns if moment else None,
                {**(fields if isinstance(fields, dict) else {}), **rest},
            )
        )
    if value is not None and not isinstance(events, list):
        made.append(Moment(None, None, {"events": value}))
    return tuple(made)
