"""Chat transcripts: a record or a file is a run, in the shapes of every provider; nothing is taken from others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.ingest import choose
from auditrail.readers import chat
from tests.conformance import _pipeline as pipeline
from tests.readers._told import cuts_are_survived, first_choice, fixture, told


def lines(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def test_a_record_with_messages_is_a_run():
    rows = told(fixture("chat", "openai-fine-tune"))
    assert len({row["run_id"] for row in rows}) == 2
    assert [(row["layer"], row["kind"]) for row in rows if row["record"] == 1] == [
        ("agent", "message"), ("agent", "message"), ("llm", "message"), ("llm", "call"), ("tool", "result"),
        ("llm", "message"), ("agent", "log"),
    ]  # fmt: skip
    assert next(row["attributes"] for row in rows if row["name"] == "chat")["tools"][0]["function"]["name"] == "weather"


def test_a_conversation_id_names_the_run():
    rows = [row for row in told(fixture("chat", "openai-fine-tune")) if row["record"] == 2]
    assert {(row["run_id"], row["conversation_id"]) for row in rows} == {("conv-77f1a2b3", "conv-77f1a2b3")}
    said = rows[1]
    assert (said["agent"], said["model"], said["tokens_in"], said["tokens_out"]) == ("helper", "model-a", 3, 2)
    assert (said["ts_source"], rows[0]["ts_source"]) == ("event", "order")


@pytest.mark.parametrize("case", ["messages-array", "message-lines"])
def test_messages_alone_make_the_source_one_run(case: str):
    rows = told(fixture("chat", case))
    assert len({row["run_id"] for row in rows}) == 1
    assert len({row["record"] for row in rows}) > 1


def test_blocks_of_anthropic():
    rows = told(fixture("chat", "message-lines"))
    call = next(row for row in rows if row["tool_call_id"] == "toolu_1" and row["kind"] == "call")
    result = next(row for row in rows if row["tool_call_id"] == "toolu_1" and row["kind"] == "result")
    assert (call["tool"], call["args"], call["message_id"]) == ("read", '{"path":"a"}', "msg_01ABCDEF")
    assert (result["status"], result["error"]) == ("error", "no such file")
    assert rows[1]["attributes"]["content"] == [{"type": "text", "text": "I read it."}], "a call is told once"


def test_items_of_the_responses_api():
    rows = told(fixture("chat", "message-lines"))
    assert [(row["kind"], row["args"], row["result"]) for row in rows if row["tool_call_id"] == "call_9"] == [
        ("call", '{"x":[1,2]}', None), ("result", None, "3"),
    ]  # fmt: skip


def test_a_system_prompt_beside_the_messages_is_the_first_message():
    rows = told(fixture("chat", "anthropic-request"))
    assert (rows[0]["name"], rows[0]["attributes"]["content"]) == ("system", "You are careful.")
    assert [row["model"] for row in rows if row["layer"] == "llm"] == ["model-c"]


def test_parts_of_google():
    rows = told(fixture("chat", "google-contents"))
    assert rows[0]["name"] == "system"
    (call,) = [row for row in rows if row["kind"] == "call"]
    (result,) = [row for row in rows if row["kind"] == "result"]
    assert (call["tool"], call["args"]) == ("set_light", '{"on":true}')
    assert (result["tool"], result["result"]) == ("set_light", '{"done":true}')


def test_a_result_takes_the_name_of_the_tool_from_its_call_in_the_same_record():
    asked = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": "{}"}}]}
    rows = told({"messages": [asked, {"role": "tool", "tool_call_id": "c1", "content": ""}]}, reader="chat")
    assert [(row["tool"], row["result_state"]) for row in rows if row["kind"] == "result"] == [("look", "empty")]


def test_share_gpt():
    rows = told(fixture("chat", "sharegpt"))
    assert [(row["layer"], row["name"]) for row in rows] == [("agent", "human"), ("llm", "gpt"), ("agent", "chat")]


def test_a_trajectory_of_messages_is_a_conversation():
    said = [{"role": "user", "text": "fix it"}, {"role": "ai", "text": "done"}]
    record = {"instance_id": "p__p-1", "trajectory": said, "exit_status": "submitted"}
    assert first_choice(lines(record, record)) == "chat"
    rows = told(record)
    assert [(row["layer"], row["kind"]) for row in rows] == [("agent", "message"), ("llm", "message"), ("agent", "log")]


def test_odd_messages_are_kept():
    rows = told({"messages": [{"role": "user", "content": "a"}, 7, None, ["x"], {"content": 1}]}, reader="chat")
    assert [row["attributes"].get("message", "none") for row in rows if row["kind"] == "log"] == [7, None, ["x"]]
    assert rows[-1]["attributes"] == {"content": 1}


# --- whose file it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        {"request": {"model": "m", "messages": [{"role": "user", "content": "a"}]}, "response": {"id": "x"}},
        {"model": "m", "messages": [{"role": "user", "content": "a"}], "response": {"choices": []}},
        {"litellm_call_id": "x", "model": "m", "messages": [{"role": "user", "content": "a"}]},
        {"task_id": 1, "messages": [{"role": "user", "content": "a"}], "termination_reason": "user_stop"},
        {"id": 1, "epoch": 1, "input": "", "target": "", "messages": [{"role": "user", "content": "a"}]},
        {"messages": [{"source": "a", "content": "x"}]},
        {"messages": []},
        {"role": "admin", "action": "login"},
        {"role": "user", "name": "eve"},
        {"type": "user", "message": {"role": "user", "content": "x"}, "uuid": "u"},
        {"type": "tool", "output": "x"},
    ],
)
def test_it_leaves_what_is_not_a_bare_transcript(record: dict[str, Any]):
    assert chat.sniff(pipeline.head_of(lines(record, record))) == 0.0


def test_a_log_that_mentions_one_message_stays_a_log():
    log = {"timestamp": "2026-01-01T00:00:00Z", "level": "info", "event": "x", "run_id": "r1"}
    assert first_choice(lines(*[log] * 5, {"role": "user", "content": "a"})) == "jsonl"


def test_messages_with_times_are_a_transcript_and_no_log():
    said = [{"role": role, "content": "x", "timestamp": "2026-01-01T00:00:00Z"} for role in ("user", "assistant")]
    assert first_choice(lines(*said)) == "chat"


def test_it_yields_to_every_reader_that_knows_more():
    for name, folder in pipeline.cases():
        if name == "chat" or pipeline.mapping_of(folder):
            continue
        head = pipeline.head_of(pipeline.decompressed(pipeline.input_of(folder).read_bytes()))
        claims = {reader: score for score, reader in choose.scores(head)}
        assert claims.get("chat", 0.0) < claims[name], folder


def test_cuts_are_survived():
    cuts_are_survived("chat")
