"""A run that auditrail itself exported (`reconstruct --format otlp`): read back to the events that it was.

The format is that of `auditrail.outputs.otlp`: OTLP/JSON, one line for each record of the evidence. Its resources hold
`auditrail.export`; each span and log record of theirs holds the columns of its event as `auditrail.<column>`, and they
alone are read: an id or time that OTLP wanted, and that the event did not have, is not taken for evidence. Events have
the run of the export (`auditrail.run`), its trace id unless that was derived, its sessions, and the ids that they had
themselves. Where they stood in the evidence, and how they were joined, is in `attributes.auditrail`.

The lines may have gone through a Collector: what stands beside in a line (resources of others, items without
`auditrail.kind`) is read as any OTLP is; attributes that someone added are in `attributes.auditrail.otlp`.

Not read: status, name and parent in OTLP's own fields; they repeat columns. The signature of an export is that of its
file; nothing here proves that an export is what it says: the evidence does, at the place that each event names.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.ids import add, normalise
from auditrail.jsontext import dumps, parse
from auditrail.model import DECISIONS, KINDS, LAYERS, STATES, STATUSES, TS_SOURCES, Event, Id
from auditrail.readers import _otlp_values as values
from auditrail.readers import otlp
from auditrail.readers._contract import Ignored
from auditrail.times import INT64_MAX, nanos

NAME = "auditrail-otlp"
TITLE = "A run that auditrail exported (reconstruct --format otlp)"
LAYER = "other"
TESTED_ON = "real files of auditrail's own export, of the demo evidence and of hostile runs"
NEVER_RECORDS = "Gaps, copies and the bytes of the records: it holds what a report held, and names where the bytes are."
IDS = (
    "run", "trace", "span", "parent_span", "session", "conversation", "request", "response", "tool_call", "decision",
    "task", "parent_run",
)  # fmt: skip
CAPTURES = {
    "time": "yes: as stored in the case that it was exported from",
    "run": "yes: the run that was exported",
    "parent": "partly: parent spans and the run that spawned it, not the call that spawned it",
    "call": "yes: where the evidence had it",
    "arguments": "opt-in: digests where it was exported with --hide-content",
    "results": "opt-in: digests where it was exported with --hide-content",
    "model": "yes: where the evidence had it",
    "tokens": "yes: where the evidence had them",
    "decision": "yes: where the evidence had it",
    "errors": "yes: digests of messages where it was exported with --hide-content",
    "end": "yes: as the exported run had it",
}

_MARK = "auditrail.export"
_PREFIX = "auditrail."
_GROUPS = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
_TEXTS = ("name", "error", "agent", "principal", "model", "tool", "policy", "rule", "flags")
_ID_COLUMNS = (
    ("span_id", "span"), ("parent_span_id", "parent_span"), ("tool_call_id", "tool_call"), ("request_id", "request"),
    ("response_id", "response"), ("decision_id", "decision"), ("task_id", "task"),
)  # fmt: skip
_REPEATED = {
    "gen_ai.agent.name": "agent",
    "gen_ai.request.model": "model",
    "gen_ai.tool.name": "tool",
    "gen_ai.tool.call.id": "tool_call_id",
    "gen_ai.usage.input_tokens": "tokens_in",
    "gen_ai.usage.output_tokens": "tokens_out",
}
_HEAD = 1 << 14


def sniff(head: Head) -> float:
    """0.98 where a resource has the mark of an export; a first record too long to be parsed shows it at its begin."""
    for sample in head.samples:
        if isinstance(sample, dict) and any(_marked(group) for group, *_ in _groups(sample)):
            return 0.98
    if not head.samples and not {"resourceSpans", "resourceLogs"}.isdisjoint(head.keys):
        return 0.98 if f'"{_MARK}"'.encode() in head.raw[:_HEAD] else 0.0
    return 0.0


def read(value: Any, record: Record) -> list[Event] | Ignored:
    """One line -> its events, in the order that they had in their record.

    Raises:
        RecordError: `not-an-object`, or `too-deep` for what can't be walked.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an OTLP export is a JSON object")
    made: list[tuple[int, Event]] = []
    others: dict[str, Any] = {
        key: inner for key, inner in value.items() if key not in ("resourceSpans", "resourceLogs")
    }
    try:
        for key, scopes, items in _GROUPS:
            if key in value:
                left = _rest(value[key], scopes, items, made)
                if left:
                    others[key] = left
    except RecursionError:
        raise RecordError("too-deep", "nested deeper than the reader can follow") from None
    events = [event for _, event in sorted(made, key=lambda pair: pair[0])]
    if not others and events:
        return events
    beside = otlp.read(others, record)
    return events + beside if isinstance(beside, list) else events or beside


def _groups(value: dict[str, Any]) -> list[tuple[Any, str, str]]:
    found = []
    for key, scopes, items in _GROUPS:
        listed = value.get(key)
        found += [(group, scopes, items) for group in listed] if isinstance(listed, list) else []
    return found


def _marked(group: Any) -> bool:
    resource = group.get("resource") if isinstance(group, dict) else None
    listed = resource.get("attributes") if isinstance(resource, dict) else None
    return isinstance(listed, list) and any(isinstance(one, dict) and one.get("key") == _MARK for one in listed)


def _rest(listed: Any, scopes: str, items: str, made: list[tuple[int, Event]]) -> Any:
    """Takes the events of exports out of the groups; what is left is read as any OTLP is."""
    if not isinstance(listed, list):
        return listed
    left = []
    for group in listed:
        if not _marked(group) or not isinstance(group.get(scopes), list):
            left.append(group)
            continue
        resource = values.attributes(group["resource"]["attributes"], {})
        kept = []
        for scope in group[scopes]:
            found = scope.get(items) if isinstance(scope, dict) else None
            if not isinstance(found, list):
                kept.append(scope)
                continue
            foreign = [item for item in found if not _take(item, resource, made)]
            if foreign:
                kept.append({**scope, items: foreign})
        if kept:
            left.append({**group, scopes: kept})
    return left


def _take(item: Any, resource: dict[str, Any], made: list[tuple[int, Event]]) -> bool:
    """Adds the event of an item; False if it is none of an export."""
    if not isinstance(item, dict):
        return False
    odd: dict[str, Any] = {}
    own = values.attributes(item.get("attributes"), odd)
    if own.get("auditrail.kind") not in KINDS:
        return False
    own = dict(own)
    columns = {key[len(_PREFIX) :]: own.pop(key) for key in list(own) if key.startswith(_PREFIX)}
    for key, column in _REPEATED.items():
        if key in own and own[key] == columns.get(column):
            del own[key]
    place = {key[7:]: columns.pop(key) for key in list(columns) if key.startswith("source.")}
    begin, end = _times(item, columns)
    texts: dict[str, Any] = {name: _text(columns.get(name)) for name in _TEXTS}
    event = Event(
        ts_ns=begin,
        end_ns=end,
        ts_source="order" if begin is None else _one_of(columns.get("ts_source"), TS_SOURCES[:3], "event"),
        tz_assumed=columns.get("tz_assumed") is True,
        stream=_text(resource.get("service.name")),
        layer=_one_of(columns.get("layer"), LAYERS, "other"),
        kind=columns["kind"],
        status=_one_of(columns.get("status"), STATUSES, "unknown"),
        decision=columns["decision"] if columns.get("decision") in DECISIONS else None,
        tokens_in=_whole(columns.get("tokens_in")),
        tokens_out=_whole(columns.get("tokens_out")),
        attributes=_attributes(columns, place, {**own, **odd}),
        ids=_ids(columns, resource, item),
        dedupe_key=_key(columns, resource),
        **texts,
        **_content(columns, "args"),
        **_content(columns, "result"),
    )
    part = _whole(place.get("part"))
    made.append((len(made) if part is None else part, event))
    return True


def _times(item: dict[str, Any], columns: dict[str, Any]) -> tuple[int | None, int | None]:
    if "startTimeUnixNano" in item:
        end = None if columns.get("open") is True else nanos(item.get("endTimeUnixNano"))
        return nanos(item["startTimeUnixNano"]), end
    begin = nanos(item.get("timeUnixNano"))
    return (_whole(columns.get("ts_ns"), least=-INT64_MAX) if begin is None else begin), _whole(columns.get("end_ns"))


def _ids(columns: dict[str, Any], resource: dict[str, Any], item: dict[str, Any]) -> tuple[Id, ...]:
    made: list[Id] = []
    kind = resource.get("auditrail.run_kind")
    add(made, "trace" if kind == "trace" else "run", resource.get("auditrail.run"))
    if resource.get("auditrail.trace_id_derived") is not True:
        found = values.trace_id("trace", item.get("traceId"), [])
        if found is not None and found not in made:
            made.append(found)
    for column, id_kind in _ID_COLUMNS:
        add(made, id_kind, columns.get(column))
    for id_kind in ("session", "conversation"):
        listed = resource.get(f"auditrail.{id_kind}s")
        for value in listed if isinstance(listed, list) else ():
            add(made, id_kind, value)
    add(made, "parent_run", resource.get("auditrail.parent_run"))
    return tuple(made)


def _key(columns: dict[str, Any], resource: dict[str, Any]) -> str | None:
    run, event = normalise("run", resource.get("auditrail.run")), _text(columns.get("event"))
    return f"auditrail-otlp:{run}/{event}" if run and event else None


def _content(columns: dict[str, Any], side: str) -> dict[str, Any]:
    value = columns.get(side)
    state = _one_of(columns.get(f"{side}_state"), STATES, "present" if value else "absent")
    value = value if isinstance(value, str) and state != "absent" else None
    if state == "present" and not value:
        state = "absent" if value is None else "empty"
    return {side: value, f"{side}_state": state}


def _attributes(columns: dict[str, Any], place: dict[str, Any], others: dict[str, Any]) -> str:
    """The attributes that the event had, and under `auditrail` where it stood and how it was joined."""
    joined = {key[12:]: columns[key] for key in columns if key.startswith("stitched_by.")}
    about = {"event": columns.get("event"), "source": place, "stitched_by": joined, "otlp": others}
    told = {key: value for key, value in about.items() if value not in (None, {})}
    held: Any = None
    text = columns.get("attributes")
    if isinstance(text, str):
        try:
            held, _ = parse(text.encode("utf-8", "surrogatepass"))
        except RecordError:
            held = None
    if text is not None and not isinstance(held, dict):
        told["attributes"] = text
    made = dict(held) if isinstance(held, dict) else {}
    if "auditrail" in made:
        told["before"] = made.pop("auditrail")
    return dumps({**made, "auditrail": told})


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _one_of(value: Any, words: tuple[str, ...], otherwise: str) -> str:
    return value if isinstance(value, str) and value in words else otherwise


def _whole(value: Any, *, least: int = 0) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and least <= value <= INT64_MAX else None
