"""What stands under what: the tree of a run, from span parents, tool calls and the joins themselves.

The parent of an event is, in this order:
1. the span that it names as its parent, if that span is held;
2. the first event of the run with the same tool call id: what the model asked for, then the call, then the span;
3. for an event joined over shared ids, the event that it was joined to.
Nothing is invented: without any of these an event stands at the top. A parent is never its own descendant.
"""

from __future__ import annotations

from collections import defaultdict

from auditrail.report.types import RunEventView

# A tree deeper than this is cut: what is below stands at this depth.
MAX_DEPTH = 60

_CALL_RANK = {("llm", "call"): 0, ("agent", "call"): 1, ("tool", "call"): 2, ("tool", "span"): 3}


def order(events: list[RunEventView]) -> dict[str, tuple[str | None, int]]:
    """Event id -> (parent id, depth), in the order of the tree: depth first, siblings by corrected time."""
    parents = _parents(events)
    by_id = {event.id: event for event in events}
    children: dict[str | None, list[str]] = defaultdict(list)
    for event in events:
        children[parents[event.id]].append(event.id)

    def when(event_id: str) -> tuple[int, int, int]:
        event = by_id[event_id]
        if event.ts_ns is None:
            return (1, 0, event.key)
        return (0, event.ts_ns + event.skew_ns, event.key)

    for siblings in children.values():
        siblings.sort(key=when)
    placed: dict[str, tuple[str | None, int]] = {}
    stack: list[tuple[str, int]] = [(event_id, 0) for event_id in reversed(children[None])]
    while stack:
        event_id, depth = stack.pop()
        placed[event_id] = (parents[event_id], depth)
        stack.extend((child, min(depth + 1, MAX_DEPTH)) for child in reversed(children[event_id]))
    return placed


def _parents(events: list[RunEventView]) -> dict[str, str | None]:
    spans: dict[str, RunEventView] = {}
    calls: dict[str, RunEventView] = {}
    for event in events:
        if event.kind == "span" and event.span_id:
            spans.setdefault(event.span_id, event)
    for event in sorted(events, key=_call_order):
        if event.tool_call_id:
            calls.setdefault(event.tool_call_id, event)
    ids = {event.id for event in events}
    parents: dict[str, str | None] = {}
    for event in events:
        candidates: list[str | None] = []
        if event.parent_span_id and event.parent_span_id in spans:
            candidates.append(spans[event.parent_span_id].id)
        if event.tool_call_id and event.tool_call_id in calls and not event.parent_span_id:
            candidates.append(calls[event.tool_call_id].id)
        if event.stitched_by.confidence != "exact" and event.stitched_by.kind not in ("trace", "session", "conversation"):
            candidates.append(event.stitched_by.via)
        parents[event.id] = None
        for candidate in candidates:
            if candidate is not None and candidate in ids and not _is_below(candidate, event.id, parents):
                parents[event.id] = candidate
                break
    return parents


def _call_order(event: RunEventView) -> tuple[int, int, int]:
    ts = event.ts_ns if event.ts_ns is not None else 1 << 62
    return (_CALL_RANK.get((event.layer, event.kind), 9), ts, event.key)


def _is_below(candidate: str, event_id: str, parents: dict[str, str | None]) -> bool:
    """Whether `candidate` is the event itself or stands below it: then it can't be its parent."""
    seen = 0
    at: str | None = candidate
    while at is not None and seen <= MAX_DEPTH * 4:
        if at == event_id:
            return True
        at = parents.get(at)
        seen += 1
    return seen > MAX_DEPTH * 4
