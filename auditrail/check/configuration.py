"""Lint over the configuration as checks; where this installation has no lint, that is said and nothing is passed."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from auditrail.config import Config
from auditrail.gaps.terms import SEVERITIES
from auditrail.report.check_types import FAILED, INCONCLUSIVE, PASSED, SKIPPED, Check, Spot


def check(paths: Sequence[str], settings: Config, fail_on: str) -> list[Check]:
    """A check for each finding at or above a severity, and one for the whole."""
    name = ", ".join(paths)
    try:
        lint: Any = importlib.import_module("auditrail.report.lint")
        configured: Any = importlib.import_module("auditrail.lint.configured")
    except ModuleNotFoundError:
        return [Check("lint/configuration", "lint", name, SKIPPED, "this installation has no auditrail lint")]
    report = lint.lint(list(paths), lint.Judging(configured.read(settings), fail_on=fail_on))
    passing = SEVERITIES[SEVERITIES.index(fail_on) + 1 :]
    failing = [finding for finding in report.findings if finding.severity not in passing]
    made = [
        Check(
            f"lint/{finding.rule}", "lint", finding.path, FAILED, finding.message, remedy=finding.change,
            spots=(Spot(finding.path, finding.line),),
        )
        for finding in failing
    ]  # fmt: skip
    counts = f"{len(report.configs):,} configuration(s), {len(report.findings):,} finding(s)"
    told = f"{counts}, {len(failing):,} of them {fail_on} or worse"
    details = tuple(f"{place.path}:{place.line}: not read: {place.reason}" for place in report.unread)
    if details or not report.configs:
        made.append(Check("lint/configuration", "lint", name, INCONCLUSIVE, told, details=details))
    elif not failing:
        made.append(Check("lint/configuration", "lint", name, PASSED, told))
    return made
