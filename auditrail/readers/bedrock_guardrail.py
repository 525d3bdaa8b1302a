"""Decisions of Amazon Bedrock Guardrails, as applications log them.

Shapes (botocore 1.44.5 `bedrock-runtime` service model; findings and decisions as in `_guardrails`):

- the answer of ApplyGuardrail `{usage, action: NONE | GUARDRAIL_INTERVENED, actionReason, outputs, assessments,
  guardrailCoverage}`, bare or under `response` beside a `request {guardrailIdentifier, guardrailVersion, source,
  content}` (members of the request may stand at the top level as well);
- an answer of Converse with `trace.guardrail`: the answer is a `span` of layer llm, its tool calls are `call` events;
- an answer of InvokeModel with `amazon-bedrock-guardrailAction` or `amazon-bedrock-trace`: likewise;
- the trace itself `{inputAssessment, outputAssessments, modelOutput}`, also under `guardrail` or `trace.guardrail`.

One assessment is one decision; its `result` is the assessment. `policy` is the guardrail, with `@version` where it is
told. Where only the outcome is told, NONE is allow and INTERVENED is deny, marked as unclear: it may have masked.
These answers have no time of their own: a time of the logger's (`timestamp`, `time`, `ts`) is used.

Not read: the definition of a guardrail (GetGuardrail), and its metrics.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _bedrock as bedrock
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers import _guardrails as guardrails
from auditrail.readers._contract import Reading

NAME = "bedrock-guardrail"
TITLE = "Amazon Bedrock Guardrails (ApplyGuardrail answers and guardrail traces)"
LAYER = "policy"
TESTED_ON = "documentation only: botocore 1.44.5 bedrock-runtime service model, Amazon Bedrock User Guide"
NEVER_RECORDS = "When the guardrail decided and for which run, unless the application adds it; the text it blocked."
IDS = ("request", "response", "run", "trace", "session", "conversation", "tool_call", "task", "user", "other")
CAPTURES = {
    "time": "partly: only if the logger adds one",
    "run": "partly: only if the logger names it",
    "parent": "partly: only if the logger names it",
    "call": "partly: toolUseId, where the model's answer is logged with the trace",
    "arguments": "partly: of tool calls, where the model's answer is logged with the trace",
    "results": "never: results are in requests",
    "model": "partly: only if the logger names it",
    "tokens": "partly: where the model's answer is logged with the trace",
    "decision": "yes: per filter, with what it did; without the trace only whether it intervened",
    "errors": "never: a failed request has no answer",
    "end": "n/a",
}

_TIMES = ("timestamp", "time", "ts", "@timestamp")
_TRACES = (("guardrail",), ("trace", "guardrail"), ("amazon-bedrock-trace", "guardrail"))
_ACTION = "amazon-bedrock-guardrailAction"


def sniff(head: Head) -> float:
    """0.95 for an answer of ApplyGuardrail or a trace of a guardrail; 0.9 for a bare outcome."""
    return max((_score(sample) for sample in head.samples), default=0.0)


def _score(value: Any) -> float:
    if not isinstance(value, dict) or value.get("schemaType") == "ModelInvocationLog":
        return 0.0
    holders = [value, *(value[key] for key in ("response", "body") if isinstance(value.get(key), dict))]
    for holder in holders:
        if _is_applied(holder) or _is_trace(holder):
            return 0.95
        if isinstance(holder.get(_ACTION), str):
            return 0.9
    return 0.0


def _is_applied(value: dict[str, Any]) -> bool:
    return value.get("action") in ("NONE", "GUARDRAIL_INTERVENED") and isinstance(value.get("assessments"), list)


def _is_trace(value: dict[str, Any]) -> bool:
    traces = [value] if value.keys() & {"inputAssessment", "outputAssessments"} else []
    traces += [found for place in _TRACES if isinstance(found := gateway.member(value, *place), dict)]
    return any(_has_policies(item.value) for trace in traces for item in guardrails.assessments(trace))


def _has_policies(assessment: dict[str, Any]) -> bool:
    return not assessment or bool((guardrails.POLICIES | {"invocationMetrics"}) & assessment.keys())


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """The model's answer, if it is there, and a decision for each assessment.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an answer of a guardrail is a JSON object")
    fields = gateway.Fields(value)
    answer = next((fields.take(key) for key in ("response", "body") if isinstance(value.get(key), dict)), value)
    base = _base(value, answer, fields)
    if answer.keys() & {"stopReason", "choices", _ACTION} or gateway.member(answer, "output", "message") is not None:
        return _answered(answer, base, fields, bare=answer is value)
    policy = _guardrail(value)
    events = guardrails.decisions(answer, base, guardrail=policy)
    for place in _TRACES:
        events += guardrails.decisions(gateway.member(answer, *place), base, guardrail=policy)
    if not events and "assessments" in answer:
        bare = guardrails.bare_intervention(base, answer.get("action"), policy=policy)
        events = [bare] if bare else []
    if not events:
        return [base._replace(kind="log", attributes=jsontext.dumps(value))]
    asked = gateway.member(value, "request", "content")
    asked = value.get("content") if asked is None else asked
    # What no assessment tells, such as the texts that the guardrail let through, stands on the first decision.
    told = {"assessments", "inputAssessment", "outputAssessments", "trace", "guardrail", "amazon-bedrock-trace"}
    rest = {key: item for key, item in answer.items() if key not in told and (answer is not value or fields.has(key))}
    for key in rest:
        fields.take(key)
    for key in told:
        fields.take(key)
    if rest:
        fields.put("response", rest)
    events[0] = guardrails.beside(events[0], fields.left())._replace(
        args=jsontext.content(asked),
        args_state=state_of(asked, given=asked is not None),
    )
    side = gateway.member(value, "request", "source") or value.get("source")
    if side in ("INPUT", "OUTPUT"):
        name = f"guardrail {str(side).lower()}"
        events = [event._replace(name=name) if event.name == "guardrail" else event for event in events]
    return list(events)


def _base(value: dict[str, Any], answer: dict[str, Any], fields: gateway.Fields) -> Event:
    moment = fields.moment(*_TIMES)
    ids: list[Id] = []
    for source in (value, gateway.member(value, "metadata"), gateway.member(value, "requestMetadata")):
        gateway.add_named(ids, source)
    for source in (value, answer):
        id_text.add(ids, "request", gateway.member(source, "ResponseMetadata", "RequestId"))
    model = next((value[key] for key in ("modelId", "model") if gateway.is_text(value.get(key))), None)
    return Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        layer="policy",
        kind="decision",
        model=model,
        dedupe_key=_key(ids),
        ids=tuple(ids),
    )


def _key(ids: list[Id]) -> str | None:
    """A guardrail's answer is known by AWS's own id of the request only; any other id may stand for several."""
    request = next((an_id.value for an_id in ids if an_id.kind == "request"), None)
    return f"bedrock-guardrail:{request}" if request and len(request) == 36 else None


def _guardrail(value: dict[str, Any]) -> str | None:
    for holder in (value.get("request"), value):
        name = gateway.member(holder, "guardrailIdentifier") or gateway.member(holder, "guardrailId")
        if gateway.is_text(name):
            version = gateway.member(holder, "guardrailVersion")
            return f"{name}@{version}" if gateway.is_text(version) else str(name)
    return None


def _answered(answer: dict[str, Any], base: Event, fields: gateway.Fields, *, bare: bool) -> list[Event]:
    """The answer of a model together with what guardrails said about it."""
    ids = list(base.ids)
    id_text.add(ids, "response", bedrock.response_id(answer))
    message = gateway.member(answer, "output", "message")
    result: Any = message if message is not None else answer
    read, written = bedrock.usage(answer)
    left = {} if message is None else {key: item for key, item in answer.items() if key != "output"}
    if bare:
        for key in answer:
            fields.take(key)
    for key, item in left.items():
        if key not in _TIMES:
            fields.put(key, item)
    span = base._replace(
        layer="llm",
        kind="span",
        name="answer",
        status="ok",
        result=jsontext.content(result),
        result_state=state_of(result),
        tokens_in=read,
        tokens_out=written,
        attributes=fields.attributes(),
        ids=tuple(ids),
    )
    return [span, *chat.call_events(bedrock.calls(answer), span), *bedrock.guardrail_events(answer, span)]
