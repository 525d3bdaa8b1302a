"""A log record of OTLP -> its event, and those of the calls in it; the rules are in `otlp`."""

from __future__ import annotations

from typing import Any

from auditrail.jsontext import content
from auditrail.model import Event, Id
from auditrail.readers import _otlp_values as values
from auditrail.readers._messages import ToolCall, tool_calls
from auditrail.readers._otlp_parts import (
    LOG_KNOWN,
    Scope,
    attributes_text,
    call_events,
    calls_in,
    camel,
    exception_text,
    join_ids,
    keep,
    keep_counts,
    sampled_of,
    side_of,
    take_id,
    text_of,
    time_of,
)
from auditrail.readers._vocabulary import EventRule, Mapped, Vocabulary, state

_SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_SEVERITY_NAMES = {
    f"SEVERITY_NUMBER_{name}{n if n > 1 else ''}": i * 4 + n for i, name in enumerate(_SEVERITIES) for n in range(1, 5)
}
_ERROR_SEVERITY = 17
# Where logging libraries put the ids of the trace when nobody moved them to the record's own fields.
_TRACE_KEYS = ("trace_id", "trace.id", "traceId", "otelTraceID")
_SPAN_KEYS = ("span_id", "span.id", "spanId", "otelSpanID")

# What tells a message of the GenAI conventions, and which one, where the record has no name.
_GEN_AI = frozenset({"gen_ai.system", "gen_ai.provider.name"})
_OF_CHOICE = frozenset({"finish_reason", "index"})
_OF_TOOL_MESSAGE = frozenset({"content", "id"})


def log(log: dict[str, Any], scope: Scope, words: Vocabulary, events: list[Event]) -> None:
    extra: dict[str, Any] = {}
    remarks: list[str] = []
    log = camel(log, remarks)
    get = log.get
    ids: list[Id] = []
    trace = take_id(values.trace_id, "trace", get("traceId"), "traceId", ids, extra, remarks)
    own = take_id(values.span_id, "parent_span", get("spanId"), "spanId", ids, extra, remarks)
    attributes = values.attributes(get("attributes"), extra)
    body = values.any_value(get("body"))
    places = (attributes, body) if type(body) is dict else (attributes,)
    if trace is None:
        trace = _stated(values.trace_id, "trace", _TRACE_KEYS, places, ids)
    if own is None:
        own = _stated(values.span_id, "parent_span", _SPAN_KEYS, places, ids)
    at = time_of(get("timeUnixNano"), "timeUnixNano", extra)
    observed = time_of(get("observedTimeUnixNano"), "observedTimeUnixNano", extra)
    name = _log_name(text_of(get("eventName"), extra, "eventName"), attributes, body, words)
    rule = words.events.get(name or "")
    mapped = words.apply(attributes, None, name)
    columns = {**scope.columns, **mapped.columns}
    join_ids(ids, mapped.ids)
    calls: list[ToolCall] = list(mapped.calls)
    if rule is not None and rule.kind == "message":
        body, found = _log_message(rule, name, mapped, body, columns, ids, words)
        calls += found
    elif type(body) is dict:
        join_ids(ids, words.apply(body, None, name).ids)
    join_ids(ids, scope.ids)
    keep(extra, "body", body)
    keep(extra, "severityText", get("severityText"))
    severity = _severity(get("severityNumber"), extra)
    sampled = sampled_of(get("flags"), extra, is_log=True, in_trace=trace is not None)
    keep_counts(log, extra)
    if not log.keys() <= LOG_KNOWN:
        extra["otherMembers"] = {key: inner for key, inner in log.items() if key not in LOG_KNOWN}
    if remarks:
        extra["remarks"] = remarks
    status = columns.pop("status", "unknown")
    if severity >= _ERROR_SEVERITY or (rule is not None and rule.kind == "error"):
        status = "error"
        if error := exception_text(attributes):
            columns["error"] = error
    uid = attributes.get("log.record.uid")
    event = Event(
        ts_ns=at if at is not None else observed,
        observed_ns=observed,
        ts_source="event" if at is not None else "observed" if observed is not None else "order",
        stream=scope.stream,
        layer=(rule.layer if rule is not None else mapped.layer) or "other",
        kind=(rule.kind if rule is not None else mapped.kind) or "log",
        name=name,
        status=status,
        sampled=sampled,
        # The attribute says by its definition that records with equal ids are copies.
        dedupe_key=f"otlp:log/{uid}" if type(uid) is str and uid else None,
        attributes=attributes_text(mapped.rest, extra, scope),
        ids=tuple(ids),
    )._replace(**columns)
    events.append(event)
    if calls:
        call_events(calls, event, own, event.ts_ns, "#call", events)


def _stated(
    reader: Any, kind: str, keys: tuple[str, ...], places: tuple[dict[str, Any], ...], ids: list[Id]
) -> str | None:
    """An id that the record's own field lacks, from its attributes or its body; it stays there too."""
    for place in places:
        for key in keys:
            made: Id | None = reader(kind, place[key], []) if key in place else None
            if made is not None:
                ids.append(made)
                return made.value
    return None


def _log_name(name: str | None, attributes: dict[str, Any], body: Any, words: Vocabulary) -> str | None:
    """eventName, else event.name; a body that is the full name of an event counts for more than a short name."""
    if name is None:
        given = attributes.get("event.name")
        name = given if type(given) is str and given else None
    if name not in words.events and type(body) is str and body in words.events:
        return body
    if name is None and type(body) is dict and not _GEN_AI.isdisjoint(attributes):
        return _name_by_members(body)
    return name


def _name_by_members(body: dict[str, Any]) -> str | None:
    """The message event whose members these are alone: some exports to CloudWatch leave the name of an event out."""
    if type(body.get("message")) is dict and not _OF_CHOICE.isdisjoint(body):
        return "gen_ai.choice"
    if type(body.get("tool_calls")) is list:
        return "gen_ai.assistant.message"
    return "gen_ai.tool.message" if body.keys() == _OF_TOOL_MESSAGE and type(body["id"]) is str else None


def _log_message(
    rule: EventRule,
    name: str | None,
    mapped: Mapped,
    body: Any,
    columns: dict[str, Any],
    ids: list[Id],
    words: Vocabulary,
) -> tuple[Any, list[ToolCall]]:
    """Content and ids of a message event, which stand in its body or its attributes.

    Returns:
        What is left of the body, and the tool calls of a choice.
    """
    payload = body if type(body) is dict else {"content": body} if type(body) is str and body != name else {}
    join_ids(ids, words.apply(payload, None, name).ids)
    calls: list[ToolCall] = []
    sides = (rule.side,) if rule.side in ("args", "result") else ("args", "result") if rule.side else ()
    for side in sides:
        if side in columns:
            continue
        one = EventRule(rule.layer, rule.kind, side)
        # Of an event with both sides only the members `input` and `output` are unambiguous.
        found = side_of(one, {k: v for k, v in payload.items() if rule.side != "both" or k in ("input", "output")})
        if found is None and rule.side != "both" and (found := side_of(one, mapped.rest)):
            columns[side], columns[f"{side}_state"] = content(found[2]), state(found[2])
        elif found is not None:
            columns[side], columns[f"{side}_state"] = content(found[2]), state(found[2])
            body = None if type(body) is not dict else {k: v for k, v in body.items() if k != found[1]}
    if rule.layer == "llm" and rule.side != "args":
        calls = calls_in({**mapped.rest, **payload}) if rule.side == "result" else tool_calls(columns.get("result"))
    return body, calls


def _severity(value: Any, extra: dict[str, Any]) -> int:
    if value is None or value == 0:
        return 0
    number = _SEVERITY_NAMES.get(value) if type(value) is str else None
    number = number if number is not None else values.number(value)
    extra["severityNumber"] = value if number is None else number
    return number or 0
