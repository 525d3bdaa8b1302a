"""Datadog logs: pages of the search API (v2 and v1), archives, and rows of the explorer's CSV export.

Shapes:

- v2 search: `{"data": [{"id", "type": "log", "attributes": {"timestamp", "service", "host", "status", "message",
  "tags": [...], "attributes": {...}}}], "links": {"next"}, "meta": {"page": {"after"}, "status": "done" | "timeout",
  "warnings": [...]}}`
- v1 list: `{"logs": [{"id", "content": {...as above...}}], "nextLogId", "status", "requestId"}`
- archives: lines `{"_id", "date", "host", "service", "source", "status", "message", "tags", "attributes"}`
- CSV export: columns `Date`, `Host`, `Service`, `Message` (or `Content`), and further ones; as objects of texts.

`attributes.attributes` is the JSON message of the application as Datadog parsed it, without what became a reserved
field. Where `message` is no JSON itself, the two are put together again and read as one message (marked
`auditrail.message_made_of`); otherwise `message` is read and the parsed form stays in the attributes.

`dd.trace_id` is decimal and holds the low 64 bits of the trace's 128: it becomes a trace id of 16 hex digits, the
decimal stays as an id of kind `other`, and `auditrail.trace_from` says so. It joins the 32 digits of another writer
only where that pads with zeros. A text of 16 digits without letters is taken as decimal, as Datadog writes it.

Evidence of a cut: `meta.page.after`, `links.next` or `nextLogId` left over (the last page of a source decides: a token
followed by a further page is no cut); a status `timeout`; warnings, which say that results are partial.

Facts: models LogsListResponse, LogsResponseMetadata, LogAttributes (v2) and LogsListResponse (v1) of
datadog-api-client; the guide "Collect multiple logs with pagination"; API reference "Send logs" (a log above 1 MB is
cut). The form of archives and of the CSV export is general knowledge. Not read: rehydrated views, metrics, traces.
"""

from __future__ import annotations

from typing import Any

from auditrail import times
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Id
from auditrail.readers import _store as store
from auditrail.readers._contract import Reading

NAME = "datadog"
TITLE = "Datadog logs: search API pages, archives, CSV export"
LAYER = "other"
TESTED_ON = "documentation only: models of datadog-api-client and Datadog's API reference; invented samples"
NEVER_RECORDS = "the query, logs that an exclusion filter or a quota dropped, and which values a scanner replaced."
IDS = ("trace", "span", "other")
CAPTURES = {
    "time": "yes: `timestamp` or `date`, which Datadog takes from the message where it can",
    "run": "partly: only inside the message",
    "parent": "partly: only inside the message; `dd.span_id` is the span that was active",
    "call": "partly: only inside the message",
    "arguments": "partly: only inside the message",
    "results": "partly: only inside the message",
    "model": "partly: only inside the message",
    "tokens": "partly: only inside the message",
    "decision": "partly: only inside the message",
    "errors": "yes: `status` is the level of the log",
    "end": "partly: as far as the message inside carries it",
}
ARRAYS = ("data", "logs")

_ROW = frozenset({"timestamp", "date", "message", "service"})
_ARCHIVE = frozenset({"_id", "date", "message"})
_CSV = frozenset({"Date", "Host", "Service"})
_LOG_MEMBERS = frozenset({"timestamp", "message", "service", "host", "status", "tags"})
_LENGTHS = {1_000_000: "exactly 1000000 bytes: logs above 1 MB are cut", 1_048_576: "exactly 1048576 bytes: 1 MiB"}
_MOST_DECIMALS = 20
_WARNINGS_NAMED = 20


def sniff(head: Head) -> float:
    """0.95 for search results and archives, 0.8 for rows of the CSV export; content only."""
    for sample in head.samples[:1]:
        return _sniff(sample) if isinstance(sample, dict) else 0.0
    early = head.raw[:65536]
    if "data" in head.keys and b'"type"' in early and b'"log"' in early and b'"attributes"' in early:
        return 0.9
    return 0.0


def _sniff(sample: dict[str, Any]) -> float:
    for name in ARRAYS:
        rows = sample.get(name)
        if isinstance(rows, list):
            if rows:
                return 0.95 if isinstance(rows[0], dict) and _is_hit(rows[0]) else 0.0
            meta = sample.get("meta")
            paged = isinstance(meta, dict) and "request_id" in meta and "elapsed" in meta
            return 0.8 if paged or ("nextLogId" in sample and "requestId" in sample) else 0.0
    if _is_hit(sample):
        return 0.95
    if sample.keys() >= _ARCHIVE and isinstance(sample["_id"], str) and isinstance(sample["date"], str):
        return 0.95 if isinstance(sample.get("attributes"), dict) else 0.8
    if sample.keys() >= _CSV and ("Message" in sample or "Content" in sample):
        return 0.8
    return 0.0


def _is_hit(value: dict[str, Any]) -> bool:
    inner = value.get("attributes") if value.get("type") == "log" else value.get("content")
    return isinstance(value.get("id"), str) and isinstance(inner, dict) and len(_LOG_MEMBERS & inner.keys()) >= 2


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract gives it
    """One log -> its message with what Datadog knows of it.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a log of Datadog is an object")
    row = dict(value)
    if row.keys() >= _CSV and ("Message" in row or "Content" in row):
        message = row.pop("Message") if "Message" in row else row.pop("Content")
        row["message"], row["date"], row["service"] = message, row.pop("Date"), row.pop("Service")
    inner = row.get("attributes") if "timestamp" not in row and "date" not in row else None
    inner = inner if inner is not None else row.get("content")
    if isinstance(inner, dict):  # a hit of the search: id and type around the log
        row.pop("attributes" if inner is row.get("attributes") else "content")
        key = row.pop("id", None)
        row = {**row, **inner}
    else:
        key = row.pop("_id", None)
    return [_reading(row, key)]


def _reading(row: dict[str, Any], key: Any) -> Any:
    attributes = {name: item for name, item in row.items() if name not in _ROW}
    moment = None
    for name in ("timestamp", "date"):
        moment = moment or times.parse(row.get(name))
        if name in row and times.parse(row[name]) is None:
            attributes[name] = row[name]
    service = store.text_of(row.get("service"))
    if service is None and "service" in row:
        attributes["service"] = row["service"]
    if key is not None and not isinstance(key, str):
        attributes["id"] = key
    message = row.get("message")
    if reason := store.length_cut(message, _LENGTHS):
        attributes[store.CUT] = reason
    parsed = row.get("attributes")
    ids = _ids(parsed if isinstance(parsed, dict) else {}, attributes)
    if isinstance(parsed, dict) and parsed and not store.is_json_object(message):
        del attributes["attributes"]
        attributes[store.MADE_OF] = "message and attributes, as Datadog parsed them"
        if message is not None:
            name = "message" if "message" not in parsed else "datadog.message"
            parsed = {**parsed, name: message}
        message = parsed
    elif message is None and "message" in row:
        attributes["message"] = None
    found = store.Row(
        attributes,
        moment,
        None,
        service,
        f"datadog:{key}" if isinstance(key, str) and key else None,
        ids,
        row.get("status"),
    )
    return store.reading(message, found, service or "")


def _ids(parsed: dict[str, Any], attributes: dict[str, Any]) -> tuple[Id, ...]:
    """Trace and span of `dd.trace_id` and `dd.span_id`, nested or with a dot."""
    inner = parsed.get("dd")
    nested = inner if isinstance(inner, dict) else {}
    trace = nested.get("trace_id", parsed.get("dd.trace_id"))
    span = nested.get("span_id", parsed.get("dd.span_id"))
    hex_trace, hex_span = _hex(trace), _hex(span)
    found = store.ids_of(("trace", hex_trace), ("span", hex_span))
    if hex_trace is not None and hex_trace != str(trace):
        attributes["auditrail.trace_from"] = "dd.trace_id in decimal: the low 64 bits, as hex"
        found += store.ids_of(("other", str(trace)))
    return found


def _hex(value: Any) -> str | None:
    """An id as hex: decimal of 64 bits is converted, hex stays."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value).strip()
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DECIMALS:
        number = int(text)
        return f"{number:016x}" if 0 < number < 1 << 64 else None
    return text or None


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that a page is not all: a token left, a search that timed out, warnings of partial results."""
    header = wrapper.header
    behind = f"after record {wrapper.first + wrapper.elements - 1}"
    found = []
    meta = header.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    page = meta.get("page")
    links = header.get("links")
    tokens = (
        ("meta.page.after", page.get("after") if isinstance(page, dict) else None),
        ("links.next", links.get("next") if isinstance(links, dict) else None),
        ("nextLogId", header.get("nextLogId")),
    )
    name, token = next(((name, token) for name, token in tokens if store.text_of(token)), ("", None))
    if token is not None:
        found.append(("next-token-left", f"{name} {store.shortened(token)} {behind}"))
    status = meta.get("status", header.get("status"))
    if isinstance(status, str) and status and status != "done":
        found.append(("query-status", f"status {status}"))
    warnings = meta.get("warnings")
    for warning in warnings[:_WARNINGS_NAMED] if isinstance(warnings, list) else ():
        parts = [warning.get(part) for part in ("code", "title", "detail")] if isinstance(warning, dict) else [warning]
        found.append(("query-warning", ": ".join(str(part) for part in parts if part)))
    return found
