"""Perfetto and chrome://tracing: the Trace Event Format, JSON object form.

Source of the format: "Trace Event Format" (the document that catapult's docs/trace-event-format.md points to), and how
Perfetto imports it (docs/getting-started/other-formats.md of google/perfetto):

- a process is a layer, a thread a stream of it. Slices of one thread must nest: spans that overlap and do not nest are
  on further threads of the stream, "stream (2)".
- `X` (complete) for what has a length, `i` (instant, of its thread) for what has none; `M` names processes and threads.
- `ts` and `dur` are microseconds with the nanoseconds behind the point, from the begin of the run on: since the epoch,
  a double could not hold them. `otherData.begin` is that moment. Times are those of the view, corrected for clocks
  that are off; `args.ts` is the time as stored.
- A gap is an instant of the process "missing or in doubt". Flow arrows (`s`, `f`) lead from a span to the span of
  another stream that was joined to it.
- An event without a time can stand on no time line: `otherData.events_without_time` has them whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from auditrail import text
from auditrail.outputs import _rows, _when
from auditrail.outputs._select import shown
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import Reconstruction, Report, RunEventView
from auditrail.terms import LAYERS

NAME = "perfetto"
EXTENSION = "json"
REPORTS = ("reconstruction",)

_MISSING = len(LAYERS) + 1
_NAME = 120
# Reserved colour names of the trace viewer; Perfetto passes over them.
_COLOURS = {"error": "terrible", "denied": "terrible"}


def render(report: Report, view: View) -> Iterator[str]:
    """The document, one trace event on each line."""
    assert isinstance(report, Reconstruction)  # noqa: S101 - REPORTS says so
    events = shown(report, view)
    timed = [event for event in events if event.ts_ns is not None]
    base = min((_begin(event) for event in timed), default=report.started_ns or 0)
    other = {
        "generator": _rows.GENERATOR,
        "run": report.id,
        "agent": report.agent,
        "begin": _when.iso(base),
        "completeness": report.completeness._asdict(),
        "not_checked": list(report.not_checked),
        "events_without_time": [_rows.event_row(event, view) for event in events if event.ts_ns is None],
    }
    yield '{"displayTimeUnit":"ms","otherData":' + _rows.encode(other) + ',"traceEvents":[\n'
    lines = [_rows.encode(one) for one in _Tracks(report, view, timed, base).events()]
    yield ",\n".join(lines)
    yield "\n]}\n" if lines else "]}\n"


def _begin(event: RunEventView) -> int:
    return (event.ts_ns or 0) + event.skew_ns


class _Tracks:
    """Places events on processes and threads."""

    def __init__(self, report: Reconstruction, view: View, events: list[RunEventView], base: int) -> None:
        self.report, self.view, self.base = report, view, base
        self.listed = sorted(events, key=lambda event: (_begin(event), -(event.end_ns or 0), event.key))
        self.words = Words(report, replace(view, width=200, content="digest" if view.content == "digest" else "short"))
        self._threads: dict[tuple[int, str, int], int] = {}
        self._open: dict[tuple[int, str], list[list[int]]] = {}
        self._place: dict[str, tuple[int, int]] = {}
        self._by_id = {event.id: event for event in events}

    def events(self) -> list[dict[str, Any]]:
        """Names first, then the events in order of time, then flows and gaps."""
        made = [self._event(event) for event in self.listed]
        flows = [flow for event in self.listed for flow in self._flow(event)]
        gaps = self._gaps()
        return [*self._names(gaps=bool(gaps)), *made, *flows, *gaps]

    def _us(self, ns: int) -> float:
        return (ns - self.base) / 1_000

    def _event(self, event: RunEventView) -> dict[str, Any]:
        pid = 1 + (LAYERS.index(event.layer) if event.layer in LAYERS else len(LAYERS) - 1)
        begin = _begin(event)
        end = begin if event.end_ns is None else max(event.end_ns + event.skew_ns, begin)
        stream = self.words.short(event.stream, _NAME)
        tid = self._thread(pid, stream, self._line(pid, stream, begin, end))
        self._place[event.id] = (pid, tid)
        row = _rows.event_row(event, self.view)
        made: dict[str, Any] = {
            "name": text.shorten("".join(part for part, _ in self.words.phrase(event)), _NAME) or event.kind,
            "cat": f"{event.layer},{event.kind}",
            "ph": "i" if event.end_ns is None else "X",
            "ts": self._us(begin),
            "pid": pid,
            "tid": tid,
        }
        if event.end_ns is None:
            made["s"] = "t"
        else:
            made["dur"] = (end - begin) / 1_000
        colour = _COLOURS["denied"] if event.decision == "deny" else _COLOURS.get(event.status)
        if colour:
            made["cname"] = colour
        made["args"] = {name: value for name, value in row.items() if value not in (None, [], "")}
        return made

    def _line(self, pid: int, stream: str, begin: int, end: int) -> int:
        """The first thread of the stream on which the slice nests in, or follows, those that are there."""
        lines = self._open.setdefault((pid, stream), [[]])
        if end == begin:
            return 0
        for number, ends in enumerate(lines):
            while ends and ends[-1] <= begin:
                ends.pop()
            if not ends or ends[-1] >= end:
                ends.append(end)
                return number
        lines.append([end])
        return len(lines) - 1

    def _thread(self, pid: int, stream: str, line: int) -> int:
        return self._threads.setdefault((pid, stream, line), len(self._threads) + 1)

    def _names(self, *, gaps: bool) -> Iterator[dict[str, Any]]:
        for pid in sorted({pid for pid, _, _ in self._threads}):
            yield from _named(pid, 0, LAYERS[pid - 1], "process")
        for (pid, stream, line), tid in self._threads.items():
            yield from _named(pid, tid, f"{stream} ({line + 1})" if line else stream, "thread")
        if gaps:
            yield from _named(_MISSING, 0, "missing or in doubt", "process")

    def _flow(self, event: RunEventView) -> Iterator[dict[str, Any]]:
        """An arrow from the span that this span was joined to; instants hold no end of an arrow."""
        via = self._by_id.get(event.stitched_by.via or "")
        if via is None or event.end_ns is None or via.end_ns is None or via.stream == event.stream:
            return
        shared = {"name": event.stitched_by.kind, "cat": f"joined,{event.stitched_by.confidence}", "id": event.key}
        for phase, one in (("s", via), ("f", event)):
            pid, tid = self._place[one.id]
            ends = {"bp": "e"} if phase == "f" else {}
            yield {**shared, "ph": phase, **ends, "ts": self._us(_begin(one)), "pid": pid, "tid": tid}

    def _gaps(self) -> list[dict[str, Any]]:
        made = []
        for gap in self.report.gaps:
            near = self._by_id.get(gap.after or "")
            at = _begin(near) if near is not None else gap.first_ns
            if at is None:
                continue
            name = text.shorten(self.words.clean(gap.title), _NAME)
            made.append(
                {"name": name, "cat": f"gap,{gap.cause}", "ph": "i", "s": "p", "ts": self._us(at), "pid": _MISSING,
                 "tid": 0, "args": {k: v for k, v in _rows.gap_row(gap).items() if v not in (None, [], "")}}
            )  # fmt: skip
        return made


def _named(pid: int, tid: int, name: str, what: str) -> Iterator[dict[str, Any]]:
    yield {"name": f"{what}_name", "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}
    index = pid if what == "process" else tid
    yield {"name": f"{what}_sort_index", "ph": "M", "pid": pid, "tid": tid, "args": {"sort_index": index}}
