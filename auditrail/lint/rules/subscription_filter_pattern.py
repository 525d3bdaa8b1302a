"""A subscription filter passes on a part of the events.

Facts: CloudWatch Logs user guide, SubscriptionFilters.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import subscription_filter
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "subscription-filter-pattern"
TITLE = "A subscription filter passes on a part of the events"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("subscription-filter",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "A subscription filter with a pattern sends matching events only. Whoever reconstructs from what it delivers "
    "has a stream with holes that nothing marks."
)
EXAMPLE = """resource "aws_cloudwatch_log_subscription_filter" "agents" {
  name            = "agents"
  filter_pattern  = "ERROR"
  destination_arn = "arn:aws:firehose:eu-west-1:1:deliverystream/x"
}
"""
REMEDY = "use an empty pattern, and filter where the records are read"
CAUSES_GAPS = ("stream-cut", "call-not-executed", "call-without-result", "run-without-start", "run-without-end")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a pattern that is not blank."""
    found = config.member(*subscription_filter.PATTERN)
    said = values.text(found.node) if found is not None else None
    if found is not None and not found.node.open and said and said.strip():
        yield Hit(
            found.line, found.column, f"{config.name} delivers only events that match its pattern.",
            f'{found.key}: ""', "pattern",
        )  # fmt: skip
