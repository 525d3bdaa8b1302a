"""A load that is killed at any moment leaves a case that opens, balances and can be continued."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from auditrail import case, schema

COMMAND = Path(sys.executable).with_name("auditrail")
KILLS = 10


def make_evidence(folder: Path) -> Path:
    """Some 30 MB in four files: generic lines, spans of the same runs, one file of wrapped lines, and a torn tail."""
    folder.mkdir()
    dice = random.Random(20260917)
    agent, spans, docker = [], [], []
    for number in range(6_000):
        run = f"run-{number // 4:05d}"
        trace = f"{number // 4 + 1:032x}"
        second = number % 86_400
        stamp = f"2026-01-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        pad = f"{dice.getrandbits(6000):01500x}"
        agent.append(
            {"timestamp": stamp + "Z", "run_id": run, "event": "tool_call", "tool": "t",
             "tool_call_id": f"c{number:08d}",
             "args": {"n": number, "pad": pad}}
        )  # fmt: skip
        spans.append(
            {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": [
                {"traceId": trace, "spanId": f"{number + 1:016x}", "name": "execute_tool t",
                 "startTimeUnixNano": str(1767225600000000000 + second * 10**9),
                 "endTimeUnixNano": str(1767225600500000000 + second * 10**9),
                 "attributes": [{"key": "gen_ai.tool.call.id", "value": {"stringValue": f"c{number:08d}"}},
                                {"key": "pad", "value": {"stringValue": pad}}]}]}]}]}
        )  # fmt: skip
        docker.append({"log": f"worker says {pad}\n", "stream": "stdout", "time": stamp + "Z"})
    for name, rows in (("1-agent.jsonl", agent), ("2-spans.jsonl", spans), ("3-docker.log", docker)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "4-torn.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in agent[:1000]).replace("c0000", "d0000") + '{"timestamp": "2026'
    )
    return folder


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_evidence(tmp_path_factory.mktemp("kill") / "evidence")


@pytest.fixture(scope="module")
def whole(evidence: Path) -> Path:
    """The case of a load that was never interrupted."""
    path = evidence.with_name("whole.duckdb")
    subprocess.run([COMMAND, "ingest", "--quiet", "--case", path, evidence], check=True, capture_output=True)
    return path


def start(path: Path, evidence: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [COMMAND, "ingest", "--quiet", "--case", path, evidence],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell's background job ignores SIGINT, and its children would too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def check(path: Path) -> int:
    """Opens the case and checks the account of every source; returns the number of events."""
    with case.open_write(path) as connection:
        for source, records, with_events, quarantined, blank, ignored, events in connection.execute(
            "SELECT source, records, records_with_events, quarantined, blank, ignored, events FROM sources"
        ).fetchall():
            assert records == with_events + quarantined + blank + ignored
            assert case.count(connection, "SELECT count(*) FROM events WHERE source = ?", [source]) == events
            assert case.count(connection, "SELECT count(*) FROM quarantine WHERE source = ?", [source]) == quarantined
        held = case.count(connection, "SELECT count(*) FROM events")
        assert case.count(connection, "SELECT count(DISTINCT event) FROM events") == held
        assert case.count(connection, "SELECT sum(events)::BIGINT FROM sources HAVING count(*) > 0") == held
        assert case.count(connection, "SELECT count(*) - count(DISTINCT path) FROM sources") == 0
    return held


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        held = {}
        for table in schema.tables():
            names = [column.name for column in schema.columns(table) if column.name not in ("loaded_ns", "status")]
            order = ", ".join(f"{name} NULLS LAST" for name in names)
            held[table] = connection.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {order}").fetchall()
        return held


@pytest.mark.slow
def test_a_killed_load_is_continued(evidence: Path, whole: Path, tmp_path: Path) -> None:
    """SIGKILL at seeded moments, in a case that is continued every time and in a fresh one every other time."""
    dice = random.Random(7)
    begin = time.monotonic()
    subprocess.run([COMMAND, "ingest", "--quiet", "--case", tmp_path / "timed.duckdb", evidence], check=True,
                   capture_output=True)  # fmt: skip
    full = time.monotonic() - begin
    path = tmp_path / "killed.duckdb"
    killed, partial = 0, set()
    for number in range(3 * KILLS):  # on a busy machine, many loads are over before they are killed
        if killed >= KILLS:
            break
        if number % 2 == 0:
            for file in tmp_path.glob("killed.duckdb*"):
                file.unlink()
        process = start(path, evidence)
        time.sleep(dice.uniform(0.1, 1.0) * full)
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        if path.exists():
            partial.add(check(path))
    assert killed >= KILLS * 0.5, "the load was over before it was killed"
    assert len(partial) > 1, "every kill found the same state"
    done = subprocess.run([COMMAND, "ingest", "--quiet", "--case", path, evidence], capture_output=True)
    assert done.returncode == 0, done.stderr
    check(path)
    made, expected = content(path), content(whole)
    for table in schema.tables():
        assert made[table] == expected[table], table
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.slow
def test_a_second_writer_is_told_who_holds_the_case(evidence: Path, tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    with case.open_write(path):
        done = subprocess.run([COMMAND, "ingest", "--case", path, evidence], capture_output=True, text=True)
        assert done.returncode == 3
        assert f"is held by process {os.getpid()}" in done.stderr
        assert "auditrail: hint: " in done.stderr
        assert "Traceback" not in done.stderr
        begin = time.monotonic()
        done = subprocess.run([COMMAND, "runs", "--case", path], capture_output=True, text=True)
        assert time.monotonic() - begin >= case.READ_PATIENCE_SECONDS
        assert done.returncode == 3
        assert f"is held by process {os.getpid()}" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.6])
def test_an_interrupted_load_leaves_a_good_case(evidence: Path, whole: Path, tmp_path: Path, after: float) -> None:
    path = tmp_path / "interrupted.duckdb"
    process = start(path, evidence)
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert b"interrupted" in errors
    assert b"Traceback" not in errors
    check(path)
    done = subprocess.run([COMMAND, "ingest", "--quiet", "--case", path, evidence], capture_output=True)
    assert done.returncode == 0
    made, expected = content(path), content(whole)
    assert {table: made[table] == expected[table] for table in schema.tables()} == dict.fromkeys(schema.tables(), True)


def test_what_a_killed_load_left_is_put_together_by_the_next_reader(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"timestamp":"2026-01-01T00:00:00Z","run_id":"run-1","event":"run_started"}\n')
    path = tmp_path / "auditrail.duckdb"
    subprocess.run([COMMAND, "ingest", "--quiet", "--case", path, file], check=True, capture_output=True)
    with case.open_write(path) as connection:  # as a kill between the source and the runs leaves it
        connection.execute("DELETE FROM runs")
        connection.execute("DELETE FROM run_ids")
        connection.execute("DELETE FROM run_members")
        case.mark_settled(connection, False)
    done = subprocess.run([COMMAND, "runs", "--case", path, "--format", "json"], capture_output=True, text=True)
    assert done.returncode == 0
    assert [run["id"] for run in json.loads(done.stdout)["runs"]] == ["run-1"]
    assert "cut short" in done.stderr
