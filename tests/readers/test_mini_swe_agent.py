"""mini-swe-agent: commands in code blocks and in actions, observations that answer them, one end."""

from __future__ import annotations

import time

from auditrail.containers.records import Record
from auditrail.model import Event
from auditrail.readers import mini_swe_agent
from tests.conformance import _pipeline as pipeline
from tests.readers._told import cuts_are_survived, first_choice, fixture, large, told

RECORD = Record(1, 0, 0, b"", b"\0" * 32)


def test_version_1_has_the_command_in_the_one_block_of_the_answer():
    rows = told(fixture("mini-swe-agent", "version-1"))
    calls = [(row["args"], row["tool_call_id"]) for row in rows if row["kind"] == "call"]
    run = rows[0]["run_id"]
    assert calls == [("ls", f"{run}#3"), ("cat nope", f"{run}#7")]
    results = [(row["tool_call_id"], row["status"], row["error"]) for row in rows if row["kind"] == "result"]
    assert results == [(f"{run}#3", "ok", None), (f"{run}#7", "error", "exit code 1")]


def test_what_follows_an_answer_without_a_command_is_no_observation():
    rows = told(fixture("mini-swe-agent", "version-1"))
    complaint = next(row for row in rows if "EXACTLY ONE" in str(row["attributes"]))
    assert (complaint["layer"], complaint["kind"]) == ("agent", "message")


def test_version_2_has_ids_times_tokens_and_return_codes():
    rows = told(fixture("mini-swe-agent", "version-2"))
    assert {row["ts_source"] for row in rows} == {"event"}
    said = next(row for row in rows if (row["layer"], row["kind"]) == ("llm", "message"))
    assert (said["model"], said["tokens_in"], said["tokens_out"], said["response_id"]) == (
        "model-b", 10, 5, "chatcmpl-bb01",
    )  # fmt: skip
    assert [row["tool_call_id"] for row in rows if row["kind"] == "call"] == ["call_m1", "call_m2"]
    (result,) = [row for row in rows if row["kind"] == "result"]
    assert (result["tool_call_id"], result["status"], result["result"]) == ("call_m1", "ok", "text of a")


def test_a_persons_refusal_is_a_decision():
    (row,) = [row for row in told(fixture("mini-swe-agent", "version-2")) if row["kind"] == "decision"]
    assert (row["layer"], row["decision"], row["status"], row["tool_call_id"]) == (
        "policy",
        "deny",
        "denied",
        "call_m2",
    )


def test_there_is_one_end_with_the_exit_status():
    (end,) = [row for row in told(fixture("mini-swe-agent", "version-2")) if row["kind"] == "end"]
    assert (end["status"], end["error"], end["agent_version"]) == ("error", "LimitsExceeded", "2.0.1")
    (end,) = [row for row in told(fixture("mini-swe-agent", "version-1")) if row["kind"] == "end"]
    assert (end["status"], end["error"]) == ("ok", None)


def test_the_exit_stands_for_the_observation_of_the_command_that_submitted():
    value = fixture("mini-swe-agent", "version-2")
    calls = [{"id": "call_z", "type": "function", "function": {"name": "bash", "arguments": '{"command":"submit"}'}}]
    value["messages"] = [
        {"role": "assistant", "content": "done", "tool_calls": calls},
        {"role": "exit", "content": "diff", "extra": {"exit_status": "Submitted", "submission": "diff"}},
    ]
    (result,) = [row for row in told(value) if row["kind"] == "result"]
    assert (result["tool_call_id"], result["status"], result["result"]) == ("call_z", "ok", "diff")


def test_the_responses_api_is_read_by_its_items():
    value = fixture("mini-swe-agent", "version-2")
    call = {"type": "function_call", "call_id": "call_r1", "name": "bash", "arguments": '{"command":"ls"}'}
    value["messages"] = [
        {"object": "response", "id": "resp_1", "output": [call], "usage": {"input_tokens": 5, "output_tokens": 2}},
        {"type": "function_call_output", "call_id": "call_r1", "output": "a", "extra": {"returncode": 0}},
    ]
    rows = told(value)
    assert [(row["kind"], row["tool_call_id"]) for row in rows if row["tool_call_id"]] == [
        ("call", "call_r1"), ("result", "call_r1"),
    ]  # fmt: skip
    assert (rows[0]["tokens_in"], rows[0]["tokens_out"]) == (5, 2)


def test_a_large_file_is_known_by_its_keys():
    assert first_choice(large(fixture("mini-swe-agent", "version-1"), "messages")) == "mini-swe-agent"


def test_it_claims_nothing_of_its_neighbours():
    for name, folder in pipeline.cases():
        if name != "mini-swe-agent":
            assert mini_swe_agent.sniff(pipeline.head_of(pipeline.input_of(folder).read_bytes())) == 0.0


def test_cuts_are_survived():
    cuts_are_survived("mini-swe-agent")


def test_blocks_of_commands_are_found_in_one_pass():
    blocks = mini_swe_agent._blocks
    assert blocks("a\n```bash\nls -l\ncat x\n```\nb") == ["ls -l\ncat x"]
    assert blocks("```mswea_bash_command \n\nls\n```\n```bash\npwd\n```") == ["\nls", "pwd"]
    assert blocks("```bash\n```") == [""]
    assert blocks("```bash\nnever closed") == []
    begun = time.monotonic()
    assert blocks("```bash\nx" * 200_000) == []
    assert time.monotonic() - begun < 30


def test_the_command_that_submits_is_answered_by_the_end():
    call = {"id": "call_9", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    messages = [{"role": "user", "content": "go"}, {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "exit", "content": "patch"}]  # fmt: skip
    for status, answered in (("Submitted", ["call_9"]), ("LimitsExceeded", [])):
        document = {"info": {"exit_status": status, "mini_version": "2.4.0"}, "messages": messages}
        events = mini_swe_agent.read(document, RECORD)
        assert isinstance(events, list)
        end = events[-1]
        assert isinstance(end, Event)
        assert (end.kind, [an_id.value for an_id in end.ids if an_id.kind == "tool_call"]) == ("end", answered)


def test_version_1_has_its_time_on_the_message():
    document = {"info": {}, "messages": [{"role": "user", "content": "go", "timestamp": 1700000000.5}]}
    event = mini_swe_agent.read(document, RECORD)[0]  # type: ignore[index]
    assert (event.ts_ns, event.ts_source) == (1700000000500000000, "event")
