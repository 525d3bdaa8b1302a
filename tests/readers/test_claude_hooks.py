"""The reader of logged hooks: calls as they run, and decisions, wherever the logging script put them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.model import Event
from auditrail.readers import _hooks as hooks
from auditrail.readers import claude_hooks

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "claude-hooks"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)


def read(value: Any) -> list[Event]:
    return claude_hooks.read(value, RECORD)  # type: ignore[return-value]


def events(case: str) -> list[Event]:
    raws = next((FIXTURES / case).glob("input.*")).read_bytes().splitlines()
    values = [jsontext.parse(raw)[0] for raw in raws]
    return [event for value in values if isinstance(value, dict) for event in read(value)]


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def score(value: Any) -> float:
    return claude_hooks.sniff(Head(b"", True, "lines", False, [value], frozenset(), []))


def test_call_and_result_join_by_the_id_of_the_transcript():
    named = {event.name: event for event in events("pre-and-post")}
    call, result = [event for event in events("pre-and-post") if ids(event, "tool_call") == ["toolu_05A"]]
    assert (call.layer, call.kind, call.args_state) == ("tool", "call", "present")
    assert (result.layer, result.kind, result.status) == ("tool", "result", "ok")
    assert ids(call, "run") == ids(result, "run") == ids(call, "session")
    assert (named["PostToolUseFailure"].status, named["PostToolUseFailure"].error) == (
        "error",
        "Command failed with exit code 2",
    )


def test_a_hook_has_no_time_but_what_the_script_adds():
    assert {event.ts_source for event in events("pre-and-post")} == {"order"}
    assert {event.ts_source for event in events("wrapped-with-output")} == {"event"}


def test_inside_a_sub_agent_the_run_is_the_transcripts():
    start, call, stop = [event for event in events("pre-and-post") if ids(event, "parent_run")]
    assert [start.kind, call.kind, stop.kind] == ["start", "call", "end"]
    assert ids(call, "run") == [f"{ids(call, 'session')[0]}/agent-a1b2c3d"]


def test_a_request_for_permission_asks():
    (event,) = [event for event in events("pre-and-post") if event.name == "PermissionRequest"]
    assert (event.layer, event.kind, event.decision, event.tool) == ("policy", "decision", "ask", "Bash")


def test_the_output_beside_the_input_is_a_decision_of_its_own():
    decisions = [event for event in events("wrapped-with-output") if event.kind == "decision"]
    assert [event.decision for event in decisions] == ["deny", "modify", "deny"]
    assert [event.rule for event in decisions] == ["outside the build folder", None, "tests must pass"]
    assert ids(decisions[0], "tool_call") == ["toolu_06A"]
    assert decisions[1].args == '{"file_path":"/srv/b"}'


def test_a_tools_response_decides_nothing():
    (event,) = [event for event in events("wrapped-with-output") if event.name == "PostToolUse"]
    assert event.kind == "result"
    assert event.result == '{"decision":"text of a file, no decision"}'


def test_without_a_tool_use_id_nothing_is_invented():
    call, result, stop, *_ = events("without-tool-use-id")
    assert ids(call, "tool_call") == ids(result, "tool_call") == []
    assert call.dedupe_key is None
    assert (stop.name, stop.kind) == ("SubagentStop", "log"), "it does not say whose end it is"


def test_codex_sends_the_same_fields():
    (event,) = read({"hook_event_name": "Stop", "session_id": "s", "turn_id": "t", "cwd": "/"})
    assert event.agent == "codex"


@pytest.mark.parametrize(
    ("output", "decision"),
    [
        ({"decision": "approve"}, "allow"),
        ({"decision": "block", "reason": "no"}, "deny"),
        ({"continue": False, "stopReason": "enough"}, "deny"),
        ({"hookSpecificOutput": {"decision": {"behavior": "deny", "message": "no"}}}, "deny"),
        ({"hookSpecificOutput": {"permissionDecision": "ask"}}, "ask"),
        ({"hookSpecificOutput": {"additionalContext": "x"}}, None),
        ({"decision": 7}, None),
        ("text", None),
    ],
)
def test_every_form_of_answer(output: Any, decision: str | None) -> None:
    answer = hooks.answer_of(output)
    assert (answer.decision if answer else None) == decision


def test_the_sniffer_wants_a_known_event_and_a_session():
    assert score({"hook_event_name": "PreToolUse", "session_id": "s"}) == 0.95
    assert score({"at": 1, "event": {"hook_event_name": "PreToolUse", "session_id": "s"}}) == 0.8
    assert score({"hook_event_name": "beforeShellExecution", "session_id": "s"}) == 0.0
    assert score({"hook_event_name": "PreToolUse"}) == 0.0
    assert score({"decision": "block"}) == 0.0
