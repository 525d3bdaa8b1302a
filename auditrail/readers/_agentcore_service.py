"""Application logs that AgentCore's own services deliver: runtime, code interpreter, browser, gateway, memory.

Facts: elastic/integrations, packages/aws_bedrock_agentcore (pipelines and their test data, one record of each
service). A record is a log record of OpenTelemetry with `resource_arn`, `event_timestamp`, `operation` and the ids in
snake case beside it:

- runtime and tools: `body {request_payload, response_payload}`. A payload may be `{truncatedPayload: <JSON text>}`: it
  is `truncated` only if the text is no whole JSON. A request `{name, arguments}` is an execution of that tool.
- gateway and memory: `body {log, isError, ...}`: `log` is the text of the line.

`toolsession.id` names a session of the tool, not of the agent: it stays an attribute.
"""

from __future__ import annotations

from typing import Any

from auditrail import jsontext
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _gateway as gateway

_TYPE = "AWS::BedrockAgentCore::"
_TOOLS = ("CodeInterpreter", "Browser")
# The same id stands in OpenTelemetry's member or attribute.
_TWICE = {"trace_id": "traceId", "span_id": "spanId"}
_TWICE_INSIDE = {"request_id": "aws.request.id", "session_id": "session.id", "account_id": "aws.account.id"}
_PAYLOADS = ("request_payload", "response_payload")
_CUT = "truncatedPayload"


def is_service(value: dict[str, Any]) -> bool:
    """Whether one of AgentCore's services wrote the log record."""
    return isinstance(value.get("body"), dict) and _service(value) is not None


def _service(value: dict[str, Any]) -> str | None:
    kind = gateway.member(value, "attributes", "aws.resource.type")
    return kind.removeprefix(_TYPE) if isinstance(kind, str) and kind.startswith(_TYPE) else None


def plain_of(value: dict[str, Any]) -> dict[str, Any]:
    """The record without what the columns tell, and without what stands in it twice."""
    made = {
        key: inner
        for key, inner in value.items()
        if not (key in _TWICE and value.get(_TWICE[key]) == inner)
        and not (key in _TWICE_INSIDE and gateway.member(value, "attributes", _TWICE_INSIDE[key]) == inner)
    }
    body = {key: inner for key, inner in value["body"].items() if key not in _PAYLOADS and not _is_line(key, inner)}
    return {**made, "body": body or None}


def _is_line(key: str, value: Any) -> bool:
    return key == "log" and gateway.is_text(value)


def event_of(event: Event, value: dict[str, Any]) -> Event:
    """The log record's event with what the service did."""
    body = value["body"]
    name = value.get("operation") or gateway.member(value, "attributes", "aws.operation.name")
    line = body.get("log") if gateway.is_text(body.get("log")) else None
    answer, whole = _payload(body.get("response_payload"))
    wrong = body.get("isError", gateway.member(answer, "isError"))
    event = event._replace(
        name=event.name or (name if gateway.is_text(name) else None),
        status="error" if wrong is True or event.status == "error" else event.status,
        error=event.error or (line if wrong is True else None),
    )
    if line is not None:
        event = event._replace(attributes=_with(event.attributes, "message", line))
    if not any(key in body for key in _PAYLOADS):
        return event
    asked, asked_whole = _payload(body.get("request_payload"))
    service = _service(value)
    tool = gateway.member(asked, "name") if service in _TOOLS else None
    if gateway.is_text(tool):
        arguments, given = asked.get("arguments"), "arguments" in asked
        rest = {key: inner for key, inner in asked.items() if key not in ("name", "arguments")}
        if rest:
            event = event._replace(attributes=_with(event.attributes, "request_payload", rest))
    else:
        tool, arguments, given = None, asked, "request_payload" in body
    return event._replace(
        layer="tool" if service in _TOOLS else "agent",
        kind="span",
        tool=tool,
        status="ok" if wrong is False and event.status == "unknown" else event.status,
        args=jsontext.content(arguments),
        args_state=state_of(arguments, given=given) if asked_whole else "truncated",
        result=jsontext.content(answer),
        result_state=state_of(answer, given="response_payload" in body) if whole else "truncated",
    )


def _payload(value: Any) -> tuple[Any, bool]:
    """What a payload holds, and whether that is all of it."""
    cut = gateway.member(value, _CUT)
    if not isinstance(cut, str) or len(value) != 1:
        return value, True
    try:
        return jsontext.parse(cut.encode("utf-8", "surrogatepass"))[0], True
    except RecordError:
        return cut, False


def _with(text: str | None, name: str, value: Any) -> str:
    told = jsontext.dumps({name: value})
    return f"{text[:-1]},{told[1:]}" if text and text != "{}" else told
