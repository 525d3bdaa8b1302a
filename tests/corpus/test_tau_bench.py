"""tau-bench: 20 runs whose tool-call ids recur; every count of the answer key."""

from __future__ import annotations

import pytest

from tests.corpus import _samples as samples

pytestmark = samples.MARKS
KEY = samples.key("tau-bench")


@pytest.mark.parametrize("path", [path for path in KEY if path.startswith("tau-bench/")])
def test_counts(path: str) -> None:
    facts = KEY[path]
    read = samples.reading(samples.file_of("tau-bench", path))
    kinds = samples.counts(read.events, "layer", "kind")
    messages = kinds["agent", "message"] + kinds["llm", "message"] + kinds["tool", "result"]
    calls = [row for row in read.events if row["kind"] == "call"]
    ends = [row for row in read.events if row["kind"] == "end"]
    rewards = [samples.attributes(row)["reward"] for row in ends]
    tasks = {samples.attributes(row)["task_id"] for row in ends}
    assert read.reader == "tau-bench"
    assert len({row["run_id"] for row in read.events}) == facts["runs"] == len(ends)
    assert len(tasks) == facts["tasks"]
    assert {samples.attributes(row)["trial"] for row in ends} == set(facts["trials"])
    assert messages == facts["msgs"]
    assert len(calls) == facts["tool_calls"]
    assert kinds["tool", "result"] == facts["tool_msgs"]
    assert sum(row["status"] == "error" for row in read.events) == facts["tool_errors"]
    assert sum(row["args_state"] == "empty" for row in calls) == facts["empty_args"]
    assert (rewards.count(0.0), rewards.count(1.0)) == (facts["reward0"], facts["reward1"])
    assert len({row["tool_call_id"] for row in calls}) == 69, "ids recur across runs"
    # They recur inside a run, too: eight calls repeat an id of their own conversation.
    assert len({(row["run_id"], row["tool_call_id"]) for row in calls}) == 115
    assert {row["ts_source"] for row in read.events} == {"order"}


@pytest.mark.parametrize("path", [path for path in KEY if path.startswith("tau-bench/")])
def test_every_result_names_the_call_of_its_own_run(path: str) -> None:
    read = samples.reading(samples.file_of("tau-bench", path))
    asked = [(row["run_id"], row["tool_call_id"], row["tool"]) for row in read.events if row["kind"] == "call"]
    told = [(row["run_id"], row["tool_call_id"], row["tool"]) for row in read.events if row["kind"] == "result"]
    assert asked == told


@pytest.mark.parametrize("path", [path for path in KEY if path.startswith("tau-bench/")])
def test_the_longest_and_the_shortest_conversation(path: str) -> None:
    read = samples.reading(samples.file_of("tau-bench", path))
    said = samples.counts([row for row in read.events if row["kind"] in ("message", "result")], "run_id")
    assert [min(said.values()), max(said.values())] == KEY[path]["msgs_minmax"]
