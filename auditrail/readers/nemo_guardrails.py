"""NVIDIA NeMo Guardrails: the answer of `generate` with `options.log`, or its log alone.

Shapes (nemoguardrails 0.24.1, rails/llm/options.py and logging/explain.py): GenerationResponse `{response, llm_output,
output_data, log, state, tool_calls, reasoning_content, llm_metadata}`, where `log` is GenerationLog `{activated_rails
[{type, name, decisions[], executed_actions[{action_name, action_params, return_value, llm_calls[], started_at,
finished_at, duration}], stop, additional_info, started_at, finished_at, duration}], stats, llm_calls[{task, id,
request_id, prompt, completion, raw_response, llm_model_name, prompt_tokens, completion_tokens, started_at,
finished_at, from_cache}], internal_events[], colang_history}`. Times are float seconds since the epoch.

One record is one run, one call of `generate`. Its events:

- a `span` of layer agent from the first start to the last end of what the record holds, with the statistics, and
  `denied` if a rail stopped it;
- each rail that guards (input, output, retrieval, tool input, tool output), and each that stopped, is a decision:
  `deny` for `stop`, else `allow`. A rail that changed the text says so nowhere in this log: that is `allow` too.
  Dialog and generation rails are spans of layer agent;
- each executed action is a `span` of layer tool: actions are NeMo's own (a self-check is one, too);
- each model call is a `span` of layer llm. Calls stand in their action and, if asked for, in `log.llm_calls` again:
  the same call is told once;
- internal events are logs of layer agent; a user's finished utterance is a message;
- the response is a message of layer llm.

The server's `/v1/guardrail/checks` answers `{status, rails_status {<rail>: {status}}, messages, guardrails_data {log}}`
(the server's api.py): a `span` of layer agent, and a decision for each rail: `blocked` is `deny`, `success` is `allow`.
While such an answer streams, lines with `guardrails_data` null tell the same rails again: they are logs.

What of this is there depends on `options.log` of the request: rails, calls and internal events are off by default.

Not read: text traces of Colang. Its OpenTelemetry spans are OTLP.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _chat as chat
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading
from auditrail.readers._scope import NOWHERE, Origin

NAME = "nemo-guardrails"
TITLE = "NVIDIA NeMo Guardrails generation log (activated rails, actions, model calls)"
LAYER = "policy"
TESTED_ON = (
    "real files of an answer of the server's checks (shown in its deployment guides); documentation only: "
    "nemoguardrails 0.24.1 rails/llm/options.py and logging/explain.py"
)
NEVER_RECORDS = (
    "Rails that were not activated, what a rail changed in the text, and whatever `options.log` did not ask for."
)
IDS = ("run", "request", "tool_call", "session", "conversation", "trace", "user", "other")
CAPTURES = {
    "time": "partly: of rails, actions and model calls; the response has none",
    "run": "never: each record is taken as one run, named after its file",
    "parent": "partly: actions stand in their rail, model calls in their action; no ids",
    "call": "never: actions have no id; tool calls of the model have the model's",
    "arguments": "opt-in: activated_rails (action_params, without what can't be written as JSON)",
    "results": "opt-in: activated_rails (return_value)",
    "model": "opt-in: llm_calls or activated_rails",
    "tokens": "opt-in: llm_calls or activated_rails, where the provider tells them",
    "decision": "opt-in: activated_rails",
    "errors": "never: an error of a rail reaches the caller only as text of the response",
    "end": "yes: a log is written when the request is done",
}

_GUARDS = frozenset({"input", "output", "retrieval", "tool_input", "tool_output"})
_CHECKED = {"blocked": ("deny", "denied"), "success": ("allow", "ok"), "error": ("undefined", "error")}
_LOG = frozenset({"activated_rails", "stats"})
_MAX_PARTS = 100_000


def sniff(head: Head) -> float:
    """0.95 for an object with activated rails and statistics, with such a log in it, or with the status of rails."""
    known = any(_log_of(sample) is not None or _is_check(sample) for sample in head.samples)
    return 0.95 if known or head.keys >= _LOG else 0.0


def _is_check(value: Any) -> bool:
    rails = gateway.member(value, "rails_status")
    if not isinstance(rails, dict) or not isinstance(value.get("status"), str):
        return False
    return "guardrails_data" in value or any(gateway.is_text(gateway.member(rail, "status")) for rail in rails.values())


def _log_of(value: Any) -> dict[str, Any] | None:
    for candidate in (gateway.member(value, "log"), gateway.member(value, "response", "log"), value):
        if not isinstance(candidate, dict):
            continue
        if candidate.keys() >= _LOG and isinstance(candidate["activated_rails"], (list, type(None))):
            return candidate
    return None


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """One call of `generate` -> its events.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a generation log is a JSON object")
    if _is_check(value):
        return _check(value, record, origin)
    log = _log_of(value)
    outer = gateway.Fields(value)
    if log is None:
        moment = outer.moment("timestamp", "time")
        at = moment.ns if moment else None
        return [Event(ts_ns=at, ts_source="event" if moment else "order", attributes=outer.attributes())]
    ids: list[Id] = []
    gateway.add_named(ids, value)
    if not any(an_id.kind == "run" for an_id in ids):
        id_text.add(ids, "run", origin.run_of(record))
    base = Event(ts_source="order", layer="agent", ids=tuple(ids))
    parts: list[Event] = []
    told: set[str] = set()
    for rail in _listed(log.get("activated_rails")):
        parts += _rail(rail, base, told)
    for call in _listed(log.get("llm_calls")):
        parts += _model_call(call, base, told)
    for happened in _listed(log.get("internal_events")):
        parts.append(_internal(happened, base))
    answer = value["response"] if gateway.member(value, "response", "log") is log else value
    run = _run(value, log, base, parts, outer)
    return [run, *parts[:_MAX_PARTS], *_response(answer if log is not value else {}, base, run)]


def _check(value: dict[str, Any], record: Record, origin: Origin) -> list[Event]:
    """An answer of the server's checks: the check as a whole, then what each rail decided."""
    fields = gateway.Fields(value)
    ids: list[Id] = []
    gateway.add_named(ids, value)
    moment = fields.moment("timestamp", "time")
    base = Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        layer="agent",
        ids=tuple(ids),
    )
    if value.get("guardrails_data") is None and "messages" not in value:
        return [base._replace(kind="log", name="check", attributes=fields.attributes())]
    if not any(an_id.kind == "run" for an_id in ids):
        id_text.add(ids, "run", origin.run_of(record))
        base = base._replace(ids=tuple(ids))
    rails = fields.take("rails_status")
    status = _CHECKED.get(str(value["status"]).lower())
    whole = base._replace(kind="span", name="check", status=status[1] if status else "unknown")
    return [whole._replace(attributes=fields.attributes()), *(_checked(name, rails[name], base) for name in rails)]


def _checked(name: str, rail: Any, base: Event) -> Event:
    word = gateway.member(rail, "status")
    decision, status = _CHECKED.get(word.lower(), (None, "unknown")) if isinstance(word, str) else (None, "unknown")
    rest = (
        {key: item for key, item in rail.items() if key != "status" or not decision}
        if isinstance(rail, dict)
        else {"status": rail}
    )
    return base._replace(
        layer="policy",
        kind="decision",
        name=name,
        status=status,
        decision=decision,
        policy="rails",
        rule=name,
        attributes=jsontext.dumps(rest) if rest else None,
    )


def _run(value: dict[str, Any], log: dict[str, Any], base: Event, parts: list[Event], outer: gateway.Fields) -> Event:
    """The call as a whole: from the earliest to the latest time in the record."""
    timed = [part for part in parts if part.ts_ns is not None]
    began = min((part.ts_ns for part in timed if part.ts_ns is not None), default=None)
    ended = max((part.end_ns or part.ts_ns or 0 for part in timed), default=None)
    shown = {key: item for key, item in log.items() if key not in ("activated_rails", "llm_calls", "internal_events")}
    if log is value:
        rest = shown
    else:
        told = ("log", "response", "tool_calls")
        inner = outer.take("response")
        beside = {k: v for k, v in inner.items() if k not in told} if gateway.member(inner, "log") is log else {}
        for key in told:
            outer.take(key)
        rest = {**outer.left(), "log": shown, **({"response": beside} if beside else {})}
    denied = any(part.decision == "deny" for part in parts)
    return base._replace(
        ts_ns=began,
        end_ns=ended,
        ts_source="event" if began is not None else "order",
        kind="span",
        name="generate",
        status="denied" if denied else "ok" if any(part.decision for part in parts) else "unknown",
        attributes=jsontext.dumps(rest) if rest else None,
    )


def _spanned(fields: gateway.Fields, base: Event) -> Event:
    began, ended = fields.moment("started_at"), fields.moment("finished_at")
    at = began or ended
    return base._replace(
        ts_ns=at.ns if at else None,
        end_ns=ended.ns if ended else None,
        ts_source="event" if at else "order",
        tz_assumed=bool(at and at.tz_assumed),
        kind="span",
    )


def _rail(value: Any, base: Event, told: set[str]) -> Iterator[Event]:
    if not isinstance(value, dict):
        yield base._replace(kind="log", name="activated_rails", attributes=jsontext.dumps({"rail": value}))
        return
    fields = gateway.Fields(value)
    actions = _listed(fields.get("executed_actions"))
    if isinstance(value.get("executed_actions"), list):
        fields.take("executed_actions")
    event = _spanned(fields, base)
    kind, stopped = value.get("type"), value.get("stop")
    name = fields.text("name")
    guards = isinstance(kind, str) and kind in _GUARDS
    if guards or stopped is True:
        decision = "deny" if stopped is True else "allow" if stopped in (False, None) else None
        event = event._replace(
            layer="policy",
            kind="decision",
            status={"deny": "denied", "allow": "ok"}.get(decision or "", "unknown"),
            decision=decision,
            policy=f"{kind} rails" if gateway.is_text(kind) else None,
            rule=name,
        )
    yield event._replace(name=name, attributes=fields.attributes())
    for action in actions:
        yield from _action(action, base, told)


def _action(value: Any, base: Event, told: set[str]) -> Iterator[Event]:
    if not isinstance(value, dict):
        yield base._replace(kind="log", name="executed_actions", attributes=jsontext.dumps({"action": value}))
        return
    fields = gateway.Fields(value)
    calls = _listed(fields.get("llm_calls"))
    if isinstance(value.get("llm_calls"), list):
        fields.take("llm_calls")
    name = fields.text("action_name")
    event = _spanned(fields, base)
    asked, answered = fields.take("action_params"), fields.take("return_value")
    yield event._replace(
        layer="tool",
        name=name,
        tool=name,
        args=jsontext.content(asked),
        args_state=state_of(asked, given="action_params" in value),
        result=jsontext.content(answered),
        result_state=state_of(answered, given="return_value" in value),
        attributes=fields.attributes(),
    )
    for call in calls:
        yield from _model_call(call, base, told)


def _model_call(value: Any, base: Event, told: set[str]) -> Iterator[Event]:
    if not isinstance(value, dict):
        yield base._replace(kind="log", name="llm_calls", attributes=jsontext.dumps({"llm_call": value}))
        return
    own = value.get("id")
    # An id is a new one for each call; without one, a call is the same if all that is told of it is.
    key = f"id:{own}" if gateway.is_text(own) else jsontext.dumps(value)
    if key in told:
        return
    told.add(key)
    fields = gateway.Fields(value)
    # Models of the package start these at 0, which is no time.
    for name in ("started_at", "finished_at"):
        if value.get(name) in (0, 0.0):
            fields.take(name)
    event = _spanned(fields, base)
    ids = list(base.ids)
    id_text.add(ids, "request", value.get("request_id"))
    id_text.add(ids, "other", own)
    prompt, completion = fields.take("prompt"), fields.take("completion")
    model = fields.text("llm_model_name")
    yield event._replace(
        layer="llm",
        name=fields.text("task"),
        status="ok" if completion is not None else "unknown",
        model=None if model == "unknown" else model,
        args=jsontext.content(prompt),
        args_state=state_of(prompt, given="prompt" in value),
        result=jsontext.content(completion),
        result_state=state_of(completion, given="completion" in value),
        tokens_in=fields.count("prompt_tokens"),
        tokens_out=fields.count("completion_tokens"),
        attributes=fields.attributes(),
        ids=tuple(ids),
    )


def _internal(value: Any, base: Event) -> Event:
    if not isinstance(value, dict):
        return base._replace(kind="log", name="internal_events", attributes=jsontext.dumps({"event": value}))
    fields = gateway.Fields(value)
    moment = fields.moment("event_created_at")
    ids = list(base.ids)
    id_text.add(ids, "other", value.get("uid"))
    name = fields.text("type")
    event = base._replace(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        kind="log",
        name=name,
        ids=tuple(ids),
    )
    if name == "UtteranceUserActionFinished" and gateway.is_text(value.get("final_transcript")):
        fields.put("content", fields.take("final_transcript"))
        fields.put("role", "user")
        fields.put("internal_event", name)
        event = event._replace(kind="message", name="user")
    return event._replace(attributes=fields.attributes())


def _response(value: dict[str, Any], base: Event, run: Event) -> Iterator[Event]:
    """The answer given to the caller, and the tool calls that it hands on."""
    answer = value.get("response")
    messages = [answer] if isinstance(answer, str) else _listed(answer)
    for item in messages:
        content = item if isinstance(item, str) else gateway.member(item, "content")
        role = gateway.member(item, "role")
        rest = {k: v for k, v in item.items() if k not in ("content", "role")} if isinstance(item, dict) else {}
        yield base._replace(
            ts_ns=run.end_ns,
            ts_source="event" if run.end_ns is not None else "order",
            layer="llm",
            kind="message",
            name=role if gateway.is_text(role) else "assistant",
            attributes=jsontext.dumps(
                {**rest, "content": content if content is not None else item, "role": role or "assistant"}
            ),
        )
    calls = chat.calls_of_message({"tool_calls": value.get("tool_calls")})
    yield from chat.call_events(list(calls), run)


def _listed(value: Any) -> list[Any]:
    """The elements of a list; anything else that is there counts as one element."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
