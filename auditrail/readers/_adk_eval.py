"""Evaluation sets of Google ADK (`*.evalset.json`, newer `*.test.json`): what a run is expected to do.

After google-adk `evaluation/eval_set.py` and `eval_case.py`: `{eval_set_id, eval_cases[{eval_id, conversation[{
invocation_id, user_content, final_response, intermediate_data {tool_uses[], tool_responses[],
intermediate_responses[]}, creation_timestamp}], session_input}]}`, in snake_case or camelCase. A set may be a recorded
session or written by hand, and nothing says which: so each case is a run of `log` events that say `expected`, and no
call or answer is claimed.
"""

from __future__ import annotations

from typing import Any

from auditrail import times
from auditrail.containers.records import Record
from auditrail.model import Event
from auditrail.readers import _steps as steps
from auditrail.readers._gateway import Fields, member, objects
from auditrail.readers._scope import Origin

_CASES = ("eval_cases", "evalCases")
_SETS = ("eval_set_id", "evalSetId")


def is_set(keys: frozenset[str]) -> bool:
    """Whether a document is an evaluation set, by its members."""
    return any(name in keys for name in _CASES) and any(name in keys for name in _SETS)


def is_case(value: dict[str, Any]) -> bool:
    """Whether a record is a case of an evaluation set."""
    return ("eval_id" in value or "evalId" in value) and "conversation" in value


def events_of(value: dict[str, Any], record: Record, origin: Origin) -> list[Event]:
    """What a case expects, in its order; the rest of the case stands on a last event."""
    fields = Fields(value)
    name = fields.text("eval_id", "evalId")
    at = fields.moment("creation_timestamp", "creationTimestamp")
    run = origin.run_of(record, name)
    conversation = fields.take("conversation")
    events: list[Event] = []
    for turn in objects(conversation):
        events += _turn(turn, run)
    if conversation is not None and not isinstance(conversation, list):
        fields.put("conversation", conversation)
    made = steps.base(at, ("run", run), layer="agent", kind="log", name="evaluation case")
    return [*events, steps.with_rest(made, {**fields.left(), "eval_id": name})]


def _turn(turn: dict[str, Any], run: str) -> list[Event]:
    fields = Fields(turn)
    at = fields.moment("creation_timestamp", "creationTimestamp")
    invocation = fields.text("invocation_id", "invocationId")
    inner = next((turn[name] for name in ("intermediate_data", "intermediateData") if name in turn), None)

    def made(name: str, **columns: Any) -> Event:
        return _log(at, run, name)._replace(**columns)

    events: list[Event] = []
    for name, shown in (("user_content", "expected user message"), ("final_response", "expected response")):
        for key in (name, _camel(name)):
            content = fields.take(key)
            if content is not None:
                events.append(_with(made(shown), {"content": content, "invocation_id": invocation}))
    uses = [
        _call(use, made("expected tool use"))
        for key in ("tool_uses", "toolUses")
        for use in objects(member(inner, key))
    ]
    events[1:1] = uses
    if isinstance(inner, dict):
        for key in ("intermediate_data", "intermediateData"):
            fields.take(key)
        if rest := {key: item for key, item in inner.items() if key not in ("tool_uses", "toolUses") and item}:
            fields.put("intermediate_data", rest)
    if rest := {key: item for key, item in fields.left().items() if item is not None}:
        events.append(_with(made("expected turn"), rest))
    return events


def _call(use: dict[str, Any], base: Event) -> Event:
    tool = steps.text(use.get("name"))
    made = steps.with_args(base._replace(tool=tool), use.get("args"), given="args" in use)
    return _with(made, {key: item for key, item in use.items() if key not in ("name", "args") and item is not None})


def _log(at: times.Moment | None, run: str, name: str) -> Event:
    return steps.base(at, ("run", run), layer="agent", kind="log", name=name)


def _with(made: Event, rest: dict[str, Any]) -> Event:
    return steps.with_rest(made, {"expected": True, **rest})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
