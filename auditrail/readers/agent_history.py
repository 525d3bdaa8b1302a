"""Histories of several agents that talk to each other: Who&When and Magentic-One, and logs like theirs.

A record is one run, with a list of entries under `history`, `messages`, `chat_history`, `conversation` or `steps`, and
each entry says who speaks: by `name` beside a role, or by `agent`, `sender`, `speaker`, `source`, or by a `role` that
is itself an agent's name: `WebSurfer`, `Orchestrator (thought)`, `Orchestrator (-> WebSurfer)` (Magentic-One: the part
in brackets is what it does, or whom it speaks to).

- AutoGen 0.2 (`ChatResult`): `chat_history`, `summary`, `cost`, `human_input`; several results of tools stand in
  `tool_responses` of one entry.
- MAST (multi-agent-systems-failure-taxonomy): `mas_name`, `llm_name`, `benchmark_name`, `trace_id`, `trace` (a text, or
  `{trajectory: text}`) and annotations of the run: the text stands in one event as it is.
- Who&When (ag2ai/Agents_Failure_Attribution): `question`, `ground_truth`, `is_correct` (also `is_corrected`),
  `mistake_agent`, `mistake_step`, `mistake_reason`, `system_prompt` by agent. The `mistake_*` members are notes of a
  person who read the run later: they stand on the `end` event as they are, and decide nothing.

What AutoGen's code executor answers (`exitcode: 0 (execution succeeded)`) is a result of layer tool; its call is only
in the words of the entry before. An entry of a person (`human`, `user`, `user_proxy` without a name) is a message of
layer agent; of an agent, of layer llm: what it says came from its model, or from a tool that it stands for, which the
format does not tell apart. There is most often no time: the order in the file is the order.

AutoGen's own messages, which have types and tool calls, are read by `autogen`.

Tested on real files of Who&When; the others after their documentation.

Not read: Magentic-One's own event log (`log.jsonl`); tables of annotations beyond what stands in a record.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading
from auditrail.readers._conversation import MODEL_ROLES, TOOL_ROLES, USER_ROLES, Run, Telling, of_run
from auditrail.readers._scope import NOWHERE, Origin

NAME = "agent-history"
TITLE = "History of several agents (Who&When, Magentic-One)"
LAYER = "agent"
TESTED_ON = "real files of Who&When: ten hand-crafted and ten algorithm-generated histories"
NEVER_RECORDS = "When anything happened, and which tool an agent used: an entry is what it said afterwards."
IDS = ("run", "tool_call", "message", "task")
CAPTURES = {
    "time": "partly: some histories have one; Who&When has none, the order in the file is all",
    "run": "partly: a record is a run; its question's id is a task that other runs share",
    "parent": "partly: Magentic-One names whom the orchestrator speaks to; nothing names a cause",
    "call": "never: an entry tells in words what its agent did",
    "arguments": "never: an entry tells in words what its agent did",
    "results": "partly: the text of an entry, and what a code executor answered",
    "model": "never: no entry names it",
    "tokens": "partly: where an entry has `models_usage`",
    "decision": "never: a judgement of a later reader is kept as an attribute",
    "errors": "partly: only where a result says so; a failed command is known by its text",
    "end": "partly: the history ends; nothing says why",
}

_LISTS = ("history", "messages", "chat_history", "conversation", "steps")
_SPEAKERS = ("agent", "agent_name", "sender", "speaker", "source", "name", "role")
_PEOPLE = frozenset({"human", "user", "user_proxy", "userproxy"})
_ROLE = re.compile(r"(?P<agent>[^()]{1,100}?)\s*\((?P<part>(?:->\s*)?[^()]{1,100})\)\s*\Z")
# AutoGen, ConversableAgent.generate_code_execution_reply.
_EXECUTED = re.compile(r"exitcode: (-?\d{1,6}) \(execution (?:succeeded|failed)\)")
_JUDGED = frozenset({"mistake_agent", "mistake_step", "mistake_reason"})
# AutoGen 0.2, `autogen/agentchat/chat.py` (ChatResult); its agents are most often called `user_proxy` and `assistant`.
_CHAT_RESULT = frozenset({"chat_history", "summary", "cost", "human_input"})
_OTHERS = frozenset({"trajectory", "traj", "simulations", "git_patch", "termination_reason", "eval", "epoch", "info"})


def sniff(head: Head) -> float:
    """0.95 for notes of a mistake beside a history; 0.65 for a list of entries of at least two named agents."""
    records = [sample for sample in head.samples if isinstance(sample, dict)]
    if any(record.keys() >= {"mistake_agent", "mistake_step"} and _listed(record) for record in records[:5]):
        return 0.95
    if any(_is_mast(record) for record in records[:5]):
        return 0.95
    if any(record.keys() >= _CHAT_RESULT and isinstance(record["chat_history"], list) for record in records[:5]):
        return 0.95
    if not records:
        return 0.9 if head.keys >= {"history", "question"} or head.keys >= _CHAT_RESULT or head.keys & _JUDGED else 0.0
    fitting = [record for record in records if not record.keys() & _OTHERS and len(_agents(record)) >= 2]
    return 0.65 if 2 * len(fitting) > len(records) else 0.0


def _is_mast(record: dict[str, Any]) -> bool:
    trace = record.get("trace")
    text = trace.get("trajectory") if isinstance(trace, dict) else trace
    return isinstance(record.get("mas_name"), str) and isinstance(text, str)


def _listed(record: dict[str, Any]) -> str | None:
    return next((name for name in _LISTS if isinstance(record.get(name), list) and record[name]), None)


def _agents(record: dict[str, Any]) -> set[str]:
    """Names of agents in the first entries; none if an entry is of another kind."""
    key = _listed(record)
    entries = record[key][:50] if key else []
    found = set()
    for entry in entries:
        if not isinstance(entry, dict) or not entry.keys() & {"content", "text", "message", "response", "value"}:
            return set()
        if {"action", "observation"} & entry.keys() or {"source", "type"} <= entry.keys():  # OpenHands, AutoGen
            return set()
        if str(entry.get("role")).lower() in TOOL_ROLES:
            continue
        if (agent := _speaker(entry)[0]) is not None:
            found.add(agent)
    return found


def _speaker(entry: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Agent, what the brackets of its role say, and the member that named it; None for people and bare roles."""
    for key in _SPEAKERS:
        text = entry.get(key)
        if not isinstance(text, str) or not text.strip() or len(text) > 200:
            continue
        bare = text.strip()
        # Roles of an API are in lower case; Magentic-One has an agent whose name is `Assistant`.
        if bare in MODEL_ROLES | TOOL_ROLES or bare.lower() in USER_ROLES | _PEOPLE:
            continue
        match = _ROLE.match(bare)
        return (match["agent"], match["part"], key) if match else (bare, None, key)
    return None, None, None


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """The entries in their order, then an end with everything else that the record says of the run."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a run of several agents is a JSON object")
    fields = gateway.Fields(value)
    if _is_mast(value):
        return _mast(value, fields, record, origin)
    key = _listed(value)
    run = Run(origin.run_of(record))
    if key is None:
        return [of_run(run, layer="agent", kind="log", name="unknown", rest=value)]
    telling = Telling(run)
    events: list[Event] = []
    for entry in fields.take(key):
        events += _entry(entry, telling)
    # The judgement is on the answer, not on whether the run came to its end.
    made = of_run(run, layer="agent", kind="end", name="history", status="unknown")
    return [*events, made._replace(attributes=fields.attributes())]


def _mast(value: dict[str, Any], fields: gateway.Fields, record: Record, origin: Origin) -> list[Event]:
    """The log of the run as one text: every framework writes its own, and their borders are not told."""
    system, number = fields.text("mas_name"), value.get("trace_id")
    run = Run(origin.run_of(record, system, number if isinstance(number, (str, int)) else None), agent=system)
    trace = fields.take("trace")
    rest = {"content": trace} if isinstance(trace, str) else {"content": trace["trajectory"], **trace}
    rest.pop("trajectory", None)
    told = of_run(run, layer="agent", kind="log", name="trace", rest=rest)
    made = of_run(run, layer="agent", kind="end", name="history", status="unknown")
    return [told, made._replace(attributes=fields.attributes())]


def _entry(entry: Any, telling: Telling) -> list[Event]:
    if not isinstance(entry, dict):
        return telling.message(entry)
    agent, part, key = _speaker(entry)
    role = str(entry.get("role", "")).strip().lower()
    if role in TOOL_ROLES:
        several = entry.get("tool_responses")
        answers = [each for each in several if isinstance(each, dict)] if isinstance(several, list) else []
        if not answers or len(answers) != len(several or ()):
            return telling.message(entry)
        # The text of the entry is that of its answers.
        return [event for each in answers for event in telling.message({"role": role, **each})]
    content = entry.get("content")
    if isinstance(content, str) and (match := _EXECUTED.match(content)):
        (made,) = telling.message(entry, role="tool")
        code = int(match[1])
        status, error = ("ok", None) if code == 0 else ("error", f"exit code {code}")
        return [made._replace(agent=agent, tool="code execution", name="code execution", status=status, error=error)]
    kept = {name: item for name, item in entry.items() if not (name == key and part is None and name == "name")}
    events = telling.message(kept)
    read, written = chat.usage_of({"usage": entry.get("models_usage")})
    by_agent = agent is not None
    # One side of a chat has the roles the wrong way round for the other: a name decides.
    named = str(entry.get("name", "")).strip().lower()
    by_model = by_agent or named in MODEL_ROLES or (role in MODEL_ROLES and named not in _PEOPLE)
    columns: dict[str, Any] = {"layer": "llm" if by_model else "agent", "agent": agent}
    person = next((entry[name] for name in _SPEAKERS if gateway.is_text(entry.get(name))), "message")
    columns["name"] = part or agent or str(person)[:100]
    columns["tokens_in"], columns["tokens_out"] = read, written
    return [events[0]._replace(**columns), *(event._replace(agent=agent) for event in events[1:])]
