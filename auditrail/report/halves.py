"""Spans that share one span id: the client's and the server's record of one call, as Zipkin writes them.

They are two records of two processes, and no copies. The half that called (client, producer) is the upper one; the
others stand below it, and what names the shared id as its parent belongs to the half of its own process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from auditrail import jsontext
from auditrail.errors import RecordError
from auditrail.report.types import RunEventView

_CALLERS = frozenset({"client", "producer"})


def shared(events: Iterable[RunEventView]) -> dict[str, list[RunEventView]]:
    """Span ids that several spans have, exactly one of them the caller's: these spans, the caller's first."""
    spans: dict[str, list[RunEventView]] = defaultdict(list)
    for event in events:
        if event.kind == "span" and event.span_id:
            spans[event.span_id].append(event)
    found = {}
    for span_id, members in spans.items():
        if len(members) < 2:
            continue
        callers = [event for event in members if _kind_of(event) in _CALLERS]
        if len(callers) == 1:
            found[span_id] = callers + [event for event in members if event is not callers[0]]
    return found


def of_child(halves: list[RunEventView], child: RunEventView) -> RunEventView:
    """The half that a record below the shared id belongs to.

    That is one of the child's own stream, the latest that had begun by then; else the first that was called, since
    what a server does it does below its own half.
    """
    own = [half for half in halves if half.stream == child.stream]
    if not own:
        return halves[1]
    if child.ts_ns is not None:
        begun = [half for half in own if half.ts_ns is not None and half.ts_ns <= child.ts_ns]
        if begun:
            return max(begun, key=lambda half: (half.ts_ns or 0, -half.key))
    return own[-1]


def _kind_of(event: RunEventView) -> str | None:
    if not event.attributes or '"kind"' not in event.attributes:
        return None
    try:
        value, _ = jsontext.parse(event.attributes.encode())
    except RecordError:
        return None
    kind = value.get("kind") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None
