"""Events of a sample's transcript; the facts stand in `inspect`."""
# ruff: noqa: ARG001 - the tellers of all kinds of events have one signature

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.content import state_of
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers._conversation import Run, of_run

_PREFIXES = ("attachment://", "tc://")  # the second before October 2024
# How much text a sample's references may be replaced by: a hostile log names one attachment a million times.
_MOST_TEXT = 64 << 20
_DECISIONS = {"approve": "allow", "modify": "modify", "reject": "deny", "escalate": "ask", "terminate": "deny"}
_DECISION_STATUS = {"allow": "ok", "modify": "ok", "deny": "denied"}
_BAD_LEVELS = frozenset({"error", "critical"})
_POOLS = (("events_data", "messages"), ("events_data", "message_pool"), ("message_pool",))


class Attachments:
    """The texts that a sample keeps once, and the places that only point to them."""

    def __init__(self, texts: Any) -> None:
        self._texts = texts if isinstance(texts, dict) else {}
        self._left = _MOST_TEXT

    def put_back(self, value: Any) -> Any:
        """The value with every reference replaced, as far as its text is there."""
        if isinstance(value, str):
            if not value.startswith(_PREFIXES):
                return value
            text = self._texts.get(value.partition("://")[2])
            if not isinstance(text, str) or len(text) > self._left:
                return value
            self._left -= len(text)
            return text
        if isinstance(value, list):
            return [self.put_back(item) for item in value]
        if isinstance(value, dict):
            return {key: self.put_back(item) for key, item in value.items()}
        return value


def points_away(value: Any) -> bool:
    """Whether a reference is left in the value: its text is elsewhere."""
    if isinstance(value, str):
        return value.startswith(_PREFIXES)
    if isinstance(value, (list, dict)):
        return any(points_away(item) for item in (value.values() if isinstance(value, dict) else value))
    return False


def as_chat(message: Any) -> Any:
    """A message with its tool calls as `_chat` knows them: Inspect's have `function` as a name beside the arguments."""
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not isinstance(calls, list):
        return message
    return {**message, "tool_calls": [_as_call(call) for call in calls]}


def _as_call(call: Any) -> Any:
    if not isinstance(call, dict) or not isinstance(call.get("function"), str):
        return call
    inner = {"name": call["function"], **({"arguments": call["arguments"]} if "arguments" in call else {})}
    return {**{key: item for key, item in call.items() if key not in ("function", "arguments")}, "function": inner}


def events(sample: dict[str, Any], run: Run) -> list[Event]:
    """The events of a sample in the order of its transcript."""
    older = sample.get("transcript")
    older = older if isinstance(older, dict) else {}
    listed = sample.get("events", older.get("events"))
    texts = Attachments(sample.get("attachments", older.get("content")))
    pool = next((found for path in _POOLS if isinstance(found := gateway.member(sample, *path), list)), [])
    flat = list(_flat(listed))
    ends = _ends(flat)
    agents = _agents(flat)
    made: list[Event] = []
    for item in flat:
        if not isinstance(item, dict):
            made.append(of_run(run, layer="agent", kind="log", name="event", rest={"event": item}))
            continue
        span = item.get("span_id")
        agent = agents.get(span) if isinstance(span, str) else None
        made += _event(texts.put_back(_with_input(item, pool)), run._replace(agent=agent) if agent else run, ends)
    return made


def _flat(listed: Any, level: int = 0) -> Iterator[Any]:
    """Events with those that older logs nest inside a tool or subtask, behind it."""
    for item in listed if isinstance(listed, list) else ():
        inner = item.get("events") if isinstance(item, dict) else None
        if isinstance(inner, list) and level < 50:
            yield {key: part for key, part in item.items() if key != "events"}
            yield from _flat(inner, level + 1)
        else:
            yield item


def _ends(flat: list[Any]) -> dict[str, int]:
    """When each span ended."""
    ends: dict[str, int] = {}
    for item in flat:
        ended = isinstance(item, dict) and item.get("event") == "span_end" and isinstance(item.get("id"), str)
        if ended and (at := times.parse(item.get("timestamp"))) is not None:
            ends[item["id"]] = at.ns
    return ends


def _agents(flat: list[Any]) -> dict[str, str]:
    """The agent of each span: its own name, if it is an agent's, else that of the span around it."""
    names: dict[str, str] = {}
    for item in flat:
        if isinstance(item, dict) and item.get("event") == "span_begin" and isinstance(item.get("id"), str):
            parent = item.get("parent_id")
            if item.get("type") == "agent" and gateway.is_text(item.get("name")):
                names[item["id"]] = item["name"]
            elif isinstance(parent, str) and parent in names:
                names[item["id"]] = names[parent]
    return names


def _with_input(item: dict[str, Any], pool: list[Any]) -> dict[str, Any]:
    refs = item.get("input_refs")
    if not isinstance(refs, list) or item.get("input"):
        return item
    found: list[Any] = []
    for pair in refs:
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, int) and n >= 0 for n in pair):
            found += pool[pair[0] : pair[1]]
    return {**item, "input": found} if found else item


def _event(item: dict[str, Any], run: Run, ends: dict[str, int]) -> list[Event]:
    kind = item.get("event")
    fields = gateway.Fields(item)
    at = fields.moment("timestamp")
    ids: list[Id] = []
    begins = kind == "span_begin"
    id_text.add(ids, "span", item.get("id") if begins else None)
    id_text.add(ids, "parent_span", item.get("parent_id") if begins else item.get("span_id"))
    tell = _TELLERS.get(kind) if isinstance(kind, str) else None
    columns: dict[str, Any] = {"layer": "agent", "kind": "log", "name": str(kind)[:100] if kind else "event"}
    columns |= tell(item, fields, ids) if tell else {}
    done = fields.moment("completed")
    made = of_run(run, at=at, ids=ids, **columns)
    end = done.ns if done else ends.get(item["id"]) if begins and isinstance(item.get("id"), str) else None
    made = made._replace(end_ns=end if made.ts_ns is not None else None, attributes=fields.attributes())
    return [made, *(_calls(item, made, run) if kind == "model" else ())]


def _span(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    return {"kind": "span", "name": fields.text("name") or "span"}


def _start(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    return {"kind": "start", "name": "sample_init"}


def _model(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    output = item.get("output")
    output = output if isinstance(output, dict) else {}
    given, told = fields.take("input"), fields.take("output")
    if item.get("cache") != "read":  # an answer from the cache repeats the id of an older one
        id_text.add(ids, "response", gateway.member(item, "call", "response", "id"))
    error = item.get("error") or output.get("error")
    read, written = chat.usage_of(output)
    model = fields.text("model")
    return {
        "layer": "llm", "kind": "span", "name": item.get("role") if gateway.is_text(item.get("role")) else "generate",
        "model": model, "tokens_in": read, "tokens_out": written,
        "args": jsontext.content(given), "args_state": _state(given, given="input" in item),
        "result": jsontext.content(told), "result_state": _state(told, given="output" in item),
        "status": "error" if error else "unknown" if item.get("pending") else "ok",
        "error": jsontext.content(error)[:300] if error else None,  # type: ignore[index]
    }  # fmt: skip


def _calls(item: dict[str, Any], said: Event, run: Run) -> list[Event]:
    output = item.get("output")
    choices = output.get("choices") if isinstance(output, dict) else None
    messages = [
        choice.get("message") for choice in (choices if isinstance(choices, list) else ()) if isinstance(choice, dict)
    ]
    calls = [call for message in messages for call in chat.calls_of_message(as_chat(message))]
    at = said._replace(end_ns=None, ts_ns=said.end_ns if said.end_ns is not None else said.ts_ns, agent=run.agent)
    return [
        made._replace(ids=(*made.ids, *(an_id for an_id in said.ids if an_id.kind == "parent_span")))
        for made in chat.call_events(calls, at)
    ]


def _tool(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    id_text.add(ids, "tool_call", item.get("id"))
    id_text.add(ids, "linked_span", item.get("agent_span_id"))
    id_text.add(ids, "message", item.get("message_id"))
    for key in ("id", "message_id", "agent_span_id"):
        if isinstance(item.get(key), str):
            fields.take(key)
    arguments, result = fields.take("arguments"), fields.take("result")
    error = item.get("error")
    kind = error.get("type") if isinstance(error, dict) else None
    failure = chat.error_of(item) if error else "the tool failed" if item.get("failed") is True else None
    denied = kind in ("approval", "permission_denied")
    pending = item.get("pending") is True
    state = _state(result, given="result" in item and not (pending and not result))
    name = fields.text("function")
    return {
        "layer": "tool", "kind": "span", "name": name, "tool": name,
        "args": jsontext.content(arguments), "args_state": _state(arguments, given="arguments" in item),
        "result": jsontext.content(result) if state != "absent" else None,
        "result_state": "truncated" if item.get("truncated") and state == "present" else state,
        "status": "denied" if denied else "error" if failure else "unknown" if pending else "ok", "error": failure,
    }  # fmt: skip


def _approval(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    call = item.get("call")
    call = call if isinstance(call, dict) else {}
    id_text.add(ids, "tool_call", call.get("id"))
    word = item.get("decision")
    decision = _DECISIONS.get(word) if isinstance(word, str) else None
    tool, arguments = call.get("function"), call.get("arguments")
    return {
        "layer": "policy", "kind": "decision", "name": "approval", "decision": decision,
        "status": _DECISION_STATUS.get(decision or "", "unknown"), "policy": fields.text("approver"),
        "rule": fields.text("explanation"), "tool": tool if gateway.is_text(tool) else None,
        "args": jsontext.content(arguments), "args_state": _state(arguments, given="arguments" in call),
    }  # fmt: skip


def _subtask(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    given, result = fields.take("input"), fields.take("result")
    return {
        "kind": "span", "name": fields.text("name") or "subtask",
        "args": jsontext.content(given), "args_state": _state(given, given="input" in item),
        "result": jsontext.content(result), "result_state": _state(result, given="result" in item),
    }  # fmt: skip


def _sandbox(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    """What a tool did in its sandbox: the tool's own event tells the call, so this is not of layer tool."""
    key = "cmd" if "cmd" in item else "file"
    given, output = fields.take(key), fields.take("output")
    code = item.get("result")
    failed = isinstance(code, int) and not isinstance(code, bool) and code != 0
    action = fields.text("action")
    return {
        "layer": "other", "kind": "span", "name": f"sandbox {action}" if action else "sandbox",
        "args": jsontext.content(given), "args_state": _state(given, given=key in item),
        "result": jsontext.content(output), "result_state": _state(output, given="output" in item),
        "status": "error" if failed else "ok" if code == 0 else "unknown",
        "error": f"exit code {code}" if failed else None,
    }  # fmt: skip


def _input(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    fields.put("content", fields.take("input"))
    fields.put("role", "user")
    return {"kind": "message", "name": "user"}


def _error(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    error = item.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return {"kind": "error", "status": "error", "error": str(message)[:300] if gateway.is_text(message) else "error"}


def _limit(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    return {"kind": "error", "status": "error", "error": f"limit: {item.get('type')}"[:300]}


def _logger(item: dict[str, Any], fields: gateway.Fields, ids: list[Id]) -> dict[str, Any]:
    level, text = gateway.member(item, "message", "level"), gateway.member(item, "message", "message")
    bad = isinstance(level, str) and level.lower() in _BAD_LEVELS
    return {
        "status": "error" if bad else "unknown",
        "error": str(text)[:300] if bad and gateway.is_text(text) else None,
    }


_TELLERS = {
    "span_begin": _span, "sample_init": _start, "model": _model, "tool": _tool, "approval": _approval,
    "subtask": _subtask, "sandbox": _sandbox, "input": _input, "error": _error, "sample_limit": _limit,
    "logger": _logger,
}  # fmt: skip


def _state(value: Any, *, given: bool) -> str:
    state = state_of(value, given=given)
    return "offloaded" if state == "present" and points_away(value) else state
