"""Policy decisions for each tool call."""

from __future__ import annotations

import sys
from typing import Any

from auditrail import case
from auditrail.check import judging
from auditrail.check.judging import Evidence
from auditrail.report.check_types import Check

NAME = "decisions-per-call"
TITLE = "policy decisions for each tool call"
REMEDY = "let the policy engine log every decision (no sampling, no drop rules), and the agent ask before each call"
EXAMPLE = "1.0"


def read(value: Any, key: str) -> float:
    """A number from 0 on: some engines decide on a call more than once."""
    return judging.ratio(value, key)


def judge(value: float, evidence: Evidence) -> Check:
    """Decisions, copies not counted, over tool calls."""
    calls, _ = evidence.calls()
    decisions = case.count(
        evidence.connection,
        "SELECT count(*) FROM events e WHERE e.kind = 'decision' AND NOT EXISTS "
        "(SELECT 1 FROM copies c WHERE c.event = e.event AND c.same_content)",
    )
    return judging.at_least(sys.modules[__name__], evidence, value, decisions, calls, "decisions for tool calls")
