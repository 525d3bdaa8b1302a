"""The reader of Bedrock Agents' traces: each part as an event of its layer, calls paired with results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import bedrock_agent_trace
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)
METADATA = {
    "startTime": "2026-03-02T13:00:05Z", "endTime": "2026-03-02T13:00:06Z", "clientRequestId": "r-1",
    "usage": {"inputTokens": 7, "outputTokens": 8},
}  # fmt: skip


def part(trace: Any, **more: Any) -> dict[str, Any]:
    return {
        "sessionId": "s-1",
        "agentId": "AG",
        "agentVersion": "4",
        "eventTime": "2026-03-02T13:00:04Z",
        "trace": trace,
        **more,
    }


def many(value: Any) -> list[Event]:
    found = bedrock_agent_trace.read(value, RECORD)
    assert isinstance(found, list)
    return [event for event in found if isinstance(event, Event)]


def step(**inner: Any) -> Event:
    (event,) = many(part({"orchestrationTrace": inner}))
    return event


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def test_a_call_and_its_result_share_the_step():
    parameters = [{"name": "order", "type": "string", "value": "A"}]
    called = {"actionGroupName": "orders", "function": "get", "parameters": parameters}
    call = step(invocationInput={"traceId": "t-0", "actionGroupInvocationInput": called})
    answered = {"text": "paid", "metadata": METADATA}
    result = step(observation={"traceId": "t-0", "type": "ACTION_GROUP", "actionGroupInvocationOutput": answered})
    assert (call.layer, call.kind, call.tool, call.args) == ("tool", "call", "orders/get", '{"order":"A"}')
    assert (result.layer, result.kind, result.result) == ("tool", "result", "paid")
    assert ids(call, "tool_call") == ids(result, "tool_call") == ["t-0"]
    assert ids(call, "session") == ["s-1"]
    assert ids(result, "request") == ["r-1"]
    assert (call.ts_ns, result.ts_ns) == (1772456404_000000000, 1772456406_000000000)


def test_an_action_that_the_caller_runs_has_an_id_of_its_own():
    called = {"actionGroupName": "pay", "apiPath": "/refunds", "invocationId": "inv-7", "requestBody": {"content": {}}}
    call = step(invocationInput={"traceId": "t-0", "actionGroupInvocationInput": called})
    assert (call.tool, ids(call, "tool_call")) == ("pay/refunds", ["inv-7"])


def test_parameters_of_one_name_are_kept_as_a_list():
    twice = [{"name": "a", "value": 1}, {"name": "a", "value": 2}]
    call = step(invocationInput={"actionGroupInvocationInput": {"actionGroupName": "g", "parameters": twice}})
    assert json.loads(call.args or "") == twice


def test_a_models_answer_is_a_span_with_times_and_tokens():
    event = step(modelInvocationOutput={"traceId": "t-0", "rawResponse": {"content": "text"}, "metadata": METADATA})
    assert (event.layer, event.kind, event.result) == ("llm", "span", "text")
    assert (event.tokens_in, event.tokens_out) == (7, 8)
    assert (event.end_ns or 0) - (event.ts_ns or 0) == 1_000_000_000
    asked = step(modelInvocationInput={"traceId": "t-0", "text": "prompt", "foundationModel": "haiku"})
    assert (asked.kind, asked.model, asked.args) == ("log", "haiku", "prompt")


def test_rationale_final_answer_and_failure():
    assert json.loads(step(rationale={"text": "because"}).attributes or "")["content"] == "because"
    final = step(observation={"type": "FINISH", "finalResponse": {"text": "Done.", "metadata": METADATA}})
    assert (final.layer, final.kind, final.status, final.ts_ns) == ("agent", "end", "ok", 1772456406_000000000)
    (failed,) = many(part({"failureTrace": {"failureReason": "Lambda timed out", "failureCode": 424}}))
    assert (failed.kind, failed.status, failed.error) == ("error", "error", "Lambda timed out")


@pytest.mark.parametrize(("valid", "decision"), [(True, "allow"), (False, "deny")])
def test_preprocessing_decides_on_the_input(valid: bool, decision: str):
    output = {"parsedResponse": {"isValid": valid, "rationale": "r"}, "rawResponse": {"content": "x"}}
    span, event = many(part({"preProcessingTrace": {"modelInvocationOutput": output}}))
    assert (span.kind, event.layer, event.decision) == ("span", "policy", decision)


def test_guardrails_decide_even_without_an_assessment():
    blocked = {"topicPolicy": {"topics": [{"name": "T", "action": "BLOCKED"}]}}
    (event,) = many(part({"guardrailTrace": {"action": "INTERVENED", "inputAssessments": [blocked]}}))
    assert (event.name, event.decision, event.rule) == ("guardrail input", "deny", "topic:T")
    (bare,) = many(part({"guardrailTrace": {"action": "NONE"}}))
    assert (bare.kind, bare.decision) == ("decision", "allow")
    (odd,) = many(part({"guardrailTrace": {"action": "NEW"}}))
    assert (odd.kind, odd.decision) == ("log", None)


def test_the_events_of_the_stream_are_read_too():
    (event,) = many({"trace": part({"customOrchestrationTrace": {"event": {"text": "x"}}}, collaboratorName="helper")})
    assert (event.agent, event.agent_version, event.name) == ("helper", "4", "customOrchestrationTrace")
    (chunk,) = many({"chunk": {"bytes": "eA=="}})
    assert (chunk.kind, chunk.ts_source) == ("log", "order")


def test_other_traces_are_not_claimed():
    def score(value: Any) -> float:
        return bedrock_agent_trace.sniff(pipeline.head_of(json.dumps(value).encode()))

    assert score({"trace": {"guardrail": {}}}) == 0.0
    assert score({"trace": {"resourceSpans": []}}) == 0.0
    assert score(part({"orchestrationTrace": {}})) == 0.95


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        bedrock_agent_trace.read("x", RECORD)
