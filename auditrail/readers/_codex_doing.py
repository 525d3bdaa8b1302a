"""What a Codex agent does, as one item that begins and completes: commands, patches, calls of MCP servers, searches.

Items of `codex exec --json` (codex-rs/exec/src/exec_events.rs) and of `item_completed` messages in newer rollouts
(codex-rs/protocol/src/items.rs, whose types are in PascalCase).
"""

from __future__ import annotations

from auditrail.readers import _gateway as gateway
from auditrail.readers._prompts import prompt_key
from auditrail.readers._transcript import Line, arguments, first_text, outcome

DOING = {
    "command_execution": ("command", "exec_command"),
    "mcp_tool_call": ("arguments", None),
    "web_search": ("query", "web_search"),
    "collab_tool_call": ("prompt", None),
    "file_change": ("changes", "apply_patch"),
}
_RESULTS = {"command_execution": "aggregated_output", "mcp_tool_call": "result", "collab_tool_call": "agents_states"}
_STATUS = {"completed": "ok", "failed": "error", "declined": "denied"}


def add_doing(line: Line, kind: str, phase: str, fields: gateway.Fields, call: str | None) -> None:
    """Adds the events of one item of a kind of `DOING`; `phase` is item.started or item.completed."""
    key, tool = DOING[kind]
    tool = tool or first_text(fields.get("tool"))
    ids = [("tool_call", call)]
    given = fields.has(key)
    content = fields.take(key)
    if kind == "collab_tool_call" and gateway.is_text(content):
        ids.append(("other", prompt_key(content)))
    columns = arguments(content, given=given)
    if phase == "item.started":
        line.add("tool", "call", kind, tool=tool, ids=ids, rest=fields.left(), **columns)
        return
    result_key = _RESULTS.get(kind, "")
    told = fields.get(result_key) is not None  # null beside an error, or while it runs
    columns |= outcome(fields.take(result_key) if told else None, given=told)
    code, state = fields.get("exit_code"), fields.get("status")
    status = _STATUS.get(state, "unknown") if isinstance(state, str) else "unknown"
    if isinstance(code, int) and not isinstance(code, bool) and status != "denied":
        status = "error" if code else "ok"
    error = None
    if status == "error":
        said = first_text(gateway.member(fields.get("error"), "message"), fields.get("error"))
        error = said or (f"exit code {code}" if code else "failed")
    # A file change is emitted once, when it is done: it is call and result in one.
    single = kind in ("file_change", "web_search")
    line.add(
        "tool", "span" if single else "result", kind, tool=tool, ids=ids, status=status, error=error,
        rest=fields.left(), **columns,
    )  # fmt: skip
    if status == "denied":
        line.add(
            "policy", "decision", "approval", tool=tool, ids=ids, decision="deny", status="denied", policy="approval"
        )
