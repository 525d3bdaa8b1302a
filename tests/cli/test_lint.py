from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditrail.cli import _main

ROOT = Path(__file__).parents[2]
HIT = ROOT / "fixtures" / "lint" / "collector-tail-sampling-share" / "hit.yaml"
CLEAN = ROOT / "fixtures" / "lint" / "collector-tail-sampling-share" / "clean.yaml"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_exit_codes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert _main.run(["lint", str(HIT)]) == 1
    assert "policy rest of tail_sampling keeps 5 %" in capsys.readouterr().out
    assert _main.run(["lint", str(HIT), "--fail-on", "critical"]) == 0
    assert _main.run(["lint", str(CLEAN)]) == 0
    assert _main.run(["lint", "none"]) == 4
    assert _main.run(["lint"]) == 2
    assert _main.run(["lint", "absent"]) == 2
    assert _main.run(["lint", str(HIT), "--fail-on", "x"]) == 2
    assert _main.run(["lint", str(HIT), "--require", "x"]) == 2


def test_rules_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert _main.run(["lint", "--list-rules"]) == 0
    assert "otel-sdk-disabled" in capsys.readouterr().out
    assert _main.run(["lint", "--explain", "otel-sdk-disabled"]) == 0
    assert "OTEL_SDK_DISABLED=true" in capsys.readouterr().out
    assert _main.run(["lint", "--explain", "otel-sdk-disable"]) == 2
    assert "otel-sdk-disabled" in capsys.readouterr().err


def test_lines_and_gaps_of_a_case_are_joined(capsys: pytest.CaptureFixture[str]) -> None:
    evidence = str(ROOT / "fixtures" / "demo" / "evidence")
    assert _main.run(["gaps", "--from", evidence, "--lint", str(HIT), "--format", "json", "--quiet"]) == 1
    gaps = json.loads(capsys.readouterr().out)["gaps"]
    named = {gap["rule"]: gap["set_at"] for gap in gaps if "set_at" in gap}
    assert "stream-sampled" in named
    assert any(line["path"] == str(HIT) and "keeps 5 %" in line["note"] for line in named["stream-sampled"])
    assert "clock-offset" not in named
    assert _main.run(["ingest", evidence, "--quiet"]) == 0
    capsys.readouterr()
    assert _main.run(["lint", str(HIT), "--case", "auditrail.duckdb", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    shares = [each for each in found["findings"] if each["rule"] == "collector-tail-sampling-share"]
    assert {gap["rule"] for gap in shares[0]["explains"]} >= {"stream-sampled"}
    assert found["unexplained_gaps"] > 0


def test_paths_of_the_configuration_are_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "auditrail.toml").write_text(f'[lint]\npaths = ["{HIT}"]\nfail_on = "critical"\n')
    assert _main.run(["lint"]) == 0
    evidence = str(ROOT / "fixtures" / "demo" / "evidence")
    capsys.readouterr()
    _main.run(["gaps", "--from", evidence, "--format", "json", "--quiet"])
    assert any("set_at" in gap for gap in json.loads(capsys.readouterr().out)["gaps"])
