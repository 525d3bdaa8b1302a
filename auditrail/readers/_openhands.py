"""Actions and observations of OpenHands -> events; the facts stand in `openhands`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Record
from auditrail.content import state_of
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers import _openhands_sdk as sdk
from auditrail.readers._conversation import Run, of_run
from auditrail.readers._scope import Origin

# Actions and observations that are no tool's: how the agent is driven.
_DRIVING = frozenset({
    "null", "change_agent_state", "agent_state_changed", "recall", "condensation", "condensation_request", "condense",
    "start", "pause", "resume", "stop", "initialize", "summarize", "add_task", "modify_task", "loop_recovery",
})  # fmt: skip
_ENDS = {"finish": "ok", "reject": "error"}
# Members of an event that are no argument, where an old event has its arguments beside them.
_NO_ARGUMENTS = frozenset({
    "id", "timestamp", "source", "message", "action", "observation", "cause", "tool_call_metadata", "llm_metrics",
    "timeout", "thought", "is_confirmed", "confirmation_state", "action_risk", "security_risk", "success", "extras",
})  # fmt: skip
_ASIDE = ("thought", "confirmation_state", "is_confirmed", "security_risk", "action_risk")


def run(value: dict[str, Any], record: Record, origin: Origin) -> list[Event]:
    """A whole run: its history, then an end with everything else that the record says."""
    fields = gateway.Fields(value)
    history = fields.take("history")
    number = gateway.member(value, "issue", "number")
    own = value.get("instance_id", number)
    agent = gateway.member(value, "metadata", "agent_class")
    name = origin.run_of(record, str(own) if isinstance(own, (str, int)) else None)
    about = Run(name, agent=agent if gateway.is_text(agent) else None)
    made: list[Event] = []
    last = 0
    asked = False  # without a `source`, the first message is the user's instruction
    for place, item in enumerate(_flat(history), start=1):
        if not isinstance(item, dict):
            made.append(of_run(about, layer="agent", kind="log", name="history", rest={"entry": item}))
            continue
        if sdk.is_event(item):
            made.append(sdk.event(item, name, None))
            continue
        if "action" in item:
            last = place
        told = item if "id" in item or "cause" in item else {**item, "cause": last}
        if item.get("action") == "message" and "source" not in item and not asked:
            told = {**told, "source": "user"}
        asked = asked or item.get("action") == "message"
        made.append(_event(told, about, place, ends=False))
    return [*made, _end(fields, about)]


def event(value: dict[str, Any], name: str) -> Event:
    """One action or observation; anything else is kept as a `log` event."""
    return _event(value, Run(name), None, ends=True)


def _flat(history: Any) -> Iterable[Any]:
    for item in history if isinstance(history, list) else ():
        yield from item if isinstance(item, list) else [item]


def _event(value: dict[str, Any], about: Run, place: int | None, *, ends: bool) -> Event:
    action, observation = value.get("action"), value.get("observation")
    number = value.get("id")
    own = number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else place
    if isinstance(observation, str):
        made = _observed(value, observation, about)
    elif isinstance(action, str):
        made = _acted(value, action, about, own, ends=ends)
    else:
        return _finished(value, about, _Told({"layer": "agent", "kind": "log", "name": "unknown"}))
    return _finished(value, about, made)


class _Told(NamedTuple):
    """What an event says: its columns and ids; `taken` members are told by columns, `more` stands for them."""

    columns: dict[str, Any]
    ids: Iterable[Id] = ()
    taken: Iterable[str] = ()
    more: Mapping[str, Any] = MappingProxyType({})


def _finished(value: dict[str, Any], about: Run, told: _Told) -> Event:
    fields = gateway.Fields(value)
    at = fields.moment("timestamp")
    number = fields.count("id")
    for key in told.taken:
        fields.take(key)
    for key, item in told.more.items():
        fields.put(key, item)
    kind = "action" if "action" in value else "observation"
    made = of_run(about, at=at, ids=told.ids, **told.columns)
    return made._replace(
        seq_kind="openhands.id" if number is not None else None,
        seq=number,
        dedupe_key=f"openhands:{about.id}:{number}:{kind}" if number is not None else None,
        attributes=fields.attributes(),
    )


def _acted(value: dict[str, Any], action: str, about: Run, own: int | None, *, ends: bool) -> _Told:
    args = value.get("args")
    by_agent = value.get("source", "agent") == "agent"
    given = args if isinstance(args, dict) else {key: item for key, item in value.items() if key not in _NO_ARGUMENTS}
    call_id, tool, model, tokens, ids = _model_answer(value)
    if action in ("message", "system"):
        said = by_agent and action == "message"
        source = value.get("source") if value.get("source") in ("user", "agent", "environment") else "user"
        columns: dict[str, Any] = {
            "layer": "llm" if said else "agent", "kind": "message", "name": "system" if action == "system" else source,
            "model": model, "tokens_in": tokens[0], "tokens_out": tokens[1],
        }  # fmt: skip
        return _Told(columns, ids, ("args", "content"), {**given, "role": "assistant" if said else columns["name"]})
    if action in _ENDS:
        columns = {
            "layer": "agent", "kind": "end" if ends else "log", "name": action, "status": _ENDS[action],
            "model": model, "tokens_in": tokens[0], "tokens_out": tokens[1],
        }  # fmt: skip
        return _Told(columns, ids)
    confirmed = given.get("confirmation_state", given.get("is_confirmed", value.get("is_confirmed")))
    if action == "change_agent_state":
        state = given.get("agent_state")
        if state == "user_confirmed":
            return _Told(
                {"layer": "policy", "kind": "decision", "name": state, "decision": "allow", "status": "ok"}, ids
            )
        return _Told({"layer": "agent", "kind": "log", "name": action}, ids)
    if action in _DRIVING:
        return _Told({"layer": "agent", "kind": "log", "name": action}, ids)
    if confirmed == "rejected":  # the call once more, with the person's answer; its observation is the decision
        return _Told({"layer": "agent", "kind": "log", "name": action, "tool": tool or action, "status": "denied"}, ids)
    id_text.add(ids, "tool_call", call_id if call_id is not None else f"{about.id}#{own}")
    arguments = {key: item for key, item in given.items() if key not in _ASIDE}
    columns = {
        "layer": "llm" if by_agent else "tool", "kind": "call", "name": action, "tool": tool or action, "model": model,
        "tokens_in": tokens[0], "tokens_out": tokens[1],
        "args": jsontext.content(arguments), "args_state": state_of(arguments),
    }  # fmt: skip
    aside = {key: given[key] for key in _ASIDE if key in given}
    taken = ("args",) if isinstance(args, dict) else tuple(arguments)
    return _Told(columns, ids, taken, aside)


def _observed(value: dict[str, Any], observation: str, about: Run) -> _Told:
    given = value.get("extras")
    extras: dict[str, Any] = given if isinstance(given, dict) else {}
    call_id, tool, _, _, ids = _model_answer(value)
    cause = value.get("cause")
    pair: list[Id] = [an_id for an_id in ids if an_id.kind != "response"]
    if call_id is not None or (isinstance(cause, int) and not isinstance(cause, bool) and cause >= 0):
        id_text.add(pair, "tool_call", call_id if call_id is not None else f"{about.id}#{cause}")
    if observation == "agent_state_changed" and extras.get("agent_state") == "awaiting_user_confirmation":
        columns: dict[str, Any] = {
            "layer": "policy",
            "kind": "decision",
            "name": "awaiting_user_confirmation",
            "decision": "ask",
        }
        return _Told(columns, [])
    if observation in _DRIVING:
        failed = extras.get("agent_state") in ("error", "rejected")
        status = "error" if failed else "unknown"
        return _Told({"layer": "agent", "kind": "log", "name": observation, "status": status}, [])
    content = value.get("content")
    if observation == "user_rejected":
        columns = {
            "layer": "policy", "kind": "decision", "name": observation, "decision": "deny", "status": "denied",
            "tool": tool, "rule": content if gateway.is_text(content) else None,
        }  # fmt: skip
        return _Told(columns, pair)
    if observation == "error" and not pair:
        return _Told(
            {"layer": "agent", "kind": "error", "name": observation, "status": "error", "error": _line(content)}, []
        )
    status, error = _outcome(value, extras, observation, content)
    columns = {
        "layer": "tool", "kind": "result", "name": observation, "tool": tool or observation, "status": status,
        "error": error, "result": jsontext.content(content),
        "result_state": state_of(content, given="content" in value),
    }  # fmt: skip
    return _Told(columns, pair, ("content",))


def _outcome(value: dict[str, Any], extras: dict[str, Any], name: str, content: Any) -> tuple[str, str | None]:
    code = gateway.member(extras, "metadata", "exit_code")
    code = next(
        (each for each in (code, extras.get("exit_code"), value.get("exit_code")) if isinstance(each, int)), None
    )
    if name == "error":
        return "error", _line(content)
    success = value.get("success")
    if success is False or (code is not None and code != 0):
        return "error", f"exit code {code}" if code is not None else "not successful"
    return ("ok", None) if success is True or code == 0 else ("unknown", None)


def _model_answer(
    value: dict[str, Any],
) -> tuple[str | None, str | None, str | None, tuple[int | None, int | None], list[Id]]:
    """Call id, function, model, tokens and response id, from `tool_call_metadata`."""
    ids: list[Id] = []
    metadata = value.get("tool_call_metadata")
    if not isinstance(metadata, dict):
        return None, None, None, (None, None), ids
    call_id, tool = metadata.get("tool_call_id"), metadata.get("function_name")
    response = metadata.get("model_response")
    model = response.get("model") if isinstance(response, dict) else None
    id_text.add(ids, "response", response.get("id") if isinstance(response, dict) else None)
    asked = chat.calls_of_response(response)
    # Calls of one answer repeat it: its tokens count with the first of them.
    first = not asked or asked[0].id == call_id
    tokens = chat.usage_of(response) if first else (None, None)
    return (
        call_id if gateway.is_text(call_id) else None,
        tool if gateway.is_text(tool) else None,
        model if gateway.is_text(model) else None,
        tokens,
        ids,
    )


def _end(fields: gateway.Fields, about: Run) -> Event:
    error, success = fields.get("error"), fields.get("success")
    failed = gateway.is_text(error)
    status = "error" if failed or success is False else "ok" if success is True else "unknown"
    made = of_run(
        about, layer="agent", kind="end", name="output", status=status, error=str(error) if failed else None,
    )  # fmt: skip
    return made._replace(attributes=fields.attributes())


def _line(content: Any) -> str:
    return content.strip().split("\n", 1)[0][:300] if gateway.is_text(content) else "error"
