"""Google ADK sessions: `Session` objects with their events, and events alone (lines, or the array of a run's answer).

Facts read in google-adk 2.13.0 (`sessions/session.py`, `events/event.py`, `events/event_actions.py`,
`models/llm_response.py`) and in the types of google-genai it stores:

- Session `{id, appName, userId, state, events[], lastUpdateTime}`; Event `{id, invocationId, author, timestamp (float
  seconds), branch, content {role, parts[]}, actions, usageMetadata, modelVersion, errorCode, errorMessage,
  longRunningToolIds, partial, ...}`. By alias in camelCase, as a plain dump in snake_case, where null means not set.
- A part holds text, or functionCall `{id, name, args}`, or functionResponse `{id, name, response}`, or executableCode,
  codeExecutionResult, inlineData, ...; `thought: true` marks reasoning.
- actions: stateDelta, artifactDelta, transferToAgent, escalate, requestedToolConfirmations and requestedAuthConfigs
  (by function call id), rewindBeforeInvocationId, compaction.
- A tool that asks for confirmation answers first with an error, and the framework adds a call of
  `adk_request_confirmation` (or `adk_request_credential`) whose args name the original call; the user's answer is a
  functionResponse to it, `{confirmed}` or JSON text of that in `response`.

What the columns say: an invocation is a run, and the session's id groups runs. A model's answer is one `llm` message
(with its text and tokens) and one `llm` call for each functionCall in it. The answer of a tool that waits for
confirmation is a `log`: the tool did not run. Output tokens are the candidates', without thoughts, as written.

`args: {}` is ambiguous: real, or all there was to record; ADK's spans, not these files, write `{}` and `N/A` in
place of suppressed arguments. Events of a live or streamed answer with `partial: true` are fragments, and logs here.

Evaluation sets are read by `_adk_eval`: what they expect, as `log` events.

Not read: rows of the database session service, results of evaluations. Tested on sessions that ADK itself wrote with an
invented model, in camelCase, in snake_case, and as lines of events.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _adk_eval as evaluation
from auditrail.readers import _steps as steps
from auditrail.readers._contract import Reading
from auditrail.readers._gateway import Fields, is_text, member, objects
from auditrail.readers._scope import NOWHERE, Origin

NAME = "adk"
TITLE = "Google ADK sessions, events and evaluation sets"
LAYER = "agent"
TESTED_ON = "real files of google-adk 2.13.0, written by its own code for the test with an invented model"
NEVER_RECORDS = "What was sent to the model (only its answers), and fragments of streamed answers."
IDS = ("run", "session", "message", "tool_call", "decision", "user")
CAPTURES = {
    "time": "yes: of every event; a call and its result are two events",
    "run": "yes: the invocation id",
    "parent": "partly: branch and node path in the attributes name agents, not calls",
    "call": "yes: the function call id",
    "arguments": "yes: as objects",
    "results": "yes: as objects",
    "model": "partly: modelVersion, where the model gives one",
    "tokens": "partly: usageMetadata, where the model gives it",
    "decision": "partly: tool confirmations and credential requests with the user's answer; callbacks leave no record",
    "errors": "partly: errorCode of the model or the run; a tool's error is what its response says",
    "end": "never: an invocation just stops; the last event may be its answer",
}
ARRAYS = ("events", "eval_cases", "evalCases")

_ASKS = ("adk_request_confirmation", "adk_request_credential")
_CAMEL = re.compile(r"_([a-z0-9])")
# Members of a part that are told elsewhere than in a message.
_TOLD = ("function_call", "function_response", "executable_code", "code_execution_result")
_REMARK = 10_000


def sniff(head: Head) -> float:
    """0.95 for an event, or for a session by its members."""
    for sample in head.samples:
        if isinstance(sample, dict) and (_is_event(sample) or _is_session(frozenset(sample))):
            return 0.95
        if isinstance(sample, dict) and evaluation.is_set(frozenset(sample)):
            return 0.95
    if not head.samples and evaluation.is_set(head.keys):
        return 0.95
    return 0.95 if not head.samples and _is_session(head.keys) and _mentions_event(head.raw) else 0.0


def _is_event(value: dict[str, Any]) -> bool:
    named = isinstance(_of(value, "invocation_id"), str) and isinstance(value.get("author"), str)
    return named and ("actions" in value or "content" in value or "timestamp" in value)


def _is_session(keys: frozenset[str]) -> bool:
    return "events" in keys and bool(keys & {"appName", "app_name"}) and bool(keys & {"userId", "user_id"})


def _mentions_event(raw: bytes) -> bool:
    return b'"invocationId"' in raw or b'"invocation_id"' in raw


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """One event of a session -> what happened in it; or one case of an evaluation set."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an event is a JSON object")
    if evaluation.is_case(value):
        return evaluation.events_of(value, record, origin)
    header = record.header or {}
    fields = Fields({key: item for key, item in value.items() if item is not None})
    base = _base(fields, header)
    events = _events(value, base, fields)
    events[0] = events[0]._replace(attributes=_merged(events[0].attributes, fields))
    named = {an_id.kind: an_id.value for an_id in base.ids}
    # The answer of a run (`/run`) has the same events as the session, without its name.
    key = f"adk:{named.get('run') or named.get('session', '')}:{named.get('message', '')}"
    return steps.keyed(events, key if "message" in named else None)


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """The session's state at its end, which no event holds whole."""
    told = ("id", "appName", "app_name", "userId", "user_id")
    rest = {key: value for key, value in wrapper.header.items() if key not in told and value not in (None, {})}
    if evaluation.is_set(frozenset(wrapper.header) | {"eval_cases"}):
        return [("evaluation-set", jsontext.dumps({**wrapper.header})[:_REMARK])]
    return [("session-state", jsontext.dumps(rest)[:_REMARK])] if rest else []


def _base(fields: Fields, header: dict[str, Any]) -> Event:
    moment = fields.moment("timestamp")
    author = fields.text("author")
    user, app = _of(header, "user_id"), steps.text(_of(header, "app_name"))
    names = {_name(fields, "invocation_id"): "run", _name(fields, "session_id"): "session", "id": "message",
             _name(fields, "user_id"): "user"}  # fmt: skip
    made = steps.base(
        moment,
        *steps.take_ids(fields, {name: kind for name, kind in names.items() if fields.has(name)}),
        ("session", header.get("id")),
        ("user", user),
        agent=author if author != "user" else None,
        principal=steps.text(user),
        stream=f"adk:{app}" if app else None,
    )
    if author == "user":
        fields.put("author", author)
    return made


def _events(value: dict[str, Any], base: Event, fields: Fields) -> list[Event]:
    content, actions = value.get("content"), value.get("actions")
    parts = objects(member(content, "parts"))
    is_user = value.get("author") == "user"
    usage = _of(value, "usage_metadata")
    answer = not is_user and (member(content, "role") == "model" or isinstance(usage, dict))
    if value.get("partial") is True:
        return [base._replace(layer="llm", kind="log", name="partial")]
    told: set[int] = set()
    waiting = _ids_of(actions, "requested_tool_confirmations") | _ids_of(actions, "requested_auth_configs")
    later: list[Event] = []
    for index, part in enumerate(parts):
        if found := _told(part, base, waiting):
            told.add(index)
            later.append(found)
    events = _failures(fields, base, answer=answer)
    said = [_set(part) for index, part in enumerate(parts) if index not in told]
    odd = steps.strange(member(content, "parts")) if isinstance(content, dict) else []
    counted = isinstance(usage, dict) or fields.has(_name(fields, "model_version"))
    if said or odd or (answer and counted and not events):
        shown = said[0]["text"] if len(said) == 1 and not odd and said[0].keys() == {"text"} else [*said, *odd]
        role = "assistant" if answer else "user" if is_user else str(member(content, "role") or "agent")
        events.append(steps.message(base, role, shown or None))
    if events and answer:
        model = fields.text(_name(fields, "model_version"))
        told_usage = steps.with_usage(events[0], usage, ("promptTokenCount", "prompt_token_count"),
                                      ("candidatesTokenCount", "candidates_token_count"))  # fmt: skip
        events[0] = told_usage._replace(model=model)
        later = [event._replace(model=model) if event.layer == "llm" else event for event in later]
    events += [*later, *_of_actions(actions, base)]
    if isinstance(content, dict) and (parts or odd or not content.keys() - {"role", "parts"}):
        fields.take("content")
        if rest := {key: item for key, item in _set(content).items() if key not in ("role", "parts")}:
            fields.put("content", rest)
    return events or [base._replace(layer="agent", kind="log", name="event")]


def _failures(fields: Fields, base: Event, *, answer: bool) -> list[Event]:
    code, text = fields.text(_name(fields, "error_code")), fields.text(_name(fields, "error_message"))
    if code is None and text is None:
        return []
    by_model = answer or fields.has(_name(fields, "finish_reason"))
    error = ": ".join(part for part in (code, text) if part)
    return [base._replace(layer="llm" if by_model else "agent", kind="error", name="error", status="error",
                          error=error)]  # fmt: skip


def _told(part: dict[str, Any], base: Event, waiting: set[str]) -> Event | None:
    """The event of a part that is no message: a call, a response, code, or what came of it."""
    call, response = _of(part, "function_call"), _of(part, "function_response")
    if isinstance(call, dict):
        return _call(call, part, base)
    if isinstance(response, dict):
        return _response(response, part, base, waiting)
    code, outcome = _of(part, "executable_code"), _of(part, "code_execution_result")
    if isinstance(code, dict):
        made = base._replace(layer="llm", kind="call", name="code_execution", tool="code_execution")
        made = steps.with_ids(made, ("tool_call", code.get("id")))
        return _rest(steps.with_args(made, code.get("code"), given="code" in code), part, code, "id", "code")
    if isinstance(outcome, dict):
        failed = outcome.get("outcome") not in (None, "OUTCOME_OK")
        made = base._replace(layer="tool", kind="result", name="code_execution", tool="code_execution",
                             status="error" if failed else "ok")  # fmt: skip
        made = steps.with_ids(made, ("tool_call", outcome.get("id")))
        return _rest(
            steps.with_result(made, outcome.get("output"), given="output" in outcome), part, outcome, "id", "output"
        )
    return None


def _call(call: dict[str, Any], part: dict[str, Any], base: Event) -> Event:
    name, args = steps.text(call.get("name")), call.get("args")
    given = args is not None or "args" in call
    if name in _ASKS:
        original = _of(args, "original_function_call") if isinstance(args, dict) else None
        asked = member(original, "id") or (_of(args, "function_call_id") if isinstance(args, dict) else None)
        made = base._replace(layer="policy", kind="log", name=name, tool=steps.text(member(original, "name")))
        made = steps.with_ids(made, ("tool_call", asked), ("decision", call.get("id")))
        return _rest(steps.with_args(made, args, given=given), part, call, "id", "name", "args")
    made = base._replace(layer="llm", kind="call", name=name, tool=name)
    made = steps.with_ids(made, ("tool_call", call.get("id")))
    return _rest(steps.with_args(made, args, given=given), part, call, "id", "name", "args")


def _response(response: dict[str, Any], part: dict[str, Any], base: Event, waiting: set[str]) -> Event:
    name, outcome = steps.text(response.get("name")), response.get("response")
    made = base._replace(layer="tool", kind="result", name=name, tool=name)
    made = steps.with_result(made, outcome, given="response" in response)
    if name in _ASKS:
        confirmed = _confirmed(outcome)
        decision = None if confirmed is None else "allow" if confirmed else "deny"
        status = {"allow": "ok", "deny": "denied"}.get(decision or "", "unknown")
        made = made._replace(layer="policy", kind="decision" if name == _ASKS[0] else "log", tool=None,
                             decision=decision, status=status, policy=name)  # fmt: skip
        made = steps.with_ids(made, ("decision", response.get("id")))
    else:
        made = steps.with_ids(made, ("tool_call", response.get("id")))
        error = steps.text(member(outcome, "error"))
        failed = error is not None or member(outcome, "status") == "error"
        made = made._replace(status="error" if failed else "ok", error=error)
        if steps.text(response.get("id")) in waiting:
            made = made._replace(kind="log", status="unknown", error=None)
    return _rest(made, part, response, "id", "name", "response")


def _confirmed(outcome: Any) -> bool | None:
    confirmed = member(outcome, "confirmed")
    if confirmed is None and isinstance(text := member(outcome, "response"), str):
        try:
            confirmed = member(jsontext.parse(text.encode("utf-8", "surrogatepass"))[0], "confirmed")
        except RecordError:
            return None
    return confirmed if isinstance(confirmed, bool) else None


def _of_actions(actions: Any, base: Event) -> list[Event]:
    if not isinstance(actions, dict):
        return []
    events = []
    if target := steps.text(_of(actions, "transfer_to_agent")):
        made = base._replace(layer="agent", kind="log", name="transfer_to_agent")
        events.append(steps.with_rest(made, {"to_agent": target}))
    for name in ("requested_tool_confirmations", "requested_auth_configs"):
        asked = _of(actions, name)
        for call_id, what in asked.items() if isinstance(asked, dict) else ():
            made = base._replace(layer="policy", kind="decision", name=name, decision="ask", policy=name)
            made = steps.with_ids(made, ("tool_call", call_id))
            events.append(steps.with_rest(made, {"request": what}))
    return events


def _ids_of(actions: Any, name: str) -> set[str]:
    asked = _of(actions, name) if isinstance(actions, dict) else None
    return set(asked) if isinstance(asked, dict) else set()


def _rest(made: Event, part: dict[str, Any], inner: dict[str, Any], *told: str) -> Event:
    """The event with what is left of its part: signatures, labels, members that no column took."""
    camel = {_camel(name) for name in _TOLD}
    rest = {key: item for key, item in _set(part).items() if key not in _TOLD and key not in camel}
    for key, item in _set(inner).items():
        odd_id = key == "id" and id_text.normalise("tool_call", item) is None
        if key not in told or odd_id or (key == "name" and not is_text(item)):
            rest[key] = item
    return steps.with_rest(made, rest)


def _merged(own: str | None, fields: Fields) -> str | None:
    rest = fields.attributes()
    if own is None or rest is None:
        return own or rest
    return f"{own[:-1]},{rest[1:]}"


def _set(value: dict[str, Any]) -> dict[str, Any]:
    """The members that are set: a dump names all others with null."""
    return {key: item for key, item in value.items() if item is not None}


def _camel(name: str) -> str:
    return _CAMEL.sub(lambda match: match.group(1).upper(), name)


def _of(value: Any, name: str) -> Any:
    """A member under its name in snake_case or camelCase."""
    if not isinstance(value, dict):
        return None
    found = value.get(name)
    return value.get(_camel(name)) if found is None else found


def _name(fields: Fields, name: str) -> str:
    return name if fields.has(name) else _camel(name)
