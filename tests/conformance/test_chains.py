"""What every chain profile must do, whatever it is called: found by its file, held to the fixtures of its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditrail.verify.profile import builtin
from tests.verify._run import report

FOLDER = Path(__file__).parents[2] / "fixtures" / "chains"
CASES = sorted(path.parent.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("expected.json"))
# Profiles of one format in two spellings: the fixtures of the one stand for both.
TWINS = {"agentwatch-aat-inline"}
# A sealed log has vectors of its own, for other languages too.
ELSEWHERE = {"auditrail-sealed": FOLDER.parent / "seal" / "sealed-log"}


@pytest.mark.parametrize("name", builtin())
def test_a_profile_has_fixtures(name: str) -> None:
    if name not in TWINS:
        assert ELSEWHERE.get(name, FOLDER / name / "intact").is_dir()


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_fixtures_have_a_profile(name: str) -> None:
    assert name in builtin()


@pytest.mark.parametrize("case", CASES)
def test_a_log_gets_its_verdict(case: str) -> None:
    folder = FOLDER / case
    wanted: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    (log,) = [path for path in folder.iterdir() if path.name != "expected.json"]
    found = [
        {
            "verdict": result.verdict,
            "profile": result.profile,
            "records": result.records,
            "defects": [[defect.kind, defect.record] for defect in result.defects if defect.breaks],
            "remarks": [defect.kind for defect in result.defects if not defect.breaks],
            "uncovered_fields": list(result.uncovered_fields),
        }
        for result in report(log, key=wanted["keys"]).results
    ]
    assert found == wanted["results"]
    if case.endswith("/intact"):
        assert {item["profile"] for item in found} == {case.partition("/")[0]}
        assert {item["verdict"] for item in found} <= {"INTACT-UNANCHORED", "UNVERIFIABLE"}
    elif case.rpartition("/")[2] not in ("delete", "two_writers"):
        assert "BROKEN" in {item["verdict"] for item in found}
