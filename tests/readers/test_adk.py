"""Google ADK: invocations are runs, calls and responses pair by id, confirmations are questions and answers."""

from __future__ import annotations

import json

import pytest

from auditrail.containers.records import Head
from auditrail.readers import adk
from tests.conformance import _pipeline as pipeline
from tests.readers._rows import of, read, rest, rows, score

EVENT = {"id": "e1", "invocationId": "i-1", "author": "desk", "timestamp": 1767600000.25}


def test_invocations_are_runs_in_one_session():
    events = rows("adk", "session")
    assert len({row["run_id"] for row in events}) == 2
    assert {(row["session_id"], row["principal"], row["stream"]) for row in events} == {
        ("1fdef236-26aa-4471-a5b1-73ae6eea9d76", "u1", "adk:travel")
    }


def test_a_call_pairs_with_its_response():
    events = rows("adk", "session")
    for result in of(events, layer="tool", kind="result"):
        (call,) = of(events, layer="llm", kind="call", tool_call_id=result["tool_call_id"])
        assert (call["tool"], call["run_id"]) == (result["tool"], result["run_id"])


def test_an_answer_counts_its_tokens_once():
    events = rows("adk", "session")
    assert [row["tokens_out"] for row in of(events, layer="llm", kind="message")] == [5, 5, 5, 5]
    assert {row["tokens_out"] for row in of(events, kind="call")} == {None}
    assert {row["model"] for row in of(events, layer="llm", kind="call")} == {"fake-1"}


def test_empty_arguments_are_empty_and_not_absent():
    (ping,) = of(rows("adk", "session"), tool="ping", kind="call")
    assert (ping["args"], ping["args_state"]) == ("{}", "empty")


def test_a_tool_that_waits_for_confirmation_did_not_run():
    events = rows("adk", "session")
    waiting = of(events, layer="tool", kind="log")[0]
    assert (waiting["tool"], waiting["status"]) == ("book", "unknown")
    (ask,) = of(events, decision="ask")
    assert ask["tool_call_id"] == waiting["tool_call_id"]
    (asked,) = of(events, layer="policy", kind="log")
    assert (asked["tool"], asked["tool_call_id"]) == ("book", ask["tool_call_id"])
    (answer,) = of(events, decision="deny")
    assert (answer["decision_id"], answer["status"]) == (asked["decision_id"], "denied")


@pytest.mark.parametrize(
    ("response", "decision"),
    [
        ({"confirmed": True}, "allow"),
        ({"response": '{"confirmed": false}'}, "deny"),
        ({"response": "{"}, None),
        ({"confirmed": "yes"}, None),
    ],
)
def test_answers_to_a_confirmation(response, decision):
    part = {"functionResponse": {"id": "x", "name": "adk_request_confirmation", "response": response}}
    (row,) = read("adk", {**EVENT, "author": "user", "content": {"role": "user", "parts": [part]}})
    assert (row["layer"], row["kind"], row["decision"]) == ("policy", "decision", decision)


def test_a_transfer_names_the_next_agent():
    (row,) = of(rows("adk", "session"), layer="agent", name="transfer_to_agent")
    assert (row["agent"], rest(row)) == ("desk", {"to_agent": "payer"})


def test_snake_case_says_the_same_as_camel_case():
    def shown(case):
        told = ("layer", "kind", "name", "tool", "args", "result", "tokens_in", "tool_call_id", "run_id", "message_id")
        return [tuple(row[name] for name in told) for row in rows("adk", case)]

    assert shown("snake") == shown("session")[:6]


def test_errors_of_the_model_and_of_the_run():
    blocked, crashed = of(rows("adk", "events"), kind="error")
    assert (blocked["layer"], blocked["error"]) == ("llm", "SAFETY: blocked")
    assert (crashed["layer"], crashed["error"]) == ("agent", "IndexError: pop from empty list")


def test_a_fragment_is_a_log_without_calls():
    part = {"functionCall": {"id": "c", "name": "f", "args": {}}}
    (row,) = read("adk", {**EVENT, "partial": True, "content": {"role": "model", "parts": [part]}})
    assert (row["layer"], row["kind"], row["tool_call_id"]) == ("llm", "log", None)


def test_a_credential_request_asks():
    (row,) = of(rows("adk", "events"), name="requested_auth_configs")
    assert (row["decision"], row["tool_call_id"]) == ("ask", "f10")


def test_the_state_at_the_end_is_a_remark():
    remarks = pipeline.read_case(pipeline.FIXTURES / "adk" / "session").remarks
    assert [remark["code"] for remark in remarks] == ["session-state"]
    assert json.loads(remarks[0]["detail"])["state"] == {"seat": "12A"}


def test_a_large_session_is_known_by_its_members():
    keys = frozenset({"id", "appName", "userId", "state", "events"})
    assert adk.sniff(Head(b'{"events": [{"invocationId": "e', False, "values", False, [], keys, [])) == 0.95
    assert score("adk", {"events": [], "id": "x", "userId": "u"}) == 0.0
    assert score("adk", {"author": "a", "content": "b", "timestamp": 1}) == 0.0


def test_the_answer_of_a_run_and_its_session_have_the_same_events() -> None:
    event = {"id": "e1", "invocationId": "e-1", "author": "a", "timestamp": 1.5, "content": {"parts": [{"text": "x"}]}}
    alone, held = read("adk", event), read("adk", {"id": "s1", "appName": "p", "userId": "u", "events": [event]})
    assert [row["dedupe_key"] for row in alone] == [row["dedupe_key"] for row in held] == ["adk:e-1:e1"]


def test_an_evaluation_set_tells_what_is_expected_and_claims_no_call():
    rows = pipeline.read(pipeline.input_of(pipeline.FIXTURES / "adk" / "evaluation-set").read_bytes()).events
    assert {(row["kind"], row["layer"]) for row in rows} == {("log", "agent")}
    assert [(row["name"], row["tool"]) for row in rows[:3]] == [
        ("expected user message", None), ("expected tool use", "find_crossing"), ("expected tool use", "book"),
    ]  # fmt: skip
    assert len({row["run_id"] for row in rows}) == 2
