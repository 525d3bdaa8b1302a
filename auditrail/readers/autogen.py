"""AutoGen 0.4 and later: events of autogen_core's event logger, AgentChat messages and events, results and states.

Facts read in autogen-core and autogen-agentchat 0.7.5 (`autogen_core/logging.py`, `autogen_agentchat/messages.py`,
`base/_task.py`, `state/_states.py`):

- The logger `autogen_core.events` writes one JSON object per message: `LLMCall {messages, response, prompt_tokens,
  completion_tokens, agent_id}`, `LLMStreamStart`, `LLMStreamEnd`, `ToolCall {tool_name, arguments, result, agent_id}`,
  `Message {payload, sender, receiver, kind, delivery_stage}`, `MessageDropped`, `MessageHandlerException`,
  `AgentConstructionException`. No time, no run, no id of a call; `agent_id` is `<type>/<key>`. A `ToolCall` is written
  after the tool returned: a tool that raised leaves none. `MessageDropped` is a loss that AutoGen itself reports.
- AgentChat dumps messages `{source, type, content, models_usage, metadata, id, created_at}` (the last two in newer
  releases): TextMessage, ToolCallRequestEvent (calls with ids), ToolCallExecutionEvent (results with `is_error`), ...
  A `TaskResult {messages[], stop_reason}` repeats the messages of a stream; copies are known by their ids.
- `save_state` of a team `{type: TeamState, agent_states}` holds the message thread, and each agent's model context.

What the columns say: the source is one run, since no record names one. The key of an agent id is the session: in a
team it is the team's own id, elsewhere what the application chose. Transport (`Message`) is `log`, not `message`: it
is written at sending and at each delivery. Tokens stand on the model's answer, also where that asks for tools.

Not read: the SQLite and file logs of AutoGen 0.2 (`runtime_logging`), model contexts inside a team's state (kept as
they stand). Tested on output that the libraries wrote with an invented model; text lines around it: `autogen_text`.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _chat as chat
from auditrail.readers import _steps as steps
from auditrail.readers._contract import Reading
from auditrail.readers._gateway import Fields, member
from auditrail.readers._scope import NOWHERE, Origin

NAME = "autogen"
TITLE = "AutoGen 0.4+ (autogen_core event log, AgentChat messages, results and states)"
LAYER = "agent"
TESTED_ON = "real files of autogen-core and autogen-agentchat 0.7.5, written by their own code with an invented model"
NEVER_RECORDS = "Which run a record belongs to; the event log has no times, no call ids and no failed tools either."
IDS = ("run", "session", "message", "tool_call", "response", "request")
CAPTURES = {
    "time": "partly: AgentChat messages of newer releases; the event log has none",
    "run": "never: the source counts as one run",
    "parent": "never: only the sender of a message",
    "call": "partly: AgentChat messages; the event log's ToolCall has none",
    "arguments": "yes: as an object in the event log, as JSON text in AgentChat",
    "results": "partly: the event log has none of a tool that raised",
    "model": "partly: in the response of an LLMCall, where the client logs it",
    "tokens": "yes: on model calls and models_usage",
    "decision": "never: interventions and approvals leave at most a MessageDropped",
    "errors": "partly: is_error of results, exceptions of handlers; model errors leave no record",
    "end": "partly: a TaskResult has a stop reason, the event log has no end",
}

_LLM = ("LLMCall", "LLMStreamStart", "LLMStreamEnd")
_TRANSPORT = ("Message", "MessageDropped")
_EXCEPTIONS = {"MessageHandlerException": "handling_agent", "AgentConstructionException": "agent_id"}
# What each event of the logger has besides its type: `Message` and `ToolCall` alone are anyone's words.
_SIGNS: dict[str, frozenset[str]] = {
    "LLMCall": frozenset({"messages", "response", "prompt_tokens"}),
    "LLMStreamStart": frozenset({"messages", "agent_id"}),
    "LLMStreamEnd": frozenset({"response", "prompt_tokens"}),
    "ToolCall": frozenset({"tool_name", "arguments", "result"}),
    "Message": frozenset({"payload", "sender", "receiver", "kind"}),
    "MessageDropped": frozenset({"payload", "sender", "receiver", "kind"}),
    "MessageHandlerException": frozenset({"payload", "handling_agent", "exception"}),
    "AgentConstructionException": frozenset({"agent_id", "exception"}),
}
_CHAT = frozenset({
    "TextMessage", "MultiModalMessage", "StopMessage", "HandoffMessage", "ToolCallSummaryMessage",
    "ToolCallRequestEvent", "ToolCallExecutionEvent", "ToolCallMessage", "ToolCallResultMessage",
    "UserInputRequestedEvent", "MemoryQueryEvent", "ModelClientStreamingChunkEvent", "ThoughtEvent",
    "SelectSpeakerEvent", "SelectorEvent", "CodeGenerationEvent", "CodeExecutionEvent", "StructuredMessage",
})  # fmt: skip
_ASKED = ("ToolCallRequestEvent", "ToolCallMessage")
_EXECUTED = ("ToolCallExecutionEvent", "ToolCallResultMessage")
_SPOKEN = ("TextMessage", "MultiModalMessage", "StructuredMessage", "ThoughtEvent", "CodeGenerationEvent",
           "StopMessage", "HandoffMessage")  # fmt: skip
_CUT = re.compile(rb'"type": ?"(?:TextMessage|ToolCall[A-Za-z]+|TeamState|ThoughtEvent)"')
_CONTEXT_TYPES = {"SystemMessage": "system", "UserMessage": "user", "AssistantMessage": "assistant"}
_RESULTS_TYPE = "FunctionExecutionResultMessage"


def sniff(head: Head) -> float:
    """0.95 for an event of the logger, a message of AgentChat, a result with such messages, or a team's state."""
    if any(_is_ours(sample) for sample in head.samples if isinstance(sample, dict)):
        return 0.95
    # A result or state larger than the look: its first members, and what only messages of AgentChat have.
    cut = not head.samples and bool(head.keys & {"messages", "agent_states"})
    return 0.9 if cut and b'"models_usage"' in head.raw and _CUT.search(head.raw) else 0.0


def _is_ours(value: dict[str, Any]) -> bool:
    if _is_core(value) or _is_chat(value):
        return True
    if isinstance(value.get("agent_states"), dict) and value.get("type") == "TeamState":
        return True
    if value.get("type") == "AssistantAgentState" and "llm_context" in value:
        return True
    messages = value.get("messages")
    return "stop_reason" in value and isinstance(messages, list) and any(map(_is_chat, messages[:20]))


def _is_core(value: Any) -> bool:
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind in _SIGNS and value.keys() >= _SIGNS[kind]


def _is_chat(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or "source" not in value:
        return False
    return value["type"].partition("[")[0] in _CHAT and ("models_usage" in value or "content" in value)


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:  # noqa: ARG001 - the contract's signature
    """One event, message, result or state."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an event or message is a JSON object")
    run = ("run", origin.run())
    if isinstance(states := value.get("agent_states"), dict):
        return _team(value, states, run)
    core = isinstance(value.get("type"), str) and value["type"] in _SIGNS
    if isinstance(value.get("messages"), list) and "stop_reason" in value and not core:
        return _result(value, run)
    if isinstance(member(value, "llm_context", "messages"), list):
        return _context(value, run)
    if core:
        return _core(value, run)
    return _chat_message(value, run)


def _core(value: dict[str, Any], run: tuple[str, str]) -> list[Event]:
    """One event of the logger `autogen_core.events`."""
    fields = Fields(value)
    kind = str(fields.take("type"))
    holder = _EXCEPTIONS.get(kind, "sender" if kind in _TRANSPORT else "agent_id")
    agent, session = _agent(value.get(holder))
    if agent is not None and kind not in _TRANSPORT:
        fields.take(holder)
    base = steps.base(None, run, ("session", session), agent=agent, name=kind)
    if session is None and agent is not None:
        fields.put(holder, value.get(holder))
    calls: list[chat.ToolCall] = []
    if kind in _LLM:
        made = base._replace(layer="llm", kind={"LLMCall": "span", "LLMStreamStart": "start"}.get(kind, "message"))
        made = steps.with_args(made, fields.take("messages"), given="messages" in value)
        response = value.get("response")
        made = steps.with_result(made, fields.take("response"), given="response" in value)
        made = steps.with_usage(made, value, ("prompt_tokens",), ("completion_tokens",))
        for name, column in (("prompt_tokens", made.tokens_in), ("completion_tokens", made.tokens_out)):
            if column is not None:
                fields.take(name)
        made = steps.with_ids(made, ("response", member(response, "id")))
        made = made._replace(model=steps.text(member(response, "model")))
        calls = chat.calls_of_response(response)
    elif kind == "ToolCall":
        made = base._replace(layer="tool", kind="span", status="ok", tool=fields.text("tool_name"))
        made = steps.with_args(made, fields.take("arguments"), given="arguments" in value)
        made = steps.with_result(made, fields.take("result"), given="result" in value)
    elif kind == "MessageDropped":
        made = base._replace(layer="agent", kind="error", status="error", error="message dropped")
    elif kind in _EXCEPTIONS:
        made = base._replace(layer="agent", kind="error", status="error", error=fields.text("exception"))
    else:
        made = base._replace(layer="agent", kind="log")
    return [made._replace(attributes=fields.attributes()), *chat.call_events(calls, made)]


def _agent(value: Any) -> tuple[str | None, str | None]:
    """Name and key of an agent id `<type>/<key>`; a team appends its id to the types of its agents."""
    text = steps.text(value)
    if text is None:
        return None, None
    name, slash, key = text.partition("/")
    if not slash or not name:
        return text, None
    return name.removesuffix(f"_{key}") or name, id_text.normalise("session", key)


def _chat_message(value: dict[str, Any], run: tuple[str, str]) -> list[Event]:
    """A message or event of AgentChat."""
    fields = Fields(value)
    kind = fields.text("type") or "record"
    moment = fields.moment("created_at")
    ids = steps.take_ids(fields, {"id": "message", "request_id": "request"})
    source = fields.text("source")
    base = steps.base(moment, run, *ids, name=kind, agent=source if source != "user" else None)
    if source == "user":
        fields.put("source", source)
    usage = value.get("models_usage")
    if usage is None:
        fields.take("models_usage")
    events = _spoken(kind.partition("[")[0], value, base, source == "user", fields)
    if isinstance(usage, dict):
        events[0] = steps.with_usage(events[0], usage, ("prompt_tokens",), ("completion_tokens",))
    events[0] = events[0]._replace(attributes=_joined(events[0].attributes, fields.attributes()))
    named = next((an_id.value for an_id in base.ids if an_id.kind == "message"), None)
    return steps.keyed(events, f"autogen:{named}" if named else None)


def _spoken(kind: str, value: dict[str, Any], base: Event, user: bool, fields: Fields) -> list[Event]:
    content = value.get("content")
    answer = isinstance(value.get("models_usage"), dict)
    role = "user" if user else "assistant" if answer else "agent"
    if kind in _ASKED and isinstance(content, list):
        fields.take("content")
        odd = steps.strange(content)
        return [steps.message(base, "assistant", odd or None), *(_call(call, base) for call in steps.objects(content))]
    if kind in _EXECUTED and isinstance(content, list):
        fields.take("content")
        results = [_executed(result, base) for result in steps.objects(content)]
        odd = steps.strange(content)
        if odd or not results:
            fields.put("content", odd)
        return results or [base._replace(layer="tool", kind="log")]
    if kind == "CodeExecutionEvent":
        return [_ran_code(value.get("result"), base, fields)]
    if kind == "ModelClientStreamingChunkEvent":
        return [base._replace(layer="llm", kind="log")]
    if kind in _SPOKEN and "content" in value:
        fields.take("content")
        spoken = "assistant" if kind in ("ThoughtEvent", "CodeGenerationEvent") else role
        return [steps.message(base, spoken, content)]
    return [base._replace(layer="agent", kind="log")]


def _call(call: dict[str, Any], base: Event) -> Event:
    tool = steps.text(call.get("name"))
    made = steps.with_ids(base._replace(layer="llm", kind="call", name=tool, tool=tool), ("tool_call", call.get("id")))
    made = steps.with_args(made, call.get("arguments"), given="arguments" in call)
    told = ("id", "name", "arguments") if tool else ("id", "arguments")
    return steps.with_rest(made, {key: item for key, item in call.items() if key not in told})


def _executed(result: dict[str, Any], base: Event) -> Event:
    tool, failed = steps.text(result.get("name")), result.get("is_error")
    status = {True: "error", False: "ok"}.get(failed, "unknown") if isinstance(failed, bool) else "unknown"
    made = base._replace(layer="tool", kind="result", name=tool or base.name, tool=tool, status=status)
    made = steps.with_ids(made, ("tool_call", result.get("call_id")))
    made = steps.with_result(made, result.get("content"), given="content" in result)
    if status == "error":
        made = made._replace(error=jsontext.content(result.get("content")))
    told = [name for name, known in (("name", tool), ("is_error", status != "unknown")) if known]
    told += ["call_id", "content"]
    return steps.with_rest(made, {key: item for key, item in result.items() if key not in told})


def _ran_code(result: Any, base: Event, fields: Fields) -> Event:
    made = base._replace(layer="tool", kind="result", tool="code_executor")
    if not isinstance(result, dict):
        return made
    code = result.get("exit_code")
    status = "unknown" if not isinstance(code, int) else "ok" if code == 0 else "error"
    fields.take("result")
    rest = {key: item for key, item in result.items() if key != "output"}
    made = steps.with_result(made._replace(status=status), result.get("output"), given="output" in result)
    return steps.with_rest(made, {"result": rest} if rest else {})


def _result(value: dict[str, Any], run: tuple[str, str]) -> list[Event]:
    """A TaskResult: its messages, and how the run ended."""
    fields = Fields(value)
    messages = fields.take("messages")
    events = [event for message in steps.objects(messages) for event in _chat_message(message, run)]
    if odd := steps.strange(messages):
        fields.put("messages", odd)
    end = steps.base(None, run, layer="agent", kind="end", name="TaskResult")
    return [*events, end._replace(attributes=fields.attributes())]


def _team(value: dict[str, Any], states: dict[str, Any], run: tuple[str, str]) -> list[Event]:
    """A team's saved state: the messages of its thread; all else as it stands."""
    fields = Fields(value)
    events: list[Event] = []
    kept: dict[str, Any] = {}
    for name, state in states.items():
        thread = member(state, "message_thread")
        if isinstance(thread, list):
            events += [event for message in steps.objects(thread) for event in _chat_message(message, run)]
            kept[name] = {**state, "message_thread": steps.strange(thread)}
        else:
            kept[name] = state
    fields.put("agent_states", kept)
    saved = steps.base(None, run, layer="agent", kind="log", name=steps.text(value.get("type")))
    return [saved._replace(attributes=fields.attributes()), *events]


def _context(value: dict[str, Any], run: tuple[str, str]) -> list[Event]:
    """An agent's saved state: the messages of its model context, which have no ids of their own."""
    saved = steps.base(None, run, layer="agent", kind="log", name=steps.text(value.get("type")))
    events: list[Event] = []
    for message in steps.objects(value["llm_context"]["messages"]):
        kind, content = message.get("type"), message.get("content")
        source = steps.text(message.get("source"))
        base = steps.base(None, run, name=steps.text(kind), agent=source if source != "user" else None)
        if kind == _RESULTS_TYPE:
            events += [_executed(result, base) for result in steps.objects(content)]
            continue
        calls = steps.objects(content) if kind == "AssistantMessage" else []
        role = _CONTEXT_TYPES.get(str(kind), "user")
        said = None if calls else content
        events.append(steps.message(base, role, said, thought=message.get("thought")))
        events += [_call(call, base) for call in calls]
    return [steps.with_rest(saved, value), *events]


def _joined(own: str | None, rest: str | None) -> str | None:
    return f"{own[:-1]},{rest[1:]}" if own and rest else own or rest
