"""Microsoft agent-governance-toolkit: its mesh's hash-chained audit log, signed, plain, exported, or CloudEvents.

Shapes (microsoft/agent-governance-toolkit, agent-governance-toolkit-core 5.0.0):

- agentmesh/governance/audit.py, AuditEntry: `{entry_id, timestamp, event_type, agent_did, action, resource,
  target_did, data, outcome, policy_decision, matched_rule, policy_version, arguments_hash, approver_did, issued_at,
  completed_at, previous_hash, entry_hash, trace_id, session_id, sandbox_id, environment, compute_driver}`; an export
  is `{exported_at, merkle_root, chain_root, entry_count, entries: [...]}`.
- agentmesh/governance/audit_backends.py, SignedAuditEntry: the same with `content_hash`, `previous_hash`,
  `signature` (HMAC); files that are rotated are chains of their own.
- CloudEvents 1.0 of both: `{specversion, id, type: ai.agentmesh.*, source, time, data, agentmeshentryhash,
  agentmeshprevioushash, traceid, sessionid}`; `data` mixes members of the entry with its own data.
- CloudEvents 1.0 of agent_os/event_sink.py (`type: ai.agentos.*`): governance events, read as `agt` reads them.

Signed files have their keys sorted, the other forms have not. So that one entry has one content in all of them, the
keys of arguments and results are sorted here.

Hashes and signatures stay in the attributes; nothing is verified here. The event types are the caller's: those of the
toolkit and common ones (`tool_call`, `tool_result`, `llm_call`, `session_start`, ...) become events of their layer, one
that states a policy's decision is a decision, and all others are logs of layer agent. `run_id` in `data` is the run.
`dedupe_key` is the entry's id: the same entry in a signed file, an export and a CloudEvent is one event.

Not read: Merkle roots and proofs in files beside the trail.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _agt as agt
from auditrail.readers import _gateway as gateway
from auditrail.readers import agt as decisions
from auditrail.readers._contract import Reading

NAME = "agt-mesh"
TITLE = "Microsoft agent-governance-toolkit mesh audit log (hash chain, signed, exported, CloudEvents)"
LAYER = "agent"
TESTED_ON = "real files of agent-governance-toolkit-core 5.0.0 (signed and plain chains, CloudEvents, rotated files)"
NEVER_RECORDS = "An entry that was never logged; entries of a rotated file that is gone leave no trace in the others."
IDS = (
    "run",
    "trace",
    "session",
    "conversation",
    "request",
    "decision",
    "tool_call",
    "parent_span",
    "task",
    "user",
    "other",
)
CAPTURES = {
    "time": "yes: of each entry, in UTC",
    "run": "partly: only if the caller puts run_id into the data",
    "parent": "partly: target_did of a handoff; span of governance events",
    "call": "partly: only if the caller puts an id into the data",
    "arguments": "partly: if the caller puts them into the data; else at most their hash",
    "results": "partly: if the caller puts them into the data; the middleware writes the first 500 characters",
    "model": "partly: if the caller puts it into the data",
    "tokens": "partly: if the caller puts them into the data",
    "decision": "yes: policy_decision and matched_rule",
    "errors": "yes: outcome, and what the data says",
    "end": "partly: where the trail has an entry for it",
}
ARRAYS = ("entries",)

_ENTRY = frozenset({"entry_id", "event_type", "agent_did", "action"})
_CHAINED = frozenset({"entry_hash", "previous_hash", "content_hash", "signature"})
_TYPES = {
    "tool.invoked": "tool_invocation",
    "tool.blocked": "tool_blocked",
    "policy.evaluation": "policy_evaluation",
    "policy.violation": "policy_violation",
    "trust.handshake": "trust_handshake",
    "trust.score.updated": "trust_score_updated",
    "agent.registered": "agent_registered",
    "agent.verified": "agent_verified",
    "audit.integrity.verified": "audit_integrity",
}
_KINDS = {
    "policy.check": "policy_check",
    "policy.violation": "policy_violation",
    "tool.blocked": "tool_call_blocked",
    "prompt_injection.detected": "prompt_injection_detected",
    "identity.verified": "identity_verified",
    "identity.rejected": "identity_rejected",
    "resource.access": "resource_access",
    "escalation.requested": "escalation_requested",
    "checkpoint.created": "checkpoint_created",
    "anomaly.detected": "anomaly_detected",
    "mcp.tool_poisoning": "mcp_tool_poisoning",
    "content.violation": "content_violation",
}
_MESH, _OS = "ai.agentmesh.", "ai.agentos."
# Members of an entry that its CloudEvent moves into `data`.
_IN_DATA = (
    "action", "resource", "outcome", "policy_decision", "matched_rule", "policy_version", "arguments_hash",
    "approver_did", "issued_at", "completed_at",
)  # fmt: skip
_OUTCOMES = {
    **dict.fromkeys(("success", "ok", "allowed", "approved", "complete", "completed"), "ok"),
    **dict.fromkeys(("failure", "error", "failed", "timeout"), "error"),
    **dict.fromkeys(("denied", "blocked", "rejected"), "denied"),
}
# Event type -> layer and kind; a stated decision of a policy goes before it.
_EVENTS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("session_start", "agent_start", "run_start"), ("agent", "start")),
    **dict.fromkeys(("session_end", "agent_end", "run_end"), ("agent", "end")),
    **dict.fromkeys(("tool_call", "mcp_tool_call"), ("tool", "call")),
    **dict.fromkeys(("tool_result", "tool_error"), ("tool", "result")),
    **dict.fromkeys(("llm_call", "model_call"), ("llm", "span")),
    **dict.fromkeys(
        ("policy_evaluation", "policy_decision", "policy_violation", "tool_blocked"), ("policy", "decision")
    ),
    **dict.fromkeys(("approval_decision", "governance_decision"), ("policy", "decision")),
}
_ARGS = ("args", "arguments", "params", "parameters", "input")
_RESULTS = ("result", "output", "response", "result_preview")
_PREVIEW = 500


def sniff(head: Head) -> float:
    """0.95 for an entry of a chain or one of the CloudEvents; 0.9 for an export of which only the names are seen."""
    if any(_is_ours(sample) for sample in head.samples):
        return 0.95
    return 0.9 if head.keys >= {"entries", "merkle_root"} else 0.0


def _is_ours(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    if "specversion" in value and isinstance(kind, str):
        return kind.startswith((_MESH, _OS))
    if value.keys() >= _ENTRY and _CHAINED & value.keys():
        return True
    entries = value.get("entries")
    return "merkle_root" in value and isinstance(entries, list) and any(_is_ours(item) for item in entries[:5])


def read(value: Any, record: Record) -> Reading:
    """One entry, or all entries of an export that is one record.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an audit entry is a JSON object")
    if isinstance(value.get("entries"), list) and "entry_id" not in value:
        header = {key: item for key, item in value.items() if key != "entries"}
        made = [_one(item, header) for item in value["entries"] if isinstance(item, dict)]
        odd = [item for item in value["entries"] if not isinstance(item, dict)]
        if odd or not made:
            made.append(Event(ts_source="order", name="entries", attributes=jsontext.dumps({**header, "entries": odd})))
        return made
    return [_one(value, record.header or {})]


def _one(value: dict[str, Any], header: dict[str, Any]) -> Event:
    kind = value.get("type")
    if "specversion" in value and isinstance(kind, str) and kind.startswith(_OS):
        return decisions.event_of(_governance_event(value, kind[len(_OS) :]))
    if "specversion" in value:
        value = _entry_of(value)
    # The roots of an export are what its entries can be checked against.
    roots: dict[str, Any] = {key: header[key] for key in ("merkle_root", "chain_root", "exported_at") if key in header}
    return _entry(value, roots)


def _entry_of(value: dict[str, Any]) -> dict[str, Any]:
    """A CloudEvent of the mesh under the names that the entry itself has."""
    kind = value.get("type")
    bare = kind[len(_MESH) :] if isinstance(kind, str) and kind.startswith(_MESH) else kind
    made = {key: item for key, item in value.items() if key not in ("id", "time", "data", "traceid", "sessionid")}
    for name, key in (("entry_id", "id"), ("timestamp", "time"), ("trace_id", "traceid"), ("session_id", "sessionid")):
        if key in value:
            made[name] = value[key]
    made["event_type"] = _TYPES.get(bare, bare) if isinstance(bare, str) else bare
    made["agent_did"] = made.pop("source", None)
    data = value.get("data")
    if isinstance(data, dict):
        made.update({key: data[key] for key in _IN_DATA if key in data})
        made["data"] = {key: item for key, item in data.items() if key not in _IN_DATA}
    elif "data" in value:
        made["data"] = data
    return made


def _governance_event(value: dict[str, Any], bare: str) -> dict[str, Any]:
    """A CloudEvent of agent_os under the names of its GovernanceEvent; the data stays a part of it."""
    made = {key: item for key, item in value.items() if key not in ("id", "time", "data", "traceid", "sessionid")}
    names = {"event_id": "id", "occurred_at": "time", "trace_id": "traceid", "session_id": "sessionid",
             "span_id": "spanid", "parent_span_id": "parentspanid"}  # fmt: skip
    for name, key in names.items():
        if key in value:
            made[name] = value[key]
            made.pop(key, None)
    made["kind"] = _KINDS.get(bare, bare.removeprefix("governance."))
    data = value.get("data")
    if not isinstance(data, dict):
        return {**made, "data": data}
    return {**made, **{key if key not in made else f"data.{key}": item for key, item in data.items()}}


def _entry(value: dict[str, Any], roots: dict[str, Any]) -> Event:
    fields = gateway.Fields(value)
    if roots:
        fields.put("export", roots)
    data = value.get("data")
    inner = gateway.Fields(data) if isinstance(data, dict) else gateway.Fields({})
    moment = fields.moment("timestamp")
    name = fields.text("event_type")
    decision = agt.decided(value.get("policy_decision"))
    layer, kind = _EVENTS.get((name or "").lower(), ("agent", "log"))
    action, outcome = value.get("action"), value.get("outcome")
    if name == "tool_invocation":  # the middleware's: `start` before the call, `complete` behind it
        layer, kind = "tool", "result" if action == "complete" else "call"
    if decision is not None and layer != "tool":
        layer, kind = "policy", "decision"
    elif kind == "decision":
        told = inner.get("decision")
        decision = agt.decided(told) if told is not None else None
        decision = decision or ("deny" if name == "tool_blocked" else agt.decided(outcome))
    status = _status(outcome, inner, name, kind, decision)
    ids, entry_id = _ids(value, data, is_decision=kind == "decision")
    event = Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        layer=layer,
        kind=kind,
        name=name,
        status=status,
        error=inner.text("error") if status in ("error", "denied") else None,
        agent=fields.text("agent_did"),
        model=inner.text("model", "model_name"),
        tool=agt.tool(action, value.get("resource"), data) if layer in ("tool", "policy") else None,
        decision=decision,
        policy=_policy(value, data) if layer == "policy" else None,
        rule=(fields.text("matched_rule") or inner.text("rule", "matched_rule")) if layer == "policy" else None,
        dedupe_key=f"agt:{entry_id}" if entry_id else None,
        ids=tuple(ids),
    )
    if layer == "policy" and name and event.tool == name:
        event = event._replace(tool=None)  # the action only repeats the type
    if layer in ("tool", "llm"):
        event = _with_content(event, value, inner)
    if isinstance(data, dict):
        fields.take("data")
        if rest := inner.left():
            fields.put("data", rest)
    return event._replace(attributes=fields.attributes())


def _with_content(event: Event, value: dict[str, Any], data: gateway.Fields) -> Event:
    """Arguments and results out of the data; of arguments that are not there, perhaps their hash."""
    asked = next((key for key in _ARGS if data.has(key)), None) if event.kind != "result" else None
    answered = next((key for key in _RESULTS if data.has(key)), None)
    args = data.take(asked) if asked else None
    state = state_of(args, given=asked is not None)
    if asked is None and gateway.is_text(value.get("arguments_hash")):
        args, state = value["arguments_hash"], "hashed"
    result = data.take(answered) if answered else None
    result_state = state_of(result, given=answered is not None)
    if answered == "result_preview" and isinstance(result, str) and len(result) >= _PREVIEW:
        result_state = "truncated"
    return event._replace(
        args=jsontext.content(_sorted(args)),
        args_state=state,
        result=jsontext.content(_sorted(result)),
        result_state=result_state,
        tokens_in=data.count("prompt_tokens", "input_tokens") if event.layer == "llm" else None,
        tokens_out=data.count("completion_tokens", "output_tokens") if event.layer == "llm" else None,
    )


def _sorted(value: Any) -> Any:
    """A value with the keys of all its objects sorted."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _status(outcome: Any, data: gateway.Fields, name: str | None, kind: str, decision: str | None) -> str:
    if kind == "decision":
        return agt.STATUS.get(decision or "", "unknown")
    if name == "tool_error" or data.get("ok") is False:
        return "error"
    told = data.get("status")
    if kind == "end" and isinstance(told, str):
        return _OUTCOMES.get(told.lower(), "unknown")
    status = _OUTCOMES.get(outcome.lower(), "unknown") if isinstance(outcome, str) else "unknown"
    # Of what only begins, `success` says that the entry was made: nothing could have failed yet.
    return "unknown" if kind in ("call", "start") and status == "ok" else status


def _policy(value: dict[str, Any], data: Any) -> str | None:
    names = ("policy", "policy_name", "policy_id")
    name = next((str(text) for key in names if gateway.is_text(text := gateway.member(data, key))), None)
    version = value.get("policy_version")
    return f"{name}@{version}" if name and gateway.is_text(version) else name


def _ids(value: dict[str, Any], data: Any, *, is_decision: bool) -> tuple[list[Id], str | None]:
    ids: list[Id] = []
    agt.add_ids(ids, data, value)
    entry_id = id_text.normalise("other", value.get("entry_id"))
    id_text.add(ids, "decision" if is_decision else "other", entry_id)
    return ids, entry_id


def close(wrapper: Wrapper) -> list[tuple[str, str]]:
    """Evidence that an export is not all: fewer entries than it counts, or as many as an export can hold."""
    found = []
    declared = gateway.whole(wrapper.header.get("entry_count"))
    if declared is not None and declared != wrapper.elements:
        found.append(("records-matched", f"entry_count {declared}, entries {wrapper.elements}"))
    if wrapper.elements == 10_000:
        found.append(("limit-reached", "10000 entries, the most that an export holds"))
    return found
