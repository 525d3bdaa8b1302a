"""What stands under what: the tree of a run, from span parents, records, tool calls and the joins themselves.

The parent of an event is, in this order:
1. the span that it names as its parent, if that span is held;
2. for a call that a model asks for, the model's answer in the same record;
3. for anything else with a tool call id, the span that executed that call, or else the record of its begin;
4. for an event joined over shared ids, the event that it was joined to.
Nothing is invented: without any of these an event has no parent. A parent is never its own descendant.

In the view, events without a parent stand under the run's own span, if there is exactly one: it is the run.
"""

from __future__ import annotations

from collections import defaultdict

from auditrail.report.types import RunEventView

# A tree deeper than this is cut: what is below stands at this depth.
MAX_DEPTH = 60

# What a tool call is executed by, best first; the model's wish is not among them.
_EXECUTION = {("tool", "span"): 0, ("agent", "span"): 1, ("agent", "call"): 2, ("tool", "call"): 3}
_GROUPING = frozenset({"trace", "session", "conversation", "run"})


def order(events: list[RunEventView]) -> dict[str, tuple[str | None, int]]:
    """Event id -> (parent id, depth), in the order of the tree: depth first, siblings by corrected time."""
    parents = _parents(events)
    by_id = {event.id: event for event in events}
    root = _root(events, parents)
    children: dict[str | None, list[str]] = defaultdict(list)
    for event in events:
        above = parents[event.id]
        children[root if above is None and event.id != root else above].append(event.id)

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


def _root(events: list[RunEventView], parents: dict[str, str | None]) -> str | None:
    """The run's own span: the only span of the agent at the top."""
    tops = [
        event.id
        for event in events
        if parents[event.id] is None and event.kind == "span" and event.layer == "agent" and not event.parent_span_id
    ]
    return tops[0] if len(tops) == 1 else None


def _parents(events: list[RunEventView]) -> dict[str, str | None]:
    spans: dict[str, str] = {}
    executions: dict[str, str] = {}
    answers: dict[tuple[str, int], str] = {}
    for event in events:
        if event.kind == "span" and event.span_id:
            spans.setdefault(event.span_id, event.id)
        if event.layer == "llm" and event.kind in ("span", "result"):
            answers.setdefault((event.source.path, event.source.record), event.id)
    for event in sorted(events, key=_execution_order):
        if event.tool_call_id and (event.layer, event.kind) in _EXECUTION:
            executions.setdefault(event.tool_call_id, event.id)
    ids = {event.id for event in events}
    parents: dict[str, str | None] = {}
    for event in events:
        wish = event.layer == "llm" and event.kind == "call"
        candidates: list[str | None] = []
        if event.parent_span_id:
            candidates.append(spans.get(event.parent_span_id))
        if wish:
            candidates.append(answers.get((event.source.path, event.source.record)))
        elif event.tool_call_id and not event.parent_span_id and event.layer != "llm":
            candidates.append(executions.get(event.tool_call_id))
        joined = event.stitched_by
        if joined.confidence != "exact" and joined.kind not in _GROUPING and not (event.layer == "llm" and not wish
                and joined.kind == "tool_call"):  # fmt: skip
            candidates.append(joined.via)
        parents[event.id] = None
        for candidate in candidates:
            if candidate is not None and candidate in ids and not _is_below(candidate, event.id, parents):
                parents[event.id] = candidate
                break
    return parents


def _execution_order(event: RunEventView) -> tuple[int, int, int]:
    ts = event.ts_ns if event.ts_ns is not None else 1 << 62
    return (_EXECUTION.get((event.layer, event.kind), 9), ts, event.key)


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
