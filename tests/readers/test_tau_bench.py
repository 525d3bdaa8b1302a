"""tau-bench: an element is a run, ids recur in others, a reward is no status."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

from auditrail import case
from auditrail.correlate.settle import settle
from auditrail.ingest import inputs
from auditrail.ingest.load import Loader
from auditrail.readers import tau_bench
from tests.conformance import _pipeline as pipeline
from tests.readers._told import cuts_are_survived, first_choice, fixture, told


def kinds(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["layer"], row["kind"]) for row in rows]


def test_one_event_a_message_one_a_call_and_an_end():
    rows = told(fixture("tau-bench", "trials")[:1])
    assert kinds(rows) == [
        ("agent", "message"), ("agent", "message"), ("llm", "message"), ("llm", "call"), ("tool", "result"),
        ("llm", "message"), ("agent", "end"),
    ]  # fmt: skip
    assert {row["ts_source"] for row in rows} == {"order"}
    assert (rows[3]["tool_call_id"], rows[4]["tool_call_id"], rows[4]["tool"]) == ("call_1", "call_1", "find_parcel")


def test_a_run_is_named_after_file_task_and_trial_and_the_name_is_a_prefix_to_ask_for():
    rows = told(fixture("tau-bench", "trials"))
    names = {row["run_id"].partition("@")[0] for row in rows}
    assert names == {"runs/a/task-0/trial-0", "runs/a/task-0/trial-1"}


def test_no_reward_is_no_failure_of_the_run():
    rows = told(fixture("tau-bench", "trials"))
    ends = [row for row in rows if row["kind"] == "end"]
    assert [(end["attributes"]["reward"], end["status"]) for end in ends] == [(1.0, "ok"), (0.0, "ok")]


def test_a_failed_tool_is_known_by_its_text_and_empty_arguments_are_only_empty():
    rows = told(fixture("tau-bench", "trials"))
    (failed,) = [row for row in rows if row["status"] == "error"]
    assert (failed["tool"], failed["error"]) == ("list_depots", "Error: depot service is down")
    (empty,) = [row for row in rows if row["args_state"] == "empty"]
    assert (empty["kind"], empty["args"], empty["tool"]) == ("call", "{}", "list_depots")


def test_a_run_that_crashed_has_only_an_end():
    (end,) = told(fixture("tau-bench", "crashed")[:1])
    assert (end["kind"], end["status"], end["error"]) == ("end", "error", "rate limit exceeded")


def test_tau2_has_ids_times_tokens_and_tools_of_the_user():
    rows = told(fixture("tau-bench", "tau2"))
    first = [row for row in rows if row["run_id"].endswith("e01")]
    assert {row["task_id"] for row in rows} == {"telecom/t1"}
    assert all(row["tz_assumed"] for row in first)
    user = next(row for row in first if row["tool_call_id"] == "call_u1" and row["kind"] == "call")
    assert (user["model"], user["attributes"]["requestor"]) == ("model-u", "user")
    assert [(row["tokens_in"], row["tokens_out"]) for row in first if row["tokens_in"]] == [(812, 31)]
    results = {row["tool_call_id"]: row["status"] for row in first if row["kind"] == "result"}
    assert results == {"call_u1": "ok", "call_a1": "ok", "call_a2": "error"}
    second = [row for row in rows if row["kind"] == "end" and row["run_id"].endswith("e02")]
    assert [(end["status"], end["error"]) for end in second] == [("error", "max_steps")]


def test_a_file_of_which_only_the_head_is_seen_is_known_by_its_keys():
    big = json.dumps(
        [{"task_id": 0, "reward": 0.0, "info": {}, "traj": [{"role": "user", "content": "x" * (2 << 20)}]}]
    )
    assert first_choice(big.encode()) == "tau-bench"
    wrapped = {**fixture("tau-bench", "tau2"), "tasks": [{"id": "t" * (2 << 20)}]}
    assert first_choice(json.dumps(wrapped, indent=2).encode()) == "tau-bench"


def test_it_claims_nothing_of_its_neighbours():
    for other in ("chat", "mini-swe-agent", "agent-history", "swe-agent", "openhands", "inspect"):
        for name, folder in pipeline.cases():
            if name == other:
                assert tau_bench.sniff(pipeline.head_of(pipeline.input_of(folder).read_bytes())) == 0.0


def test_cuts_are_survived():
    cuts_are_survived("tau-bench")


# --- many runs with the same ids ------------------------------------------------------------------------------------


def generated(runs: int, seed: int = 7) -> list[dict[str, Any]]:
    """Runs whose tool-call ids are counters, so that every id stands in nearly every run; `mark-<n>-` says which."""
    dice = random.Random(seed)
    made = []
    for number in range(runs):
        mark = f"mark-{number}-"
        traj: list[dict[str, Any]] = [{"role": "user", "content": mark}]
        for call in range(dice.randint(1, 9)):
            asked = {"name": "look", "arguments": json.dumps({"for": mark})}
            traj.append(
                {"role": "assistant", "content": mark, "tool_calls": [{"id": f"call_{call}", "function": asked}]}
            )
            traj.append({"role": "tool", "tool_call_id": f"call_{call}", "name": "look", "content": mark})
        made.append({"task_id": number // 4, "reward": 1.0, "info": {"of": mark}, "traj": traj, "trial": number % 4})
    return made


def test_no_event_of_200_runs_lands_in_a_wrong_run(tmp_path: Path):
    runs = generated(200)
    (tmp_path / "a.json").write_text(json.dumps(runs[:120]))
    (tmp_path / "b.json").write_text(json.dumps(runs[120:]))
    with case.memory_case() as connection:
        Loader(connection).load_all(inputs.expand([tmp_path]))
        settle(connection)
        rows = connection.execute(
            "SELECT r.id, m.confidence, concat_ws(' ', e.args, e.result, e.attributes) FROM events e "
            "LEFT JOIN run_members m ON m.event = e.event LEFT JOIN runs r ON r.run = m.run"
        ).fetchall()
        (events,) = connection.execute("SELECT count(*) FROM events").fetchall()[0]
    expected = sum(len(run["traj"]) + sum("tool_calls" in each for each in run["traj"]) + 1 for run in runs)
    assert len(rows) == events == expected, "each event in one run"
    assert {confidence for _, confidence, _ in rows} == {"exact"}
    marks: dict[str, set[str]] = {}
    for name, _, text in rows:
        found = set(re.findall(r"mark-\d+-", text))
        assert len(found) == 1
        marks.setdefault(name, set()).update(found)
    assert len(marks) == 200
    assert all(len(found) == 1 for found in marks.values()), "a run holds the events of another one"
    assert len(set.union(*marks.values())) == 200


def test_tau2_begins_at_its_own_time_and_names_the_answers_of_the_provider():
    answer = {"role": "assistant", "content": "done", "timestamp": "2025-10-31T07:21:05", "tool_calls": None,
              "usage": {"prompt_tokens": 8, "completion_tokens": 2},
              "raw_data": {"id": "msg_01Yb2", "model": "model-a-20250929"}}  # fmt: skip
    said = {"role": "user", "content": "hi", "timestamp": "2025-10-31T07:21:04", "raw_data": {"id": "not_a_model's"}}
    simulation = {
        "id": "5c7e2b9e-0001",
        "task_id": "0",
        "start_time": "2025-10-31T07:21:01",
        "end_time": "2025-10-31T07:22:01",
        "termination_reason": "user_stop",
        "messages": [said, answer],
    }
    rows = told({"info": {"agent_info": {"llm": "model-a"}}, "tasks": [], "simulations": [simulation]})
    assert [row["kind"] for row in rows] == ["start", "message", "message", "end"]
    assert (rows[2]["model"], rows[2]["response_id"], rows[2]["tokens_in"]) == ("model-a-20250929", "msg_01Yb2", 8)
    assert rows[1]["response_id"] is None
