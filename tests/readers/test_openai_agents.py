"""OpenAI Agents SDK: a trace is a run, spans say what was done, guardrails decide."""

from __future__ import annotations

import json

import pytest

from auditrail.containers.records import Head
from auditrail.readers import openai_agents
from tests.readers._rows import of, read, rest, rows, score

SPAN = {"object": "trace.span", "id": "span_1", "trace_id": "trace_1", "parent_id": None, "error": None,
        "started_at": "2026-05-01T10:00:00+00:00", "ended_at": "2026-05-01T10:00:01+00:00"}  # fmt: skip


def span(kind: str, **data):
    return read("openai-agents", {**SPAN, "span_data": {"type": kind, **data}})


def test_a_trace_is_a_run_with_its_workflow_and_group():
    first, *others = rows("openai-agents", "lines")
    assert (first["kind"], first["name"], first["conversation_id"]) == ("start", "invoices", "thread-9")
    assert (first["ts_ns"], first["ts_source"]) == (None, "order")
    assert {row["run_id"] for row in others} >= {first["run_id"]}
    assert len({row["run_id"] for row in others}) == 2


def test_a_generation_is_the_answer_and_its_tool_calls():
    events = rows("openai-agents", "lines")
    answer = of(events, layer="llm", kind="span")[0]
    assert (answer["model"], answer["tokens_in"], answer["tokens_out"]) == ("fake-1", 11, 7)
    calls = [row for row in of(events, kind="call") if row["parent_span_id"] == answer["span_id"]]
    assert [(row["tool"], row["tool_call_id"], row["tokens_in"]) for row in calls] == [
        ("read_invoice", "call_a", None),
        ("broken", "call_b", None),
    ]
    assert all(row["ts_ns"] == answer["end_ns"] for row in calls)


def test_a_function_is_a_tool_span_with_its_error():
    done, failed = of(rows("openai-agents", "lines"), layer="tool")
    assert (done["tool"], done["status"], done["result"]) == ("read_invoice", "ok", "Invoice R-7: 40 EUR")
    assert (failed["status"], failed["error"]) == ("error", "Error running tool (non-fatal)")
    assert rest(failed)["error"]["data"]["tool_name"] == "broken"


def test_guardrails_allow_and_deny():
    decisions = of(rows("openai-agents", "lines"), layer="policy")
    assert [(row["policy"], row["decision"], row["status"]) for row in decisions] == [
        ("not_private", "allow", "ok"),
        ("not_private", "deny", "denied"),
    ]


def test_a_task_without_an_error_is_not_called_ok():
    roots = [row for row in of(rows("openai-agents", "lines"), layer="agent", kind="span") if not row["parent_span_id"]]
    assert [(row["name"], row["status"]) for row in roots] == [("invoices", "unknown"), ("Agent workflow", "unknown")]


def test_a_handoff_names_both_agents():
    (row,) = of(rows("openai-agents", "lines"), name="handoff")
    assert (row["kind"], row["agent"], rest(row)["span_data"]["to_agent"]) == ("log", "clerk", "payer")


def test_null_content_was_not_recorded_and_cut_content_says_so():
    (hidden,) = span("function", name="f", input=None, output=None, mcp_data=None)
    assert (hidden["args_state"], hidden["result_state"]) == ("absent", "absent")
    (cut,) = span("function", name="f", input='{"a": "xxxx... [truncated]', output={"truncated": True, "preview": "x"})
    assert (cut["args_state"], cut["result_state"]) == ("truncated", "truncated")


def test_a_response_has_an_id_and_no_content():
    (row,) = span("response", response_id="resp_1", usage={"input_tokens": 3, "output_tokens": 4})
    assert (row["response_id"], row["tokens_in"], row["args_state"]) == ("resp_1", 3, "absent")


def test_calls_in_chat_shape_are_found():
    message = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "g", "arguments": "{}"}}]}
    answer, call = span("generation", output=[message], model="m")
    assert (answer["kind"], call["tool"], call["tool_call_id"], call["args_state"]) == ("span", "g", "c1", "empty")


def test_an_exported_batch_is_read_like_its_lines():
    events = rows("openai-agents", "export")
    assert {row["run_id"] for row in events} == {"trace_9e1ae86d7dee4a26b850c6a856363ea9"}
    assert of(events, name="mcp_tools")[0]["kind"] == "log"


def test_what_is_no_id_stays():
    (row,) = read("openai-agents", {"object": "trace", "id": "trace_1", "workflow_name": "w", "group_id": "null"})
    assert (row["conversation_id"], rest(row)) == (None, {"group_id": "null"})


def test_copies_of_a_span_have_one_key():
    first, second = read("openai-agents", *[{**SPAN, "span_data": {"type": "custom", "name": "x"}}] * 2)
    assert first["dedupe_key"] == second["dedupe_key"] == "openai-agents:trace_1:span_1"


@pytest.mark.parametrize("value", [{"object": "trace", "id": "x"}, {"data": [{"object": "list"}]}, {"object": "span"}])
def test_others_are_not_claimed(value):
    assert score("openai-agents", value) == 0.0


def test_a_batch_larger_than_the_look_is_known_by_its_start():
    raw = b'{"data": [' + json.dumps({**SPAN, "span_data": {}}).encode()
    assert openai_agents.sniff(Head(raw, False, "values", False, [], frozenset({"data"}), [])) == 0.95
