"""Where things begin and end that no record of theirs tells: spans told in two records, and a talk."""

from __future__ import annotations

from collections.abc import Iterable

from auditrail.report.types import RunEventView

# Tools that a model calls to say that it is done: OpenHands, SWE-agent, Inspect, smolagents, Cline, Copilot.
_CLOSING = frozenset({"finish", "submit", "final_answer", "attempt_completion", "task_complete", "task_done"})


def spans(events: Iterable[RunEventView]) -> dict[tuple[str, str], str]:
    """(stream, span id) -> the first record of that span, for streams that tell begin and end of a span apart.

    Such a stream has no spans as such: what carries a span's id is the span. In a stream with spans it is a log line.
    A message of a chain is no span: the next one does not happen inside it.
    """
    found: dict[tuple[str, str], str] = {}
    with_spans: set[str] = set()
    for event in sorted(events, key=lambda event: event.key):
        if event.kind == "span":
            with_spans.add(event.stream)
        elif event.span_id and event.span_id != event.message_id:
            found.setdefault((event.stream, event.span_id), event.id)
    return {key: event_id for key, event_id in found.items() if key[0] not in with_spans}


def _words(events: Iterable[RunEventView]) -> list[RunEventView]:
    """What was said in a run, calls and results included."""
    return [event for event in events if event.kind in ("message", "call", "result")]


def closing(events: Iterable[RunEventView]) -> RunEventView | None:
    """The call by which the model ended the run, or its result, if that is the last word."""
    last = next(reversed(_words(events)), None)
    return last if last is not None and last.tool and last.tool.lower() in _CLOSING else None


def edges(events: list[RunEventView]) -> tuple[bool, bool, bool]:
    """Whether a run says where it starts, whether its begin is held, and whether its end is.

    A root span tells both; so do the ends of a conversation. It begins with what a user or the system says, and ends
    with an answer; after a call or a result the model had the word.
    """
    # A record of a model request has a begin and an end, too, but no span id: it is not the run's root.
    root = any(e.kind == "span" and e.span_id and not e.parent_span_id and e.end_ns for e in events)
    kinds = {event.kind for event in events if event.layer in ("agent", "other")}
    told = _words(events)
    started = root or "start" in kinds
    begun = started or (bool(told) and _speaks(told[0], "agent"))
    ended = root or "end" in kinds or (bool(told) and _speaks(told[-1], "llm")) or closing(events) is not None
    return started, begun, ended


def _speaks(event: RunEventView, layer: str) -> bool:
    return event.kind == "message" and event.layer == layer
