"""The reader of Bedrock's invocation log: content and its state, calls and results, streams, tokens, ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _bedrock, bedrock_invocation
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)
USE = "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q"
USER = {"role": "user", "content": [{"text": "Refund A"}]}
ASKED = {"role": "assistant", "content": [{"toolUse": {"toolUseId": USE, "name": "get_order", "input": {"o": 1}}}]}
RESULT = {
    "role": "user",
    "content": [{"toolResult": {"toolUseId": USE, "content": [{"text": "paid"}], "status": "success"}}],
}


def record(messages: Any = None, answer: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "schemaType": "ModelInvocationLog", "timestamp": "2026-03-02T11:00:00Z", "requestId": "r-1",
        "operation": "Converse", "modelId": "nova", "input": {"inputBodyJson": {"messages": messages or [USER]}},
        "output": {"outputBodyJson": answer if answer is not None else {"output": {"message": ASKED}}}, **more,
    }  # fmt: skip


def read(value: Any) -> list[Event]:
    found = bedrock_invocation.read(value, RECORD)
    assert isinstance(found, list)
    return [event for event in found if isinstance(event, Event)]


def span(value: Any) -> Event:
    return next(event for event in read(value) if event.kind == "span")


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def test_a_request_is_a_span_with_the_calls_that_the_model_asked_for():
    made, call = read(record())
    assert (made.layer, made.kind, made.name, made.model) == ("llm", "span", "Converse", "nova")
    assert json.loads(made.args or "") == [USER]
    assert json.loads(made.result or "") == ASKED
    assert (call.layer, call.kind, call.tool, call.args) == ("llm", "call", "get_order", '{"o":1}')
    assert (ids(call, "tool_call"), ids(call, "request")) == ([USE], ["r-1"])


def test_only_the_last_message_tells_new_results():
    kinds = [(event.layer, event.kind, event.tool) for event in read(record([USER, ASKED, RESULT]))]
    assert kinds[0] == ("tool", "result", "get_order")
    assert [event.layer for event in read(record([USER, ASKED, RESULT, ASKED]))] == ["llm", "llm"]


def test_a_result_handed_on_again_is_told_again():
    first, again = (read({**record([USER, ASKED, RESULT]), "requestId": name})[0] for name in ("r-1", "r-2"))
    assert ids(first, "tool_call") == ids(again, "tool_call") == [USE]
    # Equal keys are for copies of one record; these are two, of two times.
    assert (first.dedupe_key, again.dedupe_key) == ("bedrock:r-1#result1", "bedrock:r-2#result1")


@pytest.mark.parametrize(("status", "expected"), [("success", "ok"), ("error", "error"), (None, "unknown")])
def test_the_status_of_a_result_is_the_tools(status: Any, expected: str):
    block = {"toolUseId": USE, "content": [], **({"status": status} if status else {})}
    assert read(record([USER, ASKED, {"role": "user", "content": [{"toolResult": block}]}]))[0].status == expected


@pytest.mark.parametrize(
    ("side", "state"),
    [
        ({"inputBodyJson": {"messages": [USER]}}, "present"),
        ({"inputBodyS3Path": "s3://logs/data/x.json.gz"}, "offloaded"),
        ({"inputBodyJson": None, "inputBodyS3Path": "s3://logs/data/x.json.gz"}, "offloaded"),
        ({"inputTokenCount": 3}, "absent"),
        ({"inputBodyJson": {}}, "empty"),
        ({"inputBodyJson": {"inputText": "[REDACTED]"}}, "redacted"),
    ],
)
def test_a_body_that_stands_elsewhere_is_offloaded(side: dict[str, Any], state: str):
    event = span({**record(), "input": side})
    assert event.args_state == state
    if "inputBodyS3Path" in side:
        assert json.loads(event.attributes or "")["input"]["inputBodyS3Path"].startswith("s3://")


def test_a_body_as_text_is_read_too():
    value = record()
    value["input"]["inputBodyJson"] = json.dumps({"messages": [USER]})
    value["output"]["outputBodyJson"] = json.dumps({"output": {"message": ASKED}})
    assert [event.kind for event in read(value)] == ["span", "call"]


def test_calls_of_a_stream_are_put_together():
    message = {"id": "msg_1", "type": "message", "usage": {"input_tokens": 9, "output_tokens": 1}}
    block = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    parts = [{"type": "input_json_delta", "partial_json": text} for text in ('{"a":', "1}")]
    chunks = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 1, "content_block": block},
        *({"type": "content_block_delta", "index": 1, "delta": part} for part in parts),
        {"type": "message_delta", "usage": {"output_tokens": 7}},
        "not a chunk",
    ]
    made, call = read(record(answer=chunks))
    assert (made.tokens_in, made.tokens_out, ids(made, "response")) == (9, 7, ["msg_1"])
    assert (call.tool, call.args, call.args_state) == ("f", '{"a":1}', "present")
    asked_for = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
    assert json.loads(made.result)["content"] == [asked_for]


def test_the_text_of_a_stream_is_read_as_one():
    deltas = [{"type": "text_delta", "text": text} for text in ("Not ", "for me.")]
    chunks = [
        {"type": "message_start", "message": {"id": "msg_2", "type": "message", "role": "assistant", "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"outputTokenCount": 3}},
    ]
    answer = json.loads(span(record(answer=chunks)).result)
    assert answer["content"] == [{"type": "text", "text": "Not for me."}]
    assert answer["amazon-bedrock-invocationMetrics"] == {"outputTokenCount": 3}


def test_the_services_own_counts_come_first():
    value = record(answer={"output": {"message": ASKED}, "usage": {"inputTokens": 5, "outputTokens": 6}})
    assert (span(value).tokens_in, span(value).tokens_out) == (5, 6)
    value["input"]["inputTokenCount"], value["output"]["outputTokenCount"] = 15, 16
    assert (span(value).tokens_in, span(value).tokens_out) == (15, 16)
    assert [event.tokens_in for event in read(value) if event.kind != "span"] == [None]


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", "error"), ("AccessDeniedException", "denied"), (None, "ok")]
)
def test_an_error_code_is_the_status(code: str | None, status: str):
    value = record(**({"errorCode": code} if code else {}))
    assert (span(value).status, span(value).error) == (status, code)


def test_metadata_of_the_caller_names_run_and_agent():
    told = {"run_id": "run-1", "agent_name": "refunds", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}
    event = span(record(requestMetadata=told))
    assert (event.agent, ids(event, "run"), ids(event, "trace")) == ("refunds", ["run-1"], [told["traceId"]])
    other = span(record(requestMetadata={"traceId": "b956002a-fd01-47ba-9da7-07e4c9b1a6b6"}))
    assert (ids(other, "trace"), ids(other, "session")) == ([], ["b956002a-fd01-47ba-9da7-07e4c9b1a6b6"])


def test_guardrails_in_the_answer_are_decisions():
    policy = {"topicPolicy": {"topics": [{"name": "Finance", "type": "DENY", "action": "BLOCKED"}]}}
    trace = {"guardrail": {"inputAssessment": {"gr-1": policy}}}
    decisions = [e for e in read(record(answer={"output": {"message": USER}, "trace": trace})) if e.layer == "policy"]
    assert [(e.decision, e.policy, e.rule) for e in decisions] == [("deny", "gr-1", "topic:Finance")]
    stopped = read(record(answer={"output": {"message": USER}, "stopReason": "guardrail_intervened"}))[-1]
    assert stopped.decision == "deny"
    assert "auditrail.unclear" in json.loads(stopped.attributes or "")


def test_nothing_of_the_body_is_lost():
    answer = {"output": {"message": ASKED, "extra": 1}, "stopReason": "tool_use", "metrics": {"latencyMs": 5}}
    kept = json.loads(span(record(answer=answer)).attributes or "")["output"]["outputBodyJson"]
    assert kept == {"stopReason": "tool_use", "metrics": {"latencyMs": 5}, "output": {"extra": 1}}


def test_it_is_read_inside_cloudwatch():
    event = {
        "timestamp": 1772449200000,
        "ingestionTime": 1772449201000,
        "eventId": "1",
        "message": json.dumps(record()),
    }
    reading = pipeline.read(json.dumps({"events": [event], "searchedLogStreams": []}).encode())
    assert dict(reading.tally.inner) == {"bedrock-invocation": 1}
    assert {row["dedupe_key"] for row in reading.events} == {"bedrock:r-1", "bedrock:r-1#call1"}


@pytest.mark.parametrize(
    "body", [None, 7, "text", [], {}, [None, 1], {"output": 7}, {"output": {"message": {"content": 3}}}]
)
def test_odd_bodies_give_no_calls(body: Any):
    assert _bedrock.calls(body) == []
    assert _bedrock.results(body) == []
    assert _bedrock.usage(body) == (None, None)


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        bedrock_invocation.read(None, RECORD)
