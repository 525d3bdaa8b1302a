"""Step 3: what has no run joins one through shared ids; reused ids and hubs join nothing."""

from __future__ import annotations

from auditrail.correlate.ties import HUB_OWNERS
from auditrail.model import Event
from tests.correlate._hand import correlate, ev


def test_a_chain_of_keys_through_four_streams() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A"),
            ev(2, "agent", "agent", "run=A", "tool_call=tc-9"),
            ev(3, "otel", "tool", "trace=t", "tool_call=tc-9"),
            ev(3, "otel", "tool", "trace=t", "request=rq-7"),
            ev(4, "cloudwatch", "tool", "request=rq-7"),
            ev(5, "opa", "policy", "request=rq-7", "decision=d-1"),
        ]
    )
    assert runs.sets() == {frozenset(range(6))}
    assert runs.how[2][:3] == ("tool_call", "tc-9", "linked")
    assert runs.how[2][3] == 1
    assert runs.how[3][2] == "linked"
    assert runs.how[4][:3] == ("request", "rq-7", "linked")
    assert runs.how[5] == ("request", "rq-7", "linked", runs.how[4][3])


def test_reused_call_ids_join_nothing_across_runs() -> None:
    """Twenty runs count their calls `call_1`, `call_2`...: what carries only the counter belongs to none."""
    events = [
        ev(run * 10 + call, "agent", "agent", f"run=r{run}", f"tool_call=call_{call}")
        for run in range(20)
        for call in range(1, 6)
    ]
    loose = len(events)
    events.append(ev(7, "tools", "tool", "tool_call=call_3"))
    runs = correlate(events)
    assert len(runs.rows) == 20
    for run in range(20):
        assert runs.members(f"r{run}") == [run * 5 + call for call in range(5)]
    assert loose not in runs.of
    assert ("shared-id", "tool_call", "call_3") in runs.conflicts


def test_reused_call_ids_of_traces_join_nothing() -> None:
    runs = correlate([ev(n, "otel", "llm", f"trace=t{n}", "tool_call=call_1") for n in range(5)])
    assert len(runs.rows) == 5


def test_a_hub_joins_nothing_and_is_reported() -> None:
    events = [ev(n, "agent", "agent", f"trace=t{n}", "request=constant") for n in range(HUB_OWNERS + 1)]
    runs = correlate(events)
    assert len(runs.rows) == HUB_OWNERS + 1
    assert ("hub", "request", "constant") in runs.conflicts


def test_loose_events_of_a_hub_stay_loose() -> None:
    events = [ev(n, "gateway", "llm", "request=constant") for n in range(HUB_OWNERS + 50)]
    runs = correlate(events)
    assert runs.rows == {}
    assert ("hub", "request", "constant") in runs.conflicts


def test_the_same_id_hours_apart_is_another_one() -> None:
    runs = correlate(
        [
            ev(0, "agent", "agent", "run=A", "request=7"),
            ev(100_000, "gateway", "llm", "request=7"),
            ev(5, "gateway", "llm", "request=7"),
        ]
    )
    assert runs.of == {0: "A", 2: "A"}


def test_two_traces_of_one_call_are_one_run() -> None:
    runs = correlate(
        [
            ev(1, "frontend", "llm", "trace=a", "tool_call=toolu_9Xk2"),
            ev(2, "backend", "tool", "trace=b", "tool_call=toolu_9Xk2"),
            ev(2, "backend", "tool", "trace=b"),
        ]
    )
    assert runs.sets() == {frozenset({0, 1, 2})}
    assert len(runs.rows) == 1


def test_two_traces_of_one_call_on_different_days_are_two_runs() -> None:
    runs = correlate(
        [
            ev(1, "frontend", "llm", "trace=a", "tool_call=toolu_9Xk2"),
            ev(90_000, "backend", "tool", "trace=b", "tool_call=toolu_9Xk2"),
        ]
    )
    assert len(runs.rows) == 2


def test_when_two_ids_disagree_the_stronger_kind_decides() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A", "tool_call=tc-a"),
            ev(1, "agent", "agent", "run=B", "request=rq-b"),
            ev(2, "tools", "tool", "tool_call=tc-a", "request=rq-b"),
        ]
    )
    assert runs.of[2] == "A"
    assert runs.how[2][0] == "tool_call"


def test_a_span_id_alone_finds_its_trace() -> None:
    runs = correlate(
        [
            ev(1, "otel", "tool", "trace=t", "span=5f00000000000001"),
            ev(2, "app", "tool", "span=5f00000000000001"),
            ev(2, "app", "tool", "parent_span=5f00000000000001"),
        ]
    )
    assert runs.sets() == {frozenset({0, 1, 2})}


def test_further_ids_tie_as_the_first_does() -> None:
    runs = correlate(
        [
            ev(1, "agent", "agent", "run=A", "request=r-1"),
            ev(2, "gateway", "llm", "request=r-other", "request=r-1"),
        ]
    )
    assert runs.of == {0: "A", 1: "A"}


def test_loose_events_with_a_shared_id_are_a_run() -> None:
    runs = correlate(
        [
            ev(1, "gateway", "llm", "request=rq-1"),
            ev(2, "cloudwatch", "tool", "request=rq-1"),
            ev(3, "cloudwatch", "tool", "request=rq-2"),
        ]
    )
    assert runs.of == {0: "rq-1", 1: "rq-1"}
    assert runs.rows["rq-1"]["id_kind"] == "request"


def test_a_session_groups_and_never_merges() -> None:
    runs = correlate([ev(n, "agent", "agent", f"trace=t{n}", "session=S", "conversation=C") for n in range(4)])
    assert len(runs.rows) == 4
    assert {("session", "S", f"t{n}") for n in range(4)} <= runs.ids


def chain(hops: int) -> list[Event]:
    return [ev(n / 100, "proxy", "other", f"request=h{n}", f"request=h{n + 1}") for n in range(hops)]


def test_a_long_chain_from_a_run() -> None:
    runs = correlate([ev(0, "agent", "agent", "run=A", "request=h0"), *chain(100)])
    assert runs.members("A") == list(range(101))
    assert all(runs.how[n][3] == n - 1 for n in range(1, 101)), "each hop names the one before it"


def test_a_chain_of_a_thousand_loose_hops() -> None:
    runs = correlate(chain(1000))
    assert len(runs.rows) == 1
    assert len(runs.of) == 1000
