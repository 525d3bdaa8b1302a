"""Claude Code hooks, logged: the JSON that a hook gets on stdin, and the decision that it prints, one object per line.

Fields after Claude Code's hook reference (code.claude.com/docs/en/hooks): `session_id`, `transcript_path`, `cwd`,
`permission_mode`, `hook_event_name`, and for tools `tool_name`, `tool_input`, `tool_use_id`, `tool_response`; inside a
sub-agent `agent_id` and `agent_type`. Codex CLI hands its hooks the same fields, with `turn_id`.

- The hook object stands at the top, or in a member of what the logging script wraps around it (`input`, `event`,
  `payload`, ...); so does the hook's output. One line may hold both: then the decision is an event of its own.
- Hook input has no time. Only what the logging script adds is one (`timestamp`, `ts`, `time`, ...).
- Run ids are those of the transcript: `<session_id>`, and `<session_id>/agent-<agent_id>` inside a sub-agent.
- `PreToolUse` is the call as it is about to run, `PostToolUse` and `PostToolUseFailure` its result. Older versions
  send no `tool_use_id`: their calls and results can be paired by session, tool and arguments only.
- `PermissionRequest` is a decision `ask`: a person, or the hook's output, has the answer.
- `Stop` ends a turn of the session, not the run. `SubagentStop` ends the sub-agent's run if it names the agent.

Not read: a hook's exit code, which is not in its JSON; Cursor's hooks, which have other names.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _gateway as gateway
from auditrail.readers import _hooks as hooks
from auditrail.readers._contract import Reading
from auditrail.readers._transcript import Line, arguments, first_text, is_id, outcome, parsed

NAME = "claude-hooks"
TITLE = "Claude Code hook input and decisions, logged as JSON lines"
LAYER = "policy"
TESTED_ON = "documentation only: Claude Code's hook reference, and hook payloads quoted in public repositories"
NEVER_RECORDS = (
    "Calls for which no hook was configured or whose matcher did not fit; what the user answered to a prompt."
)
IDS = ("run", "session", "tool_call", "parent_run", "request", "other")
CAPTURES = {
    "time": "partly: hook input has none; only what the logging script adds",
    "run": "yes: session_id, the same as the transcript's, and agent_id inside newer sub-agents",
    "parent": "partly: a sub-agent's session; older versions do not say that a sub-agent acts",
    "call": "partly: older versions send no tool_use_id, so calls cannot be paired with their results by id",
    "arguments": "yes: tool_input, as the tool is about to get it",
    "results": "partly: tool_response after a tool ran; nothing of a call that was denied",
    "model": "partly: at SessionStart of newer versions",
    "tokens": "never: join the transcript by session and tool_use_id",
    "decision": "partly: what a hook decided, if its output is logged; that a person was asked; no answers of persons",
    "errors": "partly: PostToolUseFailure of newer versions, and what tool_response says",
    "end": "opt-in: only if the SessionEnd and Stop hooks are logged, too",
}

_EVENTS = frozenset(
    {
        "PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "PermissionRequest", "PermissionDenied",
        "UserPromptSubmit", "UserPromptExpansion", "Notification", "Stop", "StopFailure", "SubagentStart",
        "SubagentStop", "SessionStart", "SessionEnd", "PreCompact", "PostCompact", "InstructionsLoaded",
        "ConfigChange", "CwdChanged", "FileChanged", "WorktreeCreate", "WorktreeRemove", "TaskCreated",
        "TaskCompleted", "TeammateIdle", "Elicitation", "ElicitationResult", "Setup",
    }
)  # fmt: skip
_TIMES = ("timestamp", "ts", "time", "logged_at", "created_at", "@timestamp", "datetime", "received_at", "_timestamp")
_ANSWERS = ("hookSpecificOutput", "permissionDecision")


def sniff(head: Head) -> float:
    """0.95 for a known hook event beside a session, or a hook's output with its event; 0.8 wrapped in a member."""
    return max((_score(sample) for sample in head.samples if isinstance(sample, dict)), default=0.0)


def _score(value: dict[str, Any]) -> float:
    if _is_input(value) or isinstance(gateway.member(value, "hookSpecificOutput", "hookEventName"), str):
        return 0.95
    inner = [item for item in list(value.values())[:40] if isinstance(item, dict)]
    if any(_is_input(item) for item in inner):
        return 0.8
    return 0.8 if any(isinstance(gateway.member(each, "hookSpecificOutput"), dict) for each in inner) else 0.0


def _is_input(value: dict[str, Any]) -> bool:
    event = value.get("hook_event_name")
    return isinstance(event, str) and event in _EVENTS and isinstance(value.get("session_id"), str)


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """The event of the hook's input, and the decision of its output where the line has one."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a logged hook is a JSON object")
    whole = gateway.Fields(value)
    where = _place(value, "hook_event_name")
    fields = gateway.Fields(value[where]) if where else whole
    if where:
        whole.take(where)
    output, out_at = _output(value, where)
    moment = whole.moment(*_TIMES) or fields.moment(*_TIMES)
    ids = _ids(fields)
    line = Line(moment, ids, agent=_agent(fields, inside=ids[1][0] == "parent_run"))
    told = _input(line, fields, is_plain=output is None)
    if output is not None:
        if out_at:
            whole.take(out_at)
        _decision(line, output, told)
    left = {**whole.left(), **fields.left()} if where else whole.left()
    return line.events(left, told.key)


class _Told:
    """What the input said that the decision needs, and the key of the line."""

    def __init__(self, event: str | None, tool: str | None, call: Any, key: str | None) -> None:
        self.event, self.tool, self.call, self.key = event, tool, call, key


def _place(value: dict[str, Any], key: str) -> str | None:
    """The member that holds the object with the key; None where it stands at the top, or nowhere."""
    if key in value:
        return None
    return next((name for name, item in list(value.items())[:40] if isinstance(item, dict) and key in item), None)


def _output(value: dict[str, Any], where: str | None) -> tuple[dict[str, Any] | None, str | None]:
    """The hook's output and the member that holds it; what the hook object has at the top is its input."""
    if any(key in value for key in _ANSWERS):
        return value, None
    for name, item in list(value.items())[:40]:
        if name == where or name in ("tool_input", "tool_response"):
            continue
        found = parsed(item) if isinstance(item, str) and "ecision" in item[:10_000] else item
        if isinstance(found, dict) and hooks.answer_of(found) is not None:
            return found, name
    # The older output of one line: `decision` beside no event.
    return (
        (value, None) if "hook_event_name" not in value and where is None and hooks.answer_of(value) else (None, None)
    )


def _ids(fields: gateway.Fields) -> list[tuple[str, Any]]:
    session, agent = fields.text("session_id"), fields.text("agent_id")
    if session and agent:
        ids: list[tuple[str, Any]] = [("run", f"{session}/agent-{agent}"), ("parent_run", session)]
    else:
        ids = [("run", session)]
        if agent:
            fields.put("agent_id", agent)
    return [*ids, ("session", session), ("other", fields.get("prompt_id"))]


def _agent(fields: gateway.Fields, *, inside: bool) -> str:
    path = fields.get("transcript_path")
    if fields.has("turn_id") or (isinstance(path, str) and ".codex" in path):
        return "codex"
    return "claude-code/subagent" if inside else "claude-code"


def _input(line: Line, fields: gateway.Fields, *, is_plain: bool) -> _Told:
    event = fields.text("hook_event_name")
    tool = fields.text("tool_name")
    call = fields.get("tool_use_id")
    if is_id(call):
        fields.take("tool_use_id")
    key = f"claude-hooks:{event}:{call}" if is_id(call) and event in _ONCE else None
    told = _Told(event, tool, call, key)
    if event is None:
        if is_plain:
            line.add("policy", "log")
        return told
    given = fields.has("tool_input")
    args = arguments(fields.take("tool_input"), given=given)
    ids = [("tool_call", call)]
    if event == "PreToolUse":
        line.add("tool", "call", event, tool=tool, ids=ids, **args)
    elif event in ("PostToolUse", "PostToolUseFailure"):
        _result(line, event, tool, ids, args, fields)
    elif event == "PermissionRequest":
        line.add(
            "policy", "decision", event, tool=tool, ids=ids, decision="ask", policy=_mode(fields), **args
        )  # fmt: skip
    elif event == "PermissionDenied":
        reason = first_text(fields.get("reason"))
        line.add(
            "policy", "decision", event, tool=tool, ids=ids, decision="deny", status="denied",
            policy=_mode(fields), rule=reason, **args,
        )  # fmt: skip
    elif event == "UserPromptSubmit":
        prompt = fields.take("prompt")
        line.add("agent", "message", "user", rest={} if prompt is None else {"content": prompt})
    elif event in ("SessionStart", "SubagentStart"):
        line.add("agent", "start", event, model=fields.text("model"))
    elif event == "SessionEnd" or (event == "SubagentStop" and line.has("parent_run")):
        line.add("agent", "end", event)
    elif event == "StopFailure":
        line.add("agent", "error", event, status="error", error=first_text(fields.get("error"), event))
    else:
        columns = args if given else {}
        line.add("agent", "log", event, tool=tool, ids=ids, **columns)
    return told


# Hooks that fire once for a call: two lines of them are copies, from two scripts that log.
_ONCE = ("PreToolUse", "PostToolUse", "PostToolUseFailure")


def _mode(fields: gateway.Fields) -> str | None:
    mode = fields.get("permission_mode")
    return f"permission-mode:{mode}" if gateway.is_text(mode) else None


def _result(
    line: Line, event: str, tool: str | None, ids: list[tuple[str, Any]], args: dict[str, Any], fields: gateway.Fields
) -> None:
    given = fields.has("tool_response")
    response = fields.take("tool_response")
    failed = event == "PostToolUseFailure" or _failed(response)
    said = first_text(fields.get("error"), gateway.member(response, "error"), gateway.member(response, "message"))
    if not given and event == "PostToolUseFailure" and fields.has("error"):
        response, given = fields.get("error"), True
    line.add(
        "tool",
        "result",
        event,
        tool=tool,
        ids=ids,
        status="error" if failed else "ok" if given else "unknown",
        error=(said or event) if failed else None,
        **args,
        **outcome(response, given=given),
    )


def _failed(response: Any) -> bool:
    if not isinstance(response, dict):
        return False
    return response.get("is_error") is True or response.get("isError") is True or response.get("success") is False


def _decision(line: Line, output: dict[str, Any], told: _Told) -> None:
    answer = hooks.answer_of(output)
    event = told.event or first_text(gateway.member(output, "hookSpecificOutput", "hookEventName"))
    specific = output.get("hookSpecificOutput")
    changed = gateway.member(specific, "updatedInput")
    call = told.call if told.call is not None else output.get("tool_use_id")
    rest: dict[str, Any] = {} if told.event is None else {"output": output}
    columns = arguments(changed, given=True) if changed is not None else {}
    line.add(
        "policy",
        "decision" if answer else "log",
        event,
        tool=told.tool,
        ids=[("tool_call", call)],
        decision=answer.decision if answer else None,
        status=hooks.STATUS.get(answer.decision, "unknown") if answer else "unknown",
        policy=f"hook:{event}" if event else "hook",
        rule=answer.reason if answer else None,
        rest=rest,
        **columns,
    )
