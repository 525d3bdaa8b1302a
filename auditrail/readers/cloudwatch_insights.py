"""CloudWatch Logs Insights: the answer of `get-query-results`.

Shape (botocore 1.44.5, `logs` service model): `{"results": [[{"field", "value"}, ...], ...], "statistics":
{"recordsMatched", "recordsScanned", "estimatedRecordsSkipped", "estimatedBytesSkipped", ...}, "status", "nextToken"}`.
All values are text. `@timestamp` and `@ingestionTime` are UTC by definition and carry no zone
("2026-01-01 12:00:00.000"); `@log` is `<account>:<log group>`; `@ptr` points to the stored event. The console's
download has the rows as objects instead: read too. (The last three facts are general knowledge.)

A row without `@message` holds the fields that the query picked: they are handed on as the text of a JSON object, and
the attribute `auditrail.message_made_of` says so. Fields that start with `@` stay in the attributes.

`records-matched` compares the matched records with the rows: a query that aggregates (`stats`) has fewer rows by
intent. Its rows have no `@ptr`, so their events have no dedupe key: whoever judges can see it there.

Not read: answers of `start-query` and `describe-queries`.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids, jsontext
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _cloudwatch
from auditrail.readers._cloudwatch import Envelope
from auditrail.readers._contract import Inner, Reading, as_inside

NAME = "cloudwatch-insights"
TITLE = "CloudWatch Logs Insights query results (get-query-results)"
LAYER = "other"
TESTED_ON = "documentation only: botocore 1.44.5 service model; invented samples"
NEVER_RECORDS = "what the query did not select or its limit cut off; the query itself is not part of the answer."
IDS: tuple[str, ...] = ()
CAPTURES = as_inside("opt-in: only if the query selected @timestamp")
ARRAYS = ("results",)

_COLUMNS = frozenset({"@timestamp", "@ingestionTime", "@message"})
_POINTED = ("@ptr", "@log", "@logStream")


def sniff(head: Head) -> float:
    """0.95 for results of fields and values with a status; 0.85 for such rows alone; content only."""
    for sample in head.samples[:1]:
        if _is_row(sample):
            return 0.85
        if not isinstance(sample, dict):
            return 0.0
        rows = sample.get("results")
        if isinstance(rows, list):
            said = "statistics" in sample or "status" in sample
            return 0.95 if (said and not rows) or (rows and _is_row(rows[0])) else 0.0
        return 0.85 if "@message" in sample and any(key in sample for key in _POINTED) else 0.0
    start = head.raw[:4096]
    return 0.9 if "results" in head.keys and b'"field"' in start and b'"value"' in start else 0.0


def _is_row(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and "field" in item and "value" in item for item in value)
    )


def read(value: Any, record: Record) -> Reading:
    """One row -> its message with the context of the row.

    Raises:
        RecordError: `not-an-object`: the row is neither an array of fields nor an object with fields of Insights.
    """
    del record  # the wrapper says nothing about its rows
    fields = _fields(value)
    attributes = {key: item for key, item in fields.items() if key not in _COLUMNS}
    message = fields.get("@message")
    if message is None:
        picked = {key: item for key, item in attributes.items() if not key.startswith("@")}
        if picked:
            message = jsontext.dumps(picked)
            attributes = {key: item for key, item in attributes.items() if key not in picked}
            attributes["auditrail.message_made_of"] = "the fields of an Insights row"
    pointer = _cloudwatch.name_of(fields.get("@ptr"))
    made: list[Id] = []
    ids.add(made, "request", fields.get("@requestId"))
    envelope = Envelope(
        fields.get("@timestamp"),
        fields.get("@ingestionTime"),
        _cloudwatch.group_name(fields.get("@log")),
        _cloudwatch.name_of(fields.get("@logStream")),
        f"cw-ptr:{pointer}" if pointer else None,
        attributes,
        tuple(made),
    )
    reading = _cloudwatch.reading(message, envelope)
    return _in_utc(reading)


def _in_utc(reading: list[Event] | Inner) -> list[Event] | Inner:
    """Insights writes UTC without saying so: its times are not assumed, they are defined."""
    if isinstance(reading, Inner):
        return reading._replace(context=reading.context._replace(tz_assumed=False))
    return [event._replace(tz_assumed=False) for event in reading]


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and any(key.startswith("@") for key in value):
        return value
    if not isinstance(value, list):
        raise RecordError("not-an-object", "a row of `results` is neither an array of fields nor an object with `@`")
    fields: dict[str, Any] = {}
    for item in value:
        if isinstance(item, dict) and isinstance(item.get("field"), str):
            name = item["field"]
            # A query may pick one field twice: both values stay.
            fields[name] = [fields[name], item.get("value")] if name in fields else item.get("value")
            if extra := {key: rest for key, rest in item.items() if key not in ("field", "value")}:
                fields.setdefault("@auditrail.extra", []).append({name: extra})
        else:
            fields.setdefault("@auditrail.unnamed", []).append(item)
    return fields


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that the rows are not all: status, matched against returned, skipped records, limit, token."""
    header, rows = wrapper.header, wrapper.elements
    found = []
    status = header.get("status")
    if isinstance(status, str) and status and status != "Complete":
        found.append(("query-status", f"status {status}"))
    statistics = header.get("statistics")
    if isinstance(statistics, dict):
        matched = _count(statistics.get("recordsMatched"))
        if matched > rows:
            found.append(("records-matched", f"matched {matched}, returned {rows}"))
        found.extend(
            ("records-skipped", f"{name} {skipped}")
            for name in ("estimatedRecordsSkipped", "estimatedBytesSkipped")
            if (skipped := _count(statistics.get(name)))
        )
    if rows == _cloudwatch.PAGE_LIMIT:
        found.append(("limit-reached", f"{rows} rows, the most that a query returns"))
    if token := _cloudwatch.name_of(header.get("nextToken")):
        last = wrapper.first + rows - 1
        found.append(("next-token-left", f"nextToken {_cloudwatch.shortened(token)} after record {last}"))
    return found


def _count(value: Any) -> int:
    """A count of the statistics: numbers are doubles in the answer; anything else counts as none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    return int(value) if 0 < value < 1 << 62 else 0
