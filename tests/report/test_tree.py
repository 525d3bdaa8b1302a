"""The tree of a run: every rule of the parent, no circle ever, and nothing lost."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.report import tree
from auditrail.report.types import RunEventView, Stitch
from tests.report._views import asked, call, result, span, view


def parents(*events: RunEventView) -> dict[str, str | None]:
    return {name: parent for name, (parent, _) in tree.order(list(events)).items()}


def test_1_a_span_stands_under_the_span_that_it_names() -> None:
    assert parents(span(1, "aa", 0, 9), span(2, "bb", 1, 2, "aa")) == {"1:1": None, "1:2": "1:1"}


def test_1_a_record_stands_under_the_span_that_it_happened_in() -> None:
    log = view(3, 1.5, span_id="bb", parent_span_id="aa")
    assert parents(span(1, "aa", 0, 9), span(2, "bb", 1, 2, "aa"), log)["1:3"] == "1:2"


def test_1_a_record_of_a_span_that_is_not_held_stands_under_its_parent() -> None:
    assert parents(span(1, "aa", 0, 9), view(3, 1.5, span_id="bb", parent_span_id="aa"))["1:3"] == "1:1"


def test_2_a_wish_stands_under_the_answer_in_its_record() -> None:
    answer = view(1, 1, "llm", "span", record=7, end=2)
    assert parents(answer, asked(2, 2, "c1", record=7))["1:2"] == "1:1"
    assert parents(answer, asked(2, 2, "c1", record=8))["1:2"] is None
    assert parents(answer, asked(2, 2, "c1", record=7, stream="b"))["1:2"] is None, "the same number in another file"


def test_2_two_versions_of_a_file_are_told_apart() -> None:
    old, new = view(1, 1, "llm", "span", record=7), view(2, 1, "llm", "span", record=7, id="2:7")
    assert parents(old, new, asked(3, 2, "c1", record=7, id="2:7.1"))["2:7.1"] == "2:7"


def test_2_a_wish_does_not_stand_under_its_own_execution() -> None:
    assert parents(asked(1, 1, "c1"), call(2, 2, "c1")) == {"1:1": None, "1:2": None}


def test_3_an_answer_stands_under_the_span_with_its_response() -> None:
    request = span(1, "aa", 0, 2, layer="llm", response_id="resp-1", stream="otel")
    assert parents(request, view(2, 1, "llm", "result", response_id="resp-1"))["1:2"] == "1:1"
    assert parents(request, view(2, 1, "llm", "result", response_id="resp-2"))["1:2"] is None


def test_4_a_record_with_a_call_stands_under_what_executed_it() -> None:
    wish, begin, decision = asked(1, 1, "c1"), call(2, 2, "c1"), view(3, 3, "policy", "decision", tool_call_id="c1")
    execution = span(4, "ee", 2.5, 4, layer="tool", tool_call_id="c1", stream="otel")
    assert parents(wish, begin, decision)["1:3"] == "1:2", "the record of its begin"
    found = parents(wish, begin, decision, execution)
    assert (found["1:3"], found["1:2"]) == ("1:4", "1:4"), "a tool's span is better than a record of the begin"
    by_agent = span(4, "ee", 2.5, 4, tool_call_id="c1", stream="otel")
    by_tool = call(5, 3.5, "c1", layer="tool")
    assert parents(by_tool, by_agent, decision)["1:3"] == "1:4", "a span is better than a record"


def test_4_of_two_executions_the_first_is_the_parent() -> None:
    first, second = call(1, 1, "c1"), call(2, 2, "c1")
    assert parents(second, first, result(3, 3, "c1"))["1:3"] == "1:1"


def test_5_a_record_stands_in_the_one_span_that_was_open() -> None:
    root = span(1, "aa", 0, 100)
    request = span(2, "bb", 10, 20, "aa", stream="api", layer="tool")
    assert parents(root, request, view(3, 15, "tool", stream="api"))["1:3"] == "1:2"
    assert parents(root, request, view(3, 9.996, "tool", stream="api"))["1:3"] == "1:2", "a moment before it opens"
    assert parents(root, request, view(3, 25, "tool", stream="api"))["1:3"] == "1:1", "closed: the run's own span"
    assert parents(root, request, view(3, 15, "tool", stream="other"))["1:3"] == "1:1", "another stream's clock"
    assert parents(root, request, view(3, None, "tool", stream="api"))["1:3"] == "1:1"
    other = span(4, "cc", 14, 30, "aa", stream="api", layer="tool")
    assert parents(root, request, other, view(3, 15, "tool", stream="api"))["1:3"] == "1:1", "one of two: which?"
    assert parents(root, request, other, view(3, 25, "tool", stream="api"))["1:3"] == "1:4"


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(-3, 30)), max_size=12), st.integers(-5, 95))
def test_5_the_open_span_is_the_one_that_a_look_at_all_finds(spans: list[tuple[int, int]], at: int) -> None:
    made = [span(n, f"s{n}", b, b + length, "gone", stream="api") for n, (b, length) in enumerate(spans)]
    slack = 0.005
    held = [e.id for e, (b, length) in zip(made, spans, strict=True) if b - slack <= at <= b + length + slack]
    found = parents(*made, view(99, at, "tool", stream="api"))["1:99"]
    assert found == (held[0] if len(held) == 1 else None)


def test_6_a_joined_record_stands_under_what_it_was_joined_to() -> None:
    request = view(1, 1, "agent", request_id="q1")
    for confidence in ("linked", "inferred"):
        joined = Stitch("request", "q1", confidence, "1:1")
        assert parents(request, view(2, 2, "tool", stream="b", stitched_by=joined))["1:2"] == "1:1"
    for kind, confidence in (("request", "exact"), ("trace", "linked"), ("session", "inferred")):
        joined = Stitch(kind, "q1", confidence, "1:1")
        assert parents(request, view(2, 2, "tool", stream="b", stitched_by=joined))["1:2"] is None


def test_6_a_join_to_an_event_that_is_not_here_is_no_parent() -> None:
    joined = Stitch("request", "q1", "linked", "9:9")
    assert parents(view(2, 2, "tool", stitched_by=joined)) == {"1:2": None}


def test_7_the_rest_stands_under_the_runs_own_span_if_it_is_one() -> None:
    root = span(1, "aa", 0, 9)
    assert parents(root, view(2, 1))["1:2"] == "1:1"
    assert parents(root, span(3, "bb", 0, 9), view(2, 1))["1:2"] is None


def test_a_missing_parent_leaves_its_child_at_the_top() -> None:
    root, orphan, below = span(1, "aa", 0, 9), span(2, "bb", 1, 5, "gone"), span(3, "cc", 2, 3, "bb")
    assert parents(root, orphan, below) == {"1:1": None, "1:2": None, "1:3": "1:2"}


def test_siblings_stand_in_order_of_corrected_time() -> None:
    late = view(2, 1, skew_ns=5 * 10**9)
    assert list(tree.order([late, view(3, 2), view(4, None), view(5, 2)])) == ["1:3", "1:5", "1:2", "1:4"]


def test_spans_in_a_circle_are_broken_up_once() -> None:
    found = parents(span(1, "aa", 0, 9, "cc"), span(2, "bb", 1, 8, "aa"), span(3, "cc", 2, 7, "bb"))
    assert sorted(found) == ["1:1", "1:2", "1:3"]
    assert list(found.values()).count(None) == 1
    assert parents(span(1, "aa", 0, 9, "aa")) == {"1:1": None}


def test_a_long_chain_keeps_its_parents_and_is_cut_in_depth_only() -> None:
    events = [span(n, f"s{n}", n, 10_000, f"s{n - 1}" if n else None) for n in range(5000)]
    begun = time.process_time()
    for listed in (events, events[::-1]):
        placed = tree.order(listed)
        assert placed["1:0"] == (None, 0)
        assert all(placed[f"1:{n}"] == (f"1:{n - 1}", min(n, tree.MAX_DEPTH)) for n in range(1, 5000))
    assert time.process_time() - begun < 10


def test_many_open_spans_cost_little() -> None:
    spans = [span(n, f"s{n}", n, n + 0.5, "root", stream="api") for n in range(4000)]
    logs = [view(10_000 + n, n + 0.25, "tool", stream="api") for n in range(4000)]
    begun = time.process_time()
    placed = tree.order([*spans, *logs])
    assert time.process_time() - begun < 10
    assert all(placed[f"1:{10_000 + n}"] == (f"1:{n}", 1) for n in range(4000))


IDS = st.sampled_from([None, "a", "b", "c", "d"])
EVENTS = st.lists(
    st.builds(
        lambda at, length, layer, kind, stream, names, record, joined: (at, length, layer, kind, stream, names, record,
                                                                      joined),
        st.sampled_from([None, 0, 1, 2, 5]),
        st.sampled_from([None, -1, 0, 2]),
        st.sampled_from(["agent", "llm", "tool", "policy", "other"]),
        st.sampled_from(["span", "start", "end", "call", "result", "decision", "log"]),
        st.sampled_from(["x", "y"]),
        st.tuples(IDS, IDS, IDS, IDS),
        st.integers(0, 3),
        st.tuples(st.sampled_from(["request", "trace"]), st.sampled_from(["exact", "linked"]), st.integers(0, 14)),
    ),
    max_size=14,
)  # fmt: skip


@settings(max_examples=300)
@given(EVENTS)
def test_whatever_the_ids_every_event_stands_once_below_its_parent(drawn: list[tuple]) -> None:  # type: ignore[type-arg]
    events = [
        view(
            number, at, layer, kind, stream=stream, record=record, span_id=names[0], parent_span_id=names[1],
            tool_call_id=names[2], response_id=names[3],
            end=None if at is None or length is None else at + length,
            stitched_by=Stitch(joined[0], "v", joined[1], f"1:{joined[2]}"),
        )
        for number, (at, length, layer, kind, stream, names, record, joined) in enumerate(drawn)
    ]  # fmt: skip
    placed = tree.order(events)
    assert sorted(placed) == sorted(event.id for event in events)
    above: dict[str, int] = {}
    for name, (parent, depth) in placed.items():
        if parent is None:
            assert depth == 0
        else:
            assert depth == min(above[parent] + 1, tree.MAX_DEPTH), "parents stand before children"
        above[name] = depth
