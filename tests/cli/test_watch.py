"""`auditrail watch` as it is called."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditrail.cli._main import run
from auditrail.watch import wake
from tests.watch._harness import Writer

ROOT = Path(__file__).resolve().parents[2]


def test_once_over_the_demo_finds_what_was_planted(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        ["watch", str(ROOT / "fixtures" / "demo" / "evidence"), "--once", "--format", "jsonl", "--heartbeat", "0"]
    )
    alerts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {(alert["rule"], alert["run"]) for alert in alerts}
    assert code == 1
    assert ("run-without-end", "run-a8d264") in found
    assert ("unpaired-call", "run-7f3a91") in found


def test_a_clean_log_ends_with_0_and_nothing_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", str(tmp_path), "--once"]) == 3
    log = Writer(tmp_path / "a.jsonl")
    log.call(0, "c1")
    log.result(1, "c1")
    assert run(["watch", str(tmp_path), "--once"]) == 0
    out = capsys.readouterr()
    assert out.out == ""
    assert "2 records; alerts: none" in out.err


def test_actions_rules_and_state_by_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    Writer(logs / "a.jsonl").call(0, "c1", tool="delete_file")
    config = tmp_path / "auditrail.toml"
    config.write_text(
        '[[watch.rule]]\nid = "a-delete"\nseverity = "critical"\nwhere = { tool = "delete_*" }\n'
        f'[[watch.action]]\nkind = "command"\ncommand = "tee {tmp_path}/alert.json"\nrules = ["a-*"]\n'
    )
    words = ["watch", str(logs), "--once", "--config", str(config), "--state", str(tmp_path / "state"), "-q"]
    assert run([*words, "--exit-on", "high"]) == 1
    assert "a-delete" in capsys.readouterr().out
    assert json.loads((tmp_path / "alert.json").read_text())["severity"] == "critical"
    assert run(words) == 0, "nothing is new"
    assert run(["verify", str(tmp_path / "state.alerts.jsonl")]) in (0, 4)
    capsys.readouterr()


@pytest.mark.parametrize(
    "words",
    [
        [], ["x", "--from", "middle"], ["x", "--format", "xml"], ["x", "--exit-on", "loud"], ["--explain", "no-rule"],
        ["x", "--webhook", "ftp://x"], ["x", "--webhook", "env:NOT_SET_AT_ALL"], ["x", "--on-alert", "'"],
    ],
)  # fmt: skip
def test_wrong_words(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", *words]) == 2
    assert "auditrail: error:" in capsys.readouterr().err


def test_rules_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "--list-rules"]) == 0
    assert "chain-broken" in capsys.readouterr().out
    assert run(["watch", "--explain", "chain-broken"]) == 0
    assert "verify" in capsys.readouterr().out


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    log = Writer(tmp_path / "a.jsonl", agent="planner")
    log.write(0, event="run_finished", run_id="bad", status="error")
    log.path.write_bytes(log.path.read_bytes().rstrip(b"\n"))
    with log.path.open("rb") as given:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given))
        assert run(["watch", "-", "--once", "-q"]) == 1
    assert "run-failed" in capsys.readouterr().out


def test_it_loads_no_engine_and_ends_at_a_signal(tmp_path: Path) -> None:
    """The one test that starts a process: what is imported, and SIGTERM."""
    log = Writer(tmp_path / "a.jsonl", agent="planner")
    log.write(0, event="run_finished", run_id="bad", status="error")
    code = (
        f"import sys; from auditrail.cli import _main; code = _main.run(['watch', {str(tmp_path)!r}])\n"
        "print(code, [name for name in ('duckdb', 'pyarrow', 'numpy', 'rich') if name in sys.modules])"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
        assert process.stdout is not None
        assert b"run-failed" in process.stdout.readline()
        process.terminate()
        assert process.stdout.read().decode().strip() == "0 []"


def test_a_change_wakes(tmp_path: Path) -> None:
    waker = wake.Waker([tmp_path], poll=5)
    try:
        waker.wake()
        assert waker.wait(5)
        assert not waker.wait(0.01)
    finally:
        waker.close()


def test_the_live_view_shows_alerts_and_what_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from auditrail.cli import _watch_view as view

    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(os, "isatty", lambda _handle: True)
    with view.Live(colour=False) as live:
        live.output.write("2026-09-01T10:00:00Z  critical  chain-broken  [bold]x[/bold] \n")
        live.output.flush()
    assert "[bold]x[/bold]" in capsys.readouterr().out
    status = {
        "at": "T", "logs": 1, "records": 2, "alerts": {}, "behind_bytes": 5, "not_read": {"torn-tail": 1},
        "problems": {"a": "gone"}, "actions": {"w": {"failed": 1, "dropped": 2, "error": None}},
        "forgotten": {"r": 3}, "faults": {"x: y": 1},
    }  # fmt: skip
    line = view.words(status)
    for word in (
        "5 bytes behind",
        "1 record(s) torn-tail",
        "a: gone",
        "w: 1 failed, 2 dropped",
        "r forgot 3",
        "fault in x",
    ):
        assert word in line
