"""Authorization decisions of Cedar and of Amazon Verified Permissions, as applications log them.

Shapes (sources: see `_cedar`): the bare answer; an object with the answer under `response` and the question under
`request` (or `input`); the question's members (`principal`, `action`, `resource`, `context`) beside those of the
answer; a batch `{"results": [{request, decision, determiningPolicies, errors}]}`, which gives one decision for each
result; Cedar's foreign function interface `{"type": "success", "response": {...}}` or `{"type": "failure", errors}`.
CloudTrail's records of the same operations are read by `cloudtrail`.

- `decision` allow or deny. `policy` is the policy store where one is named, else the determining policies; `rule` is
  the determining policies, or that none applied (default deny). `tool` is the action that was asked for.
- `args` is the question. Neither Cedar nor Verified Permissions puts a time or an id into its answer: a time of the
  logger's (`timestamp`, `time`, `ts`) is used, and ids under common names. `ResponseMetadata.RequestId`, which AWS
  SDKs add, is the request.
- A failure has no decision: it is an event of kind `error`.

Not read: test files of the Cedar command line (`decision` beside `num_errors`), which are expectations.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _cedar as cedar
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading

NAME = "cedar"
TITLE = "Cedar and Amazon Verified Permissions decisions (request and response records)"
LAYER = "policy"
TESTED_ON = "documentation only: botocore 1.44.5 verifiedpermissions, cedar-policy ffi/is_authorized.rs"
NEVER_RECORDS = (
    "When the decision was made and for which run, unless the application adds it; policies that did not match."
)
IDS = ("request", "run", "trace", "session", "conversation", "tool_call", "task", "user", "decision", "other")
CAPTURES = {
    "time": "partly: only if the logger adds one",
    "run": "partly: only if the logger or the request's context names it",
    "parent": "partly: a traceparent or parent id, only if the logger adds it",
    "call": "partly: only if the request's context names it",
    "arguments": "partly: the request's context, only where the request is logged",
    "results": "n/a: a decision has no result but itself",
    "model": "n/a: policies know no model",
    "tokens": "n/a: policies know no tokens",
    "decision": "yes: with the policies that determined it; a denial without one is the default",
    "errors": "yes: policies that could not be evaluated",
    "end": "n/a",
}

_QUESTION = ("principal", "action", "resource", "context", "policyStoreId", "entities")
_TIMES = ("timestamp", "time", "ts", "@timestamp")
_MAX_BATCH = 1000


def sniff(head: Head) -> float:
    """0.95 for an answer with determining policies or diagnostics; 0.9 for a batch of answers."""
    return max((_score(sample) for sample in head.samples), default=0.0)


def _score(value: Any) -> float:
    if not isinstance(value, dict):
        return 0.0
    inner = value.get("response")
    if _is_answer(value) or _is_answer(inner):
        return 0.95
    results = value.get("results")
    if isinstance(results, list) and any(_is_answer(item) for item in results[:5]):
        return 0.95
    failed = value.get("type") == "failure" and isinstance(value.get("errors"), list) and "warnings" in value
    return 0.8 if failed else 0.0


def _is_answer(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("decision"), str):
        return False
    if value["decision"].strip().lower() not in cedar.STATUS:
        return False
    diagnostics = value.get("diagnostics")
    return isinstance(value.get("determiningPolicies"), list) or (
        isinstance(diagnostics, dict) and ("reason" in diagnostics or "errors" in diagnostics)
    )


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One decision, or one for each answer of a batch.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a decision is a JSON object")
    fields = gateway.Fields(value)
    holder: dict[str, Any] = value
    if isinstance(value.get("response"), dict):
        holder = fields.take("response")
    asked = next((fields.take(key) for key in ("request", "input") if isinstance(value.get(key), dict)), None)
    if asked is None:
        asked = {key: fields.take(key) for key in _QUESTION if key in value} or None
    base = _base(value, holder, asked, fields)
    results = holder.get("results")
    if isinstance(results, list) and any(isinstance(item, dict) for item in results):
        fields.take("results")
        return _batch(results, asked, base, fields, holder, value)
    if "decision" not in holder:
        return [_without_decision(holder, value, base, fields)]
    return [_decision(holder, asked, base, fields, whole=holder is value)]


def _base(value: dict[str, Any], holder: dict[str, Any], asked: Any, fields: gateway.Fields) -> Event:
    moment = fields.moment(*_TIMES)
    ids: list[Id] = []
    for source in (value, _context(asked), gateway.member(value, "metadata")):
        gateway.add_named(ids, source)
    for source in (value, holder):
        id_text.add(ids, "request", gateway.member(source, "ResponseMetadata", "RequestId"))
    for key in ("decision_id", "decisionId"):
        id_text.add(ids, "decision", value.get(key))
    return Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        layer="policy",
        kind="decision",
        name=fields.text("operation", "eventName", "api"),
        principal=cedar.principal(asked) or cedar.entity(holder.get("principal")),
        ids=tuple(ids),
    )


def _context(asked: Any) -> Any:
    """The context as a plain object: Verified Permissions wraps each value in an object that names its type."""
    context = gateway.member(asked, "context")
    wrapped = gateway.member(context, "contextMap")
    if not isinstance(wrapped, dict):
        return context
    return {
        key: next(iter(item.values())) if isinstance(item, dict) and len(item) == 1 else item
        for key, item in wrapped.items()
    }


def _decision(answer: dict[str, Any], asked: Any, base: Event, fields: gateway.Fields, *, whole: bool) -> Event:
    said = cedar.answer(answer)
    store = gateway.member(asked, "policyStoreId")
    if whole and said.decision is not None:
        fields.take("decision")
    elif not whole:
        decided = said.decision is not None
        fields.put("response", {key: item for key, item in answer.items() if key != "decision" or not decided})
    if said.default_deny:
        fields.put("auditrail.default_deny", True)
    return base._replace(
        status=cedar.STATUS.get(said.decision or "", "unknown"),
        error=said.error,
        decision=said.decision,
        policy=str(store) if gateway.is_text(store) else said.policies,
        rule=said.rule,
        tool=cedar.action(asked),
        args=jsontext.content(asked),
        args_state=state_of(asked, given=asked is not None),
        attributes=fields.attributes(),
    )


def _batch(
    results: list[Any], asked: Any, base: Event, fields: gateway.Fields, holder: dict[str, Any], value: dict[str, Any]
) -> list[Event]:
    shared = {key: item for key, item in holder.items() if key != "results"} if holder is not value else {}
    if shared:
        fields.put("response", shared)
    if asked is not None:
        fields.put("request", asked)
    made: list[Event] = []
    for number, item in enumerate(results[:_MAX_BATCH], start=1):
        mine = fields if number == 1 else gateway.Fields({})
        if not isinstance(item, dict):
            mine.put(f"results[{number - 1}]", item)
            made.append(base._replace(kind="log", attributes=mine.attributes()))
            continue
        inner = item.get("request")
        question: Any = inner if isinstance(inner, dict) else None
        store = gateway.member(asked, "policyStoreId")
        if question is not None and store is not None:
            question = {"policyStoreId": store, **question}
        rest = {key: part for key, part in item.items() if key != "request" or question is None}
        one = _decision(rest, question, base, mine, whole=False)
        principal = cedar.principal(question)
        made.append(one._replace(principal=principal or base.principal))
    return made


def _without_decision(holder: dict[str, Any], value: dict[str, Any], base: Event, fields: gateway.Fields) -> Event:
    if holder is not value:
        fields.put("response", holder)
    errors = cedar.answer({"errors": holder.get("errors", value.get("errors"))}).error
    failed = value.get("type") == "failure" or errors is not None
    return base._replace(
        kind="error" if failed else "log",
        status="error" if failed else "unknown",
        error=errors,
        attributes=fields.attributes(),
    )
