"""LiteLLM: one object per model request, a StandardLoggingPayload of its callbacks or a row of its spend logs.

Fields after `litellm/types/utils.py` (1.109.1) and its logging specification. Times are float seconds since the
epoch. A row of spend logs (`_litellm_spend`) is read as the payload it was made of. What is particular:

- A request is one `span` event (layer llm). A record of `call_type` `call_mcp_tool` is the gateway's own execution of
  a tool: its span has layer `tool`. Tool calls in the response are `call` events of layer llm. A tool that the
  gateway ran in the course of a model request (`metadata.mcp_tool_call_metadata`) is a further event of layer tool:
  a span if its result is told, else a call. Each element of `guardrail_information` is a `decision` event.
- `litellm_call_id` (older: `call_id`) is the `request`. `id` is the provider's response id on success, and LiteLLM's
  own on failure: it counts as `response` if the response says the same or it has a provider's prefix.
- An answer from the cache repeats the id of an older answer: it is then kept as `other`, since it ties two runs.
- `trace_id` joins "multiple calls of one overall request", but is whatever the caller gave, often a session's id or
  a UUID that no tracer knows. It is the `trace` if it has the form of a trace id (32 hex digits), else a `session`:
  that groups runs and never merges them.
- Callers' own ids stand in `metadata.requester_metadata` and `metadata.spend_logs_metadata` (`_gateway.ID_NAMES`).
- `success` says that the content was let through, also when parts of it were masked (Presidio's hook writes it so):
  with a count of masked entities above 0, or an action that masks, it is `modify`.
- `guardrail_intervened` says "blocked or modified": it is `modify` if the guardrail says that it masked and the
  request went on, else `deny`. The words of older versions are `blocked` and `failure`.
- Rows of its spend log are read as payloads: see `_litellm_spend`.
- Redacted content is `redacted-by-litellm`; a proxy that stores no prompts writes the messages as `{}`.

Not read: its text logs and metrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers import _litellm_spend as spend
from auditrail.readers._contract import Reading

NAME = "litellm"
TITLE = "LiteLLM gateway log (StandardLoggingPayload), or rows of its spend log"
LAYER = "llm"
TESTED_ON = "real files of LiteLLM's own tests (expected payloads); else its types/utils.py (1.109.1)"
NEVER_RECORDS = "Whether and how the client executed a tool that the model asked for; requests that bypass the gateway."
IDS = (
    "run",
    "trace",
    "session",
    "conversation",
    "request",
    "response",
    "tool_call",
    "user",
    "message",
    "parent_span",
    "other",
)
CAPTURES = {
    "time": "yes: start and end, in seconds with fractions",
    "run": "opt-in: only as metadata that the client sends along",
    "parent": "opt-in: only as metadata or a traceparent header that the client sends along",
    "call": "yes: ids of the calls that the model asked for",
    "arguments": "partly: as the model asked for them; redacted as a whole by turn_off_message_logging",
    "results": "partly: only as messages of the next request",
    "model": "yes",
    "tokens": "yes",
    "decision": "partly: guardrails of the gateway, not what the client's own policy decided",
    "errors": "yes: failed requests with their reason",
    "end": "n/a",
}

_TRACE_FORM = re.compile(r"[0-9A-Fa-f]{32}\Z")
_RESPONSE_FORM = re.compile(r"(?:chatcmpl-|cmpl-|msg_|resp_|gen-)")
_IDS = {key: kind for key, kind in gateway.ID_NAMES.items() if key != "traceid"}
_AGENTS = ("agent", "agent_name", "agent_id")
_STATUS = {"success": "ok", "failure": "error"}

_GUARDRAIL: dict[str, str] = {
    "success": "allow",
    "guardrail_flagged": "flag",
    "guardrail_intervened": "deny",
    "blocked": "deny",
    "guardrail_failed_to_respond": "undefined",
    "failure": "undefined",
    "not_run": "not_run",
}
_DECISION_STATUS = {"allow": "ok", "flag": "ok", "modify": "ok", "deny": "denied", "undefined": "error"}
_MASKING = re.compile(r"mask|anonymi[sz]|redact|modif|replac", re.IGNORECASE)


def sniff(head: Head) -> float:
    """0.95 for `litellm_call_id`, `call_type` with `hidden_params`, or a row of the spend log."""
    return 0.95 if any(_is_payload(sample) for sample in head.samples) else 0.0


def _is_payload(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    keys = value.keys()
    return ("litellm_call_id" in keys and bool(keys & {"model", "call_type", "messages", "startTime"})) or (
        keys >= {"call_type", "hidden_params"} or spend.is_row(value)
    )


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """The request as a span, then its tool calls, the gateway's tool execution, and the guardrails' decisions."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a LiteLLM payload is a JSON object")
    if spend.is_row(value):
        value = spend.payload(value)
    fields = gateway.Fields(value)
    mcp = gateway.member(value, "metadata", "mcp_tool_call_metadata")
    guardrails = _objects(fields.get("guardrail_information"))
    is_tool = value.get("call_type") == "call_mcp_tool"
    span = _span(value, fields, is_tool=is_tool, mcp=mcp)
    if guardrails is not None:
        fields.take("guardrail_information")
    if isinstance(mcp, dict) and mcp:
        others = {key: item for key, item in value["metadata"].items() if key != "mcp_tool_call_metadata"}
        rest = {"mcp_tool_call_metadata": _mcp_rest(mcp)} if is_tool else {}
        fields.put("metadata", {**others, **rest})
    span = span._replace(attributes=fields.attributes())
    events = [span, *chat.call_events(chat.calls_of_response(value.get("response")), span)]
    if isinstance(mcp, dict) and mcp and not is_tool:
        events.append(_mcp_event(mcp, span))
    events += [_decision(item, span, number) for number, item in enumerate(guardrails or (), start=1)]
    return events


def _span(value: dict[str, Any], fields: gateway.Fields, *, is_tool: bool, mcp: Any) -> Event:
    ids, sampled = _ids(value)
    for key in ("litellm_call_id", "call_id", "id", "session_id"):
        if id_text.normalise("request", value.get(key)) is not None:
            fields.take(key)
    began, ended = fields.moment("startTime"), fields.moment("endTime")
    at = began or ended
    response = value.get("response")
    args, given = (mcp.get("arguments"), True) if _says(is_tool, mcp, "arguments") else (None, False)
    if not given:
        args, given = fields.take("messages"), "messages" in value
    result, told = (mcp.get("result"), True) if _says(is_tool, mcp, "result") else (None, False)
    if not told:
        result, told = fields.take("response"), "response" in value
    usage = chat.usage_of(response)
    read, written = fields.count("prompt_tokens"), fields.count("completion_tokens")
    status = _STATUS.get(value["status"], "unknown") if isinstance(value.get("status"), str) else "unknown"
    if status != "unknown":
        fields.take("status")
    error = _error(fields)
    return Event(
        ts_ns=at.ns if at else None,
        end_ns=ended.ns if ended else None,
        ts_source="event" if at else "order",
        tz_assumed=bool(at and at.tz_assumed),
        layer="tool" if is_tool else "llm",
        kind="span",
        name=fields.text("call_type"),
        status="error" if error and status == "unknown" else status,
        error=error,
        agent=_agent(value),
        principal=_principal(value),
        model=fields.text("model"),
        tool=mcp["name"] if _says(is_tool, mcp, "name") and gateway.is_text(mcp["name"]) else None,
        args=jsontext.content(args),
        args_state=state_of(args, given=given),
        result=jsontext.content(result),
        result_state=state_of(result, given=told),
        tokens_in=read if read is not None else usage[0],
        tokens_out=written if written is not None else usage[1],
        sampled=sampled,
        dedupe_key=_dedupe_key(value),
        ids=tuple(ids),
    )


def _says(is_tool: bool, mcp: Any, key: str) -> bool:
    return is_tool and isinstance(mcp, dict) and key in mcp


def _ids(value: dict[str, Any]) -> tuple[list[Id], bool | None]:
    ids: list[Id] = []
    call_ids = [value.get("litellm_call_id"), value.get("call_id")]
    for call_id in call_ids:
        id_text.add(ids, "request", call_id)
    own, answer = value.get("id"), gateway.member(value, "response", "id")
    kind = "other" if value.get("cache_hit") is True else "response"
    id_text.add(ids, kind, answer)
    if isinstance(own, str) and not any(isinstance(call_id, str) and own == call_id for call_id in call_ids):
        is_answer = (isinstance(answer, str) and own == answer) or _RESPONSE_FORM.match(own)
        id_text.add(ids, kind if is_answer else "request", own)
    metadata = value.get("metadata")
    sampled = gateway.add_headers(ids, gateway.member(metadata, "requester_custom_headers"))
    id_text.add(ids, "session", value.get("session_id"))
    for holder in (
        gateway.member(metadata, "requester_metadata"),
        gateway.member(metadata, "spend_logs_metadata"),
        metadata,
    ):
        gateway.add_named(ids, holder, _IDS)
        _add_trace(ids, gateway.member(holder, "trace_id"))
    _add_trace(ids, value.get("trace_id"))
    for answered in chat.answered(value.get("messages")):
        id_text.add(ids, "tool_call", answered)
    id_text.add(ids, "user", value.get("end_user"))
    id_text.add(ids, "user", gateway.member(metadata, "user_api_key_user_id"))
    return ids, sampled


def _add_trace(ids: list[Id], value: Any) -> None:
    is_trace = isinstance(value, str) and _TRACE_FORM.match(value.strip())
    text = id_text.normalise("request", value)
    # A request whose trace was not named gets its own call id as trace id: that groups nothing.
    if is_trace or Id("request", text or "") not in ids:
        id_text.add(ids, "trace" if is_trace else "session", value)


def _dedupe_key(value: dict[str, Any]) -> str | None:
    """Attempts of one call (retries, fallbacks) share the call id: own id and start tell them apart."""
    call_id, older, own = (id_text.normalise("request", value.get(key)) for key in ("litellm_call_id", "call_id", "id"))
    call_id = call_id or older
    if call_id is None and own is None:
        return None
    start = value.get("startTime")
    return f"litellm:{call_id or ''}/{own or ''}/{start if isinstance(start, (int, float, str)) else ''}"


def _error(fields: gateway.Fields) -> str | None:
    if text := fields.text("error_str"):
        return text
    info = fields.get("error_information")
    parts = [gateway.member(info, key) for key in ("error_class", "error_message")]
    return ": ".join(part for part in parts if isinstance(part, str) and part.strip()) or None


def _agent(value: dict[str, Any]) -> str | None:
    for holder in ("requester_metadata", "spend_logs_metadata"):
        for key in _AGENTS:
            if gateway.is_text(found := gateway.member(value, "metadata", holder, key)):
                return str(found)
    return str(own) if gateway.is_text(own := value.get("agent_id")) else None


def _principal(value: dict[str, Any]) -> str | None:
    places = (("end_user",), ("metadata", "user_api_key_end_user_id"), ("metadata", "user_api_key_user_id"))
    return next((str(found) for path in places if gateway.is_text(found := gateway.member(value, *path))), None)


def _objects(value: Any) -> list[dict[str, Any]] | None:
    """The guardrails: a list of objects, or one object in older versions; None where anything else is among them."""
    items = [value] if isinstance(value, dict) else value
    return items if isinstance(items, list) and items and all(isinstance(item, dict) for item in items) else None


def _mcp_rest(mcp: dict[str, Any]) -> dict[str, Any]:
    """What the columns of a tool span do not tell of the MCP call."""
    taken = {"arguments", "result"} | ({"name"} if gateway.is_text(mcp.get("name")) else set())
    return {key: item for key, item in mcp.items() if key not in taken}


def _mcp_event(mcp: dict[str, Any], span: Event) -> Event:
    fields = gateway.Fields(mcp)
    name = fields.text("name")
    arguments, result = fields.take("arguments"), fields.take("result")
    finished = "result" in mcp
    return Event(
        ts_ns=span.ts_ns,
        end_ns=span.end_ns if finished else None,
        ts_source=span.ts_source,
        layer="tool",
        kind="span" if finished else "call",
        name=name,
        status="error" if gateway.member(result, "isError") is True else "unknown",
        agent=span.agent,
        principal=span.principal,
        tool=name,
        args=jsontext.content(arguments),
        args_state=state_of(arguments, given="arguments" in mcp),
        result=jsontext.content(result),
        result_state=state_of(result, given=finished),
        dedupe_key=f"{span.dedupe_key}#mcp" if span.dedupe_key else None,
        attributes=fields.attributes(),
        ids=_without_tool_calls(span.ids),
    )


def _decision(item: dict[str, Any], span: Event, number: int) -> Event:
    fields = gateway.Fields(item)
    began, ended = fields.moment("start_time"), fields.moment("end_time")
    name = fields.text("guardrail_name")
    decision = _decided(item, span)
    request, response = fields.take("guardrail_request"), fields.take("guardrail_response")
    return Event(
        ts_ns=began.ns if began else span.ts_ns,
        end_ns=ended.ns if ended else None,
        ts_source=span.ts_source if not began else "event",
        tz_assumed=began.tz_assumed if began else span.tz_assumed,
        layer="policy",
        kind="decision",
        name=name,
        status=_DECISION_STATUS.get(decision or "", "unknown"),
        agent=span.agent,
        principal=span.principal,
        model=span.model,
        args=jsontext.content(request),
        args_state=state_of(request, given="guardrail_request" in item),
        result=jsontext.content(response),
        result_state=state_of(response, given="guardrail_response" in item),
        decision=decision,
        policy=name,
        rule=_rule(item.get("violation_categories")) or _rule(_masked(item)),
        dedupe_key=f"{span.dedupe_key}#guardrail{number}" if span.dedupe_key else None,
        attributes=fields.attributes(),
        ids=_without_tool_calls(span.ids),
    )


def _decided(item: dict[str, Any], span: Event) -> str | None:
    """What the guardrail did: what it says of masking counts for more than the word for its outcome."""
    status = item.get("guardrail_status")
    decision = _GUARDRAIL.get(status) if isinstance(status, str) else None
    action = item.get("guardrail_action")
    if isinstance(action, str) and action.strip():
        says_masked = bool(_MASKING.search(action[:1000]))
    else:
        says_masked = bool(_masked(item))
    if decision == "allow":
        return "modify" if says_masked else decision
    return "modify" if decision == "deny" and says_masked and span.status == "ok" else decision


def _masked(item: dict[str, Any]) -> list[str]:
    """Names of the entities that were masked at least once."""
    counts = item.get("masked_entity_count")
    return [name for name, count in counts.items() if gateway.whole(count)] if isinstance(counts, dict) else []


def _rule(value: Any) -> str | None:
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return "; ".join(item for item in items if isinstance(item, str) and item.strip()) or None


def _without_tool_calls(ids: tuple[Id, ...]) -> tuple[Id, ...]:
    """The results that the request carried belong to the request, not to what a guardrail or the gateway did."""
    return tuple(an_id for an_id in ids if an_id.kind != "tool_call")
