"""The OPA reader: what was decided, by which policy, on what evidence, and what the mask policy took away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import DECISIONS, ID_KINDS, KINDS, STATES, STATUSES, Event
from auditrail.readers import opa

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "opa"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)


def load(case: str) -> list[Any]:
    raw = next((FIXTURES / case).glob("input.*")).read_bytes()
    return jsontext.parse(raw)[0] if raw[:1] == b"[" else [jsontext.parse(line)[0] for line in raw.splitlines()]


def one(value: Any) -> Event:
    (event,) = opa.read(value, RECORD)  # type: ignore[misc]
    return event


def events(case: str) -> list[Event]:
    return [one(value) for value in load(case)]


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def head(*samples: Any) -> Head:
    raw = b"\n".join(json.dumps(sample).encode() for sample in samples)
    keys = frozenset(samples[0]) if samples and isinstance(samples[0], dict) else frozenset()
    return Head(raw, True, "lines", False, list(samples), keys, raw.splitlines())


def decision(path: str = "a/allow", **more: Any) -> Event:
    return one({"decision_id": "d-1", "labels": {}, "path": path, "timestamp": "2026-03-02T09:15:00Z", **more})


def test_console_decision_has_every_column():
    event = events("console")[2]
    assert (event.layer, event.kind, event.decision, event.status) == ("policy", "decision", "allow", "ok")
    assert (event.name, event.policy) == ("agents/tools/allow", "agents/tools/allow@W3sibCI6InN5")
    assert event.ts_ns == 1772442901123456789
    assert event.ts_source == "event"
    assert (event.agent, event.agent_version, event.principal) == ("billing-agent", "2.4.0", "alice@example.com")
    assert event.tool == "refund_payment"
    assert json.loads(event.args or "")["arguments"] == {"order": "A-1009", "amount": 40}
    assert (event.result, event.result_state) == ("true", "present")
    assert (event.seq_kind, event.seq) == ("opa.req_id", 101)
    assert event.stream == "opa:agent-gateway/9c1f6b52-6a7e-4b0e-9a55-8f2f6d0b7a11"
    assert event.dedupe_key == "opa:4ca636c1-55e4-417a-b1d8-4aceb6790001"
    assert ids(event, "trace") == ["4bf92f3577b34da6a3ce929d0e0e4736"]
    assert ids(event, "parent_span") == ["00f067aa0ba902b7"]
    assert ids(event, "span") == []
    assert ids(event, "tool_call") == ["call_a1"]
    assert ids(event, "run") == ["run-7f3a"]
    assert ids(event, "request") == ["req-5501"]
    assert set(json.loads(event.attributes or "")) == {
        "labels", "bundles", "requested_by", "metrics", "level", "msg", "time", "type",
    }  # fmt: skip


def test_other_console_lines_are_logs():
    first, *_, last = events("console")
    assert (first.kind, first.name, first.decision) == ("log", "Initializing server.", None)
    assert (last.kind, last.status, last.error) == ("log", "error", "connection refused")


def test_what_a_console_at_level_debug_tells_of_a_query_is_no_second_decision() -> None:
    asks = {"input": [["a", 1]], "query": "data.a.allow", "msg": "Executing policy query.", "level": "debug", "txn": 3}
    gives = {"decision": True, "decision-id": "d-1", "query": "data.a.allow", "msg": "Returning policy decision."}
    assert [one(line).kind for line in (asks, gives)] == ["log", "log"]
    assert ids(one(gives), "decision") == ["d-1"]
    assert one({"msg": "Decision Log", "path": "a/allow", "result": True}).kind == "decision"


def test_original_path_is_kept_when_its_slash_goes():
    event = events("console")[4]
    assert event.name == "agents/tools/decision"
    assert json.loads(event.attributes or "")["path"] == "/agents/tools/decision"
    assert (event.decision, event.rule) == ("ask", "external_recipient")


def test_query_and_several_revisions_leave_the_policy_without_one():
    event = events("console")[7]
    assert event.name == event.policy == "data.agents.tools.limits[x]"
    assert event.decision is None
    assert event.result == '[{"x":"daily"}]'


def test_uploaded_array():
    allow, deny, admission, word = events("upload-array")
    assert [event.decision for event in (allow, deny, admission, word)] == ["allow", "deny", "deny", "flag"]
    assert deny.rule == "path is outside of /srv"
    assert "nd_builtin_cache" in json.loads(deny.attributes or "")
    assert admission.rule == "image is not signed"
    assert ids(word, "other") == ["b7a1e0de-0d8d-4f53-94a7-c0c3b7c1aaaa"]


def test_mask_policy_decides_the_states():
    states = [(event.args_state, event.result_state, event.decision) for event in events("erased-masked")]
    assert states == [
        ("redacted", "present", "allow"),
        ("redacted", "present", "allow"),
        ("redacted", "present", "allow"),
        ("present", "redacted", None),  # the result was erased: not an undefined decision
        ("present", "redacted", "allow"),
        ("present", "redacted", None),  # the very answer was replaced
    ]
    assert json.loads(events("erased-masked")[0].attributes or "")["erased"] == ["/input/arguments/password"]


def test_a_pointer_to_a_longer_name_is_no_redaction_of_the_input():
    assert decision(input={"a": 1}, erased=["/input_extra/a", "/inputs"], result=True).args_state == "present"


def test_absent_result_is_undefined_and_null_is_not():
    absent, null, failed, empty = events("undefined")
    assert (absent.decision, absent.status, absent.result_state) == ("undefined", "unknown", "absent")
    assert (null.decision, null.result_state) == (None, "empty")
    assert (failed.decision, failed.status) == ("undefined", "error")
    assert failed.error == "eval_conflict_error: complete rules must not produce multiple outputs"
    assert "location" in json.loads(failed.attributes or "")["error"]
    assert (empty.args_state, empty.result_state, empty.decision) == ("empty", "empty", None)


@pytest.mark.parametrize(
    ("path", "result", "expected"),
    [
        ("a/allow", True, "allow"),
        ("a/allow", False, "deny"),
        ("a/deny", True, "deny"),
        ("a/deny", False, "allow"),
        ("a/deny", [], "allow"),
        ("a/violation", ["v"], "deny"),
        ("a/is_blocked", True, "deny"),
        ("a/is_blocked", False, "allow"),
        ("a/not_allowed", True, "deny"),
        ("a/disallow", True, "deny"),
        ("a/unauthorized", False, "allow"),
        ("a/not_denied", True, "allow"),
        ("a/notify_allowed", True, "allow"),
        ("a/authorized", True, "allow"),
        ("a/main", {"allow": True, "deny": ["no"]}, "deny"),
        ("a/main", {"allow": True, "deny": []}, "allow"),
        ("a/main", {"deny": []}, "allow"),
        ("a/main", {"allowed": False}, "deny"),
        ("a/main", {"decision": "REQUIRE_APPROVAL"}, "ask"),
        ("a/main", {"effect": "redact"}, "modify"),
        ("a/main", {"allow": "allow"}, "allow"),
        ("a/main", {"score": 3}, None),
        ("a/main", "Permit", "allow"),
        ("a/main", "perhaps", None),
        ("a/main", 1, None),
        ("a/main", [True], None),
    ],
)
def test_decisions(path: str, result: Any, expected: str | None):
    event = decision(path, result=result)
    assert event.decision == expected
    assert event.result == jsontext.content(result)


def test_envoy_and_request_context_headers():
    first, second = events("envoy")
    assert first.principal == "spiffe://example.org/ns/agents/sa/planner"
    assert ids(first, "request") == ["5f6f9a5e-7d0b-4b0a-8f0e-1f0b5a2f3c11"]
    assert ids(first, "trace") == ["0af7651916cd43dd8448eb211c80319c"]
    assert first.sampled is True
    assert (second.decision, second.tool, second.sampled) == ("deny", "deploy", False)
    assert ids(second, "request") == ["c2b0b0ff-57f2-4f70-9a37-4f4d3c8b1d20"]


def test_hostile_records_keep_what_they_hold():
    first, second, *_ = events("hostile")
    assert first.dedupe_key is None
    assert json.loads(first.attributes or "")["decision_id"] == ["x"]
    assert (second.ts_source, second.tz_assumed, second.seq) == ("observed", True, None)
    assert json.loads(second.attributes or "")["req_id"] == 2**64 - 1
    with pytest.raises(RecordError) as error:
        opa.read([1], RECORD)
    assert error.value.code == "not-an-object"


@pytest.mark.parametrize("case", ["console", "upload-array", "erased-masked", "undefined", "envoy"])
def test_sniffs_its_own(case: str):
    assert opa.sniff(head(*load(case))) == 0.95


def test_sniffs_a_console_before_its_first_decision():
    assert opa.sniff(head(*load("console")[:2])) == 0.8
    assert opa.sniff(head(*load("console")[:1])) == 0.0


def test_does_not_sniff_others():
    assert opa.sniff(head({"decision_id": "d", "allowed": True})) == 0.0
    assert opa.sniff(head({"level": "info", "msg": "x", "time": "t"}, [1], "text", None)) == 0.0


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))
KEYS = st.sampled_from(
    [
        "decision_id",
        "path",
        "query",
        "input",
        "result",
        "erased",
        "masked",
        "labels",
        "bundles",
        "revision",
        "error",
        "timestamp",
        "time",
        "req_id",
        "trace_id",
        "span_id",
        "metrics",
        "request_context",
        "msg",
        "level",
    ]
)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(KEYS, VALUES),
    st.dictionaries(st.sampled_from(["tool", "agent", "user", "context", "headers", "run_id", "params"]), VALUES),
    st.dictionaries(st.sampled_from(["allow", "deny", "decision", "rule", "response", "allowed"]), VALUES),
)
def test_never_raises_and_gives_valid_rows(value: dict[str, Any], source: dict[str, Any], result: dict[str, Any]):
    for record in (value, {**value, "decision_id": "d", "input": source, "result": result}):
        event = one(record)
        assert event.decision is None or event.decision in DECISIONS
        assert event.kind in KINDS
        assert event.status in STATUSES
        assert {event.args_state, event.result_state} <= set(STATES)
        assert all(an_id.kind in ID_KINDS and an_id.value for an_id in event.ids)
        assert event.attributes is None or isinstance(json.loads(event.attributes), dict)
        for text in (event.name, event.rule, event.tool, event.agent, event.error, event.policy, event.stream):
            assert text is None or isinstance(text, str)


def test_a_query_that_is_about_to_be_evaluated_is_no_decision():
    debug = one({
        "input": [], "level": "debug", "msg": "Executing policy query.", "query": "data.envoy.authz.allow",
        "time": "2026-03-02T09:15:01Z", "txn": 3,
    })  # fmt: skip
    assert (debug.kind, debug.decision, debug.name) == ("log", None, "Executing policy query.")


@pytest.mark.parametrize(("path", "text", "expected"), [
    ("a/allow", "true", "allow"), ("a/allow", "False", "deny"), ("a/deny", "true", "deny"),
])  # fmt: skip
def test_a_truth_written_as_text_counts(path: str, text: str, expected: str):
    assert decision(path, result=text).decision == expected
