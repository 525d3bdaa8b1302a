"""MCP traffic as JSON: JSON-RPC 2.0 messages, one per record, bare or in a proxy's wrapper with time and direction.

What a message says is in `_mcp`. Around it, proxies and inspectors write what they like, so a wrapper is any object
that holds a message, or JSON text of one, in a member of its own (`message`, `payload`, `request`, `body`, ...); an
object with a request and its response gives both. Its time, its direction (`client->server`, `server_to_client`,
`from: client`, ...) and its session (`Mcp-Session-Id` in headers, `session_id`, ...) are read where they stand.
`inbound`, `sent` and the like do not say whose side they are written from, so they tell no direction.

JSON-RPC ids count anew with every connection. Where the log names no session, one begins with each `initialize`
request; two clients in one file that names no session cannot be told apart.

The message ids are in the protocol's schema (modelcontextprotocol.io, 2024-11-05 to 2025-11-25). Tested on traffic
recorded from a server of the Python SDK (mcp 2.1.1). In a body of server-sent events, each `data:` line is read.

Not read: who is who where two clients write one file without session ids.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _gateway as gateway
from auditrail.readers import _mcp, _steps
from auditrail.readers._contract import Reading
from auditrail.readers._scope import NOWHERE, Origin

NAME = "mcp"
TITLE = "MCP traffic (JSON-RPC 2.0 messages, bare or wrapped by a proxy)"
LAYER = "tool"
TESTED_ON = "real files of traffic with a server of the Python SDK mcp 2.1.1, recorded for the test; wrappers invented"
NEVER_RECORDS = "Which agent, model or run a call came from, unless the client puts a traceparent or id into _meta."
IDS = _mcp.IDS
CAPTURES = {
    "time": "never: messages have none; only a wrapper's own time",
    "run": "never: a session serves many runs; opt-in by a traceparent in _meta",
    "parent": "opt-in: a traceparent in _meta",
    "call": "yes: the JSON-RPC id, unique for one side of one session",
    "arguments": "yes: of tools/call",
    "results": "yes: of tools/call; a request without a response is a call without a result",
    "model": "partly: only in answers to sampling/createMessage",
    "tokens": "never: the protocol has no usage",
    "decision": "partly: elicitation and its answer; approval prompts of the client are not part of the protocol",
    "errors": "yes: JSON-RPC errors and isError",
    "end": "n/a",
}

_TIMES = ("timestamp", "ts", "time", "@timestamp", "datetime", "date", "created_at", "createdAt", "at")
_DIRECTIONS = ("direction", "dir", "flow", "from", "sender", "source", "origin", "side", "channel", "stream", "type",
               "kind", "event")  # fmt: skip
_ARROW = r"[-_ ]?(?:to|->|=>|→|>|2)[-_ ]?"
_FROM_CLIENT = re.compile(
    rf"(?:from[-_ ]?)?client(?:{_ARROW}server|[-_ ]?(?:request|message))?|c{_ARROW}s|stdin", re.IGNORECASE
)
_FROM_SERVER = re.compile(
    rf"(?:from[-_ ]?)?server(?:{_ARROW}client|[-_ ]?(?:response|message))?|s{_ARROW}c|stdout", re.IGNORECASE
)
# A body of server-sent events, and the data lines in it.
_EVENT_STREAM = re.compile(r"\s*(?:event|data|id|retry|): ?")
_DATA = re.compile(r"^data: ?(\{.*|\[.*)$", re.MULTILINE)
_HEADERS = ("headers", "request_headers", "response_headers")
# What a wrapper calls the server that it stands before.
_SERVERS = ("server", "server_name", "serverName", "mcp_server", "mcpServer")
_SESSIONS = ("session", "session_id", "sessionId", "mcp_session_id", "mcpSessionId", "Mcp-Session-Id", "mcp-session-id")


def sniff(head: Head) -> float:
    """0.95 for a message of MCP in one of the records, 0.7 for one in a wrapper: other logs may quote one, too."""
    best = 0.0
    for sample in head.samples:
        if any(map(_mcp.is_mcp, sample if isinstance(sample, list) else [sample])):
            return 0.95
        if isinstance(sample, dict) and any(_mcp.is_mcp(message) for _, message in _messages(sample)):
            best = 0.7
    return best


class Assembler:
    """Notes on each record which session it belongs to and, for a response, what was asked."""

    def __init__(self) -> None:
        self._sessions = _mcp.Sessions()

    def feed(self, record: Record) -> list[Record]:
        value = _mcp.parsed(record.raw) if record.defect is None else None
        if isinstance(value, list):
            return [self._sessions.note(record, value, None, None)]
        if not isinstance(value, dict):
            return [self._sessions.note(record, [], None, None)]
        if _mcp.is_message(value):
            return [self._sessions.note(record, [value], None, None)]
        sender, session = _sender(value), _session(value)
        return [self._sessions.note(record, [message for _, message in _messages(value)], sender, session)]

    def flush(self) -> list[Record]:
        return []


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """A message, a batch of them, or a wrapper around some."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return [_bare(item, record, origin) for item in value]
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a message of MCP is a JSON object, or an array of them")
    if _mcp.is_message(value):
        return [_bare(value, record, origin)]
    return _wrapped(value, record, origin)


def _bare(message: dict[str, Any], record: Record, origin: Origin) -> Event:
    scope = _mcp.scope_of(None, record, origin)
    place = _mcp.Place(_steps.base(None, ("session", scope)), scope, None, _mcp.asked_of(record))
    return _mcp.event_of(message, place)


def _wrapped(value: dict[str, Any], record: Record, origin: Origin) -> list[Event]:
    fields = gateway.Fields(value)
    moment = fields.moment(*_TIMES)
    session = _session(value)
    scope = _mcp.scope_of(session, record, origin)
    server = next((text for name in _SERVERS if (text := _steps.text(value.get(name)))), None)
    base = _steps.base(moment, ("session", scope), stream=f"mcp:{server}" if server else None)
    ids = list(base.ids)
    for name in _HEADERS:
        gateway.add_headers(ids, value.get(name))
    gateway.add_named(ids, value)
    base = base._replace(ids=tuple(ids))
    found = _messages(value)
    sender = _sender(value)
    place = _mcp.Place(base, scope, sender if len({_role(message) for _, message in found}) < 2 else None,
                       _mcp.asked_of(record))  # fmt: skip
    events = [_mcp.event_of(message, place) for _, message in found]
    for name, message in found:
        held = value.get(name)
        if message is held or held == [message] or (isinstance(held, str) and not _EVENT_STREAM.match(held)):
            fields.take(name)
    rest = fields.attributes()
    if not events:
        return [base._replace(layer="other", kind="log", attributes=rest)]
    if rest is not None:
        own = events[0].attributes
        merged = f'{own[:-1]},"wrapper":{rest}}}' if own else f'{{"wrapper":{rest}}}'
        events[0] = events[0]._replace(attributes=merged)
    return events


def _role(message: dict[str, Any]) -> str:
    return "asks" if "method" in message else "answers"


def _messages(value: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(name of the member, message) for the messages of a wrapper, in its order; batches are taken apart."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, item in value.items():
        inner = item
        if isinstance(item, str) and item.lstrip()[:1] in ("{", "["):
            inner = _mcp.parsed(item.encode("utf-8", "surrogatepass"))
        elif isinstance(item, str) and _EVENT_STREAM.match(item):
            inner = [_mcp.parsed(data.encode("utf-8", "surrogatepass")) for data in _DATA.findall(item)]
        messages = inner if isinstance(inner, list) else [inner]
        found.extend((name, message) for message in messages if _mcp.is_message(message))
    return found


def _sender(value: dict[str, Any]) -> str | None:
    for name in _DIRECTIONS:
        word = value.get(name)
        if isinstance(word, str) and len(word) <= 40:
            if _FROM_CLIENT.fullmatch(word.strip()):
                return _mcp.CLIENT
            if _FROM_SERVER.fullmatch(word.strip()):
                return _mcp.SERVER
    return None


def _session(value: dict[str, Any]) -> str | None:
    ids = [an_id for name in _SESSIONS for an_id in _steps.collected([("session", value.get(name))])]
    if ids:
        return ids[0].value
    found: list[Any] = []
    for name in _HEADERS:
        gateway.add_headers(found, value.get(name))
    return next((an_id.value for an_id in found if an_id.kind == "session"), None)
