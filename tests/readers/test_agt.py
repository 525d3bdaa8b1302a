"""The reader of the agent-governance-toolkit's decisions: one test for each shape and for the words it uses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _agt, agt
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ENTRY = {"timestamp": "2026-03-02T15:00:00+00:00", "event_type": "governance_decision", "agent_id": "a",
         "action": "search", "decision": "allow", "reason": "", "latency_ms": 1.0, "metadata": {}}  # fmt: skip


def one(value: Any) -> Event:
    (event,) = agt.read(value, RECORD)  # type: ignore[misc]
    assert isinstance(event, Event)
    return event


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


@pytest.mark.parametrize(
    ("word", "decision"),
    [
        ("allow", "allow"), ("ALLOWED", "allow"), ("approved", "allow"), ("PASS", "allow"), ("deny", "deny"),
        ("blocked", "deny"), ("rejected", "deny"), ("audit", "flag"), ("WARN", "flag"),
        ("escalate", "ask"),
        ("pending_approval", "ask"), ("transform", "modify"), ("timeout", "undefined"),
        ("checkpoint", None), ("", None),
        (None, None), (7, None), (True, "allow"), (False, "deny"),
    ],
)  # fmt: skip
def test_words_for_decisions(word: Any, decision: str | None):
    assert _agt.decided(word) == decision


def test_an_audit_entry_is_a_decision_with_its_policy():
    event = one({**ENTRY, "metadata": {"run_id": "run-1", "policy_name": "p", "rule": "r"}})
    assert (event.layer, event.kind, event.decision, event.tool) == ("policy", "decision", "allow", "search")
    assert (event.policy, event.rule, event.agent, ids(event, "run")) == ("p", "r", "a", ["run-1"])
    log = one({**ENTRY, "decision": "", "event_type": "budget_warning"})
    assert (log.kind, log.decision, log.rule, log.tool) == ("log", None, None, None)


def test_a_governance_event_joins_by_trace_and_span():
    event = one(
        {"schema_version": "1", "event_id": "e-1", "occurred_at": "2026-03-02T15:01:00+00:00",
         "kind": "tool_call_blocked", "agent_id": "a", "action": "tool_call", "resource": "shell",
         "trace_id": TRACE, "span_id": "00f067aa0ba902b7",
         "session_id": "s-1", "policy_name": "no-shell"}
    )  # fmt: skip
    assert (event.decision, event.tool, event.policy) == ("deny", "shell", "no-shell")
    assert (ids(event, "trace"), ids(event, "parent_span"), ids(event, "session")) == (
        [TRACE],
        ["00f067aa0ba902b7"],
        ["s-1"],
    )
    assert (event.dedupe_key, ids(event, "decision")) == ("agt:e-1", ["e-1"])


def test_the_same_event_through_the_older_interface_has_the_same_key():
    assert one({**ENTRY, "metadata": {"event_id": "e-1"}}).dedupe_key == "agt:e-1"


@pytest.mark.parametrize(
    ("told", "decision"),
    [
        ({"allowed": True, "approval_status": None}, "allow"),
        ({"allowed": True, "approval_status": "approved"}, "allow"),
        ({"allowed": False, "approval_status": "denied"}, "deny"),
        ({"allowed": False, "approval_status": "pending"}, "ask"),
        ({"allowed": False, "approval_status": None}, "deny"),
    ],
)
def test_the_gateway_tells_arguments_and_approval(told: dict[str, Any], decision: str):
    event = one(
        {"timestamp": 1772463720.25, "agent_id": "a", "tool_name": "pay", "parameters": {"x": 1}, "reason": "", **told}
    )
    assert (event.tool, event.args, event.decision) == ("pay", '{"x":1}', decision)
    assert event.ts_ns == 1772463720_250000000


def test_a_policy_check_is_about_its_snapshot():
    entry = {"policy": "agents", "rule": "no-shell", "context_snapshot": {"agent_id": "a", "tool_name": "shell"},
             "timestamp": "2026-03-02T15:02:02+00:00"}  # fmt: skip
    event = one({"allowed": False, "matched_rule": "no-shell", "action": "block", "reason": "no", "audit_entry": entry})
    assert (event.decision, event.policy, event.rule) == ("deny", "agents", "no-shell")
    assert (event.agent, event.tool, event.args_state, event.ts_source) == ("a", "shell", "present", "event")
    noted = one({"allowed": True, "action": "audit", "reason": "no rule", "audit_entry": {}, "tool_name": "search"})
    assert (noted.decision, noted.tool, noted.ts_source) == ("flag", "search", "order")


def test_the_agents_own_log_tells_a_failure_behind_a_permission():
    event = one({"timestamp": "2026-03-02T15:02:04", "agent_id": "a", "request_id": "r", "action": "search",
                 "params_keys": ["q"], "decision": "allow", "result_success": False,
                 "error": "TimeoutError"})  # fmt: skip
    assert (event.decision, event.status, event.error) == ("allow", "error", "TimeoutError")
    assert event.args_state == "absent"
    assert event.tz_assumed


def test_hash_chain_fields_stay():
    event = one({**ENTRY, "hash_chain_prev": "aa", "hash_chain_current": "bb", "detail": "d",
                 "correlation": {"foundry_trace_id": TRACE, "apim_request_id": "q",
                 "agt_decision_id": "d-1"}})  # fmt: skip
    kept = json.loads(event.attributes or "")
    assert (kept["hash_chain_prev"], kept["hash_chain_current"]) == ("aa", "bb")
    assert (ids(event, "trace"), ids(event, "request"), ids(event, "decision")) == ([TRACE], ["q"], ["d-1"])


def test_a_trace_id_that_is_none_only_groups():
    assert ids(one({**ENTRY, "metadata": {"trace_id": "chat-7"}}), "session") == ["chat-7"]
    both = one({**ENTRY, "metadata": {"trace_id": "run-1", "run_id": "run-1"}})
    assert (ids(both, "run"), ids(both, "session"), ids(both, "trace")) == (["run-1"], [], [])


def test_other_logs_with_a_decision_are_not_claimed():
    def score(value: Any) -> float:
        return agt.sniff(pipeline.head_of(json.dumps(value).encode()))

    assert score({"agent_id": "a", "event_type": "decision", "decision": "allow", "timestamp": "t"}) == 0.0
    assert (
        score({"agent_id": "a", "event_type": "ALLOWED", "decision": "allowed", "timestamp": "t", "tool": "x"}) == 0.8
    )
    assert score({**ENTRY, "specversion": "1.0"}) == 0.0
    assert score(ENTRY) == 0.95


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        agt.read([], RECORD)
