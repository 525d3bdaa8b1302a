"""The Kimi reader: sessions out of folders' names, requests, calls and answers, of both clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.model import Event
from auditrail.readers import kimi
from auditrail.readers._scope import Origin

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "kimi"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)
UUID = "9d2f6a10-4c3b-4e2a-9b1d-7f6e5d4c3b2a"


def read(value: Any, path: str = "x/wire.jsonl") -> list[Event]:
    return kimi.read(value, RECORD, origin=Origin(path, "ab" * 32))  # type: ignore[return-value]


def events(case: str) -> list[Event]:
    raws = next((FIXTURES / case).glob("input.*")).read_bytes().splitlines()
    values = [jsontext.parse(raw)[0] for raw in raws]
    return [event for value in values if isinstance(value, dict) for event in read(value)]


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def run_at(path: str, **record: Any) -> tuple[list[str], list[str]]:
    (event,) = read({"type": "turn.cancel", "time": 1772445600000, **record}, path)
    return ids(event, "run"), ids(event, "parent_run")


def score(value: Any) -> float:
    return kimi.sniff(Head(b"", True, "lines", False, [value], frozenset(), []))


def test_the_folders_name_session_and_agent():
    base = "sessions/wd_shop/session_01ab/agents"
    assert run_at(f"{base}/main/wire.jsonl", agentId="main") == (["session_01ab"], [])
    assert run_at(f"{base}/agent-2/wire.jsonl") == (["session_01ab/agent-2"], ["session_01ab"])
    assert run_at(f"sessions/4d1/{UUID}/wire.jsonl") == ([UUID], [])
    assert run_at(f"sessions/4d1/{UUID}/subagents/a77/wire.jsonl") == ([f"{UUID}/agent-a77"], [UUID])


def test_other_folders_name_nothing():
    assert run_at("exports/agents/kimi/small.jsonl") == (["kimi/small@ababab"], [])
    assert run_at("exports/small.jsonl", agentId="agent-1") == (
        ["exports/small@ababab/agent-1"],
        ["exports/small@ababab"],
    )


def test_a_call_its_answer_by_a_person_and_its_result_pair():
    call, decision, result = [event for event in events("kimi-code") if ids(event, "tool_call") == ["Bash:0"]]
    assert (call.layer, call.kind, call.args) == ("llm", "call", '{"command":"make"}')
    assert (decision.decision, decision.policy, decision.rule) == ("allow", "user", "Bash(make)")
    assert (result.layer, result.status, result.error) == ("tool", "error", "make: *** No rule")


def test_a_result_that_was_cut_says_so():
    (result,) = [event for event in events("kimi-code") if event.result == "vat.py"]
    assert result.result_state == "truncated"


def test_tokens_of_a_step_are_counted_once():
    counted = {event.name: (event.tokens_in, event.tokens_out) for event in events("kimi-code") if event.tokens_out}
    assert counted == {"step.end": (1000, 20), "usage.record": (50, 5)}


def test_a_sub_agents_prompt_is_named_as_its_call_is():
    call, prompt = [event for event in events("kimi-code") if ids(event, "other")]
    assert (call.name, prompt.name) == ("Agent", "turn.prompt")
    assert ids(call, "other") == ids(prompt, "other")
    assert ids(prompt, "parent_run") == ids(call, "run")


def test_each_attempt_to_reach_the_model_is_told():
    (event,) = [event for event in events("kimi-code") if event.name == "llm.request"]
    assert (event.layer, event.kind, event.model) == ("llm", "log", "kimi-k2")


def test_the_older_clients_messages_are_read():
    found = events("kimi-cli-wire")
    ask, answer = [event for event in found if event.kind == "decision" and ids(event, "decision")]
    assert (ask.decision, answer.decision, ids(ask, "decision")) == ("ask", "deny", ids(answer, "decision"))
    (result,) = [event for event in found if event.kind == "result" and ids(event, "tool_call") == ["Shell:0"]]
    assert result.status == "denied"
    (status,) = [event for event in found if event.name == "StatusUpdate"]
    assert (status.tokens_in, status.tokens_out, ids(status, "response")) == (100, 2, ["chatcmpl-2"])


def test_an_event_of_a_sub_agent_belongs_to_the_sub_agents_run():
    inner = [event for event in events("kimi-cli-wire") if ids(event, "parent_run")]
    assert [ids(event, "run") for event in inner] == [["x/wire@ababab/agent-a77"], ["x/wire@ababab/call-Task:2"]]
    assert [ids(event, "parent_call") for event in inner] == [["Agent:1"], ["Task:2"]]


def test_a_context_has_messages_and_no_times():
    found = events("kimi-cli-context")
    assert [event.kind for event in found] == ["log", "log", "message", "log", "message", "call", "result"]
    assert {event.ts_source for event in found} == {"order"}


def test_messages_that_a_migration_wrote_hold_calls_and_results():
    call = {"type": "function", "id": "Read:0", "name": "Read", "arguments": '{"path":"a"}'}
    message = {"role": "assistant", "content": [], "toolCalls": [call]}
    answer, asked = read({"type": "context.append_message", "message": message, "time": 1772445600000})
    assert (answer.kind, asked.kind, asked.args, ids(asked, "tool_call")) == (
        "message",
        "call",
        '{"path":"a"}',
        ["Read:0"],
    )
    told = {"role": "tool", "content": "text", "toolCallId": "Read:0", "isError": True}
    (result,) = read({"type": "context.append_message", "message": told, "time": 1772445600001})
    assert (result.kind, result.status, ids(result, "tool_call")) == ("result", "error", ["Read:0"])


def test_the_sniffer_is_narrow():
    assert score({"type": "llm.request", "time": 1772445600000}) == 0.95
    assert score({"timestamp": 1.5, "message": {"type": "TurnBegin", "payload": {}}}) == 0.95
    assert score({"role": "_checkpoint", "id": 0}) == 0.8
    assert score({"type": "metadata", "protocol_version": "1.4"}) == 0.8
    assert score({"type": "llm.request"}) == 0.0
    assert score({"role": "user", "content": "x"}) == 0.0
