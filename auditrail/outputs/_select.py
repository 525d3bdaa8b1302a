"""Which events a view shows, how they hang together there, and which repeats it folds. All linear in the events."""

from __future__ import annotations

from dataclasses import dataclass, field

from auditrail.outputs._view import View
from auditrail.report.types import ChildRun, Gap, Reconstruction, RunEventView

FOLD_FROM = 4


def _left_out_by(event: RunEventView, view: View) -> str | None:
    """The option that leaves the event out, None if it is shown."""
    if view.layers and event.layer not in view.layers:
        return "layer"
    # An event without a time can't be told to lie outside of the window: it stays.
    if event.ts_ns is not None:
        if view.since_ns is not None and max(event.ts_ns, event.end_ns or event.ts_ns) < view.since_ns:
            return "time"
        if view.until_ns is not None and event.ts_ns > view.until_ns:
            return "time"
    return "depth" if view.depth is not None and event.depth > view.depth else None


def attached(report: Reconstruction) -> tuple[dict[str, list[Gap]], dict[str, list[ChildRun]]]:
    """Event id -> the gaps that are shown behind it, and the runs that it spawned."""
    gaps: dict[str, list[Gap]] = {}
    for gap in report.gaps:
        if gap.after:
            gaps.setdefault(gap.after, []).append(gap)
    children: dict[str, list[ChildRun]] = {}
    for child in report.children:
        if child.event:
            children.setdefault(child.event, []).append(child)
    return gaps, children


def shown(report: Reconstruction, view: View) -> list[RunEventView]:
    """The events that the options of the view let through, in order of stored time."""
    return [event for event in report.events if _left_out_by(event, view) is None]


def hidden(report: Reconstruction, view: View) -> dict[str, int]:
    """How many events each option leaves out (`layer`, `time`, `depth`); empty if all are shown."""
    counts: dict[str, int] = {}
    for event in report.events:
        option = _left_out_by(event, view)
        if option:
            counts[option] = counts.get(option, 0) + 1
    return counts


@dataclass(slots=True)
class Node:
    """An event in the tree of a view, or a run of alike ones (`more`) that follow the node before it."""

    event: RunEventView
    children: list[Node] = field(default_factory=list)
    more: list[RunEventView] = field(default_factory=list)


def forest(report: Reconstruction, view: View) -> list[Node]:
    """The shown events as trees: each stands under its nearest shown ancestor, siblings in the order of the report."""
    by_id = {event.id: event for event in report.events}
    visible = {event.id: Node(event) for event in report.events if _left_out_by(event, view) is None}
    nearest: dict[str, Node | None] = {}
    roots: list[Node] = []
    for event_id in report.tree:
        event = by_id.get(event_id)
        if event is None:
            continue
        # Parents come before their children in the tree, so their nearest shown ancestor is known.
        parent = event.parent_id
        above = (visible.get(parent) or nearest.get(parent)) if parent is not None else None
        nearest[event_id] = above
        node = visible.get(event_id)
        if node is not None:
            (above.children if above else roots).append(node)
    if view.fold:
        kept = {gap.after for gap in report.gaps if gap.after} | {c.event for c in report.children if c.event}
        for node in visible.values():
            node.children = _folded(node.children, kept)
        roots = _folded(roots, kept)
    return roots


def _likeness(node: Node, kept: set[str]) -> tuple[object, ...] | None:
    """What alike events have in common; None for an event that must be seen.

    Whatever failed, was refused, is marked, or leads to another event is never folded, and tool calls and decisions
    are alike only with equal arguments: four payments are four payments.
    """
    event = node.event
    if node.children or event.marks or event.id in kept or event.error or event.status in ("error", "denied"):
        return None
    if event.decision not in (None, "allow"):
        return None
    args = event.args if event.tool or event.decision else None
    joined = event.stitched_by.confidence
    return (event.layer, event.kind, event.name, event.tool, event.status, event.decision, event.stream, joined, args)


def _folded(nodes: list[Node], kept: set[str]) -> list[Node]:
    made: list[Node] = []
    start = 0
    while start < len(nodes):
        likeness = _likeness(nodes[start], kept)
        end = start + 1
        while likeness is not None and end < len(nodes) and _likeness(nodes[end], kept) == likeness:
            end += 1
        if end - start >= FOLD_FROM:
            rest = [node.event for node in nodes[start + 1 : end]]
            made += [nodes[start], Node(rest[0], more=rest)]
        else:
            made += nodes[start:end]
        start = end
    return made
