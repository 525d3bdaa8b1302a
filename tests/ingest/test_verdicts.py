"""What verification says of a file stands in the case beside its records."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditrail import case
from auditrail.ingest import verdicts
from auditrail.report import integrity
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, Defect, Result, VerificationReport


def chained(path: Path, runs: int = 3) -> list[dict[str, Any]]:
    """Writes a log whose records are chained; returns its records."""
    before, made = "0" * 64, []
    for number in range(runs):
        for event in ("run_started", "run_finished"):
            body = {"timestamp": f"2026-08-03T10:{number:02d}:00Z", "run_id": f"run-{number}", "agent": "a",
                    "event": event, "prev_hash": before}  # fmt: skip
            before = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
            made.append({**body, "hash": before})
    write(path, made)
    return made


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def run(folder: Path, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "auditrail", *words, "--format", "json"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    records = chained(tmp_path / "a.jsonl")
    records[2]["agent"] = "another"
    write(tmp_path / "a.jsonl", records)
    (tmp_path / "plain.jsonl").write_text('{"timestamp":"2026-08-03T10:00:00Z","run_id":"r","event":"run_started"}\n')
    return tmp_path


def test_a_load_verifies_and_reconstruct_shows_it_at_the_record(edited: Path) -> None:
    loaded = run(edited, "ingest", "a.jsonl", "plain.jsonl")
    assert any(note.startswith("a.jsonl: BROKEN") for note in loaded["notes"])
    shown = run(edited, "reconstruct", "run-1")
    assert shown["integrity"] == [{"path": "a.jsonl", "verdict": "BROKEN"}]
    assert [event["marks"].count("integrity: edited") for event in shown["events"]] == [1, 0]
    assert run(edited, "reconstruct", "run-0")["events"][0]["marks"] == []
    assert run(edited, "reconstruct", "r")["integrity"] == [{"path": "plain.jsonl", "verdict": "NOT-CHAINED"}]


def test_gaps_names_the_runs_that_rest_on_changed_records(edited: Path) -> None:
    run(edited, "ingest", "a.jsonl", "plain.jsonl")
    found = [gap for gap in run(edited, "gaps")["gaps"] if gap["cause"] == "integrity"]
    assert [(gap["rule"], gap["severity"], gap["runs"]) for gap in found] == [("record-broken", "critical", ["run-1"])]


def test_a_load_can_leave_it_out(edited: Path) -> None:
    loaded = run(edited, "ingest", "a.jsonl", "--no-verify")
    assert any("auditrail verify" in sentence for sentence in loaded["not_checked"])
    assert run(edited, "reconstruct", "run-1")["integrity"] == [{"path": "a.jsonl", "verdict": "not verified"}]


def test_a_later_load_says_it_anew(edited: Path) -> None:
    run(edited, "ingest", "a.jsonl")
    chained(edited / "a.jsonl")
    run(edited, "ingest", "a.jsonl")
    assert run(edited, "reconstruct", "run-1")["integrity"] == [{"path": "a.jsonl", "verdict": UNANCHORED}]


def test_the_worst_of_several_chains_is_shown_and_each_is_kept() -> None:
    connection = case.memory_case()
    results = (
        Result("a", "k", "p", "one", 5, 5, INTACT),
        Result("a", "k", "p", "two", 5, 4, BROKEN, defects=(Defect("edited", 3, 90, note="it's changed; --"),)),
        Result("b", "k", "p", None, 9, 9, UNANCHORED, segments=("b0", "b")),
    )
    verdicts.record(connection, VerificationReport(results))
    verdicts.record(connection, VerificationReport(results))
    assert connection.execute("SELECT count(*) FROM verdicts").fetchall() == [(4,)]
    assert integrity.of_paths(connection, ["a", "b", "b0", "c"]) == (
        ("a", BROKEN), ("b", UNANCHORED), ("b0", UNANCHORED), ("c", integrity.NOT_VERIFIED),
    )  # fmt: skip
    assert integrity.marks(connection, ["a"]) == {("a", 3): ["integrity: edited"]}
    assert integrity.marks(connection, ["b"]) == {}
