"""SWE-agent: six trajectories; every count of the answer key, and no step told twice."""

from __future__ import annotations

import json

import pytest

from tests.corpus import _samples as samples

pytestmark = samples.MARKS
KEY = {path: facts for path, facts in samples.key("swe-agent").items() if "steps" in facts}


@pytest.mark.parametrize("path", KEY)
def test_counts(path: str) -> None:
    facts = KEY[path]
    file = samples.file_of("swe-agent", path)
    read = samples.reading(file)
    kinds = samples.counts(read.events, "layer", "kind")
    steps = [row for row in read.events if (row["layer"], row["kind"]) == ("tool", "span")]
    asked = [row for row in read.events if row["kind"] == "call"]
    assert (read.reader, read.tally.records) == ("swe-agent", 1)
    assert len(steps) == len(asked) == kinds["llm", "message"] == facts["steps"]
    assert sum(row["result_state"] == "empty" for row in steps) == facts.get("empty_obs", 0)
    own = [row["tool_call_id"] for row in asked if not row["tool_call_id"].startswith(row["run_id"])]
    assert len(own) == facts["tool_calls"], "with function calling; ids recur inside a run that was replayed"
    (end,) = [row for row in read.events if row["kind"] == "end"]
    assert samples.attributes(end)["info"]["exit_status"] == facts["exit"]
    assert end["status"] == "ok"
    # What the history holds besides the steps: two messages of each step are told by it.
    history = json.loads(file.read_text("utf-8"))["history"]
    assert len(history) == facts["history"]
    unseen = "tool" not in facts["roles"]  # the last observation was told to no model, where it is a user message
    assert kinds["agent", "message"] == facts["history"] - 2 * facts["steps"] + unseen


@pytest.mark.parametrize("path", KEY)
def test_no_time_is_made_up(path: str) -> None:
    read = samples.reading(samples.file_of("swe-agent", path))
    assert {(row["ts_source"], row["ts_ns"]) for row in read.events} == {("order", None)}
