"""Step 6: child runs without a record of their parent are linked to the call that spawned them."""

from __future__ import annotations

from tests.correlate._hand import add, correlate, ev, held, settled
from tests.correlate._hand import number as numbered

_TWINS = ("P/a", "P/b", "P/c")


def test_a_child_that_names_its_call() -> None:
    runs = correlate(
        [
            ev(1, "log", "llm", "run=P", "tool_call=toolu_9Xk2", kind="call"),
            ev(2, "log", "agent", "run=C", "parent_call=toolu_9Xk2", kind="start"),
        ]
    )
    assert (runs.rows["C"]["parent_run"], runs.rows["C"]["parent_via"]) == ("P", "parent_call")


def test_a_call_id_that_two_runs_carry_names_no_parent() -> None:
    runs = correlate(
        [
            ev(1, "log", "llm", "run=P", "tool_call=call_1", kind="call"),
            ev(1, "log", "llm", "run=Q", "tool_call=call_1", kind="call"),
            ev(2, "log", "agent", "run=C", "parent_call=call_1", kind="start"),
        ]
    )
    assert runs.rows["C"]["parent_run"] is None


def test_a_child_that_begins_with_the_prompt_of_a_call() -> None:
    runs = correlate(
        [
            ev(1, "log", "llm", "run=P", "other=prompt:ab12", kind="call"),
            ev(2, "log", "agent", "message=u1", "other=prompt:ab12", kind="message"),
            ev(3, "log", "llm", "message=u2", "message=u1", kind="message"),
            ev(9, "log", "agent", "run=X", kind="message"),
        ]
    )
    (child,) = [row for name, row in runs.rows.items() if name not in ("P", "X")]
    assert runs.members(child["id"]) == [1, 2]
    assert (child["parent_run"], child["parent_via"]) == ("P", "prompt")


def test_equal_prompts_are_paired_in_order_of_time() -> None:
    events = []
    for number in range(3):
        events += [
            ev(10 * number, "log", "llm", "run=P", "other=prompt:ab12", kind="call"),
            ev(10 * number + 1, "log", "agent", f"run=C{number}", "other=prompt:ab12", kind="message"),
        ]
    runs = correlate(events)
    keys = [runs.rows[f"C{number}"]["parent_event"] for number in range(3)]
    assert len(set(keys)) == 3
    assert keys == sorted(keys)


def test_a_call_that_failed_before_it_began_spawned_nothing() -> None:
    runs = correlate(
        [
            ev(1, "log", "llm", "run=P", "other=prompt:ab12", kind="call"),
            ev(5, "log", "llm", "run=P", "other=prompt:ab12", kind="call"),
            ev(6, "log", "agent", "run=C", "other=prompt:ab12", kind="message"),
        ]
    )
    assert runs.rows["C"]["parent_event"] == (1 << 44) + 1000


def test_links_close_no_circle() -> None:
    runs = correlate(
        [
            ev(1, "log", "llm", "run=P", "other=prompt:ab12", kind="call"),
            ev(2, "log", "agent", "run=C", "other=prompt:ab12", kind="message"),
            ev(3, "log", "llm", "run=C", "other=prompt:cd34", kind="call"),
            ev(4, "log", "agent", "run=P", "other=prompt:cd34", kind="message"),
        ]
    )
    assert runs.rows["C"]["parent_run"] == "P"
    assert runs.rows["P"]["parent_run"] is None


def test_a_counter_names_no_call_of_another_source() -> None:
    connection = held([ev(1, "log", "llm", "run=P", "tool_call=call_1", kind="call")])
    connection.execute("UPDATE events SET source = 2")
    add(connection, [ev(2, "log", "agent", "run=C", "parent_call=call_1", kind="start")], first=1)
    assert settled(connection).rows["C"]["parent_run"] is None
    same = [
        ev(1, "log", "llm", "run=P", "tool_call=call_1", kind="call"),
        ev(2, "log", "agent", "run=C", "parent_call=call_1", kind="start"),
    ]
    assert correlate(same).rows["C"]["parent_run"] == "P"


def test_the_result_of_a_call_names_the_run_that_the_call_began() -> None:
    runs = correlate(
        [
            ev(1, "log", "llm", "run=P", "tool_call=t1", "other=prompt:ab12", kind="call"),
            ev(1, "log", "llm", "run=P", "tool_call=t2", "other=prompt:ab12", kind="call"),
            ev(2, "log", "agent", "run=P/b", "parent_run=P", "other=prompt:ab12", kind="message"),
            ev(3, "log", "agent", "run=P/a", "parent_run=P", "other=prompt:ab12", kind="message"),
            ev(4, "log", "agent", "run=P/c", "other=prompt:cd34", kind="message"),
            ev(8, "log", "tool", "run=P", "tool_call=t1", "other=spawned:P/a", kind="result"),
            ev(9, "log", "tool", "run=P", "tool_call=t2", "other=spawned:P/b", kind="result"),
            ev(9, "log", "tool", "run=P", "tool_call=t3", "other=spawned:P/c", kind="result"),
        ]
    )
    found = {name: (numbered(runs.rows[name]["parent_event"]), runs.rows[name]["parent_via"]) for name in _TWINS}
    assert found == {"P/a": (0, "parent_run"), "P/b": (1, "parent_run"), "P/c": (7, "spawned")}


def test_a_child_that_names_its_parent_has_the_call_of_its_prompt_only_if_that_is_certain() -> None:
    runs = correlate(
        [
            ev(1, "log", "llm", "run=P", "other=prompt:ab12", kind="call"),
            ev(1, "log", "llm", "run=P", "other=prompt:cd34", kind="call"),
            ev(1, "log", "llm", "run=P", "other=prompt:cd34", kind="call"),
            ev(2, "log", "agent", "run=A", "parent_run=P", "other=prompt:ab12", kind="message"),
            ev(2, "log", "agent", "run=B", "parent_run=P", "other=prompt:cd34", kind="message"),
        ]
    )
    assert runs.rows["A"]["parent_event"] is not None
    assert runs.rows["B"]["parent_event"] is None


def test_the_same_prompt_hours_later_is_another_task() -> None:
    runs = correlate(
        [
            ev(1, "log", "llm", "run=P", "other=prompt:ab12", kind="call"),
            ev(20_000, "log", "agent", "run=C", "other=prompt:ab12", kind="message"),
        ]
    )
    assert runs.rows["C"]["parent_run"] is None
