"""Spans told in two records, and where a conversation ends."""

from __future__ import annotations

import pytest

from auditrail.report import begins, marks, tree
from auditrail.report.types import RunEventView
from tests.report._views import asked, result, span, view


def started(*events: RunEventView) -> marks.Findings:
    return marks.find("r1", list(events), named=True)


TOLD = [
    view(1, 0, "agent", "start", span_id="aa"),
    view(2, 1, "agent", "log", span_id="bb", parent_span_id="aa"),
    view(3, 2, "tool", "call", span_id="cc", parent_span_id="bb", tool="t"),
    view(4, 3, "tool", "result", span_id="cc", parent_span_id="bb", tool="t"),
    view(5, 4, "agent", "end", span_id="aa"),
]


def test_a_parent_is_held_whose_begin_is_a_record_of_a_stream_without_spans() -> None:
    assert started(*TOLD).checks["parent spans held"] == (2, 2)
    orphan = view(6, 2, "tool", "call", span_id="dd", parent_span_id="ee")
    found = started(*TOLD, orphan)
    assert found.checks["parent spans held"] == (2, 3)
    assert found.marks["1:6"] == ["parent span missing"]


def test_another_stream_s_log_line_is_no_such_begin() -> None:
    lines = view(1, 0, span_id="aa", trace_id="t", stream="log")
    assert started(lines, span(2, "bb", 1, 2, "aa")).checks["parent spans held"] == (0, 1)


def test_what_happened_in_a_span_stands_below_its_first_record() -> None:
    parents = {event_id: parent for event_id, (parent, _) in tree.order(TOLD).items()}
    assert parents == {"1:1": None, "1:2": "1:1", "1:3": "1:2", "1:4": "1:3", "1:5": "1:1"}


def test_a_chain_of_messages_is_not_nested() -> None:
    chain = [
        view(1, 0, "agent", "message", span_id="u1", message_id="u1"),
        view(2, 1, "llm", "message", span_id="u2", message_id="u2", parent_span_id="u1"),
    ]
    assert begins.spans(chain) == {}


def test_a_call_that_says_that_the_model_is_done_ends_the_run() -> None:
    events = [view(1, 0, "agent", "message"), view(2, 1, "llm", "message"), asked(3, 1, "c")._replace(tool="finish")]
    found = started(*events)
    assert (found.gaps, found.checks["end held"]) == ([], (1, 1))
    assert "calls asked for by a model that are held" not in found.checks
    carried_out = started(*events, result(4, 2, "c", layer="tool")._replace(tool="finish"))
    assert carried_out.checks["calls asked for by a model that are held"] == (1, 1)
    assert (carried_out.gaps, carried_out.checks["end held"]) == ([], (1, 1))


def test_any_other_last_call_was_not_carried_out() -> None:
    found = started(view(1, 0, "agent", "message"), asked(2, 1, "c"))
    assert [gap.rule for gap in found.gaps] == ["call-not-executed", "run-without-end"]


@pytest.mark.parametrize(
    ("first", "cause", "severity"),
    [(view(1, 0, "agent", "start"), "crash", "high"), (view(1, 0, "agent", "message"), "unknown", "medium")],
)
def test_only_a_run_that_says_where_it_begins_is_expected_to_say_where_it_ends(
    first: RunEventView, cause: str, severity: str
) -> None:
    (gap,) = started(first, view(2, 1, "llm", "message"), view(3, 2, "agent", "message")).gaps
    assert (gap.rule, gap.cause, gap.severity) == ("run-without-end", cause, severity)
