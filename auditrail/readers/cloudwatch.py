"""CloudWatch Logs: JSON answers of `filter-log-events` and `get-log-events`, whole or as JSONL of their events.

Shapes (botocore 1.44.5, `logs` service model):

- `filter-log-events`: `{"events": [{"logStreamName", "timestamp", "message", "ingestionTime", "eventId"}],
  "searchedLogStreams": [{"logStreamName", "searchedCompletely"}], "nextToken"}`
- `get-log-events`: `{"events": [{"timestamp", "message", "ingestionTime"}], "nextForwardToken", "nextBackwardToken"}`:
  no event id, no stream name.
- `jq -c '.events[]'` of either: one event per line. Nothing is left then of tokens and searched streams.

Times are milliseconds since the epoch, UTC. Neither answer names its log group, unless someone added a member
`logGroup`, `logGroupName` or `logGroupIdentifier`.

`close` speaks of one wrapper object. Pages may stand one after another in one file: a `nextToken` followed by another
wrapper is no cut. So the detail gives the number of the last record before the token, and whoever judges takes the last
wrapper of the source. `nextForwardToken` and `nextBackwardToken` are always there and prove nothing; the `NextToken`
of the command line client (`--max-items`) proves a cut.

Not read: answers of other calls, and those of SDKs that write `Events` and `Message`.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.readers import _cloudwatch
from auditrail.readers._cloudwatch import Envelope
from auditrail.readers._contract import Reading, as_inside

NAME = "cloudwatch"
TITLE = "CloudWatch Logs API answers (filter-log-events, get-log-events), whole or as JSONL of events"
LAYER = "other"
TESTED_ON = "documentation only: botocore 1.44.5 service model; invented samples"
NEVER_RECORDS = (
    "the log group (and, for get-log-events, the stream and event ids), events that retention removed, "
    "and what a filter pattern left out."
)
IDS: tuple[str, ...] = ()
CAPTURES = as_inside("yes: the time the writer gave, in milliseconds")
ARRAYS = ("events",)

_COLUMNS = frozenset({"timestamp", "message", "ingestionTime"})
_GROUP_MEMBERS = ("logGroupName", "logGroup", "logGroupIdentifier")
_STREAM_MEMBERS = ("logStreamName", "logStream")
# A search over thousands of streams must not give thousands of remarks.
_STREAMS_NAMED = 200


def sniff(head: Head) -> float:
    """0.95 for an API answer or its events with ids; 0.85 for events without; content only."""
    for sample in head.samples[:1]:
        if isinstance(sample, dict):
            return _sniff_object(sample)
        return 0.0
    if "events" in head.keys and b'"ingestionTime"' in head.raw and b'"timestamp"' in head.raw:
        return 0.9
    return 0.0


def _sniff_object(sample: dict[str, Any]) -> float:
    events = sample.get("events")
    if isinstance(events, list):
        if "searchedLogStreams" in sample or ("nextForwardToken" in sample and "nextBackwardToken" in sample):
            return 0.95
        first = events[0] if events else None
        return 0.9 if isinstance(first, dict) and "ingestionTime" in first and "message" in first else 0.0
    if not all(key in sample for key in _COLUMNS):
        return 0.0
    return 0.95 if "eventId" in sample else 0.85


def read(value: Any, record: Record) -> Reading:
    """One element of `events` -> its message with the context of the wrapper.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an element of `events` is no object")
    header = record.header or {}
    group_given = _first(value, header, _GROUP_MEMBERS)
    log_group = _cloudwatch.group_name(group_given)
    stream = _first(value, header, _STREAM_MEMBERS)
    attributes = {key: item for key, item in value.items() if key not in _COLUMNS}
    for key in (*_GROUP_MEMBERS, *_STREAM_MEMBERS):
        if key in header:
            attributes.setdefault(key, header[key])
    if "message" in value and value["message"] is None:
        attributes["message"] = None
    envelope = Envelope(
        value.get("timestamp"),
        value.get("ingestionTime"),
        log_group,
        _cloudwatch.name_of(stream),
        _cloudwatch.dedupe_key(value.get("eventId"), log_group),
        attributes,
    )
    return _cloudwatch.reading(value.get("message"), envelope)


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that the answer is not all: token left, streams not searched, page full, no log group named."""
    header = wrapper.header
    last = wrapper.first + wrapper.elements - 1
    found = [
        ("next-token-left", f"{name} {_cloudwatch.shortened(token)} after record {last}")
        for name in ("nextToken", "NextToken")
        if (token := _cloudwatch.name_of(header.get(name)))
    ]
    if "nextForwardToken" in header and wrapper.elements == _cloudwatch.PAGE_LIMIT:
        found.append(("limit-reached", f"{wrapper.elements} events, the most that one page of get-log-events holds"))
    found.extend(_not_searched(header.get("searchedLogStreams")))
    if not any(_cloudwatch.group_name(header.get(name)) for name in _GROUP_MEMBERS):
        what = "get-log-events" if "nextForwardToken" in header else "filter-log-events"
        found.append(("no-log-group", f"an answer of {what} does not name its log group"))
    return found


def _not_searched(streams: Any) -> list[tuple[str, str]]:
    if not isinstance(streams, list):
        return []
    names = [
        str(_cloudwatch.name_of(item.get("logStreamName")) or "a stream without name")
        for item in streams
        if isinstance(item, dict) and item.get("searchedCompletely") is False
    ]
    found = [("stream-not-searched", name) for name in names[:_STREAMS_NAMED]]
    if len(names) > _STREAMS_NAMED:
        found.append(("stream-not-searched", f"and {len(names) - _STREAMS_NAMED} more streams"))
    return found


def _first(value: dict[str, Any], header: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((v for source in (value, header) for name in names if _cloudwatch.name_of(v := source.get(name))), None)
