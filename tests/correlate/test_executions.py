"""Executions without an id of the call: each answers one call of the same tool and arguments."""

from __future__ import annotations

from auditrail.correlate import executions
from auditrail.report.types import RunEventView
from tests.report._views import asked, view


def wish(number: int, at: float, args: str | None = '{"a":1}', **more: object) -> RunEventView:
    state = "absent" if args is None else "empty" if args == "{}" else "present"
    return asked(number, at, f"c{number}", args=args, args_state=state)._replace(tool="refund", **more)


def ran(number: int, at: float, args: str | None = '{"a":1}', **more: object) -> RunEventView:
    state = "absent" if args is None else "empty" if args == "{}" else "present"
    made = {"tool": "refund", "args": args, "args_state": state, "end": at + 1, **more}
    return view(number, at, "tool", "span", **made)


def left(*events: RunEventView) -> list[int]:
    calls = [event for event in events if event.layer == "llm"]
    return [event.key for event in executions.unanswered(calls, events)]


def test_the_same_tool_and_arguments_answer_a_call() -> None:
    assert left(wish(1, 1), ran(2, 2)) == []
    assert left(wish(1, 1, '{"a": 1, "b": 2}'), ran(2, 2, '{"b":2,"a":1}')) == []
    assert left(wish(1, 1, "{}"), ran(2, 2, "{}")) == []


def test_the_defaults_that_a_tracer_names_are_no_other_arguments() -> None:
    assert left(wish(1, 1), ran(2, 2, '{"a":1,"limit":10}')) == []
    assert left(wish(1, 1, "{}"), ran(2, 2, '{"limit":10}')) == []
    assert left(wish(1, 1, '{"a":1,"limit":5}'), ran(2, 2, '{"a":1,"limit":10}')) == [1]
    assert left(wish(1, 1, '{"a":1,"limit":5}'), ran(2, 2)) == [1]
    assert left(wish(1, 1, '["a"]'), ran(2, 2, '{"a":1}')) == [1]
    # An execution with just these arguments is the answer before one with more.
    assert left(wish(1, 1), wish(2, 1, '{"a":1,"limit":10}'), ran(3, 2, '{"a":1,"limit":10}'), ran(4, 3)) == []


def test_arguments_as_python_writes_them() -> None:
    assert left(wish(1, 1, '{"a":true,"b":"it\'s"}'), ran(2, 2, "{'a': True, 'b': \"it's\"}")) == []
    assert left(wish(1, 1), ran(2, 2, "{'a': 2}")) == [1]
    for text in ("{'a': f()}", "{[]: 1}", "{" * 2000, "{'a': 1" + " " * 70_000 + "}"):
        assert left(wish(1, 1), ran(2, 2, text)) == [1]


def test_an_execution_answers_one_call() -> None:
    assert left(wish(1, 1), wish(2, 1), ran(3, 2)) == [2]


def test_other_arguments_another_tool_and_an_earlier_end_are_another_call() -> None:
    assert left(wish(1, 1), ran(2, 2, '{"a":2}')) == [1]
    assert left(wish(1, 1), ran(2, 2, tool="pay")) == [1]
    assert left(wish(1, 9), ran(2, 2)) == [1]


def test_arguments_that_cannot_be_read_may_be_the_same_but_known_ones_go_first() -> None:
    assert left(wish(1, 1), ran(2, 2, None)) == []
    assert left(wish(1, 1), wish(2, 1, '{"a":2}'), ran(3, 2, None), ran(4, 3, '{"a":1}')) == []


def test_an_execution_with_an_id_answers_by_its_id_alone() -> None:
    assert left(wish(1, 1), ran(2, 2, tool_call_id="other")) == [1]


def test_a_decision_and_a_call_of_the_model_are_no_execution() -> None:
    decided = view(2, 2, "policy", "decision", tool="refund", args='{"a":1}', args_state="present")
    assert left(wish(1, 1), decided) == [1]


def test_arguments_that_are_no_json_are_compared_as_text() -> None:
    assert left(wish(1, 1, "order A"), ran(2, 2, "order A")) == []
    assert left(wish(1, 1, "order A"), ran(2, 2, "order B")) == [1]
