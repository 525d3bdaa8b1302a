"""The reader of the mesh's audit chain: entries, signed entries, exports and CloudEvents are the same events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import agt_mesh
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)


def entry(event_type: str, action: str = "", data: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "entry_id": "audit_1", "timestamp": "2026-03-02T16:00:00Z", "event_type": event_type, "agent_did": "did:mesh:a",
        "action": action or event_type, "data": data or {}, "outcome": "success", "policy_decision": None,
        "matched_rule": None, "previous_hash": "aa", "entry_hash": "bb", **more,
    }  # fmt: skip


def one(value: Any) -> Event:
    (event,) = agt_mesh.read(value, RECORD)  # type: ignore[misc]
    assert isinstance(event, Event)
    return event


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


@pytest.mark.parametrize(
    ("value", "layer", "kind", "status"),
    [
        (entry("session_start"), "agent", "start", "unknown"),
        (entry("session_end", data={"status": "complete"}), "agent", "end", "ok"),
        (entry("session_end", data={"status": "failed"}), "agent", "end", "error"),
        (entry("llm_call"), "llm", "span", "ok"),
        (entry("tool_call", "pay"), "tool", "call", "unknown"),
        (entry("tool_result", "pay"), "tool", "result", "ok"),
        (entry("tool_result", "pay", {"ok": False}), "tool", "result", "error"),
        (entry("tool_error", "pay"), "tool", "result", "error"),
        (entry("tool_invocation", "start"), "tool", "call", "unknown"),
        (entry("tool_invocation", "complete"), "tool", "result", "ok"),
        (entry("agent_handoff"), "agent", "log", "ok"),
        (entry("rogue_detection", outcome="failure"), "agent", "log", "error"),
        (entry("tool_blocked", outcome="denied"), "policy", "decision", "denied"),
        (entry("approval_decision", outcome="approved"), "policy", "decision", "ok"),
        (entry("something", policy_decision="deny"), "policy", "decision", "denied"),
        (entry("tool_call", "pay", policy_decision="allow"), "tool", "call", "unknown"),
    ],
)
def test_event_types_have_a_layer_and_a_kind(value: dict[str, Any], layer: str, kind: str, status: str):
    event = one(value)
    assert (event.layer, event.kind, event.status) == (layer, kind, status)


def test_arguments_results_and_tokens_stand_in_the_data():
    call = one(entry("tool_call", "pay", {"run_id": "run-1", "args": {"x": 1}}))
    assert (call.tool, call.args, call.args_state, ids(call, "run")) == ("pay", '{"x":1}', "present", ["run-1"])
    result = one(entry("tool_result", "pay", {"result": ""}))
    assert (result.result_state, result.args_state) == ("empty", "absent")
    model = one(entry("llm_call", data={"model": "m", "prompt_tokens": 3, "completion_tokens": 4}))
    assert (model.model, model.tokens_in, model.tokens_out) == ("m", 3, 4)


def test_a_hash_and_a_preview_are_no_content():
    assert one(entry("tool_call", "pay", arguments_hash="9f" * 32)).args_state == "hashed"
    cut = one(entry("tool_invocation", "complete", {"tool": "f", "result_preview": "x" * 500}))
    assert (cut.tool, cut.result_state) == ("f", "truncated")
    assert one(entry("tool_invocation", "complete", {"result_preview": "x"})).result_state == "present"


def test_decisions_name_rule_and_policy():
    event = one(
        entry("policy_decision", data={"rule": "r", "policy": "p"}, policy_decision="allow", policy_version="7")
    )
    assert (event.decision, event.rule, event.policy, event.tool) == ("allow", "r", "p@7", None)
    assert ids(event, "decision") == ["audit_1"]


def test_the_chain_stays_in_the_attributes():
    kept = json.loads(one(entry("llm_call", content_hash="cc", signature="dd")).attributes or "")
    assert [kept[key] for key in ("previous_hash", "entry_hash", "content_hash", "signature")] == [
        "aa",
        "bb",
        "cc",
        "dd",
    ]


def test_a_cloudevent_is_the_same_event_as_its_entry():
    plain = one(entry("tool_invocation", "start", {"tool": "f", "args": {"x": 1}}, resource="f"))
    event = one(
        {"specversion": "1.0", "id": "audit_1", "type": "ai.agentmesh.tool.invoked", "source": "did:mesh:a",
         "time": "2026-03-02T16:00:00+00:00Z", "agentmeshentryhash": "bb", "agentmeshprevioushash": "aa",
         "data": {"action": "start", "resource": "f", "outcome": "success", "tool": "f", "args": {"x": 1}}}
    )  # fmt: skip
    fields = ("ts_ns", "layer", "kind", "name", "agent", "tool", "args", "dedupe_key", "ids")
    assert [getattr(event, name) for name in fields] == [getattr(plain, name) for name in fields]
    assert json.loads(event.attributes or "")["agentmeshentryhash"] == "bb"


def test_a_governance_cloudevent_reads_as_agt_reads_it():
    event = one(
        {"specversion": "1.0", "id": "e-1", "type": "ai.agentos.tool.blocked", "source": "did:mesh:a",
         "time": "2026-03-02T15:01:00+00:00", "sessionid": "s-1", "agtsignature": "c2ln",
         "data": {"action": "tool_call", "resource": "shell", "decision": "deny", "agent_id": "a", "source": "x"}}
    )  # fmt: skip
    assert (event.name, event.decision, event.tool, event.dedupe_key) == (
        "tool_call_blocked",
        "deny",
        "shell",
        "agt:e-1",
    )
    kept = json.loads(event.attributes or "")
    assert (kept["agtsignature"], kept["source"], kept["data.source"]) == ("c2ln", "did:mesh:a", "x")


def test_an_export_is_taken_apart_and_counted():
    export = {
        "merkle_root": "ab",
        "entry_count": 3,
        "entries": [entry("llm_call"), entry("tool_call", entry_id="audit_2")],
    }
    reading = pipeline.read(json.dumps(export).encode())
    assert (reading.reader, reading.tally.events) == ("agt-mesh", 2)
    assert json.loads(reading.events[0]["attributes"])["export"] == {"merkle_root": "ab"}
    assert [row["code"] for row in reading.remarks] == ["records-matched"]
    assert agt_mesh.close(Wrapper({"entry_count": 10_000}, "entries", 10_000, 1, 0))[0][0] == "limit-reached"
    assert agt_mesh.close(Wrapper({}, "entries", 2, 1, 0)) == []


def test_other_cloudevents_are_not_claimed():
    def score(value: Any) -> float:
        return agt_mesh.sniff(pipeline.head_of(json.dumps(value).encode()))

    assert score({"specversion": "1.0", "type": "com.example.x", "id": "1", "source": "s"}) == 0.0
    assert score({"entries": []}) == 0.0
    assert score(entry("llm_call")) == 0.95


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        agt_mesh.read("x", RECORD)
