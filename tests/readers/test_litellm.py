"""The LiteLLM reader: requests, the tool calls asked for in them, guardrails, and ids that do not join too much."""

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
from auditrail.readers import litellm

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "litellm"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def load(case: str) -> list[Any]:
    raw = next((FIXTURES / case).glob("input.*")).read_bytes()
    return jsontext.parse(raw)[0] if raw[:1] == b"[" else [jsontext.parse(line)[0] for line in raw.splitlines()]


def read(value: Any) -> list[Event]:
    found = litellm.read(value, RECORD)
    assert isinstance(found, list)
    return found


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def attributes(event: Event) -> dict[str, Any]:
    value = json.loads(event.attributes or "{}")
    assert isinstance(value, dict)
    return value


def head(*samples: Any) -> Head:
    raw = b"\n".join(json.dumps(sample).encode() for sample in samples)
    keys = frozenset(samples[0]) if samples and isinstance(samples[0], dict) else frozenset()
    return Head(raw, True, "lines", False, list(samples), keys, raw.splitlines())


def test_request_is_a_span_and_its_tool_calls_are_calls():
    span, refund, orders = read(load("tool-calls")[0])
    assert (span.layer, span.kind, span.name, span.status) == ("llm", "span", "acompletion", "ok")
    assert (span.ts_ns, span.end_ns) == (1772442901_500000000, 1772442902_750000000)
    assert (span.model, span.agent, span.principal) == ("gpt-4.1", "billing-agent", "alice")
    assert (span.tokens_in, span.tokens_out) == (101, 30)
    assert ids(span, "request") == ["0c6f8a0e-3f5e-4a45-9a69-000000000001"]
    assert ids(span, "response") == ["chatcmpl-L0001"]
    assert ids(span, "trace") == [TRACE]
    assert ids(span, "session") == ["sess-88"]
    assert ids(span, "run") == ["run-7f3a"]
    assert attributes(span)["response_cost"] == 0.00042
    assert (refund.layer, refund.kind, refund.tool, refund.status) == ("llm", "call", "refund_payment", "unknown")
    assert (refund.args, refund.args_state) == ('{"order":"A-1009","amount":40}', "present")
    assert refund.ts_ns == span.end_ns  # not asked for before the response was there
    assert refund.ids[0] == ("tool_call", "call_a1")
    assert ids(refund, "run") == ["run-7f3a"]
    assert ids(refund, "response") == ["chatcmpl-L0001"]
    assert (orders.args, orders.args_state) == ("{}", "empty")
    assert len({span.dedupe_key, refund.dedupe_key, orders.dedupe_key}) == 3


def test_results_that_the_request_carries_tie_it_to_the_calls():
    (span,) = read(load("tool-calls")[1])
    assert ids(span, "tool_call") == ["call_a1", "call_a2"]


def test_an_answer_from_the_cache_does_not_tie_two_runs():
    (span,) = read(load("tool-calls")[2])
    assert ids(span, "response") == []
    assert ids(span, "other") == ["chatcmpl-L0002"]


def test_a_trace_id_that_is_none_groups_only():
    (span,) = read(load("tool-calls")[2])
    assert ids(span, "trace") == []
    assert "2f5a1e1c-8c8b-4f7c-9d0e-9b8a7c6d5e4f" in ids(span, "session")
    assert attributes(span)["trace_id"] == "2f5a1e1c-8c8b-4f7c-9d0e-9b8a7c6d5e4f"


def test_a_trace_id_made_of_the_call_id_groups_nothing():
    (span,) = read({"litellm_call_id": "c-1", "trace_id": "c-1", "model": "m"})
    assert ids(span, "session") == []
    assert ids(span, "request") == ["c-1"]


def test_tool_executions_of_the_gateway():
    (execution,) = read(load("tool-calls")[3])
    assert (execution.layer, execution.kind, execution.tool, execution.status) == ("tool", "span", "create", "ok")
    assert execution.args == '{"title":"Refund"}'
    assert execution.result_state == "present"
    assert attributes(execution)["metadata"]["mcp_tool_call_metadata"]["mcp_server_name"] == "tickets"
    span, call = read(load("tool-calls")[4])
    assert "mcp_tool_call_metadata" not in attributes(span)["metadata"]
    assert (call.layer, call.kind, call.tool, call.args) == ("tool", "call", "search", '{"q":"refund"}')
    assert attributes(call) == {"mcp_server_name": "docs"}


def test_redaction_and_truncation():
    redacted, call = read(load("redacted")[0])
    assert (redacted.args_state, redacted.result_state, call.args_state) == ("redacted", "redacted", "redacted")
    assert ids(call, "tool_call") == ["call_r1"]
    (unstored,) = read(load("redacted")[1])
    assert (unstored.args_state, unstored.result_state) == ("empty", "redacted")
    assert read(load("redacted")[2])[0].args_state == "truncated"


def test_failures_and_attempts_of_one_call():
    attempts = [read(value)[0] for value in load("failure")]
    assert [event.status for event in attempts] == ["error", "error", "ok"]
    assert attempts[0].error == "litellm.RateLimitError: too many requests"
    assert attempts[1].error == "Timeout: timed out after 600 s"
    assert attempts[0].result_state == attempts[1].result_state == "empty"
    assert ids(attempts[0], "response") == []
    assert len({event.dedupe_key for event in attempts}) == 3
    assert len({ids(event, "request")[0] for event in attempts}) == 1


@pytest.mark.parametrize(
    ("told", "decision", "rule"),
    [
        ({"guardrail_status": "success"}, "allow", None),
        ({"guardrail_status": "success", "masked_entity_count": {"EMAIL": 2, "PHONE": 0}}, "modify", "EMAIL"),
        ({"guardrail_status": "success", "masked_entity_count": {"EMAIL": 0}}, "allow", None),
        ({"guardrail_status": "success", "masked_entity_count": {}}, "allow", None),
        ({"guardrail_status": "success", "guardrail_action": "ANONYMIZED"}, "modify", None),
        ({"guardrail_status": "guardrail_intervened", "masked_entity_count": {"EMAIL": 1}}, "modify", "EMAIL"),
        ({"guardrail_status": "guardrail_intervened"}, "deny", None),
        ({"guardrail_status": "guardrail_flagged", "violation_categories": ["HATE"]}, "flag", "HATE"),
        ({"guardrail_status": "guardrail_failed_to_respond"}, "undefined", None),
        ({"guardrail_status": "not_run"}, "not_run", None),
    ],
)
def test_what_a_guardrail_masked_was_modified(told: dict[str, Any], decision: str, rule: str | None):
    payload = {"litellm_call_id": "c-1", "model": "m", "status": "success", "startTime": 1772442900.5}
    (_, event) = read({**payload, "guardrail_information": [{"guardrail_name": "pii", **told}]})
    assert (event.decision, event.rule) == (decision, rule)


def test_guardrails_are_decisions():
    read_all = [read(value) for value in load("guardrails")]
    decisions = [[event for event in found if event.layer == "policy"] for found in read_all]
    assert [[event.decision for event in found] for found in decisions] == [
        ["allow", "flag"], ["modify"], ["deny"], ["undefined", "not_run", None], ["deny"],
    ]  # fmt: skip
    flagged, blocked = decisions[0][1], decisions[2][0]
    assert (flagged.policy, flagged.rule, flagged.status) == ("toxicity", "insult; threat", "ok")
    assert (blocked.kind, blocked.rule, blocked.status) == ("decision", "prompt_injection", "denied")
    assert flagged.ts_ns == 1772442900_500000000
    assert flagged.end_ns == 1772442900_520000000
    assert ids(flagged, "request") == ids(read_all[0][0], "request")
    assert attributes(flagged)["risk_score"] == 0.7
    assert attributes(decisions[3][2])["guardrail_status"] == "novel"
    assert "guardrail_information" not in attributes(read_all[0][0])


def test_hostile_records_keep_what_they_hold():
    (span,) = read(load("hostile")[0])
    kept = attributes(span)
    assert kept["litellm_call_id"] == ["x"]
    assert kept["guardrail_information"] == [{}, 5]
    assert kept["startTime"] == "soon"
    assert (span.ts_source, span.tokens_in, span.status) == ("order", None, "unknown")
    with pytest.raises(RecordError) as error:
        litellm.read("text", RECORD)
    assert error.value.code == "not-an-object"


@pytest.mark.parametrize("case", ["tool-calls", "redacted", "failure", "guardrails"])
def test_sniffs_its_own(case: str):
    assert litellm.sniff(head(*load(case))) == 0.95


def test_does_not_sniff_others():
    assert litellm.sniff(head({"model": "m", "messages": []}, {"call_type": "x"}, {"litellm_call_id": "y"}, 4)) == 0.0


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
GUARDRAIL = st.dictionaries(
    st.sampled_from(["guardrail_name", "guardrail_status", "start_time", "end_time", "violation_categories"]), VALUES
)
MCP = st.dictionaries(st.sampled_from(["name", "arguments", "result"]), VALUES)
CALL = st.dictionaries(st.sampled_from(["id", "function", "name", "arguments", "type"]), VALUES)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "id",
                "litellm_call_id",
                "call_id",
                "trace_id",
                "session_id",
                "call_type",
                "status",
                "startTime",
                "endTime",
                "model",
                "prompt_tokens",
                "messages",
                "response",
                "metadata",
                "error_str",
                "error_information",
                "cache_hit",
                "end_user",
                "guardrail_information",
            ]
        ),
        VALUES,
    ),
    st.lists(GUARDRAIL, max_size=2),
    MCP,
    st.lists(CALL, max_size=3),
)
def test_never_raises_and_gives_valid_rows(value: Any, guardrails: list[Any], mcp: Any, calls: list[Any]):
    shaped = {
        **value,
        "guardrail_information": guardrails,
        "metadata": {"mcp_tool_call_metadata": mcp},
        "response": {"choices": [{"message": {"tool_calls": calls}}]},
    }
    for record in (value, shaped, {**shaped, "call_type": "call_mcp_tool"}):
        for event in read(record):
            assert event.decision is None or event.decision in DECISIONS
            assert event.kind in KINDS
            assert event.status in STATUSES
            assert {event.args_state, event.result_state} <= set(STATES)
            assert all(an_id.kind in ID_KINDS and an_id.value for an_id in event.ids)
            assert event.attributes is None or isinstance(json.loads(event.attributes), dict)
            for text in (event.name, event.error, event.tool, event.model, event.args, event.result, event.rule):
                assert text is None or isinstance(text, str)


def test_a_row_of_spend_logs_is_read_as_the_payload_it_was_made_of():
    rows = load("spend-logs")
    assert litellm.sniff(head(rows[0])) == 0.95
    (span,) = read(rows[0])
    assert (ids(span, "response"), span.tokens_in, span.tokens_out) == (["chatcmpl-S001"], 91, 11)
    span, call, decision = read(rows[1])
    assert (span.agent, ids(span, "run")) == ("billing-agent", ["run-51"])
    assert (call.tool, decision.decision) == ("list_orders", "deny")


def test_prompts_that_a_row_of_spend_logs_does_not_store_are_absent_and_not_empty():
    (span,) = read(load("spend-logs")[0])
    assert (span.args_state, span.result_state) == ("absent", "absent")


def test_a_failed_row_of_spend_logs_has_the_error_of_its_metadata():
    (span,) = read(load("spend-logs")[2])
    assert (span.status, span.error) == ("error", "RateLimitError: too many requests")
    assert ids(span, "response") == []
