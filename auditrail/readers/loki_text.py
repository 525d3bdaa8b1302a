r"""The lines that `logcli query` prints: `<RFC 3339 time> {label="value", ...}   <line>`.

The labels are those that not all streams of the answer share; logcli prints the shared ones on standard error. They are
padded to one width, and the line is trimmed. The time has whole seconds unless another form was asked for, and any
zone. With `--no-labels` nothing tells the lines from other logs; they are not read here.

A line that does not have the form is the second line of a message; it is kept as an event of its own, without time.
As many lines as logcli's default limit (30), or as another usual limit, are a suspicion that there were more.

Facts: grafana/loki `pkg/logcli/output/default.go`; colours are written to terminals only.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _store as store
from auditrail.readers import loki
from auditrail.readers._contract import Reading

NAME = "loki-text"
TITLE = "Grafana Loki: lines printed by logcli"
LAYER = "other"
TESTED_ON = "documentation only: grafana/loki's default output of logcli; invented samples"
NEVER_RECORDS = "the labels that all streams share, parts of a second (by default), and the limit of the query."
IDS = loki.IDS
CAPTURES = {**loki.CAPTURES, "time": "yes: in whole seconds by default, so order inside a second is lost"}
INPUT = "text"
LINES = True

_LABEL = rb'[A-Za-z_][A-Za-z0-9_]*="(?:[^"\\]|\\.)*"'
_LINE = re.compile(
    rb"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})) "
    rb"(\{(?:" + _LABEL + rb"(?:, ?" + _LABEL + rb")*)?\})[ ]*(?: (.*))?\Z",
    re.DOTALL,
)
_PAIR = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"')
_SHARE = 0.5
_LIMITS = {30: "the default of logcli", 1000: "a usual limit", 5000: "the default upper limit of a server"}


def sniff(head: Head) -> float:
    """0.9 if half of the first lines have the form, the first among them."""
    lines = [line for line in head.lines if line.strip()]
    fits = [_LINE.match(line) is not None for line in lines]
    return 0.9 if fits and fits[0] and sum(fits) >= _SHARE * len(fits) else 0.0


class Watcher:
    """Counts the lines."""

    def __init__(self) -> None:
        self._lines = 0

    def see(self, value: Any, record: Record) -> None:  # noqa: ARG002 - the contract gives it
        self._lines += isinstance(value, bytes) and _LINE.match(value) is not None

    def finish(self) -> list[tuple[str, str]]:
        whose = _LIMITS.get(self._lines)
        return [("limit-suspected", f"exactly {self._lines} lines: {whose}")] if whose else []


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract gives it
    """One line -> its message with labels and time.

    Raises:
        RecordError: `malformed`: no bytes.
    """
    if not isinstance(value, bytes):
        raise RecordError("malformed", "not a line of text")
    match = _LINE.match(value)
    if match is None:
        text = value.decode("utf-8", "backslashreplace")
        return [store.context(store.Row({"message": text, "auditrail.continues": "no time and labels before it"}))]
    time, shown, line = ((part or b"").decode("utf-8", "backslashreplace") for part in match.groups())
    labels = {name: re.sub(r'\\(["\\])', r"\1", text) for name, text in _PAIR.findall(shown)}
    moment = times.parse(time)
    attributes: dict[str, Any] = {"labels": labels}
    if moment is None:
        attributes["timestamp"] = time
    stream = loki.stream_of(labels)
    row = store.Row(attributes, moment, None, stream, None, store.named_ids(labels), loki.level_of(labels))
    return [store.reading(line, row, stream or "")]
