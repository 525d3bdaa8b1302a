"""What spans and logs of OTLP have in common: ids, times, flags, counts, and the text of `attributes`."""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail.ids import normalise
from auditrail.jsontext import content, dumps
from auditrail.model import Event, Id
from auditrail.readers import _otlp_values as values
from auditrail.readers._messages import ToolCall, tool_calls
from auditrail.readers._vocabulary import EventRule, is_blank, state, vocabulary, whole
from auditrail.times import nanos

_CAMEL = {
    "trace_id": "traceId",
    "span_id": "spanId",
    "parent_span_id": "parentSpanId",
    "trace_state": "traceState",
    "start_time_unix_nano": "startTimeUnixNano",
    "end_time_unix_nano": "endTimeUnixNano",
    "time_unix_nano": "timeUnixNano",
    "observed_time_unix_nano": "observedTimeUnixNano",
    "dropped_attributes_count": "droppedAttributesCount",
    "dropped_events_count": "droppedEventsCount",
    "dropped_links_count": "droppedLinksCount",
    "severity_number": "severityNumber",
    "severity_text": "severityText",
    "event_name": "eventName",
    "schema_url": "schemaUrl",
}
_DROPPED = ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")
SPAN_KNOWN = frozenset(
    {"traceId", "spanId", "parentSpanId", "traceState", "flags", "name", "kind", "startTimeUnixNano"}
    | {"endTimeUnixNano", "attributes", "events", "links", "status", *_DROPPED}
)
LOG_KNOWN = frozenset(
    {"traceId", "spanId", "flags", "timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText"}
    | {"body", "attributes", "eventName", "droppedAttributesCount"}
)
# Members of `attributes` that are ours; a span attribute of the same name gets the prefix `attributes.`.
OURS = frozenset(
    {"resource", "resourceMembers", "resourceSchemaUrl", "scope", "scopeMembers", "scopeSchemaUrl", "export"}
    | {"remarks", "otherMembers", "malformedAttributes", "duplicateAttributes", "parent_remote", "statusMessage"}
    | (SPAN_KNOWN | LOG_KNOWN) - {"attributes"}
)
# Ids that what happens inside a span has in common with it.
_SHARED_IDS = frozenset(
    {"run", "parent_run", "trace", "session", "conversation", "request", "response", "task", "user"}
)


class Scope(NamedTuple):
    """What all spans or logs of one scope share; `tail` is JSON text of members for their `attributes`."""

    stream: str | None
    tail: str
    ids: list[Id]
    columns: dict[str, Any]


def keep(target: dict[str, Any], key: str, value: Any) -> None:
    """Keeps a member, unless it says nothing: proto3 leaves defaults out, so a default is as good as absent."""
    if value is not None and value not in ("", {}, []):
        target[key] = value


def camel(item: dict[str, Any], remarks: list[str]) -> dict[str, Any]:
    if _CAMEL.keys().isdisjoint(item):
        return item
    remarks.append("snake-case-keys")
    made: dict[str, Any] = {}
    for key, value in item.items():
        camel = _CAMEL.get(key, key)
        made[key if camel in made or (camel != key and camel in item) else camel] = value
    return made


def time_of(value: Any, key: str, extra: dict[str, Any]) -> int | None:
    ns = nanos(value)
    if ns is None and value is not None and value not in ("", "0", 0):
        extra[key] = value
    return ns


def take_id(
    reader: Any, kind: str, value: Any, key: str, ids: list[Id], extra: dict[str, Any], remarks: list[str]
) -> str | None:
    """Reads an id into `ids`; one that is no id (zeros, a list) stays in the attributes."""
    if value is None or value == "":
        return None
    made: Id | None = reader(kind, value, remarks)
    if made is None:
        extra[key] = value
        return None
    ids.append(made)
    return made.value


def text_of(value: Any, extra: dict[str, Any], key: str = "name") -> str | None:
    if type(value) is str:
        return value or None
    keep(extra, key, value)
    return None


def sampled_of(value: Any, extra: dict[str, Any], *, is_log: bool = False, in_trace: bool = True) -> bool | None:
    if value is None:
        return None
    flags = values.number(value)
    if flags is None:
        extra["flags"] = value
        return None
    known = bool(flags & values.REMOTE_KNOWN)
    if known:
        extra["parent_remote"] = bool(flags & values.REMOTE)
    if flags & ~(values.SAMPLED | values.REMOTE_KNOWN | values.REMOTE) or (flags & values.REMOTE and not known):
        extra["flags"] = flags
    if flags & values.SAMPLED:
        return True
    if is_log:
        return False if in_trace else None
    return None if known else False


def keep_counts(item: dict[str, Any], extra: dict[str, Any]) -> None:
    for key in _DROPPED:
        value = item.get(key)
        if value is not None and value not in (0, "0", ""):
            count = whole(value)
            extra[key] = value if count is None else count


def join_ids(ids: list[Id], *more: list[Id]) -> None:
    for found in more:
        ids += [an_id for an_id in found if an_id not in ids]


def attributes_text(rest: dict[str, Any], extra: dict[str, Any], scope: Scope) -> str | None:
    """The JSON of `attributes`: what the vocabularies left over, our members, then resource and scope."""
    if not OURS.isdisjoint(rest):
        rest = renamed(rest)
    made = {**rest, **extra} if extra else rest
    if not made:
        return f"{{{scope.tail}}}" if scope.tail else None
    text = dumps(made)
    return f"{text[:-1]},{scope.tail}}}" if scope.tail else text


def renamed(rest: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in rest.items():
        free = f"attributes.{key}" if key in OURS else key
        while free in made or (free != key and free in rest):
            free = f"attributes.{free}"
        made[free] = value
    return made


def exception_text(attributes: dict[str, Any]) -> str | None:
    """`type: message` of an exception event."""
    found = (attributes.get(key) for key in ("exception.type", "exception.message"))
    return ": ".join(text for text in found if type(text) is str and text.strip()) or None


def side_of(rule: EventRule | None, payload: dict[str, Any]) -> tuple[str, str, Any] | None:
    """The content of a message: (column, key, value); None if it has none or both sides."""
    if rule is None or rule.side not in ("args", "result"):
        return None
    keys = vocabulary().sides[rule.side]
    found = [key for key in keys if key in payload]
    key = next((key for key in found if not is_blank(payload[key])), found[0] if found else None)
    return (rule.side, key, payload[key]) if key is not None else None


def shared_ids(ids: tuple[Id, ...], own: str | None) -> list[Id]:
    parent = [Id("parent_span", own)] if own else []
    return parent + [an_id for an_id in ids if an_id.kind in _SHARED_IDS]


def call_events(
    calls: list[ToolCall], event: Event, own: str | None, ts: int | None, suffix: str, events: list[Event]
) -> None:
    """One event for each tool call that the model asked for, at the time when its answer was complete."""
    shared = shared_ids(event.ids, own)
    for number, call in enumerate(calls, 1):
        text = normalise("tool_call", call.id)
        events.append(
            Event(
                ts_ns=ts,
                ts_source=event.ts_source if ts is None or event.ts_ns is not None else "event",
                stream=event.stream,
                layer="llm",
                kind="call",
                name=call.name,
                agent=event.agent,
                agent_version=event.agent_version,
                principal=event.principal,
                model=event.model,
                tool=call.name,
                args=content(call.args),
                args_state=state(call.args, given=call.given),
                dedupe_key=f"{event.dedupe_key}{suffix}{number}" if event.dedupe_key else None,
                ids=(*((Id("tool_call", text),) if text else ()), *shared),
            )
        )


def calls_in(payload: dict[str, Any]) -> list[ToolCall]:
    """Tool calls of a choice: its members may be JSON text, because an attribute holds no objects."""
    return tool_calls(payload) or [
        call for value in payload.values() if type(value) is str for call in tool_calls(value)
    ]
