"""Chat messages in the shapes that writers give them: flattened attributes put together, and tool calls found in them.

Flattened: OpenInference and OpenLLMetry spread a list of messages over attributes, because an attribute holds no
objects: `llm.output_messages.0.message.role` (openinference-semantic-conventions 0.1.42), `gen_ai.completion.0.role`
(opentelemetry-semantic-conventions-ai 0.5.1).

Tool calls: the parts of OpenTelemetry GenAI, OpenAI (chat and responses), Anthropic, Gemini, Bedrock, LangChain.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail.errors import RecordError
from auditrail.jsontext import parse

# Longest path of a flattened attribute: real ones have nine steps. Deeper ones stay single attributes.
MAX_STEPS = 16
# How far tool calls are looked for. Real output nests six levels; a response of an agent has some hundred parts.
_MAX_LEVELS = 12
_MAX_NODES = 20_000

_CALL_TYPES = frozenset({"tool_call", "tool-call", "tool_use", "function_call"})
_INSIDE = (
    "message", "messages", "content", "contents", "parts", "output", "outputs", "choices", "candidates",
    "generations", "kwargs", "additional_kwargs",
)  # fmt: skip
_LISTS = ("tool_calls", "toolCalls")
_SINGLE = ("function_call", "functionCall", "toolUse")
_ARGUMENTS = ("arguments", "args", "input")
_NAMES = ("name", "toolName")
_IDS = ("call_id", "id", "toolUseId", "toolCallId")


class ToolCall(NamedTuple):
    """A call that a model asked for; `given` says whether the message has a field for the arguments at all."""

    name: str | None
    id: Any
    args: Any
    given: bool


def unflatten(prefix: str, keys: list[str], attributes: dict[str, Any]) -> tuple[list[Any], list[str]]:
    """Puts the attributes `<prefix><index>.<step>...` together again.

    Steps that are numbers make lists, in the order of the numbers (holes close up), others make objects.

    Returns:
        The list, and the keys that went into it. A key that does not fit (no index, too many steps, a value where
        another key has an object) is left out of both.
    """
    root = _Branch()
    used: list[str] = []
    for key in keys:
        steps = key[len(prefix) :].split(".")
        if len(steps) > MAX_STEPS or not _is_index(steps[0]):
            continue
        node: Any = root
        for step in steps[:-1]:
            node = node.setdefault(step, _Branch())
            if type(node) is not _Branch:
                break
        if type(node) is _Branch and steps[-1] not in node:
            node[steps[-1]] = attributes[key]
            used.append(key)
    return _listed(root) if used else [], used


class _Branch(dict[str, Any]):
    """An object that flattened keys made, told from an object that is a value."""


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) <= 9


def _listed(node: dict[str, Any]) -> list[Any]:
    return [_closed(node[step]) for step in sorted(node, key=int)]


def _closed(node: Any) -> Any:
    if type(node) is not _Branch:
        return node
    if node and all(map(_is_index, node)):
        return _listed(node)
    return {step: _closed(value) for step, value in node.items()}


def tool_calls(value: Any) -> list[ToolCall]:
    """The tool calls in output messages: text of JSON, or parsed; each id once, in the order found.

    Looks only where messages keep them, never into the text of a message or the arguments of a call.
    """
    if isinstance(value, str):
        value = parsed(value)
    found: list[ToolCall] = []
    budget = [_MAX_NODES]
    _collect(value, found, 0, budget)
    seen: set[str] = set()
    unique = []
    for call in found:
        if isinstance(call.id, str) and call.id:
            if call.id in seen:
                continue
            seen.add(call.id)
        unique.append(call)
    return unique


def parsed(text: str) -> Any:
    """The JSON in a text that may hold tool calls; None for anything else."""
    if text[:1] not in "[{ \n\t" or not ("tool" in text or "function" in text):
        return None
    try:
        return parse(text.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return None


def _collect(node: Any, found: list[ToolCall], level: int, budget: list[int]) -> None:
    budget[0] -= 1
    if level > _MAX_LEVELS or budget[0] < 0:
        return
    if isinstance(node, list):
        for item in node:
            _collect(item, found, level + 1, budget)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    if isinstance(kind, str) and kind in _CALL_TYPES:
        _add(node, found)
        return
    for key in _LISTS:
        entries = node.get(key)
        if isinstance(entries, str):
            entries = parsed(entries)
        for entry in entries if isinstance(entries, list) else ():
            _add(entry, found)
    for key in _SINGLE:
        _add(node.get(key), found)
    for key in _INSIDE:
        inner = node.get(key)
        if isinstance(inner, (dict, list)):
            _collect(inner, found, level + 1, budget)


def _add(entry: Any, found: list[ToolCall]) -> None:
    """Reads one call: plain, below `tool_call` (OpenInference) or `function` (OpenAI)."""
    if not isinstance(entry, dict):
        return
    if isinstance(entry.get("tool_call"), dict):
        entry = entry["tool_call"]
    function = entry.get("function")
    body = function if isinstance(function, dict) else entry
    name = next((body[key] for key in _NAMES if isinstance(body.get(key), str) and body[key]), None)
    call_id = next((entry[key] for key in _IDS if isinstance(entry.get(key), (str, int))), None)
    if name is None and call_id is None:
        return
    given = next((key for key in _ARGUMENTS if key in body), None)
    found.append(ToolCall(name, call_id, body[given] if given else None, given is not None))
