"""What the page tells of one event when it is chosen: everything the report holds, in words for a person."""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail import jsontext, text
from auditrail.outputs import _rows, _when
from auditrail.outputs._tree import pretty
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import Reconstruction, RunEventView

# What a person looks at at once; `--show-content` shows all.
_SHOWN = 4_000
_CONFIDENCE_WORDS = {
    "exact": "exact: its own record names the run",
    "linked": "linked: over an id that it shares with an event of the run",
    "inferred": "inferred: no id says so; by agent, tool and time",
}
_TIME_WORDS = {
    "observed": "the time is that of a collector",
    "ingest": "the time is that of the log store",
    "order": "there is no time; it stands in the order of its file",
}
# Columns that are shown under their own names, in this order.
_NAMED = (
    ("name", "name"),
    ("agent", "agent"),
    ("principal", "on behalf of"),
    ("model", "model"),
    ("tool", "tool"),
    ("decision", "decision"),
    ("policy", "policy"),
    ("rule", "rule"),
    ("tool_call_id", "tool call"),
    ("request_id", "request"),
    ("response_id", "response"),
    ("decision_id", "decision id"),
    ("task_id", "task"),
    ("span_id", "span"),
    ("parent_span_id", "parent span"),
)


class Content(NamedTuple):
    """One content of an event: its label, its state, the text that is shown, and how long it is as a whole."""

    label: str
    state: str
    shown: str
    length: int


def contents(event: RunEventView, view: View) -> list[Content]:
    """Arguments, result and attributes, JSON indented; what is not there is told by its state."""
    given = "content" if event.kind in ("message", "log", "start", "end", "error") else "arguments"
    made = [
        _content(given, event.args_state, event.args, view),
        _content("result", event.result_state, event.result, view),
    ]
    if event.attributes:
        shown = event.attributes
        if view.content == "digest":
            shown = jsontext.dumps(_rows.event_row(event, view)["attributes"])
            made.append(Content("attributes", "", _lines(pretty(shown)), len(shown)))
        else:
            made.append(_content("attributes", "", shown, view))
    return [one for one in made if one.shown or one.state not in ("", "absent")]


def _content(label: str, state: str, value: str | None, view: View) -> Content:
    if value is None:
        return Content(label, state, "", 0)
    if view.content == "digest":
        return Content(label, state, text.digest(value, digits=64), len(value))
    whole = view.content == "whole" or len(value) <= _SHOWN
    # What is cut is no JSON any more, and stands as it is.
    return Content(label, state, _lines(pretty(value) if whole else value[:_SHOWN]), len(value))


def _lines(value: str) -> str:
    return "\n".join(text.terminal(line) for line in value.split("\n"))


class Details:
    """Tells of the events of one report."""

    def __init__(self, report: Reconstruction, view: View, words: Words, rows: dict[str, int]) -> None:
        self.view, self.words = view, words
        self._rows = rows
        self._verdicts = dict(report.integrity)
        self._raw = report.raw

    def of(self, event: RunEventView) -> dict[str, Any]:
        """Fields, contents, join and place of an event, for the script of the page; blank ones are left out.

        `f` fields [label, value], `c` contents [label, state, text, hidden characters], `m` marks, `j` the join
        [confidence, kind, value, row of the event it was joined to, its reference], `s` the place [label, value],
        `r` the key of the raw record.
        """
        stitch, place = event.stitched_by, event.source
        made: dict[str, Any] = {
            "f": list(self._fields(event)),
            "j": [
                _CONFIDENCE_WORDS.get(stitch.confidence, text.terminal(stitch.confidence)),
                text.terminal(stitch.kind),
                text.terminal(stitch.value),
                self._rows.get(stitch.via, -1) if stitch.via else -1,
                self.words.where_id(stitch.via) if stitch.via else "",
            ],
            "s": [
                ("file", text.terminal(place.path)),
                ("record", f"{place.record:,}{f', part {place.part}' if place.part else ''}"),
                ("bytes", f"{place.length:,} from offset {place.offset:,}"),
                ("blake3", text.terminal(place.blake3)),
                ("integrity", text.terminal(self._verdicts.get(place.path, "not verified"))),
                ("event", event.id),
            ],
        }
        listed = [
            (one.label, one.state, one.shown, 0 if self.view.content == "digest" else max(one.length - _SHOWN, 0))
            for one in contents(event, self.view)
        ]
        if self.view.content == "whole":
            listed = [(label, state, shown, 0) for label, state, shown, _ in listed]
        if listed:
            made["c"] = listed
        if event.marks:
            made["m"] = [text.terminal(mark) for mark in event.marks]
        if (key := event.id.partition(".")[0]) in self._raw:
            made["r"] = key
        return made

    def raw(self) -> dict[str, tuple[str, str, int]]:
        """The records themselves: key -> (text, note, hidden characters)."""
        most = None if self.view.content == "whole" else _SHOWN
        return {
            key: (_lines(record.text[:most]), text.terminal(record.note), len(record.text[_SHOWN:]) if most else 0)
            for key, record in self._raw.items()
        }

    def _fields(self, event: RunEventView) -> Any:
        yield "time", self._time(event.ts_ns)
        if event.end_ns is not None:
            yield "end", self._time(event.end_ns)
            if event.ts_ns is not None:
                yield "took", _when.duration(event.end_ns - event.ts_ns)
        if event.skew_ns:
            yield "clock", f"shown {_when.duration(abs(event.skew_ns))} {'later' if event.skew_ns > 0 else 'earlier'}"
        if event.ts_source in _TIME_WORDS:
            yield "time is", _TIME_WORDS[event.ts_source]
        if event.tz_assumed:
            yield "zone", "none given, taken as UTC"
        yield "what", f"{text.terminal(event.layer)} {text.terminal(event.kind)}"
        yield "stream", text.terminal(event.stream)
        yield "status", text.terminal(event.status)
        if event.error:
            error = _rows.hidden_error(event.error) if self.view.content == "digest" else event.error
            yield "error", text.terminal(error or "")
        for column, label in _NAMED:
            value = getattr(event, column)
            if value:
                yield label, text.terminal(str(value))
        for column, label in (("tokens_in", "tokens in"), ("tokens_out", "tokens out")):
            value = getattr(event, column)
            if value is not None:
                yield label, f"{value:,}"
        if event.copies:
            yield "copies", f"{event.copies} more in the sources loaded"
        if event.flags:
            yield "flags", text.terminal(event.flags)

    def _time(self, ns: int | None) -> str:
        """As stored, to the nanosecond where it is that fine, in the zone of the view."""
        if ns is None:
            return "not known"
        if self.view.tz == "UTC":
            return _when.iso(ns) or ""
        return f"{_when.stamp(ns, self.view.tz)}.{ns % 1_000_000_000:09d} {self.view.tz}"
