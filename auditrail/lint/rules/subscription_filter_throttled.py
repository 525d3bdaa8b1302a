"""A subscription filter sends a whole log stream to one shard.

Facts: CloudWatch Logs user guide, SubscriptionFilters.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import subscription_filter
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "subscription-filter-throttled"
TITLE = "A subscription filter sends a whole log stream to one shard"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("subscription-filter",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "Distribution ByLogStream sends all events of a log stream to one shard. A busy one is throttled; deliveries "
    "are retried for up to 24 hours, and then dropped."
)
EXAMPLE = """resource "aws_cloudwatch_log_subscription_filter" "agents" {
  name            = "agents"
  filter_pattern  = ""
  distribution    = "ByLogStream"
  destination_arn = "arn:aws:kinesis:eu-west-1:1:stream/x"
}
"""
REMEDY = "use distribution Random, and an alarm on the metric DeliveryThrottling"
CAUSES_GAPS = ("stream-silent", "stream-cut", "record-lost")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a filter to a Kinesis stream that says ByLogStream."""
    found = config.member(*subscription_filter.DISTRIBUTION)
    target = config.text(*subscription_filter.DESTINATION)
    elsewhere = target is not None and target.startswith("arn:") and ":kinesis:" not in target
    if found is not None and values.text(found.node) == "ByLogStream" and not elsewhere:
        yield Hit(
            found.line, found.column,
            f"{config.name} sends each log stream to one shard: throttled deliveries are dropped after 24 h.",
            f"{found.key}: Random", "distribution",
        )  # fmt: skip
