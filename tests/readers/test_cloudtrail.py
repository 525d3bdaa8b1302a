"""The CloudTrail reader: layers, redaction and truncation, refusals, decisions, and every wrapper of a record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import cloudtrail
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)
CALL = {
    "eventVersion": "1.11", "eventTime": "2026-03-02T09:15:00Z", "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject", "awsRegion": "eu-central-1", "eventID": "e-1", "requestID": "r-1",
    "eventType": "AwsApiCall", "recipientAccountId": "210987654321",
}  # fmt: skip


def one(**more: Any) -> Event:
    (event,) = many(**more)
    return event


def many(**more: Any) -> list[Event]:
    found = cloudtrail.read({**CALL, **more}, RECORD)
    assert isinstance(found, list)
    return [event for event in found if isinstance(event, Event)]


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def score(value: Any) -> float:
    return cloudtrail.sniff(pipeline.head_of(json.dumps(value).encode()))


def test_a_call_of_an_api_has_its_columns():
    event = one(userIdentity={"arn": "arn:aws:iam::1:role/R"}, sharedEventID="s-1")
    assert (event.layer, event.kind, event.name, event.status) == ("other", "log", "GetObject", "ok")
    assert (event.ts_ns, event.principal) == (1772442900_000000000, "arn:aws:iam::1:role/R")
    assert (event.stream, event.dedupe_key) == ("cloudtrail:210987654321/eu-central-1", "cloudtrail:e-1")
    assert (ids(event, "request"), ids(event, "other")) == (["r-1"], ["e-1", "s-1"])


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"requestParameters": {"a": 1}}, "present"),
        ({"requestParameters": None}, "empty"),
        ({}, "absent"),
        ({"requestParameters": {"message": "HIDDEN_DUE_TO_SECURITY_REASONS"}}, "redacted"),
        ({"requestParameters": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "redacted"),
        ({"requestParameters": {"omitted": True, "originalSize": 200000, "reason": "too large"}}, "truncated"),
        ({"requestParameters": {"omitted": False}}, "present"),
    ],
)
def test_null_and_absent_are_no_redaction(more: dict[str, Any], state: str):
    assert one(**more).args_state == state


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"errorCode": "AccessDenied"}, "denied"),
        ({"errorCode": "Client.UnauthorizedOperation"}, "denied"),
        ({"errorCode": "AccessDeniedException", "errorMessage": "no"}, "denied"),
        ({"errorCode": "ThrottlingException"}, "error"),
        ({"responseElements": {"ConsoleLogin": "Failure"}}, "error"),
        ({"responseElements": {"ConsoleLogin": "Success"}}, "ok"),
        ({"eventType": "AwsServiceEvent"}, "unknown"),
        ({}, "ok"),
    ],
)
def test_refused_access_is_denied(more: dict[str, Any], status: str):
    assert one(**more).status == status


def test_a_model_request_is_of_layer_llm_and_has_no_content():
    asked = {"modelId": "nova"}
    event = one(eventSource="bedrock.amazonaws.com", eventName="Converse", requestParameters=asked)
    assert (event.layer, event.kind, event.model, event.args_state) == ("llm", "span", "nova", "absent")
    assert json.loads(event.attributes or "")["requestParameters"] == asked


@pytest.mark.parametrize(
    ("identity", "layer"),
    [({"invokedBy": "bedrock.amazonaws.com"}, "tool"), ({"invokedBy": "events.amazonaws.com"}, "other"), ({}, "other")],
)
def test_a_function_is_a_tool_only_if_an_agent_service_invoked_it(identity: dict[str, str], layer: str):
    event = one(
        eventSource="lambda.amazonaws.com", eventName="Invoke", userIdentity=identity,
        requestParameters={"functionName": "refund"},
    )  # fmt: skip
    assert event.layer == layer
    assert event.tool == ("refund" if layer == "tool" else None)


def gateway_call(body: Any, answer: Any, status: int = 200) -> Event:
    return one(
        eventSource="bedrock-agentcore.amazonaws.com", eventName="InvokeGateway", requestParameters={"body": body},
        responseElements={"statusCode": status, "body": answer},
    )  # fmt: skip


def test_a_tool_call_through_a_gateway_is_a_span_of_layer_tool():
    body = {"id": 1, "method": "tools/call", "params": {"name": "orders___get", "arguments": {"order": "A"}}}
    event = gateway_call(body, {"id": 1, "result": {"isError": False, "content": []}})
    assert (event.layer, event.kind, event.tool, event.status) == ("tool", "span", "orders___get", "ok")
    assert (event.args, event.args_state) == ('{"order":"A"}', "present")
    assert ids(event, "request") == ["r-1"]
    assert ids(event, "tool_call") == []
    assert gateway_call(body, {"id": 1, "result": {"isError": True}}).status == "error"
    assert gateway_call(body, {"id": 1, "error": {"message": "no such tool"}}).error == "no such tool"


def test_another_method_of_a_gateway_is_no_tool():
    event = gateway_call({"id": 0, "method": "initialize"}, {"error": {"message": "Invalid Bearer token"}}, 401)
    assert (event.layer, event.tool, event.status) == ("other", None, "denied")


def test_verified_permissions_give_one_decision_for_each_request():
    permissions = {"eventSource": "verifiedpermissions.amazonaws.com", "responseElements": None}
    asked = {"policyStoreId": "PS1", "principal": {"entityType": "Agent", "entityId": "a"},
             "action": {"actionType": "Action", "actionId": "refund"}}  # fmt: skip
    event = one(
        **permissions, eventName="IsAuthorized", requestParameters=asked, additionalEventData={"decision": "DENY"}
    )
    assert (event.layer, event.kind, event.decision, event.status) == ("policy", "decision", "deny", "denied")
    # CloudTrail leaves the determining policies out: nothing says that this was the default.
    assert (event.policy, event.rule, event.tool) == ("PS1", None, "refund")
    results = [{"request": asked, "decision": word} for word in ("ALLOW", "DENY")]
    batch = many(
        **permissions, eventName="BatchIsAuthorized", requestParameters={"policyStoreId": "PS1", "requests": []},
        additionalEventData={"results": results},
    )  # fmt: skip
    assert [found.decision for found in batch] == ["allow", "deny"]
    assert [found.dedupe_key for found in batch] == ["cloudtrail:e-1#1", "cloudtrail:e-1#2"]
    failed = one(**permissions, eventName="IsAuthorized", errorCode="ValidationException")
    assert (failed.kind, failed.decision, failed.status) == ("log", None, "error")


def test_lookup_events_hold_the_record_as_text():
    element = {"EventId": "e-1", "EventName": "GetObject", "Username": "u", "CloudTrailEvent": json.dumps(CALL)}
    (event,) = cloudtrail.read(element, RECORD)  # type: ignore[misc]
    assert isinstance(event, Event)
    assert (event.name, event.dedupe_key) == ("GetObject", "cloudtrail:e-1")
    assert json.loads(event.attributes or "")["lookup"] == {"EventName": "GetObject", "Username": "u"}
    (cut,) = cloudtrail.read({**element, "CloudTrailEvent": '{"eventVersion'}, RECORD)  # type: ignore[misc]
    assert isinstance(cut, Event)
    assert (cut.name, cut.principal) == ("GetObject", "u")
    assert json.loads(cut.attributes or "")["CloudTrailEvent"] == '{"eventVersion'


def test_a_page_token_left_over_is_evidence_of_a_cut():
    wrapper = Wrapper({"NextToken": "AAMA" * 10}, "Events", 50, 1, 0)
    assert cloudtrail.close(wrapper) == [("next-token-left", f"NextToken {'AAMA' * 4}... after record 50")]
    assert cloudtrail.close(Wrapper({}, "Records", 3, 1, 0)) == []
    lake = {"QueryStatus": "RUNNING", "QueryStatistics": {"TotalResultsCount": 9}}
    assert [code for code, _ in cloudtrail.close(Wrapper(lake, "QueryResultRows", 3, 1, 0))] == [
        "query-status", "records-matched",
    ]  # fmt: skip


def test_a_whole_log_file_as_one_message_gives_all_its_records():
    found = cloudtrail.read({"Records": [CALL, {**CALL, "eventID": "e-2"}, 7]}, RECORD)
    assert isinstance(found, list)
    assert [event.dedupe_key for event in found if isinstance(event, Event)] == [
        "cloudtrail:e-1", "cloudtrail:e-2", None,
    ]  # fmt: skip


def test_a_record_inside_cloudwatch_keeps_its_own_time():
    message = {"timestamp": 1418530010000, "message": json.dumps(CALL), "id": "3" * 56}
    payload = {"messageType": "DATA_MESSAGE", "logGroup": "trail", "logStream": "s", "logEvents": [message]}
    reading = pipeline.read(json.dumps(payload).encode())
    (row,) = reading.events
    assert (reading.reader, dict(reading.tally.inner)) == ("cloudwatch-subscription", {"cloudtrail": 1})
    assert (row["ts_ns"], row["ts_source"]) == (1772442900_000000000, "event")
    assert json.loads(row["attributes"])["envelope"]["ts_ns"] == 1418530010000000000


def test_notifications_of_s3_look_alike_and_are_not_taken():
    notification = {**CALL, "eventSource": "aws:s3", "s3": {"bucket": {}}}
    assert score({"Records": [notification]}) == 0.0
    assert score({"Records": [CALL]}) == 0.95
    assert score(CALL) == 0.95
    assert score({"Records": [{"messageId": "1", "eventSource": "aws:sqs"}]}) == 0.0


def test_a_very_large_file_is_known_by_its_start():
    raw = json.dumps({"Records": [{**CALL, "userAgent": "x" * 3000}] * 600}).encode()
    assert len(raw) > 1 << 20
    reading = pipeline.read(raw)
    assert (reading.reader, reading.tally.events) == ("cloudtrail", 600)


def test_an_element_that_is_no_object_is_refused():
    with pytest.raises(RecordError, match="JSON object"):
        cloudtrail.read([1], RECORD._replace(header={}))
