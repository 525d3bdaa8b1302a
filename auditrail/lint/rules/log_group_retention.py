"""A log group is deleted too soon.

Facts: CloudWatch Logs API (PutRetentionPolicy).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import log_group
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "log-group-retention"
TITLE = "A log group is deleted too soon"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("log-group",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = (
    "CloudWatch deletes events that are older than the retention of their group. Without one (in Terraform: 0) they "
    "are kept. With --require the days are held against what the framework asks for, else against the parameter "
    "days."
)
EXAMPLE = """resource "aws_cloudwatch_log_group" "agent" {
  name              = "/agents/planner"
  retention_in_days = 7
}
"""
REMEDY = "raise the retention, or export to a bucket with a lifecycle that keeps long enough"
CAUSES_GAPS = retention.CAUSES_GAPS
PARAMS = retention.PARAMS
# The days that PutRetentionPolicy takes.
_ALLOWED = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for a group whose days are too few."""
    found = config.member(*log_group.DAYS)
    days = values.number(found.node) if found is not None else None
    asked = retention.short(context, ID, days) if days else None
    if found is not None and asked is not None:
        yield Hit(
            found.line, found.column, f"{config.name} deletes events after {days:g} days{asked.asked}.",
            f"{found.key}: {next((each for each in _ALLOWED if each >= asked.days), asked.days)}", "retention",
            severity=asked.severity,
        )  # fmt: skip
