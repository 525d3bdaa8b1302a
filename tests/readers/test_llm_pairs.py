"""The reader of logged LLM bodies: sides, times, tool calls; and that no transcript is taken for a gateway's log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import ID_KINDS, KINDS, STATES, STATUSES, Event
from auditrail.readers import litellm, llm_pairs, opa

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "readers" / "llm-pairs"
CORPUS = ROOT.parent / "shared" / "corpus"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)
CALL = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
ANSWER = {"id": "chatcmpl-1", "object": "chat.completion", "choices": [{"message": {"role": "assistant"}}]}


def load(case: str) -> list[Any]:
    return [jsontext.parse(line)[0] for line in (FIXTURES / case / "input.jsonl").read_bytes().splitlines()]


def read(value: Any) -> list[Event]:
    found = llm_pairs.read(value, RECORD)
    assert isinstance(found, list)
    return found


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def attributes(event: Event) -> dict[str, Any]:
    value = json.loads(event.attributes or "{}")
    assert isinstance(value, dict)
    return value


def head(*samples: Any) -> Head:
    raw = b"\n".join(json.dumps(sample).encode() for sample in samples)
    keys = frozenset(samples[0]) if samples and isinstance(samples[0], dict) else frozenset()
    return Head(raw, True, "lines", False, list(samples), keys, raw.splitlines())


def test_openai_pair():
    span, call = read(load("openai")[0])
    assert (span.layer, span.kind, span.name, span.status) == ("llm", "span", "/v1/chat/completions", "ok")
    assert (span.ts_ns, span.end_ns) == (1772442900_100000000, 1772442901_000500000)
    assert (span.model, span.principal, span.sampled) == ("gpt-4.1-2025-04-14", "alice", True)
    assert (span.tokens_in, span.tokens_out) == (80, 12)
    assert json.loads(span.args or "")["tools"][0]["type"] == "function"
    assert json.loads(span.result or "")["id"] == "chatcmpl-P1"
    assert ids(span, "request") == ["req-1"]
    assert ids(span, "trace") == ["0af7651916cd43dd8448eb211c80319c"]
    assert ids(span, "parent_span") == ["b7ad6b7169203331"]
    assert ids(span, "run") == ["run-42"]
    assert (call.kind, call.tool, call.args, call.ts_ns) == ("call", "get_weather", '{"city":"Oslo"}', span.end_ns)
    assert ids(call, "tool_call") == ["call_w1"]
    assert ids(call, "response") == ["chatcmpl-P1"]
    assert ids(call, "run") == ["run-42"]


def test_bodies_as_text_and_the_result_that_the_request_carries():
    (span,) = read(load("openai")[1])
    assert ids(span, "tool_call") == ["call_w1"]
    assert (span.ts_ns, span.end_ns) == (1772442902_000000000, 1772442903_500000000)
    assert span.args == load("openai")[1]["request"]


def test_flat_record_keeps_its_parameters_and_makes_no_end_of_a_latency_without_unit():
    (span,) = read(load("openai")[2])
    assert span.kind == "span"
    assert span.args is not None
    assert json.loads(span.args)[0]["role"] == "system"
    assert span.end_ns is None
    assert attributes(span)["latency"] == 1.2
    assert "tools" in attributes(span)


def test_batch_output_is_a_result_and_its_own_ids_join_nothing():
    (result,) = read(load("openai")[3])
    assert (result.kind, result.status, result.args_state) == ("result", "ok", "absent")
    assert ids(result, "request") == ["req-3"]
    assert ids(result, "other") == ["batch_req_9", "request-1"]
    assert result.ts_ns == 1772442904_000000000  # `created`, as there is no other time


def test_errors_and_raw_event_text():
    (refused,) = read(load("openai")[4])
    assert (refused.kind, refused.status, refused.error) == ("span", "error", "rate_limit_exceeded: Slow down")
    (streamed,) = read(load("openai")[5])
    assert (streamed.kind, streamed.status, streamed.result_state) == ("span", "unknown", "present")
    assert (streamed.result or "").startswith("data: ")


def test_anthropic_wrappers_with_headers():
    span, first, second = read(load("anthropic")[0])
    assert ids(span, "request") == ["req_011A"]
    assert ids(span, "run") == ["run-9"]
    assert span.ts_ns == 1772442000_000000000
    assert (span.name, span.status) == ("https://llm.internal/v1/messages", "ok")
    assert attributes(span)["response"] == {"status": 200, "headers": {"request-id": "req_011A"}}
    assert [(call.tool, call.args, call.args_state) for call in (first, second)] == [
        ("read_file", '{"path":"/srv/a.txt"}', "present"),
        ("list_files", "{}", "empty"),
    ]
    (overloaded,) = read(load("anthropic")[1])
    assert (overloaded.status, overloaded.error) == ("error", "overloaded_error: Overloaded")
    assert ids(overloaded, "tool_call") == ["toolu_01", "toolu_02"]
    alone, *calls = read(load("anthropic")[2])
    assert (alone.kind, alone.ts_source, len(calls)) == ("result", "order", 2)


def test_responses_api():
    span, function, custom, mcp = read(load("responses-api")[0])
    assert ids(span, "response") == ["resp_01", "resp_00"]
    assert ids(span, "conversation") == ["conv_1"]
    assert [ids(event, "tool_call") for event in (function, custom, mcp)] == [["call_f1"], ["call_f2"], ["mcp_1"]]
    assert ids(function, "response") == ["resp_01"]
    assert custom.args == "ls"
    (failed,) = read(load("responses-api")[1])
    assert (failed.status, failed.error) == ("error", "server_error: The model failed")
    assert ids(failed, "tool_call") == ["call_f1", "call_f2"]


def test_split_records_share_the_request():
    (call,) = read(load("split")[0])
    result, asked = read(load("split")[1])
    assert (call.kind, result.kind, asked.kind) == ("call", "result", "call")
    assert call.result_state == "absent"
    assert ids(call, "request") == ids(result, "request") == ids(asked, "request") == ["req-71"]


def test_spans_of_the_gateway_are_parents_of_the_calls():
    message = {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}
    response = {**ANSWER, "choices": [{"message": message}]}
    span, call = read({"request": CALL, "response": response, "trace_id": "A" * 32, "span_id": "B" * 16})
    assert ids(span, "span") == ["b" * 16]
    assert ids(call, "parent_span") == ["b" * 16]
    assert ids(call, "trace") == ["a" * 32]


@pytest.mark.parametrize(
    ("more", "ts", "end"),
    [
        ({"start_time": 1772442900, "duration_seconds": 2}, 1772442900, 1772442902),
        ({"end_time": 1772442900, "latency_ms": 1000}, 1772442899, 1772442900),
        ({"end_time": 1772442900}, 1772442900, 1772442900),
        ({"timestamp": 1772442900, "latency_ms": 5}, 1772442900, None),
        ({"timestamp": 1772442900, "completed_at": 1772442903}, 1772442900, 1772442903),
    ],
)
def test_times_say_no_more_than_the_record(more: dict[str, Any], ts: int, end: int | None):
    (span,) = read({"request": CALL, "response": ANSWER, **more})
    assert span.ts_ns == ts * 10**9
    assert span.end_ns == (None if end is None else end * 10**9)


def test_hostile_records_keep_what_they_hold():
    found = [read(value) for value in load("hostile")]
    assert [events[0].kind for events in found] == ["span", "call", "span", "log", "log"]
    assert attributes(found[0][0])["timestamp"] is True
    assert found[1][0].end_ns is None
    assert attributes(found[4][0]) == {"anything": "else"}
    with pytest.raises(RecordError) as error:
        llm_pairs.read(None, RECORD)
    assert error.value.code == "not-an-object"


@pytest.mark.parametrize("case", ["openai", "anthropic", "responses-api", "split"])
def test_sniffs_its_own(case: str):
    assert llm_pairs.sniff(head(*load(case))) == 0.7


@pytest.mark.parametrize(
    "sample",
    [
        {"messages": [{"role": "user", "content": "x"}]},
        CALL,  # a training set or a transcript
        {**CALL, "timestamp": 1},
        {"type": "assistant", "uuid": "u", "sessionId": "s", "message": {"type": "message", "role": "assistant",
         "model": "m", "content": [], "usage": {}}},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text"}], "timestamp": 1},
        {"type": "GENERATION", "model": "m", "input": [], "output": {}, "startTime": "x", "traceId": "t"},
        {"type": "LLMCall", "messages": [], "response": {}, "prompt_tokens": 1},
        {"choices": ["a", "b"], "question": "?"},
        {"request": {"method": "GET"}, "response": {"status": 200}},
    ],
)  # fmt: skip
def test_does_not_sniff_others(sample: Any):
    assert llm_pairs.sniff(head(sample, 5, None)) == 0.0


def corpus_head(raw: bytes) -> Head:
    """A head by hand: whole value, values of an array, values one after another, or lines; whatever parses."""
    text = raw.decode("utf-8", "replace")
    samples: list[Any] = []
    at = 0
    while at < len(text) and len(samples) < 50:
        try:
            value, at = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            at = (text.find("\n", at) + 1) or len(text)
            continue
        samples.extend(value[:50] if isinstance(value, list) else [value])
        while at < len(text) and text[at].isspace():
            at += 1
    keys = frozenset(samples[0]) if samples and isinstance(samples[0], dict) else frozenset()
    return Head(raw, True, "values", raw.lstrip()[:1] == b"[", samples[:50], keys, raw.splitlines()[:50])


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="no shared corpus here")
def test_no_other_format_of_the_corpus_is_taken():
    files = [path for path in CORPUS.rglob("*") if path.is_file() and path.suffix not in (".md", ".pb")]
    assert len(files) > 60
    fired = {
        (path.name, reader.NAME)
        for path in files
        for head_of_file in [corpus_head(path.read_bytes())]
        for reader in (opa, litellm, llm_pairs)
        if reader.sniff(head_of_file)
    }
    assert fired == set()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
KEYS = st.sampled_from(
    [*llm_pairs._CONTEXT, *llm_pairs._BEGIN, *llm_pairs._END, *llm_pairs._DURATIONS, *llm_pairs._STATUSES, "error",
     "model", "messages", "choices", "metadata", "user", "conversation", "id", "created", "usage", "body", "headers"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES))
def test_never_raises_and_gives_valid_rows(value: Any, request: Any, response: Any):
    pair = {**value, "request": {**request, **CALL}, "response": {**response, **ANSWER}}
    wrapped = {**value, "request": {**request, "body": CALL}, "response": {**response, "body": json.dumps(ANSWER)}}
    for record in (value, {**value, "request": request, "response": response}, pair, wrapped, {**value, **CALL}):
        for event in read(record):
            assert event.kind in KINDS
            assert event.status in STATUSES
            assert {event.args_state, event.result_state} <= set(STATES)
            assert all(an_id.kind in ID_KINDS and an_id.value for an_id in event.ids)
            assert event.attributes is None or isinstance(json.loads(event.attributes), dict)
            assert all(ns is None or -(2**63) <= ns < 2**63 for ns in (event.ts_ns, event.end_ns))
            for text in (event.name, event.error, event.tool, event.model, event.args, event.result, event.agent):
                assert text is None or isinstance(text, str)
    llm_pairs.sniff(head())
    llm_pairs.sniff(Head(b"", True, "lines", False, [value, request, pair], frozenset(), []))


def test_an_answer_with_its_time_is_one_record():
    logged = {"timestamp": "2026-03-02T09:15:00Z", "request": CALL, "response": ANSWER}
    first = read(logged)[0].dedupe_key
    changed = {**logged, "request": {**CALL, "messages": [{"role": "user", "content": "y"}]}}
    assert first is not None
    assert read(changed)[0].dedupe_key == first


def test_an_answer_from_a_cache_is_a_record_for_each_request():
    cached = {**ANSWER, "created": 1772442900}
    keys = [
        read({"timestamp": "2026-03-02T09:16:00Z", "request": CALL, "response": cached})[0].dedupe_key,
        read({"timestamp": "2026-03-02T09:17:00Z", "request": CALL, "response": cached})[0].dedupe_key,
        read({"request_id": "r1", "request": CALL, "response": cached})[0].dedupe_key,
        read({"request_id": "r2", "request": CALL, "response": cached})[0].dedupe_key,
    ]
    assert None not in keys
    assert len(set(keys)) == len(keys)
    assert read({"request": CALL, "response": cached})[0].dedupe_key is None
    assert read({"timestamp": "2026-03-02T09:15:00Z", "request": CALL})[0].dedupe_key is None
