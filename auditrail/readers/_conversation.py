"""Chat messages of any provider -> events of one run: what transcripts and trajectories have in common.

Shapes: OpenAI chat (`role`, `content`, `tool_calls[]`, `role: tool` with `tool_call_id`), OpenAI Responses items
(`type: function_call | function_call_output | message`), Anthropic blocks (`tool_use`, `tool_result`), Google contents
(`parts[]` with `functionCall`, `functionResponse`), ShareGPT (`from`, `value`). Calls are found by `_chat`.

One message gives one event: `message` of layer llm for what a model said, `result` of layer tool for what a tool
returned, else `message` of layer agent. Each tool call gives a `call` of its own, each further result block a `result`.
Every event carries the id of its run: tool-call ids recur in other runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.content import state_of
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers import _langchain as langchain

MODEL_ROLES = frozenset({"assistant", "ai", "model", "bot", "gpt", "chatgpt"})
TOOL_ROLES = frozenset({"tool", "function", "function_call_output", "custom_tool_call_output", "tool_result"})
USER_ROLES = frozenset({"system", "developer", "user", "human"})
_ROLES = ("role", "from", "type")
_TIMES = ("timestamp", "created_at", "createdAt", "created", "time", "ts", "date")
_CONTENTS = ("content", "value", "text", "output", "parts")
_RESULT_IDS = ("tool_call_id", "call_id", "tool_use_id", "toolCallId")
# A message id shorter than this counts, and counts inside its file only.
_SHORTEST_ID = 8


class Run(NamedTuple):
    """What every event of a run carries."""

    id: str
    agent: str | None = None
    model: str | None = None
    more: tuple[Id, ...] = ()


def of_run(run: Run, *, at: times.Moment | None = None, ids: Iterable[Id] = (), rest: Any = None, **more: Any) -> Event:
    """An event of the run: at that time or, without one, in the order of the file; `rest` goes to the attributes."""
    all_ids = [Id("run", run.id), *(an_id for an_id in run.more if an_id.kind != "run")]
    all_ids += [an_id for an_id in ids if an_id not in all_ids]
    return Event(
        ts_ns=at.ns if at else None,
        ts_source="event" if at else "order",
        tz_assumed=bool(at and at.tz_assumed),
        attributes=jsontext.dumps(rest) if rest else None,
        ids=tuple(all_ids),
        **{"agent": run.agent, **more},
    )


class Telling:
    """Tells the messages of one run, in order; remembers which call asked for which tool.

    Args:
        run: whose messages they are.
        failed: whether the content of a tool's message is that of a failure, where the format says so.
    """

    def __init__(self, run: Run, failed: Callable[[Any], bool] | None = None) -> None:
        self.run = run
        self._failed = failed
        self._tools: dict[str, str] = {}
        self._open: list[str] = []

    def message(self, message: Any, *, role: str | None = None, **more: Any) -> list[Event]:
        """The events of one message; anything but an object is kept as a `log` event.

        Args:
            message: as it stands in the transcript.
            role: who speaks, where the message itself says it in another way than `role`.
            more: columns that the caller knows better.
        """
        if not isinstance(message, dict):
            return [of_run(self.run, layer="agent", kind="log", name="message", rest={"message": message})]
        message = unwrapped(message)
        speaker = role if role is not None else role_of(message)
        if speaker in TOOL_ROLES:
            return [self._result(message, speaker, more)]
        if item := _responses_calls(message):
            at = gateway.Fields(message).moment(*_TIMES)
            asking = of_run(self.run, at=at, ids=message_ids(message), agent=self.run.agent, model=self.run.model)
            self._open = []
            return [self.call(call, asking) for call in item]
        events = self._said(message, speaker, more)
        at = times.Moment(events[0].ts_ns, events[0].tz_assumed) if events[0].ts_ns is not None else None
        for block in _result_blocks(message):
            events.append(self._result_block(block, at))
        return events

    def call(self, call: chat.ToolCall, said: Event) -> Event:
        """A tool call that a model asked for; `said` is the event of its message."""
        if call.id is not None:
            self._open.append(str(call.id))
            if call.name:
                self._tools[str(call.id)] = call.name
        ids: list[Id] = [an_id for an_id in said.ids if an_id.kind in ("request", "response", "message")]
        id_text.add(ids, "tool_call", call.id)
        at = times.Moment(said.ts_ns, said.tz_assumed) if said.ts_ns is not None else None
        return of_run(
            self.run, at=at, ids=ids, rest=call.rest, layer="llm", kind="call", name=call.name, tool=call.name,
            agent=said.agent, model=said.model, args=jsontext.content(call.arguments),
            args_state=state_of(call.arguments, given=call.given),
        )  # fmt: skip

    def _said(self, message: dict[str, Any], role: str, more: dict[str, Any]) -> list[Event]:
        calls = [*chat.calls_of_message(message), *_google_calls(message)]
        fields = gateway.Fields(message)
        if isinstance(asked := message.get("tool_calls"), list) and 0 < len(asked) <= len(calls):
            fields.take("tool_calls")
        by_model = role in MODEL_ROLES or bool(calls) or role == "reasoning"
        known = fields.text("model", "model_name") or _text_at(message, "response_metadata", "model_name")
        model = (known or self.run.model) if by_model else None
        if calls:
            self._open = []
        read, written = chat.usage_of(message) if by_model else (None, None)
        speaker = fields.text("name") if by_model else None
        at, ids = fields.moment(*_TIMES), message_ids(message)
        for name in _CONTENTS:
            if name in message and isinstance(message[name], list):
                fields.put(name, [part for part in message[name] if not _is_told(part)])
        columns = {
            "layer": "llm" if by_model else "agent",
            "kind": "message",
            "name": role or None,
            "model": model,
            "tokens_in": read,
            "tokens_out": written,
            "agent": speaker or self.run.agent,
            **more,
        }
        said = of_run(self.run, at=at, ids=ids, **columns)._replace(attributes=fields.attributes())
        return [said, *(self.call(call, said) for call in calls)]

    def _result(self, message: dict[str, Any], role: str, more: dict[str, Any]) -> Event:
        fields = gateway.Fields(message)
        key = next((name for name in _CONTENTS if name in message), "content")
        value = fields.take(key)
        call_id = next((message[name] for name in _RESULT_IDS if message.get(name) is not None), None)
        call_id = self._paired(call_id, fields)
        ids = message_ids(message)
        id_text.add(ids, "tool_call", call_id)
        for name in _RESULT_IDS:
            if id_text.normalise("tool_call", message.get(name)) is not None:
                fields.take(name)
        error, status = self._outcome(message, value)
        tool = fields.text("name", "tool_name", "function") or self._tools.get(str(call_id))
        columns = {
            "layer": "tool",
            "kind": "result",
            "name": role,
            "tool": tool,
            "status": status,
            "error": error,
            "result": jsontext.content(value),
            "result_state": state_of(value, given=key in message),
            **more,
        }
        at = fields.moment(*_TIMES)
        return of_run(self.run, at=at, ids=ids, **columns)._replace(attributes=fields.attributes())

    def _result_block(self, block: dict[str, Any], at: times.Moment | None) -> Event:
        response = block.get("functionResponse", block.get("function_response"))
        inner = response if isinstance(response, dict) else block
        key = "response" if inner is response else "content"
        fields = gateway.Fields(inner)
        value = fields.take(key)
        call_id = self._paired(inner.get("tool_use_id", inner.get("id")), fields)
        ids: list[Id] = []
        id_text.add(ids, "tool_call", call_id)
        error, status = self._outcome(inner, value)
        name = fields.text("name") or self._tools.get(str(call_id))
        made = of_run(
            self.run, at=at, ids=ids, layer="tool", kind="result", name="tool_result", tool=name, status=status,
            error=error, result=jsontext.content(value), result_state=state_of(value, given=key in inner),
        )  # fmt: skip
        for told in ("type", "tool_use_id", "id"):
            if isinstance(inner.get(told), str):
                fields.take(told)
        return made._replace(attributes=fields.attributes())

    def _paired(self, call_id: Any, fields: gateway.Fields) -> Any:
        """The id of the call that a result belongs to: its own, or that of the first open call of the last answer.

        Some writers give ids to calls only. The results of an answer stand behind it in the order of its calls.
        """
        if call_id is None and self._open:
            fields.put("paired", "by order")
            return self._open.pop(0)
        if str(call_id) in self._open:
            self._open.remove(str(call_id))
        return call_id

    def _outcome(self, message: dict[str, Any], value: Any) -> tuple[str | None, str]:
        error = message.get("error")
        if message.get("is_error") is True or (error is True):
            return _first_line(value) or "the tool says that it failed", "error"
        if text := chat.error_of(message):
            return text, "error"
        if self._failed is not None:
            return (_first_line(value), "error") if self._failed(value) else (None, "ok")
        if message.get("status") == "error":  # LangChain
            return _first_line(value), "error"
        good = message.get("is_error") is False or error is False or message.get("status") == "success"
        return None, "ok" if good else "unknown"


def unwrapped(message: dict[str, Any]) -> dict[str, Any]:
    """A message of LangChain by its fields: it may stand below `data` or `kwargs`, with its type beside it."""
    inner = message.get("data")
    if isinstance(inner, dict) and "content" in inner and isinstance(message.get("type"), str) and len(message) == 2:
        return {"type": message["type"], **inner}
    plain = langchain.plain(message)
    return plain if isinstance(plain, dict) else message


def role_of(message: dict[str, Any]) -> str:
    """Who speaks, in lower case; "" where no member says so. A message of Google's with results is still the user's."""
    for name in _ROLES:
        if gateway.is_text(message.get(name)):
            return str(message[name]).strip().lower()[:80]
    return "assistant" if _responses_calls(message) else ""


def message_ids(message: dict[str, Any]) -> list[Id]:
    """The ids that stand in a message itself: its own, if it looks unique, and those of `_gateway.ID_NAMES`."""
    ids: list[Id] = []
    own = message.get("id")
    if isinstance(own, str) and len(own) >= _SHORTEST_ID:
        id_text.add(ids, "message", own)
    return ids


def looks_like(value: Any) -> bool:
    """Whether a value is a chat message: it says who speaks, by a known role, and has a content or calls."""
    if not isinstance(value, dict):
        return False
    value = unwrapped(value)
    role = role_of(value)
    if _responses_calls(value):
        return True
    if role not in MODEL_ROLES and role not in TOOL_ROLES and role not in USER_ROLES:
        return False
    return any(name in value for name in (*_CONTENTS, "tool_calls", "function_call"))


def _text_at(message: dict[str, Any], *path: str) -> str | None:
    found = gateway.member(message, *path)
    return found if gateway.is_text(found) else None


def text_of(content: Any) -> str | None:
    """The text of a message's content: as is, or that of its text blocks; None if there is none."""
    if isinstance(content, str):
        return content or None
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(text for text in texts if isinstance(text, str) and text) or None
    return None


def _is_told(part: Any) -> bool:
    """Whether a block of a message's content has an event of its own."""
    if not isinstance(part, dict):
        return False
    if part.get("type") in ("tool_use", "server_tool_use", "mcp_tool_use", "tool_result"):
        return True
    return any(isinstance(part.get(key), dict) for key in _GOOGLE)


_GOOGLE = ("functionCall", "function_call", "functionResponse", "function_response")


def _google_calls(message: dict[str, Any]) -> list[chat.ToolCall]:
    parts = message.get("parts")
    found: list[chat.ToolCall] = []
    for part in parts if isinstance(parts, list) else ():
        call = part.get("functionCall", part.get("function_call")) if isinstance(part, dict) else None
        if isinstance(call, dict):
            renamed = {"arguments" if key == "args" else key: item for key, item in call.items()}
            found += chat.calls_of_message({"tool_calls": [renamed]})
    return found


def _responses_calls(message: dict[str, Any]) -> list[chat.ToolCall]:
    kind = message.get("type")
    if kind not in ("function_call", "custom_tool_call", "mcp_call"):
        return []
    return chat.calls_of_response({"output": [message]})


def _result_blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    content, parts = message.get("content"), message.get("parts")
    found = [
        part
        for part in (content if isinstance(content, list) else ())
        if isinstance(part, dict) and part.get("type") == "tool_result"
    ]
    return found + [
        part
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, dict)
        and any(isinstance(part.get(key), dict) for key in ("functionResponse", "function_response"))
    ]


def _first_line(value: Any) -> str | None:
    text = text_of(value) or (jsontext.content(value) if value not in (None, [], {}) else None)
    return text.strip().split("\n", 1)[0][:300] or None if text else None
