"""Elasticsearch and OpenSearch: search answers, elasticdump files, and bodies of the bulk API.

Shapes:

- search: `{"took", "timed_out", "_shards": {"total", "successful", "failed", "failures"}, "hits": {"total": {"value",
  "relation": "eq" | "gte"} or a number, "hits": [{"_index", "_id", "_source", ...}]}}`; pages of a scroll one after
  another; asynchronous searches have this under `response`, Dashboards' inspector under `rawResponse`. Several
  searches at once (`_msearch`, as Grafana and Kibana send them) have a list of answers under `responses`.
- elasticdump: lines `{"_index", "_id", "_score"?, "_source"}`.
- bulk: an action line `{"index" | "create" | "update" | "delete": {"_index"?, "_id"?}}` and, but for delete, a line
  with the document; the two are joined into one record. Two actions in a row: the first lacks its document.

`_source` is the message, read on. Without it (`_source: false`, or stored fields only) the `fields` are, marked
`auditrail.message_made_of`. The stream is the data stream or index without the date and generation at its end.
`_ignored` names fields that were not indexed, most often since they were too long: they are whole in `_source`.

Evidence of a cut: `timed_out`, `terminated_early`, `is_partial`, failed shards, clusters that were skipped; more
matches than hits, counted over all pages of a source that tell the same total (beyond `track_total_hits` the total is a
lower bound: relation `gte`); 10,000 hits on one page, which is index.max_result_window. A scroll id is always there.

Facts: elasticdump `lib/transports/elasticsearch.js` (its lines are hits; bulk pairs); the search and bulk APIs are
general knowledge. Not read: aggregations, answers of the bulk API, `hits` without a document.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import jsontext, times
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _store as store
from auditrail.readers._contract import Ignored, Inner, Reading, as_inside
from auditrail.readers._pieces import Piece, Pieces

NAME = "elasticsearch"
TITLE = "Elasticsearch and OpenSearch: search answers, elasticdump files, bulk bodies"
LAYER = "other"
TESTED_ON = (
    "real files of elasticdump's tests and of grafana/grafana (a search answer); documentation only: the APIs of "
    "Elasticsearch"
)
NEVER_RECORDS = "the query, documents that a lifecycle policy deleted, and what an ingest pipeline dropped or changed."
IDS: tuple[str, ...] = ()
CAPTURES = as_inside("partly: only inside the document")
ARRAYS = ("hits.hits", "response.hits.hits", "rawResponse.hits.hits", "responses")

_ACTION = re.compile(rb'\s*\{\s*"(index|create|update|delete)"\s*:\s*\{[^{}]*\}\s*\}\s*\Z')
_ACTIONS = ("index", "create", "update", "delete")
_ACTION_MEMBERS = frozenset({
    "_index", "_id", "_type", "routing", "_routing", "version", "version_type", "if_seq_no", "if_primary_term",
    "require_alias", "pipeline", "retry_on_conflict", "dynamic_templates", "require_data_stream", "parent",
})  # fmt: skip
_BULK = "_bulk"
_HIT = frozenset({"_index", "_id"})
_DATED = re.compile(r"(?:[-_.](?:\d{4}[.\-_]?\d{2}(?:[.\-_]?\d{2})?|\d{6}))+\Z")
_PAGE_LIMIT = 10_000
_TOTALS_KEPT = 1000
_TIMES = ("@timestamp", "timestamp")
_FAILURES_NAMED = 20


def sniff(head: Head) -> float:
    """0.95 for search answers, 0.9 for hits alone and bulk bodies; content only.

    A reader that knows a document together with its envelope (Jaeger's spans) comes before the envelope alone.
    """
    objects = [sample for sample in head.samples[:6] if isinstance(sample, dict)]
    if objects:
        return max(0.9 if _is_bulk(objects) else 0.0, *map(_sniff, objects))
    early = head.raw[:65536]
    known = "hits" in head.keys or "responses" in head.keys
    return 0.9 if known and b'"hits"' in early and b'"_index"' in early else 0.0


def _sniff(sample: dict[str, Any]) -> float:
    if sample.keys() >= _HIT and isinstance(sample["_index"], str):
        return 0.9 if "_source" in sample or "fields" in sample else 0.0
    for name in ("response", "rawResponse", ""):
        hits = sample.get(name) if name else sample
        hits = hits.get("hits") if isinstance(hits, dict) else None
        if isinstance(hits, dict) and isinstance(hits.get("hits"), list):
            return 0.95
    answers = sample.get("responses")
    if isinstance(answers, list) and any(_hits(answer) is not None for answer in answers[:10]):
        return 0.95
    return 0.0


def _is_bulk(samples: list[dict[str, Any]]) -> bool:
    """Whether actions and documents take turns. Only the first line is sure: a document may have one member, too.

    An index in the address of the request leaves the actions without one, and often empty.
    """
    first = _is_action(samples[0])
    if first is None or "_index" in first:
        return first is not None
    place, actions = 0, 0
    while place < len(samples):
        if _is_action(samples[place]) is None:
            return False
        actions += 1
        place += 1 if "delete" in samples[place] else 2
    documents = len(samples) > 1 and ("delete" in samples[0] or _is_action(samples[1]) is None)
    return documents and ("_id" in first or actions > 1)


def _hits(answer: Any) -> list[Any] | None:
    """The hits of a search answer, None if it is none."""
    hits = answer.get("hits") if isinstance(answer, dict) else None
    found = hits.get("hits") if isinstance(hits, dict) else None
    if not isinstance(found, list):
        return None
    # A document may have such a member, too.
    return found if not found or any(isinstance(hit, dict) and "_index" in hit for hit in found[:10]) else None


def _is_action(value: dict[str, Any]) -> dict[str, Any] | None:
    """What an action line of a bulk body says about its document; None if it is no such line."""
    if len(value) != 1:
        return None
    ((name, inner),) = value.items()
    return inner if name in _ACTIONS and isinstance(inner, dict) and inner.keys() <= _ACTION_MEMBERS else None


class Assembler(Pieces):
    """Joins a bulk action with the document on the next line."""

    def feed(self, record: Record) -> list[Record]:
        alone = self.flush() if self._open and record.defect is None and _action(record.raw) else []
        return [*alone, *super().feed(record)]

    def piece(self, record: Record) -> Piece | None:
        if self._open:
            return Piece(_BULK, last=True) if record.raw.strip() else None
        action = _action(record.raw)
        return Piece(_BULK, last=False) if action and action != "delete" else None

    def whole(self, raws: list[bytes], *, complete: bool) -> bytes:
        del complete
        return b'{"%b":%b,"_source":%b}' % (_BULK.encode(), raws[0], b"".join(raws[1:]))


def _action(raw: bytes) -> str | None:
    """The name of the action that a line holds, or None."""
    match = _ACTION.match(raw)
    if match is None:
        return None
    try:
        value, _ = jsontext.parse(raw)
    except RecordError:
        return None
    inner = value[match.group(1).decode()] if isinstance(value, dict) and len(value) == 1 else None
    return match.group(1).decode() if isinstance(inner, dict) and inner.keys() <= _ACTION_MEMBERS else None


class Watcher:
    """Adds up the hits of pages that tell the same total; looks for cuts in answers that are records."""

    def __init__(self) -> None:
        self._hits: dict[tuple[int, str], int] = {}
        self._cuts: list[tuple[str, str]] = []

    def see(self, value: Any, record: Record) -> None:
        hits = _hits(value)
        total = _total(record.header if hits is None else value)
        if total is not None and (total in self._hits or len(self._hits) < _TOTALS_KEPT):
            self._hits[total] = self._hits.get(total, 0) + (1 if hits is None else len(hits))
        if hits is not None and len(self._cuts) < _TOTALS_KEPT:
            self._cuts.extend(_cuts(value, value, len(hits)))

    def finish(self) -> list[tuple[str, str]]:
        return self._cuts + [
            ("records-matched", f"matched {'at least ' if relation == 'gte' else ''}{total}, returned {hits}")
            for (total, relation), hits in self._hits.items()
            if hits < total or (relation == "gte" and hits <= total)
        ]


def _total(header: dict[str, Any] | None) -> tuple[int, str] | None:
    hits = _answer(header or {}).get("hits")
    total = hits.get("total") if isinstance(hits, dict) else None
    if isinstance(total, dict):
        return store.count(total.get("value")), str(total.get("relation", "eq"))
    return (total, "eq") if isinstance(total, int) and not isinstance(total, bool) else None


def _answer(header: dict[str, Any]) -> dict[str, Any]:
    """The search answer, which stands inside another object where the search was asynchronous."""
    inner = next((header[name] for name in ("response", "rawResponse") if isinstance(header.get(name), dict)), header)
    return inner if isinstance(inner, dict) else header


def read(value: Any, record: Record) -> Reading:
    """One hit, or one action with its document -> the document, to be read on; an answer -> all its hits.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a hit of Elasticsearch is an object")
    if (hits := _hits(value)) is not None and "_index" not in value:
        made = [_reading(hit, record) if isinstance(hit, dict) else _odd(hit) for hit in hits]
        return made or Ignored("no-hits")
    if "error" in value and "status" in value and "_index" not in value:
        return [_failed(value)]
    return [_reading(value, record)]


def _failed(value: dict[str, Any]) -> Event:
    """One of several searches that failed: it says why."""
    return Event(
        ts_ns=None, ts_source="order", status="error", error=_reason(value) or None, attributes=jsontext.dumps(value)
    )


def _odd(hit: Any) -> Event:
    return Event(ts_ns=None, ts_source="order", attributes=jsontext.dumps({"hit": hit}))


def _reading(value: dict[str, Any], record: Record) -> Event | Inner:
    attributes = {key: item for key, item in value.items() if key not in ("_source", _BULK)}
    action: Any = value.get(_BULK) if record.pieces else value if _is_action_line(value) else None
    told: dict[str, Any] = value
    source = value.get("_source")
    if isinstance(action, dict) and len(action) == 1:
        ((name, inner),) = action.items()
        told = inner if isinstance(inner, dict) else {}
        attributes = {"_bulk": name, **told}
        if name == "update" and isinstance(source, dict) and isinstance(source.get("doc"), dict):
            attributes.update((key, item) for key, item in source.items() if key != "doc")
            source = source["doc"]
        elif not record.pieces and name != "delete":
            attributes["auditrail.document_missing"] = True
    if record.pieces:
        attributes["auditrail.pieces"] = len(record.pieces)
    if source is None and isinstance(value.get("fields"), dict) and value["fields"]:
        source = {
            key: item[0] if isinstance(item, list) and len(item) == 1 else item for key, item in value["fields"].items()
        }
        del attributes["fields"]
        attributes[store.MADE_OF] = "the fields of a hit without _source"
    elif source is None and "_source" in value:
        attributes["_source"] = None
    index, key = store.text_of(told.get("_index")), told.get("_id")
    # An update or a deletion is no copy of the document that it changes.
    keyed = attributes.get("_bulk") not in ("update", "delete") and isinstance(key, (str, int))
    row = store.Row(
        attributes,
        _time(value, source),
        None,
        _stream(index),
        f"es:{index}:{key}" if index and keyed else None,
    )
    return store.reading(source, row, index or "")


def _is_action_line(value: dict[str, Any]) -> bool:
    if len(value) != 1:
        return False
    ((name, inner),) = value.items()
    return name in _ACTIONS and isinstance(inner, dict)


def _time(value: dict[str, Any], source: Any) -> times.Moment | None:
    """What the hit was sorted by, where the document has no time: most often that is its time."""
    if isinstance(source, dict) and any(name in source for name in _TIMES):
        return None
    sort = value.get("sort")
    return times.parse(sort[0]) if isinstance(sort, list) and sort and isinstance(sort[0], int) else None


def _stream(index: str | None) -> str | None:
    """`.ds-logs-agent-default-2026.09.17-000001` and `logs-agent-default-2026.09.18` -> `logs-agent-default`."""
    if index is None:
        return None
    return _DATED.sub("", index.rpartition(":")[2].removeprefix(".ds-").removeprefix("partial-")) or index


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that an answer is not all: timeouts, partial answers, failed shards, skipped clusters, a full page."""
    return _cuts(_answer(wrapper.header), wrapper.header, wrapper.elements)


def _cuts(header: dict[str, Any], outer: dict[str, Any], elements: int) -> list[tuple[str, str]]:
    said = {**header, **outer}
    flags = ("timed_out", "terminated_early", "is_partial", "is_running")
    found = [("query-status", f"{name} true") for name in flags if said.get(name) is True]
    shards = header.get("_shards")
    if isinstance(shards, dict) and (failed := store.count(shards.get("failed"))):
        failures = shards.get("failures")
        reasons = {_reason(item) for item in failures[:_FAILURES_NAMED]} if isinstance(failures, list) else set()
        why = ": " + "; ".join(sorted(reason for reason in reasons if reason)) if any(reasons) else ""
        found.append(("shards-failed", f"{failed} of {store.count(shards.get('total'))} shards failed{why}"))
    clusters = header.get("_clusters")
    if isinstance(clusters, dict):
        found.extend(
            ("clusters-skipped", f"{name} {number} of {store.count(clusters.get('total'))} clusters")
            for name in ("skipped", "partial", "failed")
            if (number := store.count(clusters.get(name)))
        )
    if elements == _PAGE_LIMIT:
        found.append(("limit-reached", f"{elements} hits, the most that one page holds by default"))
    return found


def _reason(failure: Any) -> str:
    inner = failure.get("reason", failure.get("error")) if isinstance(failure, dict) else None
    parts = (inner.get("type"), inner.get("reason")) if isinstance(inner, dict) else (inner,)
    return " ".join(str(part) for part in parts if part)
