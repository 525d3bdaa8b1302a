"""Streamed answers of a model that a proxy logged as the text of their server-sent events, put together again.

Anthropic's Messages (`message_start`, `content_block_*`, `message_delta`), OpenAI's chat completions (chunks) and
Responses (`response.completed` holds the whole answer); after both API references. A stream that was cut gives what it
had said until then.
"""

from __future__ import annotations

from typing import Any

from auditrail import jsontext
from auditrail.errors import RecordError
from auditrail.readers import _gateway as gateway

_MAX_EVENTS = 200_000
_MAX_PARTS = 1_000


def answer(text: str) -> dict[str, Any] | None:
    """The answer as its API gives it without streaming; None for text that is no such stream."""
    if not text.lstrip()[:6].startswith(("event:", "data:", "id:", ": ")):
        return None
    said = _events(text)
    if any(event.get("type") == "message_start" for event in said[:10]):
        return message(said)
    whole = [event["response"] for event in said if isinstance(event.get("response"), dict)]
    if whole:
        return dict(whole[-1])
    chunks = [event for event in said if isinstance(event.get("choices"), list)]
    return _completion(chunks) if chunks else None


def _events(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        if not line.startswith("data:") or len(found) >= _MAX_EVENTS:
            continue
        try:
            value, _ = jsontext.parse(line[5:].strip().encode("utf-8", "surrogatepass"))
        except RecordError:  # `[DONE]`, or the end of a stream that was cut
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def message(said: list[dict[str, Any]]) -> dict[str, Any]:
    """An answer of Anthropic's Messages, of the events `message_start` and `content_block_*` that streamed it."""
    made: dict[str, Any] = {}
    blocks: dict[Any, dict[str, Any]] = {}
    usage: dict[str, Any] = {}
    for event in said:
        kind, index, delta = event.get("type"), event.get("index"), event.get("delta")
        if kind == "message_start" and isinstance(event.get("message"), dict):
            made = {**event["message"]}
        elif kind == "content_block_start" and isinstance(event.get("content_block"), dict):
            if isinstance(index, int) and len(blocks) < _MAX_PARTS:
                blocks[index] = {**event["content_block"], "parts": []}
        elif kind == "content_block_delta" and isinstance(index, int) and index in blocks:
            for key in ("text", "thinking", "partial_json"):
                if isinstance(part := gateway.member(delta, key), str):
                    blocks[index]["parts"].append((key, part))
        elif kind == "message_delta" and isinstance(delta, dict):
            made |= delta
        for told in (gateway.member(event, "message", "usage"), event.get("usage")):
            usage |= {key: item for key, item in told.items() if item is not None} if isinstance(told, dict) else {}
    return {**made, "content": [_block(block) for block in blocks.values()], "usage": usage}


def _block(block: dict[str, Any]) -> dict[str, Any]:
    parts = block.pop("parts")
    for key in ("text", "thinking"):
        if texts := [part for name, part in parts if name == key]:
            block[key] = (block.get(key) or "") + "".join(texts)
    if arguments := "".join(part for name, part in parts if name == "partial_json"):
        try:
            block["input"] = jsontext.parse(arguments.encode("utf-8", "surrogatepass"))[0]
        except RecordError:
            block["input"] = arguments
    return block


def _completion(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    texts: dict[int, list[str]] = {}
    calls: dict[tuple[int, int], dict[str, Any]] = {}
    finished: dict[int, Any] = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            number = gateway.whole(gateway.member(choice, "index")) or 0
            delta = gateway.member(choice, "delta")
            if len(texts) < _MAX_PARTS:
                texts.setdefault(number, [])
            if number in texts and isinstance(said := gateway.member(delta, "content"), str):
                texts[number].append(said)
            finished[number] = gateway.member(choice, "finish_reason") or finished.get(number)
            asked = gateway.member(delta, "tool_calls")
            for call in asked if isinstance(asked, list) else []:
                _add_call(calls, number, call)
    base = {key: item for chunk in chunks for key, item in chunk.items() if key != "choices" and item is not None}
    choices = []
    for number, said in texts.items():
        message: dict[str, Any] = {"role": "assistant", "content": "".join(said) or None}
        if asked := [call for (owner, _), call in calls.items() if owner == number]:
            message["tool_calls"] = asked
        choices.append({"index": number, "message": message, "finish_reason": finished.get(number)})
    return {**base, "object": "chat.completion", "choices": choices}


def _add_call(calls: dict[tuple[int, int], dict[str, Any]], number: int, call: Any) -> None:
    """A part of a tool call: its first one has id and name, the others more of the arguments."""
    place = (number, gateway.whole(gateway.member(call, "index")) or 0)
    if place not in calls and len(calls) >= _MAX_PARTS:
        return
    held = calls.setdefault(place, {"id": None, "type": "function", "function": {"name": None, "arguments": ""}})
    held["id"] = held["id"] or gateway.member(call, "id")
    function = held["function"]
    function["name"] = function["name"] or gateway.member(call, "function", "name")
    if isinstance(more := gateway.member(call, "function", "arguments"), str):
        function["arguments"] += more
