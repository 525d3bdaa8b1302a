"""Documents of Elastic's shippers (Filebeat, Elastic Agent and the other Beats): an envelope around someone's line.

Shape: ECS with `@timestamp`, `agent.type` (`filebeat`, ...), `log.file.path`, `log.offset`, `input.type`, `host`, and

- `message`: the line as it stood, or
- the members of a JSON line, at the top (parser `ndjson`), or under `json`, or under another target.

The line is read on. Envelope and line share one object when members were put at the top: what ECS gives the shipper is
the envelope, all else is the line (marked `auditrail.message_made_of`). The generic reader must not see the envelope:
`agent.name` there is the host that the shipper runs on, not the agent that acted.

`@timestamp` is the time at which the shipper read the line, unless a pipeline put the line's own time there; it then
keeps its reading in `event.created`. So it counts as observed, or, beside `event.created` or `event.ingested`, as the
time of the event. A shipper delivers at least once: path, offset and reading time make copies known. `log.flags` says
where a line was `truncated` (max_bytes, 10 MiB by default).

Application logs that are ECS themselves (ecs-logging) have no shipper in them and are read by `jsonl`.

Facts: Elastic Common Schema (agent, log, input, event.created, event.ingested) and Filebeat's reference (message,
log.offset, log.flags, ndjson), both from general knowledge; ecs-logging as in the notes of `jsonl`. Not read: metrics
of Metricbeat as anything but their members.
"""

from __future__ import annotations

from typing import Any

from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _gateway as gateway
from auditrail.readers import _store as store
from auditrail.readers._contract import Reading

NAME = "beats"
TITLE = "Documents of Filebeat, Elastic Agent and other Beats"
LAYER = "other"
TESTED_ON = "documentation only: Elastic Common Schema and Filebeat's reference; invented samples"
NEVER_RECORDS = "lines that a rotation removed before they were read, and what a processor dropped."
IDS = store.NAMED_IDS
CAPTURES = {
    "time": "yes: when the line was read; its own time only inside the line or where a pipeline took it out",
    **dict.fromkeys(
        ("run", "parent", "call", "arguments", "results", "model", "tokens", "decision", "errors"),
        "partly: only inside the line",
    ),
    "end": "partly: as far as the document inside carries it",
}

_SHIPPERS = frozenset({
    "filebeat", "journalbeat", "winlogbeat", "auditbeat", "packetbeat", "metricbeat", "heartbeat", "functionbeat",
    "osquerybeat", "elastic-agent", "cloudbeat",
})  # fmt: skip
# Members that a shipper writes; everything else at the top came out of the line.
_ENVELOPE = frozenset({
    "@timestamp", "@metadata", "@version", "message", "json", "agent", "ecs", "host", "input", "log", "container",
    "kubernetes", "docker", "cloud", "tags", "stream", "data_stream", "elastic_agent", "fileset", "beat", "prospector",
    "source", "offset", "orchestrator", "elastic", "cluster", "journald", "syslog", "process", "systemd", "fields",
})  # fmt: skip
_SHIPPER_EVENT = frozenset({"created", "ingested", "dataset", "module", "original", "timezone", "agent_id_status"})
_STREAMS = (
    ("service", "name"), ("kubernetes", "labels", "app"), ("kubernetes", "container", "name"), ("container", "name"),
    ("data_stream", "dataset"), ("event", "dataset"), ("log", "file", "path"), ("source",),
)  # fmt: skip


def sniff(head: Head) -> float:
    """0.95 for a document that names its shipper; content only."""
    found = any(isinstance(sample, dict) and _is_shipped(sample) for sample in head.samples[:5])
    return 0.95 if found else 0.0


def _is_shipped(value: dict[str, Any]) -> bool:
    if "@timestamp" not in value:
        return False
    named = (
        gateway.member(value, "agent", "type"),
        gateway.member(value, "@metadata", "beat"),
        value.get("agent.type"),
    )
    if any(isinstance(name, str) and name in _SHIPPERS for name in named):
        return True
    old = value.get("beat")
    return isinstance(old, dict) and "version" in old and "hostname" in old


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract gives it
    """One document -> its line, to be read on.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a document of a shipper is an object")
    attributes = dict(value)
    message, inner = value.get("message"), value.get("json")
    event = value.get("event")
    own = isinstance(event, dict) and event.keys() <= _SHIPPER_EVENT
    top = {
        key: item
        for key, item in value.items()
        if key not in _ENVELOPE and not (key == "event" and own) and "." not in key
    }
    made: Any = message
    if isinstance(inner, dict) and inner:
        made = inner
        del attributes["json"]
    elif isinstance(message, str) and store.is_json_object(message):
        del attributes["message"]
    elif top.keys() - {"service", "error", "event", "user"}:
        made = {**top, **({"message": message} if message is not None else {})}
        attributes = {key: item for key, item in attributes.items() if key not in made}
        attributes[store.MADE_OF] = "members at the top of the document"
    elif message is not None:
        del attributes["message"]
    moment = times.parse(value.get("@timestamp"))
    if moment is not None:
        attributes.pop("@timestamp")
    flags = gateway.member(value, "log", "flags")
    if isinstance(flags, list) and "truncated" in flags:
        attributes[store.CUT] = "log.flags says truncated"
    taken_out = isinstance(event, dict) and bool({"created", "ingested"} & event.keys())
    seen = times.parse(event.get("created")) if isinstance(event, dict) else None
    stream = next((str(name) for path in _STREAMS if gateway.is_text(name := gateway.member(value, *path))), None)
    row = store.Row(
        attributes,
        moment if taken_out else None,
        seen if taken_out else moment,
        stream,
        _key(value),
        store.named_ids(value.get("fields")),
        gateway.member(value, "log", "level"),
    )
    path = gateway.member(value, "log", "file", "path")
    return [store.reading(made, row, str(path or stream or ""))]


def _key(value: dict[str, Any]) -> str | None:
    path = gateway.member(value, "log", "file", "path") or value.get("source")
    offset = gateway.member(value, "log", "offset")
    offset = offset if offset is not None else value.get("offset")
    host = gateway.member(value, "host", "name") or gateway.member(value, "agent", "id")
    if not gateway.is_text(path) or gateway.whole(offset) is None or not gateway.is_text(value.get("@timestamp")):
        return None
    return "beats:" + jsontext.dumps([host, path, offset, value["@timestamp"]])
