"""AWS CloudTrail: log files, `lookup-events` answers, EventBridge events, CloudTrail Lake rows, Insights events.

Shapes:

- `{"Records": [record]}`: log files as delivered to S3; single records (a message in CloudWatch Logs, JSONL).
- `{"Events": [{EventId, EventName, EventTime, Username, Resources, CloudTrailEvent: JSON text}], "NextToken"}`:
  answer of `lookup-events` (botocore 1.44.5, `cloudtrail` service model). The record is in the text.
- `{"detail-type": "AWS API Call via CloudTrail", "detail": record, ...}`: what EventBridge delivers.
- `{"QueryStatus", "QueryResultRows": [[{column: text}]], "NextToken"}`: CloudTrail Lake's `get-query-results`. All
  values are text; a column that the query did not ask for is absent.

Records: AWS CloudTrail User Guide, "CloudTrail record contents"; data events of Verified Permissions and of AgentCore
Gateway after the examples in those services' guides; a real file of opentelemetry-collector-contrib.

What the columns say:

- `layer` is `other`, but `policy` for Verified Permissions' answers (one decision for each request of a batch), `llm`
  for model requests of `bedrock.amazonaws.com` (the record has no prompt and no answer), `tool` for an MCP
  `tools/call` through an AgentCore gateway and for a Lambda function that Bedrock or AgentCore invoked, `agent` for the
  invocation of an agent. A Lambda function that someone else invoked need not be a tool: it stays `other`.
- `args` and `result` are `requestParameters` and `responseElements`. Null is `empty` and absent is `absent`: neither is
  a redaction. `HIDDEN_DUE_TO_SECURITY_REASONS` makes `redacted`, `{"omitted": true, ...}` makes `truncated`. Of model
  requests and Lambda functions they hold only names: there they are in the attributes, and `args` is absent.
- `status` of an API call: `denied` for an error code of refused access, `error` for any other, else `ok`.
- ids: `requestID` is the request; `eventID` and `sharedEventID` are `other`. `dedupe_key` is the `eventID`: the same
  event comes through several trails. A row of Lake has a key of its own, since it has only the columns asked for. A
  JSON-RPC id (1, 2, ...) is no id outside of its session, and stays an attribute.
- `stream` is `cloudtrail:<account>/<region>`: a trail cuts its stream into many files.

Not read: custom `eventData` of CloudTrail Lake (kept as one log event); notifications of S3.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _cloudtrail as trail
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading

NAME = "cloudtrail"
TITLE = "AWS CloudTrail records (log files, lookup-events, EventBridge, CloudTrail Lake)"
LAYER = "other"
TESTED_ON = (
    "real files of opentelemetry-collector-contrib (management and data events); documentation only: lookup-events, "
    "Lake, Insights, Verified Permissions, Bedrock and AgentCore events"
)
NEVER_RECORDS = "Prompts and answers of models, payloads of Lambda functions, and data events that no trail selected."
IDS = ("request", "session", "other")
CAPTURES = {
    "time": "yes: whole seconds, when the request was made",
    "run": "never: join by request id or session",
    "parent": "never: a call names its caller, not the call that caused it",
    "call": "never: no id of a tool call",
    "arguments": "partly: requestParameters, without payloads; parts hidden or, above 100 KB, omitted",
    "results": "partly: responseElements, of calls that change something only",
    "model": "yes: modelId of Bedrock's data events, which are off unless a trail selects them",
    "tokens": "never: see the model invocation log",
    "decision": "yes: answers of Verified Permissions, without the policies that decided",
    "errors": "yes: errorCode and errorMessage",
    "end": "n/a",
}
ARRAYS = ("Records", "Events", "QueryResultRows")

_LOOKUP = ("EventId", "EventTime", "CloudTrailEvent")


def sniff(head: Head) -> float:
    """0.95 for a record in any of the shapes; 0.9 for a wrapper of which only the names of members are seen."""
    if any(_is_ours(sample) for sample in head.samples):
        return 0.95
    keys, raw = head.keys, head.raw
    if "Records" in keys and b'"eventSource"' in raw and b'"awsRegion"' in raw and b'"eventSource": "aws:' not in raw:
        return 0.9 if b'"eventVersion"' in raw and b".amazonaws.com" in raw else 0.0
    if "Events" in keys and b'"CloudTrailEvent"' in raw:
        return 0.9
    return 0.9 if keys >= {"QueryResultRows", "QueryStatus"} else 0.0


def _is_ours(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    for name in ("Records", "Events"):
        if isinstance(items := value.get(name), list):
            return any(_is_record(item) or _is_lookup(item) for item in items[:5])
    if "QueryResultRows" in value and "QueryStatus" in value:
        return True
    return _is_record(value) or _is_lookup(value) or _is_record(_detail(value))


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and trail.is_record(value)


def _is_lookup(value: Any) -> bool:
    return isinstance(value, dict) and "CloudTrailEvent" in value and ("EventId" in value or "EventName" in value)


def _detail(value: dict[str, Any]) -> Any:
    return value.get("detail") if "detail-type" in value else None


def read(value: Any, record: Record) -> Reading:
    """One record; or, where a whole wrapper is one record, all of its elements.

    Raises:
        RecordError: `not-an-object`.
    """
    if isinstance(value, list) and (record.header is None or "QueryStatus" in record.header):
        row = _row(value)
        if row is not None:
            return trail.events(row, source="cloudtrail-lake")
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a CloudTrail record is a JSON object")
    for name in ARRAYS:
        if isinstance(value.get(name), list) and not trail.is_record(value):
            return _all(value, name)
    return _one(value)


def _all(wrapper: dict[str, Any], name: str) -> list[Event]:
    """The elements of a wrapper that is a message itself; what else the wrapper says goes to each, if it is little."""
    rest = {key: item for key, item in wrapper.items() if key != name}
    events: list[Event] = []
    for number, item in enumerate(wrapper[name]):
        row = _row(item) if name == "QueryResultRows" and isinstance(item, list) else None
        if row is not None:
            events += trail.events(row, source="cloudtrail-lake")
        elif isinstance(item, dict):
            events += _one(item)
        else:
            events.append(Event(ts_source="order", name=name, attributes=jsontext.dumps({f"{name}[{number}]": item})))
    if rest or not events:
        events.append(Event(ts_source="order", name=name, attributes=jsontext.dumps(rest or wrapper)))
    return events


def _one(value: dict[str, Any]) -> list[Event]:
    if _is_lookup(value):
        return _lookup(value)
    detail = _detail(value)
    if isinstance(detail, dict) and trail.is_record(detail):
        rest = {key: item for key, item in value.items() if key != "detail"}
        return trail.events(detail, {"eventbridge": rest}, seen=value.get("time"))
    return trail.events(value)


def _lookup(value: dict[str, Any]) -> list[Event]:
    """An element of `lookup-events`: the record in its text, else what the element itself says."""
    text = value["CloudTrailEvent"]
    inner: Any = text
    if isinstance(text, str):
        try:
            inner, _ = jsontext.parse(text.encode("utf-8", "surrogatepass"))
        except RecordError:
            inner = None
    if isinstance(inner, dict) and trail.is_record(inner):
        rest = {key: item for key, item in value.items() if key not in ("CloudTrailEvent", *_LOOKUP)}
        return trail.events(inner, {"lookup": rest} if rest else {}, seen=value.get("EventTime"))
    fields = gateway.Fields(value)
    moment = fields.moment("EventTime")
    key = id_text.normalise("other", value.get("EventId"))
    return [
        Event(
            ts_ns=moment.ns if moment else None,
            ts_source="event" if moment else "order",
            tz_assumed=bool(moment and moment.tz_assumed),
            name=fields.text("EventName"),
            principal=fields.text("Username"),
            dedupe_key=f"cloudtrail-lookup:{key}" if key else None,
            attributes=fields.attributes(),
            ids=trail.other_ids(value.get("EventId")),
        )
    ]


def _row(cells: list[Any]) -> dict[str, Any] | None:
    """A row of CloudTrail Lake: a list of objects with one member each."""
    row: dict[str, Any] = {}
    for cell in cells:
        if not isinstance(cell, dict) or not row.keys().isdisjoint(cell):
            return None
        row.update(cell)
    return row or None


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that an answer of the API is not all: a page token left over, a query that did not finish."""
    found = []
    token = wrapper.header.get("NextToken")
    if wrapper.array != "Records" and isinstance(token, str) and token.strip():
        last = wrapper.first + wrapper.elements - 1
        found.append(("next-token-left", f"NextToken {token[:16]}... after record {last}"))
    status = wrapper.header.get("QueryStatus")
    if isinstance(status, str) and status != "FINISHED":
        found.append(("query-status", f"status {status[:40]}"))
    total = gateway.whole(gateway.member(wrapper.header.get("QueryStatistics"), "TotalResultsCount"))
    if total is not None and total > wrapper.elements:
        found.append(("records-matched", f"matched {total}, returned {wrapper.elements}"))
    return found
