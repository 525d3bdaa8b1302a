"""A span of OTLP -> its event, and those of the calls and messages in it; the rules are in `otlp`."""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail.jsontext import content
from auditrail.model import Event, Id
from auditrail.readers import _otlp_values as values
from auditrail.readers._messages import ToolCall, tool_calls
from auditrail.readers._otlp_parts import (
    SPAN_KNOWN,
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
    shared_ids,
    side_of,
    take_id,
    text_of,
    time_of,
)
from auditrail.readers._vocabulary import EventRule, Mapped, Vocabulary, state, vocabulary
from auditrail.times import nanos

_KIND_NAMES = ("internal", "server", "client", "producer", "consumer")
_KINDS: dict[Any, str | None] = {
    **dict.fromkeys((0, "0", "SPAN_KIND_UNSPECIFIED"), None),
    **{
        spelling: name for n, name in enumerate(_KIND_NAMES, 1) for spelling in (n, str(n), f"SPAN_KIND_{name.upper()}")
    },
}
STATUS_CODES: dict[Any, str] = {
    **dict.fromkeys((0, "0", "STATUS_CODE_UNSET"), "unknown"),
    **dict.fromkeys((1, "1", "STATUS_CODE_OK"), "ok"),
    **dict.fromkeys((2, "2", "STATUS_CODE_ERROR"), "error"),
}


class _SpanEvent(NamedTuple):
    """A span event: name, time, attributes, and what the vocabularies say of its name."""

    name: str | None
    ts_ns: int | None
    attributes: dict[str, Any]
    rule: EventRule | None


def span(span: dict[str, Any], scope: Scope, words: Vocabulary, events: list[Event]) -> None:
    extra: dict[str, Any] = {}
    remarks: list[str] = []
    span = camel(span, remarks)
    get = span.get
    ids: list[Id] = []
    trace = take_id(values.trace_id, "trace", get("traceId"), "traceId", ids, extra, remarks)
    own = take_id(values.span_id, "span", get("spanId"), "spanId", ids, extra, remarks)
    take_id(values.span_id, "parent_span", get("parentSpanId"), "parentSpanId", ids, extra, remarks)
    start = time_of(get("startTimeUnixNano"), "startTimeUnixNano", extra)
    end = time_of(get("endTimeUnixNano"), "endTimeUnixNano", extra)
    name = text_of(get("name"), extra)
    attributes = values.attributes(get("attributes"), extra)
    mapped = words.apply(attributes, name)
    columns = {**scope.columns, **mapped.columns} if scope.columns else mapped.columns
    happened = _span_events(get("events"), words, extra) if get("events") else []
    if get("links"):
        _links(get("links"), ids, extra, remarks)
    kind_into(get("kind"), extra)
    status = _status(get("status"), columns, happened, extra)
    sampled = sampled_of(get("flags"), extra)
    probability = values.state_probability(get("traceState"))
    if probability is not None:
        columns["sampling_probability"] = probability
    keep(extra, "traceState", get("traceState"))
    keep_counts(span, extra)
    if not span.keys() <= SPAN_KNOWN:
        extra["otherMembers"] = {key: inner for key, inner in span.items() if key not in SPAN_KNOWN}
    if remarks:
        extra["remarks"] = remarks
    join_ids(ids, mapped.ids, scope.ids)
    calls = mapped.calls
    if happened:
        columns, calls = _from_messages(happened, mapped, columns)
    stated = columns.pop("status", "unknown")
    event = Event(
        ts_ns=start,
        end_ns=end,
        ts_source="event" if start is not None else "order",
        stream=scope.stream,
        layer=mapped.layer or "other",
        kind=mapped.kind or "span",
        name=name,
        status=stated if status == "unknown" else status,
        sampled=sampled,
        dedupe_key=f"otlp:{trace}/{own}" if trace and own else None,
        attributes=attributes_text(mapped.rest, extra, scope),
        ids=tuple(ids),
        **columns,
    )
    events.append(event)
    if calls:
        call_events(calls, event, own, end if end is not None else start, "#call", events)
    if happened:
        _own_events(happened, event, own, scope, words, events)


def kind_into(value: Any, extra: dict[str, Any]) -> None:
    """Keeps the kind of a span under its short name."""
    if value is None:
        return
    try:
        name = _KINDS[value]
    except (KeyError, TypeError):
        extra["kind"] = value
        return
    if name:
        extra["kind"] = name


def _status(value: Any, columns: dict[str, Any], happened: list[_SpanEvent], extra: dict[str, Any]) -> str:
    """The status; its message, or an exception event, becomes the error of a span that failed."""
    if value is None:
        return "unknown"
    if type(value) is not dict:
        extra["status"] = value
        return "unknown"
    code, message = value.get("code"), value.get("message")
    try:
        status = STATUS_CODES[code] if code is not None else "unknown"
    except (KeyError, TypeError):
        status = "unknown"
        extra["status"] = value
        return status
    if not value.keys() <= {"code", "message"}:
        extra["status"] = value
    if status != "error" or type(message) is not str:
        keep(extra, "statusMessage", message)
    elif message.strip():
        columns["error"] = message
    if status == "error" and "error" not in columns:
        error = next((text for event in happened if (text := exception_text(event.attributes))), None)
        if error:
            columns["error"] = error
    return status


def _links(listed: Any, ids: list[Id], extra: dict[str, Any], remarks: list[str]) -> None:
    if type(listed) is not list:
        extra["links"] = listed
        return
    kept = []
    seen = set(ids)
    for item in listed:
        if type(item) is not dict:
            kept.append(item)
            continue
        link = camel(item, [])
        found = (
            values.trace_id("linked_trace", link.get("traceId"), remarks),
            values.span_id("linked_span", link.get("spanId"), remarks),
        )
        ids += [an_id for an_id in found if an_id is not None and an_id not in seen]
        seen.update(ids[-2:])
        kept.append(_plain(link))
    keep(extra, "links", kept)


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    """A link or span event with its attributes as an object."""
    if "attributes" not in item:
        return item
    odd: dict[str, Any] = {}
    return {**item, "attributes": values.attributes(item["attributes"], odd), **odd}


def _span_events(listed: Any, words: Vocabulary, extra: dict[str, Any]) -> list[_SpanEvent]:
    if type(listed) is not list:
        extra["events"] = listed
        return []
    kept: list[Any] = []
    happened = []
    for item in listed:
        if type(item) is not dict:
            kept.append(item)
            continue
        plain = _plain(camel(item, []))
        kept.append(plain)
        name = plain.get("name")
        name = name if type(name) is str else None
        own = plain.get("attributes")
        happened.append(
            _SpanEvent(
                name, nanos(plain.get("timeUnixNano")), own if type(own) is dict else {}, words.events.get(name or "")
            )
        )
    keep(extra, "events", kept)
    return happened


def _from_messages(
    happened: list[_SpanEvent], mapped: Mapped, columns: dict[str, Any]
) -> tuple[dict[str, Any], list[ToolCall]]:
    """Fills blank args and result of a span from its message events; finds tool calls in its choices.

    On a tool span the tool's message holds the arguments and the choice the result (Strands); on other spans they are
    the messages that were sent and received.
    """
    filled = dict(columns)
    calls = list(mapped.calls)
    known = {_identity(call) for call in calls}
    sent: list[Any] = []
    received: list[Any] = []
    for event in happened:
        if event.rule is None or event.rule.side is None:
            continue
        if event.rule.side == "both":
            inner = vocabulary().apply(event.attributes, None, event.name)
            for column in ("args", "result"):
                if column in inner.columns and column not in filled:
                    filled[column] = inner.columns[column]
                    filled[f"{column}_state"] = inner.columns[f"{column}_state"]
            is_new = mapped.layer == "llm" and "result" not in columns
            found = tool_calls(inner.columns.get("result")) if is_new else []
        else:
            (sent if event.rule.side == "args" else received).append(event)
            found = calls_in(event.attributes) if event.rule.side == "result" and mapped.layer == "llm" else []
        calls += [call for call in found if _identity(call) not in known]
        known.update(map(_identity, found))
    for column, messages in (("args", sent), ("result", received)):
        if column in filled or not messages:
            continue
        if mapped.layer == "tool":
            side = side_of(messages[-1].rule, messages[-1].attributes)
            if side:
                filled[column], filled[f"{column}_state"] = content(side[2]), state(side[2])
        elif listed := [{"name": m.name, **m.attributes} for m in messages if m.attributes]:
            filled[column], filled[f"{column}_state"] = content(listed), state(listed)
    return filled, calls


def _identity(call: ToolCall) -> Any:
    """What makes a call the same in two places of a span: its id, else its name and arguments."""
    return call.id if call.id is not None else (call.name, content(call.args))


def _own_events(
    happened: list[_SpanEvent],
    span: Event,
    own: str | None,
    scope: Scope,
    words: Vocabulary,
    events: list[Event],
) -> None:
    """Events of their own for the span events whose names the vocabularies know."""
    for number, item in enumerate(happened, 1):
        rule = item.rule
        if rule is None:
            continue
        mapped = words.apply(item.attributes, None, item.name)
        rest, columns = mapped.rest, dict(mapped.columns)
        if (side := side_of(rule, rest)) and side[0] not in columns:
            rest = {key: value for key, value in rest.items() if key != side[1]}
            columns[side[0]], columns[f"{side[0]}_state"] = content(side[2]), state(side[2])
        if rule.kind == "error":
            columns["error"] = exception_text(item.attributes) or columns.get("error")
            columns["status"] = "error"
        for column in ("agent", "agent_version", "principal", "model"):
            columns.setdefault(column, getattr(span, column))
        ids = list(mapped.ids)
        join_ids(ids, shared_ids(span.ids, own))
        events.append(
            Event(
                ts_ns=item.ts_ns,
                ts_source="event" if item.ts_ns is not None else "order",
                stream=span.stream,
                layer=span.layer if span.layer != "other" else rule.layer,
                kind=rule.kind,
                name=item.name,
                dedupe_key=f"{span.dedupe_key}#event{number}" if span.dedupe_key else None,
                attributes=attributes_text(rest, {}, scope),
                ids=tuple(ids),
            )._replace(**columns)
        )
