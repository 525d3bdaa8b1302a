"""Text logs of Python programs that use AutoGen: lines of the loggers `autogen_core`, `autogen_core.events`, ...

Forms: those of Python's `logging`. Its default is `LEVEL:logger:message`; formats of one's own put a time, the level
and the logger in any order, parted by blanks, dashes, bars or brackets. The message of `autogen_core.events` is the
JSON that `autogen` reads; other loggers of AutoGen write sentences and Python reprs, kept as text. A time before the
logger's name is the line's; Python's own `asctime` has no zone and is local, so UTC is assumed and marked.

Lines of other loggers, and what continues a line (tracebacks), are kept as `log` events in the order of the file.
Tested on the log that autogen-core 0.7.5 wrote through `logging.basicConfig`, and on invented lines with times.

Not read: an event whose JSON a formatter breaks over several lines.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _steps as steps
from auditrail.readers._contract import Inner, Reading
from auditrail.readers._pieces import as_text
from auditrail.readers._scope import NOWHERE, Origin

NAME = "autogen-text"
TITLE = "AutoGen event log inside text lines of Python's logging"
LAYER = "agent"
TESTED_ON = "real files of autogen-core 0.7.5 with the default format of Python's logging; formats with times invented"
NEVER_RECORDS = "Which run a line belongs to, ids of tool calls, and tools that raised."
IDS = ("run", "session", "response", "tool_call")
CAPTURES = {
    "time": "opt-in: only if the program's format has one; without a zone, as Python writes it",
    "run": "never: the source counts as one run",
    "parent": "never: only the sender of a message",
    "call": "never: a ToolCall has no id",
    "arguments": "yes: as an object",
    "results": "partly: none of a tool that raised",
    "model": "partly: in the response of an LLMCall, where the client logs it",
    "tokens": "yes: on model calls",
    "decision": "never: interventions and approvals leave at most a MessageDropped",
    "errors": "partly: exceptions of handlers, and tracebacks as plain lines",
    "end": "never: the event log has no end",
}
INPUT = "text"
LINES = True

_LOGGER = re.compile(
    rb"(?P<before>[^{]{0,200}?)(?P<logger>\bautogen_(?:core|agentchat|ext)(?:\.[A-Za-z_.]{1,80})?)"
    rb"(?P<between>[\s:|>\])-]{1,8}(?:[A-Z]{4,8}[\s:|>\])-]{1,8})?)(?P<text>.*)\Z",
    re.DOTALL,
)
_TIME = re.compile(rb"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?")
_LEVEL = re.compile(rb"\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")
_EVENT = re.compile(rb'\{.*"type": ?"(?:LLM|ToolCall|Message|AgentConstruction)')
# Below that of wrappers around such lines (containers, log stores): those go first.
_SCORE = 0.85


def sniff(head: Head) -> float:
    """0.85 if a line of `autogen_core.events` holds one of its events."""
    for line in head.lines:
        match = _LOGGER.match(line) if b"autogen_core.events" in line else None
        if match is not None and _EVENT.match(match["text"]):
            return _SCORE
    return 0.0


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """One line: the event in it to be read on, or its text."""
    if not isinstance(value, bytes):
        raise RecordError("malformed", "not a line of text")
    line = value.rstrip(b"\r")
    match = _LOGGER.match(line)
    around = match["before"] + match["between"] if match else line[:200]
    time, level = _TIME.search(around if match else line[:30]), _LEVEL.search(around)
    moment = times.parse(time.group().decode()) if time else None
    base = steps.base(
        moment, ("run", origin.run()), layer="agent", kind="log", name=match["logger"].decode() if match else None
    )
    if level and level.group() in (b"ERROR", b"CRITICAL"):
        base = base._replace(status="error")
    told = {"level": level.group().decode() if level else None, "logger": match["logger"].decode() if match else None}
    context = steps.with_rest(base, {key: item for key, item in told.items() if item})
    return Inner(as_text(match["text"] if match else line), context, "autogen" if match else "")
