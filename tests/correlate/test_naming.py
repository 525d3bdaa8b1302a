"""Step 2: run ids and trace ids name runs."""

from __future__ import annotations

from tests.correlate._hand import correlate, ev


def test_two_run_ids_are_two_runs_whatever_they_share() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A", "session=S", "request=q"),
            ev(1, "agent", "agent", "run=B", "session=S", "request=q"),
        ]
    )
    assert runs.sets() == {frozenset({0}), frozenset({1})}
    assert runs.how[0] == ("run", "A", "exact", None)


def test_a_trace_that_one_run_names_is_that_runs() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A"),
            ev(2, "agent", "agent", "run=A", "trace=t"),
            ev(3, "otel", "tool", "trace=t"),
            ev(9, "otel", "tool", "trace=other"),
        ]
    )
    assert runs.sets() == {frozenset({0, 1, 2}), frozenset({3})}
    assert runs.how[2] == ("trace", "t", "linked", 1)
    assert runs.rows["other"]["id_kind"] == "trace"
    assert {("trace", "t", "A"), ("run", "A", "A"), ("trace", "other", "other")} <= runs.ids


def test_a_trace_that_two_runs_claim_is_neither_ones() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A", "trace=t"),
            ev(1, "agent", "agent", "run=B", "trace=t"),
            ev(2, "otel", "llm", "trace=t"),
        ]
    )
    assert runs.of == {0: "A", 1: "B", 2: "t"}
    assert ("shared-id", "trace", "t") in runs.conflicts


def test_of_a_trace_that_parent_and_child_claim_the_parent_has_it() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A", "trace=t"),
            ev(2, "agent", "agent", "run=B", "trace=t", "parent_run=A"),
            ev(3, "otel", "llm", "trace=t"),
        ]
    )
    assert runs.of == {0: "A", 1: "B", 2: "A"}
    assert runs.rows["B"]["parent_run"] == "A"
    assert not runs.conflicts


def test_a_child_keeps_its_own_run_and_names_the_call_that_spawned_it() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A", kind="start"),
            ev(2, "agent", "agent", "run=A", "tool_call=tc-spawn-1", tool="delegate", kind="call"),
            ev(3, "agent", "agent", "run=B", "parent_run=A", "tool_call=tc-spawn-1", kind="start"),
            ev(4, "otel", "tool", "tool_call=tc-spawn-1", kind="span"),
        ]
    )
    assert runs.of == {0: "A", 1: "A", 2: "B", 3: "A"}
    row = runs.rows["B"]
    assert (row["parent_run"], row["parent_via"]) == ("A", "parent_run")
    assert row["parent_event"] is not None
    assert not runs.conflicts


def test_a_parent_that_is_not_in_the_case_is_not_invented() -> None:
    runs = correlate([ev(1, "agent", "agent", "run=B", "parent_run=A")])
    assert list(runs.rows) == ["B"]
    assert runs.rows["B"]["parent_run"] is None


def test_runs_in_a_circle_of_parents_end() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A", "parent_run=B", "trace=t"),
            ev(1, "agent", "agent", "run=B", "parent_run=A", "trace=t"),
            ev(2, "otel", "llm", "trace=t"),
        ]
    )
    assert runs.of[0] == "A"
    assert runs.of[1] == "B"


def test_facts_of_a_run() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A", kind="start", agent="refunder"),
            ev(2, "otel", "tool", "run=A", kind="span", status="error", end_ns=9 * 10**9, agent="tool-service"),
            ev(5, "agent", "agent", "run=A", kind="end", status="ok"),
            ev(1, "agent", "agent", "run=B", kind="start"),
            ev(2, "opa", "policy", "run=B", kind="decision", status="denied"),
            ev(None, "agent", "agent", "run=C"),
        ]
    )
    row = runs.rows["A"]
    assert (row["agent"], row["started_ns"], row["ended_ns"]) == ("refunder", 10**9, 9 * 10**9)
    assert (row["status"], row["events"], row["layers"], row["streams"]) == ("ok", 3, "agent,tool", 2)
    assert (row["errors"], row["denials"]) == (1, 0)
    other = runs.rows["B"]
    assert (other["status"], other["errors"], other["denials"], other["layers"]) == ("unknown", 0, 1, "agent,policy")
    assert (runs.rows["C"]["started_ns"], runs.rows["C"]["status"]) == (None, "unknown")
