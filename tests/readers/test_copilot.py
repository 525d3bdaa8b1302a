"""The Copilot CLI reader: sessions, sub-agents, permissions, and ids that an exporter took out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.model import Event
from auditrail.readers import copilot
from auditrail.readers._scope import Origin

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "copilot"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)
UUID = "9d2f6a10-4c3b-4e2a-9b1d-7f6e5d4c3b2a"


def read(value: Any, path: str = "x.jsonl") -> list[Event]:
    return copilot.read(value, RECORD, origin=Origin(path, "ab" * 32))  # type: ignore[return-value]


def events(case: str, path: str = "x.jsonl") -> list[Event]:
    raws = next((FIXTURES / case).glob("input.*")).read_bytes().splitlines()
    values = [jsontext.parse(raw)[0] for raw in raws]
    return [event for value in values if isinstance(value, dict) for event in read(value, path)]


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def score(value: Any) -> float:
    return copilot.sniff(Head(b"", True, "lines", False, [value], frozenset(), []))


def test_the_folder_or_the_file_names_the_session():
    for path in (f".copilot/session-state/{UUID}/events.jsonl", f".copilot/session-state/{UUID}.jsonl"):
        assert {ids(event, "run")[0] for event in events("session", path)} == {UUID}
    assert {ids(event, "run")[0] for event in events("session")} == {"x@ababab"}


def test_an_answer_is_a_message_and_its_calls():
    message, first, second = [event for event in events("session") if "m-1" in ids(event, "message")]
    assert (message.layer, message.kind, message.tokens_out) == ("llm", "message", 22)
    assert (first.kind, first.tool, ids(first, "tool_call")) == ("call", "bash", ["call_E1"])
    assert (second.args_state, second.tokens_out) == ("empty", None)
    (usage,) = [event for event in events("session") if event.name == "assistant.usage"]
    assert (usage.tokens_in, usage.tokens_out, ids(usage, "response")) == (800, None, ids(message, "response"))


def test_a_permission_is_asked_for_and_answered():
    ask, allowed, ask_again, denied = [event for event in events("session") if ids(event, "decision")]
    assert [event.decision for event in (ask, allowed, ask_again, denied)] == ["ask", "allow", "ask", "deny"]
    assert ids(ask, "decision") == ids(allowed, "decision")
    assert ids(ask_again, "tool_call") == ids(denied, "tool_call") == ["call_E2"]
    (result,) = [event for event in events("session") if event.kind == "result" and event.status == "denied"]
    assert ids(result, "tool_call") == ["call_E2"]


def test_the_full_result_is_the_result():
    (result,) = [event for event in events("session") if event.kind == "result" and event.status == "ok"]
    assert result.result == "ok, 12 tests passed"


def test_hooks_are_logs_unless_they_decide():
    start, end = [event for event in events("session") if (event.name or "").startswith("hook.")]
    assert (start.kind, end.kind, end.decision, end.rule) == ("log", "decision", "deny", "no network")


def test_a_session_that_crashed_ends_in_error():
    (end,) = [event for event in events("session") if event.kind == "end"]
    assert (end.status, end.error) == ("error", "crash")


def test_a_sub_agent_is_a_run_of_its_own():
    *older, newer, main = events("sub-agents")
    assert {ids(event, "run")[0] for event in older} == {"x@ababab/call-call_F1"}
    assert {ids(event, "parent_call")[0] for event in older} == {"call_F1"}
    assert [older[0].kind, older[-1].kind, older[-1].status] == ["start", "end", "error"]
    assert ids(older[0], "tool_call") == [], "the call is its parent's"
    assert (ids(newer, "run"), ids(newer, "parent_run")) == (["x@ababab/agent-ag-7"], ["x@ababab"])
    assert (ids(main, "run"), ids(main, "parent_run")) == (["x@ababab"], [])


def test_a_mark_in_place_of_an_id_ties_nothing():
    _, call, result = events("ids-removed")
    for event in (call, result):
        assert [an_id.kind for an_id in event.ids] == ["run"]
        assert event.dedupe_key is None
        assert event.ts_source == "order"
    assert result.result_state == "redacted"


def test_the_sniffer_is_narrow():
    whole = {"type": "abort", "data": {}, "id": "e", "timestamp": "t", "parentId": None}
    assert score(whole) == 0.95
    assert score({key: value for key, value in whole.items() if key != "parentId"}) == 0.8
    assert score({**whole, "type": "order.created"}) == 0.0
    assert score({**whole, "data": "text"}) == 0.0
