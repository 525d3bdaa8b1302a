"""GitHub Copilot CLI session events: `~/.copilot/session-state/<sessionId>/events.jsonl`, older `<sessionId>.jsonl`.

Each line is `{type, data, id, timestamp, parentId}`, in newer versions with `agentId` for sub-agents. Types and fields
after github/copilot-sdk, docs/features/streaming-events.md and nodejs/src/generated/session-events.ts; events that are
called ephemeral there are not written to the file, but may stand in what an SDK client logged.

- Only session.start (and some hooks) name the session. The run is the UUID of the file's name or folder; a file with
  other names is one run named after the file, found by the session's id, too.
- `parentId` is the event before, so ids make one chain: they are span and parent span.
- A sub-agent is a run of its own: `<run>/agent-<agentId>`, in older versions `<run>/call-<parentToolCallId>`. The
  call that spawned it is `parent_call`: `toolCallId` of subagent.started.
- An answer is assistant.message with its `toolRequests`; it tells output tokens only. assistant.usage (ephemeral)
  tells both for the same call (`apiCallId`): its output tokens are then those of the answer, and are not repeated.
- permission.requested is a decision `ask`, permission.completed its answer. Hooks are logs unless they decide.
- Exporters that strip content write a mark such as `[trimmed]` also in place of ids: that is no id.

Not read: its text logs, and the chat logs of editors.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _gateway as gateway
from auditrail.readers import _hooks as hooks
from auditrail.readers._contract import Reading
from auditrail.readers._gateway import objects
from auditrail.readers._scope import NOWHERE, Origin
from auditrail.readers._transcript import (
    Line,
    arguments,
    first_text,
    is_id,
    is_uuid,
    key_of,
    outcome,
    stem,
    uuid_at_end,
)  # fmt: skip

NAME = "copilot"
TITLE = "GitHub Copilot CLI session events"
LAYER = "agent"
TESTED_ON = "real files of Copilot CLI 1.0 sessions, trimmed by jazzyalex/agent-sessions"
NEVER_RECORDS = (
    "Input tokens of single answers (ephemeral events are not written); permissions that rules gave silently."
)
IDS = (
    "run", "session", "parent_run", "parent_call", "span", "parent_span", "tool_call", "message", "response",
    "request", "decision", "other",
)  # fmt: skip
CAPTURES = {
    "time": "yes",
    "run": "partly: session.start and the file's folder only; a renamed file has a run named after the file",
    "parent": "yes: the event before, and the spawning call of a sub-agent",
    "call": "yes: toolCallId",
    "arguments": "yes: of requests and of executions",
    "results": "partly: what the model was sent, perhaps shortened; the full one where detailedContent is kept",
    "model": "yes: on answers and executions of newer versions",
    "tokens": "partly: output tokens of answers; input only in sums at shutdown",
    "decision": "partly: prompts and their answers; what rules allow silently leaves none",
    "errors": "yes: session.error, failed executions and sub-agents",
    "end": "partly: session.shutdown, unless the process was killed",
}

_KNOWN = frozenset(
    {
        "session.start", "session.resume", "session.error", "session.info", "session.model_change",
        "session.shutdown", "session.truncation", "session.compaction_start", "session.compaction_complete",
        "assistant.message", "assistant.turn_start", "assistant.turn_end", "assistant.reasoning", "user.message",
        "tool.execution_start", "tool.execution_complete", "tool.user_requested", "hook.start", "hook.end",
        "subagent.started", "subagent.completed", "subagent.failed", "permission.requested", "permission.completed",
        "system.message", "system.notification", "abort", "skill.invoked",
    }
)  # fmt: skip


def sniff(head: Head) -> float:
    """0.95 for an event of Copilot in its envelope, 0.8 for a known type with data but a part of the envelope."""
    return max((_score(sample) for sample in head.samples if isinstance(sample, dict)), default=0.0)


def _score(value: dict[str, Any]) -> float:
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _KNOWN or not isinstance(value.get("data"), dict):
        return 0.0
    return 0.95 if {"id", "timestamp", "parentId"} <= value.keys() else 0.8 if "timestamp" in value else 0.0


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """The events of one line."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a session event is a JSON object")
    fields = gateway.Fields(value)
    kind = fields.text("type")
    data = gateway.Fields(value["data"]) if isinstance(value.get("data"), dict) else gateway.Fields({})
    if isinstance(value.get("data"), dict):
        fields.take("data")
    run = _run(origin)
    moment = fields.moment("timestamp")
    ids = [*_run_ids(run, kind or "", fields, data), *_ids(fields, data)]
    child = ids[0][1] != run
    agent = first_text(data.get("agentName")) if child and (kind or "").startswith("subagent.") else None
    line = Line(moment, ids, agent=agent or ("copilot/subagent" if child else "copilot"))
    _add(line, kind, data)
    rest = {"data": data.left()} if data.left() else {}
    return line.events({**fields.left(), **rest}, key_of(NAME, value.get("id"), run))


def _run(origin: Origin) -> str:
    """The session's id out of the path, or a name for the file."""
    parts = origin.parts
    name = stem(parts)
    if name in ("events", "events.jsonl") and len(parts) > 1 and is_uuid(parts[-2]):
        return parts[-2].lower()
    return uuid_at_end(name) or origin.run()


def _run_ids(run: str, kind: str, fields: gateway.Fields, data: gateway.Fields) -> list[tuple[str, Any]]:
    agent = fields.text("agentId") if is_id(fields.get("agentId")) else None
    parent = data.get("parentToolCallId")
    call = parent if is_id(parent) else None
    if call is None and kind.startswith("subagent.") and is_id(data.get("toolCallId")):
        call = data.take("toolCallId")  # the call that spawned it, made by its parent
    if agent is None and call is None:
        return [("run", run)]
    if is_id(parent):
        data.take("parentToolCallId")
    name = f"{run}/agent-{agent}" if agent else f"{run}/call-{call}"
    return [("run", name), ("parent_run", run), ("parent_call", call)]


def _ids(fields: gateway.Fields, data: gateway.Fields) -> list[tuple[str, Any]]:
    hook = data.get("input")
    ids = [
        ("session", first_text(data.get("sessionId"), gateway.member(hook, "sessionId"))),
        ("message", fields.get("id")),  # of a chain: the next event does not happen inside this one
        ("span", fields.get("id")),
        ("parent_span", fields.get("parentId")),
        ("tool_call", data.get("toolCallId") or gateway.member(data.get("permissionRequest"), "toolCallId")),
        ("message", data.get("messageId")),
        ("response", data.get("apiCallId")),
        ("request", data.get("serviceRequestId")),
        ("other", data.get("interactionId")),
    ]
    for holder, keys in (
        (fields, ("id", "parentId")),
        (data, ("sessionId", "toolCallId", "messageId", "apiCallId", "serviceRequestId", "interactionId")),
    ):
        for key in keys:
            if is_id(holder.get(key)):
                holder.take(key)
    return ids


def _add(line: Line, kind: str | None, data: gateway.Fields) -> None:
    if kind == "assistant.message":
        _answer(line, data)
    elif kind in ("tool.execution_start", "tool.user_requested", "external_tool.requested"):
        # The execution of what a user or an extension asked for is told by a start of its own.
        what = "call" if kind == "tool.execution_start" else "log"
        given = data.has("arguments")
        tool = data.text("toolName")
        columns = arguments(data.take("arguments"), given=given)
        line.add("tool", what, kind, tool=tool, model=data.text("model"), **columns)
    elif kind == "tool.execution_complete":
        _result(line, kind, data)
    elif kind in ("user.message", "system.message"):
        content = data.take("content")
        role = data.text("role") or kind.partition(".")[0]
        line.add("agent", "message", role, rest={} if content is None else {"content": content})
    elif kind == "assistant.reasoning":
        content = data.take("content")
        line.add("llm", "message", "reasoning", rest={} if content is None else {"content": content})
    elif kind in ("permission.requested", "permission.completed"):
        _permission(line, kind, data)
    elif kind in ("hook.start", "hook.end"):
        _hook(line, kind, data)
    elif kind == "assistant.usage":
        line.add("llm", "log", kind, model=data.text("model"), tokens_in=data.count("inputTokens"))
    elif kind in ("session.start", "subagent.started"):
        version = data.text("copilotVersion")
        line.add("agent", "start", kind, model=data.text("selectedModel", "model"), agent_version=version)
    elif kind in ("session.shutdown", "subagent.completed", "subagent.failed"):
        _end(line, kind, data)
    elif kind in ("session.error", "model.call_failure"):
        layer = "llm" if data.get("statusCode") is not None or kind == "model.call_failure" else "agent"
        error = first_text(data.get("message"), data.get("errorMessage"), data.get("errorType"))
        line.add(layer, "error", kind, status="error", error=error)
    elif kind == "abort":
        line.add("agent", "log", kind, status="error", error=first_text(data.get("reason")))
    elif kind in ("session.permissions_changed", "session.mode_changed", "session.managed_settings_enforced"):
        line.add("policy", "log", kind)
    else:
        model = data.text("model") if kind is not None and kind.startswith("assistant.") else None
        failed = data.get("success") is False
        line.add(
            "agent", "log", kind, model=model, status="error" if failed else "unknown",
            error=first_text(data.get("error")) if failed else None,
        )  # fmt: skip


def _answer(line: Line, data: gateway.Fields) -> None:
    requests = data.get("toolRequests")
    calls = objects(requests)
    if isinstance(requests, list) and len(calls) == len(requests):
        data.take("toolRequests")
    model, content = data.text("model"), data.take("content")
    rest = {} if content is None else {"content": content}
    line.add("llm", "message", "assistant", model=model, tokens_out=data.count("outputTokens"), rest=rest)
    for call in calls:
        fields = gateway.Fields(call)
        an_id = fields.take("toolCallId") if is_id(fields.get("toolCallId")) else None
        name = fields.text("name")
        given = fields.has("arguments")
        columns = arguments(fields.take("arguments"), given=given)
        ids = [("tool_call", an_id)]
        line.add("llm", "call", name, tool=name, model=model, ids=ids, rest=fields.left(), **columns)


def _result(line: Line, kind: str, data: gateway.Fields) -> None:
    result, success, error = data.take("result"), data.get("success"), data.get("error")
    given = result is not None
    shown = gateway.member(result, "content")
    full = gateway.member(result, "detailedContent")
    keep = {}
    if isinstance(result, dict) and isinstance(shown, str):
        keep = {key: item for key, item in result.items() if key != "content" and item is not None}
        if isinstance(full, str) and len(full) > len(shown):
            result, keep = full, {**keep, "content": shown}
            keep.pop("detailedContent")
        else:
            result = shown
    code = gateway.member(error, "code")
    said = first_text(gateway.member(error, "message"), error, code)
    denied = isinstance(code, str) and code in ("denied", "rejected", "permission_denied")
    status = (
        "denied"
        if denied
        else {True: "ok", False: "error"}.get(success, "unknown")
        if isinstance(success, bool)
        else "unknown"
    )
    line.add(
        "tool", "result", kind, tool=data.text("toolName"), model=data.text("model"), status=status, error=said,
        rest={"result": keep} if keep else None, **outcome(result, given=given),
    )  # fmt: skip


def _permission(line: Line, kind: str, data: gateway.Fields) -> None:
    asked = data.get("permissionRequest")
    ids = [("decision", data.text("requestId"))]
    if kind == "permission.requested":
        tool = first_text(gateway.member(asked, "toolName"))  # `kind` is no tool: shell, read, write, url
        given = data.has("permissionRequest")
        columns = arguments(data.take("permissionRequest"), given=given)
        line.add("policy", "decision", kind, tool=tool, ids=ids, decision="ask", policy="permission", **columns)
        return
    word = first_text(gateway.member(data.get("result"), "kind"), data.get("kind"))
    lower = (word or "").lower()
    decision = (
        "allow" if lower.startswith(("approv", "allow")) else "deny" if lower.startswith(("den", "reject")) else None
    )
    line.add(
        "policy", "decision" if decision else "log", kind, ids=ids, decision=decision, policy="permission", rule=word,
        status=hooks.STATUS.get(decision or "", "unknown"),
    )  # fmt: skip


def _hook(line: Line, kind: str, data: gateway.Fields) -> None:
    """A hook's call, and its end: the call repeats the tool's arguments and result, which stay in the attributes."""
    hook, asked = first_text(data.get("hookType")), data.get("input")
    answer = hooks.answer_of(data.get("output")) if kind == "hook.end" else None
    failed = data.get("success") is False
    line.add(
        "policy",
        "decision" if answer else "log",
        kind,
        tool=first_text(gateway.member(asked, "toolName")),
        policy=f"hook:{hook}" if hook else "hook",
        ids=[("other", data.get("hookInvocationId"))],
        decision=answer.decision if answer else None,
        rule=answer.reason if answer else None,
        status=hooks.STATUS.get(answer.decision, "unknown") if answer else "error" if failed else "unknown",
        error=first_text(gateway.member(data.get("error"), "message"), data.get("error")) if failed else None,
    )


def _end(line: Line, kind: str, data: gateway.Fields) -> None:
    if kind == "session.shutdown":
        failed = data.get("shutdownType") == "error"
        status = "error" if failed else "ok" if data.get("shutdownType") == "routine" else "unknown"
    else:
        failed = kind == "subagent.failed"
        status = "error" if failed else "ok"
    error = first_text(data.get("errorReason"), data.get("error"), kind) if failed else None
    line.add("agent", "end", kind, status=status, error=error, model=data.text("currentModel", "model"))
