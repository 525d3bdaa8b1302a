"""The Codex readers: rollouts of every age, event messages, and the output of codex exec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.model import Event
from auditrail.readers import codex
from auditrail.readers._scope import Origin

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "codex"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)
THREAD = "019cae10-77aa-7c3e-9a55-0123456789ab"
NAMED = f"sessions/2026/03/02/rollout-2026-03-02T10-00-00-{THREAD}.jsonl"


def read(value: Any, path: str = "x.jsonl") -> list[Event]:
    return codex.read(value, RECORD, origin=Origin(path, "ab" * 32))  # type: ignore[return-value]


def events(case: str, path: str = "x.jsonl") -> list[Event]:
    raws = next((FIXTURES / case).glob("input.*")).read_bytes().splitlines()
    values = [jsontext.parse(raw)[0] for raw in raws]
    return [event for value in values if isinstance(value, dict) for event in read(value, path)]


def item(**payload: Any) -> list[Event]:
    return read({"timestamp": "2026-03-02T10:00:00Z", "type": "response_item", "payload": payload})


def message(**payload: Any) -> list[Event]:
    return read({"timestamp": "2026-03-02T10:00:00Z", "type": "event_msg", "payload": payload})


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def score(*samples: Any) -> float:
    return codex.sniff(Head(b"", True, "lines", False, list(samples), frozenset(), []))


def test_the_files_name_is_the_run_of_every_line():
    for event in events("rollout", NAMED):
        assert ids(event, "run") == [THREAD]


def test_a_file_of_another_name_is_one_run_found_by_the_session():
    found = events("rollout", "copy.jsonl")
    assert {ids(event, "run")[0] for event in found} == {"copy@ababab"}
    assert [ids(event, "session") for event in found if ids(event, "session")] == [[THREAD]]


def test_the_parent_of_a_sub_agent_and_of_a_fork_is_named():
    start, *_ = events("rollout", NAMED)
    assert (start.kind, ids(start, "parent_run")) == ("start", ["019cae10-0000-7000-8000-000000000001"])
    start, *_ = events("extended-events", NAMED)
    assert ids(start, "parent_run") == ["019cae10-0000-7000-8000-000000000002"]


def test_a_copied_header_of_the_session_that_was_forked_begins_no_run():
    other = "019cae10-1111-7000-8000-000000000009"
    (event,) = read({"type": "session_meta", "payload": {"id": other, "cwd": "/"}}, NAMED)
    assert (event.kind, ids(event, "session"), ids(event, "parent_run")) == ("log", [other], [])


def test_calls_and_outputs_pair_by_call_id():
    calls = {ids(event, "tool_call")[0]: event for event in events("rollout") if event.kind == "call" and event.ids[1:]}
    results = {
        ids(event, "tool_call")[0]: event for event in events("rollout") if event.kind == "result" and event.ids[1:]
    }
    assert calls["call_A1"].args == '{"cmd":"pytest -q"}'
    assert (results["call_A1"].status, results["call_A1"].error) == ("error", "exit code 1")
    assert (calls["call_A2"].tool, results["call_A2"].status) == ("apply_patch", "ok")
    assert (calls["call_A4"].tool, results["call_A4"].status) == ("local_shell", "ok")


def test_a_call_that_the_user_rejected_is_denied():
    denied = [event for event in events("rollout") if ids(event, "tool_call") == ["call_A3"]][1:]
    assert [(event.layer, event.kind, event.status) for event in denied] == [
        ("tool", "result", "denied"),
        ("policy", "decision", "denied"),
    ]
    assert (denied[1].decision, denied[1].policy) == ("deny", "user")


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ("Exit code: 0\nWall time: 1 seconds\nOutput:\nrejected by user", "ok"),
        ("Exit code: 3\nOutput:", "error"),
        ("Wall time: 1 seconds\nProcess running with session ID 4", "unknown"),
        ("aborted by user after 3.1s", "error"),
        ("patch rejected by user", "denied"),
        ({"content": "no", "success": False}, "error"),
        ('{"output":"x","metadata":{"exit_code":2}}', "error"),
        ('{"exit_code": true}', "unknown"),
        ([{"type": "input_text", "text": "fine"}], "unknown"),
        (None, "unknown"),
    ],
)
def test_the_status_of_an_output(output: Any, status: str) -> None:
    event, *_ = item(type="function_call_output", call_id="c", output=output)
    assert event.status == status


def test_a_search_by_the_provider_is_one_event_without_a_result():
    (event,) = [event for event in events("rollout") if event.tool == "web_search"]
    assert (event.kind, event.status, event.result_state) == ("span", "ok", "absent")


def test_the_policy_in_force_is_told_on_every_turn():
    (event,) = [event for event in events("rollout") if event.name == "turn_context"]
    assert (event.layer, event.kind) == ("policy", "log")
    assert (event.policy, event.rule) == ("approval:on-request", "sandbox:workspace-write")


def test_a_message_that_repeats_an_item_is_a_log():
    kinds = [(event.name, event.kind) for event in events("rollout") if "message" in (event.name or "")]
    assert kinds == [("user_message", "log"), ("agent_message", "log")]


def test_tokens_that_are_told_twice_have_one_response():
    first, second = [event for event in events("rollout") if event.name == "token_count"]
    assert (first.tokens_in, first.tokens_out) == (second.tokens_in, second.tokens_out) == (5000, 500)
    assert ids(first, "response") == ids(second, "response") != []


def test_running_totals_are_no_tokens_of_an_answer():
    (event,) = message(type="token_count", info={"total_token_usage": {"input_tokens": 9, "total_tokens": 9}})
    assert (event.tokens_in, event.tokens_out) == (None, None)
    (event,) = message(type="token_count", input_tokens=5, output_tokens=2)
    assert (event.tokens_in, event.tokens_out) == (5, 2)


def test_executions_are_told_from_requests():
    found = events("extended-events")
    ask, begin, end = [event for event in found if ids(event, "tool_call") == ["call_B1"]]
    assert (ask.layer, ask.decision, ask.rule) == ("policy", "ask", "deletes files")
    assert (begin.layer, begin.kind) == ("tool", "call")
    assert (end.kind, end.status, end.result) == ("result", "error", "rm: build: denied")
    declined, decision = [event for event in found if ids(event, "tool_call") == ["call_B2"]]
    assert (declined.status, decision.decision) == ("denied", "deny")
    begin, end = [event for event in found if ids(event, "tool_call") == ["call_B4"]]
    assert (begin.tool, begin.args, end.status, end.error) == ("search", '{"q":"vat"}', "error", "timed out")


def test_reviews_and_hooks_that_refuse_are_decisions():
    refused = {event.policy: event.decision for event in events("extended-events") if event.decision == "deny"}
    assert refused == {"guardian": "deny", "hook:pre_tool_use": "deny", "approval": "deny"}


def test_the_oldest_files_have_no_envelope_and_no_time():
    start, *rest = events("oldest-without-envelope")
    assert (start.kind, ids(start, "session")) == ("start", ["5973b6c0-94b8-487b-a530-2aeb6098ae0e"])
    assert {event.ts_source for event in rest} == {"order"}
    assert [event.kind for event in rest] == ["log", "message", "call", "log", "result", "message", "message"]


def test_an_unknown_kind_is_kept():
    (event,) = read(
        {"timestamp": "2026-03-02T10:00:00Z", "type": "event_msg", "payload": {"type": "brand_new", "a": 1}}
    )
    assert (event.kind, event.name) == ("log", "brand_new")
    assert json.loads(event.attributes or "")["a"] == 1


def test_the_sniffer_is_narrow():
    assert score({"timestamp": "x", "type": "event_msg", "payload": {"type": "x"}}) == 0.95
    assert score({"id": "a", "timestamp": "2025-05-07T17:24:21Z", "instructions": None}) == 0.95
    bare = {"type": "message", "role": "user", "content": []}
    assert score({"record_type": "state"}, bare) == 0.8
    assert score(bare) == 0.0
    assert score({"type": "event_msg", "payload": "text"}) == 0.0


def test_items_of_a_turn_are_executions_and_repeated_messages():
    ran = {"type": "CommandExecution", "id": "call_7", "command": ["ls"], "aggregated_output": "a.txt", "exit_code": 2}
    (event,) = message(type="item_completed", thread_id="t", turn_id="u", item=ran)
    assert (event.layer, event.kind, event.tool, event.status) == ("tool", "result", "exec_command", "error")
    assert (event.result, event.error, ids(event, "tool_call")) == ("a.txt", "exit code 2", ["call_7"])
    assert json.loads(event.attributes or "")["turn_id"] == "u"
    (event,) = message(type="item_started", item={"type": "McpToolCall", "id": "c", "tool": "find", "arguments": {}})
    assert (event.layer, event.kind, event.tool) == ("tool", "call", "find")
    said = {"type": "AgentMessage", "id": "m1", "content": [{"type": "Text", "text": "It is done."}]}
    (event,) = message(type="item_completed", item=said)
    assert (event.layer, event.kind, event.name) == ("llm", "log", "item_completed:AgentMessage")
    assert json.loads(event.attributes or "")["content"] == "It is done."
    (event,) = message(type="item_completed", item={"type": 5})
    assert (event.layer, event.kind) == ("agent", "log")
