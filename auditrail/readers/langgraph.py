"""LangGraph and LangChain streams written down: `astream_events` (v1 and v2), and the stream modes of a graph.

Facts read in langchain-core 1.8.3 (`runnables/schema.py`, `tracers/event_stream.py`) and langgraph 1.2.24:

- Stream events: `{event: on_<type>_<start|stream|end|error>, name, run_id, parent_ids[], tags, metadata {thread_id,
  langgraph_node, langgraph_step, checkpoint_ns}, data {input | output | chunk | error}}`. `run_id` is that of one
  runnable: a span. `parent_ids` goes from the root to the immediate parent, so its first names the run; v1 leaves it
  empty everywhere. A record of v1 that stands inside a graph (node in metadata, `seq:step` tags) has no run then.
- Mode `debug`: `{step, timestamp, type: task | task_result | checkpoint, payload}`; modes `tasks` and `checkpoints`
  write the payloads alone; mode `updates` writes `{<node>: <update of the state>}`, and `__interrupt__` for questions.
- The end of a tool run holds the ToolMessage with the model's tool call id, its start does not: start and end are one
  span. Calls that a model asked for stand in its message (`_langchain`).

Stream events and updates have no time, so they stand in the order of the file. Where records name no run (modes of a
stream), the source is one run. Chunks are `log` events: their sum stands in the end event. A question to a person
(`interrupt`) is a policy decision `ask`; the answer comes as input of the next run and is not recognised.

Not read: mode `values` and `messages`, and lists `[mode, chunk]` of several modes at once; the stores of
checkpointers. Tested on records that the libraries wrote with an invented model, by their fields and by `dumpd`.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _langchain as langchain
from auditrail.readers import _steps as steps
from auditrail.readers._contract import Reading
from auditrail.readers._gateway import Fields, member
from auditrail.readers._scope import NOWHERE, Origin

NAME = "langgraph"
TITLE = "LangGraph and LangChain streams (astream_events v1 and v2; modes debug, tasks, checkpoints, updates)"
LAYER = "agent"
TESTED_ON = "real files of langgraph 1.2.24 and langchain-core 1.8.3, written by their own code for the test"
NEVER_RECORDS = "Times (but in mode debug), and what no consumer of the stream wrote down."
IDS = ("run", "span", "parent_span", "conversation", "message", "tool_call", "decision", "task", "user", "other")
CAPTURES = {
    "time": "partly: only mode debug; stream events have none",
    "run": "partly: v2 by its root run; v1 and the stream modes name none",
    "parent": "partly: v2 only",
    "call": "partly: in the model's message and the end of a tool, not at its start",
    "arguments": "yes: of tools and of calls asked for",
    "results": "yes: unless version v1 dropped a failed one",
    "model": "partly: response_metadata, where the model gives it",
    "tokens": "partly: usage_metadata, where the model gives it",
    "decision": "partly: interrupts are questions; answers are input of the next run",
    "errors": "partly: v2 has on_tool_error; other failures end the stream without a record",
    "end": "partly: on_chain_end of the root; a failed run has none",
}

_EVENT = re.compile(r"on_(?P<type>[a-z_]+?)_(?P<phase>start|stream|end|error)\Z|on_custom_event\Z")
_CUT = re.compile(rb'\s*\{\s*"event": ?"on_(?:chain|chat_model|llm|tool)_(?:start|stream|end|error)",')
_TYPES = ("chat_model", "llm", "chain", "tool", "retriever", "prompt", "parser")
_NESTED = re.compile(r"(?:seq|graph|map|branch|condition|llm|parse)[:_](?:step|key)?:?")
_DEBUG = ("task", "task_result", "checkpoint")
_TASK = frozenset({"id", "name", "input", "triggers"})
_TASK_RESULT = frozenset({"id", "name", "result", "interrupts"})
_CHECKPOINT = frozenset({"config", "values", "metadata", "next", "tasks"})


def sniff(head: Head) -> float:
    """0.95 for a stream event or a record of mode debug, 0.9 for a task or checkpoint, 0.8 for an update."""
    scores = [_score(sample) for sample in head.samples if isinstance(sample, dict)]
    if not head.samples and _CUT.match(head.raw):  # a first record larger than the look
        return 0.95
    return max(scores, default=0.0)


def _score(value: dict[str, Any]) -> float:
    if _is_event(value):
        return 0.95
    if value.get("type") in _DEBUG and isinstance(value.get("payload"), dict) and "step" in value:
        return 0.95
    if _is_task(value) or value.keys() >= _CHECKPOINT:
        return 0.9
    return 0.8 if _is_update(value) else 0.0


def _is_event(value: dict[str, Any]) -> bool:
    name = value.get("event")
    match = _EVENT.match(name) if isinstance(name, str) else None
    known = match is not None and (match["type"] is None or match["type"] in _TYPES)
    return known and "run_id" in value and ("data" in value or "metadata" in value)


def _is_task(value: dict[str, Any]) -> bool:
    return value.keys() == _TASK or (value.keys() >= _TASK_RESULT and value.keys() <= _TASK_RESULT | {"error"})


def _is_update(value: dict[str, Any]) -> bool:
    if "__interrupt__" in value:
        return isinstance(value["__interrupt__"], list)
    return 0 < len(value) <= 8 and all(
        isinstance(update, dict) and any(map(_is_full, langchain.messages_in(update))) for update in value.values()
    )


def _is_full(message: dict[str, Any]) -> bool:
    return "additional_kwargs" in message and "response_metadata" in message


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """One record of a stream."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a record of a stream is a JSON object")
    if isinstance(value.get("event"), str) and ("run_id" in value or "data" in value):
        return _stream_event(value)
    fields = Fields(value)
    run = ("run", origin.run())
    if value.get("type") in _DEBUG and isinstance(value.get("payload"), dict):
        base = steps.base(fields.moment("timestamp"), run)
        events = _payload(value["payload"], base)
        fields.take("payload")
        fields.take("type")
        events[0] = _joined(events[0], fields)
        return events
    base = steps.base(None, run)
    if _is_task(value) or value.keys() >= _CHECKPOINT:
        return _payload(value, base)
    if _is_update(value):
        return _update(value, base)
    return [steps.with_rest(base._replace(layer="agent", kind="log", name="record"), value)]


def _joined(event: Event, fields: Fields) -> Event:
    own, rest = event.attributes, fields.attributes()
    return event._replace(attributes=f"{own[:-1]},{rest[1:]}" if own and rest else own or rest)


def _stream_event(value: dict[str, Any]) -> list[Event]:
    fields = Fields(value)
    metadata = value.get("metadata") if isinstance(value.get("metadata"), dict) else {}
    parents = value.get("parent_ids")
    parents = [parent for parent in parents if isinstance(parent, str)] if isinstance(parents, list) else []
    root = not parents and not _is_nested(value, metadata)
    run_id = value.get("run_id")
    name = fields.text("name")
    base = steps.base(
        None,
        ("run", parents[0] if parents else run_id if root else None),
        *steps.take_ids(fields, {"run_id": "span"}),
        ("parent_span", parents[-1] if parents else None),
        ("conversation", member(metadata, "thread_id")),
        ("user", member(metadata, "user_id")),
        agent=steps.text(member(metadata, "lc_agent_name"))
        or (name if root and value["event"].startswith("on_chain_") else None),
        name=name,
    )
    match = _EVENT.match(value["event"])
    kind, phase = (match["type"], match["phase"]) if match else (None, None)
    data = value.get("data")
    events = _told(kind, phase, root, base, data, fields)
    if kind is None or phase == "stream":
        fields.put("event", value["event"])
    else:
        fields.take("event")
    events[0] = _joined(events[0], fields)
    return events


def _is_nested(value: dict[str, Any], metadata: Any) -> bool:
    """Whether a record without parents stands inside a graph or a sequence: version v1 leaves the parents out."""
    tags = value.get("tags")
    marked = any(isinstance(tag, str) and _NESTED.match(tag) for tag in tags) if isinstance(tags, list) else False
    return marked or member(metadata, "langgraph_node") is not None


def _told(kind: str | None, phase: str | None, root: bool, base: Event, data: Any, fields: Fields) -> list[Event]:
    layer = {"chat_model": "llm", "llm": "llm", "tool": "tool", "retriever": "tool"}.get(kind or "", "agent")
    made = base._replace(layer=layer, kind="log")
    if phase in (None, "stream") or kind not in _TYPES:
        return [made]
    inside = Fields(data) if isinstance(data, dict) else Fields({})
    if isinstance(data, dict):
        fields.take("data")
    if phase == "error":
        made = _given(made, inside, "input")
        error = inside.text("error") or steps.text(member(inside.get("error"), "repr"))
        made = steps.with_ids(made, *steps.take_ids(inside, {"tool_call_id": "tool_call"}))
        events = [made._replace(kind="error", status="error", error=error, tool=made.name if layer == "tool" else None)]
    elif layer == "tool":
        events = [_tool(made, phase, inside)]
    elif layer == "llm":
        events = _model(made, phase, inside)
    elif phase == "start":
        events = [_given(made, inside, "input")._replace(kind="start" if root and kind == "chain" else "log")]
    else:
        ended = root and kind == "chain"
        made = _given(made, inside, "input")
        outcome = inside.take("output")
        made = steps.with_result(made, outcome, given=isinstance(data, dict) and "output" in data)
        events = [made._replace(kind="end" if ended else "log", status="ok" if ended else "unknown")]
    rest = {key: inside.get(key) for key in (data if isinstance(data, dict) else ()) if inside.has(key)}
    if rest:
        fields.put("data", rest)
    return events


def _given(made: Event, inside: Fields, name: str) -> Event:
    given = inside.has(name)
    return steps.with_args(made, inside.take(name), given=given)


def _tool(made: Event, phase: str, inside: Fields) -> Event:
    made = made._replace(tool=made.name, kind="call" if phase == "start" else "result")
    made = _given(made, inside, "input")
    if phase == "start":
        return made
    given, outcome = inside.has("output"), inside.take("output")
    told = next((item for item in langchain.messages_in(_of_command(outcome)) if item["type"] == "tool"), None)
    if told is None:
        return steps.with_result(made, outcome, given=given)
    answer = langchain.result_of(told, made)
    if outcome is not told and not langchain.is_message(outcome):  # a command: more than the message
        answer = steps.with_result(answer, outcome)
    return answer._replace(name=made.name, tool=made.name or answer.tool)


def _of_command(outcome: Any) -> Any:
    """What a tool's Command changes in the state, where it returned one instead of a message."""
    update = member(outcome, "update")
    return update if isinstance(update, (dict, list)) else outcome


def _model(made: Event, phase: str, inside: Fields) -> list[Event]:
    made = _given(made, inside, "input")
    if phase == "start":
        return [made._replace(kind="start")]
    given, outcome = inside.has("output"), inside.take("output")
    messages = langchain.messages_in(_generated(outcome))
    answer = next((message for message in messages if message["type"] == "ai"), None)
    if answer is None:
        return [steps.with_result(made, outcome, given=given)._replace(kind="message", status="ok")]
    first, *calls = langchain.events_of(answer, steps.without_ids(made, "span", "parent_span"))
    kept = first._replace(name=made.name, args=made.args, args_state=made.args_state, status="ok",
                          ids=made.ids + tuple(an_id for an_id in first.ids if an_id not in made.ids))  # fmt: skip
    span = next((an_id.value for an_id in made.ids if an_id.kind == "span"), None)
    return [kept, *(steps.with_ids(call, ("parent_span", span)) for call in calls)]


def _generated(outcome: Any) -> Any:
    """The message of a model's output; version v1 wraps it in `generations`."""
    generations = member(outcome, "generations")
    while isinstance(generations, list) and generations:
        generations = generations[0]
    inner = member(generations, "message")
    return inner if inner is not None else outcome


def _payload(payload: dict[str, Any], base: Event) -> list[Event]:
    """A task, the result of one, or a checkpoint."""
    fields = Fields(payload)
    made = base._replace(layer="agent", kind="log")
    if "config" in payload:
        where = member(payload, "config", "configurable")
        made = steps.with_ids(
            made, ("conversation", member(where, "thread_id")), ("other", member(where, "checkpoint_id"))
        )
        return [made._replace(name="checkpoint", attributes=fields.attributes())]
    node = fields.text("name")
    made = steps.with_ids(made._replace(name=node), *steps.take_ids(fields, {"id": "task"}))
    if "result" not in payload and "error" not in payload:
        return [_given(made, fields, "input")._replace(attributes=fields.attributes())]
    outcome = payload.get("result")
    asked = fields.take("interrupts")
    error = fields.text("error")
    first = steps.with_result(made, fields.take("result"), given="result" in payload)
    if error is not None:
        first = first._replace(kind="error", status="error", error=error)
    first = first._replace(attributes=fields.attributes())
    spoken = [event for message in _new(outcome) for event in langchain.events_of(message, made._replace(name=None))]
    return [first, *spoken, *_asks(asked, made)]


def _new(outcome: Any) -> list[dict[str, Any]]:
    """The messages in a task's result: an update of the state, or (older) pairs of channel and value."""
    if isinstance(outcome, list) and not any(map(langchain.is_message, outcome)):
        pairs = [pair for pair in outcome if isinstance(pair, list) and len(pair) == 2]
        return [message for _, written in pairs for message in langchain.messages_in(written)]
    return langchain.messages_in(outcome)


def _update(value: dict[str, Any], base: Event) -> list[Event]:
    events: list[Event] = []
    for node, update in value.items():
        if node == "__interrupt__":
            events += _asks(update, base)
            continue
        made = steps.with_result(base._replace(layer="agent", kind="log", name=node), update)
        events.append(made)
        events += [event for message in langchain.messages_in(update) for event in langchain.events_of(message, base)]
    return events or [steps.with_rest(base._replace(layer="agent", kind="log", name="record"), value)]


def _asks(interrupts: Any, base: Event) -> list[Event]:
    events = []
    for asked in interrupts if isinstance(interrupts, list) else []:
        question = asked.get("value") if isinstance(asked, dict) else asked
        wanted = steps.objects(member(question, "action_requests"))
        made = base._replace(layer="policy", kind="decision", name="interrupt", decision="ask")
        made = steps.with_ids(made, ("decision", member(asked, "id")))
        made = made._replace(tool=steps.text(wanted[0].get("name")) if len(wanted) == 1 else None)
        events.append(steps.with_args(made, question))
    return events
