"""CrewAI: events of its bus, written down by a listener or by its tracing, and the task log of a crew.

Facts read in crewai 1.15.30 (`events/base_events.py`, `events/types/*.py`, `events/event_bus.py`,
`events/listeners/tracing/types.py`):

- Every event has `timestamp, type, source_fingerprint, source_type, fingerprint_metadata`, and in newer releases
  `task_id, agent_id, agent_role, event_id, parent_event_id, previous_event_id, triggered_by_event_id,
  started_event_id, emission_sequence`. The tracing's own form keeps the other members in `event_data`.
- `parent_event_id` is the event that opened the surrounding scope; `started_event_id` names, on the event that closes
  a scope, the one that opened it. So a tool's start and end share an id although no tool call id is written.
- `emission_sequence` counts the events of one context from 1, and goes on where a checkpoint is resumed (`seq`).
- A crew's guardrails validate its output: `llm_guardrail_completed {success, result, error}`. Hooks that let through,
  change or abort say so in `hook_dispatched {interception_point, outcome, abort_reason, abort_source}`.

No event names its run. The run is the outermost event that opened a scope (a kickoff, or a flow of one's own); the
`Assembler` follows the parents up to it, over a window of records, as handlers write from several threads. Where a
parent is missing, the event has no run; the source is its session, so it joins a run only if there is just one.
Events of older releases have no ids: there the whole source is one run, and tools pair by name and order only.

An answer's `response` may hold tool calls; what it holds after a native tool call in older releases is the result.
A crew's `output_log_file` as JSON (`utilities/file_handler.py`) is an array of `{timestamp, task_name, task, agent,
status: started | completed, output}` with local times, to which each kickoff adds: the file is the run. The same log
as text: `crewai_text`.

Not read: checkpoints (`event_record` graphs) and the console output. Tested on events that CrewAI itself emitted with
an invented model: a tool, a tool that fails and is tried again, a guardrail that refuses once.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _chat as chat
from auditrail.readers import _steps as steps
from auditrail.readers._contract import Reading
from auditrail.readers._gateway import Fields, member
from auditrail.readers._scope import NOWHERE, Origin

NAME = "crewai"
TITLE = "CrewAI event bus (events as JSON, or as its tracing has them) and the task log of a crew"
LAYER = "agent"
TESTED_ON = "real files of crewai 1.15.30, written by its own code for the test with an invented model"
NEVER_RECORDS = "The ids of tool calls that a model gave, and events that no listener was registered for."
IDS = ("run", "session", "span", "parent_span", "linked_span", "task", "tool_call", "request", "response", "other")
CAPTURES = {
    "time": "yes: of every event",
    "run": "partly: by following parents up to the kickoff; releases without event ids name none",
    "parent": "partly: parent_event_id, in newer releases",
    "call": "partly: the id of the event that began the call, in newer releases",
    "arguments": "yes: tool_args, as an object or as text",
    "results": "yes: output",
    "model": "yes: on model calls",
    "tokens": "partly: usage on completed model calls, in newer releases",
    "decision": "partly: guardrails on outputs, hooks, human feedback in flows",
    "errors": "yes: error texts; tracebacks are not kept",
    "end": "yes: crew and flow events of kickoff, completed or failed",
}

_IDS = {"event_id", "emission_sequence"}
_SOURCE = {"source_fingerprint", "source_type", "fingerprint_metadata"}
_CALLS = ("tool_usage_started", "mcp_tool_execution_started")
_RESULTS = ("tool_usage_finished", "mcp_tool_execution_completed")
_TOOL_ERRORS = ("tool_usage_error", "tool_execution_error", "tool_validate_input_error", "tool_selection_error",
                "mcp_tool_execution_failed")  # fmt: skip
_RUN_TYPES = ("crew_kickoff_", "flow_", "lite_agent_execution_", "agent_execution_")
_STARTS = ("_started",)
_DONE = ("_completed", "_finished")
_FAILED = ("_failed", "_error")
_OUTCOMES = {"proceeded": "allow", "modified": "modify", "aborted": "deny"}
# An entry of a crew's `output_log_file` (`crewai/utilities/file_handler.py`).
_TASK = frozenset({"timestamp", "task_name", "task", "agent", "status"})
_TASK_STATES = {"started": "unknown", "completed": "ok"}
_NOTE = "auditrail.root"
# Threads that write events overtake each other by some records; ids are remembered longer than any scope is open.
_WINDOW, _WINDOW_BYTES, _KNOWN = 256, 16 << 20, 200_000
_DEEPEST = 1000


def sniff(head: Head) -> float:
    """0.95 for an event with the bus's ids, or with the three members that name its source."""
    for sample in head.samples:
        if isinstance(sample, dict) and isinstance(sample.get("type"), str) and "timestamp" in sample:
            if sample.keys() >= _IDS and ("event_data" in sample or "parent_event_id" in sample):
                return 0.95
            if sample.keys() >= _SOURCE:
                return 0.95
        if isinstance(sample, dict) and _is_task(sample):
            return 0.9
    return 0.0


def _is_task(value: dict[str, Any]) -> bool:
    return value.keys() >= _TASK and value.keys() <= _TASK | {"output"} and str(value["status"]) in _TASK_STATES


class _Links(NamedTuple):
    """An event's id, the event above it (itself where it opens an outermost scope), and the one that it closes."""

    id: str | None = None
    above: str | None = None
    closes: str | None = None
    task: str | None = None


class Assembler:
    """Notes on each event the outermost event above it: its run."""

    def __init__(self) -> None:
        self._held: deque[tuple[Record, _Links]] = deque()
        self._bytes = 0
        self._above: OrderedDict[str, str] = OrderedDict()
        self._tasks: OrderedDict[str, str] = OrderedDict()

    def feed(self, record: Record) -> list[Record]:
        links = _links(record)
        if links.id is not None and links.above is not None:
            _remember(self._above, links.id, links.above)
            if links.closes is not None and links.closes not in self._above and links.closes != links.above:
                _remember(self._above, links.closes, links.above)  # the end of a scope tells where its start stood
            if links.task is not None:
                _remember(self._tasks, links.task, links.id)
        self._held.append((record, links))
        self._bytes += len(record.raw)
        out = []
        while len(self._held) > _WINDOW or self._bytes > _WINDOW_BYTES:
            out.append(self._let_go())
        return out

    def flush(self) -> list[Record]:
        return [self._let_go() for _ in range(len(self._held))]

    def _let_go(self) -> Record:
        record, links = self._held.popleft()
        self._bytes -= len(record.raw)
        root = self._root(links.above) or self._root(self._tasks.get(links.task or ""))
        return record._replace(header={**(record.header or {}), _NOTE: root}) if root is not None else record

    def _root(self, event_id: str | None) -> str | None:
        """The outermost event above an event, None where the way up breaks off or goes in a ring."""
        for _ in range(_DEEPEST):
            above = self._above.get(event_id) if event_id is not None else None
            if above is None or above == event_id:
                return above
            event_id = above
        return None


def _remember(known: OrderedDict[str, str], key: str, value: str) -> None:
    known[key] = value
    if len(known) > _KNOWN:
        known.popitem(last=False)


def _links(record: Record) -> _Links:
    if record.defect is not None or b"event_id" not in record.raw:
        return _Links()
    try:
        value = jsontext.parse(record.raw)[0]
    except RecordError:
        return _Links()
    if not isinstance(value, dict):
        return _Links()
    data = value.get("event_data")
    event_id, parent = steps.text(value.get("event_id")), steps.text(value.get("parent_event_id"))
    closes = steps.text(value.get("started_event_id")) or steps.text(member(data, "started_event_id"))
    task = steps.text(value.get("task_id")) or steps.text(member(data, "task_id"))
    outermost = event_id if _opens(value.get("type")) else None
    return _Links(event_id, parent or closes or outermost, closes, task)


def _opens(kind: Any) -> bool:
    return isinstance(kind, str) and kind.endswith(_STARTS)


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """One event of the bus."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an event is a JSON object")
    if _is_task(value):
        return [task_of(value, origin)]
    data = value.get("event_data")
    merged = (
        {**data, **{key: item for key, item in value.items() if key != "event_data" and item is not None}}
        if (isinstance(data, dict))
        else value
    )
    fields = Fields(merged)
    kind = fields.text("type") or "event"
    root = (record.header or {}).get(_NOTE)
    events = _events(kind, merged, _base(kind, merged, fields, root, origin), fields)
    events[0] = events[0]._replace(attributes=_joined(events[0].attributes, fields.attributes()))
    event_id = steps.text(value.get("event_id"))
    return steps.keyed(events, f"crewai:{event_id}" if event_id else None)


def task_of(value: dict[str, Any], origin: Origin) -> Event:
    """That a task began, or is done; no entry names its run, so the file is it."""
    fields = Fields(value)
    made = steps.base(fields.moment("timestamp"), ("run", origin.run()), layer="agent", kind="log",
                      name=fields.text("task_name") or "task", agent=fields.text("agent"),
                      status=_TASK_STATES[str(value["status"])])  # fmt: skip
    made = steps.with_args(made, fields.take("task"))
    made = steps.with_result(made, fields.take("output"), given="output" in value)
    return made._replace(attributes=fields.attributes())


def _base(kind: str, value: dict[str, Any], fields: Fields, root: Any, origin: Origin) -> Event:
    moment = fields.moment("timestamp")
    opened = steps.text(value.get("started_event_id"))
    run = root if isinstance(root, str) else None if "event_id" in value else origin.run()
    members = {"task_id": "task", "parent_event_id": "parent_span", "triggered_by_event_id": "linked_span"}
    ids = [("run", run), ("session", origin.run()), *steps.take_ids(fields, members)]
    if opened is not None or _opens(kind):
        ids.append(("span", opened or value.get("event_id")))
    if not _opens(kind):
        ids.append(("other", value.get("event_id")))
    for name in ("event_id", "started_event_id"):
        if steps.text(value.get(name)) or value.get(name) is None:
            fields.take(name)
    seq = fields.count("emission_sequence")
    return steps.base(moment, *ids, name=kind, agent=fields.text("agent_role"), model=fields.text("model"),
                      seq_kind="crewai.emission_sequence" if seq is not None else None, seq=seq)  # fmt: skip


def _events(kind: str, value: dict[str, Any], base: Event, fields: Fields) -> list[Event]:
    if kind.startswith(("tool_", "mcp_tool_")):
        return [_tool(kind, value, base, fields)]
    if kind.startswith(("llm_guardrail_", "human_feedback_")) or kind == "hook_dispatched":
        return [_decision(kind, base, fields)]
    if kind.startswith("llm_"):
        return _model(kind, value, base, fields)
    outermost = value.get("parent_event_id") is None and kind.startswith(_RUN_TYPES)
    made = base._replace(layer="agent", kind="log")
    if outermost and _opens(kind):
        return [steps.with_args(made, fields.take("inputs"), given="inputs" in value)._replace(kind="start")]
    failed = kind.endswith(_FAILED)
    if failed:
        made = made._replace(kind="error", status="error", error=jsontext.content(fields.take("error")))
    if kind.endswith(_DONE):
        name = next((name for name in ("output", "result") if name in value), "output")
        made = steps.with_result(made, fields.take(name), given=name in value)
    if outermost and (failed or kind.endswith(_DONE)):
        made = made._replace(kind="end", status="error" if failed else "ok")
    return [made]


def _tool(kind: str, value: dict[str, Any], base: Event, fields: Fields) -> Event:
    made = base._replace(layer="tool", kind="log", tool=fields.text("tool_name"))
    if kind in (*_CALLS, *_RESULTS, *_TOOL_ERRORS):
        began = value.get("event_id") if kind in _CALLS else value.get("started_event_id")
        made = steps.with_ids(made, ("tool_call", began))
    made = steps.with_args(made, fields.take("tool_args"), given="tool_args" in value)
    if kind in _CALLS:
        return made._replace(kind="call")
    if kind in _RESULTS:
        name = "output" if "output" in value else "result"
        failure = value.get("failure")
        made = steps.with_result(made, fields.take(name), given=name in value)
        error = steps.text(member(failure, "message"))
        return made._replace(kind="result", status="error" if failure else "ok", error=error)
    failure = steps.text(member(value.get("failure"), "message"))
    if kind in _TOOL_ERRORS or "error" in value:
        return made._replace(kind="error", status="error", error=jsontext.content(fields.take("error")))
    return made._replace(status="error" if failure else "unknown", error=failure)


def _decision(kind: str, base: Event, fields: Fields) -> Event:
    made = base._replace(layer="policy", kind="decision")
    if kind == "hook_dispatched":
        outcome = fields.text("outcome")
        decision = _OUTCOMES.get(outcome or "")
        if decision is None and outcome:
            fields.put("outcome", outcome)
        made = made._replace(policy=fields.text("interception_point"), rule=fields.text("abort_source"),
                             error=fields.text("abort_reason"), decision=decision)  # fmt: skip
    elif kind.startswith("human_feedback_"):
        asked = kind.endswith("_requested")
        words = [fields.get(name) for name in ("outcome", "feedback")]
        answers = [steps.ANSWERS.get(word.strip().lower()) for word in words if isinstance(word, str)]
        made = steps.with_ids(made, *steps.take_ids(fields, {"request_id": "request"}))
        made = made._replace(decision="ask" if asked else next(filter(None, answers), None), policy="human_feedback")
    else:
        made = made._replace(policy=fields.text("guardrail_name", "guardrail_type"))
        success = fields.get("success")
        if not isinstance(success, bool):
            return made._replace(kind="log")
        fields.take("success")
        made = made._replace(decision="allow" if success else "deny", error=fields.text("error"))
        made = steps.with_result(made, fields.take("result"))
    return made._replace(status={"deny": "denied", "allow": "ok", "modify": "ok"}.get(made.decision or "", "unknown"))


def _model(kind: str, value: dict[str, Any], base: Event, fields: Fields) -> list[Event]:
    made = base._replace(layer="llm", kind="log")
    made = steps.with_ids(made, *steps.take_ids(fields, {"call_id": "request", "response_id": "response"}))
    if kind in ("llm_call_started", "llm_call_completed", "llm_call_failed"):
        made = steps.with_args(made, fields.take("messages"), given="messages" in value)
    if kind == "llm_call_started":
        return [made._replace(kind="start")]
    if kind == "llm_call_failed":
        return [made._replace(kind="error", status="error", error=jsontext.content(fields.take("error")))]
    if kind != "llm_call_completed":
        return [made]
    response = fields.take("response")
    said = steps.message(made, "assistant", response)._replace(name=kind, status="ok")
    said = steps.with_usage(said, value.get("usage"), ("prompt_tokens", "input_tokens"),
                            ("completion_tokens", "output_tokens"))  # fmt: skip
    calls = list(chat.calls_of_message({"tool_calls": response})) if isinstance(response, list) else []
    span = next((an_id.value for an_id in said.ids if an_id.kind == "span"), None)
    return [said, *chat.call_events(calls, said, span)]


def _joined(own: str | None, rest: str | None) -> str | None:
    return f"{own[:-1]},{rest[1:]}" if own and rest else own or rest
