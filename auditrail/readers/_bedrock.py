"""Bodies of Amazon Bedrock's model requests: tool calls, tool results, tokens and guardrails, whole or as a stream.

Shapes (botocore 1.44.5, `bedrock-runtime` service model; Anthropic's and OpenAI's as in `_chat`):

- Converse: `messages[] {role, content[]}`; blocks `{toolUse {toolUseId, name, input}}` and `{toolResult {toolUseId,
  content, status}}`; answer `{output {message}, stopReason, usage {inputTokens, outputTokens}, trace {guardrail}}`.
- Converse stream: objects with one member each, `contentBlockStart {start {toolUse}, contentBlockIndex}`,
  `contentBlockDelta {delta {toolUse {input: text}}, contentBlockIndex}`, `metadata {usage, trace}`.
- Anthropic stream: `{type: content_block_start, index, content_block}`, `{type: content_block_delta, index, delta
  {type: input_json_delta, partial_json}}`, `message_start`, `message_delta`. The last chunk of any model has
  `amazon-bedrock-invocationMetrics {inputTokenCount, outputTokenCount}`.
- A guardrail: `amazon-bedrock-guardrailAction` INTERVENED or NONE, and `amazon-bedrock-trace`.

Not read: tool calls in chunks of OpenAI-shaped streams.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers import _guardrails as guardrails
from auditrail.readers import _sse as sse

_OWN = "amazon-bedrock-"
_ACTION = "amazon-bedrock-guardrailAction"
_MAX_CHUNKS = 100_000
_MAX_CALLS = 1000


class ToolResult(NamedTuple):
    """A result that a request hands to the model; `name` is the tool's where the conversation tells it."""

    id: str
    content: Any
    given: bool
    failed: bool | None
    name: str | None


def parsed(body: Any) -> Any:
    """A body that is JSON text as a value; any other body as it is."""
    if not isinstance(body, str) or body.lstrip()[:1] not in ("{", "["):
        return body
    try:
        return jsontext.parse(body.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return body


def answer(body: Any) -> Any:
    """A body as its API gives it without streaming: Anthropic's chunks put together; any other body as it is."""
    chunks = [part for part in body[:_MAX_CHUNKS] if isinstance(part, dict)] if isinstance(body, list) else []
    if not any(chunk.get("type") == "message_start" for chunk in chunks[:10]):
        return body
    own = {key: item for chunk in chunks for key, item in chunk.items() if key.startswith(_OWN)}
    return {**sse.message(chunks), **own}


def calls(body: Any) -> list[chat.ToolCall]:
    """The tool calls of an answer, in its order."""
    if isinstance(body, list):
        return _stream_calls(body)
    if not isinstance(body, dict):
        return []
    message = gateway.member(body, "output", "message")
    found = [_call(block) for block in _blocks(message) if isinstance(block.get("toolUse"), dict)]
    return found or chat.calls_of_response(body)


def _call(block: dict[str, Any]) -> chat.ToolCall:
    use = block["toolUse"]
    name, call_id = use.get("name"), use.get("toolUseId")
    rest = {key: item for key, item in use.items() if key not in ("name", "toolUseId", "input")}
    return chat.ToolCall(
        call_id if gateway.is_text(call_id) else None,
        name if gateway.is_text(name) else None,
        use.get("input"),
        "input" in use,
        rest,
    )


def _stream_calls(chunks: list[Any]) -> list[chat.ToolCall]:
    """Tool calls of a stream: the parts of each block's arguments put together."""
    opened: dict[Any, dict[str, Any]] = {}
    for chunk in chunks[:_MAX_CHUNKS]:
        if not isinstance(chunk, dict):
            continue
        start, delta = chunk.get("contentBlockStart"), chunk.get("contentBlockDelta")
        use = gateway.member(start, "start", "toolUse")
        if isinstance(use, dict):
            _open(opened, gateway.member(start, "contentBlockIndex"), use.get("toolUseId"), use)
        elif chunk.get("type") == "content_block_start":
            block = chunk.get("content_block")
            if isinstance(block, dict) and block.get("type") in ("tool_use", "server_tool_use", "mcp_tool_use"):
                _open(opened, chunk.get("index"), block.get("id"), block)
        else:
            text = gateway.member(delta, "delta", "toolUse", "input")
            index = gateway.member(delta, "contentBlockIndex")
            if text is None and chunk.get("type") == "content_block_delta":
                text, index = gateway.member(chunk, "delta", "partial_json"), chunk.get("index")
            if isinstance(text, str) and isinstance(index, int) and index in opened:
                opened[index]["parts"].append(text)
    return [
        chat.ToolCall(
            call["id"] if gateway.is_text(call["id"]) else None,
            call["name"] if gateway.is_text(call["name"]) else None,
            "".join(call["parts"]) if call["parts"] else call["input"],
            bool(call["parts"]) or call["given"],
            {},
        )
        for call in opened.values()
    ]


def _open(opened: dict[Any, dict[str, Any]], index: Any, call_id: Any, use: dict[str, Any]) -> None:
    if len(opened) < _MAX_CALLS:
        key = index if isinstance(index, int) and index not in opened else f"call {len(opened)}"
        opened[key] = {
            "id": call_id,
            "name": use.get("name"),
            "input": use.get("input"),
            "given": "input" in use,
            "parts": [],
        }


def results(messages: Any) -> list[ToolResult]:
    """The tool results in the last message of a request, if it is a user's.

    Only the last: a request repeats its whole conversation, and a result was new in the one request that first
    had it at its end. Older ones would be counted again with every turn.
    """
    if not isinstance(messages, list) or not messages:
        return []
    found: list[ToolResult] = []
    for block in _blocks(messages[-1]):
        result = block.get("toolResult")
        if isinstance(result, dict):
            call_id, failed = result.get("toolUseId"), result.get("status")
            failure = None if not gateway.is_text(failed) else failed == "error"
        elif block.get("type") == "tool_result":
            result, call_id = block, block.get("tool_use_id")
            failure = block["is_error"] if isinstance(block.get("is_error"), bool) else None
        else:
            continue
        if gateway.is_text(call_id) and len(found) < _MAX_CALLS:
            found.append(ToolResult(str(call_id), result.get("content"), "content" in result, failure, None))
    names = _names(messages[:-1]) if found else {}
    return [one._replace(name=names.get(one.id)) for one in found]


def _names(messages: list[Any]) -> dict[str, str]:
    names: dict[str, str] = {}
    for message in messages:
        for block in _blocks(message):
            use = block.get("toolUse")
            use, key = (use, "toolUseId") if isinstance(use, dict) else (block, "id")
            call_id, name = use.get(key), use.get("name")
            if isinstance(call_id, str) and gateway.is_text(name):
                names[call_id] = str(name)
    return names


def usage(body: Any) -> tuple[int | None, int | None]:
    """Input and output tokens that an answer tells of itself."""
    read: int | None = None
    written: int | None = None
    for part in body[:_MAX_CHUNKS] if isinstance(body, list) else [body]:
        for place in ((), ("message",), ("metadata",)):
            told = gateway.member(part, *place, "usage") if place else gateway.member(part, "usage")
            for name in ("inputTokens", "input_tokens", "prompt_tokens"):
                read = _first(gateway.whole(gateway.member(told, name)), read)
            for name in ("outputTokens", "output_tokens", "completion_tokens"):
                written = _first(gateway.whole(gateway.member(told, name)), written)
        metrics = gateway.member(part, "amazon-bedrock-invocationMetrics")
        read = _first(gateway.whole(gateway.member(metrics, "inputTokenCount")), read)
        written = _first(gateway.whole(gateway.member(metrics, "outputTokenCount")), written)
    return read, written


def _first(new: int | None, old: int | None) -> int | None:
    """The later figure of a stream: a running count is complete at its end only."""
    return old if new is None else new


def response_id(body: Any) -> Any:
    """The id that the model's own answer has: of Anthropic's messages and OpenAI's completions."""
    for part in body[:5] if isinstance(body, list) else [body]:
        for found in (gateway.member(part, "id"), gateway.member(part, "message", "id")):
            if gateway.is_text(found) and isinstance(part, dict) and ({"type", "object", "choices"} & part.keys()):
                return found
    return None


def guardrail_events(body: Any, base: Event) -> list[Event]:
    """What guardrails decided about an exchange: their assessments, or else the mere outcome."""
    parts = [part for part in (body[-20:] if isinstance(body, list) else [body]) if isinstance(part, dict)]
    found: list[Event] = []
    for part in parts:
        for place in (
            ("trace", "guardrail"),
            ("amazon-bedrock-trace", "guardrail"),
            ("metadata", "trace", "guardrail"),
        ):
            found += guardrails.decisions(gateway.member(part, *place), base)
    if found:
        return found
    for part in parts:
        action = part.get(_ACTION)
        stop = part.get("stopReason", gateway.member(part, "messageStop", "stopReason"))
        if action is None and "guardrail_intervened" in (stop, part.get("stop_reason")):
            action = "INTERVENED"
        made = guardrails.bare_intervention(base, action)
        if made:
            return [made]
    return []


def _blocks(message: Any) -> list[dict[str, Any]]:
    content = gateway.member(message, "content")
    return [item for item in content if isinstance(item, dict)] if isinstance(content, list) else []
