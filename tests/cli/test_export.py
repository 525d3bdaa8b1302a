"""`auditrail export`: options, refusals, the key of a redaction, and a bundle straight from paths."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from auditrail.cli._main import run
from auditrail.redact import commit

LINES = [
    {"run_id": "run-1", "agent": "a", "event": "run_started", "ts": "2026-09-17T10:00:00Z"},
    {"run_id": "run-1", "agent": "a", "event": "tool_call", "tool": "t", "args": {"to": "=cmd!A0 secret-word"},
     "ts": "2026-09-17T10:00:01Z"},
    {"run_id": "run-1", "agent": "a", "event": "run_finished", "ts": "2026-09-17T10:00:02Z"},
]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "agent.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return path


def test_a_bundle_straight_from_paths_and_its_redaction(log: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    words = ["export", "--from", str(log), "-o", str(target), "--quarter", "-q", "--redact", "contents"]
    assert run(words) == 0
    key = tmp_path / "out.redaction-key"
    assert key.stat().st_mode & 0o077 == 0
    commit.read_key(key)
    files = [path for path in target.rglob("*") if path.is_file()]
    assert len(files) > 15
    assert not [path for path in files if b"secret-word" in path.read_bytes()]
    manifest = json.loads((target / "manifest.json").read_text())
    assert manifest["command"] == "auditrail export --quarter latest --redact contents"
    assert manifest["counts"]["events"] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["agent.jsonl", "out", "out.redaction-key"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--records", "xml"], "no form of records 'xml'"),
        (["--records-text", "xml"], "no text form 'xml'"),
        (["--incident", "INC-2026-0001", "--run", "x"], "--incident excludes --run"),
        (["--incident", "INC-2026-0001", "--ledger", "nowhere"], "no ledger of incidents in nowhere"),
        (["--redact-key", "k"], "--redact-key needs --redact"),
        (["--redact", "no-such-policy"], "no-such-policy"),
        (["--profile", "no-such-profile"], "no-such-profile"),
        (["--sign", "no-such-key"], "no-such-key"),
        (["--quarter", "2026Q3", "--since", "2026-01-01"], "--quarter excludes"),
        (["--generated-at", "yesterday"], "no time"),
        (["--agent", "nobody"], "no record names the agent"),
    ],
)
def test_refusals_leave_nothing_behind(
    words: list[str], said: str, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", "--from", str(log), "-o", str(tmp_path / "out.zip"), "-q", *words]) in (2, 3)
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["agent.jsonl"]


def test_who_is_told_to_end_leaves_nothing_behind(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes when the case, its redacted copy and the folder of the bundle stand beside the target."""
    there: list[str] = []

    def told(*_words: object) -> None:
        there.extend(path.name for path in tmp_path.iterdir())
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("auditrail.bundle.export._written", told)
    words = ["export", "--from", str(log), "-o", str(tmp_path / "out.zip"), "-q", "--redact", "contents"]
    assert run(words) == 130
    assert len(there) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["agent.jsonl"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_is_there_is_kept(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out.zip").write_text("kept")
    assert run(["export", "--from", str(log), "-o", str(tmp_path / "out.zip")]) == 2
    assert "exists" in capsys.readouterr().err
    assert (tmp_path / "out.zip").read_text() == "kept"
