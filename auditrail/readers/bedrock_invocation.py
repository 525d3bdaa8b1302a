"""Amazon Bedrock model invocation logs, from S3 or CloudWatch Logs.

One record is one model request: `{schemaType: "ModelInvocationLog", schemaVersion, timestamp, accountId, region,
requestId, operation, modelId, identity {arn}, requestMetadata, input {inputContentType, inputBodyJson,
inputTokenCount, inputBodyS3Path}, output {outputContentType, outputBodyJson, outputTokenCount, outputBodyS3Path},
errorCode, inferenceRegion}`. Sources: Amazon Bedrock User Guide, "Monitor model invocation", and records quoted in
aws-samples; the bodies as in `_bedrock`. Some exporters write the bodies as JSON text.

- The request is a `span` of layer llm. `args` are the messages of the request (the rest of its body is in the
  attributes), or the whole body where it has none; `result` is Converse's message, or the whole body. A body beyond
  100 KB, or one that is no JSON, stands in S3: the state is `offloaded`, and the path is in the attributes.
- The time is the record's; a log of Bedrock has no end of the request. Converse tells a latency (attributes).
- Each tool call in the answer is a `call` of layer llm. Each tool result in the LAST message of the request is a
  `result` of layer tool: a request repeats its whole conversation, so older results were new in earlier requests.
  Its time is the request's: the tool had ended by then. A request that is sent again hands the same result on again:
  that is told again, with the same tool call id.
- Guardrails in the answer are decisions of layer policy (`_guardrails`).
- ids: `requestId` is the request; `requestMetadata`, which the caller fills, may name run, session, trace or agent.

Not read: tool calls in chunks of OpenAI's form and in Cohere's own; the S3 objects that hold offloaded bodies.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id, has_content
from auditrail.readers import _bedrock as bedrock
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading

NAME = "bedrock-invocation"
TITLE = "Amazon Bedrock model invocation log (S3 or CloudWatch)"
LAYER = "llm"
TESTED_ON = "documentation only: Amazon Bedrock User Guide, records in aws-samples, botocore 1.44.5 bedrock-runtime"
NEVER_RECORDS = "Whether and how the client executed a tool, and requests made while logging was off (the default)."
IDS = (
    "request", "response", "tool_call", "run", "trace", "session", "conversation", "task", "user", "parent_run",
    "message", "parent_request", "other",
)  # fmt: skip
CAPTURES = {
    "time": "partly: one time for each request, in whole seconds, and no end",
    "run": "opt-in: only if the caller names it in requestMetadata",
    "parent": "opt-in: only if the caller names it in requestMetadata",
    "call": "yes: toolUseId of the calls in an answer and of the results in the next request",
    "arguments": "opt-in: textDataDeliveryEnabled; bodies beyond 100 KB stand in S3",
    "results": "opt-in: textDataDeliveryEnabled; as handed to the model, not as the tool gave them",
    "model": "yes: modelId, or the inference profile that was asked for",
    "tokens": "yes: counts of the service, for text models",
    "decision": "opt-in: assessments of a guardrail, only if its trace is enabled",
    "errors": "partly: errorCode, without a message",
    "end": "n/a",
}

_KEYS = frozenset({"modelId", "operation", "requestId"})
_AGENTS = ("agent", "agent_name", "agentName", "agent_id", "agentId")
_IDS = {name: kind for name, kind in gateway.ID_NAMES.items() if name != "traceid"}
_TRACE = re.compile(r"[0-9A-Fa-f]{32}\Z")
_REFUSED = ("accessdenied", "unauthorized", "forbidden")


def sniff(head: Head) -> float:
    """0.95 for a record that names its schema; 0.9 for one with model, operation, request and a body."""
    best = 0.0
    for sample in head.samples:
        if not isinstance(sample, dict):
            continue
        if sample.get("schemaType") == "ModelInvocationLog":
            return 0.95
        if sample.keys() >= _KEYS and any(isinstance(sample.get(side), dict) for side in ("input", "output")):
            best = 0.9
    if not best and head.keys >= _KEYS and b'"ModelInvocationLog"' in head.raw:
        return 0.95
    return best


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """The results that the request hands to the model, the request, its tool calls, and what guardrails decided.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an invocation log record is a JSON object")
    fields = gateway.Fields(value)
    asked = _side(fields, "input")
    answered = _side(fields, "output")
    span = _span(value, fields, asked, answered)
    body = answered[1]
    return [
        *_results(asked[1], span),
        span,
        *chat.call_events(bedrock.calls(body), span),
        *bedrock.guardrail_events(body, span),
    ]


def _side(fields: gateway.Fields, side: str) -> tuple[dict[str, Any], Any, bool]:
    """The members of `input` or `output` without the body, the body, and whether there is one."""
    value = fields.get(side)
    if not isinstance(value, dict):
        return {}, None, False
    fields.take(side)
    key = f"{side}BodyJson"
    return {k: v for k, v in value.items() if k != key}, bedrock.parsed(value.get(key)), key in value


def _span(
    value: dict[str, Any], fields: gateway.Fields, asked: tuple[dict[str, Any], Any, bool],
    answered: tuple[dict[str, Any], Any, bool],
) -> Event:  # fmt: skip
    moment = fields.moment("timestamp")
    code = fields.text("errorCode")
    ids = _ids(value, answered[1])
    request = id_text.normalise("request", value.get("requestId"))
    if request is not None:
        fields.take("requestId")
    args, args_state = _content(fields, "input", asked, ("messages",))
    result, result_state = _content(fields, "output", answered, ("output", "message"))
    read, written = bedrock.usage(answered[1])
    read = _count(fields, "input", "inputTokenCount", read)
    written = _count(fields, "output", "outputTokenCount", written)
    return Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        layer="llm",
        kind="span",
        name=fields.text("operation"),
        status=_status(code, answered),
        error=code,
        agent=_agent(value),
        principal=_text(value.get("identity"), "arn"),
        model=fields.text("modelId"),
        args=args,
        args_state=args_state,
        result=result,
        result_state=result_state,
        tokens_in=read,
        tokens_out=written,
        dedupe_key=f"bedrock:{request}" if request else None,
        attributes=fields.attributes(),
        ids=tuple(ids),
    )


def _content(
    fields: gateway.Fields, side: str, told: tuple[dict[str, Any], Any, bool], path: tuple[str, ...]
) -> tuple[str | None, str]:
    """Content and state of a side; what the content does not tell goes back to the attributes."""
    rest, body, given = told
    found = gateway.member(body, *path)
    if not isinstance(found, (list, dict)):
        found = bedrock.answer(body) if side == "output" else body
    elif isinstance(body, dict):
        left = {key: item for key, item in body.items() if key != path[0]}
        beside = {key: item for key, item in body[path[0]].items() if key != path[1]} if len(path) > 1 else {}
        if beside:
            left[path[0]] = beside
        if left:
            rest[f"{side}BodyJson"] = left
    if rest:
        fields.put(side, rest)
    if not has_content(body) and gateway.is_text(rest.get(f"{side}BodyS3Path")):
        return None, "offloaded"
    return jsontext.content(found), state_of(found, given=given)


def _count(fields: gateway.Fields, side: str, name: str, told: int | None) -> int | None:
    """The service's own count; a column tells it, so it is no attribute."""
    rest = fields.get(side)
    count = gateway.whole(rest.get(name)) if isinstance(rest, dict) else None
    if count is None:
        return told
    left = {key: item for key, item in rest.items() if key != name}
    fields.take(side)
    if left:
        fields.put(side, left)
    return count


def _status(code: str | None, answered: tuple[dict[str, Any], Any, bool]) -> str:
    if code:
        return "denied" if any(word in code.lower() for word in _REFUSED) else "error"
    return "ok" if answered[2] or answered[0] else "unknown"


def _ids(value: dict[str, Any], body: Any) -> list[Id]:
    ids: list[Id] = []
    id_text.add(ids, "request", value.get("requestId"))
    id_text.add(ids, "response", bedrock.response_id(body))
    metadata = value.get("requestMetadata")
    gateway.add_named(ids, metadata, _IDS)
    if isinstance(metadata, dict):
        for name, item in metadata.items():
            if isinstance(name, str) and len(name) <= 40 and gateway.fold(name) == "traceid":
                # A trace id of another form is the caller's own: it groups, and merges nothing.
                is_trace = isinstance(item, str) and _TRACE.match(item.strip())
                id_text.add(ids, "trace" if is_trace else "session", item)
    return ids


def _agent(value: dict[str, Any]) -> str | None:
    metadata = value.get("requestMetadata")
    return next((text for key in _AGENTS if (text := _text(metadata, key))), None)


def _results(body: Any, span: Event) -> list[Event]:
    made = []
    kept = tuple(an_id for an_id in span.ids if an_id.kind != "response")
    for number, result in enumerate(bedrock.results(gateway.member(body, "messages")), start=1):
        ids: list[Id] = []
        id_text.add(ids, "tool_call", result.id)
        made.append(
            Event(
                ts_ns=span.ts_ns,
                ts_source=span.ts_source,
                tz_assumed=span.tz_assumed,
                layer="tool",
                kind="result",
                name=result.name,
                status="unknown" if result.failed is None else "error" if result.failed else "ok",
                agent=span.agent,
                principal=span.principal,
                tool=result.name,
                result=jsontext.content(result.content),
                result_state=state_of(result.content, given=result.given),
                dedupe_key=f"{span.dedupe_key}#result{number}" if span.dedupe_key else None,
                attributes='{"auditrail.seen_in":"the last message of a model request"}',
                ids=(*ids, *kept),
            )
        )
    return made


def _text(value: Any, key: str) -> str | None:
    found = gateway.member(value, key)
    return str(found) if gateway.is_text(found) else None
