"""What one line of a Claude Code transcript tells, as events; the reader itself says which run they are of.

Texts of denials, hook attachments and kinds of lines: see the docstring of `claude_code`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail.readers import _gateway as gateway
from auditrail.readers import _hooks as hooks
from auditrail.readers._prompts import prompt_key, spawned_key
from auditrail.readers._transcript import Line, arguments, first_text, outcome, parsed, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPAWNING = frozenset({"Task", "Agent"})
_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_SYNTHETIC = "<synthetic>"  # lines that Claude Code wrote itself in the model's place
_NOTE = 300
_MAX_LEAVES = 5_000
# Names of modes and the like make what a tool returned a little longer than what was shown of it.
_MORE = 48
# What repeats the call, or says where the rest went.
_ECHOES = frozenset({"prompt", "persistedOutputPath", "command", "query", "url"})

# Texts in place of a result, at its start: whose decision, and what. Quoted anywhere else they mean nothing.
_DENIALS: tuple[tuple[str, str, str], ...] = (
    (r"The user doesn't want to (?:proceed with|take) this (?:tool use|action)", "user", "deny"),
    (r"\[Request interrupted by user", "user", "deny"),
    (r"User rejected", "user", "deny"),
    (r"Permission to use (?P<tool>[\w.:-]+)\b.{0,400}? has been (?:auto-)?denied", "rules", "deny"),
    (r"Permission for this (?:action|tool use) (?:has been|was) denied", "rules", "deny"),
    # Nobody was there to answer.
    (r"Claude requested permissions? to (?:use (?P<tool>[\w.:-]+)|\w+).{0,400}?haven't granted", "rules", "ask"),
    (r"(?P<tool>\w+) operation blocked by hook", "hook", "deny"),
    (r"PreToolUse:(?P<tool>[\w.:-]+) (?:hook (?:blocking )?error|\[)", "hook", "deny"),
)
_PATTERNS = tuple((re.compile(text, re.DOTALL), policy, decision) for text, policy, decision in _DENIALS)
_PREFIX = re.compile(r"\s*(?:<tool_use_error>)?(?:Error: )?")
_INTERRUPTED = re.compile(r"\s*\[Request interrupted by user(?: for tool use)?\]\s*\Z")
_TOOL_EVENTS = ("PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionRequest")


class Denial(NamedTuple):
    """That a tool did not run: who decided, and of which tool the text speaks."""

    policy: str
    decision: str
    tool: str | None


def denial_of(text: str) -> Denial | None:
    """What a result says of itself that is none, because the call was not let run."""
    opening = _PREFIX.sub("", text[:1000], count=1)
    for pattern, policy, decision in _PATTERNS:
        if match := pattern.match(opening):
            return Denial(policy, decision, match.groupdict().get("tool"))
    return None


def is_subagent(value: dict[str, Any]) -> bool:
    """Whether the line belongs to a sub-agent."""
    return value.get("isSidechain") is True or gateway.is_text(value.get("parent_tool_use_id"))


def is_journal(value: dict[str, Any]) -> bool:
    """Whether the line is of a workflow's journal: what a sub-agent of it was begun for, or gave back."""
    return (
        value.get("type") in ("started", "result")
        and gateway.is_text(value.get("agentId"))
        and gateway.is_text(value.get("key"))
        and "sessionId" not in value
    )


def fill(line: Line, value: dict[str, Any], fields: gateway.Fields) -> None:
    """Adds the events of a line, and takes the fields that they tell."""
    kind = value.get("type")
    if kind == "user" and "message" in value:
        _user(line, value, fields)
    elif kind == "assistant" and "message" in value:
        _assistant(line, value, fields)
    elif kind == "system":
        _system(line, value, fields)
    elif kind == "attachment" and isinstance(value.get("attachment"), dict):
        _attachment(line, value["attachment"])
    elif kind == "permission-mode":
        _mode(line, fields)
    elif kind == "summary":
        line.add("agent", "log", "summary", ids=[("message", value.get("leafUuid"))])
    elif is_journal(value):
        _journal(line, str(kind), fields)
    elif kind == "result" and "session_id" in value:
        _end(line, value)
    elif kind == "progress":
        _progress(line, value)
    else:
        line.add("agent", "log", kind if isinstance(kind, str) else None)


def _user(line: Line, value: dict[str, Any], fields: gateway.Fields) -> None:
    content, single = _content(fields)
    key = _root_prompt(value, content)
    told = [block for block in content if isinstance(block, dict) and block.get("type") == "tool_result"]
    fuller = fields.take("toolUseResult") if len(told) == 1 and "toolUseResult" in value else None
    for block in content:
        if block in told and isinstance(block, dict):
            _result(line, block, fuller, given=fuller is not None, ids=_begun(value, fuller))
        elif value.get("isCompactSummary") is True:
            line.add("agent", "log", "compact-summary", rest={"content": single if single is not None else block})
        else:
            text = text_of(block)
            line.add(
                "agent",
                "message",
                "user",
                ids=[("other", key)] if key else (),
                rest={"content": _plain(block)},
                # Only what was cut off while a tool waited or ran; the result of that call says the same.
                status="denied" if _INTERRUPTED.match(text[:100]) else "unknown",
            )
            key = None
    if not content:
        line.add("agent", "message", "user")
    if gateway.is_text(value.get("permissionMode")):
        _mode(line, fields)


def _mode(line: Line, fields: gateway.Fields) -> None:
    mode = fields.text("permissionMode")
    line.add("policy", "log", "permission-mode", policy="permission-mode" if mode else None, rule=mode)


def _root_prompt(value: dict[str, Any], content: list[Any]) -> str | None:
    """The prompt that a sub-agent began with, under the name that its spawning call has, too."""
    if value.get("isSidechain") is not True or value.get("parentUuid", "") is not None:
        return None
    text = text_of([block for block in content if not isinstance(block, dict) or block.get("type") == "text"])
    return prompt_key(text) if text.strip() else None


def _content(fields: gateway.Fields) -> tuple[list[Any], str | None]:
    """The blocks of the message, and its text where it is no list; the rest of the message stays in the fields."""
    message = fields.take("message")
    if not isinstance(message, dict):
        return ([message] if message is not None else []), None
    content = message.get("content")
    rest = {key: item for key, item in message.items() if key not in ("content", "id", "model")}
    if not gateway.is_text(message.get("id")) and "id" in message:
        rest["id"] = message["id"]
    if "model" in message and not _model(message):
        rest["model"] = message["model"]
    if isinstance(content, list):
        blocks, single = content, None
    elif isinstance(content, str):
        blocks, single = [content], content
    else:
        blocks, single = [], None
        if "content" in message:
            rest["content"] = content
    if rest:
        fields.put("message", rest)
    return blocks, single


def _plain(block: Any) -> Any:
    """A text block without more than its text is its text."""
    return block["text"] if isinstance(block, dict) and block.keys() == {"type", "text"} else block


def _model(message: dict[str, Any]) -> str | None:
    model = message.get("model")
    return str(model) if gateway.is_text(model) and model != _SYNTHETIC else None


def _assistant(line: Line, value: dict[str, Any], fields: gateway.Fields) -> None:
    message = value.get("message")
    model = _model(message) if isinstance(message, dict) else None
    usage = gateway.member(message, "usage")
    tokens: dict[str, Any] = {
        "tokens_in": gateway.whole(gateway.member(usage, "input_tokens")),
        "tokens_out": gateway.whole(gateway.member(usage, "output_tokens")),
    }
    content, _ = _content(fields)
    if value.get("isApiErrorMessage") is True:
        text = text_of(content)
        said = first_text(text, value.get("error"), value.get("apiError"))
        line.add("llm", "error", "api-error", status="error", error=said, rest={"content": text} if text else None)
        return
    for block in content:
        kind = first_text(block.get("type")) if isinstance(block, dict) else None
        if isinstance(block, dict) and kind in _CALLS:
            _call(line, block, model=model, **tokens)
        elif isinstance(block, dict) and isinstance(kind, str) and kind.endswith("_tool_result"):
            _result(line, block, None, given=False)
            continue  # what a server's tool gave is not the model's answer: the tokens stand on another block
        elif isinstance(block, dict) and kind in ("thinking", "redacted_thinking"):
            rest = {key: item for key, item in block.items() if key not in ("type", "thinking")}
            if "thinking" in block:
                rest["content"] = block["thinking"]
            line.add("llm", "message", kind, model=model, rest=rest, **tokens)
        else:
            line.add("llm", "message", "assistant", model=model, rest={"content": _plain(block)}, **tokens)
        tokens = {}
    if tokens:
        line.add("llm", "message", "assistant", model=model, **tokens)


def _call(line: Line, block: dict[str, Any], **columns: Any) -> None:
    fields = gateway.Fields(block)
    kind, name, given = fields.take("type"), fields.text("name"), fields.has("input")
    content = fields.take("input")
    ids = [("tool_call", fields.text("id"))]
    prompt = gateway.member(content, "prompt") if name in _SPAWNING else None
    if isinstance(prompt, str) and prompt.strip():
        ids.append(("other", prompt_key(prompt)))
    if kind != "tool_use":
        fields.put("block", kind)
    columns |= arguments(content, given=given)
    line.add("llm", "call", name, tool=name, ids=ids, rest=fields.left(), **columns)


def _begun(value: dict[str, Any], returned: Any) -> list[tuple[str, Any]]:
    """The run of the sub-agent that a call began, as its result names it."""
    session, agent = value.get("sessionId"), gateway.member(returned, "agentId")
    if not (gateway.is_text(session) and gateway.is_text(agent)) or agent == value.get("agentId"):
        return []
    return [("other", spawned_key(f"{session}/agent-{agent}"))]


def _result(
    line: Line, block: dict[str, Any], returned: Any, *, given: bool, ids: Iterable[tuple[str, Any]] = ()
) -> None:
    fields = gateway.Fields(block)
    kind, call, shown = fields.take("type"), fields.text("tool_use_id"), fields.take("content")
    failed = fields.get("is_error") is True
    text = text_of(shown)
    denial = denial_of(text) if failed else None
    if kind != "tool_result":
        fields.put("block", kind)
    fuller = given and not failed and _is_fuller(returned, text)
    columns = outcome(returned if fuller else shown, given=fuller or "content" in block)
    if fuller and "content" in block:
        fields.put("content", shown)
    elif given:
        fields.put("toolUseResult", returned)
    if gateway.member(returned, "truncated") is True and columns["result_state"] == "present":
        columns["result_state"] = "truncated"
    line.add(
        "tool",
        "result",
        ids=[("tool_call", call), *ids],
        tool=denial.tool if denial else None,
        status="denied" if denial else "error" if failed else "ok",
        error=(text.strip()[:_NOTE] or None) if failed else None,
        rest=fields.left(),
        **columns,
    )
    if denial:
        line.add(
            "policy",
            "decision",
            denial.policy,
            ids=[("tool_call", call)],
            tool=denial.tool,
            status="denied",
            decision=denial.decision,
            policy=denial.policy,
            rest={"reason": text.strip()[:_NOTE]},
        )


def _is_fuller(returned: Any, shown: str) -> bool:
    """Whether what the tool returned holds clearly more text than what the model was shown."""
    length, leaves, stack = 0, 0, [returned]
    enough = len(shown) + _MORE
    while stack and leaves < _MAX_LEAVES and length <= enough:
        item = stack.pop()
        leaves += 1
        if isinstance(item, str):
            length += len(item)
        elif isinstance(item, dict):
            stack.extend(inner for key, inner in item.items() if key not in _ECHOES)
        elif isinstance(item, list):
            stack.extend(item)
    return length > enough


def _system(line: Line, value: dict[str, Any], fields: gateway.Fields) -> None:
    subtype = fields.text("subtype")
    level, error = value.get("level"), value.get("error")
    status = "error" if level == "error" else "unknown"
    said = first_text(error, gateway.member(error, "message"), value.get("content")) if level == "error" else None
    if subtype == "stop_hook_summary" and value.get("preventedContinuation") is True:
        reason = fields.text("stopReason")
        line.add(
            "policy", "decision", subtype, status="denied", decision="deny", policy="hook:Stop", rule=reason
        )  # fmt: skip
    elif subtype == "stop_hook_summary":
        line.add("policy", "log", subtype, policy="hook:Stop", status=status)
    elif subtype == "api_error":
        line.add("llm", "error", subtype, status="error", error=said or first_text(error))
    elif subtype == "init" and "tools" in value:  # stream-json: the run begins
        line.add("agent", "start", subtype, model=fields.text("model"))
        if gateway.is_text(value.get("permissionMode")):
            _mode(line, fields)
    else:
        line.add("agent", "log", subtype or "system", status=status, error=said)


def _progress(line: Line, value: dict[str, Any]) -> None:
    kind = gateway.member(value, "data", "type")
    ids = [
        ("tool_call", item)
        for item in (value.get("toolUseID"), value.get("parentToolUseID"))
        if isinstance(item, str) and item.startswith("toolu_")
    ][:1]
    name = f"progress:{kind}" if isinstance(kind, str) else "progress"
    line.add("policy" if kind == "hook_progress" else "agent", "log", name, ids=ids)


def _attachment(line: Line, attachment: dict[str, Any]) -> None:
    kind = attachment.get("type")
    name = f"attachment:{kind}" if isinstance(kind, str) else "attachment"
    if not isinstance(kind, str) or not (kind.startswith("hook_") or kind == "async_hook_response"):
        line.add("agent", "log", name)
        return
    hook = attachment.get("hookName")
    event, _, subject = hook.partition(":") if isinstance(hook, str) else ("", "", "")
    event = first_text(attachment.get("hookEvent"), event) or ""
    tool = subject if subject and event in _TOOL_EVENTS else None
    ids = [("tool_call", attachment.get("toolUseID"))] if tool else []
    answer = _hook_answer(kind, event, attachment)
    policy = f"hook:{event}" if event else "hook"
    if answer is None:
        failed = kind in ("hook_non_blocking_error", "hook_error_during_execution")
        error = first_text(attachment.get("stderr"), attachment.get("content")) if failed else None
        status = "error" if failed else "unknown"
        line.add("policy", "log", name, ids=ids, tool=tool, policy=policy, status=status, error=error)
        return
    line.add(
        "policy",
        "decision",
        name,
        ids=ids,
        tool=tool,
        policy=policy,
        rule=first_text(attachment.get("command"), hook),
        decision=answer.decision,
        status=hooks.STATUS.get(answer.decision, "unknown"),
        rest={"reason": answer.reason} if answer.reason else None,
    )


def _hook_answer(kind: str, event: str, attachment: dict[str, Any]) -> hooks.Answer | None:
    reason = first_text(
        gateway.member(attachment, "blockingError", "blockingError"),
        attachment.get("blockingError"),
        attachment.get("message"),
        attachment.get("stderr"),
    )
    if kind == "hook_blocking_error":
        # After a tool ran, or when the agent wants to stop, a hook can only object.
        before = event in ("PreToolUse", "PermissionRequest", "UserPromptSubmit")
        return hooks.Answer("deny" if before else "flag", reason)
    if kind == "hook_stopped_continuation":
        return hooks.Answer("deny", reason)
    word = attachment.get("decision")
    if kind == "hook_permission_decision" and isinstance(word, str) and word.lower() in hooks.WORDS:
        return hooks.Answer(hooks.WORDS[word.lower()], reason)
    return hooks.answer_of(parsed(attachment.get("stdout")))


def _journal(line: Line, kind: str, fields: gateway.Fields) -> None:
    given = fields.has("result")
    result = arguments(fields.take("result"), given=given)
    line.add(
        "agent", "start" if kind == "started" else "end", f"workflow:{kind}",
        result=result["args"], result_state=result["args_state"],
    )  # fmt: skip


def _end(line: Line, value: dict[str, Any]) -> None:
    """The last line of stream-json. Its usage is the sum of what the answers said, so it is not counted again."""
    failed = value.get("is_error")
    status = "error" if failed is True else "ok" if failed is False else "unknown"
    said = first_text(value.get("error"), value.get("result"), value.get("subtype")) if failed is True else None
    result = arguments(value.get("result"), given="result" in value)
    line.add(
        "agent", "end", "result", status=status, error=said,
        result=result["args"], result_state=result["args_state"],
    )  # fmt: skip
