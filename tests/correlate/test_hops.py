"""Hops that start a new trace: to a tool's server the run goes on, to another agent a child run begins."""

from __future__ import annotations

from typing import Any

from auditrail.model import Event
from tests.correlate._hand import SECOND, correlate, ev


def root(at: float, stream: str, agent: str, trace: str, *ids: str, end: float, **columns: Any) -> Event:
    return ev(
        at, stream, "agent", f"trace={trace}", *ids, kind="span", agent=agent, end_ns=round(end * SECOND), **columns
    )


def span(at: float, stream: str, layer: str, trace: str, *ids: str, **columns: Any) -> Event:
    return ev(at, stream, layer, f"trace={trace}", "parent_span=s0", *ids, kind="span", **columns)


def test_a_tool_server_with_a_trace_of_its_own_is_part_of_the_run() -> None:
    runs = correlate(
        [
            root(1, "agent", "planner", "a", end=9),
            span(2, "agent", "tool", "a", "request=mcp-77f1"),
            ev(2, "mcp", "tool", "trace=b", "request=mcp-77f1", kind="span"),
            span(3, "mcp", "other", "b"),
        ]
    )
    assert runs.sets() == {frozenset({0, 1, 2, 3})}


def test_another_agent_with_a_trace_of_its_own_is_a_child_run() -> None:
    runs = correlate(
        [
            root(1, "agent", "planner", "a", end=9),
            span(2, "agent", "tool", "a", "request=a2a-77f1"),
            root(3, "remote", "booker", "b", "request=a2a-77f1", end=5),
            span(4, "remote", "tool", "b", "tool_call=toolu_9Xk2"),
            ev(4, "tools", "tool", "tool_call=toolu_9Xk2"),
        ]
    )
    assert runs.sets() == {frozenset({0, 1}), frozenset({2, 3, 4})}
    child = runs.rows["b"]
    assert (child["parent_run"], child["parent_via"]) == ("a", "request")
    assert runs.rows["a"]["parent_run"] is None
    assert {code for code, _, _ in runs.conflicts} == set()


def test_a_caller_without_a_log_of_its_own_is_no_part_of_the_run_that_it_called() -> None:
    runs = correlate(
        [
            root(1, "agent", "planner", "a", end=9),
            span(2, "agent", "other", "a", "request=a2a-77f1"),
            root(3, "remote", "booker", "b", "request=a2a-77f1", end=5),
            ev(3, "log", "agent", "run=R", "trace=b", agent="booker", kind="start"),
            ev(5, "log", "agent", "run=R", agent="booker", kind="end"),
        ]
    )
    assert runs.of == {0: "a", 1: "a", 2: "R", 3: "R", 4: "R"}
    assert runs.rows["R"]["parent_run"] == "a"


def test_the_parent_may_be_a_run_of_another_stream() -> None:
    runs = correlate(
        [
            ev(1, "log", "agent", "run=R", agent="planner", kind="start"),
            ev(2, "log", "tool", "run=R", "tool_call=toolu_9Xk2", agent="planner", kind="call"),
            root(3, "remote", "booker", "b", "tool_call=toolu_9Xk2", end=5),
            ev(9, "log", "agent", "run=R", agent="planner", kind="end"),
        ]
    )
    assert runs.of == {0: "R", 1: "R", 2: "b", 3: "R"}
    assert runs.rows["b"]["parent_run"] == "R"


def test_the_child_may_have_a_log_of_its_own() -> None:
    runs = correlate(
        [
            ev(1, "log", "agent", "run=R", "tool_call=toolu_1Aaa", agent="planner", kind="call"),
            ev(9, "log", "agent", "run=R", agent="planner", kind="end"),
            root(2, "otel", "booker", "b", "tool_call=toolu_1Aaa", end=5),
            span(3, "otel", "tool", "b", "tool_call=toolu_9Xk2"),
            ev(3, "log", "tool", "run=C", "tool_call=toolu_9Xk2", agent="booker", kind="call"),
        ]
    )
    assert runs.of == {0: "R", 1: "R", 2: "C", 3: "C", 4: "C"}
    assert (runs.rows["C"]["parent_run"], runs.rows["C"]["parent_via"]) == ("R", "tool_call")


def test_the_trace_of_the_same_agent_is_its_run() -> None:
    runs = correlate(
        [
            ev(1, "log", "agent", "run=R", agent="planner", kind="start"),
            ev(2, "log", "tool", "run=R", "tool_call=toolu_9Xk2", agent="planner", kind="call"),
            root(1, "otel", "planner", "b", end=5),
            span(2, "otel", "tool", "b", "tool_call=toolu_9Xk2"),
        ]
    )
    assert set(runs.of.values()) == {"R"}


def test_a_trace_that_goes_on_from_another_is_part_of_its_run() -> None:
    runs = correlate(
        [
            root(1, "agent", "planner", "a", end=9),
            ev(3, "worker", "tool", "trace=b", "linked_trace=a", kind="span"),
            span(4, "worker", "tool", "b"),
        ]
    )
    assert runs.sets() == {frozenset({0, 1, 2})}
    assert runs.how[1][:3] == ("linked_trace", "a", "linked")


def test_a_next_turn_that_links_to_the_last_is_a_run_of_its_own() -> None:
    runs = correlate(
        [
            root(1, "agent", "planner", "a", end=2),
            root(3, "agent", "planner", "b", "linked_trace=a", end=4),
        ]
    )
    assert len(runs.rows) == 2
    assert runs.rows["b"]["parent_run"] is None


def test_a_trace_that_takes_in_a_batch_joins_none_of_them() -> None:
    runs = correlate(
        [
            root(1, "agent", "planner", "a", end=2),
            root(1, "agent", "planner", "b", end=2),
            ev(3, "worker", "tool", "trace=c", "linked_trace=a", "linked_trace=b", kind="span"),
        ]
    )
    assert len(runs.rows) == 3


def test_agents_that_count_their_calls_alike_are_no_parent_and_child() -> None:
    runs = correlate(
        [
            root(1, "one", "planner", "a", end=9),
            span(2, "one", "tool", "a", "tool_call=call_1"),
            root(3, "two", "booker", "b", end=8),
            span(4, "two", "tool", "b", "tool_call=call_1"),
        ]
    )
    assert runs.sets() == {frozenset({0, 1}), frozenset({2, 3})}
    assert runs.rows["b"]["parent_run"] is None


def test_a_run_and_the_trace_of_another_agent_that_count_alike_stay_two() -> None:
    runs = correlate(
        [
            ev(1, "log", "agent", "run=R", "tool_call=call_1", agent="planner", kind="call"),
            ev(9, "log", "agent", "run=R", agent="planner", kind="end"),
            root(2, "otel", "booker", "b", "tool_call=call_1", end=5),
        ]
    )
    assert runs.sets() == {frozenset({0, 1}), frozenset({2})}
    assert runs.rows["b"]["parent_run"] is None
