"""OpenHands: actions and their observations, the folder of a session, confirmation, histories, SDK events."""

from __future__ import annotations

import pytest

from auditrail.readers import openhands
from tests.conformance import _pipeline as pipeline
from tests.readers._told import cuts_are_survived, first_choice, fixture, told


def test_an_action_is_a_call_and_its_observation_the_result():
    rows = told(fixture("openhands", "trajectory"))
    pairs = [(row["layer"], row["kind"], row["tool"], row["tool_call_id"]) for row in rows[2:4]]
    assert pairs == [("llm", "call", "execute_bash", "toolu_01"), ("tool", "result", "execute_bash", "toolu_01")]
    assert (rows[2]["args"], rows[2]["model"]) == ('{"command":"mv a b","is_input":false}', "model-a")
    assert (rows[3]["status"], rows[3]["error"], rows[3]["result"]) == ("error", "exit code 1", "mv: cannot stat 'a'")
    assert rows[2]["attributes"]["security_risk"] == "LOW"


def test_without_an_id_of_the_model_the_cause_pairs_them_inside_the_run():
    rows = told(fixture("openhands", "trajectory"))
    assert rows[4]["tool_call_id"] == rows[5]["tool_call_id"] == f"{rows[4]['run_id']}#6"


def test_ids_are_a_sequence_and_times_are_local():
    rows = told(fixture("openhands", "trajectory"))
    assert [(row["seq_kind"], row["seq"]) for row in rows[:3]] == [("openhands.id", n) for n in (0, 1, 4)]
    assert all(row["tz_assumed"] for row in rows)


def test_the_folder_of_a_session_names_the_run_and_a_file_each_event():
    events = fixture("openhands", "trajectory")
    first = told(events[1], path="case/sessions/abc-123/events/1.json")
    second = told(events[2], path="case/sessions/abc-123/events/4.json")
    assert {(row["run_id"], row["stream"]) for row in (*first, *second)} == {("abc-123", "abc-123")}
    assert told(events[1], path="other/events/1.json")[0]["run_id"] == "other"


def test_finish_is_the_end_of_a_trajectory():
    end = told(fixture("openhands", "trajectory"))[-1]
    assert (end["layer"], end["kind"], end["status"]) == ("agent", "end", "ok")


def test_calls_of_one_answer_count_its_tokens_once():
    events = fixture("openhands", "trajectory")
    answer = events[2]["tool_call_metadata"]["model_response"]
    asked = answer["choices"][0]["message"]["tool_calls"]
    asked.append({"id": "toolu_02", "type": "function", "function": {"name": "execute_bash", "arguments": "{}"}})
    second = {
        **events[2],
        "id": 9,
        "tool_call_metadata": {**events[2]["tool_call_metadata"], "tool_call_id": "toolu_02"},
    }
    rows = told([*events[:3], second])
    assert [row["tokens_in"] for row in rows if row["kind"] == "call"] == [300, None]


def test_a_question_a_refusal_and_a_permission_are_decisions():
    rows = told(fixture("openhands", "confirmation"))
    decisions = [(row["decision"], row["tool_call_id"]) for row in rows if row["kind"] == "decision"]
    assert decisions == [("ask", None), ("deny", "toolu_11"), ("allow", None)]
    assert sum(row["kind"] == "call" for row in rows) == 1, "the refused call is not made again"
    assert sum(row["kind"] == "error" for row in rows) == 1


def test_an_unknown_event_is_kept():
    row = told(fixture("openhands", "confirmation"))[-1]
    assert (row["kind"], row["name"], row["attributes"]["kindless"]) == ("log", "unknown", True)


def test_an_old_history_pairs_by_order_and_begins_with_the_instruction():
    rows = [row for row in told(fixture("openhands", "resolver")) if row["record"] == 1]
    assert [(row["layer"], row["kind"]) for row in rows] == [
        ("agent", "message"), ("llm", "call"), ("tool", "result"), ("agent", "log"), ("agent", "end"),
    ]  # fmt: skip
    assert rows[1]["tool_call_id"] == rows[2]["tool_call_id"] == f"{rows[1]['run_id']}#2"
    assert (rows[1]["args"], rows[2]["status"]) == ('{"command":"touch LICENSE","keep_prompt":true}', "ok")
    assert {row["ts_source"] for row in rows} == {"order"}
    assert rows[-1]["attributes"]["git_patch"] == "diff"


def test_an_evaluation_is_a_run_with_pairs_and_an_error():
    rows = [row for row in told(fixture("openhands", "resolver")) if row["record"] == 2]
    assert {row["agent"] for row in rows} == {"CodeActAgent"}
    assert (rows[-1]["status"], rows[-1]["error"]) == ("error", "RuntimeError: AgentStuckInLoopError")
    assert rows[0]["run_id"].startswith("runs/a/pkg__pkg-12@")


def test_sdk_events():
    rows = told(fixture("openhands", "sdk"))
    assert [(row["layer"], row["kind"]) for row in rows] == [
        ("agent", "message"), ("agent", "message"), ("llm", "call"), ("tool", "result"), ("llm", "call"),
        ("policy", "decision"), ("tool", "result"), ("agent", "error"), ("agent", "log"),
    ]  # fmt: skip
    call, result, second, refusal, failed = rows[2:7]
    assert (call["args"], call["tool_call_id"], call["response_id"]) == (
        '{"command":"echo hi"}',
        "call_s1",
        "chatcmpl-s1",
    )
    assert (result["status"], second["args"]) == ("ok", '{"command":"curl x"}')
    assert (refusal["decision"], refusal["policy"], refusal["rule"]) == ("deny", "hook", "no network")
    assert (failed["status"], failed["error"]) == ("error", "Tool 'termnal' not found")


def test_the_file_name_of_an_sdk_event_counts_it():
    event = fixture("openhands", "sdk")[1]
    (row,) = told(event, path="c/1f/events/event-00012-0b8c3a52-0000-4000-8000-000000000002.json")
    assert (row["run_id"], row["seq_kind"], row["seq"]) == ("1f", "openhands.event", 12)
    assert row["stream"] == "1f"


def test_the_observation_of_the_finish_tool_ends_the_run():
    event = {"kind": "ObservationEvent", "id": "e-9", "timestamp": "2026-09-23T09:42:02", "source": "environment",
             "tool_name": "finish", "tool_call_id": "call_f", "action_id": "e-8",
             "observation": {"kind": "FinishObservation", "is_error": False, "content": []}}  # fmt: skip
    result, end = told(event, path="c/1f/events/event-00009-e-9.json")
    assert (result["kind"], result["tool_call_id"], result["seq"]) == ("result", "call_f", 9)
    assert (end["layer"], end["kind"], end["status"], end["seq"], end["run_id"]) == ("agent", "end", "ok", None, "1f")


@pytest.mark.parametrize(
    ("left", "kind", "status"),
    [("finished", "end", "ok"), ("stuck", "end", "error"), ("running", "log", "unknown"), (None, "log", "unknown")],
)
def test_the_state_of_a_conversation_tells_how_it_was_left(left, kind, status):
    state = {"id": "5db1-34a6", "agent": {"llm": {"model": "m"}}, "workspace": {}, "execution_status": left}
    (row,) = told(state, path="c/1f/base_state.json")
    assert (row["kind"], row["status"], row["run_id"]) == (kind, status, "1f")
    assert told(state, path="c/other.json")[0]["run_id"] == "5db134a6"


def test_a_trajectory_inside_an_object_is_taken_apart():
    rows = told({"trajectory": fixture("openhands", "trajectory")})
    assert len(rows) == 7


@pytest.mark.parametrize("case", ["trajectory", "confirmation", "resolver", "sdk"])
def test_it_sniffs_its_own(case: str):
    assert (
        openhands.sniff(pipeline.head_of(pipeline.input_of(pipeline.FIXTURES / "openhands" / case).read_bytes()))
        == 0.95
    )


def test_a_large_run_is_known_by_its_keys():
    value = {**fixture("openhands", "resolver")[0], "git_patch": "+" * (100 << 10)}
    value["history"] = [{**value["history"][0], "content": "x" * (2 << 20)}]
    import json

    assert first_choice(json.dumps(value).encode()) == "openhands"


def test_it_claims_nothing_of_its_neighbours():
    for name, folder in pipeline.cases():
        if name != "openhands":
            assert openhands.sniff(pipeline.head_of(pipeline.input_of(folder).read_bytes())) == 0.0, folder


def test_cuts_are_survived():
    cuts_are_survived("openhands")


def test_evaluation_output_may_hold_events_of_the_sdk():
    history = list(fixture("openhands", "sdk"))
    rows = told({"instance_id": "demo__demo-1", "test_result": {"git_patch": ""}, "history": history, "error": None})
    alone = told(tuple(history))
    assert [(row["layer"], row["kind"]) for row in rows[:-1]] == [(row["layer"], row["kind"]) for row in alone]
    assert (rows[-1]["kind"], {row["run_id"] for row in rows}) == ("end", {rows[0]["run_id"]})


@pytest.mark.parametrize(
    ("status", "kind", "told_status"),
    [("finished", "end", "ok"), ("error", "end", "error"), ("running", "log", "unknown")],
)
def test_the_state_beside_the_events_tells_how_the_conversation_stands(status: str, kind: str, told_status: str):
    state = {"id": "7d0f7a10-0000-4000-8000-000000000001", "agent": {"llm": {"model": "m"}}, "workspace": {},
             "persistence_dir": "x", "execution_status": status, "stats": {"usage_to_metrics": {}}}  # fmt: skip
    (row,) = told(state, path="conversations/7d0f7a10/base_state.json")
    assert (row["run_id"], row["kind"], row["status"]) == ("7d0f7a10", kind, told_status)
    assert row["stream"] == "7d0f7a10"
