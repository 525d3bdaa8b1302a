"""Tool calls that a model asked for, listed inside a generic record: one more event each."""

from __future__ import annotations

from typing import Any

from auditrail.content import state_of
from auditrail.ids import add
from auditrail.jsontext import content
from auditrail.model import Event
from auditrail.readers._aliases import MISSING, fetch
from auditrail.readers._jsonl_plans import Plan
from auditrail.readers._jsonl_values import text_of


def tool_calls(value: dict[str, Any], result: Any, made: Plan) -> list[tuple[str, Any, Any]]:
    """(tool, arguments or MISSING, id) of each call in a list of tool calls, or in a response of OpenAI's shape."""
    lists = [fetch(value, path) for path in made.slots.get("tool_calls", ())]
    if type(result) is dict:
        lists += [fetch(result, path) for path in (("tool_calls",), ("choices", 0, "message", "tool_calls"))]
    found: list[tuple[str, Any, Any]] = []
    for calls in lists:
        for call in calls if type(calls) is list else ():
            one = _tool_call(call)
            if one is not None and one not in found:
                found.append(one)
    return found


def _tool_call(call: Any) -> tuple[str, Any, Any] | None:
    if type(call) is not dict:
        return None
    body = call.get("function")
    body = body if type(body) is dict else call
    tool = text_of(body.get("name"))
    if tool is None:
        return None
    args = next((body[key] for key in ("arguments", "args", "input") if key in body), MISSING)
    return tool, args, call.get("id", call.get("call_id"))


def asked(event: Event, tool: str, args: Any, call: Any) -> Event:
    ids = [one for one in event.ids if one.kind not in {"tool_call", "span", "parent_span"}]
    for one in event.ids:
        if one.kind == "span":
            add(ids, "parent_span", one.value)
    add(ids, "tool_call", call)
    return Event(
        ts_ns=event.ts_ns if event.end_ns is None else event.end_ns,  # the answer of the model brings the call
        observed_ns=event.observed_ns,
        ts_source=event.ts_source,
        tz_assumed=event.tz_assumed,
        stream=event.stream,
        layer="llm",
        kind="call",
        agent=event.agent,
        agent_version=event.agent_version,
        principal=event.principal,
        model=event.model,
        tool=tool,
        args=None if args is MISSING else content(args),
        args_state="absent" if args is MISSING else state_of(args),
        ids=tuple(ids),
    )
