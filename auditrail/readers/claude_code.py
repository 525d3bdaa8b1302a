"""Claude Code transcripts: `~/.claude/projects/<folder>/<sessionId>.jsonl`, sub-agents in `agent-<agentId>.jsonl`.

There is no published schema, and lines differ by version. Facts from recorded sessions (versions 1.0 to 2.1), the
TypeScript types of the Claude Agent SDK and tools that read the same files; `claude -p --output-format stream-json`
prints nearly the same messages (`session_id` for `sessionId`), and they are read here, too.

- A line of the main chain belongs to the run `sessionId`. A line of a sub-agent has `isSidechain` and, in newer
  versions, `agentId`: its run is `<sessionId>/agent-<agentId>`, its parent run the session. Where the line has no
  agentId, the file's name `agent-<agentId>` tells it. Lines of an older sub-agent have neither, and no run id: their
  `uuid` (span) and `parentUuid` (parent span) make the chain. In stream-json the spawning call stands in
  `parent_tool_use_id`: the run is `<session>/call-<id>`.
- A workflow's `<sessionId>/subagents/workflows/<id>/journal.jsonl` tells when its sub-agents began and what they gave
  back (daaain/claude-code-log, test/test_data/workflow_scriptpath).
- What ties a sub-agent to the call that spawned it is `toolUseResult.agentId` of the call's result; where there is
  none, in older versions and while the agent runs, its prompt: see `_prompts`.
- One answer of the model is written as several lines, one for each content block, and each repeats `message.usage`:
  tokens stand on every such line, and count once for each `response` id (`message.id`). `input_tokens` is without
  what was read from or written to the cache: those counts stay in the attributes.
- A resumed or forked session copies earlier lines: `uuid` is the dedupe key, with `#<n>` for the events of one line.
- Of a tool's result, `toolUseResult` is what the tool returned and the block's `content` what the model was shown:
  the fuller one is the result, the other stays in the attributes.
- A denial is known only by the text that the model was shown in place of a result: the result is `denied`, and a
  decision event stands beside it. What the user or the rules allowed leaves no record.

- A transcript that was trimmed to `type`, `timestamp` and `message` names no session: its lines are one run, named
  after the file.

Not read further: the contents of `snapshot`, `attachment`, `progress` and other lines of bookkeeping (kept as logs).
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _claude_lines as lines
from auditrail.readers import _gateway as gateway
from auditrail.readers import _transcript as transcript
from auditrail.readers._contract import Reading
from auditrail.readers._scope import NOWHERE, Origin

NAME = "claude-code"
TITLE = "Claude Code session transcript, or its stream-json output"
LAYER = "agent"
TESTED_ON = "real files of Claude Code 1.0 and 2.0 (d-kimuson/claude-code-viewer, daaain/claude-code-log)"
NEVER_RECORDS = "What the user, the permission rules or a hook allowed; when a tool began; what a sandbox did."
IDS = (
    "run", "session", "span", "parent_span", "message", "response", "request", "tool_call", "parent_run",
    "parent_call", "other",
)  # fmt: skip
CAPTURES = {
    "time": "yes: titles, summaries and file snapshots have none, nor has stream-json",
    "run": "partly: sub-agents of versions before 2.0.28 have no id of their own, only a chain of lines",
    "parent": "partly: a sub-agent names its session; its call is known by its result or by the same prompt",
    "call": "yes: tool_use.id and tool_use_id",
    "arguments": "yes: as the model gave them; a hook or the user may have changed them since",
    "results": "partly: long ones are saved elsewhere or cut, old ones cleared, compaction drops them from the context",
    "model": "yes: on every answer",
    "tokens": "yes: repeated on every line of an answer; those of cached input stand apart",
    "decision": "partly: denials only, by the text shown to the model; the permission mode in force; no approvals",
    "errors": "yes: is_error of results, and API errors",
    "end": "never: a transcript just stops; stream-json ends with a result",
}

_MAIN = frozenset({"user", "assistant", "system", "progress", "attachment", "summary"})
# Lines without a uuid; each is known by members that nobody else writes together.
_SIDE = {
    "file-history-snapshot": "snapshot",
    "queue-operation": "operation",
    "permission-mode": "permissionMode",
    "custom-title": "customTitle",
    "ai-title": "aiTitle",
    "last-prompt": "lastPrompt",
    "agent-name": "agentName",
    "tag": "tag",
    "pr-link": "prNumber",
    "mode": "mode",
}


def sniff(head: Head) -> float:
    """0.95 for `sessionId`, `uuid` and `type`, a summary with its leaf, or stream-json; less for a line beside them."""
    scores = [_score(sample) for sample in head.samples if isinstance(sample, dict)]
    if not scores and head.keys >= {"sessionId", "uuid", "type", "message"}:
        return 0.95
    return max(scores, default=0.0)


def _score(value: dict[str, Any]) -> float:
    kind = value.get("type")
    if not isinstance(kind, str):
        return 0.0
    message = value.get("message")
    if all(isinstance(value.get(key), str) for key in ("sessionId", "uuid")):
        # Other agents took the envelope over, and keep Gemini's `parts` in it.
        foreign = isinstance(message, dict) and "parts" in message
        own = kind in _MAIN and ("parentUuid" in value or "isSidechain" in value or isinstance(message, dict))
        return 0.95 if own and not foreign else 0.0
    if kind == "summary" and isinstance(value.get("leafUuid"), str) and "summary" in value:
        return 0.95
    if _is_stream(value):
        return 0.95
    if lines.is_journal(value):
        return 0.8
    if _is_bare(value):
        return 0.75
    return 0.8 if kind in _SIDE and _SIDE[kind] in value and ("sessionId" in value or "messageId" in value) else 0.0


def _is_bare(value: dict[str, Any]) -> bool:
    """A line of a transcript that was trimmed to its messages: nothing names the session, so the file does."""
    kind, message = value.get("type"), value.get("message")
    return (
        kind in ("user", "assistant")
        and isinstance(message, dict)
        and isinstance(message.get("content"), (str, list))
        and message.get("role", kind) == kind
        and isinstance(value.get("timestamp"), str)
        and value.keys().isdisjoint(("sessionId", "session_id", "uuid", "id"))
    )


def _is_stream(value: dict[str, Any]) -> bool:
    kind, message = value.get("type"), value.get("message")
    if not isinstance(value.get("session_id"), str):
        return False
    if kind in ("user", "assistant"):
        return isinstance(message, dict) and "role" in message and "parent_tool_use_id" in value
    if kind == "system":
        return value.get("subtype") == "init" and "tools" in value
    return kind == "result" and "num_turns" in value and "is_error" in value


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """The events of one line: messages, tool calls, results, decisions; anything else as one `log` event."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a line of a transcript is a JSON object")
    fields = gateway.Fields(value)
    scope, ids = _ids(value, fields, origin)
    moment = fields.moment("timestamp")
    line = transcript.Line(
        moment,
        ids,
        agent="claude-code/subagent" if lines.is_subagent(value) else "claude-code",
        agent_version=fields.text("version", "claude_code_version"),
    )
    lines.fill(line, value, fields)
    return line.events(fields.left(), transcript.key_of(NAME, value.get("uuid"), scope))


def _parent(session: str | None, agent: str, origin: Origin) -> str | None:
    """The session that spawned a sub-agent: what its lines name, else the folder `<sessionId>/subagents/...`."""
    parts = origin.parts
    above = parts.index("subagents", 1) if "subagents" in parts[1:-1] else 0
    # Converted transcripts have the sub-agent's own name in place of the session's.
    return parts[above - 1] if above and (session is None or f"agent-{agent}" in session) else session


def _ids(value: dict[str, Any], fields: gateway.Fields, origin: Origin) -> tuple[str | None, list[tuple[str, Any]]]:
    """The session, which scopes ids that are unique inside it, and the ids of the line."""
    session = fields.text("sessionId", "session_id")
    agent = fields.text("agentId")
    spawned_by = value.get("parent_tool_use_id") if gateway.is_text(value.get("parent_tool_use_id")) else None
    ids: list[tuple[str, Any]] = []
    if agent is None and value.get("isSidechain") is True:
        name = transcript.stem(origin.parts)
        agent = name.removeprefix("agent-") if name.startswith("agent-") else None
    is_child = value.get("isSidechain") is True or spawned_by is not None or lines.is_journal(value)
    parent = _parent(session, agent, origin) if is_child and agent else None
    if parent:
        ids += [("run", f"{parent}/agent-{agent}"), ("parent_run", parent)]
    elif session and spawned_by:
        ids += [("run", f"{session}/call-{spawned_by}"), ("parent_run", session), ("parent_call", spawned_by)]
    elif session and not is_child:
        ids.append(("run", session))
    elif not is_child and _is_bare(value):
        ids.append(("run", origin.run()))
    if agent is not None and not is_child:
        fields.put("agentId", agent)  # a line of the main chain that speaks of an agent
    ids += [
        ("session", session),
        ("span", value.get("uuid")),
        ("message", value.get("uuid") if "uuid" in value else value.get("messageId")),
        ("parent_span", value.get("parentUuid")),
        ("request", value.get("requestId")),
        ("response", gateway.member(value, "message", "id")),
    ]
    for key in ("uuid", "parentUuid", "requestId"):
        if transcript.is_id(value.get(key)):
            fields.take(key)
    if spawned_by:
        fields.take("parent_tool_use_id")
    return session, ids
