"""Tokens: every answer once, by one stream's count."""

from __future__ import annotations

from auditrail.report import usage
from auditrail.report.types import Usage
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


def test_what_an_agents_span_adds_up_is_not_added_again() -> None:
    events = [
        view(1, 0, span_id="a", kind="span", layer="agent", tokens_in=30, tokens_out=9),
        view(2, 1, span_id="b", parent_span_id="x", kind="span", layer="llm", tokens_in=10, tokens_out=4),
        view(3, 2, span_id="c", parent_span_id="a", kind="span", layer="llm", tokens_in=20, tokens_out=5),
        view(4, 1, kind="span", span_id="x", parent_span_id="a", layer="agent"),
    ]
    assert usage.of_run(events) == Usage("a", 2, 30, 9)
    # Where requests below were sampled out, the sum above tells more than they do.
    assert usage.of_run(events[:2] + events[3:]) == Usage("a", 1, 30, 9)


def test_a_frameworks_span_around_the_clients_is_one_answer() -> None:
    outer = view(1, 0, span_id="a", kind="span", layer="llm", tokens_in=10, tokens_out=4)
    inner = view(
        2, 0, span_id="b", parent_span_id="a", kind="span", layer="llm", tokens_in=10, tokens_out=4, response_id="r"
    )
    assert usage.of_run([outer, inner]) == Usage("a", 1, 10, 4)


def test_the_total_at_the_end_is_not_added_to_what_it_adds_up() -> None:
    events = [
        view(1, 0, layer="llm", kind="message", tokens_in=10, tokens_out=4),
        view(2, 1, layer="llm", kind="message", tokens_in=20, tokens_out=5),
        view(3, 2, layer="agent", kind="end", tokens_in=30, tokens_out=9),
    ]
    assert usage.of_run(events) == Usage("a", 2, 30, 9)
    assert usage.of_run(events[2:]) == Usage("a", 1, 30, 9)


def test_spans_that_name_each_other_as_parent_are_counted() -> None:
    events = [
        view(1, 0, span_id="a", parent_span_id="b", kind="span", tokens_in=1, tokens_out=1),
        view(2, 0, span_id="b", parent_span_id="a", kind="span", tokens_in=2, tokens_out=2),
        view(3, 0, span_id="c", parent_span_id="c", kind="span", tokens_in=4, tokens_out=4),
    ]
    assert usage.of_run(events) == Usage("a", 3, 7, 7)


def test_a_record_inside_the_span_of_a_request_repeats_its_count() -> None:
    events = [
        view(1, 0, span_id="a", kind="span", layer="llm", tokens_in=10, tokens_out=4),
        view(2, 1, span_id="a", layer="llm", tokens_in=10, tokens_out=4),
    ]
    assert usage.of_run(events) == Usage("a", 1, 10, 4)
    # Records of several requests may stand in one span that tells no tokens itself.
    events[0] = view(1, 0, span_id="a", layer="llm", tokens_in=20, tokens_out=5)
    assert usage.of_run(events) == Usage("a", 2, 30, 9)
