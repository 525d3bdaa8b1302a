"""Whose clock is off: estimated from pairs that must be ordered, used for the view only.

A call brackets what it causes: everything in another stream that carries the same tool call id (or stands in a child
span, or is the other half of the call's own span) happened between the call and its result. Each such pair says
between which bounds the other stream's clock may be shifted; the shift that fits most pairs is the estimate. No shift
is claimed where none is needed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from auditrail.correlate.turns import turns
from auditrail.report import halves
from auditrail.report.types import RunEventView, Skew

# Below this a shift is not worth a word: logs carry milliseconds, and work between two records takes some.
SMALLEST_NS = 250_000_000
# One pair may be a retry or a record out of place; two that agree are a clock.
FEWEST_PAIRS = 2

_Bounds = tuple[int, int]


def estimate(events: Iterable[RunEventView]) -> tuple[Skew, ...]:
    """The streams whose clock is off against the streams that called them, with sign: ahead is positive."""
    listed = [event for event in events if event.ts_ns is not None]
    bounds: dict[str, list[_Bounds]] = defaultdict(list)
    for outer, start, end, inner in _pairs(listed):
        first, last = inner.ts_ns or 0, inner.end_ns or inner.ts_ns or 0
        if inner.stream != outer.stream and last - first <= end - start:
            bounds[inner.stream].append((start - first, end - last))
    found = []
    for stream, pairs in sorted(bounds.items()):
        shift, agreeing = _best(pairs)
        if shift and agreeing >= FEWEST_PAIRS and agreeing * 2 > len(pairs):
            found.append(Skew(stream, -shift / 1e9, agreeing))
    return tuple(found)


def _pairs(events: list[RunEventView]) -> Iterable[tuple[RunEventView, int, int, RunEventView]]:
    """(outer event, its begin, its end, inner event) for calls with results, and spans with what they contain."""
    spans = {event.span_id: event for event in events if event.kind == "span" and event.span_id and event.end_ns}
    for event in events:
        inside = event.parent_span_id if event.kind == "span" else event.span_id or event.parent_span_id
        outer = spans.get(inside) if inside else None
        if outer is not None and outer.ts_ns is not None and outer.end_ns is not None:
            yield outer, outer.ts_ns, outer.end_ns, event
    for caller, *called in halves.shared(events).values():
        if caller.ts_ns is not None and caller.end_ns is not None:
            yield from ((caller, caller.ts_ns, caller.end_ns, half) for half in called)
    turn_of = turns(events)
    by_call: dict[tuple[str, int], list[RunEventView]] = defaultdict(list)
    for event in events:
        if event.tool_call_id and event.layer != "llm":
            by_call[event.tool_call_id, turn_of.get(event.id, 0)].append(event)
    for members in by_call.values():
        brackets: dict[str, list[RunEventView]] = defaultdict(list)
        for event in members:
            brackets[event.stream].append(event)
        for stream, own in brackets.items():
            calls = [event.ts_ns for event in own if event.kind == "call" and event.ts_ns is not None]
            results = [event.ts_ns for event in own if event.kind == "result" and event.ts_ns is not None]
            if not calls or not results:
                continue
            for inner in members:
                if inner.stream != stream and inner.layer != "policy":
                    yield own[0], min(calls), max(results), inner


def _best(pairs: list[_Bounds]) -> tuple[int, int]:
    """The shift inside most bounds that is nearest to zero, and how many bounds hold it; (0, n) if none is needed."""
    if sum(1 for low, high in pairs if low <= 0 <= high) * 2 >= len(pairs):
        return 0, len(pairs)
    # Bounds that only touch hold the edge that they share, and nothing beside it.
    edges = sorted({edge for pair in pairs for edge in pair})
    candidates = (*edges, *((a + b) // 2 for a, b in pairwise(edges)))
    lows, highs = sorted(low for low, _ in pairs), sorted(high for _, high in pairs)
    scored = [(bisect_right(lows, shift) - bisect_left(highs, shift), shift) for shift in candidates]
    most = max(count for count, _ in scored)
    holding = [shift for count, shift in scored if count == most]
    # The bounds that hold the best shift, met: their middle is the estimate.
    shift = min(holding, key=abs)
    inside = [(low, high) for low, high in pairs if low <= shift <= high]
    middle = (max(low for low, _ in inside) + min(high for _, high in inside)) // 2
    return (middle, most) if abs(middle) >= SMALLEST_NS else (0, len(pairs))
