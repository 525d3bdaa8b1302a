"""The AgentCore reader: flattened spans, content events of tools and models, lines of the runtime."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import agentcore_spans
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)
TRACE, SPAN = "69e8e3ee24e8eb755250b36d063d7d98", "a9c374049aedc602"
RESOURCE = {"attributes": {"service.name": "refunds.DEFAULT"}}
START = 1776870387000000000
USE = json.dumps([{"toolUse": {"toolUseId": "tooluse_1", "name": "get", "input": {"a": 1}}}])


def span(**more: Any) -> dict[str, Any]:
    return {
        "resource": RESOURCE, "traceId": TRACE, "spanId": SPAN, "name": "chat nova", "kind": "CLIENT",
        "startTimeUnixNano": START, "endTimeUnixNano": START + 5, "attributes": {"session.id": "s-1"},
        "status": {"code": "OK"}, **more,
    }  # fmt: skip


def content(asked: Any, answered: Any, **more: Any) -> dict[str, Any]:
    return {
        "resource": RESOURCE, "scope": {"name": "strands.telemetry.tracer"}, "timeUnixNano": START, "traceId": TRACE,
        "spanId": SPAN, "body": {"input": {"messages": asked}, "output": {"messages": answered}},
        "attributes": {"event.name": "strands.telemetry.tracer", "session.id": "s-1"}, **more,
    }  # fmt: skip


def many(value: Any) -> list[Event]:
    found = agentcore_spans.read(value, RECORD)
    assert isinstance(found, list)
    return [event for event in found if isinstance(event, Event)]


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def test_a_flattened_span_reads_as_one_of_otlp():
    (event,) = many(
        span(attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "nova", "session.id": "s-1"})
    )
    assert (event.layer, event.kind, event.model, event.status) == ("llm", "span", "nova", "ok")
    assert (event.ts_ns, event.end_ns, event.stream) == (START, START + 5, "refunds.DEFAULT")
    assert event.dedupe_key == f"otlp:{TRACE}/{SPAN}"
    assert (ids(event, "trace"), ids(event, "span"), ids(event, "session")) == ([TRACE], [SPAN], ["s-1"])
    kept = json.loads(event.attributes or "")
    assert (kept["kind"], kept["resource"]) == ("client", RESOURCE["attributes"])


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"startTimeUnixNano": START, "endTimeUnixNano": None, "durationNano": 7}, (START, START + 7)),
        ({"startTimeUnixNano": None, "endTimeUnixNano": START, "durationNano": 7}, (START - 7, START)),
        ({"startTimeUnixNano": None, "endTimeUnixNano": None, "durationNano": 7}, (None, None)),
        ({"startTimeUnixNano": START, "endTimeUnixNano": None}, (START, None)),
        ({"startTimeUnixNano": str(START), "endTimeUnixNano": str(START)}, (START, START)),
    ],
)
def test_a_duration_gives_the_time_that_is_missing(times: dict[str, Any], expected: tuple[Any, Any]):
    (event,) = many(span(**times))
    assert (event.ts_ns, event.end_ns) == expected


@pytest.mark.parametrize(
    ("code", "status"), [("OK", "ok"), ("ERROR", "error"), ("UNSET", "unknown"), (2, "error"), ("?", "unknown")]
)
def test_names_of_status_codes(code: Any, status: str):
    assert many(span(status={"code": code}))[0].status == status


def test_the_content_of_a_tool_is_its_result_with_arguments():
    asked = [{"role": "tool", "content": {"content": '{"a": 1}', "role": "tool", "id": "tooluse_1"}}]
    (event,) = many(content(asked, [{"role": "assistant", "content": {"message": "done", "id": "tooluse_1"}}]))
    assert (event.layer, event.kind, event.args, event.result) == ("tool", "result", '{"a":1}', "done")
    assert (ids(event, "tool_call"), ids(event, "parent_span"), ids(event, "session")) == (
        ["tooluse_1"],
        [SPAN],
        ["s-1"],
    )
    assert json.loads(event.attributes or "")["input"]["messages"] == asked


def test_the_content_of_a_langchain_tool_names_the_call_in_its_callback():
    asked = json.dumps({"inputs": {"q": "x"}, "kwargs": {"tool_call_id": "toolu_1", "name": None}})
    answered = json.dumps({"output": {"kwargs": {"content": "found", "name": "search"}}})
    (event,) = many(content([{"role": "user", "content": asked}], [{"role": "assistant", "content": answered}]))
    assert (event.layer, event.tool, event.args, event.result) == ("tool", "search", '{"q":"x"}', "found")
    assert ids(event, "tool_call") == ["toolu_1"]


def test_other_content_is_a_message_with_its_calls():
    asked = [{"role": "user", "content": {"content": "[]"}}]
    message, call = many(
        content(asked, [{"role": "assistant", "content": {"message": USE, "finish_reason": "tool_use"}}])
    )
    assert (message.layer, message.kind, message.args_state, message.result_state) == (
        "llm",
        "message",
        "present",
        "present",
    )
    assert (call.kind, call.tool, call.args, ids(call, "tool_call")) == ("call", "get", '{"a":1}', ["tooluse_1"])
    (_, again) = many(content(asked, [{"role": "assistant", "content": USE}], spanId="a9c374049aedc601"))
    assert ids(again, "tool_call") == ["tooluse_1"]
    assert again.dedupe_key != call.dedupe_key


def test_other_log_records_read_as_those_of_otlp():
    plain = {"resource": RESOURCE, "scope": {}, "timeUnixNano": 0, "observedTimeUnixNano": START, "traceId": TRACE,
             "spanId": SPAN, "severityNumber": 17, "body": "could not reach the ledger", "attributes": {}}  # fmt: skip
    (event,) = many(plain)
    assert (event.kind, event.status, event.ts_ns, event.ts_source) == ("log", "error", START, "observed")
    assert ids(event, "parent_span") == [SPAN]


def test_a_line_of_the_runtime_has_session_and_request():
    line = {
        "timestamp": "2026-04-22T15:06:26.990Z",
        "level": "INFO",
        "message": "m",
        "logger": "app",
        "requestId": "r-1",
        "sessionId": "s-1",
    }
    (event,) = many(line)
    assert (event.layer, event.kind, ids(event, "request"), ids(event, "session")) == ("agent", "log", ["r-1"], ["s-1"])
    (failed,) = many({**line, "level": "ERROR", "errorType": "ValueError", "errorMessage": "no"})
    assert (failed.status, failed.error) == ("error", "ValueError: no")


def test_otlp_itself_and_lines_of_lambda_are_not_claimed():
    def score(value: Any) -> float:
        return agentcore_spans.sniff(pipeline.head_of(json.dumps(value).encode()))

    assert score({"resourceSpans": []}) == 0.0
    assert score(span(attributes=[{"key": "a", "value": {"stringValue": "b"}}])) == 0.0
    assert score({"timestamp": "t", "level": "INFO", "message": "m", "logger": "root", "requestId": "r"}) == 0.0
    assert score(span()) == 0.9


def test_spans_inside_cloudwatch_keep_the_stores_key_out_of_the_way():
    event = {"timestamp": 1776870387000, "ingestionTime": 1776870388000, "eventId": "1", "message": json.dumps(span())}
    reading = pipeline.read(json.dumps({"events": [event], "searchedLogStreams": []}).encode())
    (row,) = reading.events
    assert (dict(reading.tally.inner), row["dedupe_key"]) == ({"agentcore-spans": 1}, f"otlp:{TRACE}/{SPAN}")


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        agentcore_spans.read([], RECORD)


def service(kind: str, body: dict[str, Any], **more: Any) -> Event:
    (event,) = many({
        "resource_arn": "arn:x", "operation": "Invoke", "trace_id": "6b1f" + "0" * 28, "traceId": "6b1f" + "0" * 28,
        "resource": {"attributes": {"service.name": "s"}}, "timeUnixNano": 1774000000000000000, "severityNumber": 9,
        "attributes": {"aws.resource.type": f"AWS::BedrockAgentCore::{kind}"}, "body": body, **more,
    })  # fmt: skip
    return event


def test_an_invocation_of_the_runtime_has_its_payloads():
    event = service("Runtime", {"request_payload": {"prompt": "hi"}, "response_payload": None})
    assert (event.layer, event.kind, event.name) == ("agent", "span", "Invoke")
    assert (event.args, event.args_state, event.result_state) == ('{"prompt":"hi"}', "present", "empty")
    assert "snake-case-keys" not in (event.attributes or ""), "the service writes the ids in both spellings"


@pytest.mark.parametrize(("wrong", "status"), [(True, "error"), (False, "ok"), (None, "unknown")])
def test_an_execution_of_the_code_interpreter_is_a_tool(wrong: bool | None, status: str):
    answer = {"content": [], "isError": wrong}
    asked = {"name": "listFiles", "arguments": {"path": ""}}
    event = service("CodeInterpreter", {"request_payload": asked, "response_payload": answer})
    assert (event.layer, event.tool, event.args, event.status) == ("tool", "listFiles", '{"path":""}', status)


def test_a_payload_is_truncated_only_if_its_text_is_no_whole_json():
    whole = {"truncatedPayload": '{"name":"run","arguments":{"a":1}}'}
    event = service("CodeInterpreter", {"request_payload": whole, "response_payload": {}})
    assert (event.tool, event.args, event.args_state) == ("run", '{"a":1}', "present")
    cut = {"truncatedPayload": '{"name":"run","argum'}
    event = service("CodeInterpreter", {"request_payload": cut, "response_payload": cut})
    assert (event.tool, event.args_state, event.result_state) == (None, "truncated", "truncated")
    assert event.args == cut["truncatedPayload"]


def test_a_line_of_gateway_or_memory_is_a_log_with_its_text():
    event = service("Gateway", {"log": "target failed", "isError": True, "id": "7"})
    assert (event.kind, event.status, event.error) == ("log", "error", "target failed")
    assert json.loads(event.attributes or "")["message"] == "target failed"
    assert service("Memory", {"log": "read", "isError": False}).status == "unknown"


POLICY = {
    "rpc.method": "AuthorizeAction",
    "aws.agentcore.policy.determining_policies": ["only_clerks-a1", "no_weekend-b2"],
    "aws.agentcore.policy.authorization_decision": "DENY",
}


@pytest.mark.parametrize(("mode", "kind", "decision"), [("ENFORCE", "decision", "deny"), ("LOG_ONLY", "span", None)])
def test_the_policy_engine_decides_where_it_is_enforced(mode: str, kind: str, decision: str | None):
    held = {**POLICY, "aws.agentcore.gateway.policy.mode": mode}
    (event,) = many(span(name="AgentCore.Policy.AuthorizeAction", attributes=held))
    assert (event.layer, event.kind, event.decision) == ("policy", kind, decision)
    assert event.policy == "only_clerks-a1; no_weekend-b2"
    assert held.items() <= json.loads(event.attributes or "").items()


@pytest.mark.parametrize(("called", "layer"), [({"execute_tool_latency_ms": 12}, "tool"), ({}, "other")])
def test_a_gateway_ran_a_tool_where_it_says_how_long_that_took(called: dict[str, Any], layer: str):
    held = {"tool.name": "pay", "aws.agentcore.gateway.policy.mode": "ENFORCE",
            "aws.agentcore.policy.authorization_decision": "ALLOW", **called}  # fmt: skip
    (event,) = many(span(name="AgentCore.Gateway.InvokeTool", kind="SERVER", attributes=held))
    assert (event.layer, event.kind, event.tool, event.decision) == (layer, "span", "pay", None)
