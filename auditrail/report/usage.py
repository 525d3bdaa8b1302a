"""Tokens of a run: each answer of a model counted once, as the one stream counts them that holds most.

The agent, the tracer and the gateway each tell the tokens of the same answer, and a transcript may repeat them on
every line of it. Adding all would count an answer several times. So the answers of one stream are told apart by their
response id (without one, by record), and only the stream with the most tokens speaks. The span of an agent around the
answers of models tells their sum, if it tells tokens: it is left out where one of those answers tells its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from auditrail.report.types import RunEventView, Usage


def of_run(events: Iterable[RunEventView]) -> Usage | None:
    """The tokens of a run; None where no record tells any."""
    streams: dict[str, dict[str | int, tuple[int, int]]] = defaultdict(dict)
    told = list(events)
    around = _around_answers(told)
    for event in told:
        if not _tells(event) or (event.layer == "agent" and (event.stream, event.own_span) in around):
            continue
        answers = streams[event.stream]
        key = event.response_id or event.key
        # The lines of one answer may be written while it grows: the largest count is the last one.
        before = answers.get(key, (0, 0))
        answers[key] = max(before[0], event.tokens_in or 0), max(before[1], event.tokens_out or 0)
    made = [
        Usage(
            stream, len(answers), sum(used[0] for used in answers.values()), sum(used[1] for used in answers.values())
        )
        for stream, answers in streams.items()
    ]
    return max(made, key=lambda usage: (usage.tokens_in + usage.tokens_out, usage.stream)) if made else None


def _tells(event: RunEventView) -> bool:
    return event.tokens_in is not None or event.tokens_out is not None


def _around_answers(events: list[RunEventView]) -> set[tuple[str, str | None]]:
    """The spans around answers of models that tell their tokens, up to the root."""
    parents: dict[tuple[str, str | None], tuple[str, str | None]] = {
        (event.stream, event.own_span): (event.stream, event.parent_span_id)
        for event in events
        if event.own_span is not None
    }
    around: set[tuple[str, str | None]] = set()
    for event in events:
        place = (event.stream, event.parent_span_id)
        if event.layer != "llm" or not _tells(event):
            continue
        while place[1] is not None and place not in around:
            around.add(place)
            place = parents.get(place, (event.stream, None))
    return around
