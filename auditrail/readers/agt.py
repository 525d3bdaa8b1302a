"""Microsoft agent-governance-toolkit: records of its decisions.

Shapes (microsoft/agent-governance-toolkit at b570558; agent-os-kernel 3.7.0, agent-governance-toolkit-core 5.0.0):

1. agent_os/audit_logger.py, AuditEntry: `{timestamp, event_type, agent_id, action, decision, reason, latency_ms,
   metadata}`, JSON lines.
2. agent_os/event_sink.py, GovernanceEvent: `{schema_version, event_id, occurred_at, kind, severity, agent_id,
   agent_did, session_id, action, resource, decision, reason, policy_name, latency_ms, trace_id, span_id,
   parent_span_id, attributes}`; members that are None are left out. The span is the one the event happened in. Its
   CloudEvents are read by `agt_mesh`.
3. agent_os/mcp_gateway.py, AuditEntry: `{timestamp (float), agent_id, tool_name, parameters, allowed, reason,
   approval_status}`: the arguments of the call are there.
4. agent_os/policies, PolicyDecision and PolicyCheckResult: `{allowed, action, matched_rule, reason, audit_entry
   {policy, rule, context_snapshot, timestamp}, category, matched_pattern, tool_name, ...}`.
5. agent_os/base_agent.py, AuditEntry: `{timestamp, agent_id, request_id, action, params_keys, decision,
   result_success, error, execution_time_ms}`: names of the parameters, never their values.
6. agent_os/exporters/citadel_exporter.py, GovernanceEvent: as 1 with `{policy_name, policy_bundle_id, trust_score,
   correlation {apim_request_id, foundry_trace_id, agt_decision_id, session_id}, hash_chain_prev, hash_chain_current,
   detail, event_id}`.
7. Audit trails of its examples: `{agent_id, tool, call_count, event_type: ALLOWED | BLOCKED | CHECKPOINT |
   TRANSACTION, decision, reason, timestamp}`: no id but the agent's, and a time without a zone.

A record that states a decision is a decision of layer policy; `name` is its event type or kind. One that decides
nothing (CHECKPOINT, a budget warning) is a log. `rule` is the rule that matched, else the reason in words.

Not read: policies and trust records (TRACE) of the toolkit; they are no decisions.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _agt as agt
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading

NAME = "agt"
TITLE = "Microsoft agent-governance-toolkit decisions (audit logger, governance events, MCP gateway, examples)"
LAYER = "policy"
TESTED_ON = (
    "real files of microsoft/agent-governance-toolkit (audit trails of two examples); documentation only: the other "
    "shapes, after its source"
)
NEVER_RECORDS = (
    "Events that a full queue or an open circuit breaker dropped: only a counter in the process knows of them."
)
IDS = (
    "trace",
    "parent_span",
    "session",
    "conversation",
    "run",
    "request",
    "decision",
    "tool_call",
    "task",
    "user",
    "other",
)
CAPTURES = {
    "time": "yes: of most shapes; the examples' trails have no zone",
    "run": "partly: only in metadata that the caller passes; governance events have trace and span",
    "parent": "partly: trace and span of governance events",
    "call": "never: a decision names the tool, not the call",
    "arguments": "partly: in full by the MCP gateway and in a context snapshot; names only by the agent's own log",
    "results": "never: at most whether the action succeeded",
    "model": "never: policies are about actions",
    "tokens": "never: policies are about actions",
    "decision": "yes: with reason; policy and rule in some shapes",
    "errors": "partly: a policy that could not be evaluated denies, and says so in its reason",
    "end": "n/a",
}

_SHAPES: tuple[tuple[frozenset[str], float], ...] = (
    (frozenset({"event_type", "agent_id", "action", "decision", "latency_ms", "metadata"}), 0.95),
    (frozenset({"event_id", "occurred_at", "kind", "agent_id", "schema_version"}), 0.95),
    (frozenset({"event_id", "occurred_at", "kind", "agent_id", "decision"}), 0.9),
    (frozenset({"agent_id", "tool_name", "parameters", "allowed", "approval_status"}), 0.95),
    (frozenset({"agent_id", "tool_name", "parameters", "allowed", "reason"}), 0.85),
    (frozenset({"allowed", "action", "reason", "audit_entry"}), 0.95),
    (frozenset({"allowed", "action", "matched_rule", "category"}), 0.9),
    (frozenset({"agent_id", "request_id", "action", "params_keys", "decision"}), 0.95),
    (frozenset({"agent_id", "hash_chain_prev", "hash_chain_current"}), 0.95),
)
_TRAIL = frozenset({"agent_id", "event_type", "decision", "timestamp"})
_TRAIL_TYPES = frozenset({"ALLOWED", "BLOCKED", "CHECKPOINT", "TRANSACTION"})
# Kinds and event types that are a decision by themselves.
_BY_KIND = {
    "tool_call_blocked": "deny", "identity_rejected": "deny", "escalation_requested": "ask",
    "identity_verified": "allow", "allowed": "allow", "blocked": "deny",
}  # fmt: skip


def sniff(head: Head) -> float:
    """0.85 to 0.95 for a record with the members of one of the shapes; 0.8 for a record of an example's trail."""
    return max((_score(sample) for sample in head.samples), default=0.0)


def _score(value: Any) -> float:
    if not isinstance(value, dict) or "specversion" in value:
        return 0.0
    keys = value.keys()
    best = max((score for shape, score in _SHAPES if keys >= shape), default=0.0)
    kind = value.get("event_type")
    if not best and keys >= _TRAIL and isinstance(kind, str) and kind in _TRAIL_TYPES:
        return 0.8
    return best


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One record of any of the shapes.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a governance record is a JSON object")
    return [event_of(value)]


def event_of(value: dict[str, Any]) -> Event:
    """The event of a record of any of the shapes."""
    fields = gateway.Fields(value)
    entry = value.get("audit_entry")
    snapshot = gateway.member(entry, "context_snapshot")
    metadata = value.get("metadata")
    more = value.get("attributes")
    moment = fields.moment("timestamp", "occurred_at") or times.parse(gateway.member(entry, "timestamp"))
    name = fields.text("event_type", "kind")
    decision = _decision(value, name)
    ids, key = _ids(value, "other" if decision is None else "decision")
    args, given = _args(value, fields, snapshot)
    error = fields.text("error")
    if decision is None:
        status = "error" if error else "unknown"
    elif value.get("result_success") is False and decision != "deny":
        status = "error"  # it was let through, and failed
    else:
        status = agt.STATUS.get(decision, "unknown")
    tool = agt.tool(_action(value), value.get("resource"), value, metadata, more, snapshot)
    rule = _first(value, metadata, entry, more, names=("matched_rule", "rule", "rule_id"))
    return Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        layer="policy",
        kind="log" if decision is None else "decision",
        name=name,
        status=status,
        error=error,
        agent=fields.text("agent_id", "agent_did", "agent") or _text(snapshot, "agent_id"),
        tool=tool if decision is not None else None,
        args=jsontext.content(args),
        args_state=state_of(args, given=given),
        decision=decision,
        policy=_first(value, metadata, entry, more, names=("policy_name", "policy", "policy_id")),
        rule=None if decision is None else rule or _first(value, names=("reason", "detail")),
        dedupe_key=f"agt:{key}" if key else None,
        attributes=fields.attributes(),
        ids=tuple(ids),
    )


def _decision(value: dict[str, Any], name: str | None) -> str | None:
    """A waiting approval asks; then the stated decision, the action of a check, its `allowed`, and the kind."""
    allowed, approval = value.get("allowed"), value.get("approval_status")
    if approval == "pending" and allowed is not True:
        return "ask"
    word = value.get("decision")
    if (found := agt.decided(word)) is not None:
        return found
    if isinstance(allowed, bool):
        acted = agt.decided(value.get("action"))
        # An action that the check lets through may still be noted or changed on the way.
        return acted if allowed and acted in ("flag", "modify") else "allow" if allowed else "deny"
    return _BY_KIND.get(name.lower()) if name and not gateway.is_text(word) else None


def _action(value: dict[str, Any]) -> Any:
    """What was to be done; the `action` of a policy check is what the policy did about it."""
    return None if isinstance(value.get("allowed"), bool) else value.get("action")


def _args(value: dict[str, Any], fields: gateway.Fields, snapshot: Any) -> tuple[Any, bool]:
    if "parameters" in value:
        return fields.take("parameters"), True
    return snapshot, snapshot is not None


def _ids(value: dict[str, Any], kind: str) -> tuple[list[Id], str | None]:
    ids: list[Id] = []
    event_id = value.get("event_id")
    metadata, correlation = value.get("metadata"), value.get("correlation")
    if event_id is None:
        event_id = gateway.member(metadata, "event_id")  # an event that went through the older interface
    id_text.add(ids, kind, event_id)
    for name in ("decision_id", "agt_decision_id"):
        id_text.add(ids, "decision", gateway.member(correlation, name) or value.get(name))
    agt.add_ids(ids, value, metadata, value.get("attributes"))
    id_text.add(ids, "parent_span", value.get("span_id"))
    id_text.add(ids, "request", gateway.member(correlation, "apim_request_id"))
    id_text.add(ids, "session", gateway.member(correlation, "session_id"))
    agt.add_ids(ids, {"trace_id": gateway.member(correlation, "foundry_trace_id")})
    return ids, id_text.normalise("decision", event_id)


def _first(*places: Any, names: tuple[str, ...]) -> str | None:
    return next((text for place in places for name in names if (text := _text(place, name))), None)


def _text(value: Any, key: str) -> str | None:
    found = gateway.member(value, key)
    return str(found) if gateway.is_text(found) else None
