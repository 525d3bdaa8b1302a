"""SWE-agent: steps are told once, the history only where it says more, attempts are runs."""

from __future__ import annotations

from typing import Any

from auditrail.readers import swe_agent
from tests.conformance import _pipeline as pipeline
from tests.readers._told import cuts_are_survived, first_choice, fixture, large, told


def test_a_step_is_what_the_model_said_what_it_asked_for_and_what_was_run():
    rows = told(fixture("swe-agent", "text-actions"))
    step = [(row["layer"], row["kind"], row["tool"]) for row in rows[3:6]]
    assert step == [("llm", "message", None), ("llm", "call", "ls"), ("tool", "span", "ls")]
    assert (rows[5]["args"], rows[5]["result"]) == ("ls -a\n", "main.py")
    assert rows[4]["tool_call_id"] == rows[5]["tool_call_id"] == rows[4]["run_id"] + "#1"


def test_the_history_adds_what_comes_before_the_steps_and_nothing_twice():
    rows = told(fixture("swe-agent", "text-actions"))
    assert [row["attributes"]["content"] for row in rows if row["kind"] == "message" and row["layer"] == "agent"] == [
        "SETTING: you work in a shell", "Here is a demonstration ...", "Fix the typo in main.py",
    ]  # fmt: skip
    assert rows[1]["attributes"]["is_demo"] is True
    assert sum(row["layer"] == "llm" and row["kind"] == "message" for row in rows) == 2


def test_calls_by_function_have_the_ids_and_arguments_of_the_history():
    rows = told(fixture("swe-agent", "function-calling"))
    calls = [(row["tool_call_id"], row["tool"], row["args"]) for row in rows if row["kind"] == "call"]
    assert calls == [
        ("call_c1", "create", '{"filename":"a.py"}'),
        ("call_c2", "str_replace_editor", '{"command":"view","path":"/a.py"}'),
    ]
    spans = [(row["tool_call_id"], row["args"]) for row in rows if row["layer"] == "tool"]
    assert spans == [("call_c1", "create a.py"), ("call_c2", "str_replace_editor view /a.py")]


def test_a_shortened_observation_in_the_history_is_still_the_steps():
    rows = told(fixture("swe-agent", "function-calling"))
    assert not any("Old output omitted" in str(row["attributes"]) + str(row["result"]) for row in rows)


def test_a_step_without_an_action_ran_nothing():
    rows = told(fixture("swe-agent", "function-calling"))
    (complaint,) = [row for row in rows if row["attributes"].get("observation")]
    assert (complaint["layer"], complaint["kind"], complaint["tool_call_id"]) == ("agent", "log", None)


def test_the_end_has_the_exit_status_and_the_tokens_of_the_whole_run():
    (end,) = [row for row in told(fixture("swe-agent", "function-calling")) if row["kind"] == "end"]
    assert (end["status"], end["error"], end["tokens_in"], end["tokens_out"]) == ("error", "exit_cost", 50000, 700)
    (end,) = [row for row in told(fixture("swe-agent", "text-actions")) if row["kind"] == "end"]
    assert (end["status"], end["error"]) == ("ok", None)


def test_attempts_are_runs_and_the_chosen_one_is_not_told_again():
    rows = told(fixture("swe-agent", "attempts"))
    names = [row["run_id"].partition("@")[0] for row in rows if row["kind"] == "end"]
    assert names == ["runs/a/attempt-1", "runs/a/attempt-2", "runs/a"]
    assert sum(row["layer"] == "tool" for row in rows) == 2
    assert {kind for row in rows[:-1] for kind, _ in row["further"]} == {"parent_run"}
    assert rows[0]["further"] == [("parent_run", rows[-1]["run_id"])]


def test_messages_that_no_step_tells_are_kept():
    value: dict[str, Any] = fixture("swe-agent", "text-actions")
    value["history"].append({"role": "user", "content": "a word at the end", "agent": "primary"})
    value["history"].append({"role": "user", "content": "another one", "agent": "primary"})
    told_now = [row["attributes"].get("content") for row in told(value)]
    assert "another one" in told_now


def test_a_large_file_is_known_by_its_keys():
    assert first_choice(large(fixture("swe-agent", "text-actions"), "trajectory")) == "swe-agent"


def test_it_claims_nothing_of_its_neighbours():
    for name, folder in pipeline.cases():
        if name in ("openhands", "mini-swe-agent", "chat", "agent-history", "inspect", "tau-bench"):
            assert swe_agent.sniff(pipeline.head_of(pipeline.input_of(folder).read_bytes())) == 0.0


def test_cuts_are_survived():
    cuts_are_survived("swe-agent")


def test_a_history_alone_tells_its_steps():
    def acts(action, call):
        return {"role": "assistant", "content": "I do", "thought": "I do", "action": action, "agent": "main",
                "message_type": "action", "tool_calls": [{"id": call, "function": {"name": action.split()[0],
                "arguments": "{}"}}]}  # fmt: skip

    history = [
        {"role": "system", "content": "s", "agent": "main", "message_type": "system_prompt"},
        {"role": "user", "content": "task", "agent": "main", "message_type": "observation"},
        acts("open a.py", "call_1"),
        {"role": "tool", "content": "text", "message_type": "observation", "tool_call_ids": ["call_1"]},
        acts("submit", "call_2"),
    ]  # fmt: skip
    rows = told({"history": history})
    assert [(row["layer"], row["kind"], row["tool_call_id"]) for row in rows] == [
        ("agent", "message", None), ("agent", "message", None),
        ("llm", "message", None), ("llm", "call", "call_1"), ("tool", "span", "call_1"),
        ("llm", "message", None), ("llm", "call", "call_2"), ("agent", "end", None),
    ]  # fmt: skip
    assert (rows[4]["args"], rows[4]["result"]) == ("open a.py", "text")


def test_a_run_that_was_stopped_between_two_steps_has_no_end():
    told_of = fixture("swe-agent", "text-actions")
    stats = {"tokens_sent": 10, "tokens_received": 2}
    for info, kinds in (({"model_stats": stats}, ["log"]), ({"exit_status": "exit_cost"}, ["end"])):
        rows = told({**told_of, "info": info})
        assert [row["kind"] for row in rows if row["name"] in ("info", "exit")] == kinds
