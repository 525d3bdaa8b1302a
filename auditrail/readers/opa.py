"""OPA decision logs: lines of `--set decision_logs.console=true`, and the arrays that OPA uploads.

Fields after struct EventV1 in open-policy-agent/opa, v1/plugins/logs/plugin.go (047e90d); header values there are
lists of texts. Console lines have `level`, `msg`, `time` and `type` besides; OPA's other console lines (a request
received, a bundle activated) are kept as `log` events.

What the columns say:

- `policy` is the path, with `@revision` where exactly one bundle revision is known (`bundles`, or the older
  `revision`). `name` is the path without its leading slash, or the query.
- `decision`: the result true/false, a word (`allow`, `deny`, ...), or an object with such a member. A denial beats
  a permission in the same object. For a rule that itself refuses by its name (`deny`, `is_blocked`, `not_allowed`),
  true or a list with something in it is a denial, and false or an empty list is none. An absent result is
  `undefined`: no rule gave a value. What the mask policy erased or replaced decides nothing: the value in the log is
  not the value given.
- `args` is the input. `erased` and `masked` list what the mask policy changed, as pointers such as
  `/input/password`; they make `args_state` and `result_state` `redacted`.
- `stream` is `opa:<app label>/<id label>`: `id` is new with each process, and `req_id` (`seq`) counts the requests
  of one process, so a hole in it can be told from another replica. It counts requests that ask for no decision too.
- ids in the input stand under the names of `_gateway.ID_NAMES`, in the places of `_PLACES`; headers of Envoy's
  external authorization and of `request_context` give request and trace ids.

Not read: status and bundle updates, which are kept as `log` events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading

NAME = "opa"
TITLE = "Open Policy Agent decision log (console lines or uploaded arrays)"
LAYER = "policy"
TESTED_ON = (
    "real files of kanywst/envoy-external-authorization-filter-simple (a console with level debug); documentation "
    "only: struct EventV1 of open-policy-agent/opa (047e90d)"
)
NEVER_RECORDS = "Decisions that a drop policy or a buffer limit discarded leave no record, and no count in this log."
IDS = (
    "decision",
    "trace",
    "parent_span",
    "run",
    "session",
    "conversation",
    "request",
    "tool_call",
    "task",
    "message",
    "user",
    "parent_run",
    "parent_request",
    "other",
)
CAPTURES = {
    "time": "yes: when the decision was made, in nanoseconds",
    "run": "opt-in: only as a member of the input",
    "parent": "opt-in: trace and span ids only with distributed tracing on",
    "call": "opt-in: only as a member of the input",
    "arguments": "partly: what the caller put in the input; what the mask policy removed or replaced is named",
    "results": "n/a",
    "model": "n/a",
    "tokens": "n/a",
    "decision": "yes: but none at all for decisions that a drop rule or a rate limit discarded",
    "errors": "yes: of the evaluation",
    "end": "n/a",
}

# Where callers put ids, agent, user and tool in the input.
_PLACES: tuple[tuple[str, ...], ...] = ((), ("context",), ("metadata",), ("tool",), ("request",), ("params", "_meta"))
_HEADERS: tuple[tuple[str, ...], ...] = (
    ("input", "attributes", "request", "http", "headers"),  # Envoy's external authorization
    ("input", "headers"),
    ("input", "request", "headers"),
    ("request_context", "http", "headers"),
)
_INPUT_IDS = {**gateway.ID_NAMES, "spanid": "parent_span", "callid": "tool_call"}
# Each column's places in the input, first match wins; objects are read at these members.
_TOOL = (("tool",), ("tool_name",), ("toolName",), ("action",))
_AGENT = (("agent",), ("agent_id",), ("agentId",), ("agent_name",))
_PRINCIPAL = (("user",), ("principal",), ("subject",), ("user_id",), ("userId",))
_ENVOY_PRINCIPAL = ("attributes", "source", "principal")
_NAME_MEMBERS = ("name", "id", "sub", "email", "username", "tool")

_WORDS: dict[str, str] = {
    **dict.fromkeys(("allow", "allowed", "permit", "permitted", "accept", "approve", "approved", "pass"), "allow"),
    **dict.fromkeys(("deny", "denied", "reject", "rejected", "block", "blocked", "forbid", "forbidden"), "deny"),
    **dict.fromkeys(("ask", "escalate", "review", "confirm", "require_approval", "needs_approval"), "ask"),
    **dict.fromkeys(("modify", "redact", "mask", "transform", "sanitize"), "modify"),
    **dict.fromkeys(("flag", "warn", "audit", "monitor"), "flag"),
}
_WORD_MEMBERS = ("decision", "effect", "verdict", "outcome", "action")
_ALLOW_MEMBERS = ("allow", "allowed", "permit", "permitted", "authorized", "is_allowed")
_DENY_MEMBERS = ("deny", "denied", "violation", "violations", "blocked")
# What stands in the name of a rule that refuses; `not_allowed` refuses as well, and `not_denied` does not.
_REFUSES = re.compile(r"den(?:y|ies|ied|ials?)|violat|block|forbid|reject|disallow|prohibit|unauthori|restrict")
_PERMITS = re.compile(r"allow|permit|accept|approv|authori[sz]|grant")
_NEGATION = re.compile(r"(?:^|[_.\-])(?:not?|non|never|isnt|cannot)[_.\-]")
_RULE_MEMBERS = ("rule", "rule_id", "rule_name", "matched_rule", "matched_rules", "reason", "reason_code", "reasons")
# A console may open with many lines "Received request." and "Sent response." before the first decision.
_REQUEST_LINE = frozenset({"client_addr", "level", "msg", "req_id", "req_method", "req_path", "time"})
_DECISION_LINE = "Decision Log"
_STATUS = {"allow": "ok", "deny": "denied", "modify": "ok", "flag": "ok"}


def sniff(head: Head) -> float:
    """0.95 for a record with `decision_id` and a field of a decision; 0.8 for OPA's request lines alone."""
    records = [sample for sample in head.samples if isinstance(sample, dict)]
    if any(_is_decision(record) for record in records):
        return 0.95
    return 0.8 if any(record.keys() >= _REQUEST_LINE for record in records) else 0.0


def _is_decision(value: dict[str, Any]) -> bool:
    # A decision id alone is anyone's; with OPA it stands beside labels, or a path or query and a time.
    if not isinstance(value.get("decision_id"), str):
        return False
    return isinstance(value.get("labels"), dict) or (
        any(isinstance(value.get(key), str) for key in ("path", "query"))
        and "timestamp" in value
        and any(key in value for key in ("input", "result", "bundles", "metrics"))
    )


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One decision, or one other line of OPA's console as a `log` event."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a decision is a JSON object")
    decided = {"result", "input"} & value.keys() and {"path", "query"} & value.keys()
    # At level debug the console tells of the query, too ("Executing policy query."), with its input.
    spoken = isinstance(value.get("msg"), str) and value["msg"] != _DECISION_LINE
    if "decision_id" not in value and (spoken or not decided):
        return [_console_line(value)]
    return [_decision(value)]


def _tells_a_decision(value: dict[str, Any]) -> bool:
    # Level debug tells of a query that is about to be evaluated: what came out of it is another line.
    if value.get("msg") not in (None, _DECISION_LINE):
        return False
    return bool({"result", "input"} & value.keys() and {"path", "query"} & value.keys())


def _decision(value: dict[str, Any]) -> Event:
    fields = gateway.Fields(value)
    ids, sampled = _ids(value)
    source = value.get("input")
    moment = fields.moment("timestamp")
    written = None if moment else fields.moment("time")  # of the console line, in whole seconds
    name = _name(fields)
    touched = _pointers(value.get("erased")) | _pointers(value.get("masked"))
    error = _error(fields)
    decision = _decide(value, touched, name)
    result_redacted = _touches(touched, "result")
    at = moment or written
    return Event(
        ts_ns=at.ns if at else None,
        ts_source="event" if moment else "observed" if written else "order",
        tz_assumed=bool(at and at.tz_assumed),
        stream=_stream(value.get("labels")),
        layer="policy",
        kind="decision",
        name=name,
        status="error" if error else _STATUS.get(decision or "", "unknown"),
        error=error,
        agent=_named(source, _AGENT),
        agent_version=_text_at(source, ("agent", "version")) or _text_at(source, ("agent_version",)),
        principal=_named(source, _PRINCIPAL) or _text_at(source, _ENVOY_PRINCIPAL),
        tool=_tool(source),
        args=jsontext.content(fields.take("input")),
        args_state="redacted" if _touches(touched, "input") else state_of(source, given="input" in value),
        result=jsontext.content(fields.take("result")),
        result_state="redacted" if result_redacted else state_of(value.get("result"), given="result" in value),
        decision=decision,
        policy=_policy(value, name),
        rule=_rule(value.get("result")),
        sampled=sampled,
        seq_kind="opa.req_id" if (seq := fields.count("req_id")) is not None else None,
        seq=seq,
        dedupe_key=_dedupe_key(value),
        attributes=_attributes(fields, ("decision_id", "trace_id", "span_id", "batch_decision_id")),
        ids=tuple(ids),
    )


def _console_line(value: dict[str, Any]) -> Event:
    fields = gateway.Fields(value)
    moment = fields.moment("time", "timestamp")
    level = value.get("level")
    ids: list[Id] = []
    id_text.add(ids, "decision", value.get("decision-id"))  # as opa-envoy-plugin writes it
    gateway.add_named(ids, value)
    return Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        layer="policy",
        kind="log",
        name=fields.text("msg"),
        status="error" if level in ("error", "fatal", "panic") else "unknown",
        error=fields.text("err", "error"),
        attributes=fields.attributes(),
        ids=tuple(ids),
    )


def _ids(value: dict[str, Any]) -> tuple[list[Id], bool | None]:
    ids: list[Id] = []
    id_text.add(ids, "decision", value.get("decision_id"))
    id_text.add(ids, "other", value.get("batch_decision_id"))
    id_text.add(ids, "trace", value.get("trace_id"))
    id_text.add(ids, "parent_span", value.get("span_id"))
    sampled: bool | None = None
    for place in _HEADERS:
        flag = gateway.add_headers(ids, gateway.member(value, *place))
        sampled = flag if sampled is None else sampled
    for place in _PLACES:
        gateway.add_named(ids, gateway.member(value.get("input"), *place), _INPUT_IDS)
    id_text.add(ids, "user", _named(value.get("input"), _PRINCIPAL))
    return ids, sampled


def _name(fields: gateway.Fields) -> str | None:
    """The path without its leading slash (the original then stays in the attributes), or the query."""
    path = fields.get("path")
    if gateway.is_text(path) and (bare := str(path).strip().lstrip("/")):
        if bare == path:
            fields.take("path")
        return bare
    return fields.text("query")


def _stream(labels: Any) -> str | None:
    app = next((_text_at(labels, (key,)) for key in ("app", "service", "name") if _text_at(labels, (key,))), None)
    parts = [part for part in (app, _text_at(labels, ("id",))) if part]
    return "opa:" + "/".join(parts) if parts else None


def _policy(value: dict[str, Any], name: str | None) -> str | None:
    if name is None or not gateway.is_text(value.get("path")):
        return name
    bundles = value.get("bundles")
    found = [gateway.member(bundle, "revision") for bundle in bundles.values()] if isinstance(bundles, dict) else []
    revisions = {revision for revision in found or [value.get("revision")] if gateway.is_text(revision)}
    return f"{name}@{revisions.pop()}" if len(revisions) == 1 and len(found) <= 1 else name


def _dedupe_key(value: dict[str, Any]) -> str | None:
    decision_id = id_text.normalise("decision", value.get("decision_id"))
    return f"opa:{decision_id}" if decision_id else None


def _error(fields: gateway.Fields) -> str | None:
    """OPA's error is an object `{code, message}`; one without text stays in the attributes too."""
    error = fields.get("error")
    if gateway.is_text(error):
        return fields.text("error")
    if not isinstance(error, (dict, list)) or not error:
        return None
    parts = [_text_at(error, (key,)) for key in ("code", "message")]
    return ": ".join(part for part in parts if part) or jsontext.dumps(error)


def _pointers(value: Any) -> set[str]:
    items = value if isinstance(value, list) else [value]
    return {"/" + item.strip("/") for item in items if isinstance(item, str) and item.strip("/")}


def _touches(touched: Iterable[str], part: str) -> bool:
    return any(pointer == f"/{part}" or pointer.startswith(f"/{part}/") for pointer in touched)


def _decide(value: dict[str, Any], touched: set[str], name: str | None) -> str | None:
    if "/result" in touched:
        return None
    if "result" not in value:
        return "undefined"
    result = value["result"]
    refuses = _refuses((name or "").rsplit("/", 1)[-1].lower())
    if isinstance(result, dict):
        review = result.get("response")  # a Kubernetes AdmissionReview holds the answer one level deeper
        base = "/result"
        if isinstance(review, dict) and "allowed" in review:
            result, base = review, "/result/response"
        result = {key: item for key, item in result.items() if not _touches(touched, f"{base}/{key}"[1:])}
        if found := _decide_object(result):
            return found
        if not refuses or _touches(touched, "result"):
            return None
    if isinstance(result, str) and result.strip().lower() in ("true", "false"):
        result = result.strip().lower() == "true"
    if isinstance(result, str):
        return _WORDS.get(result.strip().lower())
    if refuses and isinstance(result, (bool, list, dict)):
        return "deny" if result else "allow"
    return ("allow" if result else "deny") if isinstance(result, bool) else None


def _refuses(rule: str) -> bool:
    """Whether a rule that holds is a denial, by its name."""
    refuses = _REFUSES.search(rule) is not None
    known = refuses or _PERMITS.search(rule) is not None
    return refuses != (known and _NEGATION.search(rule) is not None)


def _decide_object(result: dict[str, Any]) -> str | None:
    denials = [result[key] for key in _DENY_MEMBERS if isinstance(result.get(key), (bool, list, dict))]
    permissions = [result[key] for key in _ALLOW_MEMBERS if isinstance(result.get(key), bool)]
    texts = [result[key] for key in (*_WORD_MEMBERS, *_ALLOW_MEMBERS) if gateway.is_text(result.get(key))]
    named = [_WORDS[word] for text in texts if (word := text.strip().lower()) in _WORDS]
    flat = [result[key] for key in _WORD_MEMBERS if isinstance(result.get(key), bool)]
    if any(denials) or False in permissions or "deny" in named or False in flat:
        return "deny"
    if named:
        return named[0]
    return "allow" if permissions or denials or flat else None


def _rule(result: Any) -> str | None:
    holders = [result, gateway.member(result, "response", "status")]
    for holder in holders:
        for key in _RULE_MEMBERS:
            found = holder.get(key) if isinstance(holder, dict) else None
            texts = [str(item) for item in (found if isinstance(found, list) else [found]) if gateway.is_text(item)]
            if texts:
                return "; ".join(texts)
    return None


def _tool(source: Any) -> str | None:
    # An MCP request as input: the method says that `params.name` is a tool.
    if gateway.member(source, "method") == "tools/call" and (name := _text_at(source, ("params", "name"))):
        return name
    return _named(source, _TOOL)


def _named(source: Any, places: Iterable[tuple[str, ...]]) -> str | None:
    """The first text at one of the places, in the input itself or in its `context` or `metadata`."""
    for holder in (source, gateway.member(source, "context"), gateway.member(source, "metadata")):
        for place in places:
            found = gateway.member(holder, *place)
            candidates = [found.get(key) for key in _NAME_MEMBERS] if isinstance(found, dict) else [found]
            if text := next((item for item in candidates if gateway.is_text(item)), None):
                return str(text)
    return None


def _text_at(source: Any, path: tuple[str, ...]) -> str | None:
    found = gateway.member(source, *path)
    return found if gateway.is_text(found) else None


def _attributes(fields: gateway.Fields, id_members: Iterable[str]) -> str | None:
    """What is left; members that an id tells in full are not repeated."""
    for key in id_members:
        if id_text.normalise("other", fields.get(key)) is not None:
            fields.take(key)
    return fields.attributes()
