"""Runs that no stream holds: estimated on made-up fleets whose truth is known, and refused where it cannot be."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from auditrail.gaps.engine import Question
from auditrail.report import unseen
from auditrail.report.gap_types import Estimate, GapsReport
from auditrail.report.gaps import gaps
from tests.gaps._case import loaded

STREAMS = {number: unseen.Stream("jsonl", name, False, True) for number, name in enumerate("abcd")}


def patterns(draw: random.Random, runs: int, shares: Mapping[int, float], *, twins: bool = False) -> unseen.Patterns:
    """Runs over ten weeks by the lists that hold them; with `twins`, lists 0 and 1 keep and lose the same runs."""
    made: unseen.Patterns = Counter()
    for run in range(runs):
        held = {number for number, share in shares.items() if draw.random() < share}
        if twins:
            held = (held - {1}) | ({1} if 0 in held and draw.random() < 0.97 else set())
        if held:
            made[frozenset(held), run * 10 // runs] += 1
    return made


@pytest.mark.parametrize(
    ("runs", "shares", "twins"),
    [
        (400, {0: 0.9, 1: 0.8}, False),
        (400, {0: 0.9, 1: 0.8, 2: 0.6}, False),
        (2000, {0: 0.1, 1: 0.95}, False),
        (400, {0: 0.6, 1: 0.6, 2: 0.7}, True),
        (2000, {0: 0.99, 1: 0.98, 2: 0.97, 3: 0.9}, False),
    ],
)
def test_ninety_of_a_hundred_intervals_hold_the_truth(runs: int, shares: dict[int, float], twins: bool) -> None:
    draw = random.Random(f"{runs} {shares}")
    streams = {number: STREAMS[number] for number in shares}
    right = 0
    for _ in range(100):
        made = patterns(draw, runs, shares, twins=twins)
        found = unseen.of_patterns("x", made, streams)
        assert isinstance(found, Estimate)
        right += found.low <= runs - made.total() <= found.high
    assert right >= 90


def test_streams_that_fail_together_are_told_by_a_third() -> None:
    made = patterns(random.Random(1), 800, {0: 0.6, 1: 0.6, 2: 0.7}, twins=True)
    found = unseen.of_patterns("x", made, {number: STREAMS[number] for number in range(3)})
    assert isinstance(found, Estimate)
    assert "keep and lose the same runs" in found.meaning
    assert "2 lists" in found.method
    # Without the third the same two give nothing of what is missing: and it is said that this was not checked.
    blind = unseen.of_patterns("x", made, {number: STREAMS[number] for number in range(2)})
    assert isinstance(blind, Estimate)
    assert blind.value < found.value / 5
    assert "could not be checked" in blind.meaning


def test_weeks_are_estimated_by_themselves_where_both_streams_had_a_bad_one() -> None:
    draw, right, pooled = random.Random(2), 0, 0
    for _ in range(100):
        made = patterns(draw, 600, {0: 0.95, 1: 0.9})
        bad = patterns(draw, 200, {0: 0.3, 1: 0.3})
        for (held, _), runs in bad.items():
            made[held, 20] += runs
        found = unseen.of_patterns("x", made, {0: STREAMS[0], 1: STREAMS[1]})
        assert isinstance(found, Estimate)
        pooled += "each week" not in found.method
        right += found.low <= 800 - made.total() <= found.high
    assert right >= 90
    assert pooled <= 5


def test_too_little_tells_nothing() -> None:
    one = unseen.of_patterns("x", Counter({(frozenset({0}), 0): 50}), STREAMS)
    assert isinstance(one, str)
    apart = Counter({(frozenset({0}), 0): 50, (frozenset({1}), 0): 50, (frozenset({0, 1}), 0): 3})
    few = unseen.of_patterns("x", apart, STREAMS)
    assert isinstance(few, str)
    assert "fewer than 7" in few


def test_spans_of_one_format_are_one_list() -> None:
    streams = {number: unseen.Stream("otlp", name, True, True) for number, name in enumerate("ab")}
    found = unseen.of_patterns("x", patterns(random.Random(3), 400, {0: 0.9, 1: 0.8}), streams)
    assert isinstance(found, str)


def fleet(folder: Path, streams: Mapping[str, float], *, named: bool = True, runs: int = 150) -> GapsReport:
    draw = random.Random("fleet")
    folder.mkdir(exist_ok=True)
    for name, share in streams.items():
        rows = []
        for number in range(runs):
            if draw.random() < share:
                base = {"run_id": f"run-{number}", "service": name, **({"agent": "a"} if named else {})}
                at = f"2026-08-{number % 28 + 1:02d}T{number // 28:02d}"
                rows.append({"timestamp": f"{at}:00:00Z", "event": "run_started", **base})
                rows.append({"timestamp": f"{at}:00:05Z", "event": "run_finished", "status": "ok", **base})
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with loaded(folder) as connection:
        return gaps(connection)


def test_a_report_tells_it_for_each_agent(tmp_path: Path) -> None:
    made = fleet(tmp_path / "logs", {"one": 0.8, "two": 0.7})
    (found,) = [each for each in made.estimates if each.kind == "unseen-runs"]
    assert found.agent == "a"
    assert found.low <= 150 - made.runs_seen <= found.high
    assert found.meaning.startswith("About ")


def test_where_no_stream_names_agents_all_runs_are_one(tmp_path: Path) -> None:
    made = fleet(tmp_path / "logs", {"one": 0.8, "two": 0.7}, named=False)
    (found,) = [each for each in made.estimates if each.kind == "unseen-runs"]
    assert found.agent is None
    assert "all agents together" in found.meaning


def test_one_stream_is_told_to_be_too_few(tmp_path: Path) -> None:
    made = fleet(tmp_path / "logs", {"one": 0.8})
    assert made.estimates == ()
    assert any("no stream holds" in line for line in made.not_checked)


def test_single_runs_and_unnamed_agents_are_not_estimated(tmp_path: Path) -> None:
    fleet(tmp_path / "logs", {"one": 0.8, "two": 0.7})
    with loaded(tmp_path / "logs") as connection:
        assert gaps(connection, Question(runs=(1, 2))).estimates == ()
    with loaded(tmp_path / "logs") as connection:
        (found,) = [e for e in gaps(connection, Question(agent="a")).estimates if e.kind == "unseen-runs"]
        assert found.agent == "a"
    fleet(tmp_path / "bare", {"one": 0.8, "two": 0.7}, named=False)
    with loaded(tmp_path / "bare") as connection:
        assert gaps(connection, Question(agent="a")).estimates == ()
