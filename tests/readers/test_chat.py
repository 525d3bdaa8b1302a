"""Tool calls, results, usage and errors in OpenAI- and Anthropic-shaped bodies; ids in HTTP headers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway


def test_openai_tool_calls():
    message = {
        "tool_calls": [
            {"id": "c1", "type": "function", "index": 0, "function": {"name": "f", "arguments": '{"a":1}'}},
            {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "ls"}},
            {"id": "c3", "name": "flat", "arguments": {"b": 2}},
        ]
    }
    first, second, third = chat.calls_of_response({"choices": [{"message": message}]})
    assert first == ("c1", "f", '{"a":1}', True, {"type": "function", "index": 0})
    assert second == ("c2", "g", "ls", True, {"type": "custom"})
    assert third == ("c3", "flat", {"b": 2}, True, {})


def test_legacy_function_call_has_no_id():
    (call,) = chat.calls_of_message({"function_call": {"name": "f", "arguments": "{}"}})
    assert (call.id, call.name, call.arguments) == (None, "f", "{}")


def test_anthropic_tool_use():
    blocks = [{"type": "text", "text": "x"}, {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}]
    (call,) = chat.calls_of_response({"type": "message", "content": blocks})
    assert call == ("t1", "f", {"a": 1}, True, {"type": "tool_use"})


def test_responses_api_output():
    output = [{"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": "{}"}]
    (call,) = chat.calls_of_response({"object": "response", "output": output})
    assert (call.id, call.rest) == ("c", {"type": "function_call", "id": "fc"})


def test_a_call_without_arguments_says_so():
    (call,) = chat.calls_of_message({"tool_calls": [{"id": "c", "function": {"name": "f"}}]})
    (event,) = chat.call_events([call], Event(ts_ns=5))
    assert (event.args, event.args_state) == (None, "absent")


def test_odd_members_of_a_call_are_kept():
    (call,) = chat.calls_of_message({"tool_calls": [{"id": ["x"], "function": {"name": 7, "arguments": "{}"}}]})
    assert (call.id, call.name, call.rest) == (None, None, {"id": ["x"], "name": 7})
    assert list(chat.calls_of_message({"tool_calls": [{}, {"id": None}, 5]})) == []


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([{"role": "tool", "tool_call_id": "old"}, {"role": "user"}], []),
        (
            [{"role": "tool", "tool_call_id": "old"}, {"role": "assistant"}, {"role": "tool", "tool_call_id": "n"}],
            ["n"],
        ),
        ([{"role": "tool", "tool_call_id": "a"}, {"role": "tool", "tool_call_id": "b"}], ["a", "b"]),
        ([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}, {"type": "text"}]}], ["t"]),
        ([{"type": "function_call_output", "call_id": "c"}], ["c"]),
        ("text", []),
        ([None, 3, {"role": "tool", "tool_call_id": {"a": 1}}], []),
    ],
)
def test_answered_looks_at_the_last_messages_only(messages: Any, expected: list[str]):
    assert chat.answered(messages) == expected


def test_answered_is_bounded():
    messages = [{"role": "tool", "tool_call_id": f"c{number}"} for number in range(1000)]
    assert chat.answered(messages) == [f"c{number}" for number in range(1000 - chat.MAX_ANSWERED, 1000)]


def test_usage_and_errors():
    assert chat.usage_of({"usage": {"prompt_tokens": 0, "completion_tokens": 2}}) == (0, 2)
    assert chat.usage_of({"usage": {"input_tokens": 3, "output_tokens": True}}) == (3, None)
    assert chat.usage_of({"usage": []}) == (None, None)
    assert chat.error_of({"error": {"type": "t", "message": "m"}}) == "t: m"
    assert chat.error_of({"error": "text"}) == "text"
    assert chat.error_of({"error": {"code": 5}}) == '{"code":5}'
    assert chat.error_of({"error": None}) is None


def test_call_events_take_the_first_ids_of_their_record():
    record = Event(
        ts_ns=1,
        end_ns=9,
        model="m",
        dedupe_key="k",
        ids=(Id("request", "r1"), Id("request", "r2"), Id("tool_call", "old"), Id("run", "u"), Id("span", "s")),
    )
    calls = chat.calls_of_message({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]})
    (event,) = chat.call_events(calls, record, span="s")
    assert event.ids == (Id("tool_call", "c"), Id("parent_span", "s"), Id("request", "r1"), Id("run", "u"))
    assert (event.ts_ns, event.model, event.dedupe_key, event.kind) == (9, "m", "k#call1", "call")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Request-Id": "r", "TraceParent": f"00-{'a' * 32}-{'b' * 16}-01"},
        {"x-request-id": ["r"], "traceparent": [f"00-{'A' * 32}-{'B' * 16}-01"]},
        [["x-request-id", "r"], ["traceparent", f"00-{'a' * 32}-{'b' * 16}-01"]],
        [{"name": "x-request-id", "value": "r"}, {"key": "traceparent", "value": f"00-{'a' * 32}-{'b' * 16}-01"}],
    ],
)
def test_headers_in_every_shape(headers: Any):
    ids: list[Id] = []
    assert gateway.add_headers(ids, headers) is True
    assert ids == [Id("request", "r"), Id("trace", "a" * 32), Id("parent_span", "b" * 16)]


def test_xray_header_is_the_same_trace_id():
    ids: list[Id] = []
    gateway.add_headers(ids, {"x-amzn-trace-id": "Self=1-1-2;Root=1-67891233-abcdef012345678912345678;Sampled=1"})
    assert ids == [Id("trace", "67891233abcdef012345678912345678")]


@pytest.mark.parametrize("name", ["run_id", "runId", "Run-ID", "runid"])
def test_names_of_ids_are_compared_folded(name: str):
    ids: list[Id] = []
    gateway.add_named(ids, {name: "r", "other": 1})
    assert ids == [Id("run", "r")]


LEAVES = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.sampled_from(
    [
        "choices",
        "message",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "id",
        "type",
        "content",
        "output",
        "input",
        "tool_use",
        "function_call",
        "call_id",
        "usage",
        "error",
        "role",
        "headers",
        "key",
        "value",
    ]
)
VALUES = st.recursive(
    LEAVES | st.sampled_from(["tool_use", "tool_result", "function_call", "tool"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_never_raises(value: Any):
    for event in chat.call_events(chat.calls_of_response(value), Event()):
        assert event.tool is None or event.tool.strip()
        assert event.args is None or isinstance(event.args, str)
    chat.answered(value)
    chat.usage_of(value)
    chat.error_of(value)
    gateway.add_headers([], value)
    gateway.add_named([], value)
