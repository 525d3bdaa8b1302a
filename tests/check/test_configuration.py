"""Findings of lint become checks: those at or above the severity fail, what cannot be read is not passed."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from auditrail.check import configuration
from auditrail.config import Config


def found(severity: str) -> Any:
    return SimpleNamespace(
        rule="sampler", severity=severity, message="drops runs", change="keep them", path="otel.yaml", line=7
    )


@pytest.mark.parametrize(
    ("findings", "unread", "configs", "outcomes"),
    [
        ([found("high"), found("medium")], [], 1, ["failed"]),
        ([found("medium")], [], 1, ["passed"]),
        ([], [], 0, ["inconclusive"]),
        ([], [SimpleNamespace(path="a.yaml", line=3, reason="no YAML")], 1, ["inconclusive"]),
        (
            [found("critical")],
            [SimpleNamespace(path="a.yaml", line=3, reason="no YAML")],
            1,
            ["failed", "inconclusive"],
        ),
    ],
)
def test_findings(
    monkeypatch: pytest.MonkeyPatch, findings: list[Any], unread: list[Any], configs: int, outcomes: list[str]
) -> None:
    report = SimpleNamespace(findings=findings, unread=unread, configs=[None] * configs)
    lint = SimpleNamespace(
        Judging=lambda settings, fail_on: (settings, fail_on),
        lint=lambda paths, judging: report if (paths, judging) == (["deploy"], ("settings", "high")) else None,
    )
    monkeypatch.setitem(sys.modules, "auditrail.report.lint", lint)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "auditrail.lint.configured", SimpleNamespace(read=lambda config: "settings"))  # type: ignore[arg-type]
    made = configuration.check(["deploy"], Config(), "high")
    assert [check.outcome for check in made] == outcomes
    if made[0].outcome == "failed":
        assert (made[0].id, made[0].spots[0].path, made[0].spots[0].line) == ("lint/sampler", "otel.yaml", 7)
