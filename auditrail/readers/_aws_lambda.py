r"""What AWS Lambda writes around an application's own log lines.

Platform lines (text log format): `START RequestId: <id> Version: <v>`, `END RequestId: <id>`, `REPORT RequestId: <id>`
with tab-separated figures, `INIT_START ...`, `INIT_REPORT ...`, and `<time> <id> Task timed out after 3.00 seconds`.
In the JSON log format the same are objects `{"time", "type": "platform.start", "record": {"requestId", ...}}`.

Prefixes of application lines: Node.js `<time>\t<request id>\t<LEVEL>\t<text>`, Python `[LEVEL]\t<time>\t<id>\t<text>`.

Facts: AWS Lambda developer guide, "Log and monitor" pages, and lines quoted in public projects. An X-Ray trace id
`1-<8 hex>-<24 hex>` is the W3C trace id with marks put in (AWS X-Ray documentation, "Sending trace data").
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from auditrail import ids, jsontext
from auditrail.errors import RecordError
from auditrail.model import Id

_TIME = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z"
_REQUEST = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_PLATFORM = re.compile(rf"(START|END|REPORT) RequestId: ({_REQUEST})(?=\s|\Z)(.*)\Z", re.DOTALL)
_PHASE = re.compile(r"(INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT)\s(.*)\Z", re.DOTALL)
_TIMEOUT = re.compile(rf"{_TIME} ({_REQUEST}) (Task timed out after [0-9.]+ seconds)\s*\Z")
_NODE = re.compile(rf"({_TIME})\t({_REQUEST}|undefined)\t(?:([A-Z]{{4,5}})\t)?(.*)\Z", re.DOTALL)
_PYTHON = re.compile(rf"\[([A-Z]{{4,8}})\]\t({_TIME})\t({_REQUEST}|)\t(.*)\Z", re.DOTALL)
_PLATFORM_JSON = re.compile(r'"type"\s*:\s*"platform\.')
# The figures are separated by tabs; tracing stands on a line of its own.
_PARTS = re.compile(r"[\t\n]")
_XRAY = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})\Z")

_KINDS = {"START": "start", "END": "end", "REPORT": "end", "platform.start": "start", "platform.report": "end"}
_STATUSES = {"success": "ok", "timeout": "error", "error": "error", "failure": "error"}


class Platform(NamedTuple):
    """A line of the Lambda platform: one event, not a message to read further."""

    kind: str
    name: str
    status: str
    error: str | None
    ids: tuple[Id, ...]
    details: dict[str, Any]


class Prefixed(NamedTuple):
    """An application's message freed of the runtime's prefix."""

    message: str
    ids: tuple[Id, ...]
    details: dict[str, Any]


def recognise(message: str) -> Platform | Prefixed | None:
    """Tells a line of Lambda itself, a line with its prefix, or neither (None)."""
    first = message[:1]
    if first in ("S", "E", "R", "I"):
        return _platform(message)
    if first == "[" and (match := _PYTHON.match(message)):
        level, time, request, rest = match.groups()
        return _prefixed(rest, time, request, level)
    if first.isdigit():
        if match := _TIMEOUT.match(message):
            made: list[Id] = []
            ids.add(made, "request", match.group(1))
            return Platform("error", "Task timed out", "error", match.group(2), tuple(made), {})
        if match := _NODE.match(message):
            time, request, level, rest = match.groups()
            return _prefixed(rest, time, request, level)
    if first == "{" and _PLATFORM_JSON.search(message, 0, 400):
        return _platform_json(message)
    return None


def _prefixed(rest: str, time: str, request: str, level: str | None) -> Prefixed:
    made: list[Id] = []
    ids.add(made, "request", request)
    details = {"time": time, "request_id": request, "level": level}
    return Prefixed(rest, tuple(made), {key: value for key, value in details.items() if value})


def _platform(message: str) -> Platform | None:
    made: list[Id] = []
    if match := _PLATFORM.match(message):
        name, request, rest = match.groups()
        ids.add(made, "request", request)
    elif match := _PHASE.match(message):
        name, rest = match.groups()
    else:
        return None
    details = dict(part.split(": ", 1) for part in map(str.strip, _PARTS.split(rest)) if ": " in part)
    _add_xray(made, details.get("XRAY TraceId"))
    status = _STATUSES.get(details.get("Status", "").strip(), "unknown")
    error = (details.get("Error Type") or details["Status"]) if status == "error" else None
    return Platform(_KINDS.get(name, "log"), name, status, error, tuple(made), details)


def _platform_json(message: str) -> Platform | None:
    try:
        value, _ = jsontext.parse(message.encode("utf-8", "surrogatepass"))
    except RecordError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("record"), dict):
        return None
    name, record = value.get("type"), value["record"]
    if not isinstance(name, str) or not name.startswith("platform."):
        return None
    made: list[Id] = []
    ids.add(made, "request", record.get("requestId"))
    tracing = record.get("tracing")
    if isinstance(tracing, dict):
        root = re.search(r"Root=([^;]+)", str(tracing.get("value", "")))
        _add_xray(made, root.group(1) if root else None)
    said = record.get("status")
    status = _STATUSES.get(said, "unknown") if isinstance(said, str) else "unknown"
    error = jsontext.content(record.get("errorType") or said) if status == "error" else None
    return Platform(_KINDS.get(name, "log"), name, status, error, tuple(made), {})


def _add_xray(made: list[Id], value: str | None) -> None:
    if value and (match := _XRAY.match(value.strip())):
        ids.add(made, "trace", match.group(1) + match.group(2))
