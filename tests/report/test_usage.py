"""Tokens: every answer once, by one stream's count."""

from __future__ import annotations

from auditrail.report import usage
from auditrail.report.types import RunEventView, Usage
from tests.report._views import view


def test_no_tokens_no_usage() -> None:
    assert usage.of_run([view(1, 0)]) is None


def test_the_lines_of_one_answer_are_counted_once_by_the_largest() -> None:
    events = [
        view(1, 0, response_id="m1", tokens_in=10, tokens_out=1),
        view(2, 1, response_id="m1", tokens_in=10, tokens_out=44),
        view(3, 2, response_id="m2", tokens_in=20, tokens_out=5),
    ]
    assert usage.of_run(events) == Usage("a", 2, 30, 49)


def test_records_without_a_response_id_are_answers_of_their_own() -> None:
    assert usage.of_run([view(n, n, tokens_in=1, tokens_out=2) for n in (1, 2)]) == Usage("a", 2, 2, 4)


def test_streams_that_tell_of_the_same_answers_are_not_added() -> None:
    events = [
        view(1, 0, stream="otel", tokens_in=10, tokens_out=4),
        view(2, 0, stream="gateway", tokens_in=10, tokens_out=4, response_id="r"),
        view(3, 1, stream="gateway", tokens_in=1, response_id="s"),
    ]
    assert usage.of_run(events) == Usage("gateway", 2, 11, 4)


def test_an_agent_around_answers_tells_their_sum() -> None:
    def span(key: int, own: str, parent: str | None, layer: str, tokens: int | None) -> RunEventView:
        return view(key, key, kind="span", span_id=own, parent_span_id=parent, layer=layer, tokens_in=tokens)

    agent = span(1, "a", None, "agent", 30)
    answers = [span(3, "c", "b", "llm", 10), span(4, "d", "b", "llm", 20)]
    nested = [agent, span(2, "b", "a", "other", None), *answers]
    assert usage.of_run(nested) == Usage("a", 2, 30, 0)
    # Without answers that tell tokens, the agent's count is all there is.
    assert usage.of_run([agent, span(2, "b", "a", "llm", None)]) == Usage("a", 1, 30, 0)
    # An agent elsewhere, and spans in a circle.
    assert usage.of_run([*answers, span(5, "x", "y", "agent", 5), span(6, "y", "x", "llm", 1)]) == Usage("a", 3, 31, 0)
