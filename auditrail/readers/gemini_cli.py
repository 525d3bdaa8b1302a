"""Gemini CLI session files: `~/.gemini/tmp/<project>/chats/session-*.jsonl`, and the `.json` of older releases.

Facts read in @google/gemini-cli-core 0.61.0 (`services/chatRecordingService.js`, `chatRecordingTypes.d.ts`):

- `.jsonl`: the first line is `{sessionId, projectHash, startTime, lastUpdated, kind: main | subagent, ...}`; then one
  message per line `{id, timestamp, type: user | gemini | info | warning | error, content}`, for a model's answer with
  `model, thoughts[], tokens {input, output, cached, thoughts, tool, total}, toolCalls[]`.
- Only the last message changes (its tokens and tool calls come later), and each time it is written anew as a whole: of
  lines in a row with one id the last one counts, the others are ignored as superseded.
- `{$set: {...}}` changes what the first line said; of those, that which tells the time only is ignored.
  `{$rewindTo: <id>}` takes back a message and all behind it: they stay events, and the rewind is one.
- A tool call is `{id, name, args, result (parts), status: success | error | cancelled | ..., timestamp, agentId}`; its
  time is that of its record, so the call has the time of the message and the result its own.
- A sub-agent's file is `chats/<session of the parent>/<its own session>.jsonl`.
- `.json`: one object with the members of the first line and `messages[]`; the file was written anew each time.

Not read: `logs.json` of a project (prompts only; `jsonl` reads it) and checkpoints of `/chat save`.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _steps as steps
from auditrail.readers._contract import Ignored, Reading
from auditrail.readers._gateway import Fields, member, objects
from auditrail.readers._scope import NOWHERE, Origin

NAME = "gemini-cli"
TITLE = "Gemini CLI session files (.jsonl, and .json of older releases)"
LAYER = "agent"
TESTED_ON = "documentation only: sources of gemini-cli-core 0.61.0 and a published session of 2025; invented samples"
NEVER_RECORDS = "The system prompt, and what its user was asked before a tool ran and allowed."
IDS = ("run", "session", "parent_run", "message", "tool_call")
CAPTURES = {
    "time": "yes: of every message, in milliseconds",
    "run": "yes: the session id, on the first line",
    "parent": "partly: a sub-agent's session has its parent's as folder",
    "call": "yes: an id of the CLI's own, not the model's",
    "arguments": "yes: as objects",
    "results": "yes: as parts; shortened where the CLI shortened them",
    "model": "yes: on answers",
    "tokens": "yes: on answers",
    "decision": "partly: a call that its user refused says so in its result; what was allowed leaves none",
    "errors": "partly: tools that failed, and error messages that were shown",
    "end": "never: a session just stops",
}

_FIRST = frozenset({"sessionId", "projectHash"})
_CUT = re.compile(rb'\s*\{\s*"sessionId":\s*"[^"]{1,200}",\s*"projectHash":\s*"')
_TYPES = frozenset({"user", "gemini", "info", "warning", "error"})
_STATES = {"success": "ok", "error": "error", "cancelled": "error"}
# What the CLI answers for its user who refused a call; one that was stopped by other means is cancelled, too.
_REFUSED = "User denied execution"
_NOTE = "auditrail.gemini"
_HELD_BYTES = 16 << 20


def sniff(head: Head) -> float:
    """0.95 for the first line of a session or a whole one, 0.8 for answers of the model alone."""
    best = 0.8 if not head.samples and _CUT.match(head.raw) else 0.0
    for sample in head.samples:
        if isinstance(sample, dict):
            if sample.keys() >= _FIRST and ("startTime" in sample or "messages" in sample):
                return 0.95
            if _is_message(sample) and sample["type"] == "gemini":
                best = 0.8
    return best


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and str(value.get("type")) in _TYPES


class Assembler:
    """Notes on each record its session and the id of the message that follows: the same one again replaces it."""

    def __init__(self) -> None:
        self._session: dict[str, Any] = {}
        self._held: list[Record] = []
        self._bytes = 0
        self._message: str | None = None

    def feed(self, record: Record) -> list[Record]:
        try:
            value = jsontext.parse(record.raw)[0] if record.defect is None else None
        except RecordError:
            value = None
        if isinstance(value, dict) and value.keys() >= _FIRST:
            self._session = {key: value[key] for key in ("sessionId", "kind") if key in value}
        record = record._replace(header={**(record.header or {}), _NOTE: {"session": self._session}})
        message = _message_id(value)
        if message is None and self._message is None:
            return [record]
        out: list[Record] = []
        if message is not None:
            out = [_noted(held, "next", message) for held in self.flush()]
            self._message = message
        self._held.append(record)
        self._bytes += len(record.raw)
        return out if self._bytes <= _HELD_BYTES else [*out, *self.flush()]

    def flush(self) -> list[Record]:
        held, self._held, self._bytes, self._message = self._held, [], 0, None
        return held


def _noted(record: Record, key: str, value: Any) -> Record:
    header = record.header or {}
    return record._replace(header={**header, _NOTE: {**header[_NOTE], key: value}})


def _message_id(value: Any) -> str | None:
    return str(value["id"]) if _is_message(value) else None


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """One line, or a whole session of an older release."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a line of a session is a JSON object")
    note = member(record.header, _NOTE)
    session = {**(member(note, "session") or {}), **{key: value[key] for key in ("sessionId", "kind") if key in value}}
    base = _base(session, origin)
    if _is_message(value):
        return Ignored("superseded") if member(note, "next") == value["id"] else _message(value, base, session)
    if value.keys() >= _FIRST:
        return _session(value, base, session)
    changed = value.get("$set")
    if isinstance(changed, dict) and changed.keys() == {"lastUpdated"} and len(value) == 1:
        return Ignored("last-updated")
    name = "rewind" if "$rewindTo" in value else "update" if "$set" in value else None
    return [steps.with_rest(base._replace(layer="agent", kind="log", name=name), value)]


def _base(session: dict[str, Any], origin: Origin) -> Event:
    own = session.get("sessionId")
    child = session.get("kind") == "subagent"
    above = origin.parts[-2] if child and len(origin.parts) > 1 and origin.parts[-2] != "chats" else None
    return steps.base(None, ("run", own if isinstance(own, str) else origin.run()), ("session", own),
                      ("parent_run", above), agent="gemini-cli/subagent" if child else "gemini-cli")  # fmt: skip


def _session(value: dict[str, Any], base: Event, session: dict[str, Any]) -> list[Event]:
    fields = Fields(value)
    if isinstance(value.get("sessionId"), str):
        fields.take("sessionId")
    moment = fields.moment("startTime")
    begin = steps.base(moment, agent=base.agent)._replace(ids=base.ids, layer="agent", kind="start", name="session")
    said: list[Event] = []
    if isinstance(value.get("messages"), list):
        said = [event for item in objects(fields.take("messages")) for event in _message(item, base, session)]
        if odd := steps.strange(value["messages"]):
            fields.put("messages", odd)
    return [begin._replace(attributes=fields.attributes()), *said]


def _message(value: dict[str, Any], base: Event, session: dict[str, Any]) -> list[Event]:
    fields = Fields(value)
    moment = fields.moment("timestamp")
    base = steps.base(moment, agent=base.agent)._replace(ids=base.ids)
    base = steps.with_ids(base, *steps.take_ids(fields, {"id": "message"}))
    kind = fields.text("type") or "message"
    shown = _plain(fields.take("content"))
    calls = value.get("toolCalls")
    events: list[Event]
    if kind in ("user", "gemini"):
        made = steps.message(base, "assistant" if kind == "gemini" else "user", shown or None)
        made = steps.with_usage(made, value.get("tokens"), ("input",), ("output",))
        events = [made._replace(model=fields.text("model"))]
    else:
        failed = kind == "error"
        made = base._replace(layer="agent", kind="error" if failed else "log", name=kind)
        made = made._replace(error=steps.text(shown), status="error") if failed else made
        events = [steps.with_rest(made, {"content": shown})]
    if isinstance(calls, list):
        fields.take("toolCalls")
        without = steps.without_ids(base, "message")
        events += [event for call in objects(calls) for event in _call(call, without)]
        if odd := steps.strange(calls):
            fields.put("toolCalls", odd)
    rest = fields.attributes()
    own = events[0].attributes
    events[0] = events[0]._replace(attributes=f"{own[:-1]},{rest[1:]}" if own and rest else own or rest)
    run, message = session.get("sessionId"), value.get("id")
    return steps.keyed(events, f"gemini-cli:{run}:{message}" if isinstance(run, str) and message else None)


def _call(call: dict[str, Any], base: Event) -> list[Event]:
    """What the model asked for and, where the call is over, how it ended."""
    fields = Fields(call)
    name, tool_call = fields.text("name"), steps.take_ids(fields, {"id": "tool_call"})
    asked = steps.with_ids(base._replace(layer="llm", kind="call", name=name, tool=name), *tool_call)
    asked = steps.with_args(asked, fields.take("args"), given="args" in call)
    status = _STATES.get(str(call.get("status")))
    if status is None and call.get("result") is None:
        return [asked._replace(attributes=fields.attributes())]
    moment = fields.moment("timestamp")
    done = steps.base(moment, agent=base.agent)._replace(
        ids=base.ids, layer="tool", kind="result", name=name, tool=name
    )
    done = steps.with_ids(done if moment else done._replace(ts_ns=base.ts_ns, ts_source=base.ts_source), *tool_call)
    result = _outcome(fields.take("result"))
    done = steps.with_result(done, result, given=call.get("result") is not None)
    if status == "error":
        error = steps.text(member(result, "error")) or steps.text(result) or steps.text(call.get("status"))
        status = "denied" if call["status"] == "cancelled" and _REFUSED in (error or "") else status
        done = done._replace(error=error)
    return [asked, done._replace(status=status or "unknown", attributes=fields.attributes())]


def _plain(content: Any) -> Any:
    """The text of a single text part; anything else as it stands."""
    only = content[0] if isinstance(content, list) and len(content) == 1 else content
    return only["text"] if isinstance(only, dict) and only.keys() == {"text"} else content


def _outcome(result: Any) -> Any:
    """What a single function response holds; anything else as it stands."""
    only = result[0] if isinstance(result, list) and len(result) == 1 else None
    held = member(only, "functionResponse", "response")
    if not isinstance(held, dict):
        return _plain(result)
    return held["output"] if held.keys() == {"output"} else held
