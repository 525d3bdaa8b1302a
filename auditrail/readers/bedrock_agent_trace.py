"""Traces of Amazon Bedrock Agents (`InvokeAgent` with `enableTrace`), as applications log them.

Shape (botocore 1.44.5 `bedrock-agent-runtime` service model, TracePart): `{sessionId, agentId, agentAliasId,
agentVersion, eventTime, callerChain, collaboratorName, trace: {<one of> orchestrationTrace, routingClassifierTrace,
preProcessingTrace, postProcessingTrace, guardrailTrace, failureTrace, customOrchestrationTrace}}`, bare or as the
stream's event `{"trace": TracePart}`. Each part has a `traceId`, the id of one step.

| part | event |
|---|---|
| modelInvocationInput | log of layer llm, `args` is the prompt: the answer comes as a part of its own |
| modelInvocationOutput | span of layer llm, with the model's answer, tokens and times |
| rationale | message of layer llm |
| invocationInput | call of layer tool: action group, knowledge base, code interpreter or collaborating agent |
| observation | result of layer tool; the final answer is the end of the agent; others are logs |
| parsedResponse of pre-processing | decision of layer policy: whether the input was valid |
| guardrailTrace | decisions of layer policy (`_guardrails`) |
| failureTrace | error of layer agent |

A call and its result have the step's `traceId` as tool call id, or the `invocationId` of an action that the caller
runs itself. `traceId` is no trace id of a tracer. The session groups runs; the run itself has no id. Not read: chunks
of the answer (`{"chunk": ...}`), which are bytes of text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers import _guardrails as guardrails
from auditrail.readers._contract import Reading

NAME = "bedrock-agent-trace"
TITLE = "Amazon Bedrock Agents trace parts"
LAYER = "agent"
TESTED_ON = "documentation only: botocore 1.44.5 bedrock-agent-runtime service model"
NEVER_RECORDS = "An id of the invocation; the payload that a Lambda function got, beyond its parameters."
IDS = ("session", "tool_call", "request", "other")
CAPTURES = {
    "time": "partly: eventTime and the times of model calls, in newer versions",
    "run": "never: only the session; two invocations of a session are told apart by time",
    "parent": "partly: callerChain and collaboratorName",
    "call": "yes: traceId of the step, or invocationId",
    "arguments": "yes: parameters and request body of an action",
    "results": "yes: text of an observation",
    "model": "yes: foundationModel of the request",
    "tokens": "yes: usage of each model call",
    "decision": "yes: guardrails and pre-processing",
    "errors": "yes: failureTrace",
    "end": "partly: the final response of an orchestration",
}

_PARTS = frozenset(
    {"orchestrationTrace", "routingClassifierTrace", "preProcessingTrace", "postProcessingTrace", "guardrailTrace"}
    | {"failureTrace", "customOrchestrationTrace"}
)
_INPUTS = {
    "actionGroupInvocationInput": ("actionGroupName",),
    "agentCollaboratorInvocationInput": ("agentCollaboratorName", "agentCollaboratorAliasArn"),
    "codeInterpreterInvocationInput": (),
    "knowledgeBaseLookupInput": ("knowledgeBaseId",),
}
_OUTPUTS = {
    "actionGroupInvocationOutput": "text",
    "agentCollaboratorInvocationOutput": "output",
    "codeInterpreterInvocationOutput": "executionOutput",
    "knowledgeBaseLookupOutput": "retrievedReferences",
}


def sniff(head: Head) -> float:
    """0.95 for a part of a trace, bare or in the event of the stream."""
    return 0.95 if any(_part(sample) is not None for sample in head.samples) else 0.0


def _part(value: Any) -> dict[str, Any] | None:
    """The TracePart in a record."""
    for candidate in (value, gateway.member(value, "trace"), gateway.member(value, "event", "trace")):
        trace = gateway.member(candidate, "trace")
        if isinstance(trace, dict) and _PARTS & trace.keys():
            return dict(candidate)
    return None


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One part of a trace -> its events.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a part of a trace is a JSON object")
    part = _part(value)
    if part is None:
        moment = times.parse(value.get("eventTime", value.get("timestamp")))
        at = moment.ns if moment else None
        return [Event(ts_ns=at, ts_source="event" if moment else "order", attributes=jsontext.dumps(value))]
    fields = gateway.Fields(part)
    trace = fields.take("trace")
    moment = fields.moment("eventTime")
    ids: list[Id] = []
    id_text.add(ids, "session", part.get("sessionId"))
    base = Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        agent=fields.text("collaboratorName", "agentId"),
        agent_version=fields.text("agentVersion"),
        ids=tuple(ids),
    )
    rest = fields.left()
    if ids:
        rest.pop("sessionId", None)
    events = [event for name, inner in trace.items() for event in _events(name, inner, base)]
    events = events or [base._replace(attributes=jsontext.dumps({"trace": trace}))]
    return [guardrails.beside(event, rest) for event in events]


def _events(name: str, value: Any, base: Event) -> Iterator[Event]:
    base = base._replace(name=name)
    if not isinstance(value, dict):
        yield base._replace(attributes=jsontext.dumps({name: value}))
    elif name == "guardrailTrace":
        yield from _guardrail(value, base)
    elif name == "failureTrace":
        reason = value.get("failureReason")
        yield _timed(base, value)._replace(
            layer="agent",
            kind="error",
            status="error",
            error=str(reason) if gateway.is_text(reason) else None,
            attributes=jsontext.dumps(value),
        )
    elif name in _PARTS and name != "customOrchestrationTrace":
        for key, inner in value.items():
            yield from _step(name, key, inner, base)
    else:
        yield base._replace(layer="agent", attributes=jsontext.dumps({name: value}), ids=_with(base, value))


def _step(trace: str, key: str, value: Any, base: Event) -> Iterator[Event]:
    event = base._replace(name=key)
    if not isinstance(value, dict):
        yield event._replace(layer="agent", attributes=jsontext.dumps({key: value}))
    elif key == "modelInvocationInput":
        fields = gateway.Fields(value)
        given, prompt = fields.has("text"), fields.take("text")
        yield event._replace(
            layer="llm",
            model=fields.text("foundationModel"),
            args=jsontext.content(prompt),
            args_state=state_of(prompt, given=given),
            attributes=fields.attributes(),
            ids=_with(base, value),
        )
    elif key == "modelInvocationOutput":
        yield from _answer(trace, value, event)
    elif key == "rationale":
        content = {"content": value.get("text"), "role": "assistant"}
        rest = {k: v for k, v in value.items() if k != "text"}
        yield event._replace(
            layer="llm", kind="message", attributes=jsontext.dumps({**rest, **content}), ids=_with(base, value)
        )
    elif key == "invocationInput":
        yield from _call(value, event)
    elif key == "observation":
        yield from _observation(value, event)
    else:
        yield event._replace(layer="agent", attributes=jsontext.dumps({key: value}), ids=_with(base, value))


def _answer(trace: str, value: dict[str, Any], event: Event) -> Iterator[Event]:
    fields = gateway.Fields(value)
    raw, parsed = value.get("rawResponse"), value.get("parsedResponse")
    content = gateway.member(raw, "content")
    if content is not None:
        fields.take("rawResponse")
    usage = gateway.member(value, "metadata", "usage")
    span = _timed(event, value)._replace(
        layer="llm",
        kind="span",
        status="ok",
        result=jsontext.content(content),
        result_state=state_of(content, given=content is not None),
        tokens_in=gateway.whole(gateway.member(usage, "inputTokens")),
        tokens_out=gateway.whole(gateway.member(usage, "outputTokens")),
        attributes=fields.attributes(),
    )
    yield span
    valid = gateway.member(parsed, "isValid")
    if trace == "preProcessingTrace" and isinstance(valid, bool):
        reason = gateway.member(parsed, "rationale")
        yield guardrails.decision_event(
            span,
            "allow" if valid else "deny",
            name="input validation",
            policy="pre-processing",
            attributes={"rationale": reason} if reason is not None else None,
        )._replace(ids=span.ids)


def _call(value: dict[str, Any], event: Event) -> Iterator[Event]:
    rest = {key: item for key, item in value.items() if key not in _INPUTS}
    found = [key for key in _INPUTS if isinstance(value.get(key), dict)]
    for key in found:
        inner = value[key]
        names = [inner[name] for name in _INPUTS[key] if gateway.is_text(inner.get(name))][:1]
        function = next((inner[name] for name in ("function", "apiPath") if gateway.is_text(inner.get(name))), None)
        kind = "knowledgeBase" if key == "knowledgeBaseLookupInput" else None
        parts = [str(part).strip("/") for part in (kind, *names, function) if part]
        tool = "/".join(parts) or key.removesuffix("InvocationInput")
        args, given = _arguments(inner)
        yield event._replace(
            layer="tool",
            kind="call",
            name=value["invocationType"] if gateway.is_text(value.get("invocationType")) else key,
            tool=tool,
            args=jsontext.content(args),
            args_state=state_of(args, given=given),
            attributes=jsontext.dumps({**rest, key: inner}),
            ids=_with(event, value, inner.get("invocationId")),
        )
    if not found:
        yield event._replace(layer="agent", attributes=jsontext.dumps(value), ids=_with(event, value))


def _arguments(inner: dict[str, Any]) -> tuple[Any, bool]:
    """Parameters as an object where each has a name of its own, else the members as they stand."""
    for key in ("text", "code", "input"):
        if key in inner:
            return inner[key], True
    parameters, body = inner.get("parameters"), inner.get("requestBody")
    if body is None and isinstance(parameters, list):
        pairs = [(p.get("name"), p.get("value")) for p in parameters if isinstance(p, dict)]
        named = {name: item for name, item in pairs if isinstance(name, str)}
        return (named if len(named) == len(parameters) else parameters), True
    told = {key: inner[key] for key in ("parameters", "requestBody") if key in inner}
    return told, bool(told)


def _observation(value: dict[str, Any], event: Event) -> Iterator[Event]:
    rest = {key: item for key, item in value.items() if key not in _OUTPUTS and key != "finalResponse"}
    found = False
    for key, member in _OUTPUTS.items():
        inner = value.get(key)
        if not isinstance(inner, dict):
            continue
        found = True
        failed = inner.get("executionError")
        error = str(failed) if gateway.is_text(failed) else None
        if inner.get("executionTimeout") is True:
            error = error or "execution timed out"
        timed = _ended(_timed(event, inner))
        yield timed._replace(
            layer="tool",
            kind="result",
            name=value["type"] if gateway.is_text(value.get("type")) else key,
            status="error" if error else "unknown",
            error=error,
            result=jsontext.content(inner.get(member)),
            result_state=state_of(inner.get(member), given=member in inner),
            attributes=jsontext.dumps({**rest, key: {k: v for k, v in inner.items() if k != member}}),
            ids=_with(timed, value),
        )
    final = value.get("finalResponse")
    if isinstance(final, dict):
        found = True
        text = final.get("text")
        timed = _ended(_timed(event, final))
        yield timed._replace(
            layer="agent",
            kind="end",
            status="ok",
            result=jsontext.content(text),
            result_state=state_of(text, given="text" in final),
            attributes=jsontext.dumps({**rest, "finalResponse": {k: v for k, v in final.items() if k != "text"}}),
            ids=_with(timed, value, step=False),
        )
    if not found:
        yield event._replace(layer="agent", attributes=jsontext.dumps(value), ids=_with(event, value, step=False))


def _guardrail(value: dict[str, Any], base: Event) -> Iterator[Event]:
    timed = _timed(base, value)._replace(name=None)
    made = guardrails.decisions(value, timed)
    if not made:
        bare = guardrails.bare_intervention(timed, value.get("action"))
        made = [bare] if bare else [timed._replace(layer="policy", name="guardrailTrace")]
    rest = {key: item for key, item in value.items() if not key.endswith("Assessments")}
    made[0] = guardrails.beside(made[0], rest)
    yield from made


def _timed(event: Event, value: dict[str, Any]) -> Event:
    """The event with the times of its metadata, and its ids."""
    metadata = value.get("metadata")
    began = times.parse(gateway.member(metadata, "startTime"))
    ended = times.parse(gateway.member(metadata, "endTime"))
    ids = list(_with(event, value, step=False))
    id_text.add(ids, "request", gateway.member(metadata, "clientRequestId"))
    event = event._replace(ids=tuple(ids), end_ns=ended.ns if ended else None)
    at = began or (ended if event.ts_ns is None else None)
    if at is None:
        return event
    return event._replace(ts_ns=at.ns, ts_source="event", tz_assumed=at.tz_assumed)


def _ended(event: Event) -> Event:
    """An event that stands for the end of something: it happened when that ended."""
    return event if event.end_ns is None else event._replace(ts_ns=event.end_ns, end_ns=None, ts_source="event")


def _with(event: Event, value: dict[str, Any], own: Any = None, *, step: bool = True) -> tuple[Id, ...]:
    """The ids of the part, with the step's: the tool call of a call or a result, else one that joins nothing."""
    ids = list(event.ids)
    is_tool = step and event.name in ("invocationInput", "observation")
    trace = value.get("traceId")
    if is_tool:
        id_text.add(ids, "tool_call", own if id_text.normalise("tool_call", own) else trace)
    else:
        id_text.add(ids, "other", trace)
    return tuple(ids)
