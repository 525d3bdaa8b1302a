"""Amazon Bedrock AgentCore and CloudWatch Transaction Search: flattened spans, content events, lines of the runtime.

Four kinds of records, which CloudWatch Logs keeps one per event (and may stand in one log group):

- Spans of the log group `aws/spans`, or of the stream `spans` of a runtime: one span an object, as in OTLP, but with
  `attributes` and `resource.attributes` as plain objects, names for `kind` and `status.code`, times as numbers, and
  `durationNano` beside or instead of a time. Read as `otlp` reads a span, with the same `dedupe_key`.
- Log records of the stream `otel-rt-logs`: `{resource, scope, timeUnixNano, observedTimeUnixNano, severityNumber,
  body, attributes, traceId, spanId}`. Read as `otlp` reads a log. ADOT moves prompts and answers off the spans into
  such records: `body {input {messages}, output {messages}}`, named after the instrumentation (`event.name`).
- Application logs of AgentCore's own services, log records of the same form: `_agentcore_service`.
- Lines that the runtime writes for an application: `{timestamp, level, message, logger, requestId, sessionId,
  errorType, errorMessage, stackTrace, location}` (bedrock_agentcore 1.25.0, runtime/app.py, RequestContextFormatter).
  A line without `sessionId` looks like one of AWS Lambda's and is left to the generic reader.

Sources: the formatter as named; spans and log records as quoted in aws-samples and in projects that read or write
them; names of attributes as in `_vocabulary`.

A content event is a `result` of layer tool where a message of role `tool`, or LangChain's callback, names the call
(it has the arguments too); otherwise a `message` of layer llm with both sides. It does not say what its span is, so
a model's answer, and the tool calls in it, may come again as the agent's, with the same tool call ids. The span id of
a log record is the span it happened in (`parent_span`).

Not read: usage metrics of the browser tool, and X-Ray segments.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _agentcore_service as service
from auditrail.readers import _bedrock as bedrock
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading
from auditrail.readers._messages import tool_calls
from auditrail.readers._otlp_logs import log
from auditrail.readers._otlp_parts import Scope, call_events
from auditrail.readers._otlp_spans import span
from auditrail.readers._vocabulary import vocabulary
from auditrail.times import INT64_MAX, nanos

NAME = "agentcore-spans"
TITLE = "Amazon Bedrock AgentCore telemetry in CloudWatch (aws/spans, otel-rt-logs, service logs, runtime lines)"
LAYER = "other"
TESTED_ON = (
    "real files of elastic/integrations (application logs of the services); documentation only: bedrock_agentcore "
    "1.25.0 runtime/app.py, spans and content records quoted in aws-samples"
)
NEVER_RECORDS = "A span that was never ended; content of frameworks that ADOT does not know; who called the agent."
IDS = (
    "trace", "span", "parent_span", "linked_trace", "linked_span", "session", "conversation", "run", "request",
    "response", "tool_call", "task", "message", "user", "parent_run", "parent_call", "parent_request", "decision",
    "other",
)  # fmt: skip
CAPTURES = {
    "time": "yes: of spans and log records; some exports of spans keep the duration only",
    "run": "partly: the trace is the run; session.id groups runs",
    "parent": "yes: parentSpanId",
    "call": "partly: as the framework's instrumentation names it",
    "arguments": "opt-in: content stands on the span, or in otel-rt-logs, by framework and version of ADOT",
    "results": "opt-in: content stands on the span, or in otel-rt-logs, by framework and version of ADOT",
    "model": "yes: gen_ai.request.model",
    "tokens": "yes: gen_ai.usage.*",
    "decision": "partly: where a policy's span states one",
    "errors": "yes: status of spans, severity of logs, errorType of runtime lines",
    "end": "partly: the root span tells it; a span that never ended is never exported",
}

_OF_RESOURCE = ("agent", "agent_version", "principal")
_SPAN_TIMES = ("startTimeUnixNano", "endTimeUnixNano", "durationNano")
_LOG_TIMES = ("timeUnixNano", "observedTimeUnixNano")
_LINE = frozenset({"timestamp", "level", "message", "logger", "sessionId"})
_ERRORS = frozenset({"ERROR", "CRITICAL", "FATAL"})
_KINDS = frozenset({"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"})
_CODES = frozenset({"UNSET", "OK", "ERROR"})


def sniff(head: Head) -> float:
    """0.9 for a flattened span or log record, 0.85 for a line of the runtime with a session."""
    return max((_score(sample) for sample in head.samples), default=0.0)


def _score(value: Any) -> float:
    if not isinstance(value, dict):
        return 0.0
    if _is_span(value) or _is_log(value):
        return 0.9
    return 0.85 if value.keys() >= _LINE else 0.0


def _is_span(value: dict[str, Any]) -> bool:
    return (
        isinstance(value.get("traceId"), str)
        and isinstance(value.get("spanId"), str)
        and isinstance(value.get("attributes"), dict)
        and any(key in value for key in _SPAN_TIMES)
    )


def _is_log(value: dict[str, Any]) -> bool:
    return (
        "body" in value
        and any(key in value for key in _LOG_TIMES)
        and isinstance(value.get("attributes", {}), dict)
        and isinstance(gateway.member(value, "resource", "attributes") or value.get("scope"), dict)
    )


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One span, log record or line -> its events.

    Raises:
        RecordError: `not-an-object`, or `too-deep` for what can't be walked.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a span or a log record is a JSON object")
    try:
        if any(key in value for key in _LOG_TIMES) or ("body" in value and "spanId" in value):
            return _log(value)
        if "spanId" in value or any(key in value for key in _SPAN_TIMES):
            return _span(value)
    except RecursionError:
        raise RecordError("too-deep", "nested deeper than the reader can follow") from None
    return [_line(value)]


def _scope(value: dict[str, Any]) -> tuple[Scope, dict[str, Any]]:
    """What resource and scope say, and the other members."""
    resource, scope = value.get("resource"), value.get("scope")
    attributes = gateway.member(resource, "attributes")
    known = attributes if isinstance(attributes, dict) else {}
    mapped = vocabulary().apply(known)
    parts: dict[str, Any] = {}
    if resource is not None:
        whole = isinstance(resource, dict) and resource.keys() == {"attributes"}
        parts["resource"] = known if whole and attributes == known else resource
    if scope is not None:
        parts["scope"] = scope
    tail = ",".join(f'"{key}":{jsontext.dumps(part)}' for key, part in parts.items())
    named = known.get("service.name")
    stream = named if isinstance(named, str) and named.strip() else None
    columns = {name: mapped.columns[name] for name in _OF_RESOURCE if name in mapped.columns}
    return Scope(stream, tail, mapped.ids, columns), {k: v for k, v in value.items() if k not in ("resource", "scope")}


def _span(value: dict[str, Any]) -> list[Event]:
    scope, plain = _scope(value)
    kind = plain.get("kind")
    if isinstance(kind, str) and kind.upper() in _KINDS:
        plain["kind"] = f"SPAN_KIND_{kind.upper()}"
    status = plain.get("status")
    code = gateway.member(status, "code")
    if isinstance(status, dict) and isinstance(code, str) and code.upper() in _CODES:
        plain["status"] = {**status, "code": f"STATUS_CODE_{code.upper()}"}
    start, end, duration = (nanos(plain.get(key)) for key in _SPAN_TIMES)
    if duration is not None and start is not None and end is None and start + duration <= INT64_MAX:
        plain["endTimeUnixNano"] = start + duration
    elif duration is not None and end is not None and start is None and end > duration:
        plain["startTimeUnixNano"] = end - duration
    events: list[Event] = []
    span(plain, scope, vocabulary(), events)
    return events


def _log(value: dict[str, Any]) -> list[Event]:
    scope, plain = _scope(value)
    body = plain.get("body")
    if service.is_service(plain):
        made: list[Event] = []
        log(service.plain_of(plain), scope, vocabulary(), made)
        return [service.event_of(made[0], plain), *made[1:]]
    sides = (gateway.member(body, "input"), gateway.member(body, "output"))
    if not isinstance(body, dict) or not any(isinstance(side, dict) and "messages" in side for side in sides):
        events: list[Event] = []
        log(plain, scope, vocabulary(), events)
        return events
    return _content(plain, body, scope)


def _content(plain: dict[str, Any], body: dict[str, Any], scope: Scope) -> list[Event]:
    """A record that holds the content of a span: a tool's, or that of a model or an agent."""
    asked, answered = (gateway.member(body, side, "messages") for side in ("input", "output"))
    beside = {side: {k: v for k, v in body[side].items() if k != "messages"} for side in ("input", "output")
              if isinstance(body.get(side), dict)}  # fmt: skip
    rest = {**{k: v for k, v in body.items() if k not in beside}, **{k: v for k, v in beside.items() if v}}
    events: list[Event] = []
    log({**plain, "body": rest or None}, scope, vocabulary(), events)
    event = events[0]
    trace = next((an_id.value for an_id in event.ids if an_id.kind == "trace"), None)
    own = next((an_id.value for an_id in event.ids if an_id.kind == "parent_span"), None)
    if trace and own and event.ts_ns is not None:
        event = event._replace(dedupe_key=f"agentcore:{trace}/{own}/{event.ts_ns}")
    if (tool := _tool(asked, answered)) is not None:
        call_id, name, args, result = tool
        ids: list[Id] = []
        id_text.add(ids, "tool_call", call_id)
        # Who wrote the record took parts of the messages apart: what they were as a whole stays in the attributes.
        return [
            event._replace(
                layer="tool",
                kind="result",
                tool=event.tool or name,
                args=jsontext.content(args),
                args_state=state_of(args, given=args is not None),
                result=jsontext.content(result),
                result_state=state_of(result, given=result is not None),
                attributes=_with_messages(event.attributes, asked, answered),
                ids=(*ids, *(an_id for an_id in event.ids if an_id not in ids)),
            )
        ]
    event = event._replace(
        layer="llm",
        kind="message",
        args=jsontext.content(asked),
        args_state=state_of(asked, given=asked is not None),
        result=jsontext.content(answered),
        result_state=state_of(answered, given=answered is not None),
    )
    made: list[Event] = []
    calls = tool_calls([_opened(message) for message in _objects(answered)])
    call_events(calls, event, own, event.ts_ns, "#call", made)
    return [event, *made]


def _with_messages(text: str | None, asked: Any, answered: Any) -> str:
    told = jsontext.dumps({"input": {"messages": asked}, "output": {"messages": answered}})
    return f"{text[:-1]},{told[1:]}" if text and text != "{}" else told


def _opened(message: dict[str, Any]) -> dict[str, Any]:
    """A message whose content is JSON text, at once or one level deeper, as an object."""
    content = message.get("content")
    if isinstance(content, dict):
        inner = content.get("message", content.get("content"))
        content = inner if inner is not None else content
    return {**message, "content": bedrock.parsed(content)}


def _tool(asked: Any, answered: Any) -> tuple[Any, str | None, Any, Any] | None:
    """Call id, name, arguments and result of a tool's content; None if it is no tool's."""
    first, last = _objects(asked)[:1], _objects(answered)[-1:]
    if not first:
        return None
    content = first[0].get("content")
    result = last[0].get("content") if last else None
    if first[0].get("role") == "tool" and isinstance(content, dict):  # Strands
        told = gateway.member(result, "message")
        return content.get("id"), None, bedrock.parsed(content.get("content")), result if told is None else told
    opened = bedrock.parsed(content)
    call_id = gateway.member(opened, "kwargs", "tool_call_id")
    if not gateway.is_text(call_id):
        return None
    output = gateway.member(bedrock.parsed(result), "output")  # LangChain: a ToolMessage
    told = gateway.member(output, "kwargs", "content")
    names = (gateway.member(output, "kwargs", "name"), gateway.member(opened, "kwargs", "name"))
    name = next((str(text) for text in names if gateway.is_text(text)), None)
    inputs = gateway.member(opened, "inputs")
    return call_id, name, gateway.member(opened, "input_str") if inputs is None else inputs, told or result


def _line(value: dict[str, Any]) -> Event:
    fields = gateway.Fields(value)
    moment = fields.moment("timestamp")
    ids: list[Id] = []
    for key, kind in (("requestId", "request"), ("sessionId", "session")):
        before = len(ids)
        id_text.add(ids, kind, value.get(key))
        if len(ids) > before:
            fields.take(key)
    level = value.get("level")
    error = ": ".join(part for part in (fields.text("errorType"), fields.text("errorMessage")) if part) or None
    failed = error is not None or (isinstance(level, str) and level.upper() in _ERRORS)
    return Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        layer="agent" if "sessionId" in value else "other",
        kind="log",
        name=fields.text("logger"),
        status="error" if failed else "unknown",
        error=error,
        attributes=fields.attributes(),
        ids=tuple(ids),
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
