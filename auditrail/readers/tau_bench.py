"""tau-bench and tau2-bench results: conversations between an agent, a simulated user and tools, with their reward.

Two shapes:

- tau-bench (sierra-research/tau-bench, `tau_bench/types.py` EnvRunResult): an array of
  `{task_id, reward, info, traj[messages], trial}`. No times and no ids but those of tool calls, which recur in other
  runs. A tool that fails answers with a text that begins with `Error`; a run that crashed has `info.error` and
  `info.traceback`, and no messages.
- tau2-bench (sierra-research/tau2-bench, `src/tau2/data_model/simulation.py` and `message.py`): one object
  `{timestamp, info, tasks[], simulations[]}`; each simulation has an id of its own, times, `termination_reason`,
  `reward_info` and messages with `timestamp`, `usage`, `cost`, and tool calls by the agent or by the user
  (`requestor`). A tool message says `error: true`; several results of one turn may stand in `tool_messages`. Its times
  are local times without a zone.

One simulation or element is one run. In tau-bench it has no id: it is named after file, task and trial. The `end`
event carries reward, info and everything else that the record says of itself; its status tells whether the run came
to its end, not whether it was rewarded: a reward of 0 is no failure of the run.

A simulation of tau2 begins with a `start` event at its `start_time`. Some models of it give all their tool calls one
id: such calls and results pair by their order only.

Tested on real files of tau-bench and of tau2-bench's leaderboard. Not read: the audio `ticks` of tau2's voice mode and
the `tasks` of its header, which are what was to be done and not what was done.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading
from auditrail.readers._conversation import Run, Telling, of_run
from auditrail.readers._scope import NOWHERE, Origin

NAME = "tau-bench"
TITLE = "tau-bench and tau2-bench results (agent, simulated user, tools)"
LAYER = "agent"
TESTED_ON = "real files of tau-bench (gpt-4o, airline, 20 runs) and of tau2-bench (gpt-oss-120b, airline, in parts)"
NEVER_RECORDS = "When anything happened (tau-bench); what the simulated user's model was asked; retried model requests."
IDS = ("run", "task", "tool_call", "response")
CAPTURES = {
    "time": "partly: tau2-bench only, local and without a zone; tau-bench has none, the order in the file is all",
    "run": "partly: tau2-bench has an id; in tau-bench a run is a task and a trial of one file",
    "parent": "never: no record names a cause; a result is paired with its call by the call's id",
    "call": "yes: unique inside a run only, the same ids recur in other runs",
    "arguments": "yes: as the model wrote them; a tool without parameters has `{}`",
    "results": "yes: the text that the tool answered",
    "model": "partly: tau2-bench names it once for the whole file, and in answers that are kept; tau-bench does not",
    "tokens": "partly: tau2-bench, where the provider told them",
    "decision": "never: the policy is a text in the system message",
    "errors": "partly: a failed tool by its text (tau-bench) or a flag (tau2-bench); a crashed run by its traceback",
    "end": "yes: a simulation is written when it has ended",
}
ARRAYS = ("simulations",)

_RESULT = frozenset({"task_id", "traj", "reward"})
_SIMULATION = frozenset({"task_id", "messages", "termination_reason"})
_WRAPPER = frozenset({"simulations", "info"})
_USER_MODEL = ("info", "user_info", "llm")
_ENDED = frozenset({"user_stop", "agent_stop"})


def sniff(head: Head) -> float:
    """0.95 for an element of either shape, or for the object around tau2's simulations."""
    records = [sample for sample in head.samples if isinstance(sample, dict)]
    for keys in [*records[:5], head.keys]:
        known = set(keys)
        if known >= _RESULT or known >= _SIMULATION or _is_wrapper(known):
            return 0.95
    # The tasks of a whole domain may fill the head.
    cut = not records and head.keys >= {"info", "tasks"}
    return 0.95 if cut and b'"agent_info"' in head.raw and b'"user_info"' in head.raw else 0.0


def _is_wrapper(keys: set[str]) -> bool:
    return keys >= _WRAPPER and bool(keys & {"tasks", "timestamp"})


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """The messages of one run in their order, then its end."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a result of tau-bench is a JSON object")
    fields = gateway.Fields(value)
    ids: list[Id] = []
    # A task's number names it inside its domain only: it would tie the runs of all files.
    domain = gateway.member(record.header, "info", "environment_info", "domain_name")
    if gateway.is_text(domain) and value.get("task_id") is not None:
        id_text.add(ids, "task", f"{domain}/{value['task_id']}")
    run = Run(
        _name(value, record, origin),
        model=_text(record.header, "info", "agent_info", "llm"),
        more=tuple(ids),
    )
    if "traj" not in value and "messages" not in value:
        return [of_run(run, layer="agent", kind="log", name="unknown", rest=value)]
    key = "traj" if "traj" in value else "messages"
    telling = Telling(run, _is_failure if key == "traj" else None)
    began = times.parse(value.get("start_time"))
    events = [of_run(run, at=began, layer="agent", kind="start", name="simulation")] if began else []
    messages = fields.take(key)
    for message in messages if isinstance(messages, list) else [messages] if messages is not None else []:
        for each in _unpacked(message):
            by_user = isinstance(each, dict) and each.get("role") == "user" and each.get("tool_calls")
            told = telling.message(each, **({"model": _text(record.header, *_USER_MODEL)} if by_user else {}))
            events += _answered(told, each)
    events.append(_end(fields, run))
    return events


def _name(value: dict[str, Any], record: Record, origin: Origin) -> str:
    own = value.get("id")
    if isinstance(own, str) and len(own) >= 8 and (text := id_text.normalise("run", own)):
        return text
    trial = value.get("trial")
    task = f"task-{value['task_id']}" if isinstance(value.get("task_id"), (str, int)) else None
    return origin.run_of(record, task, f"trial-{trial}" if isinstance(trial, (str, int)) else None)


def _unpacked(message: Any) -> list[Any]:
    """tau2 puts the results of several calls of one turn into one message; the `id` of a result is its call's."""
    if not isinstance(message, dict) or message.get("role") != "tool":
        return [message]
    several = message.get("tool_messages")
    return [
        {"tool_call_id": each["id"], **{key: item for key, item in each.items() if key != "id"}}
        if isinstance(each, dict) and "id" in each and "tool_call_id" not in each
        else each
        for each in (several if isinstance(several, list) and several else [message])
    ]


def _answered(told: list[Event], message: Any) -> list[Event]:
    """The events of a model's message with what the provider's answer (`raw_data`) says: its id and its model."""
    raw = message.get("raw_data") if isinstance(message, dict) else None
    if not isinstance(raw, dict) or not told or told[0].layer != "llm":
        return told
    model = raw.get("model")
    answered: list[Id] = []
    if isinstance(raw.get("id"), str) and len(raw["id"]) >= 8:
        id_text.add(answered, "response", raw["id"])
    return [
        event._replace(ids=(*event.ids, *answered), model=model if gateway.is_text(model) else event.model)
        if event.layer == "llm"
        else event
        for event in told
    ]


def _end(fields: gateway.Fields, run: Run) -> Event:
    at = fields.moment("end_time", "timestamp")
    reason = fields.get("termination_reason")
    info = fields.get("info")
    error = info.get("error") if isinstance(info, dict) else None
    status = "unknown"
    if gateway.is_text(error):
        status = "error"
    elif gateway.is_text(reason):
        status = "ok" if reason in _ENDED else "error"
    elif fields.has("reward"):
        status = "ok"
    failure = str(error) if gateway.is_text(error) else str(reason) if status == "error" else None
    made = of_run(run, at=at, layer="agent", kind="end", name="simulation", status=status, error=failure)
    return made._replace(attributes=fields.attributes())


def _is_failure(content: Any) -> bool:
    return isinstance(content, str) and content.lstrip().startswith("Error")


def _text(value: Any, *path: str) -> str | None:
    found = gateway.member(value, *path)
    return found if gateway.is_text(found) else None
