"""LLM requests and responses that a gateway or proxy logged as JSON, in the shapes of OpenAI's and Anthropic's APIs.

There is no standard for such logs, so a record is recognised by its bodies (`_chat` has their shapes):

- a pair: `{request: {model, messages, ...}, response: {id, choices | content | output, usage}, ...}`, the bodies as
  objects, as JSON text or as the text of an event stream (`_sse`), themselves or under `body`, `json`, `data` or
  `body_raw` (claude-trace) beside method, url, status and headers;
- a flat record: `{model, messages, ..., choices | response, ...}`;
- one side alone: a request (`{body: {model, messages}, method, url}`), or a response (`object` is
  `chat.completion`, `text_completion` or `response`; `type` is `message` for Anthropic).

A record with both sides is a `span`, a request alone a `call`, a response alone a `result`. A time counts as begin or
end only under a name that says so; a plain `timestamp` is the time of the record, and a `latency` without a unit or
without a begin stays in the attributes. A response that has no other time has `created`, in whole seconds.

Tool calls in a response are `call` events of their own. Results of tools in a request are no executions; the ids of
those in its last messages stand on the request as `tool_call`, which ties it to the response that asked for them.
Earlier ones are repeats of the conversation. `previous_response_id` stands there as `response` for the same reason.
Ids stand under `_gateway.ID_NAMES` in the record, in the `metadata` of record and request body, and in headers.

Not read: streams of events in other forms than OpenAI's and Anthropic's; bodies of several parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers import _sse as sse
from auditrail.readers._contract import Reading

NAME = "llm-pairs"
TITLE = "LLM request and response bodies logged by a gateway (OpenAI and Anthropic shapes)"
LAYER = "llm"
TESTED_ON = "documentation only: the OpenAI and Anthropic API references"
NEVER_RECORDS = "Whether a tool was executed; what a stream said after the point where its text was cut."
IDS = (
    "run", "trace", "parent_span", "session", "conversation", "request", "response", "tool_call", "message", "task",
    "user", "parent_run", "parent_request", "other",
)  # fmt: skip
CAPTURES = {
    "time": "partly: if the gateway logs one",
    "run": "opt-in: only as a header or metadata that the client sends along",
    "parent": "opt-in: only as a header that the client sends along",
    "call": "yes: ids of the calls that the model asked for",
    "arguments": "partly: as the model asked for them",
    "results": "partly: only as messages of the next request",
    "model": "yes",
    "tokens": "partly: streamed answers may have none",
    "decision": "never: the model's own refusals are no decisions",
    "errors": "yes: error bodies and status codes",
    "end": "n/a",
}

# Members that hold a body under a name that says which side it is, and under one that does not.
_REQUEST_SLOTS = ("request", "request_body", "requestBody", "req")
_RESPONSE_SLOTS = ("response", "response_body", "responseBody", "res", "resp")
_ANY_SLOTS = ("body", "payload")
_INNER_SLOTS = ("body", "json", "data", "body_raw")
_TURNS = ("messages", "input", "prompt")
_ANSWERS = ("choices", "output", "content")
# Parameters of a request: with them, and with a gateway's context, messages are a request and no transcript.
_PARAMETERS = frozenset({
    "max_tokens", "max_completion_tokens", "max_output_tokens", "temperature", "top_p", "tools", "tool_choice",
    "stream", "system", "instructions", "response_format", "stop", "stop_sequences", "seed", "previous_response_id",
})  # fmt: skip
# What a gateway adds to a bare body; a transcript or a training set has none of these.
_CONTEXT = frozenset({
    "timestamp", "ts", "time", "start_time", "startTime", "end_time", "endTime", "request_id", "requestId", "trace_id",
    "traceparent", "headers", "latency", "latency_ms", "duration_ms", "status_code", "statusCode", "method", "path",
    "url", "endpoint", "custom_id",
})  # fmt: skip
_BEGIN = (
    "start_time", "startTime", "started_at", "startedAt", "request_time", "requestTime", "request_timestamp",
    "requested_at",
)  # fmt: skip
_END = (
    "end_time", "endTime", "ended_at", "completed_at", "completedAt", "finished_at", "response_timestamp",
    "responded_at",
)  # fmt: skip
_AT = ("timestamp", "ts", "time", "@timestamp", "created_at", "createdAt", "datetime", "date")
_DURATIONS: dict[str, int] = {
    "latency_ms": 10**6,
    "latencyMs": 10**6,
    "duration_ms": 10**6,
    "durationMs": 10**6,
    "elapsed_ms": 10**6,
    "response_time_ms": 10**6,
    "latency_seconds": 10**9,
    "latency_s": 10**9,
    "duration_seconds": 10**9,
    "duration_s": 10**9,
    "duration_ns": 1,
}
_STATUSES = ("status_code", "statusCode", "http_status", "response_status", "status")
_NAMES = ("path", "endpoint", "url", "route", "operation")
_SPAN_IDS = {**gateway.ID_NAMES, "spanid": "span", "parentspanid": "parent_span"}
_HEADERS = ("headers", "request_headers", "requestHeaders", "response_headers", "responseHeaders")
_OUTCOMES = {"success": "ok", "ok": "ok", "completed": "ok", "error": "error", "failure": "error", "failed": "error"}


class _Side(NamedTuple):
    """One side of a record.

    `body` is the recognised or at least parsed body ({} for text that is none), `content` what the column holds,
    `slot` and `inner` the members it stood in (None: the record is the body), `holder` the object around `inner`.
    """

    body: dict[str, Any]
    content: Any = None
    slot: str | None = None
    inner: str | None = None
    holder: dict[str, Any] = {}  # noqa: RUF012 - read only
    known: bool = True


def sniff(head: Head) -> float:
    """0.7 if at least half of the records seen hold a recognised body in a gateway's way, else 0."""
    records = [sample for sample in head.samples if isinstance(sample, dict)]
    found = sum(1 for sample in records if _is_logged(sample))
    return 0.7 if found and 2 * found >= len(records) else 0.0


def _is_logged(value: dict[str, Any]) -> bool:
    request, response = _sides(value)
    in_context = bool(value.keys() & _CONTEXT)
    if response is not None and response.known:
        return True
    if request is None or not request.known:
        return False
    if request.slot is None:
        return in_context and (response is not None or bool(value.keys() & _PARAMETERS))
    return request.slot in _REQUEST_SLOTS or in_context


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """The request, the response or both as one event, then one event for each tool call in the response."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a logged request or response is a JSON object")
    request, response = _sides(value)
    event = _event(value, request, response)
    calls = chat.calls_of_response(response.body) if response else []
    return [event, *chat.call_events(calls, event, _first(event.ids, "span"))]


def _event(value: dict[str, Any], request: _Side | None, response: _Side | None) -> Event:
    fields = gateway.Fields(value)
    ids, sampled = _ids(value, request, response)
    args = _take(fields, request, _TURNS)
    result = _take(fields, response, _ANSWERS)
    begin, end, source, tz_assumed = _times(fields, request, response)
    error, status = _outcome(fields, response)
    body = response.body if response else {}
    read_tokens, written_tokens = chat.usage_of(body)
    answered = response is not None and (response.content is not None or error is not None)
    return Event(
        ts_ns=begin,
        end_ns=end,
        ts_source=source,
        tz_assumed=tz_assumed,
        layer="llm",
        kind=_kind(request is not None, answered),
        name=_name(fields, request),
        status=status,
        error=error,
        agent=fields.text("agent", "agent_name", "agent_id"),
        principal=_principal(value, request),
        model=_model(fields, body, request),
        args=jsontext.content(args),
        args_state=state_of(args, given=request is not None),
        result=jsontext.content(result),
        result_state=state_of(result, given=response is not None),
        tokens_in=read_tokens,
        tokens_out=written_tokens,
        sampled=sampled,
        dedupe_key=chat.answer_key(NAME, body, tuple(ids), begin) if answered else None,
        attributes=fields.attributes(),
        ids=tuple(ids),
    )


def _kind(requested: bool, answered: bool) -> str:
    if requested:
        return "span" if answered else "call"
    return "result" if answered else "log"


def _sides(value: dict[str, Any]) -> tuple[_Side | None, _Side | None]:
    """Request and response of a record. If one is recognised, its counterpart is what stands in the other's slot."""
    request = _find(value, (*_REQUEST_SLOTS, *_ANY_SLOTS), _is_request)
    response = _find(value, (*_RESPONSE_SLOTS, *_ANY_SLOTS), _is_response)
    if response is None and request is not None:
        response = _counterpart(value, _RESPONSE_SLOTS)
    elif request is None and response is not None:
        request = _counterpart(value, _REQUEST_SLOTS)
    return request, response


def _find(value: dict[str, Any], slots: tuple[str, ...], known: Callable[[dict[str, Any]], bool]) -> _Side | None:
    for slot in slots:
        outer = _as_object(value.get(slot))
        if outer is None:
            continue
        if known(outer):
            return _Side(outer, value[slot], slot)
        for inner in _INNER_SLOTS:
            body = _as_object(outer.get(inner))
            if body is not None and known(body):
                return _Side(body, outer[inner], slot, inner, outer)
    return _Side(value, value) if known(value) else None


def _counterpart(value: dict[str, Any], slots: tuple[str, ...]) -> _Side | None:
    """What stands in the other side's slot although it is no body: an error, raw event text, null."""
    slot = next((key for key in slots if key in value), None)
    if slot is None:
        return None
    outer = _as_object(value[slot])
    inner = next((key for key in _INNER_SLOTS if outer and key in outer), None)
    if outer is None or inner is None:
        return _Side(outer or {}, value[slot], slot, known=False)
    return _Side(_as_object(outer[inner]) or {}, outer[inner], slot, inner, outer, known=False)


def _as_object(value: Any) -> dict[str, Any] | None:
    """An object, or the object that a text is the JSON or the event stream of."""
    if isinstance(value, str) and value.lstrip()[:1] != "{":
        return sse.answer(value)
    if isinstance(value, str):
        try:
            value, _ = jsontext.parse(value.encode("utf-8", "surrogatepass"))
        except RecordError:
            return None
    return value if isinstance(value, dict) else None


def _is_request(body: dict[str, Any]) -> bool:
    if not gateway.is_text(body.get("model")):
        return False
    messages = body.get("messages")
    if isinstance(messages, list):
        return any(isinstance(message, dict) and "role" in message for message in messages)
    if not any(isinstance(body.get(key), (str, list)) for key in ("input", "prompt")):
        return False
    # `model` and `input` stand in spans of tracing tools too, with an `output` beside.
    return "output" not in body and "object" not in body and bool(body.keys() & _PARAMETERS)


def _is_response(body: dict[str, Any]) -> bool:
    choices, output = body.get("choices"), body.get("output")
    if body.get("object") == "response":
        return isinstance(output, list)
    if isinstance(choices, list):
        first = choices[0] if choices else None
        stated = body.get("object") in ("chat.completion", "text_completion")
        return stated or (isinstance(first, dict) and isinstance(first.get("message"), dict))
    return (
        body.get("type") == "message"
        and body.get("role") == "assistant"
        and isinstance(body.get("content"), list)
        and gateway.is_text(body.get("model"))
        and isinstance(body.get("usage"), dict)
    )


def _take(fields: gateway.Fields, side: _Side | None, keys: tuple[str, ...]) -> Any:
    """Takes a side's content out of the fields; of a wrapper around the body the rest stays."""
    if side is None:
        return None
    if side.slot is None:
        return next((fields.take(key) for key in keys if fields.has(key)), None)
    if not fields.has(side.slot):  # the request stood there too: one body that holds both
        return next((side.body[key] for key in keys if key in side.body), None)
    fields.take(side.slot)
    if rest := {key: item for key, item in side.holder.items() if key != side.inner}:
        fields.put(side.slot, rest)
    return side.content


def _ids(value: dict[str, Any], request: _Side | None, response: _Side | None) -> tuple[list[Id], bool | None]:
    ids: list[Id] = []
    sampled: bool | None = None
    asked, answer = request.body if request else {}, response.body if response else {}
    for holder in (value, request.holder if request else {}, response.holder if response else {}):
        gateway.add_named(ids, holder, _SPAN_IDS)
        for key in _HEADERS:
            flag = gateway.add_headers(ids, holder.get(key))
            sampled = flag if sampled is None else sampled
    id_text.add(ids, "response", answer.get("id"))
    id_text.add(ids, "response", asked.get("previous_response_id"))
    id_text.add(ids, "request", answer.get("request_id"))  # in Anthropic's errors
    conversation = asked.get("conversation")
    id_text.add(ids, "conversation", gateway.member(conversation, "id") or conversation)
    for metadata in (value.get("metadata"), asked.get("metadata")):
        gateway.add_named(ids, metadata, _SPAN_IDS)
    for key in ("messages", "input"):
        for answered in chat.answered(asked.get(key)):
            id_text.add(ids, "tool_call", answered)
    id_text.add(ids, "session", gateway.claude_session(gateway.member(asked, "metadata", "user_id")))
    id_text.add(ids, "user", asked.get("user"))
    for key in ("id", "custom_id"):  # of the log's own record or batch: often a mere number, it joins nothing
        if value is not answer:
            id_text.add(ids, "other", value.get(key))
    return ids, sampled


def _times(
    fields: gateway.Fields, request: _Side | None, response: _Side | None
) -> tuple[int | None, int | None, str, bool]:
    """Begin, end, source of the begin, and whether a zone was assumed."""
    begin = fields.moment(*_BEGIN) or _wrapper_time(request)
    end = fields.moment(*_END) or _wrapper_time(response)
    at = begin or fields.moment(*_AT)
    ended = end.ns if end else None
    if (begin is None) != (end is None) and (length := _duration(fields)) is not None:
        if begin is not None:
            ended = begin.ns + length
        elif end is not None and at is None and abs(end.ns - length) <= times.INT64_MAX:
            at = times.Moment(end.ns - length, end.tz_assumed)
    at = at or end or fields.moment("created")
    if at is None and response is not None:
        at = times.parse(response.body.get("created")) or times.parse(response.body.get("created_at"))
    if ended is not None and abs(ended) > times.INT64_MAX:
        ended = None
    return at.ns if at else None, ended, "event" if at else "order", bool(at and at.tz_assumed)


def _wrapper_time(side: _Side | None) -> times.Moment | None:
    """A time beside a body inside the side's own wrapper: when that side was logged."""
    holder = side.holder if side else {}
    return next((moment for key in ("timestamp", "ts", "time") if (moment := times.parse(holder.get(key)))), None)


def _duration(fields: gateway.Fields) -> int | None:
    for key, unit in _DURATIONS.items():
        number = fields.get(key)
        if isinstance(number, (int, float)) and not isinstance(number, bool) and 0 <= number < 1e12:
            fields.take(key)
            return round(number * unit)
    return None


def _outcome(fields: gateway.Fields, response: _Side | None) -> tuple[str | None, str]:
    """Error and status, from the HTTP status, the record's own words, and the response body."""
    body, holder = (response.body, response.holder) if response else ({}, {})
    stated = [fields.get(key) for key in _STATUSES] + [holder.get(key) for key in _STATUSES] + [body.get("status")]
    codes = [code for item in stated if (code := _http_code(item)) is not None]
    words = [_OUTCOMES[item.lower()] for item in stated if isinstance(item, str) and item.lower() in _OUTCOMES]
    failed = next((code for code in codes if code >= 400), None)
    error = fields.text("error", "error_message") or chat.error_of({"error": fields.get("error")})
    error = error or chat.error_of(body) or chat.error_of(holder)
    if error is None and failed is not None:
        error = f"HTTP {failed}"
    if error is not None or "error" in words:
        return error, "error"
    return None, "ok" if words or codes or (response and response.known) else "unknown"


def _http_code(value: Any) -> int | None:
    if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
        value = int(value)
    number = gateway.whole(value)
    return number if number is not None and 100 <= number < 600 else None


def _name(fields: gateway.Fields, request: _Side | None) -> str | None:
    holder = request.holder if request else {}
    return fields.text(*_NAMES) or next((str(holder[key]) for key in _NAMES if gateway.is_text(holder.get(key))), None)


def _model(fields: gateway.Fields, response: dict[str, Any], request: _Side | None) -> str | None:
    """The model that answered; without an answer the one that was asked for."""
    answered = response.get("model")
    if gateway.is_text(answered) and answered != fields.get("model"):
        return str(answered)
    asked = request.body.get("model") if request else None
    return fields.text("model") or (str(asked) if gateway.is_text(asked) else None)


def _principal(value: dict[str, Any], request: _Side | None) -> str | None:
    asked = request.body if request else {}
    found = [value.get("user"), value.get("user_id"), asked.get("user"), gateway.member(asked, "metadata", "user_id")]
    return next((str(item) for item in found if gateway.is_text(item)), None)


def _first(ids: tuple[Id, ...], kind: str) -> str | None:
    return next((an_id.value for an_id in ids if an_id.kind == kind), None)
