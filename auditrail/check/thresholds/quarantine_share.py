"""Share of the records that could not be read."""

from __future__ import annotations

import sys
from typing import Any

from auditrail import case
from auditrail.check import judging
from auditrail.check.judging import Evidence
from auditrail.report.check_types import Check

NAME = "quarantine-share"
TITLE = "share of the records that are in quarantine"
REMEDY = "auditrail sources says which files; the table quarantine (auditrail query) says why of each record"
EXAMPLE = "0.001"


def read(value: Any, key: str) -> float:
    """A share."""
    return judging.share(value, key)


def judge(value: float, evidence: Evidence) -> Check:
    """Records in quarantine of all records."""
    row = case.one(evidence.connection, "SELECT sum(quarantined), sum(records) FROM sources") or (0, 0)
    quarantined, records = int(row[0] or 0), int(row[1] or 0)
    return judging.at_most(sys.modules[__name__], evidence, value, quarantined, records, "records are in quarantine")
