"""What stands under what: the tree of a run, from span parents, records, tool calls and the joins themselves.

The parent of an event is, in this order:
1. the span that it names as its parent, or a record other than a span the span that it happened in, if it is held
   (in a stream that tells begin and end of a span apart, the first record of that span stands for it);
2. for a call that a model asks for, the model's answer in the same record;
3. for a model's answer without a span of its own, the span that has the same response id;
4. for anything else with a tool call id, the span that executed that call, or else the record of its begin;
5. for a record without a span, the one span of its own stream that was open at that moment (one stream, one clock);
6. for an event joined over shared ids, the event that it was joined to;
7. the run's own span, if there is exactly one.
An event that names a parent which is not held has no parent here: it stands at the top, where the loss shows.
A parent is never its own descendant. Of the halves of a call that share one span id, the called ones stand below the
caller's, and each record below that id stands below the half of its own stream (see `halves`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import accumulate

from auditrail.correlate.turns import turns
from auditrail.report import begins, halves
from auditrail.report.types import RunEventView

# A tree deeper than this is cut: what is below stands at this depth.
MAX_DEPTH = 60

# What a tool call is executed by, best first; the model's wish is not among them.
_EXECUTION = {("tool", "span"): 0, ("agent", "span"): 1, ("agent", "call"): 2, ("tool", "call"): 3}
# A service logs the begin of a request a moment before its span opens, and its end a moment after it closes.
_OPEN_SLACK_NS = 5_000_000
_GROUPING = frozenset({"trace", "session", "conversation", "run"})


def order(events: list[RunEventView]) -> dict[str, tuple[str | None, int]]:
    """Event id -> (parent id, depth), in the order of the tree: depth first, siblings by corrected time."""
    parents = _parents(events)
    by_id = {event.id: event for event in events}
    children: dict[str | None, list[str]] = defaultdict(list)
    for event in events:
        children[parents[event.id]].append(event.id)

    for siblings in children.values():
        siblings.sort(key=lambda event_id: by_id[event_id].order)
    placed: dict[str, tuple[str | None, int]] = {}
    stack: list[tuple[str, int]] = [(event_id, 0) for event_id in reversed(children[None])]
    while stack:
        event_id, depth = stack.pop()
        placed[event_id] = (parents[event_id], depth)
        stack.extend((child, min(depth + 1, MAX_DEPTH)) for child in reversed(children[event_id]))
    return placed


class _Index:
    """What parents are looked up by."""

    def __init__(self, events: list[RunEventView]) -> None:
        self.ids = {event.id for event in events}
        self.halves = halves.shared(events)
        self.spans: dict[str, str] = {}
        self.turns = turns(events)
        self.told = begins.spans(events)
        self.executions: dict[tuple[str, int], str] = {}
        self.answers: dict[tuple[str, str, int], str] = {}
        self.responses: dict[str, str] = {}
        spans: dict[str, list[RunEventView]] = defaultdict(list)
        for event in events:
            if event.kind == "span" and event.span_id:
                self.spans.setdefault(event.span_id, event.id)
                if event.ts_ns is not None and event.end_ns is not None and event.parent_span_id:
                    spans[event.stream].append(event)
                if event.response_id:
                    self.responses.setdefault(event.response_id, event.id)
            if event.layer == "llm" and event.kind in ("span", "result"):
                self.answers.setdefault(_record(event), event.id)
        for event in sorted(events, key=_execution_order):
            if event.tool_call_id and (event.layer, event.kind) in _EXECUTION:
                self.executions.setdefault((event.tool_call_id, self.turns.get(event.id, 0)), event.id)
        own = [
            event.id
            for event in events
            if event.kind == "span" and event.span_id and event.layer == "agent" and not event.parent_span_id
        ]
        self.root = own[0] if len(own) == 1 else None
        self.open = {stream: _Open(members) for stream, members in spans.items()}

    def span_of(self, span_id: str, event: RunEventView) -> str | None:
        """The span with that id, for a record below it."""
        several = self.halves.get(span_id)
        if several:
            return halves.of_child(several, event).id
        return self.spans.get(span_id) or self.told.get((event.stream, span_id))

    def caller(self, event: RunEventView) -> str | None:
        """For the called half of a call whose halves share a span id: the half of the caller."""
        several = self.halves.get(event.span_id or "") if event.kind == "span" else None
        return several[0].id if several and several[0].id != event.id else None

    def open_span(self, event: RunEventView) -> str | None:
        """The one span of the event's stream that was open at its time; None if there is none, or several."""
        spans = self.open.get(event.stream)
        if spans is None or event.ts_ns is None or event.span_id:
            return None
        return spans.at(event.ts_ns)


class _Open:
    """The spans of one stream in order of their begin: a run may have as many of them as it has other events."""

    def __init__(self, spans: list[RunEventView]) -> None:
        bounds = sorted(
            (span.ts_ns - _OPEN_SLACK_NS, span.end_ns + _OPEN_SLACK_NS, span.id)
            for span in spans
            if span.ts_ns is not None and span.end_ns is not None and span.end_ns + 2 * _OPEN_SLACK_NS >= span.ts_ns
        )
        self._begins = [begin for begin, _, _ in bounds]
        self._ends = sorted(end for _, end, _ in bounds)
        # The last to end among all spans up to each begin: if only one of them is still open, it is this one.
        self._last = list(accumulate(((end, span) for _, end, span in bounds), max))

    def at(self, ns: int) -> str | None:
        """The span that was open at that time, if it is exactly one: begun by then, less ended before."""
        begun = bisect_right(self._begins, ns)
        return self._last[begun - 1][1] if begun - bisect_left(self._ends, ns) == 1 else None


def _parents(events: list[RunEventView]) -> dict[str, str | None]:
    index = _Index(events)
    parents: dict[str, str | None] = dict.fromkeys(index.ids)
    tops: dict[str, str] = {}
    for event in events:
        for candidate in _candidates(event, index):
            # An event without a parent as yet is the top of all that stands below it.
            if candidate is not None and candidate in index.ids and _top(candidate, tops) != event.id:
                parents[event.id] = tops[event.id] = candidate
                break
    return parents


def _candidates(event: RunEventView, index: _Index) -> list[str | None]:
    """Possible parents, best first; see the module docstring."""
    own = index.span_of(event.span_id, event) if event.kind != "span" and event.span_id else None
    if own is not None and own != event.id:
        return [own]
    if caller := index.caller(event):
        return [caller]
    if event.parent_span_id:
        found = [index.span_of(event.parent_span_id, event)]
        return found if event.kind == "span" or found[0] is not None else [index.answers.get(_record(event))]
    wish = event.layer == "llm" and event.kind == "call"
    candidates: list[str | None] = []
    if wish:
        candidates.append(index.answers.get(_record(event)))
    elif event.layer == "llm":
        candidates.append(index.responses.get(event.response_id or ""))
    elif event.tool_call_id:
        candidates.append(index.executions.get((event.tool_call_id, index.turns.get(event.id, 0))))
    if event.layer not in ("llm", "agent"):
        candidates.append(index.open_span(event))
    joined = event.stitched_by
    if joined.confidence != "exact" and joined.kind not in _GROUPING and event.layer != "llm":
        candidates.append(joined.via)
    candidates.append(index.root)
    return candidates


def _record(event: RunEventView) -> tuple[str, str, int]:
    """The record of an event; its source tells two versions of a changed file apart, which stand under one path."""
    return (event.id.partition(":")[0], event.source.path, event.source.record)


def _execution_order(event: RunEventView) -> tuple[int, int, int]:
    ts = event.ts_ns if event.ts_ns is not None else 1 << 62
    return (_EXECUTION.get((event.layer, event.kind), 9), ts, event.key)


def _top(event_id: str, tops: dict[str, str]) -> str:
    """What stands at the top above an event; the way there is shortened, so that a long chain is walked once."""
    at, way = event_id, []
    while at in tops:
        way.append(at)
        at = tops[at]
    for passed in way:
        tops[passed] = at
    return at
