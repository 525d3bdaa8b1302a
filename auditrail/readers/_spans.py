"""Spans of back ends that are not OTLP: brought to its shape and read by its rules, so that attributes mean the same.

A reader says what a span of its format holds (`Span`); `events_of` gives what the reader `otlp` would give for it: the
span, one event for each tool call that a model asked for, and one for each message or exception in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from auditrail import times
from auditrail.errors import RecordError
from auditrail.ids import normalise
from auditrail.jsontext import dumps, parse
from auditrail.model import Event, Id
from auditrail.readers._otlp_parts import Scope, join_ids, keep
from auditrail.readers._otlp_spans import span as read_span
from auditrail.readers._vocabulary import vocabulary

_OF_RESOURCE = ("agent", "agent_version", "principal")
_HEX = frozenset("0123456789abcdef")
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16
_ERROR_EVENT = "error"  # the name that OpenTracing gives to a logged exception


class Moment(NamedTuple):
    """Something that happened inside a span: an annotation, a log, a span event."""

    name: str | None
    ns: int | None
    fields: dict[str, Any]


class Span(NamedTuple):
    """A span as a back end has it.

    Attributes:
        trace: id of its trace.
        span: its own id.
        parent: id of its parent.
        name: its name.
        start: its begin, ns.
        end: its end, ns.
        kind: client, server, producer, consumer, internal, or None.
        attributes: key -> value, for the vocabularies.
        resource: attributes of the process that made it; `service.name` names the stream.
        error: what went wrong, "" if it is only known that something did, None if nothing is known.
        ok: it says of itself that it went well.
        moments: what happened inside it.
        links: (trace, span) of spans that it points to beside its parent.
        sampled: its own sampling flag.
        key: what tells it from other spans with the same id, for the dedupe key.
        tz_assumed: its times carried no zone.
    """

    trace: Any
    span: Any
    parent: Any = None
    name: Any = None
    start: int | None = None
    end: int | None = None
    kind: str | None = None
    attributes: dict[str, Any] = {}  # noqa: RUF012 - never changed
    resource: dict[str, Any] = {}  # noqa: RUF012 - never changed
    error: str | None = None
    ok: bool = False
    moments: tuple[Moment, ...] = ()
    links: tuple[tuple[Any, Any], ...] = ()
    sampled: bool | None = None
    key: str = ""
    tz_assumed: bool = False


def padded(value: Any, digits: int) -> Any:
    """A hex id in lower case with the zeros that some writers leave out on the left; anything else as it is."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if 0 < len(text) < digits and _HEX.issuperset(text) and text.strip("0"):
        return text.rjust(digits, "0")
    return text if _HEX.issuperset(text) else value


def trace_id(value: Any) -> Any:
    """A trace id of 32 digits."""
    return padded(value, _TRACE_DIGITS)


def span_id(value: Any) -> Any:
    """A span id of 16 digits."""
    return padded(value, _SPAN_DIGITS)


def events_of(span: Span, reader: str, *, ids: Iterable[Id] = (), logs: bool = False) -> list[Event]:
    """The events of a span, the span first.

    Args:
        span: the span.
        reader: name of the reader, for the dedupe key.
        ids: further ids of all its events.
        logs: whether what happened inside it and is known to no vocabulary is an event `log` each, too.
    """
    events: list[Event] = []
    read_span(_item(span), _scope(span.resource), vocabulary(), events)
    if logs:
        events += _logs(span, events[0])
    return [_finished(event, span, reader, tuple(ids)) for event in events]


def _item(span: Span) -> dict[str, Any]:
    item: dict[str, Any] = {"traceId": span.trace, "spanId": span.span, "attributes": span.attributes}
    if span.parent != span.span:  # a root that names itself
        keep(item, "parentSpanId", span.parent)
    keep(item, "name", span.name)
    keep(item, "startTimeUnixNano", span.start)
    keep(item, "endTimeUnixNano", span.end)
    if span.kind:
        item["kind"] = f"SPAN_KIND_{span.kind.upper()}"
    if span.error is not None:
        item["status"] = {"code": 2, "message": span.error}
    elif span.ok:
        item["status"] = {"code": 1}
    if span.sampled is not None:
        item["flags"] = int(span.sampled)
    if span.links:
        item["links"] = [{"traceId": to, "spanId": at} for to, at in span.links]
    if span.moments:
        item["events"] = [
            {
                key: value
                for key, value in (("timeUnixNano", moment.ns), ("name", moment.name), ("attributes", moment.fields))
                if value
            }
            for moment in span.moments
        ]
    return item


def _scope(resource: dict[str, Any]) -> Scope:
    mapped = vocabulary().apply(resource)
    columns = {name: mapped.columns[name] for name in _OF_RESOURCE if name in mapped.columns}
    service = resource.get("service.name")
    stream = service if isinstance(service, str) and service.strip() else None
    return Scope(stream, f'"resource":{dumps(resource)}' if resource else "", mapped.ids, columns)


def _logs(span: Span, event: Event) -> list[Event]:
    """Events of kind `log` for what happened inside a span and no vocabulary knows the name of."""
    words = vocabulary()
    own = next((an_id.value for an_id in event.ids if an_id.kind == "span"), None)
    shared = [an_id for an_id in event.ids if an_id.kind in ("run", "trace", "session", "conversation")]
    made = []
    for number, moment in enumerate(span.moments, 1):
        if moment.name in words.events:
            continue
        mapped = words.apply(moment.fields)
        ids = [Id("parent_span", own)] if own else []
        join_ids(ids, shared, mapped.ids)
        failed = moment.name == _ERROR_EVENT
        made.append(
            Event(
                ts_ns=moment.ns,
                ts_source="event" if moment.ns is not None else "order",
                stream=event.stream,
                layer=event.layer,
                kind="error" if failed else "log",
                name=moment.name,
                status="error" if failed else "unknown",
                error=_error_of(moment.fields) if failed else None,
                dedupe_key=f"{event.dedupe_key}#log{number}" if event.dedupe_key else None,
                attributes=dumps(moment.fields) if moment.fields else None,
                ids=tuple(ids),
            )
        )
    return made


def _error_of(fields: dict[str, Any]) -> str | None:
    found = (fields.get(key) for key in ("message", "error.object", "error.kind"))
    return next((text for text in found if isinstance(text, str) and text.strip()), None)


def _finished(event: Event, span: Span, reader: str, ids: tuple[Id, ...]) -> Event:
    changes: dict[str, Any] = {}
    if event.dedupe_key is not None:
        base, mark, part = event.dedupe_key.removeprefix("otlp:").partition("#")
        changes["dedupe_key"] = f"{reader}:{base}{'/' if span.key else ''}{span.key}{mark}{part}"
    if span.tz_assumed and event.ts_ns is not None:
        changes["tz_assumed"] = True
    if ids:
        changes["ids"] = tuple(dict.fromkeys((*event.ids, *ids)))
    return event._replace(**changes) if changes else event


def micros(value: Any) -> int | None:
    """Microseconds since the epoch, as a number or decimal text, in ns; None for 0 and what is no such time."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e17:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= (1 << 63) // 1000:
        return None
    return value * 1000


def unpacked(value: Any) -> Any:
    """The object or array in a JSON text, as tables keep them; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            made, flags = parse(value.encode("utf-8", "surrogatepass"))
        except RecordError:
            return value
        return value if flags else made
    return value


def text_id(kind: str, value: Any) -> tuple[Id, ...]:
    """The id, if it is one."""
    text = normalise(kind, value)
    return (Id(kind, text),) if text else ()


def utc(value: Any) -> int | None:
    """A time in ns, of a format that defines times without a zone as UTC."""
    moment = times.parse(value)
    return moment.ns if moment is not None else None


def remark_of(value: Any, code: str, detail: str) -> list[tuple[str, str]]:
    """A remark that an answer goes on behind what is here: a cursor, a token, a next page."""
    if value is None or value == "" or value is False or isinstance(value, (dict, list)):
        return []
    return [(code, f"{detail}: {str(value)[:200]}")]
