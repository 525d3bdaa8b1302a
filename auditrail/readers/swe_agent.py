"""SWE-agent trajectories: one `.traj` file for each task, with the steps, the history and how it ended.

After SWE-agent/SWE-agent, `sweagent/types.py` (TrajectoryStep, HistoryItem, AgentInfo) and `sweagent/agent/agents.py`
(`get_trajectory_data`; a retrying agent writes `attempts` and repeats the chosen attempt beside them); older files
have fewer members. A record is one run (or one object of `attempts`: each attempt is then a run of its own, and its
`parent_run` is the run of the file).

- `trajectory[]`: a step is what the model said (`response`, `thought`), the command that came out of it (`action`) and
  what the environment answered (`observation`, `execution_time`, `state`). It gives a `message` and a `call` of layer
  llm and a `span` of layer tool, in that order.
- `history[]` repeats the steps as chat messages. Only what the steps lack is taken from it: messages before the first
  step (system prompt, demonstration, task), further messages that are no step's response or observation, and the ids
  and arguments of tool calls. A step without such an id gets one that is made of its number, scoped by its run.
- Where a file has a history and no trajectory (demonstrations), the steps are the actions in it.
- The tool is the first word of the action: SWE-agent's tools are commands.
- `query` (the messages sent with a step) repeats the conversation, and stays in the attributes only as a count.
- `info`: `exit_status`, `submission`, `model_stats` (tokens and cost of the whole run) stand on the `end` event. It is
  written after every step; one without `exit_status` is of a run that was stopped: a `log` event, and no end.

There is no time in this format, only durations: the order in the file is the order.

Tested on real files. Not read: `predictions` files and logs of the same tool.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading
from auditrail.readers._conversation import Run, Telling, of_run
from auditrail.readers._scope import NOWHERE, Origin

NAME = "swe-agent"
TITLE = "SWE-agent trajectory (.traj)"
LAYER = "agent"
TESTED_ON = "real files of SWE-agent: six trajectories of versions from 2024 and 2025"
NEVER_RECORDS = "When anything happened: a trajectory has durations of commands, and no time at all."
IDS = ("run", "parent_run", "tool_call", "task")
CAPTURES = {
    "time": "never: only how long a command ran (`execution_time`), in newer versions",
    "run": "partly: a file is a run and carries no id; its name is the only name of the task",
    "parent": "never: the order in the file is all; attempts of one task stand in one file",
    "call": "partly: with function calling, in the history; older ways of calling have no ids",
    "arguments": "yes: the command as it was run; with function calling also as the model wrote it",
    "results": "yes: the observation, cut by the agent where it was too long",
    "model": "partly: in newer files in the replay configuration; the steps do not name it",
    "tokens": "partly: one sum for the whole run",
    "decision": "never: commands that the agent's own filter blocked are seen only in the text of the observation",
    "errors": "partly: exit_status of the run; a failed command only by its text",
    "end": "yes: exit_status",
}

_KEYS = frozenset({"trajectory", "history", "info"})
_STEP_TEXTS = ("response", "thought", "action", "observation")
_GOOD_ENDS = ("submitted",)


def sniff(head: Head) -> float:
    """0.95 for a trajectory beside its history or info, or for attempts that hold some."""
    records = [sample for sample in head.samples[:3] if isinstance(sample, dict)]
    if any(_is_trajectory(record) or _is_history(record) for record in records):
        return 0.95
    if any(_is_trajectory(first) for record in records for first in _objects(record.get("attempts"))[:1]):
        return 0.95
    return 0.9 if not records and head.keys & {"trajectory", "attempts"} and b'"observation"' in head.raw else 0.0


def _is_trajectory(value: dict[str, Any]) -> bool:
    steps = value.get("trajectory")
    if not isinstance(steps, list) or not value.keys() & {"history", "info", "environment"}:
        return False
    return not steps or (isinstance(steps[0], dict) and "action" in steps[0] and "observation" in steps[0])


def _is_history(value: dict[str, Any]) -> bool:
    """A demonstration that keeps the history alone: messages that say of which type they are, and actions."""
    if "trajectory" in value:
        return False
    messages = _objects(value.get("history"))[:8]
    return any("role" in message and ("message_type" in message or message.keys() >= {"agent", "action"})
               for message in messages)  # fmt: skip


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """The run of the record; with attempts, each of them as a run, then the end of the whole."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a trajectory is a JSON object")
    name = origin.run_of(record)
    attempts = value.get("attempts")
    if not isinstance(attempts, list) or not attempts:
        return _run(value, Run(name, **_about(value)))
    events: list[Event] = []
    for number, attempt in enumerate(attempts, start=1):
        more = (Id("parent_run", name),)
        run = Run(origin.run_of(record, f"attempt-{number}"), more=more, **_about(value))
        events += _run(attempt if isinstance(attempt, dict) else {"attempt": attempt}, run)
    # The chosen attempt is repeated beside the attempts: told already.
    rest = {key: item for key, item in value.items() if key not in ("attempts", "trajectory", "history")}
    return [*events, _end(gateway.Fields(rest), Run(name, **_about(value)))]


def _about(value: dict[str, Any]) -> dict[str, Any]:
    config = value.get("replay_config")
    if isinstance(config, str):
        try:
            config = jsontext.parse(config.encode("utf-8", "surrogatepass"))[0]
        except RecordError:
            config = None
    model = gateway.member(config, "agent", "model", "name")
    return {"agent": "swe-agent", "model": model if gateway.is_text(model) else None}


def _run(value: dict[str, Any], run: Run) -> list[Event]:
    fields = gateway.Fields(value)
    steps, history = fields.take("trajectory"), fields.take("history")
    steps = steps if isinstance(steps, list) else [] if steps is None else [steps]
    told = history if isinstance(history, list) else []
    steps = steps if "trajectory" in value else _steps_in(told)
    before, calls, late = _unstepped(told, steps)
    telling = Telling(run)
    events = [event for message in before for event in telling.message(message)]
    for number, step in enumerate(steps, start=1):
        events += _step(step, number, run, calls)
    events += [event for message in late for event in telling.message(message)]
    return [*events, _end(fields, run)]


def _step(step: Any, number: int, run: Run, known: dict[str, list[chat.ToolCall]]) -> list[Event]:
    if not isinstance(step, dict):
        return [of_run(run, layer="agent", kind="log", name="step", rest={"step": step})]
    fields = gateway.Fields(step)
    action = fields.text("action")
    tool = action.split(maxsplit=1)[0][:200] if action else None
    matching = known.get((action or "").strip(), [])
    call = matching.pop(0) if matching else chat.ToolCall(None, tool, action, "action" in step, {})
    ids: list[Id] = []
    id_text.add(ids, "tool_call", call.id if call.id is not None else f"{run.id}#{number}")
    said = of_run(
        run, layer="llm", kind="message", name="assistant", model=run.model,
        rest=_texts(step, fields, "response", "thought"),
    )  # fmt: skip
    query = fields.take("query")
    if query is not None:
        fields.put("query_messages", len(query) if isinstance(query, list) else query)
    if action is None:  # nothing was run: the observation is the agent's own complaint about the answer
        return [said, of_run(run, layer="agent", kind="log", name="step")._replace(attributes=fields.attributes())]
    observed = "observation" in step
    result = fields.take("observation")
    asked = of_run(
        run, ids=ids, layer="llm", kind="call", model=run.model, name=call.name or tool, tool=call.name or tool,
        rest=call.rest, args=jsontext.content(call.arguments), args_state=state_of(call.arguments, given=call.given),
    )  # fmt: skip
    if not observed and not fields.left():  # the history ends here
        return [said, asked]
    made = of_run(
        run, ids=ids, layer="tool", kind="span", name="step", tool=call.name or tool,
        args=action, args_state=state_of(action),
        result=jsontext.content(result), result_state=state_of(result, given=observed),
    )  # fmt: skip
    return [said, asked, made._replace(attributes=fields.attributes())]


def _texts(step: dict[str, Any], fields: gateway.Fields, *keys: str) -> dict[str, Any]:
    """What the model said; a thought that only repeats the response is told once."""
    told = {key: fields.take(key) for key in keys if key in step}
    if told.get("thought") == told.get("response"):
        told.pop("thought", None)
    return {"role": "assistant", **told}


def _steps_in(history: list[Any]) -> list[dict[str, Any]]:
    """The steps that a history tells where no trajectory stands beside it: each action, and the message behind it."""
    steps: list[dict[str, Any]] = []
    waiting = False
    for message in history:
        role = message.get("role") if isinstance(message, dict) else None
        if role == "assistant" and not message.get("is_demo") and isinstance(message.get("action"), str):
            steps.append({
                "response": message.get("content"), "action": message["action"],
                **({"thought": message["thought"]} if "thought" in message else {}),
            })  # fmt: skip
            waiting = True
        elif waiting and role in ("user", "tool"):
            steps[-1]["observation"] = message.get("content")
            waiting = False
    return steps


def _unstepped(history: list[Any], steps: list[Any]) -> tuple[list[Any], dict[str, list[chat.ToolCall]], list[Any]]:
    """What the steps lack: messages before the first of them, tool calls by action, and messages that no step tells.

    History processors shorten old observations, so that no comparison with a step's own text is safe: an answer of
    the model is a step's if its text or action is, and the observation is what comes next.
    """
    told = {text.strip() for step in steps if isinstance(step, dict) for key in _STEP_TEXTS
            if isinstance(text := step.get(key), str)}  # fmt: skip
    before: list[Any] = []
    late: list[Any] = []
    calls: dict[str, list[chat.ToolCall]] = {}
    stepping = answering = False
    for message in history:
        role = message.get("role") if isinstance(message, dict) else None
        if role == "assistant" and not message.get("is_demo") and _is_steps(message, told):
            stepping = answering = True
            for call in chat.calls_of_message(message):
                calls.setdefault(str(message.get("action") or "").strip(), []).append(call)
            continue
        if answering and role in ("user", "tool"):
            answering = False
            continue
        (late if stepping else before).append(message)
    return before, calls, late


def _is_steps(message: dict[str, Any], told: set[str]) -> bool:
    texts = [message.get(key) for key in ("action", "content", "thought")]
    return any(isinstance(text, str) and text.strip() in told for text in texts)


def _end(fields: gateway.Fields, run: Run) -> Event:
    info = fields.get("info")
    status = info.get("exit_status") if isinstance(info, dict) else None
    stats = info.get("model_stats") if isinstance(info, dict) else None
    sent = gateway.whole(stats.get("tokens_sent")) if isinstance(stats, dict) else None
    received = gateway.whole(stats.get("tokens_received")) if isinstance(stats, dict) else None
    good = gateway.is_text(status) and str(status).strip() in _GOOD_ENDS
    # The file is written anew after each step, and only the last one tells how the run ended.
    stopped = isinstance(info, dict) and bool(info) and not gateway.is_text(status)
    made = of_run(
        run, layer="agent", kind="log" if stopped else "end", name="info" if stopped else "exit",
        tokens_in=sent or None, tokens_out=received or None,
        status="ok" if good else "error" if gateway.is_text(status) else "unknown",
        error=str(status) if gateway.is_text(status) and not good else None,
    )  # fmt: skip
    return made._replace(attributes=fields.attributes())


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
