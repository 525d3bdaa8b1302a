"""Wire messages and context lines of Kimi CLI (the Python client, before Kimi Code), as events.

Facts after MoonshotAI/kimi-cli, src/kimi_cli/wire/types.py and wire/file.py: `wire.jsonl` holds `{timestamp, message:
{type, payload}}` behind a line `{type: metadata, protocol_version}`. `context.jsonl` holds the messages for the model,
without times: `{role, content, tool_calls, tool_call_id}`, and `_checkpoint`, `_usage` and `_system_prompt` as roles.
"""

from __future__ import annotations

from typing import Any

from auditrail.readers import _gateway as gateway
from auditrail.readers._chat import calls_of_message
from auditrail.readers._transcript import Line, arguments, first_text, outcome

_ANSWERS = {"approve": "allow", "approve_for_session": "allow", "reject": "deny"}
_LOGS = {"HookTriggered": "policy", "PlanDisplay": "llm", "ToolCallPart": "llm"}


def inner_of(message: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The message inside sub-agents' envelopes, and the envelopes, outermost first."""
    around: list[dict[str, Any]] = []
    while message.get("type") == "SubagentEvent" and len(around) < 16:
        payload = message.get("payload")
        event = gateway.member(payload, "event")
        if not isinstance(payload, dict) or not isinstance(event, dict):
            break
        around.append({key: item for key, item in payload.items() if key != "event"})
        message = event
    return message, around


def add_message(line: Line, message: dict[str, Any]) -> None:
    """Adds the event of one wire message."""
    kind, payload = first_text(message.get("type")), message.get("payload")
    fields = gateway.Fields(payload if isinstance(payload, dict) else {})
    if not isinstance(payload, dict) and payload is not None:
        fields.put("payload", payload)
    if kind in ("TurnBegin", "SteerInput"):
        content = fields.take("user_input")
        line.add("agent", "message", "user", rest={"wire": kind, "content": content, **fields.left()})
    elif kind in ("ContentPart", "TextPart", "ThinkPart"):
        name = "reasoning" if fields.get("type") == "think" else "assistant"
        content = fields.take("think" if name == "reasoning" else "text")
        line.add("llm", "message", name, rest={} if content is None else {"content": content, **fields.left()})
    elif kind in ("ToolCall", "ToolCallRequest"):
        _call(line, kind, payload)
    elif kind == "ToolResult":
        _result(line, fields)
    elif kind == "ApprovalRequest":
        ids = [("tool_call", fields.text("tool_call_id")), ("decision", fields.text("id"))]
        tool = first_text(fields.get("sender"))
        line.add("policy", "decision", kind, tool=tool, ids=ids, decision="ask", policy="approval", rest=fields.left())
    elif kind in ("ApprovalResponse", "ApprovalRequestResolved"):
        word = fields.get("response")
        decision = _ANSWERS.get(word) if isinstance(word, str) else None
        line.add(
            "policy", "decision" if decision else "log", kind, ids=[("decision", fields.text("request_id"))],
            decision=decision, status={"allow": "ok", "deny": "denied"}.get(decision or "", "unknown"),
            policy="user", rule=first_text(word), rest=fields.left(),
        )  # fmt: skip
    elif kind == "HookResolved":
        blocked = fields.get("action") == "block"
        event = first_text(fields.get("event"))
        line.add(
            "policy", "decision" if blocked else "log", kind, policy=f"hook:{event}" if event else "hook",
            tool=first_text(fields.get("target")), decision="deny" if blocked else None,
            status="denied" if blocked else "unknown", rule=first_text(fields.get("reason")), rest=fields.left(),
        )  # fmt: skip
    elif kind == "StatusUpdate":
        usage = fields.get("token_usage")
        line.add(
            "llm", "log", kind, ids=[("response", fields.text("message_id"))], rest=fields.left(),
            **tokens(usage, "input_other", "input_cache_read", "input_cache_creation", "output"),
        )  # fmt: skip
    elif kind == "StepInterrupted":
        line.add("agent", "log", kind, status="error", error="interrupted", rest=fields.left())
    else:
        line.add(_LOGS.get(kind or "", "agent"), "log", kind, rest=fields.left())


def tokens(usage: Any, *keys: str) -> dict[str, Any]:
    """The columns of tokens: input is the sum of its parts (new, read from and written to the cache)."""
    *parts, out = [gateway.whole(gateway.member(usage, key)) for key in keys]
    known = [part for part in parts if part is not None]
    return {"tokens_in": sum(known) if known else None, "tokens_out": out}


def _call(line: Line, kind: str, payload: Any) -> None:
    entry = payload if isinstance(payload, dict) else {}
    for call in calls_of_message({"tool_calls": [entry]}):
        columns = arguments(call.arguments, given=call.given)
        line.add("llm", "call", call.name, tool=call.name, ids=[("tool_call", call.id)], rest=call.rest, **columns)
        return
    line.add("llm", "log", kind, rest=entry)


def _result(line: Line, fields: gateway.Fields) -> None:
    call = fields.text("tool_call_id")
    key = next((key for key in ("return_value", "result") if fields.has(key)), "result")
    given, value = fields.has(key), fields.take(key)
    add_result(line, value, given=given, ids=[("tool_call", call)], rest=fields.left())


def add_result(line: Line, value: Any, *, given: bool, ids: list[tuple[str, Any]], rest: dict[str, Any]) -> None:
    """Adds a tool's result `{is_error | isError, output, message, ...}`, or whatever stands in its place."""
    failed = gateway.member(value, "is_error")
    failed = gateway.member(value, "isError") if failed is None else failed
    columns: dict[str, Any]
    said = first_text(gateway.member(value, "message"), gateway.member(value, "brief"))
    if isinstance(value, dict) and "output" in value:
        output = value["output"]
        columns = outcome(output, given=True)
        rest = {**{key: item for key, item in value.items() if key != "output"}, **rest}
        if value.get("truncated") is True and columns["result_state"] == "present":
            columns["result_state"] = "truncated"
        said = said or first_text(output)
    else:
        columns = outcome(value, given=given)
    rejected = failed is True and said is not None and "rejected by the user" in said[:300].lower()
    status = "denied" if rejected else "error" if failed is True else "ok" if given else "unknown"
    line.add(
        "tool", "result", ids=ids, status=status, rest=rest,
        error=(said or "failed")[:300] if failed is True else None, **columns,
    )  # fmt: skip


def is_context(value: dict[str, Any]) -> bool:
    """Whether it is a line of context.jsonl: a message for the model, or a mark between messages."""
    return isinstance(value.get("role"), str) and "type" not in value


def add_context(line: Line, fields: gateway.Fields) -> None:
    """Adds the events of one line of context.jsonl."""
    role = fields.text("role")
    content = fields.get("content")
    if role == "assistant":
        key = "tool_calls" if fields.has("tool_calls") else "toolCalls"  # Kimi Code's spelling
        listed = fields.get(key)
        calls = list(calls_of_message({"tool_calls": listed}))
        if isinstance(listed, list) and len(calls) == len(listed):
            fields.take(key)
        fields.take("content")
        line.add("llm", "message", role, rest={} if content is None else {"content": content})
        for call in calls:
            columns = arguments(call.arguments, given=call.given)
            line.add("llm", "call", call.name, tool=call.name, ids=[("tool_call", call.id)], rest=call.rest, **columns)
    elif role == "tool":
        given = fields.has("content")
        fields.take("content")
        call_id = fields.text("tool_call_id", "toolCallId")
        failed = fields.get("isError")
        status = ("error" if failed else "ok") if isinstance(failed, bool) else "unknown"
        line.add("tool", "result", ids=[("tool_call", call_id)], status=status, **outcome(content, given=given))
    elif role in ("user", "system"):
        line.add("agent", "message", role)
    else:
        line.add("agent", "log", role)
