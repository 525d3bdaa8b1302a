"""The Claude Code reader: whose line it is, what was asked, what came back, and what was denied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _claude_lines as lines
from auditrail.readers import claude_code
from auditrail.readers._prompts import prompt_key
from auditrail.readers._scope import Origin

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "claude-code"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)
SESSION = "7c1d2f60-5a0b-4b8e-9f3e-2d5a6c7b8e90"
UUID = "0b9e5a10-0000-4000-8000-00000000000a"


def load(case: str) -> list[Any]:
    raws = next((FIXTURES / case).glob("input.*")).read_bytes().splitlines()
    return [jsontext.parse(raw)[0] for raw in raws]


def read(value: Any, path: str = "") -> list[Event]:
    return claude_code.read(value, RECORD, origin=Origin(path, "ab" * 32))  # type: ignore[return-value]


def events(case: str) -> list[Event]:
    return [event for value in load(case) for event in read(value)]


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def line(kind: str = "user", content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {
        "type": kind, "uuid": UUID, "parentUuid": None, "isSidechain": False, "sessionId": SESSION,
        "timestamp": "2026-03-02T09:15:00Z", "message": {"role": kind, "content": content}, **more,
    }  # fmt: skip


def result(text: str, *, is_error: bool = True, **more: Any) -> list[Event]:
    block = {"type": "tool_result", "tool_use_id": "toolu_1", "content": text, "is_error": is_error}
    return read(line(content=[block], **more))


def head(*samples: Any) -> Head:
    raw = b"\n".join(json.dumps(sample).encode() for sample in samples)
    keys = frozenset(samples[0]) if samples and isinstance(samples[0], dict) else frozenset()
    return Head(raw, True, "lines", False, list(samples), keys, raw.splitlines())


def test_the_main_chain_is_the_run_of_the_session():
    (event,) = read(line())
    assert (event.layer, event.kind, event.name) == ("agent", "message", "user")
    assert ids(event, "run") == ids(event, "session") == [SESSION]
    assert ids(event, "span") == ids(event, "message") == [UUID]
    assert ids(event, "parent_run") == []
    assert event.dedupe_key == f"claude-code:{UUID}"


def test_a_sub_agent_with_an_id_is_a_run_of_its_own():
    for event in events("subagent-file"):
        assert ids(event, "run") == [f"{SESSION}/agent-a1b2c3d"]
        assert ids(event, "parent_run") == ids(event, "session") == [SESSION]
        assert event.agent == "claude-code/subagent"


def test_a_sub_agent_without_an_id_is_a_chain_without_a_run():
    task, root, call, *_, last = events("sidechain-without-agent-id")
    assert ids(root, "run") == ids(call, "run") == []
    assert ids(call, "parent_span") == ids(root, "span")
    assert ids(root, "session") == [SESSION]
    assert ids(task, "other") == ids(root, "other") == [prompt_key(json.loads(task.args or "")["prompt"])]
    assert ids(call, "other") == []
    assert ids(last, "run") == [SESSION]


def test_the_name_of_a_file_tells_the_sub_agent_that_its_lines_do_not():
    side = line(isSidechain=True)
    (event,) = read(side, "projects/-srv/agent-77aa.jsonl")
    assert ids(event, "run") == [f"{SESSION}/agent-77aa"]
    (event,) = read(side, f"projects/-srv/{SESSION}.jsonl")
    assert ids(event, "run") == []
    (event,) = read(line(), "projects/-srv/agent-77aa.jsonl")
    assert ids(event, "run") == [SESSION]


def test_stream_json_names_the_call_that_spawned_a_sub_agent():
    start, mode, task, bash, answer, end = events("stream-json")
    assert (start.kind, mode.rule, end.kind, end.status) == ("start", "bypassPermissions", "end", "ok")
    assert ids(bash, "parent_call") == ids(answer, "parent_call") == ids(task, "tool_call")
    assert ids(bash, "parent_run") == ids(task, "run")
    assert end.tokens_in is None, "the sum of what the answers said is not counted again"


def test_an_answer_in_several_lines_has_its_tokens_on_each_and_one_response_id():
    answer = [event for event in events("session") if ids(event, "response") == ["msg_01A"]]
    assert [event.name for event in answer] == ["thinking", "assistant", "Read"]
    assert {(event.tokens_in, event.tokens_out) for event in answer} == {(4, 120)}
    text, first, second = [event for event in events("session") if ids(event, "response") == ["msg_01B"]]
    assert (text.tokens_out, first.tokens_out, second.tokens_out) == (120, None, None)


def test_the_fuller_result_is_the_result_and_the_other_one_is_kept():
    results = {ids(event, "tool_call")[0]: event for event in events("session") if event.kind == "result"}
    read_file = results["toolu_01Read"]
    assert "Decimal" in (read_file.result or "")
    assert json.loads(read_file.attributes or "")["content"] == "[Old tool result content cleared]"
    saved = results["toolu_01Test"]
    assert (saved.result_state, saved.status) == ("offloaded", "ok")
    assert "persistedOutputPath" in json.loads(saved.attributes or "")["toolUseResult"]


def test_the_result_of_a_call_names_the_sub_agent_that_it_began():
    told = {"status": "completed", "agentId": "ag01", "content": [{"type": "text", "text": "fine"}]}
    (event,) = result("fine", is_error=False, toolUseResult=told)
    assert ids(event, "other") == [f"spawned:{SESSION}/agent-ag01"]
    (own,) = result("fine", is_error=False, toolUseResult=told, agentId="ag01", isSidechain=True)
    assert ids(own, "other") == []


def test_a_cleared_result_is_truncated():
    (event,) = result("[Old tool result content cleared]", is_error=False)
    assert event.result_state == "truncated"


@pytest.mark.parametrize(
    ("text", "policy", "decision", "tool"),
    [
        ("The user doesn't want to proceed with this tool use. The tool use was rejected", "user", "deny", None),
        ("The user doesn't want to take this action right now.", "user", "deny", None),
        ("[Request interrupted by user for tool use]", "user", "deny", None),
        ("Permission to use Bash has been denied.", "rules", "deny", "Bash"),
        ("Permission to use Bash with command rm -rf / has been denied.", "rules", "deny", "Bash"),
        ("Claude requested permissions to use mcp__db__query, but you haven't granted it yet.", "rules", "ask",
         "mcp__db__query"),
        ("Claude requested permissions to write to /a, but you haven't granted it yet.", "rules", "ask", None),
        ("PreToolUse:Bash hook error: [./guard.sh]: no", "hook", "deny", "Bash"),
        ("Error: Bash operation blocked by hook:\n- no", "hook", "deny", "Bash"),
    ],
)  # fmt: skip
def test_a_denial_is_a_denied_result_and_a_decision(text: str, policy: str, decision: str, tool: str | None) -> None:
    shown, decided = result(text)
    assert (shown.layer, shown.kind, shown.status, shown.result) == ("tool", "result", "denied", text)
    assert (decided.layer, decided.kind, decided.status) == ("policy", "decision", "denied")
    assert (decided.policy, decided.decision, decided.tool) == (policy, decision, tool)
    assert ids(decided, "tool_call") == ids(shown, "tool_call") == ["toolu_1"]
    assert shown.dedupe_key == f"claude-code:{UUID}#0"


def test_a_text_that_quotes_a_denial_is_none():
    (event,) = result("The user doesn't want to proceed with this tool use", is_error=False)
    assert event.status == "ok"
    (event,) = result("grep: found `Permission to use Bash has been denied`")
    assert event.status == "error"
    assert lines.denial_of("x" * 10 + "User rejected") is None


def test_what_hooks_decide_is_a_decision_and_what_they_say_a_log():
    hooks = {event.name: event for event in events("session") if event.layer == "policy"}
    assert hooks["attachment:hook_success"].kind == "log"
    blocked = hooks["attachment:hook_blocking_error"]
    assert (blocked.kind, blocked.decision, blocked.tool) == ("decision", "deny", "Bash")
    assert (hooks["stop_hook_summary"].decision, hooks["stop_hook_summary"].rule) == ("deny", "tests must pass")
    assert hooks["progress:hook_progress"].kind == "log"


def test_the_permission_mode_in_force_is_told():
    modes = [event.rule for event in events("session") if event.name == "permission-mode"]
    assert modes == ["default", "acceptEdits"]


def test_compaction_and_api_errors_are_no_messages():
    found = {event.name: event for event in events("session")}
    assert found["compact-summary"].kind == found["compact_boundary"].kind == "log"
    error = found["api-error"]
    assert (error.layer, error.kind, error.model, error.error) == ("llm", "error", None, "API Error: 529 Overloaded")


def test_a_summary_and_a_snapshot_carry_the_message_that_they_are_about():
    named = {event.name: ids(event, "message") for event in events("session")}
    assert named["summary"] == ["0b9e5a10-0000-4000-8000-000000000022"]
    assert named["file-history-snapshot"] == ["0b9e5a10-0000-4000-8000-000000000001"]


def test_ids_that_are_no_uuid_are_unique_in_their_session_only():
    (event,) = read(line(uuid="user_001"))
    assert event.dedupe_key == f"claude-code:{SESSION}/user_001"


def test_a_line_that_is_no_object_is_refused():
    for value in ("text", 42, None, [1]):
        with pytest.raises(RecordError) as refused:
            read(value)
        assert refused.value.code == "not-an-object"


def test_the_sniffer_takes_transcripts_and_leaves_their_neighbours():
    assert claude_code.sniff(head(line())) == 0.95
    assert claude_code.sniff(head({"type": "summary", "summary": "x", "leafUuid": UUID})) == 0.95
    assert claude_code.sniff(head({"type": "queue-operation", "operation": "enqueue", "sessionId": SESSION})) == 0.8
    # An agent that took the envelope over, with Gemini's parts in it.
    assert claude_code.sniff(head({**line(), "message": {"role": "user", "parts": [{"text": "x"}]}})) == 0.0
    assert claude_code.sniff(head({"sessionId": "a", "uuid": "b", "type": "span"})) == 0.0
    assert claude_code.sniff(Head(b"", False, "lines", False, [], frozenset(line()), [])) == 0.95


CHILD = f"p/{SESSION}/subagents/workflows/wf_1/agent-ag01.jsonl"


@pytest.mark.parametrize("session", ["agent-ag01", f"{SESSION}#agent-ag01", SESSION])
def test_the_folder_names_the_session_where_a_converter_wrote_the_sub_agent_in_its_place(session: str) -> None:
    (event,) = read(line(isSidechain=True, agentId="ag01", sessionId=session), CHILD)
    assert (ids(event, "run"), ids(event, "parent_run")) == ([f"{SESSION}/agent-ag01"], [SESSION])


def test_another_folder_does_not_rename_the_session() -> None:
    (event,) = read(line(isSidechain=True, agentId="ag01"), "copy/subagents/agent-ag01.jsonl")
    assert ids(event, "parent_run") == [SESSION]


def test_the_journal_of_a_workflow_tells_begin_and_end_of_its_sub_agents() -> None:
    journal = [{"type": "started", "key": "v2:h1", "agentId": "ag01"},
               {"type": "result", "key": "v2:h1", "agentId": "ag01", "result": "2 pages are stale"}]  # fmt: skip
    assert claude_code.sniff(head(*journal)) == 0.8
    began, ended = (read(value, CHILD.replace("agent-ag01", "journal"))[0] for value in journal)
    assert [(event.kind, ids(event, "run")) for event in (began, ended)] == [
        ("start", [f"{SESSION}/agent-ag01"]), ("end", [f"{SESSION}/agent-ag01"]),
    ]  # fmt: skip
    assert (ended.result, json.loads(ended.attributes or "{}")["key"]) == ("2 pages are stale", "v2:h1")
    assert ids(read(journal[0])[0], "run") == []


def test_what_others_call_a_result_is_no_line_of_a_journal() -> None:
    assert claude_code.sniff(head({"type": "result", "key": "k", "agentId": "a", "sessionId": SESSION})) == 0.0


def test_lines_that_name_no_session_are_the_run_of_their_file():
    bare = [
        {"type": "user", "timestamp": "2026-03-02T09:15:00Z", "message": {"content": "Mend the login"}},
        {"type": "assistant", "timestamp": "2026-03-02T09:15:01Z", "message": {"content": [{
            "type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"file_path": "auth.ts"}}]}},
    ]  # fmt: skip
    assert claude_code.sniff(head(*bare)) == 0.75
    asked, call = [event for value in bare for event in read(value, "logs/trimmed.jsonl")]
    assert (asked.name, call.tool, call.kind) == ("user", "Read", "call")
    assert ids(asked, "run") == ids(call, "run") == ["logs/trimmed@ababab"]
    for other in ({"sessionId": "s"}, {"id": "7"}, {"message": {"role": "tool", "content": ""}}, {"timestamp": 5}):
        assert claude_code.sniff(head({**bare[0], **other})) == 0.0
