"""Share of the expected runs that are held whole."""

from __future__ import annotations

import sys
from typing import Any

from auditrail.check import judging
from auditrail.check.judging import Evidence
from auditrail.report.check_types import Check

NAME = "complete-share"
TITLE = "share of the runs there should be that can be put together whole"
REMEDY = "auditrail gaps says what is missing of which runs, and what to change first"
EXAMPLE = "0.95"


def read(value: Any, key: str) -> float:
    """A share."""
    return judging.share(value, key)


def judge(value: float, evidence: Evidence) -> Check:
    """Runs that lack nothing of severity medium or above, of all that any stream or inventory names."""
    report = evidence.gaps
    complete = sum(row.complete for row in report.grades if row.agent is None)
    expected = max(report.runs_expected, report.runs_seen)
    return judging.at_least(sys.modules[__name__], evidence, value, complete, expected, "runs are complete")
