"""mini-swe-agent trajectories: one `.traj.json` file for each task, its messages and how it ended.

After SWE-agent/mini-swe-agent, `src/minisweagent/agents/default.py` and `run/utils/save.py` (versions 1.0 to 2.x):
`{info{config, model_stats, exit_status, submission, mini_version, traceback}, messages[], trajectory_format}`, with
`trajectory_format` `mini-swe-agent-1` or `mini-swe-agent-1.1`. A record is one run.

- Messages are those of the chat API, with `extra`: the model's whole response, `actions` (the commands that came out of
  it, with the tool call's id), `cost`, `timestamp` (float seconds), and of an observation `returncode`, `raw_output`,
  `exception_info`, `interrupt_type`. Version 1 has no actions: the command is the one block ```` ```bash ```` of the
  answer, and the observation the next message.
- Each command gives a `call` of layer llm and, by its observation, a `result` of layer tool. A command without an id of
  the model's gets one that is made of the number of its message, scoped by the run.
- `role: exit` (version 2) is the end; else `info.exit_status` makes the `end` event. Both would be one end: the message
  is then kept as a message. On `Submitted` it stands in place of the observation of the command that submitted, and is
  the result of that.
- A person's refusal to run a command (`interrupt_type: UserRejection`) is a decision.

Not read: messages of the Responses API are told by their output items only.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading
from auditrail.readers._conversation import Run, Telling, of_run, role_of
from auditrail.readers._scope import NOWHERE, Origin

NAME = "mini-swe-agent"
TITLE = "mini-swe-agent trajectory (.traj.json)"
LAYER = "agent"
TESTED_ON = "real files of mini-swe-agent 2.2; version 1 on agents/default.py and run/utils/save.py only"
NEVER_RECORDS = "Times before version 1.1 of the format; requests to the model that failed and were repeated."
IDS = ("run", "tool_call", "response")
CAPTURES = {
    "time": "partly: `extra.timestamp` in newer versions; else the order in the file is all",
    "run": "partly: a file is a run and carries no id; its name is the only name of the task",
    "parent": "never: the order of the messages is all",
    "call": "partly: with function calling (version 2); a command in a code block has none",
    "arguments": "yes: the command as it was run",
    "results": "yes: the observation as the model saw it, cut where it was too long; the raw output in newer versions",
    "model": "yes: in the configuration, and in each response",
    "tokens": "yes: in each response of the provider",
    "decision": "partly: only a refusal by a person in the interactive mode",
    "errors": "yes: exit status, return codes, and the traceback of a crash",
    "end": "yes: exit_status",
}

_FENCE = re.compile(r"```(?:bash|mswea_bash_command)[^\S\n]*+\n")
_FENCE_END = "\n```"
_GOOD_ENDS = frozenset({"submitted"})
_REJECTIONS = frozenset({"userrejection", "userinterruption", "rejected"})
_RETURN_CODE = re.compile(r"<returncode>\s*(-?\d{1,6})\s*</returncode>")


def sniff(head: Head) -> float:
    """0.95 for the name of the format, or messages beside an info with its version."""
    for record in (sample for sample in head.samples[:3] if isinstance(sample, dict)):
        info = record.get("info")
        named = str(record.get("trajectory_format", "")).startswith("mini-swe-agent")
        if isinstance(record.get("messages"), list) and (named or (isinstance(info, dict) and "mini_version" in info)):
            return 0.95
    cut = not head.samples and head.keys and "info" in head.keys
    return 0.95 if cut and b'"mini_version"' in head.raw else 0.0


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """The messages in their order, commands and their results, then the end."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a trajectory is a JSON object")
    fields = gateway.Fields(value)
    model = gateway.member(value, "info", "config", "model", "model_name")
    own = value.get("instance_id")
    run = Run(
        origin.run_of(record, own if isinstance(own, str) else None),
        agent="mini-swe-agent",
        model=model if gateway.is_text(model) else None,
    )
    messages = fields.take("messages")
    teller = _Teller(run)
    events: list[Event] = []
    for number, message in enumerate(messages if isinstance(messages, list) else [], start=1):
        events += teller.tell(message, number)
    if messages is not None and not isinstance(messages, list):
        fields.put("messages", messages)
    return [*events, _end(fields, run, teller)]


class _Teller:
    """Knows which commands wait for their observation."""

    def __init__(self, run: Run) -> None:
        self.last: times.Moment | None = None
        self._run = run
        self._telling = Telling(run)
        self.waiting: list[tuple[str, str]] = []  # (call id, command)

    def tell(self, message: Any, number: int) -> list[Event]:
        extra = message.get("extra") if isinstance(message, dict) else None
        at = times.parse(extra.get("timestamp")) if isinstance(extra, dict) else None
        if at is None and isinstance(message, dict):  # version 1
            at = times.parse(message.get("timestamp"))
        self.last = at or self.last
        if not isinstance(message, dict):
            return self._telling.message(message)
        extra = extra if isinstance(extra, dict) else {}
        output = message.get("output")
        answered = message.get("object") == "response" or (isinstance(output, list) and not role_of(message))
        role = "assistant" if answered else role_of(message)
        if role == "assistant":
            return self._answer(message, extra, number, at)
        observed = role in ("tool", "function_call_output") or (role == "user" and bool(self.waiting))
        if observed:
            return self._observation(message, extra, at)
        if role == "exit" and len(self.waiting) == 1 and str(extra.get("exit_status", "")).lower() == "submitted":
            # The command that submits ends the run: what it put out stands here, in place of an observation.
            return self._observation(message, {"returncode": 0, **extra}, at)
        return [_at(event, at) for event in self._telling.message(message)]

    def _answer(self, message: dict[str, Any], extra: dict[str, Any], number: int, at: Any) -> list[Event]:
        response = extra.get("response") if isinstance(extra.get("response"), dict) else message
        read, written = chat.usage_of(response)
        model = response.get("model") if isinstance(response, dict) else None
        kept = {key: item for key, item in message.items() if key not in ("tool_calls", "function_call")}
        said = _at(self._telling.message(kept, role="assistant")[0], at)._replace(tokens_in=read, tokens_out=written)
        ids = list(said.ids)
        id_text.add(ids, "response", response.get("id") if isinstance(response, dict) else None)
        said = said._replace(ids=tuple(ids), model=model if gateway.is_text(model) else said.model)
        calls = self._commands(message, extra, number)
        self.waiting = [(str(call.id), call.arguments if isinstance(call.arguments, str) else "") for call in calls]
        return [said, *(_at(self._telling.call(call, said), at) for call in calls)]

    def _commands(self, message: dict[str, Any], extra: dict[str, Any], number: int) -> list[chat.ToolCall]:
        asked = chat.calls_of_response(message)
        if asked:
            return asked
        actions = extra.get("actions")
        found: list[chat.ToolCall] = []
        for place, action in enumerate(actions if isinstance(actions, list) else [], start=1):
            command = action.get("command", action.get("action")) if isinstance(action, dict) else action
            call_id = action.get("tool_call_id") if isinstance(action, dict) else None
            scoped = call_id if isinstance(call_id, str) and call_id else f"{self._run.id}#{number}.{place}"
            found.append(chat.ToolCall(scoped, "bash", command, command is not None, {}))
        if not found and isinstance(message.get("content"), str):
            blocks = _blocks(message["content"])
            if len(blocks) == 1:  # the agent itself refuses an answer with several
                found.append(chat.ToolCall(f"{self._run.id}#{number}", "bash", blocks[0].strip(), True, {}))
        return found

    def _observation(self, message: dict[str, Any], extra: dict[str, Any], at: Any) -> list[Event]:
        call_id = message.get("tool_call_id", message.get("call_id"))
        named = next((each for each in self.waiting if each[0] == call_id), None)
        waiting = named or (self.waiting[0] if self.waiting and call_id is None else None)
        if waiting in self.waiting:
            self.waiting.remove(waiting)
        ids: list[Id] = []
        id_text.add(ids, "tool_call", call_id if call_id is not None else waiting[0] if waiting else None)
        fields = gateway.Fields(message)
        key = "output" if "content" not in message and "output" in message else "content"
        value = fields.take(key)
        if str(extra.get("interrupt_type", "")).lower() in _REJECTIONS:
            made = of_run(
                self._run, at=at, ids=ids, layer="policy", kind="decision", name="user rejection", tool="bash",
                status="denied", decision="deny", result=jsontext.content(value), result_state=state_of(value),
            )  # fmt: skip
            return [made._replace(attributes=fields.attributes())]
        code = extra.get("returncode")
        if code is None and isinstance(value, str) and (match := _RETURN_CODE.search(value[:2000])):
            code = int(match[1])
        status = "unknown" if not isinstance(code, int) or isinstance(code, bool) else "ok" if code == 0 else "error"
        failure = extra.get("exception_info")
        made = of_run(
            self._run, at=at, ids=ids, layer="tool", kind="result", name="observation", tool="bash",
            status="error" if gateway.is_text(failure) else status,
            error=str(failure) if gateway.is_text(failure) else f"exit code {code}" if status == "error" else None,
            result=jsontext.content(value), result_state=state_of(value, given=key in message),
        )  # fmt: skip
        for told in ("tool_call_id", "call_id"):
            if isinstance(message.get(told), str):
                fields.take(told)
        return [made._replace(attributes=fields.attributes())]


def _at(event: Event, at: times.Moment | None) -> Event:
    if at is None or event.ts_ns is not None:
        return event
    return event._replace(ts_ns=at.ns, ts_source="event", tz_assumed=at.tz_assumed)


def _end(fields: gateway.Fields, run: Run, teller: _Teller) -> Event:
    info = fields.get("info")
    status = info.get("exit_status") if isinstance(info, dict) else None
    good = gateway.is_text(status) and str(status).strip().lower() in _GOOD_ENDS
    # The command that submits is carried out and ends the run: no observation follows it.
    ids: list[Id] = []
    if good and len(teller.waiting) == 1:
        id_text.add(ids, "tool_call", teller.waiting[0][0])
    made = of_run(
        run, at=teller.last, ids=ids, layer="agent", kind="end", name="exit",
        status="ok" if good else "error" if gateway.is_text(status) else "unknown",
        error=str(status) if gateway.is_text(status) and not good else None,
    )  # fmt: skip
    version = info.get("mini_version") if isinstance(info, dict) else None
    return made._replace(attributes=fields.attributes(), agent_version=version if gateway.is_text(version) else None)


def _blocks(text: str) -> list[str]:
    """What stands in the fences of commands; in one pass, however many are opened and never closed."""
    found: list[str] = []
    at = 0
    while match := _FENCE.search(text, at):
        end = text.find(_FENCE_END, match.end() - 1)
        if end < 0:
            break
        found.append(text[match.end() : end])
        at = end + len(_FENCE_END)
    return found
