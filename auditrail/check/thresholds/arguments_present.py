"""Share of the tool calls whose arguments can be read."""

from __future__ import annotations

import sys
from typing import Any

from auditrail.check import judging
from auditrail.check.judging import Evidence
from auditrail.report.check_types import Check

NAME = "arguments-present"
TITLE = "share of the tool calls whose arguments can be read"
REMEDY = "auditrail gaps names the setting that takes arguments away: redaction, truncation, or capture switched off"
EXAMPLE = "0.9"


def read(value: Any, key: str) -> float:
    """A share."""
    return judging.share(value, key)


def judge(value: float, evidence: Evidence) -> Check:
    """Calls as the layer of tools tells them; where there is none, as models asked for them."""
    calls, readable = evidence.calls()
    return judging.at_least(sys.modules[__name__], evidence, value, readable, calls, "tool calls have their arguments")
