"""`auditrail incident`, `check` and `init` from the command line, in this process."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from auditrail.cli._main import run
from tests.incident import _demo

NOW = "--generated-at=2026-09-17T10:20:00Z"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITRAIL_OPERATOR", "ada")
    monkeypatch.delenv("AUDITRAIL_CASE", raising=False)
    return tmp_path


def auditrail(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 0) -> str:
    capsys.readouterr()
    got = run([str(word) for word in words])
    told = capsys.readouterr()
    assert got == code, told.err
    assert "Traceback" not in told.err
    return told.out if code in (0, 1, 4) and not told.err.startswith("auditrail: error") else told.err


def test_an_incident_from_its_opening_to_a_test_case(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert auditrail(capsys, "incident", "open", _demo.RUN, "--title", "Refund paid twice", NOW) == "INC-2026-0001\n"
    auditrail(capsys, "incident", "note", "1", "seen by the desk", "--at", "2026-09-17T10:15:00Z", NOW)
    auditrail(capsys, "incident", "action", "1", "pause", "stopped it", "--by", "bob", NOW)
    auditrail(capsys, "incident", "action", "1", "notify", "told them", "--framework", "gdpr", NOW)
    (here / "screen.png").write_bytes(b"\x89PNG")
    auditrail(capsys, "incident", "attach", "1", "screen.png", NOW)
    auditrail(capsys, "incident", "close", "1", "--cause", "a retry", "--changed", "a limit", NOW)
    (row,) = json.loads(auditrail(capsys, "incident", "list", "-f", "json"))["incidents"]
    assert (row["id"], row["status"], row["entries"]) == ("INC-2026-0001", "closed", 6)
    shown = json.loads(auditrail(capsys, "incident", "show", "1", "-f", "json"))
    assert shown["ledger"]["verdict"] == ["INTACT-UNANCHORED"]
    entries = json.loads(auditrail(capsys, "incident", "timeline", "1", "-f", "json"))["entries"]
    assert [entry["kind"] for entry in entries][:2] == ["note", "open"]  # by the time of what happened
    words = ("incident", "report", "1", "--from", _demo.EVIDENCE, "--framework", "gdpr", "-q", "-f", "json")
    report = json.loads(auditrail(capsys, *words))
    assert [deadline["status"] for deadline in report["deadlines"]] == ["sent", "no-number"]
    assert report["runs"][0]["id"] == _demo.RUN
    made = auditrail(capsys, "incident", "freeze", "1", "-o", "case", "--from", _demo.EVIDENCE, "-q", NOW)
    assert made == "case\n"
    assert "6 checks: 6 passed" in auditrail(capsys, "check", "case")
    log = here / "incidents" / "ledger.jsonl"
    log.write_bytes(log.read_bytes().replace(b"a retry", b"a rEtry"))
    assert "BROKEN" in auditrail(capsys, "incident", "show", "1", code=1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("note", "1", "x"), 3, "no ledger"),
        (("show", "1"), 3, "no ledger"),
        (("report", "1"), 3, "no ledger"),
        (("freeze", "1", "-o", "case"), 3, "no ledger"),
        (("open",), 2, "--title TEXT"),
        (("list",), 3, "no ledger"),
        (("open",), 2, "needs a title"),
        (("open", "--title", "t", "--at", "yesterday"), 2, "is no time"),
        (("report", "1", "--framework", "nis3"), 2, "no deadlines are known"),
    ],
)
def test_what_cannot_be_done_is_said(
    here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    assert said in auditrail(capsys, "incident", *words, code=code)
    assert not (here / "incidents" / "ledger.jsonl").exists()


def test_somebody_has_to_be_named(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDITRAIL_OPERATOR")
    assert "nobody is named" in auditrail(capsys, "incident", "open", "--title", "t", code=2)


def test_check_holds_thresholds_over_logs_in_every_format(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing to check" in auditrail(capsys, "check", code=2)
    auditrail(capsys, "init")
    assert "exists" in auditrail(capsys, "init", code=2)
    said = " ".join(auditrail(capsys, "check", code=4).split())
    assert "auditrail incident freeze ID -o tests/incidents/NAME" in said
    assert "no case" in auditrail(capsys, "check", "--case", "no.duckdb", code=3)
    assert "no threshold is set" in auditrail(capsys, "check", _demo.EVIDENCE, code=4)
    (here / "auditrail.toml").write_text(
        f'[check]\nlogs = ["{_demo.EVIDENCE}"]\n[check.thresholds]\nquarantine-share = 0.001\nno-broken-chain = false\n'
    )
    document = json.loads(auditrail(capsys, "check", "-f", "json", code=1))
    assert document["totals"] == {"failed": 1, "inconclusive": 0, "skipped": 1, "passed": 0}
    tests = ET.fromstring(auditrail(capsys, "check", "-f", "junit", code=1))  # noqa: S314 - our own
    assert (tests.get("tests"), tests.get("failures"), tests.get("skipped")) == ("2", "1", "1")
    (result,) = json.loads(auditrail(capsys, "check", "-f", "sarif", code=1))["runs"][0]["results"]
    assert result["ruleId"] == "threshold/quarantine-share"
    assert "quarantine-share" in auditrail(capsys, "check", "-f", "markdown", code=1)


def test_what_init_writes_runs_as_it_is_written(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands of the workflow and of the hook, word by word: nothing is checked yet, and that is no success."""
    auditrail(capsys, "init", code=0)
    workflow = (here / ".github" / "workflows" / "auditrail.yml").read_text()
    hook = (here / ".pre-commit-config.yaml").read_text()
    lines = [
        line.partition("auditrail check")[2] for line in (workflow + hook).splitlines() if "auditrail check" in line
    ]
    assert len(lines) == 3
    for line in lines:
        auditrail(capsys, "check", *line.partition(">>")[0].split(), code=4)
    assert json.loads((here / "auditrail.sarif").read_text())["runs"]


def test_names_that_fit_no_incident_or_several(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for year in ("2025", "2026"):
        auditrail(capsys, "incident", "open", "--title", "t", f"--generated-at={year}-09-17T10:20:00Z")
    assert "may be several" in auditrail(capsys, "incident", "show", "1", code=3)
    told = auditrail(capsys, "incident", "show", "9", code=3)
    assert "no incident '9'" in told
    assert "INC-2025-0001" in told


def test_a_bundle_of_an_incident_is_made_from_its_ledger(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With names that have blanks: the command that is told can be given as it is."""
    auditrail(capsys, "ingest", _demo.EVIDENCE, "-q")
    auditrail(capsys, "incident", "open", _demo.RUN, "--title", "Refund paid twice", NOW)
    auditrail(capsys, "incident", "note", "1", "seen", NOW)
    capsys.readouterr()
    assert run(["export", "--incident", "1", "-o", "the bundle.zip"]) == 0
    told = capsys.readouterr().err
    assert "68 events of 1 runs" in told
    assert "auditrail verify 'the bundle.zip'" in told
    assert "INTACT-UNANCHORED" in auditrail(capsys, "verify", "the bundle.zip")
    data = (here / "the bundle.zip").read_bytes()
    middle = len(data) // 2
    (here / "changed.zip").write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    assert "BROKEN" in auditrail(capsys, "verify", "changed.zip", code=1)
    assert "no incident '7'" in auditrail(capsys, "export", "--incident", "7", "-o", "b.zip", code=3)
