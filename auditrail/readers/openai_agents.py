"""Traces of the OpenAI Agents SDK: `trace` and `trace.span` objects, one per line or mixed in `{"data": [...]}`.

Facts read in openai-agents 0.24.0 (`agents/tracing/traces.py`, `spans.py`, `span_data.py`, `processors.py`):

- `{"object": "trace", id, workflow_name, group_id, metadata}` is written when a trace begins, without a time.
- `{"object": "trace.span", id, trace_id, parent_id, started_at, ended_at, span_data: {type, ...}, error}` is written
  when a span ends. A span that never ended leaves no record: a missing parent is no proof of loss.
- Span types: agent, function, generation, response, handoff, guardrail, mcp_tools, custom, transcription, speech,
  speech_group. The SDK's own `task` (one run of the Runner) and `turn` arrive as type `custom` with
  `data.sdk_span_type`; the usage in them is a sum of what other spans say, so it is no tokens column here.
- `error: {message, data}` is set on the span that failed. A task, agent or turn without error may still have been
  aborted by a guardrail inside it, so only spans that did one thing are called `ok`.
- With trace_include_sensitive_data off, `input` and `output` of a function or generation are null and nothing says
  why. A call's input is always text otherwise, so null means that it was not recorded: state `absent`.
- The exporter to OpenAI's own backend cuts fields beyond 100,000 bytes (`... [truncated]`,
  `{"truncated": true, ...}`) and drops the usage of all spans but generations; processors of one's own get it all.

A trace is a run: its id names it. Ids have prefixes (`trace_`, `span_`) and join no OpenTelemetry ids. A function
span has no id of the tool call that the model asked for; the call is found by run, tool and arguments.

Not read: the lines of ConsoleSpanExporter (`[Exporter] Export span: ...`, a Python repr). Tested on output that the
SDK itself wrote with a model made for the test, as lines and as the body that its exporter would have sent.
"""

from __future__ import annotations

from typing import Any

from auditrail import times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _chat as chat
from auditrail.readers import _steps as steps
from auditrail.readers._contract import Reading
from auditrail.readers._gateway import Fields

NAME = "openai-agents"
TITLE = "OpenAI Agents SDK traces (lines of a processor, or the exporter's data arrays)"
LAYER = "agent"
TESTED_ON = "real files of openai-agents 0.24.0, written by its own code for the test with an invented model"
NEVER_RECORDS = "The content of Responses API calls (it stays at the provider), and spans that were still open."
IDS = ("run", "span", "parent_span", "conversation", "response", "tool_call")
CAPTURES = {
    "time": "partly: spans have start and end, the record of a trace has no time",
    "run": "yes: the trace id",
    "parent": "yes: the parent span",
    "call": "partly: generation spans hold the ids of the calls asked for, function spans hold none",
    "arguments": "opt-in: trace_include_sensitive_data, on unless switched off; null without a marker when off",
    "results": "opt-in: as the arguments, and as text",
    "model": "partly: generation spans; response spans name only the response",
    "tokens": "partly: generation spans always; other spans lose them in the export to OpenAI's backend",
    "decision": "yes: guardrails, triggered or not; no approvals of single tool calls",
    "errors": "yes: message and data on the span that failed; details of tool errors are redacted by default",
    "end": "partly: the root span tells it; a span that never ended is never exported",
}
ARRAYS = ("data",)

_LLM = ("generation", "response", "transcription", "speech", "speech_group")
_SPANS = ("agent", "function", "custom", *_LLM)
_TRUNCATED = "truncated"


def sniff(head: Head) -> float:
    """0.95 for a span or a trace of the SDK, alone or in a `data` array."""
    for sample in head.samples:
        if _is_ours(sample):
            return 0.95
        inside = sample.get("data") if isinstance(sample, dict) else None
        if isinstance(inside, list) and any(map(_is_ours, inside[:50])):
            return 0.95
    if not head.samples and "data" in head.keys and b'"trace.span"' in head.raw and b'"span_data"' in head.raw:
        return 0.95
    return 0.0


def _is_ours(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if value.get("object") == "trace.span":
        return isinstance(value.get("span_data"), dict) and "trace_id" in value
    return value.get("object") == "trace" and "workflow_name" in value and "id" in value


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One trace (the start of a run) or one span with what stands in it."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a trace or span is a JSON object")
    if value.get("object") == "trace":
        return [_trace(value)]
    if "span_data" in value or value.get("object") == "trace.span":
        return _span(value)
    return [steps.with_rest(steps.base(None, layer="agent", kind="log", name=steps.text(value.get("object"))), value)]


def _trace(value: dict[str, Any]) -> Event:
    fields = Fields(value)
    ids = steps.take_ids(fields, {"id": "run", "group_id": "conversation"})
    made = steps.base(None, *ids, layer="agent", kind="start", name=fields.text("workflow_name"))
    fields.take("object")
    key = f"openai-agents:{made.ids[0].value}" if made.ids and made.ids[0].kind == "run" else None
    return made._replace(attributes=fields.attributes(), dedupe_key=key)


def _span(value: dict[str, Any]) -> list[Event]:
    fields = Fields(value)
    data = value.get("span_data")
    data = data if isinstance(data, dict) else {}
    inside = Fields(data)
    begun, ended = fields.moment("started_at"), fields.moment("ended_at")
    error, failed = _error(fields)
    made = steps.base(
        begun or ended,
        *steps.take_ids(fields, {"trace_id": "run", "id": "span", "parent_id": "parent_span"}),
        end_ns=ended.ns if ended else None,
        error=error,
        status="error" if failed else "unknown",
    )
    events = _of_type(str(data.get("type")), made, data, inside)
    fields.take("object")
    if isinstance(value.get("span_data"), dict):
        fields.take("span_data")
        if rest := {key: inside.get(key) for key in data if inside.has(key)}:
            fields.put("span_data", rest)
    events[0] = events[0]._replace(attributes=fields.attributes())
    named = {an_id.kind: an_id.value for an_id in made.ids}
    key = f"openai-agents:{named['run']}:{named['span']}" if {"run", "span"} <= named.keys() else None
    return steps.keyed(events, key)


def _error(fields: Fields) -> tuple[str | None, bool]:
    """Text of the error; its data stays in the attributes."""
    error = fields.get("error")
    if error is None:
        fields.take("error")
        return None, False
    if not isinstance(error, dict):
        return fields.text("error"), bool(error)
    message = steps.text(error.get("message"))
    if message and set(error) == {"message"}:
        fields.take("error")
    return message, True


def _of_type(kind: str, made: Event, data: dict[str, Any], inside: Fields) -> list[Event]:
    if kind in _SPANS:
        made = made._replace(kind="span")
    done = "ok" if made.status == "unknown" and made.end_ns is not None else made.status
    if kind == "function":
        made = made._replace(layer="tool", tool=steps.text(data.get("name")), status=done)
        inside.text("name")
        return [_content(made._replace(name=made.tool), inside)]
    if kind in _LLM:
        return _model_call(kind, made._replace(layer="llm", name=kind, status=done), data, inside)
    if kind == "guardrail":
        triggered = data.get("triggered")
        decision = {True: "deny", False: "allow"}.get(triggered) if isinstance(triggered, bool) else None
        name = inside.text("name")
        if decision:
            inside.take("triggered")
        status = {"deny": "denied", "allow": "ok"}.get(decision or "", made.status)
        return [made._replace(layer="policy", kind="decision", name=name, policy=name, decision=decision,
                              status=made.status if made.error else status)]  # fmt: skip
    if kind == "handoff":
        return [made._replace(layer="agent", kind="log", name="handoff", agent=inside.text("from_agent"))]
    if kind == "agent":
        agent = inside.text("name")
        return [made._replace(layer="agent", agent=agent, name=agent)]
    if kind == "custom":
        own = data.get("data")
        own = own if isinstance(own, dict) else {}
        name = inside.text("name")
        if own.get("sdk_span_type") == "task":
            name = steps.text(own.get("name")) or name
        return [made._replace(layer="agent", name=name, agent=steps.text(own.get("agent_name")))]
    if kind == "mcp_tools":
        return [made._replace(layer="tool", kind="log", name="mcp_tools")]
    return [made._replace(layer="agent", kind="log", name=steps.text(data.get("type")))]


def _content(made: Event, inside: Fields) -> Event:
    """Input and output as columns; null is what the SDK writes when content is switched off."""
    source, outcome = inside.take("input"), inside.take("output")
    made = steps.with_args(made, source, given=source is not None)
    made = steps.with_result(made, outcome, given=outcome is not None)
    if isinstance(source, dict) and source.get(_TRUNCATED) is True:
        made = made._replace(args_state=_TRUNCATED)
    if isinstance(outcome, dict) and outcome.get(_TRUNCATED) is True:
        made = made._replace(result_state=_TRUNCATED)
    return made


def _model_call(kind: str, made: Event, data: dict[str, Any], inside: Fields) -> list[Event]:
    outcome = data.get("output")
    made = _content(made, inside)._replace(model=inside.text("model"))
    read_names, written_names = ("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")
    made = steps.with_usage(made, data.get("usage"), read_names, written_names)
    made = steps.with_ids(made, ("response", data.get("response_id")))
    if isinstance(data.get("response_id"), str):
        inside.take("response_id")
    if kind == "speech" and (first := times.parse(data.get("first_content_at"))) and made.ts_ns is None:
        made = made._replace(ts_ns=first.ns, ts_source="event", tz_assumed=first.tz_assumed)
    span = next((an_id.value for an_id in made.ids if an_id.kind == "span"), None)
    return [made, *chat.call_events(_calls(outcome), made, span)]


def _calls(outcome: Any) -> list[chat.ToolCall]:
    """Tool calls in a generation's output: items of the Responses API, chat messages, or whole responses."""
    calls: list[chat.ToolCall] = []
    for item in steps.objects(outcome):
        calls.extend(chat.calls_of_response({"output": [item]}))
        calls.extend(chat.calls_of_response(item))
    return calls
