"""How far back records reach, against what frameworks ask for."""

from __future__ import annotations

import sys
from typing import Any

from auditrail.check import judging
from auditrail.check.judging import Evidence
from auditrail.errors import ConfigError
from auditrail.gaps import frameworks
from auditrail.report import retention
from auditrail.report.check_types import FAILED, INCONCLUSIVE, PASSED, Check

NAME = "retention"
TITLE = "every stream reaches back as far as these frameworks ask for"
REMEDY = "raise the retention of these streams, or load the older records too; a young stream may have no more"
EXAMPLE = '["eu-ai-act"]'


def read(value: Any, key: str) -> tuple[str, ...]:
    """Names of frameworks, as `--require` takes them."""
    if not isinstance(value, list) or not value or not all(isinstance(name, str) and name for name in value):
        raise ConfigError(f"{key}: expected a list of names of frameworks", hint='for example ["eu-ai-act"]')
    frameworks.select(value)
    return tuple(value)


def judge(value: tuple[str, ...], evidence: Evidence) -> Check:
    """Facts only: oldest held against required since, and never whether anybody complies."""
    this = sys.modules[__name__]
    end = evidence.gaps.held[1]
    rows = retention.retention(evidence.connection, frameworks.select(value), end, numberless=False)
    short = [row for row in rows if row.status == "shorter"]
    judged = [row for row in rows if row.status in ("held", "shorter")]
    if not judged:
        return judging.made(this, evidence, INCONCLUSIVE, "no stream with a time, or no clause with a number")
    if short:
        details = tuple(
            f"{row.stream}: {row.held_days} days held, {row.required_days} asked for by {row.framework} {row.clause}"
            for row in short
        )
        said = f"{len({row.stream for row in short}):,} stream(s) do not reach back far enough"
        return judging.made(this, evidence, FAILED, said, details=details)
    return judging.made(
        this, evidence, PASSED, f"{len({row.stream for row in judged}):,} stream(s) reach back far enough"
    )
