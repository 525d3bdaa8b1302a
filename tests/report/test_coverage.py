"""Coverage: what is expected of a run, what counts as held, and which days are silent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditrail.gaps.engine import Question
from auditrail.report.gap_types import Coverage, GapsReport
from auditrail.report.gaps import gaps
from tests.gaps._case import loaded

Row = dict[str, Any]


def agent_rows(number: int, agent: str, *, calls: bool = True, end: bool = True, args: bool = True) -> list[Row]:
    base = {"run_id": f"{agent}-{number}", "agent": agent, "service": "runtime"}
    at = f"2026-08-{number // 4 + 1:02d}T{number % 4 + 10}"
    rows: list[Row] = [{"timestamp": f"{at}:00:00Z", "event": "run_started", **base}]
    if calls:
        content = {"args": {"id": number}} if args else {}
        for call in range(2):
            rows += [
                {"timestamp": f"{at}:00:0{call + 1}Z", "event": "tool_call_started", "tool": "pay",
                 "tool_call_id": f"{agent}-{number}-{call}", **content, **base},
                {"timestamp": f"{at}:00:0{call + 2}Z", "event": "tool_call_finished", "tool": "pay",
                 "tool_call_id": f"{agent}-{number}-{call}", "result": {"ok": 1}, **base},
            ]  # fmt: skip
    if end:
        rows.append({"timestamp": f"{at}:00:09Z", "event": "run_finished", "status": "ok", **base})
    return rows


def gate_rows(number: int, agent: str) -> list[Row]:
    at = f"2026-08-{number // 4 + 1:02d}T{number % 4 + 10}"
    return [{"timestamp": f"{at}:00:01Z", "event": "policy_decision", "decision": "allow", "tool": "pay",
             "run_id": f"{agent}-{number}", "agent": agent, "service": "gate"}]  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., GapsReport]:
    def make(streams: dict[str, list[Row]], question: Question | None = None) -> GapsReport:
        for name, rows in streams.items():
            (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        with loaded(tmp_path) as connection:
            return gaps(connection, question)

    return make


def row(made: GapsReport, agent: str | None, layer: str) -> Coverage:
    (found,) = [each for each in made.coverage if (each.agent, each.layer) == (agent, layer)]
    return found


def test_a_whole_fleet_is_covered_whole(report: Callable[..., GapsReport]) -> None:
    made = report({
        "runtime": [each for n in range(12) for each in agent_rows(n, "a")],
        "gate": [each for n in range(12) for each in gate_rows(n, "a")],
    })  # fmt: skip
    assert (made.runs_expected, made.runs_seen, made.runs_complete) == (12, 12, 12)
    for layer in ("agent", "tool", "policy"):
        found = row(made, "a", layer)
        assert (found.runs_expected, found.runs_seen, found.runs_complete) == (12, 12, 12), layer
        assert found.days_silent == ()
    assert [each.layer for each in made.coverage] == ["agent", "tool", "policy"]
    tool = row(made, "a", "tool")
    assert (tool.calls, tool.args_present) == (24, 24)
    assert [(each.agent, each.complete, each.partial, each.fragment) for each in made.grades] == [
        (None, 12, 0, 0), ("a", 12, 0, 0),
    ]  # fmt: skip


def test_a_layer_that_is_gone_for_a_day_is_silent_then(report: Callable[..., GapsReport]) -> None:
    made = report({
        "runtime": [each for n in range(24) for each in agent_rows(n, "a")],
        "gate": [each for n in range(24) if n // 4 != 2 for each in gate_rows(n, "a")],
    })  # fmt: skip
    found = row(made, "a", "policy")
    assert (found.runs_expected, found.runs_seen) == (24, 20)
    assert found.days_silent == ("2026-08-03",)
    days = {(each.layer, each.day): (each.runs_expected, each.runs_seen) for each in made.days}
    assert days["policy", "2026-08-03"] == (4, 0)
    assert days["policy", "2026-08-02"] == (4, 4)
    assert days["agent", "2026-08-03"] == (4, 4)


def test_an_agent_without_a_layer_has_no_row_for_it(report: Callable[..., GapsReport]) -> None:
    made = report({
        "runtime": [each for n in range(8) for agent in "ab" for each in agent_rows(n, agent, calls=agent == "a")],
        "gate": [each for n in range(8) for each in gate_rows(n, "a")],
    })  # fmt: skip
    assert {each.layer for each in made.coverage if each.agent == "b"} == {"agent"}


def test_runs_that_lack_something_are_not_complete(report: Callable[..., GapsReport]) -> None:
    rows = [each for n in range(10) for each in agent_rows(n, "a", end=n != 3, args=n != 5)]
    made = report({"runtime": rows})
    assert made.runs_seen == 10
    assert made.runs_complete <= 9
    found = row(made, "a", "agent")
    assert (found.runs_seen, found.runs_complete) == (10, 9)
    tool = row(made, "a", "tool")
    assert (tool.calls, tool.args_present) == (20, 18)
    assert made.grades[0].partial >= 1
    assert dict(made.grades[0].reasons)["A run began and never ended"] == 1
    (crashed,) = [each for each in made.run_grades if "A run began and never ended" in each.reasons]
    assert (crashed.run, crashed.agent, crashed.grade) == ("a-3", "a", "partial")


def test_the_question_narrows_what_is_counted(report: Callable[..., GapsReport]) -> None:
    streams = {"runtime": [each for n in range(8) for agent in ("a", "b") for each in agent_rows(n, agent)]}
    made = report(streams, Question(agent="b", layer="tool"))
    assert [(each.agent, each.layer, each.runs_seen) for each in made.coverage] == [("b", "tool", 8)]
    assert made.runs_seen == 8
    none = report(streams, Question(runs=()))
    assert (none.runs_seen, none.coverage) == (0, ())


def test_loose_records_are_fragments(report: Callable[..., GapsReport]) -> None:
    llm = [
        {"timestamp": f"2026-08-01T10:00:0{n}Z", "event": "llm_request", "trace_id": f"{n:032x}", "model": "m",
         "service": "gateway"}
        for n in range(1, 4)
    ]  # fmt: skip
    made = report({"runtime": agent_rows(0, "a"), "gateway": llm})
    assert made.runs_seen == 1
    assert made.grades[0].fragment == 3
    assert [(each.grade, len(each.reasons)) for each in made.run_grades] == [("fragment", 1)] * 3
    alone = report({"runtime": [], "gateway": llm})
    assert (alone.runs_seen, alone.grades[0].fragment) == (3, 0), "where nothing names agents, a trace is a run"
