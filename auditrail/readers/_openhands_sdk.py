"""Events of the OpenHands SDK -> events; after OpenHands/software-agent-sdk `openhands/sdk/event`, see `openhands`."""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.content import state_of
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers._conversation import Run, of_run, text_of

_KINDS = frozenset({
    "ActionEvent", "ObservationEvent", "MessageEvent", "SystemPromptEvent", "AgentErrorEvent", "UserRejectObservation",
    "PauseEvent", "Condensation", "CondensationRequest", "CondensationSummaryEvent", "ConversationStateUpdateEvent",
    "ConversationErrorEvent", "LLMCompletionLogEvent", "TokenEvent", "InterruptEvent", "HookExecutionEvent",
})  # fmt: skip
_STATE = frozenset({"id", "agent", "workspace", "persistence_dir", "stats"})
_ENDED = {"finished": "ok", "error": "error", "stuck": "error"}
_SOURCES = frozenset({"agent", "user", "environment", "hook"})


def is_event(value: dict[str, Any]) -> bool:
    """Whether an object is an event of the SDK."""
    kind = value.get("kind")
    return (
        isinstance(kind, str)
        and (kind in _KINDS or (kind.endswith("Event") and "source" in value))
        and isinstance(value.get("source"), str)
        and value["source"] in _SOURCES
        and isinstance(value.get("id"), str)
        and "timestamp" in value
    )


def is_state(value: dict[str, Any]) -> bool:
    """Whether an object is the state of a conversation (`base_state.json` beside its events)."""
    return value.keys() >= _STATE and isinstance(value.get("agent"), dict)


def state(value: dict[str, Any], name: str) -> Event:
    """How the conversation stands: an end where it has one; tokens and cost of the whole stay in the attributes."""
    fields = gateway.Fields(value)
    status = fields.text("execution_status", "agent_status") or ""
    ended = _ENDED.get(status)
    model = gateway.member(value, "agent", "llm", "model")
    ids: list[Id] = []
    id_text.add(ids, "conversation", value.get("id"))
    made = of_run(
        Run(name), ids=ids, layer="agent", kind="end" if ended else "log", name="conversation state",
        status=ended or "unknown", error=status if ended == "error" else None,
        model=model if gateway.is_text(model) else None,
    )  # fmt: skip
    return made._replace(attributes=fields.attributes())


def event(value: dict[str, Any], name: str, number: int | None) -> Event:
    """One event of the run; `number` is the number that its file name tells."""
    fields = gateway.Fields(value)
    at = fields.moment("timestamp")
    kind = str(fields.text("kind"))
    ids: list[Id] = []
    id_text.add(ids, "message", value.get("id"))
    id_text.add(ids, "tool_call", value.get("tool_call_id"))
    id_text.add(ids, "response", value.get("llm_response_id"))
    for key in ("id", "tool_call_id", "llm_response_id"):
        if isinstance(value.get(key), str):
            fields.take(key)
    tool = fields.text("tool_name")
    columns = _columns(value, kind, fields, tool)
    made = of_run(Run(name), at=at, ids=ids, **{"name": kind, "tool": tool, **columns})
    return made._replace(
        seq_kind="openhands.event" if number is not None else None,
        seq=number,
        dedupe_key=f"openhands:{value['id']}",
        attributes=fields.attributes(),
    )


def _columns(value: dict[str, Any], kind: str, fields: gateway.Fields, tool: str | None) -> dict[str, Any]:
    if kind == "ActionEvent":
        return _call(value, fields)
    if kind == "ObservationEvent":
        return _result(value, fields)
    if kind == "AgentErrorEvent":
        error = fields.text("error") or "error"
        return {"layer": "tool" if tool else "agent", "kind": "result" if tool else "error", "status": "error",
                "error": error.split("\n", 1)[0][:300], "result": error if tool else None,
                "result_state": "present" if tool else "absent"}  # fmt: skip
    if kind == "UserRejectObservation":
        return {"layer": "policy", "kind": "decision", "decision": "deny", "status": "denied",
                "policy": fields.text("rejection_source") or "user",
                "rule": fields.text("rejection_reason")}  # fmt: skip
    if kind == "MessageEvent":
        said = value.get("source") == "agent"
        message = value.get("llm_message")
        content = message.get("content") if isinstance(message, dict) else None
        if (text := text_of(content)) is not None:
            fields.put("content", text)
        fields.put("role", "assistant" if said else "user")
        return {"layer": "llm" if said else "agent", "kind": "message", "name": "assistant" if said else "user"}
    if kind == "SystemPromptEvent":
        fields.put("role", "system")
        return {"layer": "agent", "kind": "message", "name": "system"}
    if kind == "ConversationErrorEvent":
        told = [fields.get(key) for key in ("code", "detail")]
        text = ": ".join(str(each) for each in told if gateway.is_text(each))
        return {"layer": "agent", "kind": "error", "status": "error", "error": text or "error"}
    return {"layer": "agent", "kind": "log"}


def _call(value: dict[str, Any], fields: gateway.Fields) -> dict[str, Any]:
    call = value.get("tool_call")
    asked = chat.calls_of_message({"tool_calls": [call]}) if isinstance(call, dict) else iter(())
    known = next(asked, None)
    action = value.get("action")
    if known is not None and known.given:
        arguments, given = known.arguments, True
        fields.take("tool_call")
    elif isinstance(action, dict):
        arguments, given = {key: item for key, item in action.items() if key != "kind"}, True
        fields.take("action")
    else:
        arguments, given = None, False
    return {"layer": "llm", "kind": "call", "args": jsontext.content(arguments),
            "args_state": chat.state(arguments, given=given)}  # fmt: skip


def _result(value: dict[str, Any], fields: gateway.Fields) -> dict[str, Any]:
    observation = fields.take("observation")
    inner = observation if isinstance(observation, dict) else {}
    code = inner.get("exit_code")
    failed = inner.get("is_error") is True or gateway.is_text(inner.get("error")) or (isinstance(code, int) and code)
    error = inner.get("error") if gateway.is_text(inner.get("error")) else f"exit code {code}" if code else "error"
    fine = inner.get("is_error") is False or code == 0
    return {"layer": "tool", "kind": "result", "result": jsontext.content(observation),
            "result_state": state_of(observation, given="observation" in value),
            "status": "error" if failed else "ok" if fine else "unknown",
            "error": str(error)[:300] if failed else None}  # fmt: skip
