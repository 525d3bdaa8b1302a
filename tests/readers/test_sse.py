"""Event streams of model APIs put together again: Anthropic's, OpenAI's completions and responses, and cuts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.readers import _gateway as gateway
from auditrail.readers import _sse as sse
from auditrail.readers import llm_pairs

START = {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
         "content": [], "stop_reason": None, "usage": {"input_tokens": 4, "output_tokens": 1}}}  # fmt: skip
MESSAGE = [
    START,
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I'll "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "look."}},
    {"type": "content_block_start", "index": 1,
     "content_block": {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"cmd":'}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": ' "ls"}'}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 25}},
    {"type": "message_stop"},
]  # fmt: skip


def stream(events: list[Any], end: str = "") -> str:
    return "".join(f"event: {event.get('type', 'x')}\ndata: {json.dumps(event)}\n\n" for event in events) + end


def chunk(delta: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **more}


def test_a_message_of_anthropic() -> None:
    assert sse.answer(stream(MESSAGE)) == {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "tool_use",
        "content": [{"type": "text", "text": "I'll look."},
                    {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"cmd": "ls"}}],
        "usage": {"input_tokens": 4, "output_tokens": 25},
    }  # fmt: skip


def test_a_completion_of_openai() -> None:
    part = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
    more = {"index": 0, "function": {"arguments": '{"a":1}'}}
    events = [
        chunk({"role": "assistant", "content": "ok"}), chunk({"tool_calls": [part]}), chunk({"tool_calls": [more]}),
        chunk({}, "tool_calls"), {**chunk({}), "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    ]  # fmt: skip
    made = sse.answer(stream(events, "data: [DONE]\n\n"))
    assert made is not None
    (choice,) = made["choices"]
    assert (made["id"], made["object"], made["usage"]["prompt_tokens"]) == ("chatcmpl-1", "chat.completion", 3)
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", "ok")
    assert choice["message"]["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]


def test_a_response_of_openai_is_the_last_that_the_stream_has() -> None:
    begun, done = ({"id": "resp_1", "object": "response", "output": [], "status": word} for word in ("a", "completed"))
    events = [{"type": "response.created", "response": begun}, {"type": "response.completed", "response": done}]
    assert sse.answer(stream(events)) == done


@pytest.mark.parametrize("at", range(0, len(stream(MESSAGE)), 37))
def test_a_stream_that_was_cut_gives_what_it_had_said(at: int) -> None:
    made = sse.answer(stream(MESSAGE)[:at])
    assert made is None or made["id"] == "msg_1"


@pytest.mark.parametrize("text", ["", "hello", "data", "data: 1\n", "data: [1]\n", 'event: x\ndata: {"a": 1}\n'])
def test_other_text_is_no_answer(text: str) -> None:
    assert sse.answer(text) is None


def test_a_streamed_pair_has_the_calls_tokens_and_ids_of_its_answer() -> None:
    user = "user_ab_account__session_0b9e5a10-0000-4000-8000-00000000000a"
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}], "metadata": {"user_id": user}}
    told = {"status_code": 200, "headers": {"request-id": "req_1"}, "body_raw": stream(MESSAGE)}
    value = {"request": {"url": "u", "timestamp": 1, "body": asked}, "response": told, "logged_at": "t"}
    span, call = llm_pairs.read(value, Record(1, 0, 0, b"", b""))
    ids = {an_id.kind: an_id.value for an_id in span.ids}
    assert (span.tokens_in, span.tokens_out, span.status, call.tool) == (4, 25, "ok", "Bash")
    assert (ids["request"], ids["response"], ids["session"]) == ("req_1", "msg_1", user[-36:])


def test_newer_versions_of_claude_code_name_the_session_in_json() -> None:
    session = "0b9e5a10-0000-4000-8000-00000000000a"
    assert gateway.claude_session(json.dumps({"device_id": "d", "session_id": session})) == session
    assert gateway.claude_session("user_1") is gateway.claude_session(7) is None
