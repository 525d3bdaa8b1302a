"""Log groups of one dump are kept for different times.

Facts: CloudWatch Logs API (LogGroup).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import log_group
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "log-group-retention-differs"
TITLE = "Log groups of one dump are kept for different times"
SEVERITY = "low"
CONFIDENCE = "weak"
KINDS = ("log-group",)
CAUSE = "retention"
CONTROLS = ("EU AI Act 19(1)", "NIST 800-53 AU-11")
EXPLAIN = (
    "A run is put together from records of several groups. When they expire at different times, it can only be "
    "reconstructed for as long as the shortest keeps them."
)
EXAMPLE = """{"logGroups": [
  {"logGroupName": "/agents/a", "retentionInDays": 400},
  {"logGroupName": "/policy/a", "retentionInDays": 190}
]}
"""
REMEDY = "give all groups that hold records of the same runs the same retention"
CAUSES_GAPS = ("stream-expired", "run-not-held")


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for each group that is deleted before another of the same file."""
    found = config.member(*log_group.DAYS)
    days = values.number(found.node) if found is not None else None
    others = [each for each in context.configs("log-group") if each.document.path == config.document.path]
    kept = [each.number(*log_group.DAYS) for each in others if each.member(*log_group.DAYS) is not None]
    longest = max((each for each in kept if each), default=0.0)
    if found is not None and days and days < longest:
        yield Hit(
            found.line, found.column,
            f"{config.name} is kept for {days:g} days, others beside it for up to {longest:g}: "
            f"runs that are in both are whole for {days:g} days only.",
            f"{found.key}: {longest:g}", "retention-differs",
        )  # fmt: skip
