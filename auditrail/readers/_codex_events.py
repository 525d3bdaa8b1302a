"""Event messages of Codex (EventMsg, codex-rs/protocol/src/protocol.rs): one message -> events.

`exec_command`, patches and MCP calls are executions, told from what the model asked for (response items) by layer, and
joined with it by `call_id`. A message of user or agent repeats a response item: it is kept as a `log`.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.readers import _gateway as gateway
from auditrail.readers._codex_doing import DOING, add_doing
from auditrail.readers._codex_items import add_item, add_result
from auditrail.readers._prompts import prompt_key
from auditrail.readers._transcript import Line, arguments, first_text, outcome, text_of

_BEGIN = {
    "exec_command_begin": ("exec_command", "command"),
    "patch_apply_begin": ("apply_patch", "changes"),
    "mcp_tool_call_begin": (None, "invocation"),
    "web_search_begin": ("web_search", "query"),
    "dynamic_tool_call_request": (None, "arguments"),
    "collab_agent_spawn_begin": ("spawn_agent", "prompt"),
}
_END = {
    "exec_command_end": "exec_command",
    "patch_apply_end": "apply_patch",
    "mcp_tool_call_end": None,
    "web_search_end": "web_search",
    "dynamic_tool_call_response": None,
    "collab_agent_spawn_end": "spawn_agent",
}
_ASKS = {
    "exec_approval_request": ("exec_command", "command"),
    "apply_patch_approval_request": ("apply_patch", "changes"),
    "request_permissions": (None, "permissions"),
    "elicitation_request": (None, "request"),
}
_LLM = frozenset(
    {
        "agent_message", "agent_reasoning", "agent_reasoning_raw_content", "agent_message_delta",
        "agent_reasoning_delta", "agent_reasoning_section_break", "token_count", "raw_response_item",
    }
)  # fmt: skip
_SAID = frozenset({"agent_message", "reasoning", "plan"})
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ERRORS = {"error": "agent", "stream_error": "llm", "background_error": "agent"}
_VERDICTS = {"approved": "allow", "denied": "deny", "aborted": "not_run", "in_progress": "ask"}
_RESULTS = ("aggregated_output", "formatted_output", "result", "results", "content_items", "stdout", "output")


def add_event(line: Line, payload: dict[str, Any], run: str | None) -> None:
    """Adds the events of one message. `run` scopes what is unique only inside the run."""
    fields = gateway.Fields(payload)
    kind = fields.text("type") or "event_msg"
    if kind in _BEGIN:
        _begin(line, kind, fields)
    elif kind in _END:
        _end(line, kind, fields)
    elif kind in _ASKS:
        _ask(line, kind, fields)
    elif kind in ("token_count", "turn.completed"):
        _tokens(line, kind, fields, run)
    elif kind == "guardian_assessment":
        _verdict(line, kind, fields)
    elif kind in _ERRORS:
        error = first_text(fields.get("message"), gateway.member(fields.get("error"), "message"))
        line.add(_ERRORS[kind], "error", kind, status="error", error=error, rest=fields.left())
    elif kind in ("turn_aborted", "turn.failed"):
        said = first_text(fields.get("reason"), gateway.member(fields.get("error"), "message"))
        line.add("agent", "log", kind, status="error", error=said or kind, rest=fields.left())
    elif kind == "view_image_tool_call":
        ids = [("tool_call", fields.text("call_id"))]
        given = fields.has("path")
        columns = arguments(fields.take("path"), given=given)
        line.add("tool", "span", kind, tool="view_image", ids=ids, rest=fields.left(), **columns)
    elif kind == "raw_response_item" and isinstance(fields.get("item"), dict):
        line.add("llm", "log", kind, rest=fields.left())
    elif kind == "shutdown_complete":
        line.add("agent", "end", kind, rest=fields.left())
    elif kind in ("hook_started", "hook_completed"):
        _hook(line, kind, fields)
    elif kind in ("item_started", "item_completed") and isinstance(fields.get("item"), dict):
        _item(line, kind, fields)
    else:
        status = "ok" if kind in ("task_complete", "turn_complete") else "unknown"
        line.add("llm" if kind in _LLM else "agent", "log", kind, status=status, rest=fields.left())


def _item(line: Line, kind: str, fields: gateway.Fields) -> None:
    """An item of a turn (items.rs, TurnItem). What was said repeats a response item; what was done is an execution."""
    item = gateway.Fields(fields.take("item"))
    told = item.text("type") or "item"
    what = _WORDS.sub("_", told).lower()
    call = item.text("id")
    for key, value in fields.left().items():
        item.put(key, value)
    if what in DOING:
        add_doing(line, what, kind.replace("_", "."), item, call)
        return
    if call:
        item.put("item_id", call)
    if text := text_of(item.get("content")):
        item.put("content", text)
    line.add("llm" if what in _SAID else "agent", "log", f"{kind}:{told}", rest=item.left())


def _begin(line: Line, kind: str, fields: gateway.Fields) -> None:
    tool, key = _BEGIN[kind]
    ids = [("tool_call", fields.text("call_id", "callId"))]
    given, content = fields.has(key), fields.take(key)
    tool, content, given = _invoked(tool, content, fields, given=given)
    if kind == "collab_agent_spawn_begin" and gateway.is_text(content):
        ids.append(("other", prompt_key(content)))
    columns = arguments(content, given=given)
    line.add("tool", "call", kind, tool=tool, ids=ids, rest=fields.left(), **columns)


def _invoked(tool: str | None, content: Any, fields: gateway.Fields, *, given: bool) -> tuple[str | None, Any, bool]:
    """Tool and arguments of an MCP invocation `{server, tool, arguments}`; anything else as it is."""
    if isinstance(content, dict) and gateway.is_text(content.get("tool")):
        inner = gateway.Fields(content)
        tool = inner.text("tool")
        given, content = inner.has("arguments"), inner.take("arguments")
        if inner.left():
            fields.put("invocation", inner.left())
    return tool or fields.text("tool"), content, given


def _end(line: Line, kind: str, fields: gateway.Fields) -> None:
    tool = _END[kind]
    call = fields.text("call_id", "callId")
    if isinstance(fields.get("invocation"), dict) and gateway.is_text(fields.get("invocation").get("tool")):
        tool = first_text(fields.get("invocation")["tool"])
    tool = tool or first_text(fields.get("tool"))
    key = next((key for key in _RESULTS if fields.get(key) not in (None, "", [])), None)
    if key is None:
        key = next((key for key in _RESULTS if fields.has(key)), "output")
    given, output = fields.has(key), fields.take(key)
    code, success, status = fields.get("exit_code"), fields.get("success"), fields.get("status")
    failed: bool | None = None
    if isinstance(code, int) and not isinstance(code, bool):
        failed = code != 0
    elif isinstance(success, bool):
        failed = not success
    elif isinstance(output, dict) and ("Err" in output or "Ok" in output):
        failed = "Err" in output or any(gateway.member(output, "Ok", key) is True for key in ("isError", "is_error"))
    if status == "declined":
        why = first_text(fields.get("stderr"), output) or "declined"
        line.add(
            "tool", "result", kind, tool=tool, ids=[("tool_call", call)], status="denied", error=why[:300],
            rest=fields.left(), **outcome(output, given=given),
        )  # fmt: skip
        line.add(
            "policy", "decision", "approval", tool=tool, ids=[("tool_call", call)], decision="deny", status="denied",
            policy="approval",
        )  # fmt: skip
        return
    if failed is None and status in ("failed", "completed"):
        failed = status == "failed"
    error: str | None = None
    if failed:
        said = first_text(gateway.member(output, "Err"), fields.get("stderr"), fields.get("error"))
        error = f"exit code {code}" if isinstance(code, int) and code else (said or "failed")[:300]
    result = "error" if failed else "ok" if failed is False else "unknown"
    line.add(
        "tool", "result", kind, tool=tool, ids=[("tool_call", call)], status=result, error=error,
        rest=fields.left(), **outcome(output, given=given),
    )  # fmt: skip


def _ask(line: Line, kind: str, fields: gateway.Fields) -> None:
    tool, key = _ASKS[kind]
    ids = [("tool_call", fields.text("call_id", "callId"))]
    given = fields.has(key)
    columns = arguments(fields.take(key), given=given)
    rule = first_text(fields.get("reason"))
    line.add(
        "policy", "decision", kind, tool=tool, ids=ids, decision="ask", policy="approval", rule=rule,
        rest=fields.left(), **columns,
    )  # fmt: skip


def _verdict(line: Line, kind: str, fields: gateway.Fields) -> None:
    status = fields.get("status")
    decision = _VERDICTS.get(status) if isinstance(status, str) else None
    ids = [("tool_call", fields.get("target_item_id"))]
    line.add(
        "policy", "decision" if decision else "log", kind, ids=ids, decision=decision, policy="guardian",
        status={"allow": "ok", "deny": "denied"}.get(decision or "", "unknown"),
        rule=first_text(fields.get("rationale")), rest=fields.left(),
    )  # fmt: skip


def _hook(line: Line, kind: str, fields: gateway.Fields) -> None:
    run = fields.get("run")
    name = first_text(gateway.member(run, "event_name"), gateway.member(run, "eventName"))
    blocked = gateway.member(run, "status") in ("blocked", "stopped")
    line.add(
        "policy", "decision" if blocked else "log", kind, policy=f"hook:{name}" if name else "hook",
        decision="deny" if blocked else None, status="denied" if blocked else "unknown", rest=fields.left(),
    )  # fmt: skip


def _tokens(line: Line, kind: str, fields: gateway.Fields, run: str | None) -> None:
    """Tokens of the last answer.

    The message is sent again when only rate limits changed: the running total, with the run, names the answer, and
    equal totals are one answer.
    """
    info = fields.get("info")
    usage = fields.get("usage") if kind == "turn.completed" else gateway.member(info, "last_token_usage")
    if not isinstance(usage, dict):
        total_only = isinstance(info, dict) and "total_token_usage" in info
        usage = {} if total_only else info if isinstance(info, dict) else fields.left()
    total = gateway.whole(gateway.member(info, "total_token_usage", "total_tokens"))
    ids = [("response", f"{run}#{total}")] if run and total else []
    line.add(
        "llm",
        "log",
        kind,
        ids=ids,
        tokens_in=_count(usage, "input_tokens", "prompt_tokens", "prompt"),
        tokens_out=_count(usage, "output_tokens", "completion_tokens", "completion"),
        rest=fields.left(),
    )


def _count(usage: dict[str, Any], *keys: str) -> int | None:
    return next((number for key in keys if (number := gateway.whole(usage.get(key))) is not None), None)


__all__ = ["add_event", "add_item", "add_result"]
