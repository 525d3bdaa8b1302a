"""Grafana Loki: answers of the query API, `logcli -o jsonl`, tail frames, push bodies, and Grafana's JSON download.

Shapes:

- `query_range`, `query`: `{"status", "data": {"resultType": "streams", "result": [{"stream": {labels}, "values":
  [["<ns>", "line", {...}?], ...]}], "stats", "encodingFlags"?}, "warnings"?}`; a record is one stream of it.
- a third element of a value: with `categorize-labels` in `encodingFlags` it is `{"structuredMetadata": {...}, "parsed":
  {...}}`, in a push body it is the structured metadata itself.
- tail: frames `{"streams": [...], "dropped_entries": [{"labels", "timestamp"}]}`; push: `{"streams": [...]}`, before
  2019 `{"streams": [{"labels": "{...}", "entries": [{"ts", "line"}]}]}`.
- logcli: `{"labels"?, "line", "timestamp"}`; Grafana: `{"line", "timestamp", "fields" or "labels", "date"?}`.

The stream of an event is the label `service_name`, `service`, `app`, `job` or `container`, else all labels. Loki takes
two entries of one stream with the same time and line for one entry; so does the dedupe key. logcli leaves out the
labels that all its streams share (it prints them on standard error), so its rows match no others by that key.

Evidence of a cut: `dropped_entries` (the server dropped them for a slow client); a status that is no success; warnings;
as many rows as a usual limit has: 30 (logcli), 100 (API), 1000 (Grafana), 5000 (max_entries_limit_per_query). The limit
that was asked for is not part of an answer, so that is a suspicion only. Lines of just 256 KiB look cut
(max_line_size with max_line_size_truncate).

Facts: grafana/loki `pkg/logcli/output/jsonl.go`, `pkg/logcli/query/tail.go`, `pkg/loghttp/tail.go`; third elements as
in public clients' tests of `categorize-labels`; limits and the rule on equal entries are general knowledge. Not read:
metric results (kept as `log` events) and `logcli -o raw`, which is nothing but the lines.
"""

from __future__ import annotations

from typing import Any

from auditrail import digest, jsontext, times
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _store as store
from auditrail.readers._contract import Inner, Reading
from auditrail.times import Moment

NAME = "loki"
TITLE = "Grafana Loki: query answers, logcli JSON lines, tail frames, push bodies"
LAYER = "other"
TESTED_ON = "documentation only: grafana/loki's logcli and loghttp; invented samples"
NEVER_RECORDS = "the query and its limit, lines that rate limits refused, and streams that retention deleted."
IDS = store.NAMED_IDS
CAPTURES = {
    "time": "yes: of every entry, as the sender gave it",
    "run": "partly: only inside the line, or in labels and structured metadata",
    "parent": "partly: only inside the line",
    "call": "partly: only inside the line",
    "arguments": "partly: only inside the line, which max_line_size may cut at 256 KiB",
    "results": "partly: only inside the line, which max_line_size may cut at 256 KiB",
    "model": "partly: only inside the line",
    "tokens": "partly: only inside the line",
    "decision": "partly: only inside the line",
    "errors": "partly: only inside the line; `detected_level` where Loki guessed it",
    "end": "partly: as far as the line inside carries it",
}
ARRAYS = ("data.result", "streams")

_LINE = frozenset({"labels", "line", "timestamp", "fields", "date", "id", "nanos"})
_STREAM_LABELS = ("service_name", "service", "app", "job", "container", "container_name")
_LENGTHS = {262_144: "exactly 262144 bytes: the default max_line_size"}
_ANSWER_LIMITS = {100: "the default of the API", 1000: "Grafana's default", 5000: "the default upper limit of a server"}
_LINE_LIMITS = {30: "the default of logcli", **_ANSWER_LIMITS}
_NAMED = 20


def sniff(head: Head) -> float:
    """0.95 for answers, frames and bodies; 0.95 or 0.8 for lines with or without labels; content only."""
    objects = [sample for sample in head.samples[:5] if isinstance(sample, dict)]
    if objects:
        return max(_sniff(sample) for sample in objects)
    early = head.raw[:65536]
    if {"status", "data"} <= head.keys or "data" in head.keys:
        return 0.9 if b'"resultType"' in early and b'"streams"' in early else 0.0
    return 0.9 if "streams" in head.keys and b'"stream"' in early and b'"values"' in early else 0.0


def _sniff(sample: dict[str, Any]) -> float:
    data = sample.get("data")
    if isinstance(data, dict) and isinstance(data.get("result"), list):
        return 0.95 if data.get("resultType") == "streams" else 0.0
    streams = sample.get("streams")
    if isinstance(streams, list) and streams and isinstance(streams[0], dict):
        return 0.95 if _is_stream(streams[0]) else 0.0
    if isinstance(sample.get("dropped_entries"), list):
        return 0.9
    if _is_stream(sample):
        return 0.9
    if isinstance(sample.get("line"), str) and "timestamp" in sample and sample.keys() <= _LINE:
        labelled = isinstance(sample.get("labels"), dict) or isinstance(sample.get("fields"), dict)
        return 0.95 if labelled else 0.8
    return 0.0


def _is_stream(value: dict[str, Any]) -> bool:
    if isinstance(value.get("stream"), dict):
        values = value.get("values")
        return isinstance(values, list) and all(isinstance(item, list) and len(item) >= 2 for item in values[:3])
    return isinstance(value.get("labels"), str) and isinstance(value.get("entries"), list)


class Watcher:
    """Counts the rows of each answer, and of a file of lines."""

    def __init__(self) -> None:
        self._lines = 0
        self._rows = 0
        self._header: Any = None
        self._found: list[tuple[str, str]] = []

    def see(self, value: Any, record: Record) -> None:
        if not isinstance(value, dict):
            return
        if record.header is None or "data" not in record.header:
            self._lines += "line" in value
            if dropped := value.get("dropped_entries"):  # a frame without streams is no wrapper
                self._found.extend(_dropped(dropped)[: _NAMED - len(self._found)])
            return
        if record.header is not self._header:
            self._page()
            self._header = record.header
        self._rows += len(values) if isinstance(values := value.get("values"), list) else 0

    def _page(self) -> None:
        if (whose := _ANSWER_LIMITS.get(self._rows)) and len(self._found) < _NAMED:
            self._found.append(("limit-suspected", f"an answer of exactly {self._rows} entries: {whose}"))
        self._rows = 0

    def finish(self) -> list[tuple[str, str]]:
        self._page()
        found = list(self._found)
        if whose := _LINE_LIMITS.get(self._lines):
            found.append(("limit-suspected", f"exactly {self._lines} lines: {whose}"))
        return found


def _dropped(entries: Any) -> list[tuple[str, str]]:
    if not isinstance(entries, list) or not entries:
        return []
    moments = [
        moment.ns for entry in entries if isinstance(entry, dict) and (moment := times.parse(entry.get("timestamp")))
    ]
    span = f", {times.iso(min(moments))} to {times.iso(max(moments))}" if moments else ""
    return [("entries-dropped", f"{len(entries)} entries dropped by the server for a slow client{span}")]


def read(value: Any, record: Record) -> Reading:
    """One stream -> its lines, or one line, each with labels and time.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a stream or line of Loki is an object")
    if isinstance(value.get("line"), str):
        return [_from_line(value)]
    labels, rows, key = value.get("stream"), value.get("values"), "values"
    if isinstance(value.get("entries"), list):
        labels, rows, key = value.get("labels"), value["entries"], "entries"
    if not isinstance(labels, (dict, str)) or not isinstance(rows, list):
        name = "dropped_entries" if "dropped_entries" in value else None
        return [store.context(store.Row(value, _metric_time(value)))._replace(name=name)]
    rest = {name: item for name, item in value.items() if name not in ("stream", "values", "labels", "entries")}
    flags = (record.header or {}).get("data")
    flags = flags.get("encodingFlags") if isinstance(flags, dict) else (record.header or {}).get("encodingFlags")
    categorized = isinstance(flags, list) and "categorize-labels" in flags
    if not rows:
        return [store.context(store.Row({"labels": labels, key: [], **rest}))]
    return [_entry(row, labels, rest, categorized=categorized) for row in rows]


def _entry(row: Any, labels: Any, rest: dict[str, Any], *, categorized: bool) -> Event | Inner:
    attributes: dict[str, Any] = {"labels": labels, **rest}
    stamp: Any = None
    line: Any = None
    metadata: Any = None
    if isinstance(row, list):
        stamp, line, metadata = [*row[:3], None, None, None][:3]
        if len(row) > 3:
            attributes["auditrail.unnamed"] = row[3:]
    elif isinstance(row, dict):
        stamp, line = row.get("ts", row.get("timestamp")), row.get("line")
        attributes.update((name, item) for name, item in row.items() if name not in ("ts", "timestamp", "line"))
    else:
        line = row
    if isinstance(metadata, dict) and (categorized or set(metadata) <= {"structuredMetadata", "parsed"}):
        attributes.update((name, item) for name, item in metadata.items() if item)
        metadata = metadata.get("structuredMetadata")
    elif metadata is not None:
        attributes["structuredMetadata"] = metadata
    return _line(stamp, line, labels, metadata, attributes)


def _from_line(value: dict[str, Any]) -> Event | Inner:
    attributes = {name: item for name, item in value.items() if name not in ("line", "timestamp")}
    labels = value.get("labels", value.get("fields"))
    return _line(value.get("timestamp"), value["line"], labels, None, attributes)


def _line(stamp: Any, line: Any, labels: Any, metadata: Any, attributes: dict[str, Any]) -> Event | Inner:
    moment = times.parse(stamp)
    if moment is None and stamp is not None:
        attributes["timestamp"] = stamp
    if reason := store.length_cut(line, _LENGTHS):
        attributes[store.CUT] = reason
    stream = stream_of(labels)
    found = store.Row(
        attributes,
        moment,
        None,
        stream,
        dedupe_key(labels, moment, line),
        store.named_ids(labels, metadata),
        level_of(labels) or level_of(metadata),
    )
    return store.reading(line, found, stream or "")


def stream_of(labels: Any) -> str | None:
    """The label that names the service, else all labels as Loki writes them."""
    if isinstance(labels, str):
        return labels.strip() or None
    if not isinstance(labels, dict) or not labels:
        return None
    named = next((text for name in _STREAM_LABELS if (text := store.text_of(labels.get(name)))), None)
    return named or "{" + ", ".join(f"{name}={jsontext.dumps(labels[name])}" for name in sorted(labels)) + "}"


def level_of(labels: Any) -> Any:
    """The level among labels or structured metadata."""
    return labels.get("level", labels.get("detected_level")) if isinstance(labels, dict) else None


def dedupe_key(labels: Any, moment: Moment | None, line: Any) -> str | None:
    """Labels, time and line: what makes an entry one and the same for Loki."""
    if moment is None or not isinstance(line, str) or not labels:
        return None
    pairs = sorted(labels.items()) if isinstance(labels, dict) else labels
    text = jsontext.dumps([pairs, moment.ns, line])
    return f"loki:{digest.record_digest(text.encode('utf-8', 'surrogatepass')).hex()[:32]}"


def _metric_time(value: dict[str, Any]) -> Moment | None:
    pair = value.get("value")
    return times.parse(pair[0]) if isinstance(pair, list) and pair else None


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that an answer or frame is not all: its status, warnings, dropped entries."""
    header = wrapper.header
    found = _dropped(header.get("dropped_entries"))
    status = header.get("status")
    if isinstance(status, str) and status != "success":
        found.append(("query-status", f"status {status}"))
    warnings = header.get("warnings")
    for warning in warnings[:_NAMED] if isinstance(warnings, list) else ():
        found.append(("query-warning", str(warning)))
    return found
