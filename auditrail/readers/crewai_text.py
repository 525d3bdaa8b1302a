"""CrewAI: the task log of a crew as text (`output_log_file=True`, or a name that does not end in `.json`).

Facts read in crewai 1.15.30 (`utilities/file_handler.py`, `crew.py`): each entry is `<local time, no zone>: ` and the
members `task_name, task, agent, status, output` as `key="value"`, parted by `, `; nothing is escaped. So a value may
hold quotes and line breaks: an entry ends where the next one begins, and a value where the next member begins. What
has no name is written as `None`. The same entries as JSON are read by `crewai`, which tells what they say.

Text before the first entry is kept as a `log` event.

Not read: the form of releases before 0.71, which ran members and times together without a sign between them.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _steps as steps
from auditrail.readers import crewai
from auditrail.readers._continued import Continued
from auditrail.readers._contract import Reading
from auditrail.readers._scope import NOWHERE, Origin

NAME = "crewai-text"
TITLE = "CrewAI task log of a crew as text"
LAYER = "agent"
TESTED_ON = "real files of crewai 1.15.30: its own file handler wrote invented tasks"
NEVER_RECORDS = "Calls of tools and of models, errors, and where a kickoff begins or ends."
IDS = ("run",)
CAPTURES = {
    "time": "yes: in seconds, local and without a zone",
    "run": "never: the file counts as one run",
    "parent": "never: entries stand in the order of the file",
    "call": "never: tools leave no entry",
    "arguments": "partly: the description of a task",
    "results": "partly: the output of a task",
    "model": "never: entries name none",
    "tokens": "never: entries have none",
    "decision": "never: guardrails leave no entry",
    "errors": "never: a task that fails has no second entry",
    "end": "partly: of each task, not of the crew",
}
INPUT = "text"
LINES = True

_ENTRY = re.compile(rb'(?P<time>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}): (?=task_name="|task=")')
_STATUS = re.compile(rb'", status="(?:started|completed)"')
_MEMBERS = ("task_name", "task", "agent", "status", "output")


def sniff(head: Head) -> float:
    """0.9 if a line begins an entry and another, or the same, states how the task stands."""
    if not any(_ENTRY.match(line) for line in head.lines):
        return 0.0
    return 0.9 if any(_STATUS.search(line) for line in head.lines) else 0.6


class Assembler(Continued):
    """Joins the lines of one entry."""

    def begins(self, raw: bytes) -> bool:
        return _ENTRY.match(raw) is not None


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """One entry: that a task began, or is done."""
    if not isinstance(value, bytes):
        raise RecordError("malformed", "not a line of text")
    match = _ENTRY.match(value)
    text = value[match.end() if match else 0 :].decode("utf-8", "backslashreplace").rstrip("\r\n")
    if match is None:
        line = steps.base(None, ("run", origin.run()), layer="agent", kind="log")
        return [steps.with_rest(line, {"message": text})]
    members = _members(text)
    if not members.keys() >= {"task", "agent"} or members.get("status") not in ("started", "completed"):
        raise RecordError("malformed", "an entry without a task, an agent or a status")
    return [crewai.task_of({"timestamp": match["time"].decode(), **members}, origin)]


def _members(text: str) -> dict[str, str | None]:
    """The members, in the order in which CrewAI writes them; a value ends where the next member begins."""
    starts: list[tuple[str, int, int]] = []
    at = 0
    for key in _MEMBERS:
        sign = f'{", " if starts else ""}{key}="'
        found = text.find(f'"{sign}' if starts else sign, at)
        if found < 0 or (not starts and found > 0):
            continue
        at = found + len(sign) + (1 if starts else 0)
        starts.append((key, found, at))
    ends = [begin for _, begin, _ in starts[1:]]
    last = len(text) - 1 if text.endswith('"') else len(text)
    held = {key: text[begin:end] for (key, _, begin), end in zip(starts, [*ends, last], strict=True)}
    return {key: None if key in ("task_name", "agent") and value == "None" else value for key, value in held.items()}
