"""Histories of several agents: who speaks, notes that decide nothing, AutoGen's tool events, executed code."""

from __future__ import annotations

from typing import Any

import pytest

from auditrail.readers import agent_history
from tests.conformance import _pipeline as pipeline
from tests.readers._told import cuts_are_survived, first_choice, fixture, large, told


def test_the_agent_is_the_name_beside_a_role():
    rows = told(fixture("agent-history", "judged"))
    assert [row["agent"] for row in rows[:3]] == ["Excel_Expert", "Computer_terminal", "Checker_Expert"]


def test_the_agent_is_the_role_without_what_stands_in_brackets():
    rows = told(fixture("agent-history", "magentic"))
    assert [(row["agent"], row["name"], row["layer"]) for row in rows[:4]] == [
        (None, "human", "agent"), ("Orchestrator", "thought", "llm"), ("Orchestrator", "-> WebSurfer", "llm"),
        ("WebSurfer", "WebSurfer", "llm"),
    ]  # fmt: skip
    assert rows[1]["attributes"]["role"] == "Orchestrator (thought)", "as it stood"


def test_an_agent_may_be_called_assistant_but_a_role_in_lower_case_is_none():
    rows = told({"history": [{"role": r, "content": "x"} for r in ("Assistant", "assistant", "FileSurfer")],
                 "mistake_agent": "a", "mistake_step": "0"})  # fmt: skip
    assert [row["agent"] for row in rows[:3]] == ["Assistant", None, "FileSurfer"]


def test_notes_of_a_mistake_stand_on_the_end_and_are_no_decision():
    rows = told(fixture("agent-history", "judged"))
    end = rows[-1]
    assert (end["kind"], end["status"], end["attributes"]["mistake_agent"]) == ("end", "unknown", "Excel_Expert")
    assert {row["decision"] for row in rows} == {None}


def test_executed_code_is_a_result_of_a_tool():
    row = told(fixture("agent-history", "judged"))[1]
    assert (row["layer"], row["kind"], row["status"], row["error"]) == ("tool", "result", "error", "exit code 1")
    assert row["attributes"] == {"role": "user"}


def test_every_record_is_a_run_of_its_own():
    one = fixture("agent-history", "judged")
    rows = told([one, {**one, "question": "Another?"}])
    assert len({row["run_id"] for row in rows}) == 2


def test_odd_entries_are_kept():
    rows = told(fixture("agent-history", "magentic"))
    assert rows[4]["attributes"] == {"message": 7}


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {"messages": [{"role": "user", "content": "a"}, {"role": "tool", "name": "look", "content": "b"}]},
        {"history": [{"action": "run", "content": ""}, {"observation": "run", "content": "", "source": "env"}]},
        {"history": [{"source": "one", "content": "only one agent"}]},
        {"steps": [{"name": "a"}, {"name": "b"}]},
        {"messages": []},
    ],
)
def test_it_leaves_what_has_no_two_agents(record: dict[str, Any]):
    assert agent_history.sniff(pipeline.head_of(repr_json(record))) == 0.0


def repr_json(value: Any) -> bytes:
    import json

    return json.dumps(value, indent=1).encode()


def test_two_named_agents_are_enough_without_notes():
    record = {
        "chat_history": [{"name": "planner", "role": "assistant", "content": "a"}, {"name": "critic", "content": "b"}]
    }
    assert first_choice(repr_json(record)) == "agent-history"


def test_a_large_history_is_known_by_its_keys():
    assert first_choice(large(fixture("agent-history", "judged"), "history")) == "agent-history"


def test_it_claims_nothing_of_its_neighbours():
    for name, folder in pipeline.cases():
        if name != "agent-history":
            content = pipeline.decompressed(pipeline.input_of(folder).read_bytes())
            assert agent_history.sniff(pipeline.head_of(content)) == 0.0, folder


def test_cuts_are_survived():
    cuts_are_survived("agent-history")


def test_a_chat_of_autogen_goes_by_names_and_takes_its_results_apart():
    calls = [{"id": f"call_{n}", "function": {"name": "calc", "arguments": "{}"}} for n in (1, 2)]
    chat_result = {
        "chat_history": [
            {"content": "solve", "role": "assistant", "name": "user_proxy"},
            {"content": "", "tool_calls": calls, "role": "user", "name": "assistant"},
            {"content": "3\n\n4", "role": "tool", "name": "user_proxy", "tool_responses": [
                {"tool_call_id": "call_1", "role": "tool", "content": "3"},
                {"tool_call_id": "call_2", "role": "tool", "content": "4"}]},
            {"content": "TERMINATE", "role": "user", "name": "assistant"},
        ],
        "summary": "x", "cost": {}, "human_input": [],
    }  # fmt: skip
    rows = told(chat_result)
    assert [(row["layer"], row["kind"], row["tool_call_id"], row["result"]) for row in rows] == [
        ("agent", "message", None, None), ("llm", "message", None, None),
        ("llm", "call", "call_1", None), ("llm", "call", "call_2", None),
        ("tool", "result", "call_1", "3"), ("tool", "result", "call_2", "4"),
        ("llm", "message", None, None), ("agent", "end", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "trace", ["[10:00 INFO] CEO: go", {"key": "k", "index": 3, "trajectory": "[10:00 INFO] CEO: go"}]
)
def test_a_trace_of_mast_is_kept_as_its_text(trace: Any):
    rows = told(
        [{"mas_name": "ChatDev", "llm_name": "m", "trace_id": 3, "trace": trace, "mast_annotation": {"1.1": 0}}]
    )
    assert [(row["kind"], row["agent"]) for row in rows] == [("log", "ChatDev"), ("end", "ChatDev")]
    assert rows[0]["attributes"]["content"] == "[10:00 INFO] CEO: go"
    assert rows[1]["attributes"]["mast_annotation"] == {"1.1": 0}
