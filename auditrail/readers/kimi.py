"""Kimi sessions: `wire.jsonl` of Kimi Code and of Kimi CLI, and Kimi CLI's `context.jsonl`.

Kimi Code (protocol 1.1 to 1.5): flat records `{type, ..., time: ms}` behind `{type: metadata}`; types after
MoonshotAI/kimi-code, packages/agent-core/src/agent/records/types.ts and src/loop (LoopRecordedEvent). Kimi CLI, the
older client: see `_kimi_cli`.

- No record names its session: it is the folder `session_<id>` (Kimi CLI: a folder named by a UUID), and the agent the
  folder below `agents` (`subagents`). The session's main agent is the run `<session>`, every other one
  `<session>/agent-<name>` with the session as parent run. Under other names the file is one run.
- `turn.prompt` is what was asked; the same text follows as the user's message in `context.append_message`, so the
  first is a `log`. The prompt of a sub-agent is named as `_prompts` says, as is the `Agent` call's.
- `llm.request` is one attempt: `attempt: 2/10` says that the one before it failed, and nothing tells why.
- Tokens stand on `step.end`; `usage.record` of scope `session` (a compaction) counts, too, others repeat the step's.
- `permission.record_approval_result` is the answer of a person; what the mode (`auto`, `yolo`) let through leaves none.

Not read: the contents of snapshots, which are kept as they are.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _gateway as gateway
from auditrail.readers import _kimi_cli as cli
from auditrail.readers._contract import Reading
from auditrail.readers._prompts import prompt_key
from auditrail.readers._scope import NOWHERE, Origin
from auditrail.readers._transcript import Line, arguments, first_text, is_uuid, text_of

NAME = "kimi"
TITLE = "Kimi Code and Kimi CLI session files (wire.jsonl, context.jsonl)"
LAYER = "agent"
TESTED_ON = "real files of Kimi Code (protocol 1.4), trimmed by jazzyalex/agent-sessions; Kimi CLI by its source only"
NEVER_RECORDS = "Why an attempt to reach the model failed; calls that the permission mode let through without asking."
IDS = (
    "run", "session", "parent_run", "parent_call", "span", "parent_span", "tool_call", "response", "decision", "other",
)  # fmt: skip
CAPTURES = {
    "time": "yes: context.jsonl of Kimi CLI has none",
    "run": "partly: only the names of the folders; a file taken out of them is a run named after the file",
    "parent": "partly: a sub-agent's session; its call in Kimi CLI, in Kimi Code the same prompt",
    "call": "yes: toolCallId",
    "arguments": "yes",
    "results": "partly: long ones are cut, and stand in files beside the record",
    "model": "yes: on every request (Kimi CLI: never)",
    "tokens": "yes: on every step that ended",
    "decision": "partly: requests and answers of persons, the mode; nothing of calls that were let through",
    "errors": "partly: of tools; an attempt to reach the model that failed is known by the next one only",
    "end": "never: a session just stops; newer ones record the end of each turn",
}

_TYPES = frozenset(
    {
        "turn.prompt", "turn.steer", "turn.cancel", "turn.ended", "config.update", "permission.set_mode",
        "permission.record_approval_result", "full_compaction.begin", "full_compaction.complete",
        "tools.set_active_tools", "usage.record", "context.append_message", "context.append_loop_event",
        "context.apply_compaction", "llm.request", "llm.tools_snapshot", "mcp.tools_discovered", "profile.bind",
        "tools.update_store", "plan_mode.enter", "swarm_mode.enter", "token_counting.measured",
    }
)  # fmt: skip
_POLICY = ("permission.", "plan_mode.", "mcp.tools_discovered", "tools.set_active_tools")
_WIRE = frozenset({"TurnBegin", "StepBegin", "ContentPart", "ToolCall", "ToolResult", "StatusUpdate", "SubagentEvent",
                   "ApprovalRequest", "TurnEnd", "CompactionBegin"})  # fmt: skip
_MARKS = frozenset({"_checkpoint", "_usage", "_system_prompt"})
_APPROVALS = {"approved": "allow", "rejected": "deny", "denied": "deny", "blocked": "deny", "cancelled": "deny"}
_ENDS = {"completed": "ok", "failed": "error", "error": "error"}


def sniff(head: Head) -> float:
    """0.95 for records or messages of the wire, 0.8 for its header alone or for the marks in a context."""
    return max((_score(sample) for sample in head.samples if isinstance(sample, dict)), default=0.0)


def _score(value: dict[str, Any]) -> float:
    kind = value.get("type")
    if kind == "metadata" and isinstance(value.get("protocol_version"), str):
        return 0.8
    timed = any(isinstance(value.get(key), (int, float)) for key in ("time", "timestamp"))
    if timed and "time" in value and isinstance(kind, str) and kind in _TYPES:
        return 0.95
    message = gateway.member(value, "message", "type")
    if timed and isinstance(message, str) and message in _WIRE and "payload" in value["message"]:
        return 0.95
    role = value.get("role")
    mark = isinstance(role, str) and role in _MARKS and bool(value.keys() & {"id", "token_count", "content"})
    return 0.8 if mark and kind is None else 0.0


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """The events of one record."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a record of a session is a JSON object")
    fields = gateway.Fields(value)
    message = value.get("message")
    is_message = isinstance(message, dict) and "type" not in value and isinstance(message.get("type"), str)
    inner, around = cli.inner_of(message) if is_message and isinstance(message, dict) else ({}, [])
    ids = _ids(fields, origin, around)
    is_child = any(kind == "parent_run" and value is not None for kind, value in ids)
    moment = fields.moment("time", "timestamp", "created_at")
    line = Line(moment, ids, agent="kimi/subagent" if is_child else "kimi")
    if is_message:
        fields.take("message")
        cli.add_message(line, inner)
        left = {**fields.left(), **({"subagent": around} if around else {})}
        return line.events(left)
    if cli.is_context(value):
        cli.add_context(line, fields)
        return line.events(fields.left())
    _record(line, fields, is_child=is_child)
    return line.events(fields.left())


def _ids(fields: gateway.Fields, origin: Origin, around: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """The run: session and agent out of the folders' names, then what the record says of its agent."""
    parts = origin.parts
    own = bool(parts) and parts[-1].startswith(("wire", "context"))
    folders = parts[-2::-1] if own else []
    agent = folders[0] if len(folders) > 1 and folders[1] in ("agents", "subagents") else None
    folder = folders[0 if agent is None else 2 :][:1]
    session = next((part for part in folder if part.startswith("session_") or is_uuid(part)), None)
    base = session or origin.run()
    if agent is None:
        agent = first_text(fields.get("agentId"))
    run, parent = base, None
    if agent is not None and agent != "main":
        run, parent = f"{base}/agent-{agent.removeprefix('agent-')}", base
    call = None
    for envelope in around:
        call = first_text(envelope.get("parent_tool_call_id"), envelope.get("task_tool_call_id"))
        name = first_text(envelope.get("agent_id"))
        run, parent = f"{run}/" + (f"agent-{name}" if name else f"call-{call}" if call else "subagent"), run
    return [("run", run), ("session", session), ("parent_run", parent), ("parent_call", call)]


def _record(line: Line, fields: gateway.Fields, *, is_child: bool) -> None:
    kind = fields.text("type")
    if kind == "context.append_message" and isinstance(fields.get("message"), dict):
        if left := _message(line, gateway.Fields(fields.take("message"))):
            fields.put("message", left)
    elif kind == "context.append_loop_event" and isinstance(fields.get("event"), dict):
        _loop(line, gateway.Fields(fields.take("event")))
    elif kind == "metadata":
        line.add("agent", "start", kind)
    elif kind in ("turn.prompt", "turn.steer"):
        text = text_of(fields.get("input"))
        ids = [("other", prompt_key(text))] if is_child and kind == "turn.prompt" and text.strip() else []
        line.add("agent", "log", kind, ids=ids)
    elif kind == "turn.ended":
        reason = fields.get("reason")
        status = _ENDS.get(reason, "unknown") if isinstance(reason, str) else "unknown"
        line.add(
            "agent",
            "log",
            kind,
            status=status,
            error=first_text(fields.get("error"), reason) if status == "error" else None,
        )
    elif kind == "llm.request":
        line.add("llm", "log", kind, model=fields.text("model"))
    elif kind == "permission.record_approval_result":
        _approval(line, fields)
    elif kind == "permission.set_mode":
        line.add("policy", "log", kind, policy="permission-mode", rule=fields.text("mode"))
    elif kind == "usage.record":
        own = fields.get("usageScope") == "session"
        usage = fields.get("usage") if own else None
        line.add("llm", "log", kind, model=fields.text("model"), **_tokens(usage))
    elif kind is not None and kind.startswith(("llm.", "token_counting.")):
        line.add("llm", "log", kind)
    else:
        line.add("policy" if kind is not None and kind.startswith(_POLICY) else "agent", "log", kind)


def _tokens(usage: Any) -> dict[str, Any]:
    return cli.tokens(usage, "inputOther", "inputCacheRead", "inputCacheCreation", "output")


def _message(line: Line, fields: gateway.Fields) -> dict[str, Any]:
    """Adds a message; returns what no event of it tells."""
    role = first_text(fields.get("role"))
    if role in ("assistant", "tool"):  # the loop's own events told it, or a migration wrote it in their place
        cli.add_context(line, fields)
        return fields.left()
    line.add("agent", "message", role or "message", rest=_plain(fields))
    return {}


def _plain(fields: gateway.Fields) -> dict[str, Any]:
    content = fields.get("content")
    blocks = content if isinstance(content, list) else []
    if len(blocks) == 1 and isinstance(blocks[0], dict) and blocks[0].keys() == {"type", "text"}:
        fields.put("content", blocks[0]["text"])
    return fields.left()


def _loop(line: Line, fields: gateway.Fields) -> None:
    kind = fields.text("type")
    ids: list[tuple[str, Any]] = [
        ("span", fields.text("uuid")),
        ("parent_span", fields.text("stepUuid", "parentUuid")),
        ("tool_call", fields.text("toolCallId")),
    ]
    if kind == "tool.call":
        name, given = fields.text("name"), fields.has("args")
        args = fields.take("args")
        prompt = gateway.member(args, "prompt") if name == "Agent" else None
        if gateway.is_text(prompt):
            ids.append(("other", prompt_key(str(prompt))))
        columns = arguments(args, given=given)
        line.add("llm", "call", name, tool=name, ids=ids, rest=fields.left(), **columns)
    elif kind == "tool.result":
        given, result = fields.has("result"), fields.take("result")
        cli.add_result(line, result, given=given, ids=ids, rest=fields.left())
    elif kind == "content.part":
        part = gateway.Fields(fields.get("part") if isinstance(fields.get("part"), dict) else {})
        if isinstance(fields.get("part"), dict):
            fields.take("part")
        thinking = part.get("type") in ("think", "thinking", "reasoning")
        text = part.text("think", "thinking", "text")
        rest = {**({"content": text} if text else {}), **part.left(), **fields.left()}
        line.add("llm", "message", "reasoning" if thinking else "assistant", ids=ids, rest=rest)
    elif kind == "step.end":
        ids.append(("response", fields.text("messageId")))
        line.add("llm", "log", kind, ids=ids, rest=fields.left(), **_tokens(fields.get("usage")))
    else:
        line.add("agent", "log", kind, ids=ids, rest=fields.left())


def _approval(line: Line, fields: gateway.Fields) -> None:
    tool, call = fields.text("toolName"), fields.text("toolCallId")
    word = gateway.member(fields.get("result"), "decision")
    decision = _APPROVALS.get(word) if isinstance(word, str) else None
    line.add(
        "policy",
        "decision" if decision else "log",
        "permission.record_approval_result",
        tool=tool,
        ids=[("tool_call", call)],
        decision=decision,
        status={"allow": "ok", "deny": "denied"}.get(decision or "", "unknown"),
        policy="user",
        rule=first_text(fields.get("sessionApprovalRule"), gateway.member(fields.get("result"), "feedback")),
    )
