"""Response items of Codex: what the model said and asked for, and what tools gave back (ResponseItem, models.rs).

Variants after openai/codex, codex-rs/protocol/src/models.rs, and older ones as rollouts hold them. An output is a
text, an object `{content, success}`, or, in older versions, the text of `{"output", "metadata": {"exit_code"}}`.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.readers import _gateway as gateway
from auditrail.readers._gateway import objects
from auditrail.readers._prompts import prompt_key
from auditrail.readers._transcript import Line, arguments, first_text, outcome, parsed, text_of

ITEMS = frozenset(
    {
        "message", "reasoning", "function_call", "function_call_output", "custom_tool_call",
        "custom_tool_call_output", "local_shell_call", "web_search_call", "tool_call", "tool_result",
        "tool_search_call", "tool_search_output", "image_generation_call", "ghost_snapshot", "compaction",
        "compaction_summary", "context_compaction", "agent_message", "other",
    }
)  # fmt: skip
_CALLS = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "tool_call": "arguments",
    "local_shell_call": "action",
    "tool_search_call": "arguments",
    "mcp_tool_call": "arguments",
}
_OUTPUTS = (
    "function_call_output",
    "custom_tool_call_output",
    "tool_result",
    "tool_search_output",
    "mcp_tool_call_output",
)
# What the provider runs itself: one item is call and execution in one, and its result is never told.
_PROVIDER = {"web_search_call": "action", "image_generation_call": "revised_prompt"}
_EXIT = re.compile(r"(?:\A|\n)(?:Exit code: (-?\d+)|Process exited with code (-?\d+))")
_REJECTED = re.compile(
    r"(?:exec command |exec_command |patch |command |apply_patch |shell )*(?:failed: |error: )*"
    r"(?:rejected by user|rejected: |denied by |patch rejected|approval denied|not approved)",
    re.IGNORECASE,
)
_ABORTED = re.compile(r"\s*aborted(?: by user)?", re.IGNORECASE)
_LOOK = 400


def add_item(line: Line, payload: dict[str, Any], **columns: Any) -> None:
    """Adds the events of one item; what no column takes stays with the event."""
    fields = gateway.Fields(payload)
    kind = fields.text("type") or ("message" if "role" in payload else None)
    if kind in _CALLS:
        _call(line, kind, fields, **columns)
    elif kind in _OUTPUTS:
        _output(line, kind, fields)
    elif kind in _PROVIDER:
        _provided(line, kind, fields, **columns)
    elif kind == "message":
        _message(line, fields, **columns)
    elif kind == "reasoning":
        ids = [("message", fields.text("id"))]
        line.add("llm", "message", "reasoning", ids=ids, rest=_with_text(fields, "summary", "content"), **columns)
    else:
        line.add("llm" if kind in ITEMS else "agent", "log", kind, rest=fields.left())


def _message(line: Line, fields: gateway.Fields, **columns: Any) -> None:
    role = first_text(fields.get("role"))
    ids = [("message", fields.text("id"))]
    rest = _with_text(fields, "content")
    if role == "assistant":
        line.add("llm", "message", role, ids=ids, rest=rest, **columns)
    else:
        line.add("agent", "message", role or "message", ids=ids, rest=rest)


def _with_text(fields: gateway.Fields, *keys: str) -> dict[str, Any]:
    """The members left, with the blocks of text of the first of the keys put as one text."""
    for key in keys:
        blocks = fields.get(key)
        plain = isinstance(blocks, list) and blocks and all(
            isinstance(block, dict) and block.keys() == {"type", "text"} for block in blocks
        )  # fmt: skip
        if plain:
            fields.put(key, text_of(blocks))
            break
    return fields.left()


def _call_id(fields: gateway.Fields) -> Any:
    """`call_id` pairs calls and outputs; the item's own id is another, and stays in the attributes."""
    for key in ("call_id", "tool_call_id", "callId"):
        if gateway.is_text(fields.get(key)):
            return fields.take(key)
    return None


def _call(line: Line, kind: str, fields: gateway.Fields, **columns: Any) -> None:
    call = _call_id(fields)
    if call is None:  # older shell calls, and other writers, have one id
        call = fields.text("id")
    function = fields.get("function")
    key = _CALLS[kind]
    name = fields.text("name", "tool_name", "tool")
    if name is None and isinstance(function, dict) and gateway.is_text(function.get("name")):
        inner = gateway.Fields(fields.take("function"))
        name = inner.text("name")
        if not fields.has(key) and inner.has(key):
            fields.put(key, inner.take(key))
        if inner.left():
            fields.put("function", inner.left())
    if name is None:
        name = {"local_shell_call": "local_shell", "tool_search_call": "tool_search"}.get(kind)
    given = fields.has(key)
    content = fields.take(key)
    ids = [("tool_call", call)]
    if name == "spawn_agent" and gateway.is_text(message := gateway.member(parsed(content), "message")):
        ids.append(("other", prompt_key(message)))
    columns |= arguments(content, given=given)
    line.add("llm", "call", name, tool=name, ids=ids, rest={"item": kind, **fields.left()}, **columns)


def _provided(line: Line, kind: str, fields: gateway.Fields, **columns: Any) -> None:
    tool = kind.removesuffix("_call")
    key = _PROVIDER[kind]
    status = {"completed": "ok", "failed": "error"}.get(str(fields.get("status")), "unknown")
    given = fields.has(key)
    columns |= arguments(fields.take(key), given=given)
    ids = [("tool_call", fields.text("call_id", "id"))]
    line.add("tool", "span", tool, tool=tool, ids=ids, status=status, rest={"item": kind, **fields.left()}, **columns)


def _output(line: Line, kind: str, fields: gateway.Fields) -> None:
    call = _call_id(fields)
    name = fields.text("name", "tool_name")
    key = next((key for key in ("output", "result", "content", "tools") if fields.has(key)), "output")
    given = fields.has(key)
    output = fields.take(key)
    add_result(
        line, output, given=given, call=call, tool=name, failed=_failed(fields), rest={"item": kind, **fields.left()}
    )


def _failed(fields: gateway.Fields) -> bool | None:
    if fields.get("is_error") is True or fields.get("success") is False or fields.get("status") == "failed":
        return True
    return False if fields.get("is_error") is False or fields.get("success") is True else None


def add_result(
    line: Line, output: Any, *, given: bool, call: Any, tool: str | None, failed: bool | None, rest: dict[str, Any]
) -> None:
    """Adds a tool's result; a call that was not let run is denied, and a decision stands beside it."""
    inner = parsed(output)
    code = _exit_code(inner, output)
    success = gateway.member(inner, "success")
    if failed is None:
        failed = code != 0 if code is not None else (not success if isinstance(success, bool) else None)
    text = _shown(inner, output)
    opening = text[:_LOOK].lstrip()
    denied = bool(_REJECTED.match(opening)) and code is None
    stopped = bool(_ABORTED.match(opening)) and code is None
    status = "denied" if denied else "error" if failed or stopped else "ok" if failed is False else "unknown"
    if failed and code is not None:
        error: str | None = f"exit code {code}"
    else:
        error = opening[:300] if denied or stopped or failed else None
    line.add(
        "tool", "result", tool, tool=tool, ids=[("tool_call", call)], status=status, error=error or None, rest=rest,
        **outcome(output, given=given),
    )  # fmt: skip
    if denied:
        line.add(
            "policy", "decision", "approval", tool=tool, ids=[("tool_call", call)], decision="deny", status="denied",
            policy="user" if "by user" in opening else "approval", rest={"reason": opening[:300]},
        )  # fmt: skip


def _exit_code(inner: Any, output: Any) -> int | None:
    for path in (("metadata", "exit_code"), ("exit_code",), ("exitCode",)):
        found = gateway.member(inner, *path)
        if isinstance(found, int) and not isinstance(found, bool):
            return found
    match = _EXIT.search(_shown(inner, output)[:_LOOK])
    if not match:
        return None
    digits = match.group(1) or match.group(2)
    return int(digits) if len(digits) < 12 else None


def _shown(inner: Any, output: Any) -> str:
    """The text that the model was shown."""
    if isinstance(inner, dict):
        for key in ("output", "content", "body"):
            if text := text_of(inner.get(key)):
                return text
    return output if isinstance(output, str) else text_of(objects(output))
