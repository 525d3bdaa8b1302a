"""Whether a time of keeping is too short: for the frameworks that were named, else for a rule's own bound."""

from __future__ import annotations

import re
from typing import NamedTuple

from auditrail.lint.context import Context
from auditrail.lint.section import Section

CONTROLS = ("EU AI Act 19(1)", "EU AI Act 26(6)", "PCI DSS 10.5.1", "NIST 800-53 AU-11")
CAUSES_GAPS = ("stream-expired", "retention-setting-too-short", "run-not-held")
# Days, where no framework is named: an incident is found within weeks, seldom within days.
PARAMS = {"days": 30.0}
_RECORDS = re.compile(r"log|audit|trace|otel|agent|trail|evidence|event|telemetry|decision", re.IGNORECASE)


class Short(NamedTuple):
    """What is asked for: days, the words `, X asks for N` (blank without a framework), and a severity or None."""

    days: int
    asked: str
    severity: str | None


def short(context: Context, rule: str, days: float) -> Short | None:
    """What is asked for beyond `days`; None if they are enough."""
    required = context.required_days()
    limit = required[0] if required is not None else int(context.param(rule, "days"))
    if days >= limit:
        return None
    asked = f", {required[1]} asks for {required[0]}" if required is not None else ""
    return Short(limit, asked, "high" if required is not None else None)


def holds_records(section: Section, *said: str | None) -> bool:
    """Whether names tell that a bucket holds records, and not assets or caches."""
    names = (section.scope.partition(".")[2] or section.scope, section.document.path.rpartition("/")[2], *said)
    return any(_RECORDS.search(name) for name in names if name)
