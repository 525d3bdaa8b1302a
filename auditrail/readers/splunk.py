"""Splunk: streamed exports, result objects of the search API, and events for the HTTP Event Collector (HEC).

Shapes:

- `search/jobs/export?output_mode=json`: lines `{"preview", "offset", "result": {"_raw", "_time", ...}}`; the last row
  of a result set has `"lastrow": true`, sometimes on a line of its own without a result. Rows with `"preview": true`
  are interim and come again in the final set: they are ignored, and counted as such.
- `search/jobs/<id>/results?output_mode=json`: `{"preview", "init_offset", "messages", "fields", "results": [...]}`;
  with `json_rows`, `rows` holds arrays in the order of `fields`.
- HEC: `{"time", "host", "source", "sourcetype", "index", "event": text or object, "fields"}`, one after another.

`_raw` is the event as indexed: the message. A row without it (a search that aggregates, or picks fields) is handed on
as an object of its fields, marked `auditrail.message_made_of`. Multi-valued fields are lists. The stream is the source
type, since a `source` is often the path of one container. `_bkt` and `_cd` together address an event in the index.

Evidence of a cut: no `lastrow` at the end of an export; only previews; gaps in `offset`; messages of the search of type
WARN, ERROR or FATAL; as many results as the endpoint returns at most; an event of exactly 10,000 bytes, at which
TRUNCATE of props.conf cuts by default.

Facts: splunk-sdk-python `splunklib/results.py` (messages, preview, result); Splunk's REST manual as quoted in public
parsers (lastrow, offset); the limits (100 and 50,000 results, 10,000 bytes) and the forms of `_time` are general
knowledge. Not read: output_mode json_cols, csv, xml and raw; metric events of HEC beyond their fields.
"""

from __future__ import annotations

from typing import Any

from auditrail import times
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _store as store
from auditrail.readers._contract import Ignored, Inner, Reading
from auditrail.times import Moment

NAME = "splunk"
TITLE = "Splunk exports, search results and HTTP Event Collector events"
LAYER = "other"
TESTED_ON = "documentation only: splunk-sdk-python and Splunk's REST manual; invented samples"
NEVER_RECORDS = "the search itself, what its limits or the index's retention left out, and what a role may not see."
IDS = store.NAMED_IDS
CAPTURES = {
    "time": "yes: `_time`, which Splunk takes from the message where it can, else the time of arrival",
    "run": "partly: only inside the message or as an extracted field",
    "parent": "partly: only inside the message",
    "call": "partly: only inside the message",
    "arguments": "partly: only inside the message, which TRUNCATE cuts at 10,000 bytes by default",
    "results": "partly: only inside the message, which TRUNCATE cuts at 10,000 bytes by default",
    "model": "partly: only inside the message",
    "tokens": "partly: only inside the message",
    "decision": "partly: only inside the message",
    "errors": "partly: only inside the message",
    "end": "partly: as far as the event inside carries it",
}
ARRAYS = ("results", "rows")

_HEC = frozenset({"time", "host", "source", "sourcetype", "index", "event", "fields"})
_COLUMNS = frozenset({"_raw", "_time", "_indextime"})
_OWN = frozenset({"_raw", "_time", "_cd", "_bkt", "_indextime", "_serial", "_si", "_sourcetype"})
_LENGTHS = {10_000: "exactly 10000 bytes: the default TRUNCATE of props.conf"}
# What the results endpoint returns at most: its default `count`, and maxresultrows of limits.conf.
_LIMITS = (100, 50_000)
_LEVELS = frozenset({"WARN", "ERROR", "FATAL"})
_MESSAGES_NAMED = 20


def sniff(head: Head) -> float:
    """0.95 for exports and results, 0.9 for events of HEC; content only."""
    scores = [_sniff(sample) for sample in head.samples[:5] if isinstance(sample, dict)]
    if scores:
        return max(scores)
    return 0.9 if "results" in head.keys and {"init_offset", "preview"} & head.keys else 0.0


def _sniff(sample: dict[str, Any]) -> float:
    if isinstance(sample.get("results"), list) and "preview" in sample and {"init_offset", "fields"} & sample.keys():
        return 0.95
    if isinstance(sample.get("rows"), list) and isinstance(sample.get("fields"), list) and "preview" in sample:
        return 0.95
    if isinstance(sample.get("preview"), bool) and (isinstance(sample.get("result"), dict) or "lastrow" in sample):
        return 0.95
    if isinstance(sample.get("_raw"), str) and "_time" in sample:
        return 0.95 if {"_cd", "_indextime", "sourcetype", "_bkt", "_si"} & sample.keys() else 0.8
    if "event" in sample and sample.keys() <= _HEC and _is_hec(sample):
        return 0.9
    return 0.0


def _is_hec(value: dict[str, Any]) -> bool:
    named = [name for name in ("sourcetype", "source", "index", "host") if isinstance(value.get(name), str)]
    return ("sourcetype" in named or "index" in named or len(named) >= 2) and isinstance(value["event"], (str, dict))


class Watcher:
    """Sees whether an export came to its end, and whether its rows are all there."""

    def __init__(self) -> None:
        self._rows = self._previews = self._sets = 0
        self._ended = True
        self._next: int | None = 0  # None behind a `lastrow`: whether offsets begin anew is the server's choice
        self._messages: list[tuple[str, str]] = []

    def see(self, value: Any, record: Record) -> None:
        """Counts rows of exports; rows of result objects are counted at the end of their object."""
        if not isinstance(value, dict) or record.header is not None:
            return
        self._messages.extend(_messages(value.get("messages"))[: _MESSAGES_NAMED - len(self._messages)])
        if "preview" not in value or not ({"result", "lastrow"} & value.keys()):
            return
        if value.get("preview") is True:
            self._previews += 1
            return
        if isinstance(value.get("result"), dict):
            self._ended = False
            self._rows += 1
            if isinstance(offset := value.get("offset"), int):
                if self._next is not None and offset > self._next and len(self._messages) < _MESSAGES_NAMED:
                    before = f"follows {self._next - 1}" if self._next else "is the first"
                    self._messages.append(("offset-hole", f"offset {offset} {before}, at record {record.number}"))
                self._next = offset + 1
        if value.get("lastrow") is True:
            self._ended = True
            self._sets += 1
            self._next = None

    def finish(self) -> list[tuple[str, str]]:
        found = list(self._messages)
        if not self._ended:
            found.append(("no-last-row", f"the export has {self._rows} rows and no `lastrow` behind them"))
        elif self._previews and not self._sets:
            found.append(("preview-only", f"{self._previews} interim rows and no final result: the search did not end"))
        return found


def _messages(messages: Any) -> list[tuple[str, str]]:
    return [
        ("query-warning", f"{message.get('type')}: {message.get('text')}")
        for message in (messages if isinstance(messages, list) else ())
        if isinstance(message, dict) and str(message.get("type")).upper() in _LEVELS
    ]


def read(value: Any, record: Record) -> Reading:
    """One row or event -> its message with what Splunk knows of it; previews and end marks are ignored.

    Raises:
        RecordError: `not-an-object`.
    """
    header = record.header or {}
    if isinstance(value, list) and isinstance(header.get("fields"), list):
        names = [item.get("name") if isinstance(item, dict) else item for item in header["fields"]]
        value = {str(name): item for name, item in zip(names, value, strict=False)} | (
            {"auditrail.unnamed": value[len(names) :]} if len(value) > len(names) else {}
        )
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a row of Splunk is an object")
    if "result" in value and "preview" in value:
        if value["preview"] is True:
            return Ignored("preview")
        if isinstance(value["result"], dict):
            return [_row(value["result"], {key: value[key] for key in value if key != "result"})]
    elif "lastrow" in value and value.keys() <= {"preview", "lastrow", "offset"}:
        return Ignored("last-row")
    elif "event" in value and value.keys() <= _HEC:
        return [_hec(value)]
    if "messages" in value and not _COLUMNS & value.keys():
        return [store.context(store.Row(dict(value)))._replace(name="messages")]
    return [_row(value, {})]


def _row(row: dict[str, Any], around: dict[str, Any]) -> Event | Inner:
    attributes = {**around, **{key: item for key, item in row.items() if key not in _COLUMNS}}
    moment, arrived = _moment(row, "_time", attributes), _moment(row, "_indextime", attributes)
    message = row.get("_raw")
    if isinstance(message, list):  # the multi-valued form of one value
        message = message[0] if len(message) == 1 else "\n".join(map(str, message))
    if reason := store.length_cut(message, _LENGTHS):
        attributes[store.CUT] = reason
    if message is None:
        if "_raw" in row:
            attributes["_raw"] = None
        picked = {key: item for key, item in row.items() if key not in _OWN}
        if picked:
            message = picked
            attributes = {key: item for key, item in attributes.items() if key not in picked}
            attributes[store.MADE_OF] = "the fields of a row without _raw"
    kind = next((text for name in ("sourcetype", "_sourcetype", "source", "index") if (text := _one(row, name))), None)
    found = store.Row(
        attributes, moment, arrived, kind, _key(row), store.named_ids(row if message is not None else None)
    )
    return store.reading(message, found, f"{kind}:{_one(row, 'source')}")


def _hec(value: dict[str, Any]) -> Event | Inner:
    attributes = {key: item for key, item in value.items() if key not in ("time", "event")}
    moment = _moment(value, "time", attributes)
    kind = next((text for name in ("sourcetype", "source", "index") if (text := _one(value, name))), None)
    message = value["event"]
    if message is None:
        attributes["event"] = None
    found = store.Row(attributes, moment, None, kind, None, store.named_ids(value.get("fields")))
    return store.reading(message, found, f"{kind}:{_one(value, 'source')}")


def _one(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return store.text_of(value)


def _moment(row: dict[str, Any], name: str, attributes: dict[str, Any]) -> Moment | None:
    """Epoch, or ISO; Splunk's own form ends in the name of a zone, of which only UTC and GMT are known for sure."""
    value = row.get(name)
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and text.endswith((" GMT", " UTC")):
        text = text[:-4] + "Z"
    moment = times.parse(text)
    if moment is None and value is not None:
        attributes[name] = value
    return moment


def _key(row: dict[str, Any]) -> str | None:
    place = _one(row, "_cd")
    bucket = _one(row, "_bkt")
    if bucket is None and (index := _one(row, "index")) and (server := _one(row, "splunk_server")):
        bucket = f"{server}:{index}"
    return f"splunk:{bucket}:{place}" if bucket and place else None


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that result rows are not all: a running search, rows before or behind, warnings."""
    header, rows = wrapper.header, wrapper.elements
    found = _messages(header.get("messages"))[:_MESSAGES_NAMED]
    if header.get("preview") is True:
        found.append(("query-status", "preview true: results of a search that still ran"))
    if first := store.count(header.get("init_offset")):
        found.append(("starts-late", f"init_offset {first}: so many rows stand on earlier pages"))
    if rows in _LIMITS:
        found.append(("limit-suspected", f"{rows} rows, which is a limit of the results endpoint"))
    return found
