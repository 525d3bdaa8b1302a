"""Messages of LangChain and items of Responses as transcripts, and results that carry no id."""

from __future__ import annotations

import json
from typing import Any

from auditrail.model import Event
from auditrail.readers._conversation import Run, Telling
from tests.readers._told import told as document


def told(*messages: Any) -> list[Event]:
    telling = Telling(Run("r"))
    return [event for message in messages for event in telling.message(message)]


def call_ids(events: list[Event]) -> list[tuple[str, str | None]]:
    return [(e.kind, next((i.value for i in e.ids if i.kind == "tool_call"), None)) for e in events
            if e.kind in ("call", "result")]  # fmt: skip


def asking(*ids: str) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": [{"id": i, "name": f"t-{i}", "arguments": {}} for i in ids]}


def test_results_without_an_id_belong_to_the_calls_before_them_in_order() -> None:
    answer = {"role": "tool", "content": "x"}
    events = told(asking("a", "b"), answer, answer, answer)
    assert call_ids(events) == [("call", "a"), ("call", "b"), ("result", "a"), ("result", "b"), ("result", None)]
    assert [e.tool for e in events if e.kind == "result"] == ["t-a", "t-b", None]
    assert [json.loads(e.attributes) if e.attributes else None for e in events][-3:-1] == [
        {"role": "tool", "paired": "by order"}] * 2  # fmt: skip


def test_a_result_with_an_id_closes_that_call() -> None:
    events = told(asking("a", "b"), {"role": "tool", "tool_call_id": "a", "content": 1}, {"role": "tool", "content": 2})
    assert call_ids(events)[2:] == [("result", "a"), ("result", "b")]


def test_a_later_answer_leaves_earlier_calls_open_for_good() -> None:
    events = told(asking("a"), asking("b"), {"role": "tool", "content": 2})
    assert call_ids(events)[2:] == [("result", "b")]


def test_a_call_may_name_its_tool_in_place_of_a_function() -> None:
    (_, call) = told({"role": "assistant", "tool_calls": [{"function": "read", "args": {"p": 1}, "id": "a"}]})
    assert (call.tool, call.args, call.attributes) == ("read", '{"p":1}', None)


def test_messages_of_langchain_in_each_of_their_dumps() -> None:
    fields = {
        "content": "",
        "tool_calls": [{"name": "add", "args": {"x": 1}, "id": "c"}],
        "usage_metadata": {"input_tokens": 5, "output_tokens": 3},
        "response_metadata": {"model_name": "m"},
    }
    dumps: list[dict[str, Any]] = [
        {"type": "ai", **fields},
        {"type": "ai", "data": fields},
        {"lc": 1, "type": "constructor", "id": ["langchain", "AIMessage"], "kwargs": fields},
    ]
    for dump in dumps:
        said, call = told(dump)
        assert (said.layer, said.tokens_in, said.tokens_out, said.model) == ("llm", 5, 3, "m")
        assert (call.tool, call.args) == ("add", '{"x":1}')
    for status, expected in (("error", "error"), ("success", "ok")):
        (result,) = told({"type": "tool", "content": "no", "tool_call_id": "c", "name": "add", "status": status})
        assert (result.kind, result.tool, result.status) == ("result", "add", expected)


def test_conversations_of_one_experiment_are_runs_of_their_own():
    rows = [
        {"run_id": "model-a_maxiter_50_run_1", "instance_id": name, "messages": [{"role": "user", "content": "go"}]}
        for name in ("repo__1", "repo__2")
    ]
    names = [event["run_id"] for row in rows for event in document(row)]
    assert len({*names}) == 2
    assert all(part in names[0] for part in ("model-a_maxiter_50_run_1", "repo__1"))
    (alone, *_) = document({"run_id": "3b8e0000-1111", "messages": [{"role": "user", "content": "go"}]})
    assert alone["run_id"] == "3b8e0000-1111"
