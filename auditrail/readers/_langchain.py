"""LangChain's messages as JSON, and the events in them.

Facts read in langchain-core 1.8.3 (`messages/*.py`, `load/dump.py`): a message is dumped by its fields (`{type: human |
ai | tool | system | ..., content, id, name, tool_calls[{id, name, args}], invalid_tool_calls, usage_metadata
{input_tokens, output_tokens}, response_metadata {model_name}}`, for tools `tool_call_id` and `status`), or by
`dumpd` as `{lc: 1, type: constructor, id: [..., "AIMessage"], kwargs: {...}}`.
"""

from __future__ import annotations

from typing import Any

from auditrail.model import Event
from auditrail.readers import _steps as steps
from auditrail.readers._gateway import member

_ROLES = {"human": "user", "system": "system", "ai": "assistant", "tool": "tool", "function": "tool",
          "developer": "system", "chat": "user"}  # fmt: skip
_CLASSES = {"HumanMessage": "human", "SystemMessage": "system", "AIMessage": "ai", "ToolMessage": "tool",
            "FunctionMessage": "function", "ChatMessage": "chat"}  # fmt: skip
_TOLD = ("type", "content", "id", "tool_calls")


def plain(value: Any) -> Any:
    """A message by its fields, whichever way it was dumped; anything else as it is."""
    if not isinstance(value, dict):
        return value
    if value.get("lc") == 1 and value.get("type") == "constructor" and isinstance(value.get("kwargs"), dict):
        name = value.get("id")
        written = str(name[-1]).removesuffix("Chunk") if isinstance(name, list) and name else ""
        return {**value["kwargs"], "type": _CLASSES.get(written, value["kwargs"].get("type"))}
    kind = value.get("type")
    if isinstance(kind, str) and kind.endswith("MessageChunk"):
        return {**value, "type": _CLASSES.get(kind.removesuffix("Chunk"), kind)}
    return value


def is_message(value: Any) -> bool:
    """Whether a value is a message of LangChain in one of its dumps."""
    value = plain(value)
    if not isinstance(value, dict) or "content" not in value:
        return False
    return isinstance(value.get("type"), str) and value["type"] in _ROLES


def messages_in(value: Any) -> list[dict[str, Any]]:
    """The messages in a state or an update of one: in a list, or in the lists of an object, one level deep."""
    value = plain(value)
    if is_message(value):
        return [value]
    if isinstance(value, list):
        return [plain(item) for item in value if is_message(item)]
    if isinstance(value, dict):
        return [
            plain(item) for inner in value.values() if isinstance(inner, list) for item in inner if is_message(item)
        ]
    return []


def events_of(message: dict[str, Any], base: Event) -> list[Event]:
    """The events in a message: what was said, the tool calls asked for, or the result of one."""
    role = _ROLES[message["type"]]
    rest = {key: item for key, item in message.items() if key not in _TOLD and item not in (None, [], {})}
    if "role" in rest:  # of a ChatMessage: any word
        rest["message.role"] = rest.pop("role")
    if role == "tool":
        return [result_of(message, base)]
    made = steps.with_ids(base, ("message", message.get("id")))
    first = steps.message(made, role, message.get("content"), **rest)
    if role != "assistant":
        return [first]
    model = next((text for name in ("model_name", "model", "model_id")
                  if (text := steps.text(member(message, "response_metadata", name)))), None)  # fmt: skip
    first = steps.with_usage(first, message.get("usage_metadata"), ("input_tokens",), ("output_tokens",))
    return [first._replace(model=model), *_calls(message, made._replace(model=model))]


def _calls(message: dict[str, Any], base: Event) -> list[Event]:
    events = []
    for name in ("tool_calls", "invalid_tool_calls"):
        for call in steps.objects(message.get(name)):
            tool = steps.text(call.get("name"))
            made = steps.with_ids(base, ("tool_call", call.get("id")))
            made = made._replace(layer="llm", kind="call", name=tool, tool=tool)
            if name == "invalid_tool_calls":
                made = made._replace(status="error", error=steps.text(call.get("error")) or "invalid arguments")
            told = ("id", "name", "args", "error") if tool else ("id", "args", "error")
            made = steps.with_rest(made, {key: item for key, item in call.items() if key not in told})
            events.append(steps.with_args(made, call.get("args"), given="args" in call))
    return events


def result_of(message: dict[str, Any], base: Event) -> Event:
    """A tool's result as its message tells it."""
    status = {"success": "ok", "error": "error"}.get(str(message.get("status")), "unknown")
    tool = steps.text(message.get("name")) or base.tool
    made = steps.with_ids(base, ("tool_call", message.get("tool_call_id")))
    made = made._replace(layer="tool", kind="result", name=tool, tool=tool, status=status)
    if status == "error":
        made = made._replace(error=steps.text(message.get("content")))
    made = steps.with_result(made, message.get("content"))
    told = ("type", "content", "name", "tool_call_id", "status")
    return steps.with_rest(
        made, {key: item for key, item in message.items() if key not in told and item not in (None, {})}
    )
