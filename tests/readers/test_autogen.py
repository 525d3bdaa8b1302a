"""AutoGen: the event log has no ids and no times, AgentChat has both; losses are told."""

from __future__ import annotations

from auditrail.containers.records import Head
from auditrail.readers import autogen
from tests.readers._rows import of, read, rest, rows, score

CALL = {"type": "ToolCall", "tool_name": "add", "arguments": {"a": 1}, "result": "3", "agent_id": "adder_t-1/t-1"}


def test_the_event_log_stands_in_order_and_is_one_run():
    events = rows("autogen", "core")
    assert {(row["ts_ns"], row["ts_source"]) for row in events} == {(None, "order")}
    assert len({row["run_id"] for row in events}) == 1


def test_a_model_call_has_its_tokens_once():
    events = rows("autogen", "core")
    answer = of(events, name="LLMCall")[0]
    assert (answer["kind"], answer["model"], answer["tokens_in"], answer["tokens_out"]) == ("span", "fake-1", 8, 3)
    calls = of(events, layer="llm", kind="call")
    assert [(row["tool"], row["tool_call_id"], row["tokens_in"]) for row in calls] == [
        ("add", "call_1", None),
        ("bad", "call_2", None),
    ]


def test_a_tool_call_has_arguments_result_and_no_id():
    (row,) = read("autogen", CALL)
    assert (row["layer"], row["kind"], row["tool"], row["args"], row["result"]) == (
        "tool",
        "span",
        "add",
        '{"a":1}',
        "3",
    )
    assert (row["tool_call_id"], row["agent"], row["session_id"]) == (None, "adder", "t-1")


def test_the_key_default_names_no_session():
    (row,) = read("autogen", {**CALL, "agent_id": "worker/default"})
    assert (row["agent"], row["session_id"], rest(row)) == ("worker", None, {"agent_id": "worker/default"})


def test_a_dropped_message_is_a_loss_that_is_told():
    (row,) = of(rows("autogen", "core"), name="MessageDropped")
    assert (row["kind"], row["status"], row["error"]) == ("error", "error", "message dropped")
    assert rest(row)["receiver"] == "b/s-9"


def test_transport_is_no_message():
    assert {row["kind"] for row in of(rows("autogen", "core"), name="Message")} == {"log"}


def test_exceptions_are_errors_of_the_agent():
    events = of(rows("autogen", "core"), agent="worker", kind="error")
    assert [(row["name"], row["error"]) for row in events] == [
        ("MessageHandlerException", "boom"),
        ("AgentConstructionException", "no factory"),
    ]


def test_calls_and_results_of_agentchat_pair():
    events = rows("autogen", "chat")
    done, failed = of(events, layer="tool")[:2]
    assert (done["tool_call_id"], done["result"], done["status"]) == ("call_1", "3", "ok")
    assert (failed["tool_call_id"], failed["error"], failed["status"]) == ("call_2", "boom", "error")
    assert {row["tool_call_id"] for row in of(events, kind="call")} == {"call_1", "call_2"}


def test_a_result_repeats_the_messages_under_their_keys():
    events = [row for row in rows("autogen", "chat") if row["dedupe_key"]]
    half = len(events) // 2
    assert [row["dedupe_key"] for row in events[:half]] == [row["dedupe_key"] for row in events[half:]]


def test_a_user_speaks_as_a_user_and_a_model_as_a_model():
    events = rows("autogen", "chat")
    assert (events[0]["layer"], events[0]["agent"]) == ("agent", None)
    spoken = of(events, name="TextMessage", agent="checker")[0]
    assert (spoken["layer"], spoken["tokens_out"], rest(spoken)["content"]) == ("llm", 3, "right")


def test_older_messages_have_neither_id_nor_time():
    events = rows("autogen", "result")
    assert {(row["message_id"], row["dedupe_key"], row["ts_source"]) for row in events} == {(None, None, "order")}
    assert rest(events[-1])["stop_reason"].startswith("Maximum number")


def test_a_teams_state_gives_its_thread_and_keeps_the_rest():
    saved, *events = rows("autogen", "team-state")
    assert of(events, kind="call")[0]["tool_call_id"] == "call_1"
    assert rest(saved)["agent_states"]["adder"]["agent_state"]["llm_context"]["messages"]


def test_an_agents_state_gives_its_context():
    events = rows("autogen", "hostile")
    assert [row["tool_call_id"] for row in events if row["tool_call_id"]] == ["c1", "c1"]


def test_code_that_failed():
    (row,) = of(rows("autogen", "hostile"), name="CodeExecutionEvent")
    assert (row["kind"], row["status"], row["result"]) == ("result", "error", "Traceback")


def test_others_are_not_claimed():
    assert score("autogen", {"type": "ToolCall", "name": "x"}) == 0.0
    assert score("autogen", {"type": "Message", "payload": "x"}) == 0.0
    assert score("autogen", {"type": "TextMessage", "content": "x"}) == 0.0
    assert score("autogen", {"messages": [{"role": "user"}], "stop_reason": "x"}) == 0.0
    assert score("autogen", CALL) == 0.95


def test_a_result_larger_than_the_look_is_known_by_its_start():
    raw = b'{"messages": [{"source": "a", "models_usage": null, "content": "x", "type": "TextMessage"}, {"sour'
    assert autogen.sniff(Head(raw, False, "values", False, [], frozenset({"messages"}), [])) == 0.9
    assert autogen.sniff(Head(b'{"messages": [{"role"', False, "values", False, [], frozenset({"messages"}), [])) == 0.0
