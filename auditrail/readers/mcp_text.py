"""MCP logs of Claude Desktop (`mcp-server-<name>.log`, `mcp.log`): text lines around JSON-RPC messages.

Line forms, as published in issues and repositories of server makers (2024 to 2026): `<ISO time> [<server>] [<level>]
<text>`, in `mcp.log` of all servers `[<level>] [<server>]`, in some versions without `[<server>]`, in newer ones with
` { metadata: undefined }` at the end. A text that begins with `Message from client: ` or `Message from server: ` holds
a JSON-RPC message (`_mcp`). Between them stand lines that the server wrote to stderr, without a time: they are kept as
`log` events in the order of the file.

A session of a server begins with the app's word that it starts it, or with its `initialize` request. Messages that
the app shortened do not parse: they stay text.

Not read: logs of hosts that put other text around the messages.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _mcp, _steps
from auditrail.readers._contract import Reading
from auditrail.readers._scope import NOWHERE, Origin

NAME = "mcp-text"
TITLE = "MCP logs of Claude Desktop (text lines around JSON-RPC messages)"
LAYER = "tool"
TESTED_ON = "documentation only: lines of Claude Desktop's logs as published by server makers; invented samples"
NEVER_RECORDS = "Which conversation or model a call came from, and what the app asked its user before it called."
IDS = _mcp.IDS
CAPTURES = {
    "time": "partly: lines of the app have one, the server's own stderr lines between them have none",
    "run": "never: a session serves many conversations",
    "parent": "opt-in: a traceparent in _meta",
    "call": "yes: the JSON-RPC id, unique for one side of one session",
    "arguments": "yes: of tools/call",
    "results": "yes: of tools/call; a request without a response is a call without a result",
    "model": "never: the protocol has none",
    "tokens": "never: the protocol has no usage",
    "decision": "never: the app's approval prompts are not in this log",
    "errors": "yes: JSON-RPC errors, isError, and what the server wrote to stderr as plain lines",
    "end": "n/a",
}
INPUT = "text"
LINES = True

_LINE = re.compile(
    rb"(?P<time>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?) "
    rb"(?:\[(?P<first_level>info|error|warn|warning|debug|verbose|http|silly|fatal)\] \[(?P<named>[^\]]{1,200})\]|"
    rb"(?:\[(?P<server>[^\]]{1,200})\] )?\[(?P<level>[a-z]{3,9})\]) (?P<text>.*)\Z",
    re.DOTALL,
)
_MESSAGE = re.compile(rb"Message from (?P<side>client|server): (?=[\{\[])", re.IGNORECASE)
# What the app writes behind a message; the same may stand in the message, so the last one counts.
_METADATA = b"{ metadata: "
_SIGNS = (b"Message from client: ", b"Message from server: ", b"Server started and connected successfully")
_OPENING = (b"Initializing server", b"Server started and connected")
_MOST_SERVERS = 1_000
_LEVELS = {"error": "error", "fatal": "error"}


def sniff(head: Head) -> float:
    """0.95 for a line of the form with a message in it, 0.8 for the app's own words alone."""
    best = 0.0
    for line in head.lines:
        match = _LINE.match(line.rstrip(b"\r"))
        if match is None:
            continue
        if _MESSAGE.match(match["text"]) and b'"jsonrpc"' in match["text"]:
            return 0.95
        if match["text"].startswith(_SIGNS):
            best = 0.8
    return best


class Assembler:
    """Notes on each line which session it belongs to and, for a response, what was asked."""

    def __init__(self) -> None:
        self._servers: OrderedDict[bytes, _mcp.Sessions] = OrderedDict()
        self._last = b""

    def feed(self, record: Record) -> list[Record]:
        match = _LINE.match(record.raw) if record.defect is None else None
        said = _said(match["text"]) if match and b"jsonrpc" in record.raw else None
        sessions = self._sessions_of(_server_of(match) or b"" if match else self._last, record)
        if match and match["text"].startswith(_OPENING):
            sessions.opened(record)
        messages, sender = said or ([], None)
        return [sessions.note(record, messages, sender, None)]

    def _sessions_of(self, server: bytes, record: Record) -> _mcp.Sessions:
        """Each server has its own: one file may hold several, and their JSON-RPC ids are alike."""
        self._last = server
        known = self._servers.get(server)
        if known is None:
            known = self._servers[server] = _mcp.Sessions()
            if len(self._servers) > 1:
                known.opened(record)
            if len(self._servers) > _MOST_SERVERS:
                self._servers.popitem(last=False)
        return known

    def flush(self) -> list[Record]:
        return []


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """One line: a message, a word of the app, or a line of the server's stderr."""
    if not isinstance(value, bytes):
        raise RecordError("malformed", "not a line of text")
    raw = value.rstrip(b"\r")
    scope = _mcp.scope_of(None, record, origin)
    match = _LINE.match(raw)
    if match is None:
        line = _steps.base(None, ("session", scope), layer="tool", kind="log", name="stderr")
        return [_steps.with_rest(line, {"message": _text(raw)})]
    moment = times.parse(match["time"].decode())
    level = (match["first_level"] or match["level"]).decode()
    named = _server_of(match)
    server = _text(named) if named else None
    base = _steps.base(moment, ("session", scope), stream=f"mcp:{server}" if server else None)
    said = _said(match["text"])
    if said is None:
        return [_plain(base, match["text"], level)]
    messages, sender = said
    place = _mcp.Place(base, scope, sender, _mcp.asked_of(record))
    return [_mcp.event_of(message, place) for message in messages]


def _server_of(match: re.Match[bytes]) -> bytes | None:
    found: bytes | None = match["named"] or match["server"]
    return found


def _plain(base: Event, text: bytes, level: str) -> Event:
    status = _LEVELS.get(level, "unknown")
    shown = _text(text)
    made = base._replace(
        layer="tool", kind="log", name=level, status=status, error=shown if status == "error" else None
    )
    return _steps.with_rest(made, {"message": shown})


def _said(text: bytes) -> tuple[list[dict[str, Any]], str] | None:
    """The messages in a line, and who sent them; None for a line without any, or whose message is cut off."""
    match = _MESSAGE.match(text)
    if match is None:
        return None
    raw = text[match.end() :]
    for candidate in (raw, raw[: max(0, raw.rfind(_METADATA))]):
        try:
            value, _ = jsontext.parse(candidate)
        except RecordError:
            continue
        messages = value if isinstance(value, list) else [value]
        if messages and all(isinstance(message, dict) for message in messages):
            return messages, match["side"].decode().lower()
    return None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
