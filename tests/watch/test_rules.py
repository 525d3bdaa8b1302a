"""Each rule: what it tells, what it does not, and what looks alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditrail import discover
from auditrail.watch import configured
from auditrail.watch.types import SEVERITIES
from tests.watch._harness import START, Watch, Writer


@pytest.mark.parametrize("name", sorted(configured.rules()))
def test_a_rule_says_what_it_is(name: str) -> None:
    module = configured.rules()[name]
    assert module.__name__.rpartition(".")[2] == name.replace("-", "_")
    assert module.SEVERITY in SEVERITIES
    assert len(module.EXPLAIN) > 40
    assert module.__doc__
    assert all(isinstance(value, (int, float)) for value in module.SETTINGS.values())


def test_every_rule_has_a_test_here() -> None:
    text = Path(__file__).read_text("utf-8") + Path(__file__).with_name("test_follow.py").read_text("utf-8")
    text += Path(__file__).with_name("test_chain_rule.py").read_text("utf-8")
    for name in discover.names("auditrail.watch.rules"):
        assert f'"{name.replace("_", "-")}"' in text, name


def test_unpaired_call_hit_after_the_deadline(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    watch = Watch(tmp_path)
    log.call(0, "c1")
    log.result(1, "c1")
    log.call(2, "c2")
    assert watch.run() == []
    assert watch.wait(200) == []
    (alert,) = watch.wait(110)
    assert (alert["rule"], alert["call"], alert["run"], alert["agent"]) == ("unpaired-call", "c2", "r1", "planner")
    assert alert["evidence"][0]["record"] == 3
    assert watch.wait(1000)[1:] == []


def test_unpaired_call_says_nothing_where_results_never_come_or_come_first(tmp_path: Path) -> None:
    log, other = Writer(tmp_path / "a.jsonl"), Writer(tmp_path / "b.jsonl")
    other.result(0.5, "c0")
    for number in range(20):
        log.call(number, f"c{number}")
    watch = Watch(tmp_path, {"rules": {"stream-silent": {"enabled": False}}})
    watch.run()
    watch.wait(5000)
    assert watch.rules() == []


def test_unpaired_call_kept_until_the_habit_is_known(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    watch = Watch(tmp_path)
    log.call(0, "first")
    watch.run()
    assert watch.wait(400) == []
    log.call(400, "second")
    log.result(401, "second")
    watch.run()
    assert [alert["call"] for alert in watch.handed] == ["first"]


def test_a_denied_call_is_not_unpaired_and_an_executed_one_is_told(tmp_path: Path) -> None:
    log, policy = Writer(tmp_path / "a.jsonl"), Writer(tmp_path / "policy.jsonl")
    log.call(0, "c0")
    log.result(1, "c0")
    log.call(2, "c1", tool="pay")
    policy.write(2.1, event="policy_decision", decision="deny", tool="pay", tool_call_id="c1", run_id="r1")
    log.call(3, "c2", tool="pay")
    policy.write(3.1, event="policy_decision", decision="deny", tool="pay", tool_call_id="c2", run_id="r1")
    log.result(4, "c2", tool="pay", status="error")
    watch = Watch(tmp_path)
    watch.run()
    watch.wait(1000)
    assert watch.rules() == []
    log.call(1001, "c3", tool="pay")
    policy.write(1001.1, event="policy_decision", decision="deny", tool="pay", tool_call_id="c3", run_id="r1")
    log.result(1001.2, "c3", tool="pay")
    watch.run()
    (alert,) = watch.handed
    assert (alert["rule"], alert["severity"], alert["tool"]) == ("denied-but-executed", "critical", "pay")
    assert len(alert["evidence"]) == 2


def test_a_denial_that_is_taken_back_is_none(tmp_path: Path) -> None:
    log, policy = Writer(tmp_path / "a.jsonl"), Writer(tmp_path / "policy.jsonl")
    for at, decision in ((1, "deny"), (2, "allow")):
        policy.write(at, event="policy_decision", decision=decision, tool="pay", tool_call_id="c1", run_id="r1")
    watch = Watch(tmp_path)
    watch.run()
    log.call(3, "c1", tool="pay")
    log.result(4, "c1", tool="pay")
    assert watch.run() == []


def test_run_without_end(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl", agent="planner")
    for number in range(4):
        log.write(number, event="run_started", run_id=f"r{number}")
        log.write(number + 0.5, event="run_finished", run_id=f"r{number}", status="ok")
    log.write(5, event="run_started", run_id="open")
    log.write(6, event="step", run_id="open", message="thinking")
    watch = Watch(tmp_path)
    watch.run()
    assert watch.wait(800) == []
    (alert,) = watch.wait(200)
    assert (alert["rule"], alert["run"]) == ("run-without-end", "open")


def test_run_without_end_says_nothing_where_runs_never_end(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl", agent="planner")
    for number in range(5):
        log.write(number, event="run_started", run_id=f"r{number}")
    watch = Watch(tmp_path)
    watch.run()
    assert watch.wait(5000) == []


def test_a_run_of_which_only_a_service_tells_has_no_end_to_miss(tmp_path: Path) -> None:
    log, service = Writer(tmp_path / "a.jsonl", agent="planner"), Writer(tmp_path / "service.jsonl", agent="planner")
    for number in range(4):
        log.write(number, event="run_started", run_id=f"r{number}")
        log.write(number + 0.5, event="run_finished", run_id=f"r{number}", status="ok")
    service.write(5, event="tool_call_finished", tool="pay", trace_id="0af7651916cd43dd8448eb211c80319c", status="ok")
    watch = Watch(tmp_path)
    watch.run()
    assert watch.wait(5000) == []


def test_run_failed(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl", agent="planner")
    log.write(0, event="run_finished", run_id="good", status="ok")
    log.write(1, event="run_finished", run_id="bad", status="error", error="boom")
    watch = Watch(tmp_path)
    (alert,) = watch.run()
    assert (alert["rule"], alert["run"]) == ("run-failed", "bad")


def test_arguments_stopped_once_and_again_after_they_came_back(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    watch = Watch(tmp_path, {"rules": {"unpaired-call": {"enabled": False}}})
    at = 0

    def calls(count: int, **more: object) -> None:
        nonlocal at
        for _ in range(count):
            at += 1
            log.call(at, f"c{at}", **more)

    calls(60)
    calls(4, args="[REDACTED]")
    calls(1)
    assert watch.run() == []
    calls(9, args="[REDACTED]")
    watch.run()
    assert watch.rules() == ["arguments-stopped"]
    assert watch.handed[0]["values"]["state"] == "redacted"
    calls(1)
    calls(6, args="[REDACTED]")
    watch.run()
    assert watch.rules() == ["arguments-stopped"] * 2


def test_a_tool_that_never_had_arguments_is_no_gap(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    for number in range(40):
        log.call(number, f"c{number}", args={} if number % 2 else {"q": 1})
    watch = Watch(tmp_path, {"rules": {"unpaired-call": {"enabled": False}}})
    assert watch.run() == []


def test_stream_silent_against_its_rhythm(tmp_path: Path) -> None:
    steady, slow = Writer(tmp_path / "steady.jsonl"), Writer(tmp_path / "slow.jsonl")
    for number in range(600):
        steady.write(number, event="tick", message="x")
        if number % 2 == 0:
            slow.write(number, event="tick", message="x")
    watch = Watch(tmp_path)
    watch.run()
    watch.clock.go(600)
    for number in range(600, 800):
        slow.write(number, event="tick", message="x")
    watch.run()
    (alert,) = watch.wait(1)
    assert (alert["rule"], alert["stream"], alert["severity"]) == ("stream-silent", "steady", "high")
    assert [alert["stream"] for alert in watch.wait(3000)] == ["steady", "slow"]
    assert watch.handed[1]["severity"] == "medium", "everything is silent"


def test_a_stream_with_long_pauses_is_not_silent(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    at = 0.0
    for number in range(400):
        at += 120 if number % 16 == 0 else 1
        log.write(at, event="tick", message="x")
    watch = Watch(tmp_path)
    watch.clock.go(at)
    watch.run()
    assert watch.wait(400) == []
    assert [alert["rule"] for alert in watch.wait(400)] == ["stream-silent"]


@pytest.mark.parametrize(("numbers", "missing"), [([*range(20), 23, *range(24, 40)], 3), ([*range(40)], 0)])
def test_sequence_hole(tmp_path: Path, numbers: list[int], missing: int) -> None:
    log = Writer(tmp_path / "a.jsonl")
    for at, seq in enumerate(numbers):
        log.write(at, event="step", seq=seq)
    watch = Watch(tmp_path)
    watch.run()
    watch.wait(60)
    assert [alert["values"]["missing"] for alert in watch.handed] == ([missing] if missing else [])
    assert set(watch.rules()) <= {"sequence-hole"}


def test_numbers_out_of_order_and_numbers_by_run_are_no_hole(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    order = list(range(60))
    order[30], order[31], order[32] = order[32], order[30], order[31]
    for at, seq in enumerate(order):
        log.write(at, event="step", seq=seq)
    by_run = Writer(tmp_path / "b.jsonl")
    for at in range(60):
        by_run.write(at, event="step", run_id=f"r{at % 3}", seq=at // 3)
    watch = Watch(tmp_path)
    watch.run()
    assert watch.wait(60) == []


def test_agent_rate_and_new_tool(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    off = {name: {"enabled": False} for name in ("unpaired-call", "stream-silent", "run-without-end")}
    watch = Watch(tmp_path, {"rules": off})
    call, begin = 0, 60 - START / 1e9 % 60
    for minute in range(20):
        for number in range(100 if minute == 18 else 10):
            call += 1
            log.call(begin + minute * 60 + number * 0.3, f"c{call}")
    log.call(1300, "last", tool="drop_table")
    watch.clock.go(1300)
    watch.run()
    watch.wait(120)
    found = {alert["rule"]: alert for alert in watch.handed}
    assert set(found) == {"agent-rate", "agent-new-tool"}
    assert found["agent-rate"]["values"]["calls"] == 100
    assert found["agent-new-tool"]["tool"] == "drop_table"


def test_agent_cost(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    watch = Watch(tmp_path, {"rules": {"stream-silent": {"enabled": False}}})
    for window in range(16):
        tokens = 500_000 if window == 14 else 5_000 + window
        log.write(window * 300, event="llm_call", agent="planner", input_tokens=tokens, output_tokens=10)
    watch.clock.go(5000)
    watch.run()
    assert [(a["rule"], a["values"]["tokens"]) for a in watch.wait(600)] == [("agent-cost", 500_010.0)]


def test_agent_errors(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    watch = Watch(tmp_path, {"rules": {"stream-silent": {"enabled": False}}})
    for window in range(12):
        for number in range(20):
            bad = number < (12 if window == 10 else 1)
            log.result(window * 300 + number, f"c{window}-{number}", status="error" if bad else "ok")
    watch.clock.go(4000)
    watch.run()
    found = watch.wait(600)
    assert [(a["rule"], a["values"]["failed"]) for a in found] == [("agent-errors", 12.0)]


def test_records_unreadable_are_told_once_for_a_while(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    log.write(0, event="step")
    log.write(1, event="step")
    watch = Watch(tmp_path)
    watch.run()
    for _ in range(3):
        with log.path.open("ab") as out:
            out.write(b'{"broken": \x00\xff\n')
    watch.run()
    assert watch.rules() == ["records-unreadable"]
    log.write(1000, event="step")
    log.write(1000, event="step")
    watch.wait(1000)
    with log.path.open("ab") as out:
        out.write(b"{\n")
    watch.run()
    assert watch.rules() == ["records-unreadable"] * 2


def test_one_wrong_clock_fires_no_deadline(tmp_path: Path) -> None:
    log, other = Writer(tmp_path / "a.jsonl"), Writer(tmp_path / "b.jsonl")
    log.call(0, "c0")
    log.result(1, "c0")
    log.call(2, "c1")
    watch = Watch(tmp_path)
    watch.clock.go(100_000)  # a replay of old logs: what is read is far behind the wall clock
    other.write(3, event="step")
    other.write(90_000, event="step")
    other.write(4, event="step")
    other.write(5, event="step")
    watch.engine._live = False
    assert watch.run() == []


def test_a_log_that_is_behind_holds_the_time_back(tmp_path: Path) -> None:
    """The result stands in a file that is read later: no alert in between, however far the other file goes."""
    calls, results = Writer(tmp_path / "z-calls.jsonl"), Writer(tmp_path / "a-results.jsonl")
    for number in range(3000):
        calls.call(number, f"c{number}")
        results.result(number + 0.5, f"c{number}")
    watch = Watch(tmp_path, live=False)
    watch.clock.go(10_000)
    watch.run()
    assert watch.end() == []
