"""LangGraph and LangChain streams: the root names the run, messages hold the calls, tools pair as spans."""

from __future__ import annotations

import pytest

from auditrail.containers.records import Head
from auditrail.readers import _langchain, langgraph
from tests.readers._rows import of, read, rest, rows, score


def test_the_root_names_the_run():
    events = rows("langgraph", "events-v2")
    root = events[0]
    assert {row["run_id"] for row in events} == {root["span_id"]}
    assert (root["kind"], root["agent"], events[-1]["kind"], events[-1]["status"]) == (
        "start",
        "LangGraph",
        "end",
        "ok",
    )
    assert {row["conversation_id"] for row in events} == {"t-1"}


def test_parents_go_from_the_root_to_the_nearest():
    events = rows("langgraph", "events-v2")
    (node,) = of(events, name="agent")
    assert of(events, layer="llm", kind="start")[0]["parent_span_id"] == node["span_id"]
    assert node["parent_span_id"] == events[0]["span_id"]


def test_a_models_end_is_one_answer_with_its_calls():
    events = rows("langgraph", "events-v2")
    answer = of(events, layer="llm", kind="message")[0]
    assert (answer["model"], answer["tokens_in"], answer["tokens_out"]) == ("fake-1", 5, 3)
    calls = of(events, layer="llm", kind="call")
    assert [(row["tool"], row["tool_call_id"], row["args"]) for row in calls] == [
        ("weather", "call_1", '{"city":"Oslo"}'),
        ("fails", "call_2", '{"x":1}'),
    ]
    assert {row["parent_span_id"] for row in calls} == {answer["span_id"]}


def test_a_tool_begins_and_ends_as_one_span():
    events = rows("langgraph", "events-v2")
    began, ended = of(events, layer="tool", tool="weather")
    assert began["span_id"] == ended["span_id"]
    assert (began["kind"], began["tool_call_id"]) == ("call", None)
    assert (ended["kind"], ended["tool_call_id"], ended["result"], ended["status"]) == (
        "result", "call_1", "sunny in Oslo", "ok",
    )  # fmt: skip


def test_a_tool_that_raised_is_an_error_with_its_call():
    (row,) = of(rows("langgraph", "events-v2"), layer="tool", kind="error")
    assert (row["tool"], row["tool_call_id"], row["error"]) == ("fails", "call_2", "boom")


def test_version_1_names_no_run_for_what_stands_inside():
    events = rows("langgraph", "events-v1")
    assert events[0]["run_id"] == events[0]["span_id"]
    assert {row["run_id"] for row in events if row["agent"] is None} == {None}


def test_dumpd_says_the_same():
    told = ("layer", "kind", "tool", "result", "tool_call_id", "tokens_in", "model", "run_id", "span_id", "status")
    dumped = [[row[name] for name in told] for row in rows("langgraph", "dumpd")]
    assert dumped == [[row[name] for name in told] for row in rows("langgraph", "events-v2") if row["layer"] != "agent"]


def test_chunks_are_logs_with_their_content():
    (row,) = [row for row in rows("langgraph", "events-v2") if rest(row).get("event") == "on_chain_stream"]
    assert (row["kind"], "chunk" in rest(row)["data"]) == ("log", True)


def test_mode_debug_has_times_tasks_and_checkpoints():
    events = rows("langgraph", "debug")
    assert {row["ts_source"] for row in events} == {"event"}
    assert of(events, name="checkpoint")[0]["conversation_id"] == "t-1"
    assert {row["task_id"] for row in of(events, name="agent")} == {of(events, kind="call")[0]["task_id"]}
    assert len({row["run_id"] for row in events}) == 1


def test_an_interrupt_asks_about_its_tool():
    (row,) = of(rows("langgraph", "updates"), kind="decision")
    assert (row["decision"], row["tool"], row["decision_id"]) == ("ask", "send_mail", "4d5f")


def test_results_in_an_update_pair_with_the_calls():
    events = rows("langgraph", "updates")
    done, failed = of(events, layer="tool")
    assert (done["tool_call_id"], failed["tool_call_id"], failed["status"]) == ("call_1", "call_2", "error")


def test_a_tool_that_returns_a_command_keeps_it():
    (row,) = of(rows("langgraph", "hostile"), name="handoff")
    assert (row["tool_call_id"], row["status"], '"goto":"b"' in row["result"]) == ("call_9", "error", True)


def test_calls_with_invalid_arguments_are_kept():
    (row,) = of(rows("langgraph", "hostile"), kind="call", status="error")
    assert (row["tool"], row["args"], row["error"]) == ("t", "{bad", "no JSON")


def test_a_failed_run_says_so():
    (row,) = read("langgraph", {"event": "on_chain_error", "run_id": "a", "parent_ids": [], "data": {"error": "boom"}})
    assert (row["layer"], row["kind"], row["error"]) == ("agent", "error", "boom")


@pytest.mark.parametrize("value", [None, 7, {"type": ["ai"], "content": 1}, {"type": "ai"}, {"lc": 1, "kwargs": []}])
def test_what_is_no_message(value):
    assert not _langchain.is_message(value)


def test_a_message_chunk_is_a_message():
    assert _langchain.plain({"type": "AIMessageChunk", "content": "x"})["type"] == "ai"


def test_others_are_not_claimed():
    assert score("langgraph", {"event": "on_click", "run_id": 1, "data": {}}) == 0.0
    assert score("langgraph", {"event": "on_tool_start", "data": {}}) == 0.0
    assert score("langgraph", {"type": "task", "payload": {}}) == 0.0
    assert score("langgraph", {"agent": {"messages": [{"role": "user", "content": "x"}]}}) == 0.0
    assert score("langgraph", {"id": 1, "name": "x", "input": 1, "triggers": []}) == 0.9


def test_a_first_record_larger_than_the_look_is_known_by_its_start():
    raw = b'{"event": "on_chain_start", "data": {"input": "' + b"x" * 100
    assert langgraph.sniff(Head(raw, False, "lines", False, [], frozenset({"event"}), [])) == 0.95
