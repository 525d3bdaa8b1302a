"""Strands Agents session files: one JSON document per message, agent and session, on disk or in S3.

Facts read in strands-agents 1.62.0 (`types/session.py`, `session/file_session_manager.py`, `s3_session_manager.py`):

- `session_<id>/session.json` `{session_id, session_type, created_at, updated_at}`
- `session_<id>/agents/agent_<id>/agent.json` `{agent_id, state, conversation_manager_state, _internal_state, ...}`
- `session_<id>/agents/agent_<id>/messages/message_<n>.json` `{message: {role, content[], metadata: {usage}},
  message_id: <n>, redact_message, created_at, updated_at}`, the same keys in S3. Content blocks are Bedrock's: text,
  toolUse `{toolUseId, name, input}`, toolResult `{toolUseId, status, content}`, reasoningContent, image, ...
- A message file names neither session nor agent: they stand in its path only, so copy the folders, not the files.
- `message_id` counts from 0 without holes: a missing number is a lost or deleted message (`seq`). Messages that a
  conversation manager dropped from the model's context stay on disk; `removed_message_count` tells how many.
- `redact_message` is set when a guardrail replaced the message. The original may still stand in `message`: then it is
  the arguments of the decision; else it is gone, and the arguments are `redacted`.
- `_internal_state.interrupt_state.interrupts` holds questions to a person that were open when the agent was saved.

Sessions span invocations and nothing in them names a run, so events join runs by tool call ids and sessions.
Not read: the state of multi-agent graphs and swarms (`multi_agent.json`), snapshots of the snapshot session manager.
Tested on a session that the SDK itself wrote with an invented model, a failed tool and a redaction in it.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _steps as steps
from auditrail.readers._contract import Reading
from auditrail.readers._gateway import Fields, is_text, member, whole
from auditrail.readers._scope import NOWHERE, Origin

NAME = "strands"
TITLE = "Strands Agents session files (messages, agents, sessions; disk or S3)"
LAYER = "agent"
TESTED_ON = "real files of strands-agents 1.62.0, written by its own code for the test with an invented model"
NEVER_RECORDS = "The system prompt, the model's name, and when a tool began: only when messages were saved."
IDS = ("session", "message", "tool_call", "other")
CAPTURES = {
    "time": "yes: when the message was saved",
    "run": "never: a session holds many invocations; the session id is in the path only",
    "parent": "never: not in the session files",
    "call": "yes: the tool use id",
    "arguments": "yes: as objects",
    "results": "yes: with success or error",
    "model": "never: not in the session files",
    "tokens": "partly: metadata.usage of answers, in newer releases",
    "decision": "partly: redaction by a guardrail, and open interrupts; granted ones leave no record",
    "errors": "partly: of tools; an invocation that failed leaves only the messages before it",
    "end": "never: a session just stops",
}

_SESSION_KEYS = frozenset({"session_id", "session_type", "created_at", "updated_at"})
_AGENT_KEYS = frozenset({"agent_id", "state", "conversation_manager_state"})
_CUT = re.compile(
    rb'\s*\{\s*"message":\s*\{\s*"role":\s*"(?:user|assistant)",\s*"content":\s*\[\s*\{\s*'
    rb'"(?:text|toolUse|toolResult|image|document|reasoningContent)":'
)
_TOLD = ("toolUse", "toolResult", "reasoningContent")


def sniff(head: Head) -> float:
    """0.95 for a saved message, agent or session."""
    for sample in head.samples:
        if not isinstance(sample, dict):
            continue
        if (
            _is_message(sample)
            or sample.keys() >= _AGENT_KEYS
            or (sample.keys() >= _SESSION_KEYS and "AGENT" in str(sample.get("session_type")))
        ):
            return 0.95
    # A message larger than the look (an image in it): its members behind the content are not seen.
    return 0.8 if not head.samples and _CUT.match(head.raw) else 0.0


def _is_message(value: dict[str, Any]) -> bool:
    message = value.get("message")
    return (
        whole(value.get("message_id")) is not None
        and ("redact_message" in value or "updated_at" in value)
        and isinstance(message, dict)
        and isinstance(message.get("role"), str)
        and isinstance(message.get("content"), list)
    )


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """One document of a session."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a session file holds a JSON object")
    fields = Fields(value)
    base = _base(fields, origin)
    if isinstance(value.get("message"), dict):
        return _message(value, fields, base)
    name = "agent" if "agent_id" in value else "session" if "session_id" in value else "log"
    base = base._replace(agent=steps.text(value.get("agent_id")) or base.agent)
    if name == "session":
        base = steps.with_ids(base, *steps.take_ids(fields, {"session_id": "session"}))
    made = base._replace(layer="agent", kind="log", name=name)
    return [made._replace(attributes=fields.attributes()), *_interrupts(value, base)]


def _base(fields: Fields, origin: Origin) -> Event:
    session, agent = _step(origin, "session_"), _step(origin, "agent_")
    place = "/".join(part for part in (session, agent) if part)
    moment = fields.moment("created_at", "updated_at")
    return steps.base(moment, ("session", session), agent=agent, stream=f"strands:{place}" if place else None)


def _step(origin: Origin, prefix: str) -> str | None:
    """What follows the prefix in the innermost folder of that name; the file itself is none."""
    steps_of = [part[len(prefix) :] for part in origin.parts[:-1] if part.startswith(prefix) and part != prefix]
    return steps_of[-1] if steps_of else None


def _message(value: dict[str, Any], fields: Fields, base: Event) -> list[Event]:
    message = value["message"]
    inside = Fields(message)
    number = fields.count("message_id")
    base = steps.with_ids(base, *steps.take_ids(inside, {"tracking_id": "message"}))
    base = base._replace(seq_kind="strands.message_id" if number is not None else None, seq=number)
    role = inside.text("role") or "user"
    blocks = steps.objects(message.get("content"))
    said = [block for block in blocks if not any(isinstance(block.get(name), dict) for name in _TOLD)]
    odd = steps.strange(message.get("content"))
    if isinstance(message.get("content"), list):
        inside.take("content")
    replaced = fields.take("redact_message")
    events = _of_blocks(blocks, base)
    usage = member(message, "metadata", "usage")
    if said or odd or isinstance(usage, dict) or not events:
        shown = said[0]["text"] if len(said) == 1 and not odd and said[0].keys() == {"text"} else [*said, *odd]
        made = steps.message(base, role, shown or None)
        events.insert(0, steps.with_usage(made, usage, ("inputTokens",), ("outputTokens",)))
    if replaced is not None:
        events.append(_redaction(message, replaced, base))
    fields.take("message")
    rest = {key: inside.get(key) for key in message if inside.has(key)}
    if rest:
        fields.put("message", rest)
    events[0] = events[0]._replace(attributes=_joined(events[0].attributes, fields.attributes()))
    session = next((an_id.value for an_id in base.ids if an_id.kind == "session"), None)
    key = f"strands:{session}:{base.agent}:{number}" if session and base.agent and number is not None else None
    # The number counts messages: it stands on one event of each.
    events[1:] = [event._replace(seq=None, seq_kind=None) for event in events[1:]]
    return steps.keyed(events, key)


def _of_blocks(blocks: list[dict[str, Any]], base: Event) -> list[Event]:
    events = []
    for block in blocks:
        call, outcome, thought = (block.get(name) for name in ("toolUse", "toolResult", "reasoningContent"))
        if isinstance(call, dict):
            name = steps.text(call.get("name"))
            made = steps.with_ids(base._replace(layer="llm", kind="call", name=name, tool=name),
                                  ("tool_call", call.get("toolUseId")))  # fmt: skip
            made = steps.with_args(made, call.get("input"), given="input" in call)
            events.append(_rest(made, block, call, "toolUse", "toolUseId", "name", "input"))
        elif isinstance(outcome, dict):
            events.append(_result(outcome, block, base))
        elif isinstance(thought, dict):
            made = base._replace(name="reasoning")
            events.append(steps.message(made, "assistant", thought))
    return events


def _result(outcome: dict[str, Any], block: dict[str, Any], base: Event) -> Event:
    made = base._replace(layer="tool", kind="result", name="toolResult")
    made = steps.with_ids(made, ("tool_call", outcome.get("toolUseId")))
    content = outcome.get("content")
    only = steps.objects(content)
    shown = only[0]["text"] if len(only) == 1 and content == only and only[0].keys() == {"text"} else content
    made = steps.with_result(made, shown, given="content" in outcome)
    status = {"success": "ok", "error": "error"}.get(str(outcome.get("status")), "unknown")
    error = next((text for item in only if (text := steps.text(item.get("text")))), None) if status == "error" else None
    made = made._replace(status=status, error=error)
    told = ("toolUseId", "content") if status == "unknown" else ("toolUseId", "content", "status")
    return _rest(made, block, outcome, "toolResult", *told)


def _redaction(message: dict[str, Any], replaced: Any, base: Event) -> Event:
    """A guardrail's replacement of a message; what it replaced is gone where the message says the same."""
    made = base._replace(layer="policy", kind="decision", name="redact_message", decision="modify", policy="guardrail")
    if message.get("content") == member(replaced, "content"):
        made = made._replace(args_state="redacted")
    else:
        made = steps.with_args(made, message.get("content"))
    return steps.with_result(made, replaced)


def _interrupts(value: dict[str, Any], base: Event) -> list[Event]:
    """Questions to a person: open, or answered with what stands in `response`."""
    found = member(value, "_internal_state", "interrupt_state", "interrupts")
    events = []
    for key, asked in found.items() if isinstance(found, dict) else ():
        made = base._replace(layer="policy", kind="decision", name="interrupt", decision="ask")
        made = steps.with_ids(made, ("other", key))
        if isinstance(asked, dict):
            made = made._replace(policy=steps.text(asked.get("name")))
            made = steps.with_args(made, asked.get("reason"), given="reason" in asked)
            made = steps.with_result(made, asked.get("response"), given=asked.get("response") is not None)
        events.append(made)
    return events


def _rest(made: Event, block: dict[str, Any], inner: dict[str, Any], name: str, *told: str) -> Event:
    rest = {key: item for key, item in block.items() if key != name}
    rest |= {
        key: item
        for key, item in inner.items()
        if key not in told or (key == "name" and not is_text(item)) or (key == told[0] and not _has_call(made))
    }
    return steps.with_rest(made, rest)


def _has_call(made: Event) -> bool:
    return any(an_id.kind == "tool_call" for an_id in made.ids)


def _joined(own: str | None, rest: str | None) -> str | None:
    return f"{own[:-1]},{rest[1:]}" if own and rest else own or rest
