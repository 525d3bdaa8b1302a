"""OpenHands: trajectories and a resolver output; every count of the answer key, and the holes in the ids."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from tests.corpus import _samples as samples

pytestmark = samples.MARKS
KEY = {path: facts for path, facts in samples.key("openhands").items() if "events" in facts and "#" in path}


def rows_of(path: str) -> list[dict[str, Any]]:
    file, number = path.split("#")
    read = samples.reading(samples.file_of("openhands", file))
    assert read.reader == "openhands"
    assert read.quarantine == []
    if "resolver" in path:
        return [row for row in read.events if row["record"] == int(number) + 1]
    return read.events


@pytest.mark.parametrize("path", KEY)
def test_counts(path: str) -> None:
    facts = KEY[path]
    rows = rows_of(path)
    told = [samples.attributes(row) for row in rows]
    actions = Counter(item["action"] for item in told if "action" in item)
    observations = Counter(item["observation"] for item in told if "observation" in item)
    assert actions == facts["actions"]
    assert observations == facts.get("obs", {})
    # The resolver's record adds the end of the run, with everything that stands beside the history.
    assert len(rows) == facts["events"] + ("resolver" in path)
    assert len({row["run_id"] for row in rows}) == 1
    numbers = sorted(row["seq"] for row in rows if row["seq"] is not None)
    holes = sum(b - a - 1 for a, b in pairwise(numbers))
    assert holes == facts.get("id_gaps", 0)
    inside = [row for row in rows if "history" not in samples.attributes(row) and row["name"] != "output"]
    assert sum(row["seq"] is None for row in inside) == facts.get("no_id", 0)
    assert sum(row["ts_ns"] is None for row in inside) == facts.get("no_ts", 0)


@pytest.mark.parametrize("path", KEY)
def test_every_result_has_the_call_that_asked_for_it(path: str) -> None:
    rows = rows_of(path)
    calls = [row["tool_call_id"] for row in rows if row["kind"] == "call"]
    results = [row["tool_call_id"] for row in rows if row["kind"] == "result"]
    assert calls == results
    assert len(set(calls)) == len(calls)


@pytest.mark.parametrize("path", [path for path in KEY if "resolver" not in path])
def test_local_times_are_marked(path: str) -> None:
    assert all(row["tz_assumed"] for row in rows_of(path))
