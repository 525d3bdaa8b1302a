"""Tokens of a run: each answer of a model counted once, as the one stream counts them that holds most.

The agent, the tracer and the gateway each tell the tokens of the same answer, and a transcript may repeat them on
every line of it. Adding all would count an answer several times. So the answers of one stream are told apart by their
response id (without one, by record), and only the stream with the most tokens speaks.

Within a stream, too, a count may be the sum of others: an agent's span tells what all requests below it used, a
framework's span what the client's span inside it used, and the end of a run its total. A span counts as the larger of
its own count and those of the spans below it; a total without a span counts only where no model's record tells any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from auditrail.report.types import RunEventView, Usage


@dataclass
class _Answer:
    """What one answer used; `span` is the span that says so (`own`), or that the record which says so stands in."""

    tokens_in: int = 0
    tokens_out: int = 0
    span: str | None = None
    own: bool = False
    total: bool = False  # of a run, told by its agent beside any span
    below: list[_Answer] = field(default_factory=list)


def of_run(events: Iterable[RunEventView]) -> Usage | None:
    """The tokens of a run; None where no record tells any."""
    events = list(events)
    streams: dict[str, dict[str | int, _Answer]] = defaultdict(dict)
    for event in events:
        if event.tokens_in is None and event.tokens_out is None:
            continue
        # The lines of one answer may be written while it grows: the largest count is the last one.
        answer = streams[event.stream].setdefault(event.response_id or event.key, _Answer())
        answer.tokens_in = max(answer.tokens_in, event.tokens_in or 0)
        answer.tokens_out = max(answer.tokens_out, event.tokens_out or 0)
        if answer.span is None or event.kind == "span":
            answer.span, answer.own = event.span_id, event.kind == "span"
        answer.total = event.layer != "llm" and event.span_id is None
    above: dict[str | None, str | None] = {
        event.span_id: event.parent_span_id for event in events if event.span_id and event.kind == "span"
    }
    made = [_of_stream(stream, list(answers.values()), above) for stream, answers in streams.items()]
    return max(made, key=lambda usage: (usage.tokens_in + usage.tokens_out, usage.stream)) if made else None


def _of_stream(stream: str, answers: list[_Answer], above: Mapping[str | None, str | None]) -> Usage:
    told = [answer for answer in answers if not answer.total] or answers
    by_span: dict[str | None, _Answer] = {answer.span: answer for answer in told if answer.span and answer.own}
    tops: list[_Answer] = []
    for answer in told:
        holder = _nearest(answer, by_span, above)
        (holder.below if holder is not None else tops).append(answer)
    counts = [_counted(answer) for answer in tops]
    return Usage(stream, *(sum(count[place] for count in counts) for place in range(3)))


def _nearest(
    answer: _Answer, by_span: Mapping[str | None, _Answer], above: Mapping[str | None, str | None]
) -> _Answer | None:
    """The answer whose span stands next above; None at the top, and where the way up runs in a ring."""
    seen: set[str | None] = {answer.span} if answer.own else set()
    found: _Answer | None = None
    span = above.get(answer.span) if answer.own else answer.span
    while span is not None:
        if span in seen:
            return None
        seen.add(span)
        if found is None and span in by_span and by_span[span] is not answer:
            found = by_span[span]
        span = above.get(span)
    return found


def _counted(top: _Answer) -> tuple[int, int, int]:
    """Answers, input and output tokens of an answer and those below it, without counting any twice."""
    order, stack = [], [top]
    while stack:
        answer = stack.pop()
        order.append(answer)
        stack += answer.below
    numbers: dict[int, tuple[int, int, int]] = {}
    for answer in reversed(order):
        inner = [numbers.pop(id(child)) for child in answer.below]
        answers, tokens_in, tokens_out = (sum(count[place] for count in inner) for place in range(3))
        numbers[id(answer)] = (answers or 1, max(answer.tokens_in, tokens_in), max(answer.tokens_out, tokens_out))
    return numbers[id(top)]
