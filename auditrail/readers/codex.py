"""OpenAI Codex rollouts: `~/.codex/sessions/YYYY/MM/DD/rollout-<time>-<uuid>.jsonl`, one line per item.

Shapes after openai/codex, codex-rs/protocol/src/protocol.rs and models.rs (RolloutLine, SessionMeta, TurnContextItem,
CompactedItem, EventMsg, ResponseItem), several versions:

- `{timestamp, type, payload}` with type session_meta, response_item, event_msg, turn_context, compacted, and whatever
  newer versions add (kept as `log`).
- The oldest files (spring and summer 2025) have no envelope: a header `{id, timestamp, instructions, git}`, lines
  `{record_type: state}`, and bare response items without a time.

Only session_meta says which session a file holds. The run is the UUID that the file's name ends in; a file with
another name is one run named after the file, and session_meta carries the session's id, by which it is found.
`parent_thread_id` (a sub-agent) and `forked_from_id` name the parent run. A fork copies the earlier lines, with the
session_meta of the session it came from and with new times: nothing tells the copies, they are events of both runs.

`turn_context` is the policy in force: approval policy as `policy`, sandbox as `rule`. What a person answered to an
approval request is not in a rollout, but for the text of a call that was rejected. By default only the messages of
users, agents and turns are kept of event_msg: that executions are missing there is no loss, the outputs stand in
response items. The output of `codex exec --json` is read by `codex_exec`.

Not read: encrypted reasoning (kept as it is), and the files beside the sessions (`history.jsonl`, its text log).
"""

from __future__ import annotations

from typing import Any

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _gateway as gateway
from auditrail.readers._codex_events import add_event
from auditrail.readers._codex_items import ITEMS, add_item
from auditrail.readers._contract import Reading
from auditrail.readers._scope import NOWHERE, Origin
from auditrail.readers._transcript import Line, first_text, stem, uuid_at_end

NAME = "codex"
TITLE = "OpenAI Codex CLI session rollout"
LAYER = "agent"
TESTED_ON = "real files of Codex rollouts, trimmed by jazzyalex/agent-sessions; the oldest shape by documentation only"
NEVER_RECORDS = (
    "Approvals by the user; executions in the default persistence mode; results of searches by the provider."
)
IDS = ("run", "session", "parent_run", "tool_call", "message", "response", "other")
CAPTURES = {
    "time": "yes: but the oldest files, whose items have none",
    "run": "partly: in session_meta and the file's name only; a renamed file has a run named after the file",
    "parent": "partly: parent_thread_id of newer sub-agents; calls have no parent but their place",
    "call": "yes: call_id",
    "arguments": "yes: as the model gave them",
    "results": "partly: as the model was shown them, cut in the middle when long; none of web searches",
    "model": "partly: in turn_context, not on the answers",
    "tokens": "yes: token_count, which may repeat; nothing in the oldest files",
    "decision": "partly: policy in force on every turn; requests for approval in some modes; denials by their text",
    "errors": "partly: exit codes and texts; errors of the stream in newer versions",
    "end": "never: a rollout just stops; newer ones record the end of each turn",
}

_ENVELOPE = frozenset({"session_meta", "response_item", "event_msg", "turn_context", "compacted"})


def sniff(head: Head) -> float:
    """0.95 for an envelope of Codex or its first header; 0.8 for bare response items beside a state record."""
    samples = [sample for sample in head.samples if isinstance(sample, dict)]
    if any(_is_envelope(sample) or _is_header(sample) for sample in samples):
        return 0.95
    states = [sample for sample in samples if sample.get("record_type") == "state" and len(sample) == 1]
    bare = [sample for sample in samples if _is_bare(sample)]
    return 0.8 if states and bare else 0.0


def _is_envelope(value: dict[str, Any]) -> bool:
    kind = value.get("type")
    return isinstance(kind, str) and kind in _ENVELOPE and isinstance(value.get("payload"), dict)


def _is_bare(value: dict[str, Any]) -> bool:
    kind = value.get("type")
    return isinstance(kind, str) and kind in ITEMS and "payload" not in value


def _is_header(value: dict[str, Any]) -> bool:
    return (
        isinstance(value.get("id"), str)
        and isinstance(value.get("timestamp"), str)
        and "instructions" in value
        and not value.keys() - {"id", "timestamp", "instructions", "git", "cwd", "model", "provider"}
    )


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """The events of one line."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a line of a rollout is a JSON object")
    fields = gateway.Fields(value)
    own = uuid_at_end(stem(origin.parts))
    run = own or origin.run()
    moment = fields.moment("timestamp")
    kind, payload = first_text(value.get("type")), value.get("payload")
    line = Line(moment, [("run", run)], agent="codex")
    if isinstance(payload, dict):
        fields.take("payload")
        if kind == "response_item":
            add_item(line, payload)
        elif kind == "event_msg":
            add_event(line, payload, run)
        elif kind == "session_meta":
            _session(line, gateway.Fields(payload), own)
        elif kind == "turn_context":
            _context(line, gateway.Fields(payload))
        else:
            line.add("agent", "log", kind, rest={"payload": payload})
    elif _is_header(value):
        inner = gateway.Fields(fields.left())
        _session(line, inner, own)
        return line.events({})
    elif kind in ITEMS:
        add_item(line, fields.left())
        return line.events({})
    else:
        name = first_text(kind, value.get("record_type"))
        line.add("agent", "log", name)
    left = fields.left()
    if kind in _ENVELOPE:
        left = {("envelope" if key == "type" else key): item for key, item in left.items()}
    return line.events(left)


def _session(line: Line, fields: gateway.Fields, own: str | None) -> None:
    """The session that begins; one of another id than the file's is a copy, from the session that was forked."""
    session = fields.text("id", "session_id")
    copied = own is not None and session is not None and session.lower() != own
    parent = fields.text("parent_thread_id", "forked_from_id")
    spawn = gateway.member(fields.get("source"), "subagent", "thread_spawn", "parent_thread_id")
    ids = [("session", session)]
    if not copied:
        ids.append(("parent_run", parent or spawn))
    elif parent:
        ids.append(("other", parent))
    version = fields.text("cli_version")
    kind = "log" if copied else "start"
    line.add("agent", kind, "session_meta", ids=ids, agent_version=version, rest=fields.left())


def _context(line: Line, fields: gateway.Fields) -> None:
    approval, sandbox = fields.get("approval_policy"), fields.get("sandbox_policy")
    kind = sandbox if isinstance(sandbox, str) else first_text(
        gateway.member(sandbox, "type"), gateway.member(sandbox, "mode")
    )  # fmt: skip
    policy = approval if isinstance(approval, str) else jsontext.content(approval)
    line.add(
        "policy", "log", "turn_context", model=fields.text("model"), rest=fields.left(),
        policy=f"approval:{policy}" if policy else None, rule=f"sandbox:{kind}" if kind else None,
    )  # fmt: skip
