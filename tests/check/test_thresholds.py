"""Thresholds: each met, each failed, and none passed where there is nothing to measure."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auditrail import case, discover
from auditrail.check import configured
from auditrail.check.judging import Evidence
from auditrail.config import Config
from auditrail.errors import ConfigError
from tests.incident import _demo

MODULES = discover.modules(configured.THRESHOLDS)


@pytest.fixture(scope="module")
def demo() -> Evidence:
    return Evidence("demo", _demo.connection())


@pytest.mark.parametrize(
    ("name", "value", "outcome", "found"),
    [
        ("complete-share", 0.66, "passed", "0.6666"),
        ("complete-share", 0.67, "failed", "0.6666"),
        ("arguments-present", 0.875, "passed", "0.875"),
        ("arguments-present", 0.88, "failed", "0.875"),
        ("decisions-per-call", 0.5, "passed", "0.5"),
        ("decisions-per-call", 1.0, "failed", "0.5"),
        ("quarantine-share", 0.01, "passed", "0.0052"),
        ("quarantine-share", 0.005, "failed", "0.0052"),
        ("retention", ["eu-ai-act"], "failed", ""),
        ("no-broken-chain", True, "inconclusive", ""),
        ("no-broken-chain", False, "skipped", ""),
    ],
)
def test_the_demo(demo: Evidence, name: str, value: Any, outcome: str, found: str) -> None:
    module = MODULES[name]
    made = module.judge(module.read(value, name), demo)
    assert (made.outcome, made.found, made.id) == (outcome, found, f"threshold/{name}")
    assert (made.remedy == module.REMEDY) is (outcome != "passed")


@pytest.mark.parametrize("name", sorted(MODULES))
def test_of_nothing_nothing_passes(name: str) -> None:
    module = MODULES[name]
    value = {"retention": ["soc2", "eu-ai-act"], "no-broken-chain": True}.get(name, 0)
    with closing(case.memory_case()) as connection:
        assert module.judge(module.read(value, name), Evidence("none", connection)).outcome == "inconclusive"


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        (("INTACT", "NOT-CHAINED"), "passed"),
        (("INTACT", "BROKEN"), "failed"),
        (("INTACT", "UNVERIFIABLE"), "inconclusive"),
        (("NOT-CHAINED",), "inconclusive"),
    ],
)
def test_chains(verdicts: tuple[str, ...], outcome: str) -> None:
    from auditrail.ingest import verdicts as kept
    from auditrail.verify.types import Result, VerificationReport

    module = MODULES["no-broken-chain"]
    with closing(case.memory_case()) as connection:
        results = tuple(Result(f"{n}.jsonl", "none", None, None, 1, 1, verdict) for n, verdict in enumerate(verdicts))
        kept.record(connection, VerificationReport(results))
        assert module.judge(True, Evidence("x", connection)).outcome == outcome


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_threshold_has_what_the_contract_names(name: str) -> None:
    module = MODULES[name]
    assert module.__name__.rpartition(".")[2] == name.replace("-", "_")
    assert module.TITLE
    assert module.REMEDY
    for wrong in ("much", -1, [], {}, [1], float("nan")):
        with pytest.raises(ConfigError):
            module.read(wrong, name)


def test_settings_name_what_is_wrong() -> None:
    for table in ({"thresholds": {"completeness": 1}}, {"logs": "x"}, {"lint_fail_on": "bad"}, {"thresholds": 3}):
        with pytest.raises(ConfigError):
            configured.read(Config(Path("auditrail.toml"), check=table))
    made = configured.read(Config(check={"logs": ["a"], "thresholds": {"complete-share": 1}}))
    assert (made.logs, made.thresholds[0][1]) == (("a",), 1.0)
