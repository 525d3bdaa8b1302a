"""Tool calls, tool results, usage and errors in the requests and responses of OpenAI- and Anthropic-shaped APIs.

Shapes (the providers' published API references):

- OpenAI Chat Completions: `choices[].message.tool_calls[] {id, type, function {name, arguments: JSON text}}`; type
  `custom` has `custom {name, input}`; older answers have one `function_call {name, arguments}` without an id. A
  result is a message `{role: tool, tool_call_id, content}`. Usage: `prompt_tokens`, `completion_tokens`.
- OpenAI Responses: `output[] {type: function_call, call_id, name, arguments}`, also `custom_tool_call {input}`,
  `mcp_call {id, name, arguments}`. A result is an input item `{type: function_call_output, call_id, output}`.
  Usage: `input_tokens`, `output_tokens`.
- Anthropic Messages: `content[] {type: tool_use, id, name, input: object}`, also `server_tool_use`, `mcp_tool_use`.
  A result is a block `{type: tool_result, tool_use_id, content}` in a user message.

Nothing here raises on hostile values: what is not of these shapes gives nothing, and stays in the record's content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.content import state_of
from auditrail.model import Event, Id
from auditrail.readers._gateway import is_text, objects, whole

_ANTHROPIC_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
_RESPONSES_CALLS = ("function_call", "custom_tool_call", "mcp_call")
_RESPONSES_OUTPUTS = ("function_call_output", "custom_tool_call_output")
# Kinds that a call takes over from the record it stands in: they name the run and the request it belongs to.
_INHERITED = frozenset({"run", "trace", "session", "conversation", "request", "response", "task", "parent_run"})
# The results that answer one response stand together at the end of the next request; more than this is no such thing.
MAX_ANSWERED = 64


class ToolCall(NamedTuple):
    """A tool call that a model asked for.

    `arguments` is as it stands (JSON text for OpenAI, an object for Anthropic), None with `given` False where the
    call has no such member; `rest` holds the members that no other field tells.
    """

    id: str | int | None
    name: str | None
    arguments: Any
    given: bool
    rest: dict[str, Any]


def calls_of_message(message: Any) -> Iterator[ToolCall]:
    """The tool calls of one assistant message, OpenAI's or Anthropic's."""
    if not isinstance(message, dict):
        return
    for item in objects(message.get("tool_calls")):
        yield from _call_of(item)
    if isinstance(legacy := message.get("function_call"), dict):
        yield from _made(None, legacy, "arguments", {})
    for block in objects(message.get("content")):
        if block.get("type") in _ANTHROPIC_CALLS:
            yield from _made(block.get("id"), block, "input", _without(block, "id", "name", "input"))


def calls_of_response(response: Any) -> list[ToolCall]:
    """All tool calls of a response body, in its order."""
    if not isinstance(response, dict):
        return []
    calls = list(calls_of_message(response))
    for choice in objects(response.get("choices")):
        calls.extend(calls_of_message(choice.get("message")))
    for item in objects(response.get("output")):
        if item.get("type") in _RESPONSES_CALLS:
            key = "input" if item.get("type") == "custom_tool_call" else "arguments"
            call_id = item.get("call_id", item.get("id"))
            calls.extend(_made(call_id, item, key, _without(item, "call_id", "name", key)))
    return calls


def answered(messages: Any) -> list[str | int]:
    """Ids of the tool calls whose results stand in the last messages of a request, at most `MAX_ANSWERED`.

    Only the last: a request repeats its whole conversation, and each result was new in one request alone.
    """
    found: list[str | int] = []
    for message in reversed(messages if isinstance(messages, list) else []):
        ids = _results_of(message)
        if not ids or len(found) >= MAX_ANSWERED:
            break
        found[:0] = ids
    return found[-MAX_ANSWERED:]


def usage_of(response: Any) -> tuple[int | None, int | None]:
    """Input and output tokens of a response body, as the provider counted them."""
    usage = response.get("usage", response.get("usage_metadata")) if isinstance(response, dict) else None
    if not isinstance(usage, dict):
        return None, None
    read, written = whole(usage.get("prompt_tokens")), whole(usage.get("completion_tokens"))
    return (
        read if read is not None else whole(usage.get("input_tokens")),
        written if written is not None else whole(usage.get("output_tokens")),
    )


def error_of(body: Any) -> str | None:
    """Type and message of an error body: `{error: {type, code, message}}`, `{error: text}`; None if it is none."""
    error = body.get("error") if isinstance(body, dict) else None
    if is_text(error):
        return str(error)
    if not isinstance(error, dict) or not error:
        return None
    kind = next((error[key] for key in ("type", "code") if is_text(error.get(key))), None)
    message = error.get("message") if is_text(error.get("message")) else None
    return ": ".join(part for part in (kind, message) if part) or jsontext.dumps(error)


def call_events(calls: Iterable[ToolCall], record: Event, span: str | None = None) -> list[Event]:
    """One event for each tool call that the model asked for in `record`, the event of the whole response.

    The call's time is the end of the response where that is known: before that the model had not asked for it.
    Its ids are the tool call's, then the record's first run, trace, session, request and response; its parent span
    is the record's own (`span`). Copies of the record give copies of the calls (dedupe key).
    """
    events = []
    for number, call in enumerate(calls, start=1):
        ids: list[Id] = []
        id_text.add(ids, "tool_call", call.id)
        if span is not None:
            id_text.add(ids, "parent_span", span)
        first = {an_id.kind: an_id for an_id in reversed(record.ids) if an_id.kind in _INHERITED}
        ids += [an_id for an_id in record.ids if first.get(an_id.kind) is an_id]
        events.append(
            Event(
                ts_ns=record.end_ns if record.end_ns is not None else record.ts_ns,
                ts_source=record.ts_source,
                tz_assumed=record.tz_assumed,
                stream=record.stream,
                layer="llm",
                kind="call",
                name=call.name,
                agent=record.agent,
                principal=record.principal,
                model=record.model,
                tool=call.name,
                args=jsontext.content(call.arguments),
                args_state=state_of(call.arguments, given=call.given),
                dedupe_key=f"{record.dedupe_key}#call{number}" if record.dedupe_key else None,
                attributes=jsontext.dumps(call.rest) if call.rest else None,
                ids=tuple(ids),
            )
        )
    return events


def _call_of(item: dict[str, Any]) -> Iterator[ToolCall]:
    """An element of `tool_calls`: members stand under `function` or `custom`, in some gateways beside the id."""
    rest = _without(item, "id", "function", "custom")
    for key, arguments in (("function", "arguments"), ("custom", "input")):
        if isinstance(inner := item.get(key), dict):
            rest |= _without(inner, "name", arguments)
            return _made(item.get("id"), inner, arguments, rest)
    # AgentDojo: `{function: <name>, args}`; LangChain: `{name, args}`.
    named = {**item, "name": item["function"]} if is_text(item.get("function")) and "name" not in item else item
    key = "args" if "args" in item and "arguments" not in item else "arguments"
    return _made(
        item.get("id"), named, key, _without(item, "id", "name", key, *(["function"] if named is not item else []))
    )


def _made(call_id: Any, holder: dict[str, Any], key: str, rest: dict[str, Any]) -> Iterator[ToolCall]:
    name, arguments = holder.get("name"), holder.get(key)
    known_id = call_id if is_text(call_id) or (isinstance(call_id, int) and not isinstance(call_id, bool)) else None
    if call_id is not None and known_id is None:
        rest = {**rest, "id": call_id}
    if name is not None and not is_text(name):
        rest = {**rest, "name": name}
    if known_id is None and not is_text(name) and arguments is None:
        return  # nothing that says that a call was made
    yield ToolCall(known_id, name if is_text(name) else None, arguments, key in holder, rest)


def _results_of(message: Any) -> list[str | int]:
    if not isinstance(message, dict):
        return []
    if message.get("role") == "tool":
        ids = [message.get("tool_call_id")]
    elif message.get("type") in _RESPONSES_OUTPUTS:
        ids = [message.get("call_id")]
    else:
        blocks = objects(message.get("content"))
        ids = [block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"]
    return [an_id for an_id in ids if isinstance(an_id, (str, int)) and not isinstance(an_id, bool)]


def _without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in keys}


def answer_key(reader: str, answer: dict[str, Any], ids: tuple[Id, ...], ts_ns: int | None) -> str | None:
    """The dedupe key of a logged answer: its id, with the request's and the time.

    A cache gives one answer, under its id, to several requests: where no request id tells them apart, only a time does
    that the log itself has. The one in the answer is the same for all of them.
    """
    response = answer.get("id")
    request = next((an_id.value for an_id in ids if an_id.kind == "request"), None)
    made = [times.parse(answer.get(name)) for name in ("created", "created_at")]
    timed = ts_ns is not None and all(moment is None or moment.ns != ts_ns for moment in made)
    if not isinstance(response, str) or not response or not (timed or request):
        return None
    return f"{reader}:{response}/{request or ''}/{ts_ns}"
