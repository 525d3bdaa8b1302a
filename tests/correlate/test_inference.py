"""Step 4: what no id leads to a run joins by session, arguments, or agent and time, if exactly one run fits."""

from __future__ import annotations

from tests.correlate._hand import correlate, ev


def test_by_session_if_one_run_of_it_was_at_work() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", "session=S"),
            ev(30, "agent", "agent", "run=A", "session=S"),
            ev(4000, "agent", "agent", "run=B", "session=S"),
            ev(10, "gateway", "llm", "session=S"),
            ev(4010, "gateway", "llm", "session=S"),
            ev(2000, "gateway", "llm", "session=S"),
        ]
    )
    assert runs.of == {0: "A", 1: "A", 2: "B", 3: "A", 4: "B"}
    assert runs.how[3][:3] == ("session", "S", "inferred")


def test_by_session_not_if_two_were_at_work() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", "session=S"),
            ev(5, "agent", "agent", "run=B", "session=S"),
            ev(6, "gateway", "llm", "session=S"),
        ]
    )
    assert 2 not in runs.of


def test_a_session_without_any_run_is_kept_together() -> None:
    runs = correlate([ev(n, "chat", "agent", "session=lone") for n in range(3)])
    assert runs.of == {0: "lone", 1: "lone", 2: "lone"}
    assert runs.rows["lone"]["id_kind"] == "session"


def test_by_agent_if_one_run_covers_the_moment() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", agent="x"),
            ev(20, "agent", "agent", "run=A", agent="x"),
            ev(100, "agent", "agent", "run=B", agent="x"),
            ev(120, "agent", "agent", "run=B", agent="x"),
            ev(10, "policy", "policy", agent="x", decision="allow"),
            ev(110, "policy", "policy", agent="x", decision="deny"),
            ev(60, "policy", "policy", agent="x", decision="deny"),
            ev(10, "policy", "policy", agent="y", decision="deny"),
        ]
    )
    assert runs.members("A") == [0, 1, 4]
    assert runs.members("B") == [2, 3, 5]
    assert runs.how[4][:3] == ("agent", "x", "inferred")
    assert not {6, 7} & set(runs.of)


def test_by_agent_not_if_two_runs_overlap() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", agent="x"),
            ev(20, "agent", "agent", "run=A", agent="x"),
            ev(5, "agent", "agent", "run=B", agent="x"),
            ev(30, "agent", "agent", "run=B", agent="x"),
            ev(10, "policy", "policy", agent="x"),
            ev(28, "policy", "policy", agent="x"),
        ]
    )
    assert 4 not in runs.of
    assert runs.of[5] == "B"


def test_by_agent_and_tool_where_runs_overlap() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", agent="x"),
            ev(10, "agent", "agent", "run=A", agent="x", tool="pay"),
            ev(40, "agent", "agent", "run=A", agent="x"),
            ev(0, "agent", "agent", "run=B", agent="x"),
            ev(30, "agent", "agent", "run=B", agent="x", tool="pay"),
            ev(40, "agent", "agent", "run=B", agent="x"),
            ev(11, "policy", "policy", agent="x", tool="pay"),
            ev(29, "policy", "policy", agent="x", tool="pay"),
        ]
    )
    assert (runs.of[6], runs.of[7]) == ("A", "B")
    assert runs.how[6][2] == "inferred"


def test_by_arguments() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", tool="pay", args='{"order":"A-1009"}'),
            ev(0, "agent", "agent", "run=B", tool="pay", args='{"order":"B-7"}'),
            ev(1, "policy", "policy", tool="pay", args='{"order":"A-1009"}'),
            ev(1, "policy", "policy", tool="pay", args="{}", args_state="empty"),
            ev(500, "policy", "policy", tool="pay", args='{"order":"A-1009"}'),
        ]
    )
    assert runs.of == {0: "A", 1: "B", 2: "A"}
    assert runs.how[2][2] == "inferred"
    assert runs.how[2][3] == 0


def test_equal_arguments_of_two_runs_decide_nothing() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", tool="pay", args='{"order":"A-1009"}'),
            ev(0, "agent", "agent", "run=B", tool="pay", args='{"order":"A-1009"}'),
            ev(1, "policy", "policy", tool="pay", args='{"order":"A-1009"}'),
        ]
    )
    assert 2 not in runs.of


def test_nothing_is_joined_through_an_inference() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", agent="x"),
            ev(9, "agent", "agent", "run=A", agent="x"),
            ev(5, "policy", "policy", "decision=d-1", agent="x"),
            ev(6, "audit", "other", "decision=d-2", agent="y"),
        ]
    )
    assert runs.members("A") == [0, 1, 2]
    assert 3 not in runs.of


def test_an_event_without_a_time_is_not_placed_by_time() -> None:
    runs = correlate([ev(0, "agent", "agent", "run=A", agent="x"), ev(None, "policy", "policy", agent="x", tool="t")])
    assert runs.of == {0: "A"}
