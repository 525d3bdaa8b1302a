"""The timeline of a run: one lane for each layer and stream, spans packed so that none covers another."""

from __future__ import annotations

from typing import Any

from auditrail.outputs._header import SEVERITIES
from auditrail.outputs._wording import Words
from auditrail.report.types import Gap, RunEventView
from auditrail.terms import LAYERS

# Spans that overlap stand below one another, to so many; what overlaps still more shares the last line.
_MOST_LINES = 8
_MS = 1_000_000


def lanes(
    events: list[RunEventView],
    gaps: tuple[Gap, ...],
    row_of: dict[str, int],
    row_of_gap: dict[int, int],
    words: Words,
) -> dict[str, Any]:
    """Values for the script: `lanes` [layer, stream, lines], `items` and `first` (ms since the epoch, of time 0).

    An item is [row, lane, line, begin, end or null, class], times in ms after `first`, as corrected for the view.
    """
    timed = [event for event in events if event.ts_ns is not None]
    if not timed:
        return {"lanes": [], "items": [], "first": 0}
    first = min(_begin(event) for event in timed) // _MS * _MS
    grouped: dict[tuple[int, str], list[RunEventView]] = {}
    for event in timed:
        rank = LAYERS.index(event.layer) if event.layer in LAYERS else len(LAYERS)
        grouped.setdefault((rank, event.stream), []).append(event)
    made: list[tuple[str, str, int]] = []
    items: list[tuple[int, int, int, float, float | None, str]] = []
    for (rank, stream), members in sorted(grouped.items()):
        lane = len(made)
        members.sort(key=lambda event: (_begin(event), -(event.end_ns or 0), event.key))
        points = any(not _has_length(event) for event in members)
        ends: list[int] = []
        for event in members:
            line, end = 0, None
            if _has_length(event):
                end = (event.end_ns or 0) + event.skew_ns
                line = _line(ends, _begin(event), end) + points
            items.append(
                (
                    row_of[event.id],
                    lane,
                    line,
                    (_begin(event) - first) / _MS,
                    None if end is None else (end - first) / _MS,
                    _class(event),
                )
            )
        made.append((LAYERS[min(rank, len(LAYERS) - 1)], words.short(stream, 60), len(ends) + points))
    by_id = {event.id: event for event in timed}
    missing = [(_when_missing(gap, by_id), gap) for gap in gaps]
    known = [(at, gap) for at, gap in missing if at is not None]
    if known:
        for at, gap in known:
            row = row_of_gap.get(id(gap), row_of.get(gap.after or "", -1))
            items.append(
                (
                    row,
                    len(made),
                    0,
                    (at - first) / _MS,
                    None,
                    f"gap {gap.severity if gap.severity in SEVERITIES else 'low'}",
                )
            )
        made.append(("gap", "missing or in doubt", 1))
    return {"lanes": made, "items": items, "first": first // _MS}


def _begin(event: RunEventView) -> int:
    return (event.ts_ns or 0) + event.skew_ns


def _has_length(event: RunEventView) -> bool:
    return event.end_ns is not None and event.ts_ns is not None and event.end_ns > event.ts_ns


def _line(ends: list[int], begin: int, end: int) -> int:
    """The first line of the lane that is free at that time."""
    for line, until in enumerate(ends):
        if until <= begin:
            ends[line] = end
            return line
    if len(ends) < _MOST_LINES:
        ends.append(end)
        return len(ends) - 1
    ends[-1] = max(ends[-1], end)
    return len(ends) - 1


def _class(event: RunEventView) -> str:
    if event.decision:
        return "allow" if event.decision == "allow" else "deny" if event.decision == "deny" else "ask"
    return event.status if event.status in ("error", "denied") else ""


def _when_missing(gap: Gap, by_id: dict[str, RunEventView]) -> int | None:
    """The time of the event behind which it shows; a gap without one has its own, if any."""
    if gap.after is None:
        return gap.first_ns
    event = by_id.get(gap.after)
    return None if event is None else _begin(event)
