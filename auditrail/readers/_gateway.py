"""What the records of policy engines and LLM gateways share: fields taken once, ids under common names, HTTP headers.

Ids stand in such records wherever the caller put them, so their names are a table. A name is compared without case,
`_` and `-`: `run_id`, `runId` and `Run-ID` are one name. Header facts: `traceparent` is W3C Trace Context level 1
(`00-<32 hex>-<16 hex>-<2 hex flags>`, bit 0 of the flags = sampled); `x-amzn-trace-id` is AWS X-Ray's
(`Root=1-<8 hex>-<24 hex>`, the same 32 digits as the trace id); `x-b3-*` is Zipkin's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.model import Id

# Name of a member, folded -> kind of id.
ID_NAMES: Mapping[str, str] = {
    "runid": "run",
    "agentrunid": "run",
    "parentrunid": "parent_run",
    "traceid": "trace",
    "sessionid": "session",
    "conversationid": "conversation",
    "threadid": "conversation",
    "requestid": "request",
    "xrequestid": "request",
    "parentrequestid": "parent_request",
    "toolcallid": "tool_call",
    "tooluseid": "tool_call",
    "taskid": "task",
    "messageid": "message",
    "userid": "user",
    # Whether a correlation id stands for one request or for a whole visit is up to its writer: kept, joins nothing.
    "correlationid": "other",
}
HEADER_IDS: Mapping[str, str] = {
    "x-request-id": "request",
    "request-id": "request",  # Anthropic's responses
    "x-amzn-requestid": "request",
    "x-litellm-call-id": "request",
    "x-run-id": "run",
    "x-session-id": "session",
    "mcp-session-id": "session",
    "x-conversation-id": "conversation",
    "x-tool-call-id": "tool_call",
    "x-b3-traceid": "trace",
    "x-b3-spanid": "parent_span",
    "x-correlation-id": "other",
}
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?\Z", re.IGNORECASE)
_XRAY = re.compile(r"(?:\A|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|\s|\Z)", re.IGNORECASE)
_CLAUDE_SESSION = re.compile(
    r'(?:_session_|"session_id"\s*:\s*")([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:"|\Z)'
)
# A log line may carry thousands of headers; ids beyond the first hundreds are no ids of one request.
_MAX_HEADERS = 500


class Fields:
    """The members of a record, each taken at most once: what no column took is left for `attributes`.

    A member of an unexpected type is not taken, so it is kept as it stood.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._left = dict(record)

    def get(self, key: str) -> Any:
        return self._left.get(key)

    def has(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str) -> Any:
        """The value of any type, None if there is none."""
        return self._left.pop(key, None)

    def text(self, *keys: str) -> str | None:
        """The first of the members that holds text other than blanks."""
        for key in keys:
            if is_text(self._left.get(key)):
                return str(self._left.pop(key))
        return None

    def count(self, *keys: str) -> int | None:
        """The first of the members that holds a whole number from 0 to 2^63 - 1."""
        for key in keys:
            if (number := whole(self._left.get(key))) is not None:
                del self._left[key]
                return number
        return None

    def moment(self, *keys: str) -> times.Moment | None:
        """The first of the members that holds a time."""
        for key in keys:
            if (moment := times.parse(self._left.get(key))) is not None:
                del self._left[key]
                return moment
        return None

    def put(self, key: str, value: Any) -> None:
        """Leaves a value for the attributes: the rest of a member whose other parts were told elsewhere."""
        self._left[key] = value

    def left(self) -> dict[str, Any]:
        """What is left."""
        return self._left

    def attributes(self) -> str | None:
        """What is left, as compact JSON; None if nothing is."""
        return jsontext.dumps(self._left) if self._left else None


def is_text(value: Any) -> bool:
    """Whether a value is text with more than blanks in it."""
    return isinstance(value, str) and bool(value.strip())


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def whole(value: Any) -> int | None:
    """A count: a whole number from 0 to 2^63 - 1, also when written as a float (12.0)."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= times.INT64_MAX else None


def member(value: Any, *path: str) -> Any:
    """The value at a path of object members; None where the path breaks off."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def fold(name: str) -> str:
    """A member's name as the tables have it."""
    return name.replace("_", "").replace("-", "").lower()


def add_named(ids: list[Id], source: Any, names: Mapping[str, str] = ID_NAMES) -> None:
    """Adds the ids that stand in an object under names of the table; anything but an object has none."""
    if not isinstance(source, dict):
        return
    for name, value in source.items():
        kind = names.get(fold(name)) if isinstance(name, str) and len(name) <= 40 else None
        if kind:
            id_text.add(ids, kind, value)
        elif name == "traceparent":
            add_traceparent(ids, value)


def add_traceparent(ids: list[Id], value: Any) -> bool | None:
    """Adds trace and parent span of a W3C traceparent; returns its sampled flag, None if it is none."""
    match = _TRACEPARENT.match(value.strip()) if isinstance(value, str) and len(value) <= 200 else None
    if not match:
        return None
    id_text.add(ids, "trace", match.group(1))
    id_text.add(ids, "parent_span", match.group(2))
    return bool(int(match.group(3), 16) & 1)


def claude_session(user: Any) -> str | None:
    """The session that Claude Code names in a request's `metadata.user_id`: at its end, or as a member of its JSON."""
    if not isinstance(user, str) or len(user) > 2000:
        return None
    match = _CLAUDE_SESSION.search(user)
    return match.group(1) if match else None


def add_headers(ids: list[Id], headers: Any) -> bool | None:
    """Adds the ids in HTTP headers; returns the sampled flag of a traceparent, None if there is none.

    Headers come as an object of texts or of lists of texts (Go), as pairs, or as `{name, value}` objects.
    """
    sampled: bool | None = None
    for name, value in _pairs(headers):
        if name == "traceparent":
            flag = add_traceparent(ids, value)
            sampled = flag if flag is not None else sampled
        elif name == "x-amzn-trace-id":
            if match := _XRAY.search(value[:500]):
                id_text.add(ids, "trace", match.group(1) + match.group(2))
        elif name in HEADER_IDS:
            id_text.add(ids, HEADER_IDS[name], value)
    return sampled


def _pairs(headers: Any) -> Iterable[tuple[str, str]]:
    items: Iterable[Any] = ()
    if isinstance(headers, dict):
        items = list(headers.items())[:_MAX_HEADERS]
    elif isinstance(headers, list):
        items = headers[:_MAX_HEADERS]
    for item in items:
        if isinstance(item, dict):
            name, value = item.get("name", item.get("key")), item.get("value")
        elif isinstance(item, (list, tuple)) and len(item) == 2:
            name, value = item
        else:
            continue
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(name, str) and isinstance(value, str):
            yield name.strip().lower(), value
