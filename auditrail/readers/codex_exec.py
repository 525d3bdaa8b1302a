"""What `codex exec --json` prints: thread, turn and item events, and the older event messages, one per line.

Shapes after openai/codex, codex-rs/exec/src/exec_events.rs (ThreadEvent, ThreadItem); before late 2025 the lines were
`{id, msg: EventMsg}` behind one line of configuration and one `{prompt}`.

Nothing has a time. Only `thread.started` names the session, so the run is named after the file, and is found by the
session's id, too; the id is that of the session's rollout. Item ids (`item_3`) are unique inside one output. An
item that starts and completes is a call and a result of one id; one that only completes (a file change, a message)
is one event. `turn.completed` ends the run: a process runs one turn. Its usage counts the tokens of the whole thread.

Not read: output for people, without `--json`.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _gateway as gateway
from auditrail.readers._codex_doing import DOING, add_doing
from auditrail.readers._codex_events import add_event
from auditrail.readers._contract import Reading
from auditrail.readers._scope import NOWHERE, Origin
from auditrail.readers._transcript import Line, first_text

NAME = "codex-exec"
TITLE = "Output of codex exec --json (OpenAI Codex CLI)"
LAYER = "agent"
TESTED_ON = "documentation only: openai/codex codex-rs/exec/src/exec_events.rs, several versions"
NEVER_RECORDS = (
    "Times; the model; the prompt (newer versions); reads and searches that the model did inside one command."
)
IDS = ("run", "session", "tool_call", "message", "response", "parent_call", "other")
CAPTURES = {
    "time": "never: the order of the lines is all there is",
    "run": "partly: thread.started names the session, no other line does",
    "parent": "never: items have no parent but their turn",
    "call": "yes: item ids, unique inside one output",
    "arguments": "partly: of commands, MCP calls and searches; file changes name paths, not contents",
    "results": "partly: of commands and MCP calls; none of searches",
    "model": "never: the rollout of the session has it",
    "tokens": "partly: one sum at the end of the turn",
    "decision": "partly: status declined of a command",
    "errors": "yes: exit codes, errors of items, turn.failed",
    "end": "partly: the end of a turn, or its failure",
}

_ITEMS = frozenset(
    {
        "agent_message", "assistant_message", "reasoning", "command_execution", "file_change", "mcp_tool_call",
        "collab_tool_call", "web_search", "todo_list", "plan", "error",
    }
)  # fmt: skip
_OLD = frozenset(
    {
        "task_started", "task_complete", "agent_message", "agent_reasoning", "token_count", "exec_command_begin",
        "exec_command_end", "session_configured", "mcp_tool_call_begin", "patch_apply_begin",
    }
)  # fmt: skip


def sniff(head: Head) -> float:
    """0.95 for a thread that starts, or an item of a known type; 0.8 for the older messages."""
    return max((_score(sample) for sample in head.samples if isinstance(sample, dict)), default=0.0)


def _score(value: dict[str, Any]) -> float:
    kind = value.get("type")
    if kind == "thread.started" and isinstance(value.get("thread_id"), str) and len(value) <= 3:
        return 0.95
    if kind in ("item.started", "item.completed", "item.updated"):
        item = value.get("item")
        inner = gateway.member(item, "type") or gateway.member(item, "item_type")
        return 0.95 if isinstance(inner, str) and inner in _ITEMS else 0.0
    old = gateway.member(value, "msg", "type")
    return 0.8 if isinstance(old, str) and old in _OLD and isinstance(value.get("id"), str) else 0.0


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """The events of one line."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a line of codex exec is a JSON object")
    fields = gateway.Fields(value)
    moment = fields.moment("timestamp")
    line = Line(moment, [("run", origin.run())], agent="codex")
    kind = value.get("type")
    item, message = value.get("item"), value.get("msg")
    if isinstance(kind, str) and kind.startswith("item.") and isinstance(item, dict):
        fields.take("item")
        _item(line, kind, gateway.Fields(item))
    elif isinstance(message, dict) and kind is None:
        fields.take("msg")
        add_event(line, message, None)
    elif kind == "thread.started":
        line.add("agent", "start", kind, ids=[("session", fields.text("thread_id", "session_id"))])
    elif kind == "turn.completed":
        usage = value.get("usage")
        line.add(
            "agent", "end", kind, status="ok",
            tokens_in=gateway.whole(gateway.member(usage, "input_tokens")),
            tokens_out=gateway.whole(gateway.member(usage, "output_tokens")),
        )  # fmt: skip
    elif kind == "turn.failed":
        line.add(
            "agent", "end", kind, status="error", error=first_text(gateway.member(value, "error", "message"), kind)
        )
    elif kind == "error":
        line.add("agent", "error", kind, status="error", error=first_text(value.get("message")))
    elif kind is None and isinstance(value.get("prompt"), str) and len(value) == 1:
        line.add("agent", "message", "user", rest={"content": fields.take("prompt")})
    else:
        line.add("agent", "log", kind if isinstance(kind, str) else None)
    return line.events(fields.left())


def _item(line: Line, phase: str, fields: gateway.Fields) -> None:
    kind = fields.text("type", "item_type")
    call = fields.text("id")
    rest_id = {"item_id": call} if call else {}
    if kind in DOING and phase != "item.updated":
        add_doing(line, kind, phase, fields, call)
    elif kind in ("agent_message", "assistant_message", "reasoning") and phase == "item.completed":
        name = "reasoning" if kind == "reasoning" else "assistant"
        text = fields.take("text")
        content = {} if text is None else {"content": text}
        line.add("llm", "message", name, rest={**content, **rest_id, **fields.left()})
    elif kind == "error":
        error = first_text(fields.get("message"))
        line.add("agent", "error", kind, status="error", error=error, rest={**rest_id, **fields.left()})
    else:
        line.add("agent", "log", f"{phase}:{kind}" if kind else phase, rest={**rest_id, **fields.left()})
