"""Strands session files: ids from the path, numbers without holes, what a guardrail replaced."""

from __future__ import annotations

from auditrail.containers.records import Head
from auditrail.readers import strands
from tests.readers._rows import of, read, rest, rows, score

PATH = "store/session_s-9/agents/agent_helper/messages/message_3.json"
MESSAGE = {
    "message": {"role": "user", "content": [{"text": "hello"}]},
    "message_id": 3,
    "redact_message": None,
    "created_at": "2026-05-01T10:00:00+00:00",
    "updated_at": "2026-05-01T10:00:00+00:00",
}


def test_session_and_agent_stand_in_the_path():
    (row,) = read("strands", MESSAGE, path=PATH)
    assert (row["session_id"], row["agent"], row["stream"]) == ("s-9", "helper", "strands:s-9/helper")
    assert (row["seq_kind"], row["seq"], row["dedupe_key"]) == ("strands.message_id", 3, "strands:s-9:helper:3")


def test_a_key_in_s3_reads_like_a_path():
    (row,) = read("strands", MESSAGE, path="s3-copy.zip!prefix/" + PATH)
    assert (row["session_id"], row["agent"]) == ("s-9", "helper")


def test_a_message_alone_has_no_session():
    (row,) = read("strands", MESSAGE, path="message_3.json")
    assert (row["session_id"], row["agent"], row["dedupe_key"]) == (None, None, None)


def test_a_call_and_its_result_pair():
    events = rows("strands", "session_s-1")
    for result in of(events, layer="tool"):
        assert len(of(events, layer="llm", kind="call", tool_call_id=result["tool_call_id"])) == 1
    assert [(row["status"], row["error"]) for row in of(events, layer="tool")] == [
        ("ok", None),
        ("error", "Error: boom"),
    ]


def test_the_number_stands_on_one_event_of_each_message():
    numbers = [row["seq"] for row in rows("strands", "session_s-1") if row["seq"] is not None]
    assert numbers == [0, 1, 2, 3, 4, 5]


def test_a_replaced_message_is_a_decision():
    (gone,) = of(rows("strands", "session_s-1"), decision="modify")
    assert (gone["args"], gone["args_state"]) == (None, "redacted")
    kept = of(rows("strands", "hostile"), decision="modify")[0]
    assert "4111" in kept["args"]
    assert "redacted" in kept["result"]


def test_an_open_interrupt_asks():
    (row,) = of(rows("strands", "session_s-1"), decision="ask")
    assert (row["policy"], row["args"], row["result_state"]) == ("approve_delete", '{"path":"/srv"}', "absent")


def test_messages_dropped_from_the_context_are_told():
    (row,) = of(rows("strands", "session_s-1"), name="agent")
    assert rest(row)["conversation_manager_state"]["removed_message_count"] == 2


def test_tokens_stand_on_the_answer():
    events = rows("strands", "session_s-1")
    assert [row["tokens_out"] for row in events if row["tokens_out"] is not None] == [4, 4, 4]
    assert {row["kind"] for row in events if row["tokens_out"] is not None} == {"message"}


def test_others_are_not_claimed():
    assert score("strands", {"message": {"role": "user", "content": []}, "message_id": "m1"}) == 0.0
    assert score("strands", {"session_id": "s", "session_type": "x", "created_at": 1, "updated_at": 2}) == 0.0
    assert score("strands", {"agent_id": "a", "state": {}}) == 0.0


def test_a_message_larger_than_the_look_is_known_by_its_start():
    raw = b'{\n  "message": {\n    "role": "user",\n    "content": [\n      {\n        "image": {"format": "png"'
    assert strands.sniff(Head(raw, False, "values", False, [], frozenset({"message"}), [])) == 0.8
