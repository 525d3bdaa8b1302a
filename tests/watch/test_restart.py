"""A watch that dies at any moment: no alert is lost, and none is raised twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.errors import SealError, UsageError
from auditrail.watch import state
from auditrail.watch.journal import segments
from tests.watch._harness import Watch, Writer

TABLE: dict[str, Any] = {
    "rules": {"stream-silent": {"enabled": False}},
    "rule": [
        {"id": "every-delete", "where": {"tool": "delete_*"}},
        {"id": "many-deletes", "where": {"tool": "delete_*"}, "count": 3, "window": "1h", "per": "run"},
    ],
}

UNDISTURBED: list[tuple[Path, list[str]]] = []


def journal(path: Path) -> list[dict[str, Any]]:
    """The alerts that stand in a journal, in its order."""
    rows = [json.loads(line) for file in segments(path) for line in file.read_bytes().splitlines()]
    return [row["body"]["alert"] for row in rows if row["kind"] == "record" and "alert" in row["body"]]


def happenings(folder: Path) -> list[Any]:
    """Writes to two logs, one after another, with rotation, a cut and all kinds of alerts in them."""
    one, two = Writer(folder / "one.log"), Writer(folder / "two.log")
    steps: list[Any] = []
    for n in range(12):
        steps.append(lambda n=n: one.call(n, f"c{n}", tool="delete_x" if n % 3 == 0 else "search"))
        if n != 7:
            steps.append(lambda n=n: two.result(n + 0.5, f"c{n}"))
    steps.insert(9, lambda: one.path.rename(folder / "one.log.1"))
    steps.insert(16, lambda: two.write(8, event="run_finished", run_id="r9", agent="planner", status="error"))
    steps.append(lambda: two.path.write_bytes(b""))
    steps.append(lambda: one.write(400, event="step"))
    steps.append(lambda: two.write(401, event="step"))
    steps.append(lambda: two.write(402, event="step"))
    return steps


def played(folder: Path, where: Path, crashes: set[int], saves: set[int]) -> tuple[list[str], list[dict[str, Any]]]:
    """Plays it all with crashes and written states at these steps: alert ids of the journal, and what was handed on."""
    folder.mkdir(parents=True)
    watch = Watch(folder, TABLE, state=where)
    handed: list[dict[str, Any]] = []
    for number, step in enumerate(happenings(folder)):
        step()
        watch.run()
        if number in saves:
            watch.engine.save()
        if number in crashes:
            watch.crash()
            handed += watch.handed
            clock = watch.clock
            watch = Watch(folder, TABLE, state=where, clock=clock)
            # What is destroyed after the last written state and before the restart, nobody can read again.
            watch.run()
    watch.run()
    watch.wait(10)
    watch.wait(500)
    handed += watch.handed
    watch.end()
    watch.engine.close(1)
    return sorted(alert["id"] for alert in journal(where.with_name(where.name + ".alerts.jsonl"))), handed


@settings(max_examples=10, deadline=None)
@given(crashes=st.sets(st.integers(0, 28), max_size=5), saves=st.sets(st.integers(0, 28), max_size=6))
def test_no_alert_is_lost_or_doubled_wherever_it_dies(
    tmp_path_factory: pytest.TempPathFactory, crashes: set[int], saves: set[int]
) -> None:
    base = tmp_path_factory.mktemp("crash")
    if not UNDISTURBED:
        UNDISTURBED.append((base, played(base / "a" / "logs", base / "a" / "state", set(), set())[0]))
    first, undisturbed = UNDISTURBED[0]
    assert len(undisturbed) >= 7
    found, handed = played(base / "b" / "logs", base / "b" / "state", crashes, saves)
    # Paths differ between the two folders, and are part of one id only: that of the log that was cut.
    assert len(found) == len(set(found))
    assert set(undisturbed) - set(found) <= _cut(first / "a")
    assert set(found) - set(undisturbed) <= _cut(base / "b")
    fresh = [alert["id"] for alert in handed if not alert["redelivered"]]
    assert len(fresh) == len(set(fresh))
    assert {alert["id"] for alert in handed} == set(found)


def _cut(base: Path) -> set[str]:
    return {alert["id"] for alert in journal(base / "state.alerts.jsonl") if alert["rule"] == "log-cut"}


def test_an_alert_that_was_not_handed_over_comes_again_and_is_marked(tmp_path: Path) -> None:
    folder, where = tmp_path / "logs", tmp_path / "state"
    folder.mkdir()
    log = Writer(folder / "a.log")
    watch = Watch(folder, TABLE, state=where)
    watch.engine.channels["keep-1"].give = lambda _alert: None  # type: ignore[method-assign] # it dies in between
    log.call(0, "c1", tool="delete_x")
    watch.run()
    watch.crash()
    again = Watch(folder, TABLE, state=where)
    again.run()
    assert [(alert["rule"], alert["redelivered"]) for alert in again.handed] == [("every-delete", True)]
    again.engine.end()
    again.engine.close(1)
    third = Watch(folder, TABLE, state=where)
    third.run()
    assert third.handed == []


def test_a_state_that_is_no_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("{}")
    with pytest.raises(UsageError, match="no state of this version"):
        state.read(path)
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError):
        state.read(path)
    state.write(path, {"follow": {}})
    with pytest.raises(UsageError, match="damaged"):
        Watch(tmp_path, TABLE, state=path)


def test_a_journal_that_was_changed_is_refused(tmp_path: Path) -> None:
    folder, where = tmp_path / "logs", tmp_path / "state"
    folder.mkdir()
    Writer(folder / "a.log").call(0, "c1", tool="delete_x")
    watch = Watch(folder, TABLE, state=where)
    watch.run()
    watch.engine.close(1)
    path = tmp_path / "state.alerts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"every-delete", b"every-belete"))
    with pytest.raises(SealError):
        Watch(folder, TABLE, state=where)


def test_memory_is_bounded_and_forgetting_is_counted(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.log")
    for n in range(700):
        log.call(n, f"c{n}", run=f"r{n}")
    watch = Watch(tmp_path, {"memory": 100})
    watch.run()
    forgotten = watch.engine.forgotten
    assert forgotten["unpaired-call"] >= 600
    assert forgotten["run-without-end"] >= 600
